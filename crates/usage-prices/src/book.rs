//! A book of prices, and how one is read.

use sha2::{Digest as _, Sha256};
use usage_core::pricing::{BookError, Terms, Validity};

use crate::instant::{self, Hours};
use crate::pattern::{Pattern, Weight};

/// The form of book that is read here.
const FORM: &str = "usage-prices 1";

/// The tiers that can have prices of their own, the usual one first.
pub(crate) const TIERS: [&str; 5] = ["standard", "batch", "flex", "priority", "fast"];

/// A book of prices: who sells which model at what price, since when.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub(crate) version: String,
    pub(crate) date: String,
    pub(crate) checksum: String,
    pub(crate) corrections: usize,
    pub(crate) providers: Vec<Provider>,
}

/// Who sells models, with the models in the order of their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Provider {
    /// Empty in a user's book for any.
    pub(crate) id: Box<str>,
    /// Other names of it.
    pub(crate) also: Vec<Box<str>>,
    /// Names of models that tell that they are this provider's.
    pub(crate) makes: Vec<Pattern>,
    /// Others serve its models too, at other prices.
    pub(crate) is_open: bool,
    /// Whose models it sells too, at their price.
    pub(crate) sells: Vec<Box<str>>,
    pub(crate) models: Vec<Model>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) id: Box<str>,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) lines: Vec<Line>,
    /// Provider and model of a lower book that this one costs the same as.
    pub(crate) like: Option<(Box<str>, Box<str>)>,
}

/// Prices with the conditions under which they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// A place in [`TIERS`].
    pub(crate) tier: usize,
    /// Microseconds since 1970; from ever without.
    pub(crate) since: Option<i64>,
    pub(crate) hours: Option<Hours>,
    /// Holds for requests whose input is larger than this.
    pub(crate) above: u64,
    pub(crate) terms: Terms,
}

impl Book {
    /// Reads a book in the form in which the shipped one is written, and checks its checksum.
    ///
    /// # Errors
    ///
    /// The first line that says nothing known, and a checksum that is not that of what follows.
    pub fn read(text: &str) -> Result<Self, BookError> {
        let mut book = Self::default();
        let mut lines = text.split_inclusive('\n').enumerate();
        let mut at = 0;
        for (number, line) in lines.by_ref() {
            at += line.len();
            let (word, rest) = split(line);
            match (number, word) {
                (0, _) if line.trim_end() == FORM => {}
                (0, _) => return Err(BookError::new(1, format!("does not begin with {FORM:?}"))),
                (_, "version") => rest.clone_into(&mut book.version),
                (_, "date") => rest.clone_into(&mut book.date),
                (_, "corrections") => {
                    book.corrections = rest
                        .parse()
                        .map_err(|_| BookError::new(number + 1, "not a number of corrections"))?;
                }
                (_, "sha256") => {
                    rest.clone_into(&mut book.checksum);
                    break;
                }
                (_, "") => {}
                (_, word) if word.starts_with('#') => {}
                (_, word) => {
                    return Err(BookError::new(number + 1, format!("{word:?} is not known here")));
                }
            }
        }
        if book.checksum.is_empty() {
            return Err(BookError::new(0, "has no checksum"));
        }
        let sum: String = Sha256::digest(&text.as_bytes()[at..])
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if sum != book.checksum {
            return Err(BookError::new(
                0,
                "the checksum is not that of what follows: the book is damaged",
            ));
        }
        for (number, line) in lines {
            book.take(line).map_err(|what| BookError::new(number + 1, what))?;
        }
        Ok(book)
    }

    /// The place where the prices are from, with the checksum of that.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The day on which it was made, `2026-11-28`.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.date
    }

    /// The SHA-256 of its prices, in hexadecimal digits; empty for a user's own.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// Returns the number of times that it says something else than its source, on purpose.
    #[must_use]
    pub const fn corrections(&self) -> usize {
        self.corrections
    }

    /// Returns each model with its provider, as `openai/gpt-5`; without where a user's own book names none.
    pub fn models(&self) -> impl Iterator<Item = String> {
        self.providers
            .iter()
            .flat_map(|provider| provider.models.iter().map(|model| provider.named(&model.id)))
    }

    /// Returns each model that is said to cost the same as another, with this other one's provider and name.
    pub fn likes(&self) -> impl Iterator<Item = (String, (&str, &str))> {
        self.providers.iter().flat_map(|provider| {
            provider.models.iter().filter_map(|model| {
                let (of, name) = model.like.as_ref()?;
                Some((provider.named(&model.id), (&**of, &**name)))
            })
        })
    }

    /// Finds a provider by its name or another one of it, whatever the case, with `_` and spaces as `-`.
    pub(crate) fn provider(&self, name: &str) -> Option<&Provider> {
        let name = plain(name);
        let named = |provider: &&Provider| {
            *provider.id == *name || provider.also.iter().any(|other| **other == *name)
        };
        self.providers.iter().find(named)
    }

    /// Gives providers the names that lower books have for them, so that one is one however it is written.
    pub(crate) fn name_providers<'b>(&mut self, lower: impl Fn(&str) -> Option<&'b Provider>) {
        let mut named: Vec<Provider> = Vec::with_capacity(self.providers.len());
        for mut provider in self.providers.drain(..) {
            if let Some(known) = lower(&provider.id).filter(|known| known.id != provider.id) {
                provider.id.clone_from(&known.id);
            }
            match named.iter_mut().find(|other| other.id == provider.id) {
                Some(same) => same.models.append(&mut provider.models),
                None => named.push(provider),
            }
        }
        self.providers = named;
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let is_indented = line.starts_with(' ');
        let (word, rest) = split(line);
        if word.is_empty() || word.starts_with('#') && !is_indented {
            return Ok(());
        }
        if word == "@" {
            self.providers.push(Provider { id: plain(rest).into(), ..Provider::default() });
            return Ok(());
        }
        let provider = self.providers.last_mut().ok_or("a line before the first provider")?;
        if is_indented {
            let model = provider.models.last_mut().ok_or("prices before the first model")?;
            model.lines.push(prices(line)?);
            return Ok(());
        }
        let names = || rest.split_whitespace().map(Box::from);
        match word {
            "also" => provider.also = names().collect(),
            "sells" => provider.sells = names().collect(),
            "open" if rest.is_empty() => provider.is_open = true,
            "makes" => provider.makes = patterns(rest)?,
            id => {
                let patterns = patterns(rest)?;
                provider.models.push(Model {
                    id: id.into(),
                    patterns,
                    lines: Vec::new(),
                    like: None,
                });
            }
        }
        Ok(())
    }
}

