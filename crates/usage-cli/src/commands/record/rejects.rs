//! The file that `--rejects` names: what was refused, as it came.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use usage_core::Record;
use usage_core::record::{csv, line};

use crate::commands::form::Form;
use crate::error::CliError;

/// The refused input, in a form that can be mended and recorded again.
pub(super) struct Rejects {
    name: String,
    file: File,
    form: Form,
    /// Of CSV: the header of what is read now, and the one that was written last.
    header: Vec<u8>,
    written_header: Vec<u8>,
    /// The beginning of a line too long for memory stands in the file.
    is_in_line: bool,
    /// The records that may not be written before that line ends.
    waiting: Vec<Record>,
    failure: Option<CliError>,
}

impl Rejects {
    /// Opens the file, to add to it.
    pub(super) fn open(path: &Path, form: Form) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let mut options = File::options();
        options.append(true).create(true);
        // It holds what the ledger would, which its owner alone can read.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path);
        let file = file.map_err(|error| cannot_write(&name, &error))?;
        Ok(Self {
            name,
            file,
            form,
            header: Vec::new(),
            written_header: Vec::new(),
            is_in_line: false,
            waiting: Vec::new(),
            failure: None,
        })
    }

    /// Why something could not be written; nothing more should be read then.
    pub(super) const fn take_failure(&mut self) -> Option<CliError> {
        self.failure.take()
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Rows come under this header from now on.
    pub(super) fn set_header(&mut self, header: &[u8]) {
        self.header = header.trim_ascii_end().to_vec();
    }

    /// Adds a line, as it came.
    pub(super) fn add_line(&mut self, text: &[u8]) {
        let mut lines = self.header_unless_written(&self.header.clone());
        lines.extend([text, b"\n"].concat());
        self.write(&lines);
    }

    /// Adds a part of a line that is too long to be held in memory.
    pub(super) fn add_part(&mut self, part: &[u8]) {
        if !self.is_in_line {
            let header = self.header_unless_written(&self.header.clone());
            self.write(&header);
            self.is_in_line = true;
        }
        self.write(part);
    }

    /// Ends the line that came in parts, if there is one, and adds what had to wait for its end.
    pub(super) fn end_parts(&mut self) {
        if std::mem::take(&mut self.is_in_line) {
            self.write(b"\n");
        }
        for record in std::mem::take(&mut self.waiting) {
            self.add_record(&record);
        }
    }

    /// Adds a record that the ledger refused. It comes from another thread than the lines do.
    pub(super) fn add_record(&mut self, record: &Record) {
        if self.is_in_line {
            self.waiting.push(record.clone());
            return;
        }
        let mut lines = Vec::new();
        let text = match self.form {
            Form::Ndjson => line::write(record),
            Form::Csv => {
                lines = self.header_unless_written(csv::header().as_bytes());
                csv::write(record)
            }
        };
        lines.extend([text.as_bytes(), b"\n"].concat());
        self.write(&lines);
    }

    /// Returns the line that has to stand before rows under this header. `usage record` takes a
    /// header between rows for the one of the rows behind it.
    fn header_unless_written(&mut self, header: &[u8]) -> Vec<u8> {
        if self.form == Form::Ndjson || header == self.written_header {
            return Vec::new();
        }
        self.written_header = header.to_vec();
        [header, b"\n"].concat()
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Err(error) = self.file.write_all(bytes) {
            let failure = cannot_write(&self.name, &error);
            self.failure.get_or_insert(failure);
        }
    }
}

fn cannot_write(name: &str, error: &std::io::Error) -> CliError {
    CliError::failed(format!("cannot write {name}: {error}"))
}
