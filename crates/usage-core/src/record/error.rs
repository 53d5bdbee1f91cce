//! The reasons why a record is refused.

use std::fmt;

use super::{Label, MAX_TAGS, Measure, Money};
use crate::Timestamp;

/// A field of a record, under the name that the record line gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// One of the names.
    Label(Label),
    /// `tokens`: all of them.
    Tokens,
    /// One of the numbers.
    Count(Measure),
    /// `timestamp`
    Timestamp,
    /// `event_id`
    EventId,
    /// `alias_id`
    AliasId,
    /// `revision`
    Revision,
    /// `session_id`
    SessionId,
    /// `tags`
    Tags,
    /// `outcome`
    Outcome,
    /// `quality`
    Quality,
    /// `inconsistent`
    Inconsistent,
    /// `stated_cost_usd`
    StatedCost,
    /// `time_stated`
    TimeStated,
}

/// The fields that are neither names nor numbers, `tokens` apart.
const OTHERS: [Field; 11] = [
    Field::Timestamp,
    Field::EventId,
    Field::AliasId,
    Field::Revision,
    Field::SessionId,
    Field::Tags,
    Field::Outcome,
    Field::Quality,
    Field::Inconsistent,
    Field::StatedCost,
    Field::TimeStated,
];

impl Field {
    /// Every field, in the order of the record line: those that every line has first. A bare total is stated as
    /// [`Tokens`](Self::Tokens).
    pub const ALL: [Self; Label::COUNT + Measure::NUMBERS + OTHERS.len()] = {
        let mut all = [Self::Tokens; Label::COUNT + Measure::NUMBERS + OTHERS.len()];
        let mut at = 0;
        // First those of every line, then the others.
        let mut usual = true;
        loop {
            let mut index = 0;
            while index < Label::COUNT {
                let field = Self::Label(Label::ALL[index]);
                if field.is_usual() == usual {
                    all[at] = field;
                    at += 1;
                }
                index += 1;
            }
            if usual {
                // It stands there already.
                at += 1;
            }
            let mut index = 0;
            while index < Measure::NUMBERS {
                let field = Self::Count(Measure::ALL[index]);
                if field.is_usual() == usual && !Measure::ALL[index].is_bare_total() {
                    all[at] = field;
                    at += 1;
                }
                index += 1;
            }
            let mut index = 0;
            while index < OTHERS.len() {
                if OTHERS[index].is_usual() == usual {
                    all[at] = OTHERS[index];
                    at += 1;
                }
                index += 1;
            }
            if !usual {
                break;
            }
            usual = false;
        }
        all
    };

    /// Returns whether it is one that records had from the beginning: lines have the others where they say
    /// something.
    #[must_use]
    pub const fn is_usual(self) -> bool {
        match self {
            Self::Label(label) => label as usize <= Label::Model as usize,
            Self::Count(measure) => measure as usize <= Measure::Fallbacks as usize,
            Self::Tokens | Self::Timestamp | Self::EventId => true,
            _ => false,
        }
    }

    /// The names of all fields, in the same order.
    pub const NAMES: [&'static str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].name();
            at += 1;
        }
        names
    };

    /// The field's name in the record line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Label(label) => label.field(),
            Self::Tokens => "tokens",
            Self::Count(measure) => measure.field(),
            Self::Timestamp => "timestamp",
            Self::EventId => "event_id",
            Self::AliasId => "alias_id",
            Self::Revision => "revision",
            Self::SessionId => "session_id",
            Self::Tags => "tags",
            Self::Outcome => "outcome",
            Self::Quality => "quality",
            Self::Inconsistent => "inconsistent",
            Self::StatedCost => "stated_cost_usd",
            Self::TimeStated => "time_stated",
        }
    }

    /// The field in which a keeper of records tells what one costs by list price. It is written only: whoever reads a
    /// line or a row passes over it, as a price is for the ledger to find.
    pub const COST: &'static str = "cost_usd";

    /// The field of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The reason why a record was refused. Each message names the field, what was wrong and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A name that must not be empty is.
    #[error("{field} must not be empty")]
    Empty {
        /// The name.
        field: Field,
    },
    /// A text is longer than it may be.
    #[error("{field} has {bytes} bytes, at most {max} are accepted")]
    TooLong {
        /// The text.
        field: Field,
        /// Its length.
        bytes: usize,
        /// The longest accepted.
        max: usize,
    },
    /// A text holds a NUL character.
    #[error("{field} holds a NUL character")]
    Nul {
        /// The text.
        field: Field,
    },
    /// A count is over what its measure [may be](Measure::max).
    #[error("{field} is {count}, at most {max} is accepted")]
    TooLarge {
        /// The count.
        field: Field,
        /// The value that it had.
        count: u64,
        /// The most that is accepted.
        max: u32,
    },
    /// A stated cost is over [`Money::MAX_STATED`].
    #[error("{} is {cost}, at most {} is accepted", Field::StatedCost, Money::MAX_STATED)]
    TooDear {
        /// The value that it had.
        cost: Money,
    },
    /// There are too many tags.
    #[error("{} has more than the {MAX_TAGS} that are accepted", Field::Tags)]
    TooManyTags,
    /// The key of a tag is empty.
    #[error("{} has an empty key", Field::Tags)]
    EmptyTagKey,
    /// The key or the value of a tag is longer than it may be.
    #[error(
        "{} has a {} of {bytes} bytes, at most {max} are accepted",
        Field::Tags,
        if *is_key { "key" } else { "value" }
    )]
    TagTooLong {
        /// Says whether it is the key.
        is_key: bool,
        /// Its length.
        bytes: usize,
        /// The longest accepted.
        max: usize,
    },
    /// A tag is there twice.
    #[error("{} has {key:?} twice", Field::Tags)]
    TagTwice {
        /// Its key.
        key: String,
    },
    /// An alias stands where there is no event id.
    #[error("{} needs an {}", Field::AliasId, Field::EventId)]
    AliasWithoutEventId,
    /// Counts by kind beside a total whose kinds are not known.
    #[error("counts by kind cannot be added to the unclassified total of {unclassified}")]
    MixedKinds {
        /// The bare total.
        unclassified: u64,
    },
    /// The timestamp is outside the years 1970 to 2099.
    #[error("timestamp {timestamp} is outside 1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z")]
    OutOfRange {
        /// The value that it had.
        timestamp: Timestamp,
    },
}
