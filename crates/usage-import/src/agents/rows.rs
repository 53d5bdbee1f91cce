//! Logs that are lines of JSON, whatever is in them.

use std::io;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::glued::behind_cut;
use super::lines::{Lines, read_lines};
use super::logged::Logged;
use super::progress::Progress;
use super::tell::By;
use super::told::Told;

/// Reads a line: what it changes, and the requests in it.
type ReadRow<S> = fn(&[u8], &mut S, &mut dyn FnMut(Logged<'_>)) -> Result<(), serde_json::Error>;

/// How an agent's lines are read: what they say of those that follow is their state.
pub(super) struct Format<S> {
    /// Returns whether a line can say anything of use: most are texts, and are not looked into.
    pub(super) matters: fn(&[u8]) -> bool,
    /// Reads a line.
    pub(super) row: ReadRow<S>,
}

/// Reads what is new in a log of lines. `initial` is the state at its start.
pub(super) fn read_rows<S: Serialize + DeserializeOwned>(
    file: &Path,
    by: By,
    format: Format<S>,
    initial: S,
    progress: &mut Progress,
    told: &mut Told<'_>,
) -> io::Result<()> {
    read_lines(file, progress, told, |memory| {
        let state = serde_json::from_slice(memory).unwrap_or(initial);
        Rows { by, format, state }
    })
}

struct Rows<S> {
    by: By,
    format: Format<S>,
    state: S,
}

impl<S> Rows<S> {
    fn row(
        &mut self,
        row: &[u8],
        number: u64,
        told: &mut Told<'_>,
    ) -> Result<(), serde_json::Error> {
        let by = self.by;
        (self.format.row)(row, &mut self.state, &mut |logged| by.tell(number, &logged, told))
    }
}

/// Returns the values of a line that holds more than one, and nothing else.
fn rows_of(line: &[u8]) -> Option<Vec<&[u8]>> {
    let values = serde_json::Deserializer::from_slice(line).into_iter::<&RawValue>();
    let values = values.map(|value| value.map(|value| value.get().as_bytes()));
    values.collect::<Result<_, _>>().ok()
}

impl<S: Serialize + DeserializeOwned> Lines for Rows<S> {
    fn line(&mut self, line: &[u8], number: u64, told: &mut Told<'_>) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        if !line.ends_with(b"}") {
            return told.malformed(number, "it does not end as a line of JSON does");
        }
        if !(self.format.matters)(line) {
            return;
        }
        let Err(why) = self.row(line, number, told) else { return };
        // Two writers at once lose the end of a line between two objects; one that was killed, that of an object.
        if let Some(rows) = rows_of(line) {
            return rows.into_iter().for_each(|row| {
                if let Err(why) = self.row(row, number, told) {
                    told.malformed(number, why);
                }
            });
        }
        told.malformed(number, why);
        for row in behind_cut(line).and_then(rows_of).unwrap_or_default() {
            if let Err(why) = self.row(row, number, told) {
                told.malformed(number, why);
            }
        }
    }

    fn memory(&self) -> Vec<u8> {
        serde_json::to_vec(&self.state).unwrap_or_default()
    }
}
