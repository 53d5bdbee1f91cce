//! The reasons why a text form of a record is refused: for the record line, and for CSV, which has the same fields.

use super::{Field, MAX_COUNT, MoneyError, RecordError};
use crate::text::closest;

/// Says why a text is no record: a record line, a row of CSV, or the header above the rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// The place where the first wrong byte is, counted from 1.
        at: usize,
    },
    /// A field that no record has.
    #[error("unknown field `{name}` (column {column}); {}", meant_or_all(name))]
    UnknownField {
        /// Its name, shortened.
        name: String,
        /// The place where it ends, in bytes from 1.
        column: usize,
    },
    /// The line is not a JSON object, or has a repeated or missing field.
    #[error("{reason} (column {column})")]
    NotARecord {
        /// The reason why it was refused.
        reason: String,
        /// Where, in bytes from 1.
        column: usize,
    },
    /// A count is not a whole number from 0 to [`MAX_COUNT`].
    #[error("{field} is {found}, whole numbers from 0 to {MAX_COUNT} are accepted")]
    NotACount {
        /// The count.
        field: Field,
        /// The text that stands there.
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
        /// The text that stands there, shortened.
        found: String,
    },
    /// The timestamp is of a day that no calendar has.
    #[error("timestamp {found:?}: there is no such day")]
    NoSuchDay {
        /// The text that stands there, shortened.
        found: String,
    },
    /// The timestamp is in a leap second, which the time that a ledger counts in does not have.
    #[error("timestamp {found:?} is in a leap second, which no ledger has: write the second after")]
    LeapSecond {
        /// The text that stands there, shortened.
        found: String,
    },
    /// A field whose value is one of a few words has another.
    #[error("{field} is {found:?}, {accepted} are accepted")]
    NotAWord {
        /// The field.
        field: Field,
        /// The text that stands there, shortened.
        found: String,
        /// The words.
        accepted: String,
    },
    /// The tags in a row of CSV are no JSON object of texts.
    #[error("{} is {found:?}, no JSON object of texts", Field::Tags)]
    NotTags {
        /// The text that stands there, shortened.
        found: String,
    },
    /// A stated cost is no amount of money.
    #[error("{} is {found}: {reason}", Field::StatedCost)]
    NotMoney {
        /// The text that stands there, shortened.
        found: String,
        /// The fault found in it.
        reason: MoneyError,
    },
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
        /// The field, from 1.
        field: usize,
    },
    /// Something other than a comma stands behind a closing quote of CSV.
    #[error("field {field} goes on behind its closing quote; a quote inside is written twice")]
    BehindQuote {
        /// The field, from 1.
        field: usize,
    },
    /// The header of CSV has columns that no record has.
    #[error("unknown {}; {}", unknown(.columns), meant_columns(.columns))]
    UnknownColumns {
        /// Their names, those of great length shortened.
        columns: Vec<String>,
    },
    /// The header of CSV has a column more than once.
    #[error("the column {column} is there twice")]
    RepeatedColumn {
        /// The one that is meant.
        column: Field,
    },
    /// The header of CSV has not the columns without which no row is a record.
    #[error("the header has no {}", listed(.columns))]
    MissingColumns {
        /// The one that is meant.
        columns: Vec<Field>,
    },
    /// The header of CSV has no column of token counts.
    #[error("the header has no token counts: tokens, or input_tokens, output_tokens and so on")]
    NoTokenColumns,
}

/// Names that other formats have for fields of records.
const ELSEWHERE: &[(&str, &str)] = &[
    ("prompt_tokens", "input_tokens"),
    ("completion_tokens", "output_tokens"),
    ("cache_read_input_tokens", "cache_read_tokens"),
    ("cached_tokens", "cache_read_tokens"),
    ("cache_creation_input_tokens", "cache_write_tokens"),
    ("total", "tokens"),
    ("total_tokens", "tokens"),
    ("instance", "instance_id"),
    ("time", "timestamp"),
    ("ts", "timestamp"),
    ("created_at", "timestamp"),
    ("id", "event_id"),
    ("request_id", "event_id"),
    ("session", "session_id"),
    ("cost", "stated_cost_usd"),
    ("cost_usd", "stated_cost_usd"),
];

/// Returns the field that was probably meant by a name that is none.
fn meant(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == lower);
    elsewhere.map(|(_, field)| *field).or_else(|| closest(name, Field::NAMES.iter().copied()))
}

fn meant_or_all(name: &str) -> String {
    match meant(name) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the fields of records are {}", Field::NAMES.join(", ")),
    }
}

/// Other separators of columns than commas, in words.
const SEPARATORS: [(char, &str); 3] = [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")];

fn meant_columns(columns: &[String]) -> String {
    let names_fields = |separator| {
        let [one] = columns else { return false };
        one.split(separator).any(|name| Field::NAMES.contains(&name.trim()))
    };
    if let Some((_, signs)) = SEPARATORS.into_iter().find(|(sign, _)| names_fields(*sign)) {
        return format!("its columns are separated by {signs}, and those of CSV by commas");
    }
    let meant: Vec<_> = columns.iter().take(NAMED).filter_map(|name| meant(name)).collect();
    match meant.is_empty() {
        true => format!("the columns of records are {}", listed(&Field::ALL)),
        false => format!("did you mean {}?", meant.join(", ")),
    }
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
