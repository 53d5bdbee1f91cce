//! The origin's rows as an importer gives them.

use std::collections::HashMap;
use std::path::Path;

use usage_core::Record;
use usage_store::{Store, StoreOptions};

use super::cursor::Cursor;
use super::layout::{KIND, Layout};
use super::page::{Page, Pages};
use super::seen::Seen;
use crate::error::ImportError;
use crate::importer::{Batch, Importer, Item, Place, Refusal};
use crate::sqlite::Database;

/// Reads the database of `cc-modelrouter`, here called the origin.
///
/// The origin is only read, whether it is in use or not, and nothing is left beside it.
///
/// This process must not have the origin's database open by itself, through another copy of
/// SQLite than this crate's for example: reading its header would drop the locks that process
/// has on it.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let origin = folder.path().join("origin.db");
/// # let ledger = folder.path().join("usage.db");
/// # rusqlite::Connection::open(&origin)?.execute_batch(
/// #     "CREATE TABLE usage_records (id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT,
/// #      route TEXT, model TEXT, tokens INTEGER, fallbacks INTEGER, timestamp DATETIME);
/// #      INSERT INTO usage_records VALUES
/// #      (1, 'router-1', 'think', 'claude', 500, 0, '2026-05-03 13:56:01.5 +0800 CST'),
/// #      (2, 'router-1', 'think', 'claude', 700, 0, 'yesterday')",
/// # )?;
/// use std::ops::ControlFlow;
/// use usage_import::ccrouter::Ccrouter;
/// use usage_import::{ImportEvent, ImportOptions, Origin, run};
/// use usage_store::Store;
///
/// let store = Store::open(&ledger)?;
/// let (mut importer, options) = (Ccrouter::open(&origin, &store)?, ImportOptions::default());
/// let mut refused = Vec::new();
/// let summary = run(&store, &mut importer, &options, &mut |event| {
///     if let ImportEvent::Refused { place, why } = event {
///         refused.push(format!("{place}: {why}"));
///     }
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!((summary.items(), summary.imported, summary.refused), (2, 1, 1));
/// assert_eq!(refused, ["row 2: timestamp \"yesterday\" is no time as Go or SQLite writes it"]);
///
/// let again = run(&store, &mut importer, &options, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!((again.items(), again.from_earlier_imports), (0, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Ccrouter {
    source: String,
    pages: Pages,
    /// The page that was read last.
    page: Page,
    /// The look of the origin before it was read to its end, if that tells all later changes.
    seen: Option<Seen>,
}

impl crate::importer::Origin for Ccrouter {
    type Importer = Self;

    const PROGRAM: &'static str = "cc-modelrouter";
    const BELOW_HOME: &'static str = ".cc-modelrouter/usage.db";

    fn check(path: &Path) -> Result<(), ImportError> {
        let patience = StoreOptions::default().busy_timeout;
        Database::find(KIND, path, None, patience)?
            .read(&mut |connection| Layout::of(connection).map(drop))
    }

    /// Looks for the origin's database, which must not be a ledger.
    ///
    /// # Errors
    /// When there is no such file, when it is no database with the origin's table, when it is a
    /// ledger, when it stays locked, or when it is damaged.
    fn open(path: &Path, store: &Store) -> Result<Self, ImportError> {
        let origin = Database::find(KIND, path, Some(store.path()), store.busy_timeout())?;
        let source = format!("ccrouter:{}", origin.path().to_string_lossy());
        Ok(Self { source, pages: Pages::new(origin), page: Page::default(), seen: None })
    }
}

impl Importer for Ccrouter {
    fn source(&self) -> Option<String> {
        Some(self.source.clone())
    }

    fn may_have_more(&mut self) -> bool {
        let origin = self.pages.origin();
        let may = self.seen.is_none_or(|seen| Seen::of(origin.path()) != seen);
        if may {
            origin.forget_copy();
        }
        may
    }

    fn resume(&mut self, cursor: &[u8]) -> Result<Option<Place>, ImportError> {
        let Some(cursor) = Cursor::from_bytes(cursor) else { return Ok(None) };
        Ok(self.pages.still_has(&cursor)?.then_some(Place::Row(cursor.last_id)))
    }

    fn read(&mut self, after: Option<&[u8]>) -> Result<Batch, ImportError> {
        let last_id = after.and_then(Cursor::from_bytes).map(|cursor| cursor.last_id);
        let from = last_id.map_or(Some(i64::MIN), |id| id.checked_add(1));
        let seen = Some(Seen::of(self.pages.origin().path())).filter(Seen::is_settled);
        self.page = match from {
            Some(from) => self.pages.read(from)?,
            None => Page::default(),
        };
        let page = &self.page;
        self.seen = seen.filter(|_| page.is_last());
        let last = page.rows.last();
        let cursor = last.map(|row| Cursor { last_id: row.id, last_row: row.fingerprint });
        let items = page.rows.iter().map(|row| Item {
            place: Place::Row(row.id),
            record: row.record.clone().map_err(Refusal::new),
        });
        Ok(Batch {
            items: items.collect(),
            cursor: cursor.map(|cursor| cursor.to_bytes().to_vec()),
            left_at_most: page.left_at_most(),
            is_last: page.is_last(),
            ..Batch::default()
        })
    }

    fn occurrences(
        &mut self,
        records: &[Record],
    ) -> Result<Option<HashMap<Record, u64>>, ImportError> {
        match self.page.rows.first() {
            Some(first) if !records.is_empty() => {
                let texts = self.page.texts_of(records);
                self.pages.occurrences(first.id, &texts).map(Some)
            }
            _ => Ok(Some(HashMap::new())),
        }
    }
}
