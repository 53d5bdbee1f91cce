//! The record as a row of CSV (RFC 4180), under a header that names the columns: the fields of the
//! record line, an empty one where the line has none.
//!
//! Written rows have all columns. `tokens` is always the total, so that a spreadsheet can add the
//! column up; the five counts by kind are empty where only the total is known.
//!
//! Rows are read by hand rather than by the crate that writes them, which keeps a row of any length
//! in memory, takes an unclosed quote for a closed one, and does not show the text that a bad row
//! was made of. A property holds the two against one another.

use std::borrow::Cow;
use std::io;

use csv::{ErrorKind, IntoInnerError, Writer, WriterBuilder};

use super::line::text_of;
use super::line_error::LineError;
use super::raw::{RawRecord, VALUE_CHARS, has_kinds, shortened};
use super::{Field, Label, LabelInterner, Money, Record};
use crate::Timestamp;
use crate::text::printable;

/// Finds where rows end: at the first line break that is not inside quotes.
///
/// ```
/// use usage_core::record::csv::RowScanner;
///
/// let text = b"a,\"two\nlines\"\nb";
/// let mut scanner = RowScanner::default();
/// assert_eq!(scanner.end_of_row(&text[..7]), None); // in the middle of a row
/// assert_eq!(scanner.end_of_row(&text[7..]), Some(6));
/// assert_eq!(scanner.end_of_row(b"b"), None);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RowScanner {
    at: Position,
}

/// The position that the bytes so far have led to.
#[derive(Clone, Copy, Debug, Default)]
enum Position {
    #[default]
    StartOfField,
    Plain,
    Quoted,
    /// Behind a quote inside quotes: it was the closing one, unless another follows.
    BehindQuote,
}

impl RowScanner {
    /// The place of the line break that ends the row, or `None` where it goes on behind these
    /// bytes. Then hand over the bytes behind them, else those behind the line break.
    pub fn end_of_row(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, byte) in bytes.iter().enumerate() {
            self.at = match (self.at, byte) {
                (Position::StartOfField | Position::BehindQuote, b'"') => Position::Quoted,
                (Position::Quoted, b'"') => Position::BehindQuote,
                (Position::Quoted, _) => Position::Quoted,
                (_, b'\n') => {
                    self.at = Position::StartOfField;
                    return Some(index);
                }
                (_, b',') => Position::StartOfField,
                _ => Position::Plain,
            };
        }
        None
    }
}

/// The columns of a file, in its order.
///
/// ```
/// use usage_core::record::csv::Header;
/// use usage_core::{Label, LabelInterner, Timestamp};
///
/// let header = Header::parse(b"model,route,instance_id,tokens")?;
/// let (now, mut interner) = (Timestamp::from_micros(0), LabelInterner::new(10));
/// let record = header.parse_row(b"\"m, large\",think,router-1,1500", now, &mut interner)?;
/// assert_eq!(record.labels().name(Label::Model), "m, large");
/// assert_eq!(record.tokens().total(), 1_500);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `None` for one that no record has, which is passed over.
    columns: Vec<Option<Field>>,
    /// Their names, those of great length shortened.
    unknown: Vec<String>,
}

impl Header {
    /// Reads the bytes of the first row, without its line break.
    ///
    /// # Errors
    /// When a column is unknown, repeated, or missing though every record needs it.
    pub fn parse(row: &[u8]) -> Result<Self, LineError> {
        let header = Self::read(row)?;
        if !header.unknown.is_empty() {
            return Err(LineError::UnknownColumns { columns: header.unknown });
        }
        header.checked()
    }

    /// Reads the bytes of the first row, as [`parse`](Self::parse) does, and passes over columns that no record
    /// has: [`unknown`](Self::unknown) names them.
    ///
    /// ```
    /// use usage_core::record::csv::Header;
    ///
    /// let row = b"model,route,instance_id,tokens,latency_ms";
    /// assert!(Header::parse(row).is_err());
    /// assert_eq!(Header::parse_ignoring_unknown(row)?.unknown(), ["latency_ms"]);
    /// # Ok::<(), usage_core::record::line::LineError>(())
    /// ```
    ///
    /// # Errors
    /// As [`parse`](Self::parse), but for unknown columns.
    pub fn parse_ignoring_unknown(row: &[u8]) -> Result<Self, LineError> {
        Self::read(row)?.checked()
    }

    fn read(row: &[u8]) -> Result<Self, LineError> {
        let (mut columns, mut unknown) = (Vec::new(), Vec::new());
        for name in Fields::of(row)? {
            let name = name?;
            match Field::named(&name) {
                Some(column) if columns.contains(&Some(column)) => {
                    return Err(LineError::RepeatedColumn { column });
                }
                Some(column) => columns.push(Some(column)),
                None if name == Field::COST => columns.push(None),
                None => {
                    columns.push(None);
                    unknown.push(shortened(&name, VALUE_CHARS).into_owned());
                }
            }
        }
        Ok(Self { columns, unknown })
    }

