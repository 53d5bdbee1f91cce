//! The record line: one record as one JSON object on one line.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::raw::{RawRecord, has_kinds, shortened};
use super::{Field, LabelInterner, LineError, Record};
use crate::Timestamp;
use crate::text::escape_hidden;

/// The longest line a reader should take in, in bytes: several times the longest valid record.
pub const MAX_LINE_BYTES: usize = 65_536;

/// Reads a record from the bytes of one line, without its line break.
///
/// `now` is the timestamp of a line that has none. Equal names share one allocation through
/// `interner`.
///
/// ```
/// use usage_core::{LabelInterner, Timestamp, record::line};
///
/// let text = br#"{"instance_id":"router-1","route":"think","model":"m","tokens":1500}"#;
/// let now = Timestamp::from_micros(1_777_787_761_000_000);
/// let record = line::parse(text, now, &mut LabelInterner::new(1_000))?;
/// assert_eq!(record.tokens().total(), 1_500);
///
/// let bad = line::parse(br#"{"tokens":-1}"#, now, &mut LabelInterner::new(1_000));
/// assert!(bad.is_err());
/// # Ok::<(), usage_core::record::LineError>(())
/// ```
///
/// # Errors
/// What is wrong with the line and what is accepted: see [`LineError`].
pub fn parse(
    line: &[u8],
    now: Timestamp,
    interner: &mut LabelInterner,
) -> Result<Record, LineError> {
    let text = std::str::from_utf8(line)
        .map_err(|error| LineError::NotUtf8 { at: error.valid_up_to() + 1 })?;
    // Else the fields of a record in their order, without their names, would be one.
    let trimmed = text.trim_ascii_start();
    if trimmed.starts_with('[') {
        let column = text.len() - trimmed.len() + 1;
        let reason = "invalid type: sequence, expected a JSON object".to_owned();
        return Err(LineError::NotARecord { reason, column });
    }
    let raw: RawRecord<'_> = serde_json::from_str(text).map_err(|error| not_a_record(&error))?;
    raw.into_record(now, interner)
}

/// serde_json's reason, with the line number taken out: it is always 1 here.
fn not_a_record(error: &serde_json::Error) -> LineError {
    let (column, text) = (error.column(), error.to_string());
    let reason = text.strip_suffix(&format!(" at line 1 column {column}")).unwrap_or(&text);
    let reason = match error.classify() {
        serde_json::error::Category::Data => shortened(reason, REASON_CHARS).into_owned(),
        _ => format!("not JSON: {reason}"),
    };
    LineError::NotARecord { reason, column }
}

/// How much of serde's own reason a message quotes.
const REASON_CHARS: usize = 400;

/// A record as its line is written, in the order of its fields.
struct WrittenLine<'a>(&'a Record);

impl Serialize for WrittenLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(record) = self;
        let (names, counts, event_id) =
            (record.labels().names(), record.counts(), record.event_id());
        let has_kinds = has_kinds(counts);
        let mut line = serializer.serialize_map(None)?;
        for field in Field::ALL {
            let name = field.name();
            match field {
                Field::Label(label) => line.serialize_entry(name, names.get(label))?,
                Field::Tokens if has_kinds => {}
                Field::Tokens => line.serialize_entry(name, &record.tokens().total())?,
                Field::Count(kind) if kind.is_tokens() && !has_kinds => {}
                Field::Count(measure) => line.serialize_entry(name, &counts.get(measure))?,
                Field::Timestamp => line.serialize_entry(name, &record.timestamp().to_string())?,
                Field::EventId => {
                    event_id.map_or(Ok(()), |id| line.serialize_entry(name, id.as_str()))?;
                }
            }
        }
        line.end()
    }
}

/// Writes a record as one line, without a line break: what [`parse`] reads back as an equal
/// record. Printable as it is: in names, characters that a terminal would act on, or would not show,
/// are written as JSON's escapes.
///
/// ```
/// use usage_core::{LabelInterner, Timestamp, record::line};
///
/// let mut interner = LabelInterner::new(10);
/// let text = r#"{"instance_id":"i","profile":"","provider":"","route":"r","model":"m","tokens":7,"fallbacks":0,"timestamp":"2026-05-03T05:56:01.000000Z"}"#;
/// let record = line::parse(text.as_bytes(), Timestamp::from_micros(0), &mut interner)?;
/// assert_eq!(line::write(&record), text);
/// # Ok::<(), usage_core::record::LineError>(())
/// ```
#[must_use]
pub fn write(record: &Record) -> String {
    // Strings and integers always serialise; an empty line would be refused when read.
    let json = serde_json::to_string(&WrittenLine(record)).unwrap_or_default();
    if json.bytes().all(|byte| matches!(byte, b' '..=b'~')) { json } else { escape_hidden(&json) }
}
