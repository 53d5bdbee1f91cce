//! Which terms hold for a request, and for which others they hold too.

use std::fmt::{self, Debug};
use std::ops::{Range, RangeInclusive};

use super::{Billed, Terms};
use crate::{Label, Record, Timestamp};

/// The facts that decide about the price of a request, beside its counts.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Question<'a> {
    /// Who served it; empty where nobody says.
    pub provider: &'a str,
    /// Which model.
    pub model: &'a str,
    /// One of the words of [`Tier`](crate::Tier); empty is the standard one.
    pub tier: &'a str,
    /// When.
    pub at: Timestamp,
    /// [`Billed::total_input`], in tokens.
    pub total_input: u64,
}

impl<'a> Question<'a> {
    /// Asks for the price of a model of a provider, of a small request in the standard tier.
    #[must_use]
    pub const fn new(provider: &'a str, model: &'a str, at: Timestamp) -> Self {
        Self { provider, model, tier: "", at, total_input: 0 }
    }

    /// Asks for the price of a record.
    #[must_use]
    pub fn of(record: &'a Record) -> Self {
        let name = |label| record.labels().name(label);
        Self {
            provider: name(Label::Provider),
            model: name(Label::Model),
            tier: name(Label::Tier),
            at: record.timestamp(),
            total_input: Billed::from(record.counts()).total_input(),
        }
    }

    /// In this tier.
    #[must_use]
    pub const fn in_tier(self, tier: &'a str) -> Self {
        Self { tier, ..self }
    }

    /// With so much input, in tokens.
    #[must_use]
    pub const fn with_total_input(self, total_input: u64) -> Self {
        Self { total_input, ..self }
    }
}

/// Says which terms hold for a request: books of prices that were read.
pub trait PriceList: Debug + Send + Sync {
    /// Answers a question. The same one has always the same answer.
    fn quote(&self, question: &Question<'_>) -> Quote;
}

/// The answer to a [`Question`]: terms, or why there are none, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quote {
    /// The unit prices, or what is not known.
    pub terms: Result<Terms, Unknown>,
    /// In a few words for people: by which rule the terms were found, or which models could be meant.
    pub rule: String,
    /// The version of the book that says so; empty where none does.
    pub book: String,
    /// Since when the terms hold; from ever without.
    pub since: Option<Timestamp>,
    /// The questions with the same provider, model and tier that have the same answer.
    pub validity: Validity,
}

impl Quote {
    /// Says that there are no terms.
    #[must_use]
    pub fn unknown(why: Unknown, rule: String, validity: Validity) -> Self {
        Self { terms: Err(why), rule, book: String::new(), since: None, validity }
    }

    /// Says that these terms hold.
    #[must_use]
    pub fn known(
        terms: Terms,
        (rule, book): (String, String),
        since: Option<Timestamp>,
        validity: Validity,
    ) -> Self {
        Self { terms: Ok(terms), rule, book, since, validity }
    }
}

/// A fact that is not known about a request, so that it has no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unknown {
    /// No book has its provider, or none was said and the model does not tell.
    Provider,
    /// The provider has no such model.
    Model,
    /// The model has no price in this tier at that time.
    Tier,
    /// The model is known, and so is that it has no price at that time.
    Price,
    /// Several models could be meant, at different prices.
    Doubt,
}

impl Unknown {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Provider, Self::Model, Self::Tier, Self::Price, Self::Doubt];

    /// Returns its word in JSON and in ledgers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Tier => "tier",
            Self::Price => "price",
            Self::Doubt => "doubt",
        }
    }
}

/// As a sentence for people.
impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provider => "the provider is in no book of prices",
            Self::Model => "the provider has no such model",
            Self::Tier => "the model has no price in this tier",
            Self::Price => "the model has no price a token",
            Self::Doubt => "several models could be meant",
        })
    }
}

/// The times and sizes for which an answer holds: of the same provider, model and tier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validity {
    /// The instants, in microseconds since 1970.
    pub micros: Range<i64>,
    /// The sizes of the input.
    pub total_input: RangeInclusive<u64>,
}

impl Validity {
    /// Whenever, and however large.
    pub const ALWAYS: Self = Self { micros: i64::MIN..i64::MAX, total_input: 0..=u64::MAX };

    /// Returns whether an answer of this validity is that to another question.
    #[must_use]
    #[inline]
    pub fn covers(&self, at: Timestamp, total_input: u64) -> bool {
        self.micros.contains(&at.as_micros()) && self.total_input.contains(&total_input)
    }

    /// Narrows it to these instants and sizes.
    pub fn narrow(&mut self, micros: &Range<i64>, total_input: &RangeInclusive<u64>) {
        self.micros.start = self.micros.start.max(micros.start);
        self.micros.end = self.micros.end.min(micros.end);
        let (first, last) = (self.total_input.start(), self.total_input.end());
        self.total_input = *first.max(total_input.start())..=*last.min(total_input.end());
    }
}