    /// As it is, if it has the columns that every record needs.
    fn checked(self) -> Result<Self, LineError> {
        let required = Label::ALL.into_iter().filter(|label| label.is_required());
        let mut missing: Vec<_> = required.map(Field::Label).collect();
        missing.retain(|field| !self.columns.contains(&Some(*field)));
        if !missing.is_empty() {
            return Err(LineError::MissingColumns { columns: missing });
        }
        let is_tokens = |column: &Field| match column {
            Field::Tokens => true,
            Field::Count(measure) => measure.is_tokens(),
            _ => false,
        };
        if !self.columns.iter().flatten().any(is_tokens) {
            return Err(LineError::NoTokenColumns);
        }
        Ok(self)
    }

    /// Returns the columns that no record has, in their order; what stands in them is passed over.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Reads a record from the bytes of one row, without its line break. `now` is the timestamp of
    /// a row that has none.
    ///
    /// # Errors
    /// An error that says what is wrong with the row and what is accepted.
    pub fn parse_row(
        &self,
        row: &[u8],
        now: Timestamp,
        interner: &mut LabelInterner,
    ) -> Result<Record, LineError> {
        let mut raw = RawRecord::default();
        let mut found = 0;
        for text in Fields::of(row)? {
            let text = text?;
            if let Some(Some(column)) = self.columns.get(found) {
                raw.set(*column, text)?;
            }
            found += 1;
        }
        let expected = self.columns.len();
        if found != expected {
            return Err(LineError::FieldCount { found, expected });
        }
        raw.into_record(now, interner)
    }
}

/// The fields of one row, unquoted.
struct Fields<'a> {
    /// The rest of the row; `None` behind its last field.
    rest: Option<&'a str>,
    number: usize,
}

impl<'a> Fields<'a> {
    fn of(row: &'a [u8]) -> Result<Self, LineError> {
        let text = std::str::from_utf8(row)
            .map_err(|error| LineError::NotUtf8 { at: error.valid_up_to() + 1 })?;
        // The other half of a line break.
        let text = text.strip_suffix('\r').unwrap_or(text);
        Ok(Self { rest: Some(text), number: 0 })
    }

    /// A field whose opening quote has been taken off.
    fn quoted(&mut self, text: &'a str) -> Result<Cow<'a, str>, LineError> {
        let mut before = Cow::Borrowed("");
        let mut rest = text;
        loop {
            let Some((part, behind)) = rest.split_once('"') else {
                return Err(LineError::UnclosedQuote { field: self.number });
            };
            if let Some(more) = behind.strip_prefix('"') {
                // One of the two is meant.
                before += &rest[..=part.len()];
                rest = more;
                continue;
            }
            self.rest = match behind.strip_prefix(',') {
                None if behind.is_empty() => None,
                None => return Err(LineError::BehindQuote { field: self.number }),
                next => next,
            };
            return Ok(before + part);
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Cow<'a, str>, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        self.number += 1;
        if let Some(text) = rest.strip_prefix('"') {
            return Some(self.quoted(text));
        }
        let Some((field, next)) = rest.split_once(',') else {
            return Some(Ok(Cow::Borrowed(rest)));
        };
        self.rest = Some(next);
        Some(Ok(Cow::Borrowed(field)))
    }
}

/// Writes records as rows, which [`Header::parse_row`] reads back as equal records.
///
/// ```
/// use usage_core::record::csv::RowWriter;
/// use usage_core::{LabelInterner, Timestamp, record::line};
///
/// let text = br#"{"instance_id":"i","route":"r","model":"m","input_tokens":5,"output_tokens":2}"#;
/// let record = line::parse(text, Timestamp::from_micros(0), &mut LabelInterner::new(10))?;
///
/// let mut rows = RowWriter::new(Vec::new());
/// rows.write_header()?;
/// rows.write(&record)?;
/// assert_eq!(
///     String::from_utf8(rows.into_inner()?)?,
///     "instance_id,profile,provider,route,model,tokens,input_tokens,output_tokens,\
///      cache_read_tokens,cache_write_tokens,reasoning_tokens,fallbacks,timestamp,event_id,tier,\
///      project,user,cache_write_long_tokens,input_audio_tokens,output_audio_tokens,\
///      cache_read_audio_tokens,web_searches,alias_id,revision,session_id,tags,outcome,quality,\
///      inconsistent,stated_cost_usd,time_stated\n\
///      i,,,r,m,7,5,2,0,0,0,0,1970-01-01T00:00:00.000000Z,,,,,0,0,0,0,0,,,,,,,,,\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RowWriter<W: io::Write> {
    out: Writer<W>,
    is_printable: bool,
    has_costs: bool,
    /// A number on its way.
    number: String,
}

impl<W: io::Write> RowWriter<W> {
    /// Rows for a writer, which need not buffer.
    pub fn new(out: W) -> Self {
        Self::with_buffer(out, 64 * 1_024)
    }

