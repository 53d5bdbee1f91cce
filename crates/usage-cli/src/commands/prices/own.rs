//! The user's own prices: what is there, and lines to write for what has no price.

use chrono::NaiveTime;
use usage_core::format::escape_hidden;
use usage_core::pricing::{BookText, Kind, PriceList, Question};
use usage_core::{Tier, Timestamp};

use super::known::{self, Known};
use super::quote::dollars;
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

pub(super) fn print(context: &Context) -> Result<u8, CliError> {
    let books = context.open_existing()?.prices().books()?;
    let own = books.iter().find(|book| book.is_in_force && book.book.name == BookText::OWN);
    match own {
        // As it was put in, to be edited and put in again.
        Some(own) => {
            output::print(&own.book.text)?;
            if !own.is_whole {
                output::note("warning: these are damaged: check each before you put them in again");
                return Ok(exit_codes::DAMAGED);
            }
        }
        None if context.quiet => {}
        None => output::note("note: the ledger has no prices of your own"),
    }
    Ok(exit_codes::DONE)
}

/// The lines that say what to do with lines to write.
pub(super) const ADVICE: &str = "\
To price them, write these lines into your own file, fill in
dollars a million tokens (searches: a thousand), and run
`usage prices --set FILE`. It takes the place of the file that
`usage prices --own` prints. What it says of a model holds
alone: prices that are known already stand there for that.
";

/// A reason why requests of a model have no price.
pub(super) struct Gap<'a> {
    /// Their tier; may be empty.
    pub(super) tier: &'a str,
    /// The models that could be meant, `provider/model`, with a comma between them.
    pub(super) candidates: &'a str,
    /// The kind that has no price, where others have.
    pub(super) lacking: Option<Kind>,
}

impl Gap<'_> {
    /// The tier that can have prices; nothing where there can be none.
    fn priced_tier(&self) -> Option<Tier> {
        let name = if self.tier.is_empty() { Tier::Standard.name() } else { self.tier };
        let tier = Tier::ALL.into_iter().find(|tier| tier.name() == name);
        tier.filter(|_| self.lacking != Some(Kind::Unclassified))
    }

    /// The kinds of such an entry whose prices are to be filled in.
    fn asked_of(&self, known: &Known) -> Vec<Kind> {
        match (self.lacking, known.terms) {
            _ if self.priced_tier() != Some(known.tier) => Vec::new(),
            (Some(kind), Some(_)) => vec![kind],
            (None, None) if known.since.is_none() => vec![Kind::Input, Kind::Output],
            _ => Vec::new(),
        }
    }
}

/// Returns lines of TOML for a model that has no price, with places to fill prices in. What is known of it already
/// stands there too, as what a user's own file says of a model holds alone. Nothing where no file can name it, or where
/// it can have no price.
pub(super) fn lines_for(
    list: &dyn PriceList,
    (provider, model, now): (&str, &str, Timestamp),
    gaps: &[Gap<'_>],
) -> Option<String> {
    let tiers: Vec<_> = gaps.iter().filter_map(Gap::priced_tier).collect();
    let is_name = !model.trim().is_empty() && !model.contains('*');
    if !is_name || tiers.is_empty() {
        return None;
    }
    let question = Question::new(provider, model, now);
    let mut all = known::all(list, &question)?;
    for tier in tiers {
        if !all.iter().any(|known| known.tier == tier && known.since.is_none()) {
            all.push(Known { tier, since: None, above: 0, terms: None });
        }
    }
    let mut likes = String::new();
    // A model that is like another has no prices of its own: those that are known would be in the way.
    if all.iter().all(|known| known.terms.is_none()) {
        let names = gaps.iter().flat_map(|gap| gap.candidates.split(", "));
        for like in names.filter(|like| !like.is_empty()) {
            likes += &format!("# or, in place of prices: like = {}\n", quoted(like));
        }
    }
    let entries = all.iter().map(|known| {
        let asked: Vec<_> = gaps.iter().flat_map(|gap| gap.asked_of(known)).collect();
        // In the first block, which it would take the place of, and all others with it.
        entry(&question, known, &asked) + &std::mem::take(&mut likes)
    });
    Some(entries.collect::<Vec<_>>().join("\n"))
}

fn entry(question: &Question<'_>, known: &Known, asked: &[Kind]) -> String {
    let mut text = "[[price]]\n".to_owned();
    let mut line = |name: &str, value: &str| text += &format!("{name} = {value}\n");
    if !question.provider.is_empty() {
        line("provider", &quoted(question.provider));
    }
    line("model", &quoted(question.model));
    if known.tier != Tier::Standard {
        line("tier", &quoted(known.tier.name()));
    }
    if let Some(since) = known.since.and_then(Timestamp::to_utc) {
        let is_midnight = since.time() == NaiveTime::MIN;
        let form = if is_midnight { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M" };
        line("since", &quoted(&since.format(form).to_string()));
    }
    if known.above > 0 {
        line("above", &known.above.to_string());
    }
    for kind in Kind::ALL {
        match known.terms.and_then(|terms| terms.price(kind)) {
            Some(price) => line(kind.name(), &quoted(&dollars(kind, price))),
            None if asked.contains(&kind) => line(kind.name(), "\"\""),
            None => {}
        }
    }
    text
}

/// A string of TOML, in which nothing is hidden. JSON escapes what TOML does not allow in the same way.
fn quoted(text: &str) -> String {
    escape_hidden(serde_json::Value::from(text).to_string())
}
