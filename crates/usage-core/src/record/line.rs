//! The record line: one record as one JSON object on one line.

use std::borrow::Cow;

use serde::de::DeserializeSeed as _;
use serde::ser::{Serialize, SerializeMap, Serializer};

pub use super::line_error::LineError;
use super::raw::{FieldsOf, Unknown, has_kinds, shortened};
use super::{Field, LabelInterner, Money, Outcome, Quality, Record, UnknownFields};
use crate::Timestamp;
use crate::text::escape_hidden;

/// The longest line a reader should take in, in bytes: several times the longest valid record.
pub const MAX_LINE_BYTES: usize = 65_536;

/// Reads a record from the bytes of one line, without its line break; a field that no record has is an error.
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
/// An error that says what is wrong with the line and what is accepted: see [`LineError`].
pub fn parse(
    line: &[u8],
    now: Timestamp,
    interner: &mut LabelInterner,
) -> Result<Record, LineError> {
    parse_with(line, now, interner, &mut Unknown::default())
}

/// Reads lines, as [`parse`] does, and may pass over fields that no record has.
///
/// ```
/// use usage_core::{LabelInterner, Timestamp, record::line};
///
/// let text = br#"{"instance_id":"a","route":"r","model":"m","tokens":5,"latency_ms":{"p50":7}}"#;
/// let (now, mut interner) = (Timestamp::from_micros(0), LabelInterner::new(10));
/// assert!(line::Parser::new().parse(text, now, &mut interner).is_err());
///
/// let mut parser = line::Parser::new().ignoring_unknown(true);
/// assert_eq!(parser.parse(text, now, &mut interner)?.tokens().total(), 5);
/// assert_eq!(parser.unknown().by_name().collect::<Vec<_>>(), [("latency_ms", 1)]);
/// # Ok::<(), line::LineError>(())
/// ```
#[derive(Debug, Default)]
pub struct Parser {
    /// Those of the line that is being read.
    found: Unknown,
    unknown: UnknownFields,
}

impl Parser {
    /// A parser for which a field that no record has is an error.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Passes over fields that no record has, and counts them; or not.
    #[must_use]
    pub const fn ignoring_unknown(mut self, are_ignored: bool) -> Self {
        self.found.are_ignored = are_ignored;
        self
    }

    /// Reads a record from the bytes of one line, as [`parse`] does.
    ///
    /// # Errors
    /// As [`parse`]; an unknown field is one only where they are not passed over.
    pub fn parse(
        &mut self,
        line: &[u8],
        now: Timestamp,
        interner: &mut LabelInterner,
    ) -> Result<Record, LineError> {
        self.found.names.clear();
        self.found.at = None;
        let record = parse_with(line, now, interner, &mut self.found)?;
        for name in &self.found.names {
            self.unknown.add(name);
        }
        Ok(record)
    }

    /// The fields that were passed over so far, in lines that are records.
    #[must_use]
    pub const fn unknown(&self) -> &UnknownFields {
        &self.unknown
    }

