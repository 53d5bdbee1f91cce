//! Why a record is refused.

use std::fmt;

use super::{Label, MAX_COUNT, Measure};
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
}

impl Field {
    /// Every field, in the order of the record line. A bare total is stated as [`Tokens`](Self::Tokens).
    pub const ALL: [Self; Label::COUNT + Measure::COUNT + 2] = {
        let mut all = [Self::Tokens; Label::COUNT + Measure::COUNT + 2];
        let mut at = 0;
        while at < Label::COUNT {
            all[at] = Self::Label(Label::ALL[at]);
            at += 1;
        }
        // Behind `tokens`.
        at += 1;
        let mut index = 0;
        while index < Measure::COUNT {
            if !Measure::ALL[index].is_bare_total() {
                all[at] = Self::Count(Measure::ALL[index]);
                at += 1;
            }
            index += 1;
        }
        all[at] = Self::Timestamp;
        all[at + 1] = Self::EventId;
        all
    };

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
        }
    }

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

/// Why a record was refused. Each message names the field, what was wrong and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A name that must not be empty is.
    #[error("{field} must not be empty")]
    Empty {
        /// Which name.
        field: Field,
    },
    /// A text is longer than it may be.
    #[error("{field} has {bytes} bytes, at most {max} are accepted")]
    TooLong {
        /// Which text.
        field: Field,
        /// Its length.
        bytes: usize,
        /// The longest accepted.
        max: usize,
    },
    /// A text holds a NUL character.
    #[error("{field} holds a NUL character")]
    Nul {
        /// Which text.
        field: Field,
    },
    /// A count is over [`MAX_COUNT`].
    #[error("{field} is {count}, at most {MAX_COUNT} is accepted")]
    TooLarge {
        /// Which count.
        field: Field,
        /// What it was.
        count: u64,
    },
    /// Counts by kind beside a total whose kinds are not known.
    #[error("counts by kind cannot be added to the unclassified total of {unclassified}")]
    MixedKinds {
        /// The bare total.
        unclassified: u64,
    },
    /// A part is more than what it is a part of.
    #[error("{} is {}, more than the {} of {} it is part of", .part.0, .part.1, .whole.0, .whole.1)]
    PartOverWhole {
        /// The part and its count.
        part: (Measure, u64),
        /// The whole and its count.
        whole: (Measure, u64),
    },
    /// The timestamp is outside the years 1970 to 2099.
    #[error("timestamp {timestamp} is outside 1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z")]
    OutOfRange {
        /// What it was.
        timestamp: Timestamp,
    },
}
