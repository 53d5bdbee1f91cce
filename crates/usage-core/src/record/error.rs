//! Why a record is refused, and why a text is none: a record line, or CSV, which has the same fields.

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

/// Says why a text is no record: a record line, a row of CSV, or the header above the rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// Where the first wrong byte is, counted from 1.
        at: usize,
    },
    /// The line is not a JSON object, or has an unknown, repeated or missing field.
    #[error("{reason} (column {column})")]
    NotARecord {
        /// What was wrong with it.
        reason: String,
        /// Where, in bytes from 1.
        column: usize,
    },
    /// A count is not a whole number from 0 to [`MAX_COUNT`].
    #[error("{field} is {found}, whole numbers from 0 to {MAX_COUNT} are accepted")]
    NotACount {
        /// Which count.
        field: Field,
        /// What stands there.
        found: String,
    },
    /// No token count at all.
    #[error("no token count: tokens, or input_tokens, output_tokens and so on, is needed")]
    NoTokens,
    /// `tokens` and the counts by kind disagree.
    #[error("tokens is {tokens}, but the counts by kind add up to {sum}")]
    TokensDisagree {
        /// The total as given.
        tokens: u64,
        /// The sum of the kinds.
        sum: u64,
    },
    /// The timestamp is not RFC 3339.
    #[error("timestamp {found:?} is not RFC 3339, such as 2026-05-03T13:56:01+08:00")]
    NotATimestamp {
        /// What stands there, shortened.
        found: String,
    },
    /// An event id without a timestamp: read twice, the record would have two.
    #[error("event_id needs a timestamp beside it")]
    EventIdWithoutTimestamp,
    /// The record itself is refused.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A row of CSV has more or fewer fields than the header has columns.
    #[error("the header has {expected} columns, the row {found}")]
    FieldCount {
        /// The number of fields of the row.
        found: usize,
        /// The number of columns of the header.
        expected: usize,
    },
    /// CSV ends inside a quoted field.
    #[error("field {field} begins with a quote that is never closed")]
    UnclosedQuote {
        /// Which field, from 1.
        field: usize,
    },
    /// Something other than a comma stands behind a closing quote of CSV.
    #[error("field {field} goes on behind its closing quote; a quote inside is written twice")]
    BehindQuote {
        /// Which field, from 1.
        field: usize,
    },
    /// The header of CSV has columns that no record has.
    #[error("unknown {}; the columns of records are {}", unknown(.columns), listed(&Field::ALL))]
    UnknownColumns {
        /// Their names, those of great length shortened.
        columns: Vec<String>,
    },
    /// The header of CSV has a column more than once.
    #[error("the column {column} is there twice")]
    RepeatedColumn {
        /// Which.
        column: Field,
    },
    /// The header of CSV has not the columns without which no row is a record.
    #[error("the header has no {}", listed(.columns))]
    MissingColumns {
        /// Which.
        columns: Vec<Field>,
    },
    /// The header of CSV has no column of token counts.
    #[error("the header has no token counts: tokens, or input_tokens, output_tokens and so on")]
    NoTokenColumns,
}

/// So many unknown columns are named.
const NAMED: usize = 5;

fn unknown(columns: &[String]) -> String {
    let named: Vec<_> = columns.iter().take(NAMED).map(|name| format!("{name:?}")).collect();
    let more = match columns.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let word = if columns.len() == 1 { "column" } else { "columns" };
    format!("{word} {}{more}", named.join(", "))
}

fn listed(fields: &[Field]) -> String {
    fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(", ")
}
