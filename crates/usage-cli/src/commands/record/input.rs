//! The lines of files and of standard input.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read as _};
use std::path::{Path, PathBuf};

use usage_core::record::csv::RowScanner;

use super::layout::{self, Layout, Other, ValueScanner, is_between};
use crate::commands::form::Form;
use crate::error::CliError;

/// Where lines come from.
pub(crate) enum Input {
    Stdin,
    File(PathBuf),
    Growing(PathBuf),
}

impl Input {
    /// The inputs that the arguments name. Files are looked at before anything is read, so that
    /// a misspelled name does not leave half a job done.
    pub(crate) fn all(files: &[PathBuf], follow: bool) -> Result<Vec<Self>, CliError> {
        let is_stdin = |path: &Path| path.as_os_str() == "-";
        if follow {
            return match files {
                [file] if !is_stdin(file) => Ok(vec![Self::Growing(file.clone()).looked_at(file)?]),
                _ => Err(CliError::usage("--follow takes exactly one FILE")),
            };
        }
        if files.is_empty() {
            return Ok(vec![Self::Stdin]);
        }
        files
            .iter()
            .map(|file| {
                if is_stdin(file) {
                    return Ok(Self::Stdin);
                }
                Self::File(file.clone()).looked_at(file)
            })
            .collect()
    }

    fn looked_at(self, file: &Path) -> Result<Self, CliError> {
        match fs::metadata(file) {
            Ok(found) if found.is_dir() => Err(self.failed(&"it is a folder")),
            Ok(found) if matches!(self, Self::Growing(_)) && !found.is_file() => Err(self
                .failed(&"it is no file")
                .hint("without --follow, pipes and devices are read to their end")),
            Ok(_) => Ok(self),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Returns whether it cannot be read again from a line on: a pipe, or a file that others append
    /// to and may take away.
    pub(crate) fn comes_once(&self) -> bool {
        match self {
            Self::Stdin | Self::Growing(_) => true,
            Self::File(path) => fs::metadata(path).is_ok_and(|file| !file.is_file()),
        }
    }

    /// Where it lies; what standard input is redirected from, where the system says so.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => cfg!(unix).then(|| Path::new("/dev/stdin")),
            Self::File(path) | Self::Growing(path) => Some(path),
        }
    }

    /// As a complaint names it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) | Self::Growing(path) => path.display().to_string(),
        }
    }

    /// Returns the form of what it holds, unless the command line says so.
    pub(crate) fn form(&self) -> Form {
        match self {
            Self::Stdin => Form::Ndjson,
            Self::File(path) | Self::Growing(path) => Form::of(path),
        }
    }

    pub(crate) fn failed(&self, why: &dyn std::fmt::Display) -> CliError {
        CliError::failed(format!("cannot read {}: {why}", self.name()))
    }

    /// Opens it, and looks at how it begins.
    pub(crate) fn open(&self, form: Form) -> Result<(Box<dyn BufRead>, Layout), CliError> {
        const BUFFER: usize = 256 * 1_024;
        let open = |path| File::open(path).map_err(|error| self.failed(&error));
        let mut reader: Box<dyn BufRead> = match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::File(path) | Self::Growing(path) => {
                Box::new(BufReader::with_capacity(BUFFER, open(path)?))
            }
        };
        let mut start = Vec::new();
        loop {
            let more = read_more(&mut *reader).map_err(|error| self.failed(&error))?;
            start.extend_from_slice(more);
            let (count, is_all) = (more.len(), more.is_empty());
            reader.consume(count);
            if let Some(layout) = layout::of(&start, form, is_all) {
                if layout == Layout::Values && start.starts_with("\u{feff}".as_bytes()) {
                    start.drain(..3);
                }
                return Ok((Box::new(Cursor::new(start).chain(reader)), layout));
            }
        }
    }

    /// Says that it holds no records as text.
    pub(crate) fn is_other(&self, other: Other) -> CliError {
        let error = CliError::failed(format!("{} is {}, not JSON lines", self.name(), other.what));
        match other.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Returns what is there to be read, or waits for it.
fn read_more(reader: &mut dyn BufRead) -> io::Result<&[u8]> {
    // Asked twice, as the compiler does not see that what was borrowed is not returned.
    while let Err(error) = reader.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    reader.fill_buf()
}

/// One line of the input, or one row of several lines, without its line break.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Text(&'a [u8]),
    /// Nothing but white space.
    Blank,
    /// Longer than the limit. It was given away in parts.
    TooLong,
}