    /// Returns the fields that were passed over since this was asked last, in lines that are records.
    pub fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

fn parse_with(
    line: &[u8],
    now: Timestamp,
    interner: &mut LabelInterner,
    unknown: &mut Unknown,
) -> Result<Record, LineError> {
    let text = std::str::from_utf8(line)
        .map_err(|error| LineError::NotUtf8 { at: error.valid_up_to() + 1 })?;
    // The parser would say that it is column 0.
    let trimmed = text.trim_ascii_start();
    if trimmed.starts_with('[') {
        let column = text.len() - trimmed.len() + 1;
        let reason = "invalid type: sequence, expected a JSON object".to_owned();
        return Err(LineError::NotARecord { reason, column });
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let raw = FieldsOf(unknown).deserialize(&mut json);
    let raw = raw.and_then(|raw| json.end().map(|()| raw));
    let raw = raw.map_err(|error| match unknown.names.pop() {
        Some(name) if !unknown.are_ignored => {
            LineError::UnknownField { name, column: error.column() }
        }
        _ => not_a_record(&error, unknown.at, text),
    })?;
    raw.into_record(now, interner)
}

/// serde_json's reason, with the line number taken out: it is always 1 here. Of a value that is of another type than it
/// should be, the field is named; of something behind the object, what it is.
fn not_a_record(error: &serde_json::Error, field: Option<Field>, line: &str) -> LineError {
    let (column, text) = (error.column(), error.to_string());
    let reason = text.strip_suffix(&format!(" at line 1 column {column}")).unwrap_or(&text);
    let reason = match error.classify() {
        serde_json::error::Category::Data => {
            let field = field.map_or_else(String::new, |field| format!("{field}: "));
            format!("{field}{}", shortened(reason, REASON_CHARS))
        }
        _ if reason == "trailing characters" => {
            let behind = line.get(column.saturating_sub(1)..).and_then(|rest| rest.chars().next());
            let behind = behind.map_or_else(|| "something".to_owned(), |sign| format!("{sign:?}"));
            format!("not JSON: {behind} stands behind the object, which is to be alone on its line")
        }
        _ => format!("not JSON: {reason}"),
    };
    LineError::NotARecord { reason, column }
}

/// The number of characters of serde's own reason that a message quotes.
const REASON_CHARS: usize = 400;

/// A record as its line is written, in the order of its fields.
struct WrittenLine<'a>(&'a Record);

impl Serialize for WrittenLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(record) = self;
        let (names, counts) = (record.labels().names(), record.counts());
        let has_kinds = has_kinds(counts);
        let mut line = serializer.serialize_map(None)?;
        for field in Field::ALL {
            // Those that every line has had from the beginning are always there, the others where they say something.
            match field {
                Field::Label(label) if !field.is_usual() && names.get(label).is_empty() => {}
                Field::Label(label) => line.serialize_entry(field.name(), names.get(label))?,
                Field::Tokens if has_kinds => {}
                Field::Tokens => line.serialize_entry(field.name(), &record.tokens().total())?,
                Field::Count(kind) if kind.is_tokens() && !has_kinds => {}
                Field::Count(measure) if !field.is_usual() && counts.get(measure) == 0 => {}
                Field::Count(measure) => {
                    line.serialize_entry(field.name(), &counts.get(measure))?;
                }
                Field::Timestamp => {
                    line.serialize_entry(field.name(), &record.timestamp().to_string())?;
                }
                Field::Tags => {
                    let tags = record.context().tag_list();
                    if !tags.is_empty() {
                        line.serialize_entry(field.name(), &tags)?;
                    }
                }
                Field::Revision if counts.revision() > 0 => {
                    line.serialize_entry(field.name(), &counts.revision())?;
                }
                Field::Inconsistent if counts.is_inconsistent() => {
                    line.serialize_entry(field.name(), &true)?;
                }
                Field::TimeStated if !counts.is_time_stated() => {
                    line.serialize_entry(field.name(), &false)?;
                }
                Field::Revision | Field::Inconsistent | Field::TimeStated => {}
                text => {
                    if let Some(text) = text_of(record, text) {
                        line.serialize_entry(field.name(), &text)?;
                    }
                }
            }
        }
        line.end()
    }
}

/// The text of a field that has one and may be missing.
pub(super) fn text_of(record: &Record, field: Field) -> Option<Cow<'_, str>> {
    let counts = record.counts();
    match field {
        Field::EventId => record.event_id().map(|id| id.as_str().into()),
        Field::AliasId => record.alias_id().map(|id| id.as_str().into()),
        Field::SessionId => {
            Some(record.context().session_id()).filter(|id| !id.is_empty()).map(Cow::from)
        }
        Field::Outcome => Some(counts.outcome())
            .filter(|outcome| *outcome != Outcome::Ok)
            .map(|it| it.name().into()),
        Field::Quality => Some(counts.quality())
            .filter(|quality| *quality != Quality::Reported)
            .map(|it| it.name().into()),
        Field::StatedCost => counts.stated_cost().map(|cost| cost.to_string().into()),
        _ => None,
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
    escape_hidden(json)
}

/// As [`write()`], with what the record costs by list price last: whoever reads the line passes over that.
#[must_use]
pub fn write_priced(record: &Record, cost: Option<Money>) -> String {
    let mut line = write(record);
    if let Some(cost) = cost
        && line.pop().is_some()
    {
        // Behind the last field: an amount needs no escapes.
        line.push_str(&format!(",\"{}\":\"{cost}\"}}", Field::COST));
    }
    line
}
