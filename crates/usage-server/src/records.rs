//! `POST /v1/records`: record lines, or a list of them.

use usage_core::record::line::{MAX_LINE_BYTES, Parser};
use usage_core::{LabelInterner, Timestamp};

use crate::batch::Batch;
use crate::elements::split;

/// The source of lines that do not even say whose they are.
const NOBODY: &str = "unknown";

/// Reads record lines, or a list of records. What is no record is named by its number.
pub(crate) fn read(
    body: &[u8],
    ignores_unknown: bool,
    now: Timestamp,
    interner: &mut LabelInterner,
) -> Result<Batch, &'static str> {
    let mut parser = Parser::new().ignoring_unknown(ignores_unknown);
    let mut batch = Batch::default();
    // One record over several lines, as people write it.
    if body.trim_ascii().first() == Some(&b'{')
        && let Ok(record) = parser.parse(body.trim_ascii(), now, interner)
    {
        batch.add(record);
        batch.unknown = parser.take_unknown();
        return Ok(batch);
    }
    for (number, line) in split(body)? {
        let record = match line.len() {
            ..=MAX_LINE_BYTES => parser.parse(line, now, interner).map_err(|why| why.to_string()),
            _ => Err(format!("longer than {MAX_LINE_BYTES} bytes")),
        };
        match record {
            Ok(record) => batch.add(record),
            Err(why) => batch.reject(NOBODY, format!("{number}: {why}")),
        }
    }
    batch.unknown = parser.take_unknown();
    Ok(batch)
}