/// Where lines end.
enum Ends {
    /// At every line break.
    Breaks,
    /// At those that are not in quotes.
    Rows(RowScanner),
    /// Behind each JSON object, wherever that is.
    Values(ValueScanner),
}

impl Ends {
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Breaks => bytes.iter().position(|byte| *byte == b'\n'),
            Self::Rows(scanner) => scanner.end_of_row(bytes),
            Self::Values(scanner) => scanner.end_of_piece(bytes),
        }
    }
}

/// Reads lines, rows or values of a limited length, in memory of that length.
pub(crate) struct Lines<R> {
    reader: R,
    ends: Ends,
    limit: usize,
    next_number: u64,
    is_first: bool,
    /// The arrays that have begun and not ended.
    open_arrays: i64,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R, form: Form, layout: Layout, limit: usize) -> Self {
        let ends = match (form, layout) {
            (_, Layout::Values) => Ends::Values(ValueScanner::default()),
            (Form::Ndjson, _) => Ends::Breaks,
            (Form::Csv, _) => Ends::Rows(RowScanner::default()),
        };
        let line = Vec::new();
        Self { reader, ends, limit, next_number: 1, is_first: true, open_arrays: 0, line }
    }

    /// Returns the line in which the input breaks off in the middle of an array, once all of it is read.
    pub(crate) fn breaks_off(&self) -> Option<u64> {
        (self.open_arrays > 0).then_some(self.next_number)
    }

    /// The next line, with its number, from 1; of a row or a value, that of its first line. One that is too long goes to
    /// `overflow` part by part.
    pub(crate) fn next(
        &mut self,
        mut overflow: impl FnMut(&[u8]),
    ) -> io::Result<Option<(u64, Line<'_>)>> {
        self.line.clear();
        let mut is_too_long = false;
        let are_values = matches!(self.ends, Ends::Values(_));
        if are_values {
            self.skip_between()?;
        }
        let number = self.next_number;
        loop {
            let buffer = read_more(&mut self.reader)?;
            let (part, is_end) = match self.ends.find(buffer) {
                Some(end) => (&buffer[..end], true),
                None => (buffer, false),
            };
            let is_last = buffer.is_empty();
            if is_last && self.line.is_empty() && !is_too_long {
                return Ok(None);
            }
            if !is_too_long && self.line.len() + part.len() > self.limit {
                is_too_long = true;
                overflow(&self.line);
            }
            if is_too_long {
                overflow(part);
            } else {
                self.line.extend_from_slice(part);
            }
            if !matches!(self.ends, Ends::Breaks) {
                self.next_number += breaks(part);
            }
            let used = part.len() + usize::from(is_end && !are_values);
            self.reader.consume(used);
            if is_end || is_last {
                // What breaks off within an object is told of that.
                let is_cut = are_values && !is_end && self.line.starts_with(b"{");
                self.open_arrays = if is_cut { 0 } else { self.open_arrays + self.depth_of_else() };
                break;
            }
        }
        self.next_number += u64::from(!are_values);
        // Some editors begin a file with a byte order mark; put one behind another, files have it in the middle, where
        // only a row could mean it.
        let may_have_bom = self.is_first || !matches!(self.ends, Ends::Rows(_));
        let bom = if may_have_bom { "\u{feff}".as_bytes() } else { b"" };
        self.is_first = false;
        if is_too_long {
            return Ok(Some((number, Line::TooLong)));
        }
        if are_values {
            // As a line it can be kept, and read again.
            self.line.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        }
        let text = self.line.strip_prefix(bom).unwrap_or(&self.line);
        let is_blank = text.iter().all(u8::is_ascii_whitespace);
        Ok(Some((number, if is_blank { Line::Blank } else { Line::Text(text) })))
    }

    /// Returns the depth behind a piece that is no object.
    fn depth_of_else(&self) -> i64 {
        if self.line.starts_with(b"{") { 0 } else { depth(&self.line) }
    }

    /// Skips what stands between the objects of an array.
    fn skip_between(&mut self) -> io::Result<()> {
        loop {
            let buffer = read_more(&mut self.reader)?;
            let end = buffer.iter().position(|byte| !is_between(*byte)).unwrap_or(buffer.len());
            let is_end = end < buffer.len() || buffer.is_empty();
            self.next_number += breaks(&buffer[..end]);
            self.open_arrays += depth(&buffer[..end]);
            self.reader.consume(end);
            if is_end {
                return Ok(());
            }
        }
    }
}

