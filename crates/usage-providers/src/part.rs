//! The facts of a response, as one or several records' worth.

use usage_core::{Outcome, Quality};

use crate::counts::Counts;
use usage_core::Tier;

/// One record's worth of a response. Most responses are one part; one of Anthropic's with
/// compaction, an advisor or a fallback is several, of different models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Disjoint counts.
    pub counts: Counts,
    /// The model that answered, in the provider's words; `None` where the response does not say.
    pub model: Option<String>,
    /// The tier that served the request; `None` where the response does not say, or a word that is
    /// in no table.
    pub tier: Option<Tier>,
    /// The mode of speed: whether a faster mode than the usual served the request.
    pub speed: Speed,
    /// The cost that the provider states, in 10⁻¹² USD. Never computed here.
    pub stated_cost: Option<u64>,
    /// The provider's id of the response, followed by `/1`, `/2` for further parts of it.
    pub response_id: Option<String>,
    /// The certainty of the counts.
    pub quality: Quality,
    /// Says whether something did not add up: a part larger than its whole, a total that differs
    /// from the sum, a count that is no count. See [`Remainder`](crate::Remainder).
    pub inconsistent: bool,
    /// The outcome of the request.
    pub outcome: Outcome,
    /// Models that declined before the one that answered, within the one request.
    pub fallbacks: u32,
}

impl Part {
    /// Makes the part of a request that no model answered.
    pub(crate) fn unanswered(end: End) -> Self {
        let quality = if end == End::Failed { Quality::Reported } else { Quality::Partial };
        Self { quality, outcome: end.outcome(), ..Self::default() }
    }

    /// Returns the one word for tier and speed together: the fast mode where it was used, else the
    /// tier.
    #[must_use]
    pub fn label_tier(&self) -> Option<Tier> {
        match self.speed {
            Speed::Fast => Some(Tier::Fast),
            Speed::Standard => self.tier,
        }
    }
}

/// The mode that served a request, where a provider sells a faster one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Speed {
    /// The usual one.
    #[default]
    Standard,
    /// The faster one: Anthropic's `speed: fast`, Bedrock's optimised latency.
    Fast,
}

/// The end of the reading of a response, as its caller saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum End {
    /// The body came to its end.
    #[default]
    Complete,
    /// The client went away, or the caller stopped reading.
    Cancelled,
    /// The connection broke, or the provider answered with an error.
    Failed,
}

impl End {
    /// Returns how a request went that ended so, unless its response says otherwise.
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::Complete => Outcome::Ok,
            Self::Cancelled => Outcome::Cancelled,
            Self::Failed => Outcome::Error,
        }
    }
}

/// The result of reading a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// The response's records, the main one first. Empty where nothing was seen that looks like
    /// the response of a model.
    pub parts: Vec<Part>,
    /// Events that could not be read: no JSON, cut, or with a broken frame. Of the events of a
    /// stream that cannot hold counts only their first and last character are looked at.
    pub malformed: u64,
}

impl Reading {
    /// Returns how many parts hold counts that do not add up.
    #[must_use]
    pub fn inconsistent(&self) -> usize {
        self.parts.iter().filter(|part| part.inconsistent).count()
    }

    /// Returns the sum of all parts' counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for part in &self.parts {
            sum.add(&part.counts);
        }
        sum
    }
}
