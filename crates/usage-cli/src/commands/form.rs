//! The text forms of a record, which `usage export` writes and `usage record` reads.

use std::ffi::OsStr;
use std::path::Path;

use clap::ValueEnum;

/// How records are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// One JSON object a line
    #[value(aliases = ["json", "jsonl"])]
    Ndjson,
    /// A row a record, under a header that names the columns
    Csv,
}

impl Form {
    /// By the end of a file's name.
    pub(super) fn of(path: &Path) -> Self {
        // A table with tabs is told as such by its header.
        let is_table = |end: &OsStr| ["csv", "tsv"].iter().any(|of| end.eq_ignore_ascii_case(of));
        let is_csv = path.extension().is_some_and(is_table);
        if is_csv { Self::Csv } else { Self::Ndjson }
    }
}
