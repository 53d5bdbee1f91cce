//! The question about a request, and the possible answers.

use std::fmt;

use usage_core::pricing::Terms;

/// The facts that decide about the price of a request, beside its counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a> {
    /// Who served it, as the record says; empty where it does not.
    pub provider: &'a str,
    /// Which model, as the record says.
    pub model: &'a str,
    /// `standard`, `batch`, `flex`, `priority` or `fast`; empty is `standard`.
    pub tier: &'a str,
    /// When, in microseconds since 1970.
    pub micros: i64,
    /// [`Billed::total_input`](crate::Billed::total_input): tokens, with all that caches had to do with.
    pub total_input: u64,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These terms, for this reason.
    Found(Box<Found>),
    /// No terms.
    Unknown {
        /// The fact that is not known.
        why: Why,
        /// Models whose names are like it, `provider/model`.
        candidates: Vec<String>,
    },
    /// Several could be meant, at different prices, so that none is taken.
    Doubtful {
        /// These, `provider/model`.
        candidates: Vec<String>,
    },
}

impl Answer {
    /// Returns the terms where there are some.
    #[must_use]
    pub fn found(self) -> Option<Found> {
        if let Self::Found(found) = self { Some(*found) } else { None }
    }
}

/// Terms, and why they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The unit prices.
    pub terms: Terms,
    /// The place where they are from.
    pub rule: Rule,
}

/// The place where terms are from: enough to find them again, and to tell a person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The version of the book.
    pub book: String,
    /// The provider in it.
    pub provider: String,
    /// The model in it.
    pub model: String,
    /// The tier.
    pub tier: &'static str,
    /// Since when the terms hold, in microseconds since 1970; from ever without.
    pub since: Option<i64>,
    /// Beyond how many input tokens they hold. 0 where no cliff was passed.
    pub above: u64,
    /// Says whether they hold at certain hours of the day.
    pub by_hour: bool,
    /// The part of the name that decided, in the book's words.
    pub pattern: String,
    /// The changes made to the name to find it, each in a few words; empty where it is written as in the book.
    pub how: Vec<&'static str>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} by {}", self.provider, self.model, self.pattern)?;
        for how in &self.how {
            write!(f, ", {how}")?;
        }
        Ok(())
    }
}

/// A fact that is not known about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// No book has its provider, or none was said and the model does not tell.
    Provider,
    /// The provider has no such model.
    Model,
    /// The model has no price in this tier at that time.
    Tier,
    /// The model is known, and so is that it has no price at that time: it is retired, or billed by what a record
    /// does not say.
    Price,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provider => "the provider is in no book of prices",
            Self::Model => "the provider has no such model",
            Self::Tier => "the model has no price in this tier",
            Self::Price => "the model has no price a token",
        })
    }
}
