//! The lines of files and of standard input.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use usage_core::record::csv::RowScanner;

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

    pub(crate) fn open(&self) -> Result<Box<dyn BufRead>, CliError> {
        const BUFFER: usize = 256 * 1_024;
        let open = |path| File::open(path).map_err(|error| self.failed(&error));
        Ok(match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::File(path) | Self::Growing(path) => {
                Box::new(BufReader::with_capacity(BUFFER, open(path)?))
            }
        })
    }
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
}

impl Ends {
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Breaks => bytes.iter().position(|byte| *byte == b'\n'),
            Self::Rows(scanner) => scanner.end_of_row(bytes),
        }
    }
}

/// Reads lines or rows of a limited length, in memory of that length.
pub(crate) struct Lines<R> {
    reader: R,
    ends: Ends,
    limit: usize,
    next_number: u64,
    is_first: bool,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R, form: Form, limit: usize) -> Self {
        let ends = match form {
            Form::Ndjson => Ends::Breaks,
            Form::Csv => Ends::Rows(RowScanner::default()),
        };
        Self { reader, ends, limit, next_number: 1, is_first: true, line: Vec::new() }
    }

    /// The number of the line that is read next, from 1; of a row, that of its first line.
    pub(crate) const fn next_number(&self) -> u64 {
        self.next_number
    }

    /// The next line. One that is too long goes to `overflow` part by part.
    pub(crate) fn next(&mut self, mut overflow: impl FnMut(&[u8])) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut is_too_long = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
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
            if matches!(self.ends, Ends::Rows(_)) {
                let breaks = part.iter().filter(|byte| **byte == b'\n').count();
                self.next_number += breaks as u64;
            }
            let used = part.len() + usize::from(is_end);
            self.reader.consume(used);
            if is_end || is_last {
                break;
            }
        }
        self.next_number += 1;
        // Some editors begin a file with a byte order mark.
        let bom = if self.is_first { "\u{feff}".as_bytes() } else { b"" };
        self.is_first = false;
        if is_too_long {
            return Ok(Some(Line::TooLong));
        }
        let text = self.line.strip_prefix(bom).unwrap_or(&self.line);
        let is_blank = text.iter().all(u8::is_ascii_whitespace);
        Ok(Some(if is_blank { Line::Blank } else { Line::Text(text) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(form: Form, text: &[u8], capacity: usize) -> Vec<(u64, String)> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, text), form, 10);
        let mut seen = Vec::new();
        let mut overflow = Vec::new();
        loop {
            let number = lines.next_number();
            let next = lines.next(|part| overflow.extend_from_slice(part)).unwrap();
            let shown = match next {
                None => return seen,
                Some(Line::Blank) => "blank".to_owned(),
                Some(Line::Text(text)) => String::from_utf8_lossy(text).into_owned(),
                Some(Line::TooLong) => {
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
            assert_eq!(lines(Form::Ndjson, text, capacity), expected, "{capacity}");
        }
        assert_eq!(lines(Form::Ndjson, b"", 8), []);
        let too_long = [(1, "too long: 0123456789ab".to_owned())];
        assert_eq!(lines(Form::Ndjson, b"0123456789ab", 8), too_long);
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
            assert_eq!(lines(Form::Csv, text, capacity), expected, "{capacity}");
        }
        assert_eq!(lines(Form::Csv, b"", 8), []);
    }
}