impl Provider {
    /// A model's name with the provider in front, if there is one.
    pub(crate) fn named(&self, model: &str) -> String {
        if self.id.is_empty() { model.to_owned() } else { format!("{}/{model}", self.id) }
    }

    /// The models whose names fit, each with its best pattern.
    pub(crate) fn matches(&self, name: &str) -> Vec<(Weight, &Model, &Pattern)> {
        let of = |model| {
            let fits = |pattern| Some((Pattern::weight(pattern, name)?, pattern));
            let (weight, pattern) =
                Model::patterns(model).iter().filter_map(fits).max_by_key(|(weight, _)| *weight)?;
            Some((weight, model, pattern))
        };
        self.models.iter().filter_map(of).collect()
    }
}

impl Model {
    fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The prices in force: of the latest date that has come, those of the hour before the usual ones, and of these
    /// the ones beyond the highest cliff that was passed. Narrows the validity to the times and sizes that have the
    /// same.
    pub(crate) fn in_force(
        &self,
        tier: usize,
        (micros, total_input): (i64, u64),
        validity: &mut Validity,
    ) -> Option<&Line> {
        let of_tier = || self.lines.iter().filter(|line| line.tier == tier);
        let has_begun = |line: &&Line| line.since.is_none_or(|since| since <= micros);
        let to_come = of_tier().filter_map(|line| line.since).filter(|since| *since > micros);
        let until = to_come.min().unwrap_or(i64::MAX);
        let since = of_tier().filter(has_begun).map(|line| line.since).max();
        let from = since.flatten().unwrap_or(i64::MIN);
        validity.narrow(&(from..until), &Validity::ALWAYS.total_input);
        let since = since?;
        let of_day = || of_tier().filter(|line| line.since == since);
        for hours in of_day().filter_map(|line| line.hours) {
            validity.narrow(&hours.unchanged_around(micros), &Validity::ALWAYS.total_input);
        }
        let now = |line: &&Line| line.hours.is_some_and(|hours| hours.contain(micros));
        let by_hour = of_day().any(|line| now(&line));
        let holds = |line: &&Line| if by_hour { now(line) } else { line.hours.is_none() };
        let cliffs = || of_day().filter(holds).map(|line| line.above).filter(|above| *above > 0);
        let passed = cliffs().filter(|above| *above < total_input).max();
        let next = cliffs().filter(|above| *above >= total_input).min();
        let sizes = passed.map_or(0, |above| above + 1)..=next.unwrap_or(u64::MAX);
        validity.narrow(&Validity::ALWAYS.micros, &sizes);
        of_day().filter(holds).rfind(|line| line.above == passed.unwrap_or(0))
    }
}

/// A name of a provider as books write it.
pub(crate) fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', ' '], "-")
}

fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(' ').map_or((line, ""), |(word, rest)| (word, rest.trim()))
}

fn patterns(text: &str) -> Result<Vec<Pattern>, String> {
    let of = |word| Pattern::parse(word).ok_or_else(|| format!("{word:?} is no pattern"));
    text.split_whitespace().map(of).collect()
}

/// Reads ` batch 2026-10-14 16:30-00:30 >200000 in=1 out=5`: the conditions in any order, then the prices.
fn prices(line: &str) -> Result<Line, String> {
    let mut read = Line { tier: 0, since: None, hours: None, above: 0, terms: Terms::default() };
    let line = line.trim();
    let mut rest = line;
    while !rest.is_empty() {
        let (word, after) = split(rest);
        if word == "-" || word.contains('=') {
            break;
        }
        let known = if let Some(tier) = TIERS.iter().position(|tier| *tier == word) {
            read.tier = tier;
            true
        } else if let Some(above) = word.strip_prefix('>') {
            above.parse().map(|above| read.above = above).is_ok()
        } else if word.contains(':') && !word.contains('T') {
            read.hours = Hours::parse(word);
            read.hours.is_some()
        } else {
            read.since = instant::parse(word);
            read.since.is_some()
        };
        if !known {
            return Err(format!("{word:?} is neither a tier, a date, hours nor a threshold"));
        }
        rest = after;
    }
    if rest.is_empty() {
        return Err("says no prices; `-` is none".to_owned());
    }
    read.terms = rest.parse().map_err(|error| format!("{error}"))?;
    Ok(read)
}
