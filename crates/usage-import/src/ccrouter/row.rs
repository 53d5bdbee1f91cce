//! A row of the origin's table, and the record that it means.

use std::str;

use rusqlite::Row;
use rusqlite::types::ValueRef;
use usage_core::record::{Field, MAX_COUNT, MAX_NAME_BYTES};
use usage_core::{
    Label, LabelInterner, LabelNames, Measure, Record, RecordError, TokenCounts, Usage,
};

use super::timestamp::{TimestampError, parse_timestamp};

/// Texts and blobs beyond this stay on disk: nothing that long can be imported.
pub(super) const MOST_BYTES: usize = 4_096;

/// The reason why a row cannot be imported. Each message names the column and what was wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// A column holds no text where the origin writes text.
    #[error("{field} is {found}, not a text")]
    NotText {
        /// The column.
        field: Field,
        /// The value that it holds.
        found: String,
    },
    /// A text is damaged.
    #[error("{field} is not UTF-8")]
    NotUtf8 {
        /// The column.
        field: Field,
    },
    /// A column holds no count.
    #[error("{field} is {found}, whole numbers from 0 to {MAX_COUNT} are accepted")]
    NotACount {
        /// The column.
        field: Field,
        /// The value that it holds.
        found: String,
    },
    /// The text of the time means no instant.
    #[error("timestamp {text:?} {why}")]
    Timestamp {
        /// Its text, shortened where it is long.
        text: String,
        /// The fault found in it.
        why: TimestampError,
    },
    /// The values are no record, because a name is empty or the time is outside 1970 to 2100, for
    /// example.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// A row as an import sees it.
#[derive(Debug)]
pub(super) struct OriginRow {
    pub(super) id: i64,
    /// The fingerprint that tells the row's content from another's, today and years later.
    pub(super) fingerprint: i64,
    pub(super) timestamp: String,
    pub(super) record: Result<Record, RowError>,
}

impl OriginRow {
    /// Reads what [`Layout::expressions`](super::layout::Layout::expressions) asks for.
    pub(super) fn read(row: &Row<'_>, labels: &mut LabelInterner) -> rusqlite::Result<Self> {
        let mut cells = [Cell { value: ValueRef::Null, bytes: None }; 8];
        for (index, cell) in cells.iter_mut().enumerate() {
            let bytes: Option<i64> = row.get(2 + 2 * index)?;
            *cell = Cell { value: row.get_ref(1 + 2 * index)?, bytes };
        }
        let timestamp = match cells[7].value {
            ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        };
        Ok(Self {
            id: row.get(0)?,
            fingerprint: fingerprint(&cells),
            timestamp,
            record: record(&cells, labels),
        })
    }
}

/// A value and its length; NULL with a length is a text or blob that is too long to be read.
#[derive(Clone, Copy)]
struct Cell<'a> {
    value: ValueRef<'a>,
    bytes: Option<i64>,
}

fn record<'a>(cells: &[Cell<'a>; 8], labels: &mut LabelInterner) -> Result<Record, RowError> {
    let [instance_id, profile, provider, route, model, tokens, fallbacks, timestamp] = cells;
    let name = |cell: &Cell<'a>, label| cell.name(Field::Label(label));
    let names = LabelNames::new()
        .with_instance(name(instance_id, Label::Instance)?)
        .with_profile(name(profile, Label::Profile)?)
        .with_provider(name(provider, Label::Provider)?)
        .with_route(name(route, Label::Route)?)
        .with_model(name(model, Label::Model)?);
    let tokens = TokenCounts::unclassified(tokens.count(Field::Tokens)?.into());
    let fallbacks = fallbacks.count(Field::Count(Measure::Fallbacks))?;
    let text = timestamp.text(Field::Timestamp)?;
    let timestamp =
        parse_timestamp(text).map_err(|why| RowError::Timestamp { text: shortened(text), why })?;
    Ok(Record::new(
        labels.intern(names)?,
        Usage::new(tokens, timestamp).with_fallbacks(fallbacks.into()),
    )?)
}