/// Returns by how much deeper in arrays one is behind these bytes.
fn depth(bytes: &[u8]) -> i64 {
    let of = |byte: &u8| i64::from(*byte == b'[') - i64::from(*byte == b']');
    bytes.iter().map(of).sum()
}

/// Returns the number of line breaks in a text.
fn breaks(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(form: Form, layout: Layout, text: &[u8], capacity: usize) -> Vec<(u64, String)> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, text), form, layout, 10);
        let mut seen = Vec::new();
        let mut overflow = Vec::new();
        loop {
            let next = lines.next(|part| overflow.extend_from_slice(part)).unwrap();
            let Some((number, line)) = next else { return seen };
            let shown = match line {
                Line::Blank => "blank".to_owned(),
                Line::Text(text) => String::from_utf8_lossy(text).into_owned(),
                Line::TooLong => {
                    format!("too long: {}", String::from_utf8_lossy(&std::mem::take(&mut overflow)))
                }
            };
            seen.push((number, shown));
        }
    }

    #[test]
    fn lines_are_the_same_through_any_buffer() {
        let text =
            b"\xef\xbb\xbfone\r\n\n \t\r\n0123456789\n0123456789a\nlonger than all of it\nlast";
        for capacity in [1, 2, 3, 7, 11, 64, 1_000] {
            let expected = [
                (1, "one\r"),
                (2, "blank"),
                (3, "blank"),
                (4, "0123456789"),
                (5, "too long: 0123456789a"),
                (6, "too long: longer than all of it"),
                (7, "last"),
            ];
            let expected = expected.map(|(number, text)| (number, text.to_owned()));
            assert_eq!(lines(Form::Ndjson, Layout::Lines, text, capacity), expected, "{capacity}");
        }
        assert_eq!(lines(Form::Ndjson, Layout::Lines, b"", 8), []);
        let too_long = [(1, "too long: 0123456789ab".to_owned())];
        assert_eq!(lines(Form::Ndjson, Layout::Lines, b"0123456789ab", 8), too_long);
    }

    #[test]
    fn rows_are_the_same_through_any_buffer() {
        let text = b"\xef\xbb\xbfone,1\r\n\n\"a\n\nb\",2\n\"a\"\"\n\",3\nx\"y,4\n\"0123\n\n6789\"\n\"open\n\n";
        for capacity in [1, 2, 3, 7, 11, 64, 1_000] {
            let expected = [
                (1, "one,1\r"),
                (2, "blank"),
                (3, "\"a\n\nb\",2"),
                (6, "\"a\"\"\n\",3"),
                (8, "x\"y,4"),
                (9, "too long: \"0123\n\n6789\""),
                (12, "\"open\n\n"),
            ];
            let expected = expected.map(|(number, text)| (number, text.to_owned()));
            assert_eq!(lines(Form::Csv, Layout::Lines, text, capacity), expected, "{capacity}");
        }
        assert_eq!(lines(Form::Csv, Layout::Lines, b"", 8), []);
    }

    #[test]
    fn values_are_the_same_through_any_buffer() {
        let text = b"[\n{\"a\":\n1},\n\n {} ,{\"}\"\n:{}}\n 7,\n{\"0123\":\n4567}]{\"\n";
        for capacity in [1, 2, 3, 7, 11, 64, 1_000] {
            let expected = [
                (2, "{\"a\": 1}"),
                (5, "{}"),
                (5, "{\"}\" :{}}"),
                (7, "7, "),
                (8, "too long: {\"0123\":\n4567}"),
                (9, "{\" "),
            ];
            let expected = expected.map(|(number, text)| (number, text.to_owned()));
            assert_eq!(lines(Form::Ndjson, Layout::Values, text, capacity), expected, "{capacity}");
        }
        assert_eq!(lines(Form::Ndjson, Layout::Values, b"[ ]\n", 8), []);
    }
}