    fn with_buffer(out: W, capacity: usize) -> Self {
        let out = WriterBuilder::new().buffer_capacity(capacity).from_writer(out);
        Self { out, is_printable: false, has_costs: false, number: String::new() }
    }

    /// For a terminal: names and event ids as [`printable`] shows them, which may not read back as
    /// they were.
    #[must_use]
    pub fn printable(self) -> Self {
        Self { is_printable: true, ..self }
    }

    /// With a column for what each record costs by list price, which comes last and is passed over when rows are read.
    #[must_use]
    pub fn with_costs(self) -> Self {
        Self { has_costs: true, ..self }
    }

    /// Writes the row that names the columns.
    ///
    /// # Errors
    /// Those of the writer beneath.
    pub fn write_header(&mut self) -> io::Result<()> {
        let cost = self.has_costs.then_some(Field::COST);
        let names = Field::ALL.into_iter().map(Field::name).chain(cost);
        self.out.write_record(names).map_err(of_writer)
    }

    /// Writes a record.
    ///
    /// # Errors
    /// Those of the writer beneath.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.write_priced(record, None)
    }

    /// Writes a record with its cost, which is left out unless the rows have [costs](Self::with_costs).
    ///
    /// # Errors
    /// Those of the writer beneath.
    pub fn write_priced(&mut self, record: &Record, cost: Option<Money>) -> io::Result<()> {
        self.write_fields(record, cost).map_err(of_writer)
    }

    /// Hands everything on to the writer beneath.
    ///
    /// # Errors
    /// Those of the writer beneath.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// The writer beneath, which has everything by then.
    ///
    /// # Errors
    /// Those of the writer beneath.
    pub fn into_inner(self) -> io::Result<W> {
        self.out.into_inner().map_err(IntoInnerError::into_error)
    }

    fn write_fields(&mut self, record: &Record, cost: Option<Money>) -> csv::Result<()> {
        let (names, counts) = (record.labels().names(), record.counts());
        let has_kinds = has_kinds(counts);
        for field in Field::ALL {
            match field {
                Field::Label(label) => self.text(names.get(label))?,
                Field::Tokens => self.number(record.tokens().total())?,
                Field::Count(kind) if kind.is_tokens() && !has_kinds => self.out.write_field("")?,
                Field::Count(measure) => self.number(counts.get(measure).into())?,
                Field::Timestamp => self.out.write_field(record.timestamp().to_string())?,
                Field::Revision if counts.revision() > 0 => {
                    self.number(counts.revision().into())?;
                }
                Field::Inconsistent if counts.is_inconsistent() => self.out.write_field("true")?,
                Field::TimeStated if !counts.is_time_stated() => self.out.write_field("false")?,
                Field::Tags => self.text(&record.context().tag_list().to_json())?,
                text => self.text(&text_of(record, text).unwrap_or_default())?,
            }
        }
        if self.has_costs {
            self.text(&cost.map(|cost| cost.to_string()).unwrap_or_default())?;
        }
        // Ends the row.
        self.out.write_record(None::<&[u8]>)
    }

    fn text(&mut self, text: &str) -> csv::Result<()> {
        if self.is_printable {
            return self.out.write_field(printable(text).as_bytes());
        }
        self.out.write_field(text)
    }

    fn number(&mut self, number: u64) -> csv::Result<()> {
        use std::fmt::Write as _;
        self.number.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.number, "{number}");
        self.out.write_field(&self.number)
    }
}

/// The writer's own error, with its kind: a closed pipe can be told from a full disk.
fn of_writer(error: csv::Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Writes the row that names the columns, without a line break.
#[must_use]
pub fn header() -> String {
    Field::ALL.map(Field::name).join(",")
}

/// Writes a record as one row under [`header`], without the line break at its end.
#[must_use]
pub fn write(record: &Record) -> String {
    let mut rows = RowWriter::with_buffer(Vec::new(), 512);
    // Writing to memory cannot fail.
    let _ = rows.write(record);
    let mut row = String::from_utf8(rows.into_inner().unwrap_or_default()).unwrap_or_default();
    row.truncate(row.trim_end_matches('\n').len());
    row
}