impl<'a> Cell<'a> {
    fn name(&self, field: Field) -> Result<&'a str, RowError> {
        match (self.value, self.bytes) {
            (ValueRef::Null, Some(bytes)) => {
                let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                Err(RecordError::TooLong { field, bytes, max: MAX_NAME_BYTES }.into())
            }
            _ => self.text(field),
        }
    }

    fn text(&self, field: Field) -> Result<&'a str, RowError> {
        match self.value {
            ValueRef::Text(bytes) => str::from_utf8(bytes).map_err(|_| RowError::NotUtf8 { field }),
            _ => Err(RowError::NotText { field, found: self.described() }),
        }
    }

    fn count(&self, field: Field) -> Result<u32, RowError> {
        let count = match self.value {
            ValueRef::Integer(number) => u32::try_from(number).ok(),
            _ => None,
        };
        count
            .filter(|count| *count <= MAX_COUNT)
            .ok_or_else(|| RowError::NotACount { field, found: self.described() })
    }

    fn described(&self) -> String {
        match (self.value, self.bytes) {
            (ValueRef::Null, Some(bytes)) => format!("a value of {bytes} bytes"),
            (ValueRef::Null, None) => "NULL".to_owned(),
            (ValueRef::Integer(number), _) => number.to_string(),
            (ValueRef::Real(number), _) => format!("{number:?}"),
            (ValueRef::Text(text), _) => {
                format!("the text {:?}", shortened(&String::from_utf8_lossy(text)))
            }
            (ValueRef::Blob(_), bytes) => format!("a blob of {} bytes", bytes.unwrap_or(0)),
        }
    }
}

/// So much of a text from outside that a message stays one readable line.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// FNV-1a with 64 bits over kinds, lengths and values. It stays in the ledger, so it must stay
/// what it is; nobody who could choose the rows gains from two that agree.
fn fingerprint(cells: &[Cell<'_>]) -> i64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    for Cell { value, bytes } in cells {
        match value {
            ValueRef::Null => {
                hash.add(b"n");
                hash.add(&bytes.unwrap_or(-1).to_le_bytes());
            }
            ValueRef::Integer(number) => {
                hash.add(b"i");
                hash.add(&number.to_le_bytes());
            }
            ValueRef::Real(number) => {
                hash.add(b"r");
                hash.add(&number.to_bits().to_le_bytes());
            }
            ValueRef::Text(content) | ValueRef::Blob(content) => {
                hash.add(if matches!(value, ValueRef::Text(_)) { b"t" } else { b"b" });
                hash.add(&(content.len() as u64).to_le_bytes());
                hash.add(content);
            }
        }
    }
    hash.0.cast_signed()
}

struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(values: &[ValueRef<'a>]) -> i64 {
        let cells: Vec<_> =
            values.iter().map(|value| Cell { value: *value, bytes: None }).collect();
        fingerprint(&cells)
    }

    #[test]
    fn fingerprints_stay_what_they_are() {
        let values = [ValueRef::Text(b"router-1"), ValueRef::Integer(500), ValueRef::Null];
        assert_eq!(of(&values), FROZEN);
        // The algorithm's own test vector.
        let mut hash = Fnv(of(&[]).cast_unsigned());
        hash.add(b"a");
        assert_eq!(hash.0, 0xaf63_dc4c_8601_ec8c);
    }

    /// From the first version that kept one. Another value would make every import that was begun
    /// before look at all rows again.
    const FROZEN: i64 = -6_108_957_212_936_583_202;

    #[test]
    fn fingerprints_tell_contents_apart() {
        let rows: [&[ValueRef<'_>]; 8] = [
            &[ValueRef::Text(b"ab"), ValueRef::Text(b"c")],
            &[ValueRef::Text(b"a"), ValueRef::Text(b"bc")],
            &[ValueRef::Blob(b"ab"), ValueRef::Text(b"c")],
            &[ValueRef::Text(b"abc"), ValueRef::Text(b"")],
            &[ValueRef::Text(b"1")],
            &[ValueRef::Integer(1)],
            &[ValueRef::Real(1.0)],
            &[ValueRef::Null],
        ];
        let mut seen: Vec<_> = rows.into_iter().map(of).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), rows.len());
    }
}
