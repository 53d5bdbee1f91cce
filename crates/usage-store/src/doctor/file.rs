//! The facts about the file, whatever is in it.

use std::path::Path;

use rusqlite::Connection;
use serde::Serialize;

use super::advice::Advice;
use crate::ledger::file::{bytes, write_ahead_log};
use crate::ledger::schema::SCHEMA_VERSION;

/// About a ledger's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileFacts {
    /// The version of its schema, at most [`SCHEMA_VERSION`].
    pub schema_version: i32,
    /// Bytes of the file itself.
    #[serde(rename = "file_bytes")]
    pub bytes: u64,
    /// Bytes of the write-ahead log beside it.
    pub log_bytes: u64,
    /// Bytes of each page.
    pub page_bytes: u64,
    /// The number of pages of the ledger.
    pub pages: u64,
    /// The number of them that hold nothing.
    pub free_pages: u64,
    /// Says whether free pages can be given back to the file system in steps.
    #[serde(skip)]
    pub is_shrinkable: bool,
}

/// A write-ahead log is recycled at about a thousand pages, which are four megabytes, when nobody
/// is in the middle of reading.
const LARGE_LOG: u64 = 64 << 20;

/// Fewer free pages are not worth a word.
const MANY_FREE_PAGES: u64 = 1_000;

impl FileFacts {
    pub(super) fn read(
        connection: &Connection,
        schema_version: i32,
        path: &Path,
    ) -> rusqlite::Result<Self> {
        let number =
            |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        Ok(Self {
            schema_version,
            bytes: bytes(path),
            log_bytes: bytes(&write_ahead_log(path)),
            page_bytes: number("page_size")?.unsigned_abs(),
            pages: number("page_count")?.unsigned_abs(),
            free_pages: number("freelist_count")?.unsigned_abs(),
            is_shrinkable: number("auto_vacuum")? == 2,
        })
    }

    /// Bytes of the pages that hold nothing.
    #[must_use]
    pub const fn free_bytes(&self) -> u64 {
        self.free_pages.saturating_mul(self.page_bytes)
    }

    /// Whoever is in the middle of reading is not to blame where the checkpoints fail.
    pub(super) fn advice(&self, failing_checkpoint: Option<String>) -> Vec<Advice> {
        let mut advice = Vec::new();
        if self.schema_version < SCHEMA_VERSION {
            advice.push(Advice::OlderVersion(self.schema_version));
        }
        if !self.is_shrinkable {
            advice.push(Advice::NotShrinkable);
        } else if self.free_pages >= MANY_FREE_PAGES && self.free_pages >= self.pages / 10 {
            advice.push(Advice::FreeSpace(self.free_bytes()));
        }
        match failing_checkpoint {
            Some(why) => advice.push(Advice::FailingCheckpoint(why)),
            None if self.log_bytes > LARGE_LOG => advice.push(Advice::LargeLog(self.log_bytes)),
            None => {}
        }
        advice
    }
}
