//! A request as an agent logged it, before it is a record.

use std::borrow::Cow;

use usage_core::{Money, Outcome, Quality, Tier, Timestamp};
use usage_providers::{Counts, Remainder, made_id};

/// A request as an agent logged it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Logged<'a> {
    /// The id of the request: the provider's or the agent's own, or one that was made.
    pub(super) id: Cow<'a, str>,
    /// Another id, by which others tell of the request.
    pub(super) alias: Option<Cow<'a, str>>,
    pub(super) session: Cow<'a, str>,
    pub(super) route: Route,
    /// The folder in which the agent worked, or its name; empty where nobody says.
    pub(super) folder: Cow<'a, str>,
    pub(super) provider: Cow<'a, str>,
    /// Empty where nobody says.
    pub(super) model: Cow<'a, str>,
    pub(super) tier: Option<Tier>,
    pub(super) counts: Counts,
    /// Says whether something did not add up.
    pub(super) is_inconsistent: bool,
    pub(super) quality: Quality,
    pub(super) outcome: Outcome,
    pub(super) stated_cost: Option<Money>,
    /// Where the log does not say when it was, the file does.
    pub(super) time: Option<Timestamp>,
}

/// Who of an agent asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Route {
    #[default]
    Main,
    Subagent,
    Compaction,
}

impl Route {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Subagent => "subagent",
            Self::Compaction => "compaction",
        }
    }
}

impl Logged<'_> {
    /// Gives it an id, where the log has none, of what it says: the same wherever it is copied to.
    pub(super) fn make_id(&mut self, session: &str) {
        let counts = self.counts;
        let numbers = [counts.input, counts.output, counts.cache_read, counts.cache_write];
        let time = self.time.map_or(0, Timestamp::as_micros);
        let numbers = format!("{time} {numbers:?}");
        self.id = made_id([session, &self.model, &numbers]).into();
    }

    /// Returns how sure the counts are. Claude's cache writes have two lifetimes with a price each; where the log does
    /// not say which, it is guessed.
    pub(super) fn sureness(&self) -> Quality {
        let is_claude = self.provider == "anthropic" || self.model.contains("claude");
        let is_guessed =
            is_claude && self.counts.cache_write > 0 && self.counts.cache_write_long == 0;
        match self.quality {
            Quality::Reported if is_guessed => Quality::Estimated,
            quality => quality,
        }
    }

    /// Returns whether it says of any tokens.
    pub(super) const fn has_tokens(&self) -> bool {
        self.counts.total() > 0
    }
}

/// Splits counts as Gemini's dialect names them: caches lie within the prompt, what tools read in beside it.
/// Whether thoughts lie within the answer, the total says; without one, `is_within` does.
pub(super) fn gemini_counts(
    [prompt, answer, cached, thoughts, tools]: [u64; 5],
    total: Option<u64>,
    is_within: bool,
    rule: &mut Remainder,
) -> Counts {
    let sum = prompt.saturating_add(answer).saturating_add(tools);
    let is_within = match total {
        Some(total) if thoughts > 0 && total == sum => true,
        Some(total) if thoughts > 0 && total == sum.saturating_add(thoughts) => false,
        _ => is_within,
    };
    let output = if is_within { answer } else { answer.saturating_add(thoughts) };
    let counts = Counts {
        input: rule.of(prompt, cached).saturating_add(tools),
        output,
        cache_read: cached,
        reasoning: rule.part(thoughts, output),
        ..Counts::default()
    };
    rule.check(counts.total(), total);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_says_where_thoughts_are() {
        let split = |total, is_within| {
            let mut rule = Remainder::default();
            let counts = gemini_counts([9_030, 127, 4_097, 33, 0], total, is_within, &mut rule);
            assert_eq!((counts.input, counts.cache_read, counts.reasoning), (4_933, 4_097, 33));
            (counts.output, rule.is_inconsistent())
        };
        assert_eq!(split(Some(9_157), false), (127, false));
        assert_eq!(split(Some(9_190), true), (160, false));
        assert_eq!(split(None, true), (127, false));
        assert_eq!(split(None, false), (160, false));
        assert_eq!(split(Some(5), false), (160, true), "no reading of it gives the total");
    }
}
