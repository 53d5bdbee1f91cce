//! The user's own prices: a file of TOML.

use serde::Deserialize;

use usage_core::pricing::{BookError, Kind, Terms};

use crate::book::{Book, Line, Model, Provider, TIERS, plain};
use crate::instant::{self, Hours};
use crate::pattern::Pattern;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    version: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    price: Vec<toml::Spanned<Price>>,
}

/// One `[[price]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    #[serde(default)]
    provider: String,
    model: String,
    like: Option<String>,
    tier: Option<String>,
    since: Option<String>,
    hours: Option<String>,
    #[serde(default)]
    above: u64,
    input: Option<String>,
    output: Option<String>,
    cache_read: Option<String>,
    cache_write: Option<String>,
    cache_write_long: Option<String>,
    input_audio: Option<String>,
    output_audio: Option<String>,
    cache_read_audio: Option<String>,
    web_searches: Option<String>,
}

impl Book {
    /// Reads a user's own prices from TOML, to be put above the shipped ones.
    ///
    /// Each `[[price]]` names a `model` (with `*` at an end for any), perhaps its `provider`, and either a model
    /// that it is `like`, or prices: strings, in dollars a million tokens, or a thousand searches. `tier`, `since`,
    /// `hours` and `above` say when these hold. A `[[price]]` without prices says that there are none.
    ///
    /// ```
    /// use usage_prices::{Book, Prices, Query};
    ///
    /// let own = Book::from_toml(
    ///     r#"
    ///     version = "our contract of 2026"
    ///
    ///     [[price]]
    ///     provider = "azure"
    ///     model = "chat-eu-*"
    ///     like = "openai/gpt-5"
    ///
    ///     [[price]]
    ///     model = "llama-on-our-gpus"
    ///     input = "0.05"
    ///     output = "0.05"
    ///     "#,
    /// )?;
    /// let prices = Prices::shipped().with(own);
    /// let query = Query { provider: "azure", model: "chat-eu-2", ..Query::default() };
    /// let found = prices.find(&query).found().expect("it is like another");
    /// assert_eq!(found.rule.model, "gpt-5");
    /// # Ok::<(), usage_prices::BookError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A text that is no TOML, or that says something that is not known.
    pub fn from_toml(text: &str) -> Result<Self, BookError> {
        let line_of =
            |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count() + 1);
        let file: File = toml::from_str(text).map_err(|error| {
            BookError::new(error.span().map_or(0, |span| line_of(span.start)), error.message())
        })?;
        let version = if file.version.is_empty() { "own".to_owned() } else { file.version };
        let mut book = Self { version, date: file.date, ..Self::default() };
        for price in file.price {
            let of_field =
                |what: &str| line_of(price.span().start) + line_in(&text[price.span()], what);
            book.own(price.get_ref()).map_err(|what| BookError::new(of_field(&what), what))?;
        }
        Ok(book)
    }

    fn own(&mut self, price: &Price) -> Result<(), String> {
        let id = plain(&price.provider);
        let found = self.providers.iter().position(|provider| *provider.id == *id);
        let at = found.unwrap_or(self.providers.len());
        if found.is_none() {
            self.providers.push(Provider { id: id.into(), ..Provider::default() });
        }
        let model = self.providers[at].model(&price.model)?;
        if let Some(like) = &price.like {
            let (provider, name) = like
                .split_once('/')
                .ok_or_else(|| format!("like = {like:?} is not \"provider/model\""))?;
            if !model.lines.is_empty() || price.has_prices() {
                return Err(format!("{} is like another and has prices too", price.model));
            }
            model.like = Some((provider.into(), name.into()));
            return Ok(());
        }
        if model.like.is_some() {
            return Err(format!("{} is like another and has prices too", price.model));
        }
        let line = price.line()?;
        let same = |other: &Line| Line { terms: line.terms, ..other.clone() } == line;
        if model.lines.iter().any(same) {
            return Err(format!("{} has two prices for the same case", price.model));
        }
        model.lines.push(line);
        Ok(())
    }
}

/// Returns how many lines below its beginning a `[[price]]` has the field with which a complaint begins.
fn line_in(price: &str, what: &str) -> usize {
    let field = what.split([' ', '=', ':']).next().unwrap_or_default();
    let is_it = |line: &str| {
        let rest = line.trim_start().strip_prefix(field);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    price.lines().position(is_it).filter(|_| !field.is_empty()).unwrap_or(0)
}

impl Provider {
    fn model(&mut self, name: &str) -> Result<&mut Model, String> {
        let id = name.trim().to_lowercase();
        let found = self.models.iter().position(|model| *model.id == *id);
        let at = found.unwrap_or(self.models.len());
        if found.is_none() {
            let pattern = Pattern::glob(name).ok_or_else(|| {
                format!("model = {name:?} is no name, nor a part of one with * at an end")
            })?;
            self.models.push(Model {
                id: id.into(),
                patterns: vec![pattern],
                lines: Vec::new(),
                like: None,
            });
        }
        Ok(&mut self.models[at])
    }
}

impl Price {
    fn prices(&self) -> [(Kind, &Option<String>); 9] {
        [
            (Kind::Input, &self.input),
            (Kind::Output, &self.output),
            (Kind::CacheRead, &self.cache_read),
            (Kind::CacheWrite, &self.cache_write),
            (Kind::CacheWriteLong, &self.cache_write_long),
            (Kind::InputAudio, &self.input_audio),
            (Kind::OutputAudio, &self.output_audio),
            (Kind::CacheReadAudio, &self.cache_read_audio),
            (Kind::WebSearches, &self.web_searches),
        ]
    }

    fn has_prices(&self) -> bool {
        self.prices().iter().any(|(_, price)| price.is_some())
    }

    fn line(&self) -> Result<Line, String> {
        let mut terms = Terms::default();
        for (kind, price) in self.prices() {
            if let Some(price) = price {
                terms.set(kind, price).map_err(|error| format!("{kind}: {error}"))?;
            }
        }
        let tier = self.tier.as_deref().unwrap_or(TIERS[0]);
        let tier = TIERS
            .iter()
            .position(|name| *name == tier)
            .ok_or_else(|| format!("tier = {tier:?} is none of {}", TIERS.join(", ")))?;
        let since = self.since.as_deref().map(|text| {
            instant::parse(text)
                .ok_or_else(|| format!("since = {text:?} is no day in UTC, as 2026-10-14"))
        });
        let hours = self.hours.as_deref().map(|text| {
            Hours::parse(text)
                .ok_or_else(|| format!("hours = {text:?} are none in UTC, as 00:30-16:30"))
        });
        let (since, hours) = (since.transpose()?, hours.transpose()?);
        Ok(Line { tier, since, hours, above: self.above, terms })
    }
}
