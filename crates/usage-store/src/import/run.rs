//! An import from its first page to its last.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use usage_core::Record;

use super::error::ImportError;
use super::origin::Origin;
use super::page::{Page, Pages};
use super::row::RowError;
use super::take::{Taken, Taking};
use super::watermark::{self, Counts, Watermark};
use crate::error::ReadError;
use crate::ledger::labels::LabelCache;
use crate::ledger::retained;
use crate::{Store, StoreOptions};

/// How an import goes about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Look at every row again, not only at those that are new since the last import. Records
    /// that were deleted from the ledger come back if the origin still has them. Default: no.
    pub rescan: bool,
}

/// What happens during an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportEvent<'a> {
    /// A row was refused. It is counted as looked at, and not named again by later imports.
    Refused {
        /// The row's `id`.
        id: i64,
        /// Why.
        error: &'a RowError,
    },
    /// Some rows more have been dealt with, and that is committed.
    Progress {
        /// How many rows have been looked at.
        rows: u64,
        /// How many there are at most still to be looked at: ids may have gaps.
        left_at_most: u64,
    },
}

/// What an import did. Each row that it looked at is in exactly one of the three counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportSummary {
    /// How many rows became records of the ledger.
    pub imported: u64,
    /// How many rows were in the ledger already, though this origin's last import had not come so
    /// far: through a copy of it, for example.
    pub already_there: u64,
    /// How many rows could not be read.
    pub refused: u64,
    /// How many rows earlier imports dealt with, so that this one did not look at them.
    pub from_earlier_imports: u64,
    /// Whether it was stopped before its end.
    pub is_stopped: bool,
}

impl ImportSummary {
    /// How many rows were looked at.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.imported + self.already_there + self.refused
    }
}

/// Whether that file can be imported from; says why not.
///
/// # Errors
/// As [`Store::import_ccrouter`], for whatever is wrong with the file as a whole.
pub fn check_ccrouter(path: impl AsRef<Path>) -> Result<(), ImportError> {
    let patience = StoreOptions::default().busy_timeout;
    Origin::find(path.as_ref(), None, patience)?.read(&mut |_, _| Ok(()))
}

impl Store {
    /// Takes over the rows of an origin's database, those that are new since the last time.
    ///
    /// The origin is only read, whether it is in use or not, and nothing is left beside it. The
    /// ledger is written in short transactions, so others can record meanwhile. Each transaction
    /// leaves a consistent state; after an error, or when `on_event` says
    /// [`Break`](ControlFlow::Break), the next import goes on from there.
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
    /// use usage_store::Store;
    /// use usage_store::import::ImportEvent;
    ///
    /// let store = Store::open(&ledger)?;
    /// let mut refused = Vec::new();
    /// let summary = store.import_ccrouter(&origin, &mut |event| {
    ///     if let ImportEvent::Refused { id, error } = event {
    ///         refused.push(format!("row {id}: {error}"));
    ///     }
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!((summary.rows(), summary.imported, summary.refused), (2, 1, 1));
    /// assert_eq!(refused, ["row 2: timestamp \"yesterday\" is no time as Go or SQLite writes it"]);
    ///
    /// let again = store.import_ccrouter(&origin, &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!((again.rows(), again.from_earlier_imports), (0, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such file, when it is no database with the origin's table, when it is a
    /// ledger, when it stays locked, or when it is damaged; and when the ledger cannot be written.
    pub fn import_ccrouter(
        &self,
        path: impl AsRef<Path>,
        on_event: &mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>,
    ) -> Result<ImportSummary, ImportError> {
        self.import_ccrouter_with(path, &ImportOptions::default(), on_event)
    }

    /// As [`import_ccrouter`](Self::import_ccrouter), with options.
    ///
    /// # Errors
    /// As [`import_ccrouter`](Self::import_ccrouter).
    pub fn import_ccrouter_with(
        &self,
        path: impl AsRef<Path>,
        options: &ImportOptions,
        on_event: &mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>,
    ) -> Result<ImportSummary, ImportError> {
        let origin = Origin::find(path.as_ref(), Some(self.path()), self.busy_timeout())?;
        let source = origin.path().to_string_lossy().into_owned();
        let run = Run {
            store: self,
            source,
            pages: Pages::new(origin),
            cache: LabelCache::default(),
            summary: ImportSummary::default(),
            on_event,
        };
        run.finish(options.rescan)
    }
}

/// One import.
struct Run<'a> {
    store: &'a Store,
    source: String,
    pages: Pages,
    cache: LabelCache,
    summary: ImportSummary,
    on_event: &'a mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>,
}

/// Where the next page begins, and what the ledger says of that.
struct Position {
    /// `None` beyond the last id there can be.
    from: Option<i64>,
    expected: Option<Watermark>,
    counts: Counts,
    /// The last row that an earlier import has dealt with: what became of it, is decided.
    seen_up_to: i64,
}

impl Run<'_> {
    fn finish(mut self, rescan: bool) -> Result<ImportSummary, ImportError> {
        let mut position = self.start(rescan)?;
        self.summary.from_earlier_imports = position.counts.rows().unsigned_abs();
        while let Some(from) = position.from {
            let mut page = self.pages.read(from)?;
            if page.rows.is_empty() {
                break;
            }
            let Some(watermark) = self.take(&mut page, from, &position)? else {
                // The rows that the other import has dealt with are its own to count.
                position = self.start(false)?;
                continue;
            };
            let before = position.go_on(watermark);
            self.count(before, watermark.counts);
            if self.tell(&page).is_break() {
                self.summary.is_stopped = true;
                break;
            }
            if page.is_last() {
                break;
            }
        }
        Ok(self.summary)
    }

    /// Goes on where the last import ended, or begins anew where the origin is not the one that
    /// it was.
    fn start(&mut self, rescan: bool) -> Result<Position, ImportError> {
        let expected = self.store.read("read the ledger", |connection| {
            watermark::read(connection, &self.source).map_err(ReadError::from)
        })?;
        let known = match expected {
            Some(watermark) if self.pages.still_has(&watermark)? => Some(watermark),
            _ => None,
        };
        Ok(match known {
            Some(watermark) if !rescan => Position::after(watermark),
            _ => Position {
                from: Some(i64::MIN),
                expected,
                counts: Counts::default(),
                seen_up_to: known.map_or(i64::MIN, |watermark| watermark.last_id),
            },
        })
    }

    /// Takes a page into the ledger; `None` if another import was faster.
    fn take(
        &mut self,
        page: &mut Page,
        from: i64,
        position: &Position,
    ) -> Result<Option<Watermark>, ImportError> {
        let mut before: HashMap<Record, u64> = HashMap::new();
        let mut records_from = self.refuse_older(page)?;
        loop {
            let taking = Taking {
                source: &self.source,
                expected: position.expected,
                counts: position.counts,
                records_from,
                seen_up_to: position.seen_up_to,
                rows: &page.rows,
                before: &before,
            };
            match taking.run(self.store, &mut self.cache)? {
                Taken::Done(watermark) => return Ok(Some(watermark)),
                Taken::Overtaken => return Ok(None),
                Taken::Pruned => records_from = self.refuse_older(page)?,
                Taken::Unknown(records) => {
                    let found = self.pages.occurrences(from, &page.texts_of(&records))?;
                    before.extend(found);
                }
            }
        }
    }

    /// Refuses what is older than the ledger takes; says how old that is.
    fn refuse_older(&self, page: &mut Page) -> Result<Option<i64>, ImportError> {
        let records_from = self
            .store
            .read("read the ledger", |connection| Ok(retained::records_from(connection)?))?;
        let from = records_from.unwrap_or(i64::MIN);
        for row in &mut page.rows {
            if row.record.as_ref().is_ok_and(|record| record.timestamp().as_micros() < from) {
                row.late = std::mem::replace(&mut row.record, Err(RowError::BeforeHorizon)).ok();
            }
        }
        Ok(records_from)
    }

    fn count(&mut self, before: Counts, now: Counts) {
        let since = |before: i64, now: i64| before.abs_diff(now);
        self.summary.imported += since(before.imported, now.imported);
        self.summary.already_there += since(before.already_there, now.already_there);
        self.summary.refused += since(before.refused, now.refused);
    }

    fn tell(&mut self, page: &Page) -> ControlFlow<()> {
        // All of the page are told of, whatever the answers: its watermark is in the ledger, so
        // nobody will tell of them again.
        let mut answer = ControlFlow::Continue(());
        for row in &page.rows {
            if let Err(error) = &row.record
                && (self.on_event)(ImportEvent::Refused { id: row.id, error }).is_break()
            {
                answer = ControlFlow::Break(());
            }
        }
        let (rows, left_at_most) = (self.summary.rows(), page.left_at_most());
        (self.on_event)(ImportEvent::Progress { rows, left_at_most })?;
        answer
    }
}

impl Position {
    /// Goes on behind a page; returns what was counted before it.
    fn go_on(&mut self, watermark: Watermark) -> Counts {
        let seen_up_to = self.seen_up_to.max(watermark.last_id);
        let next = Self { seen_up_to, ..Self::after(watermark) };
        std::mem::replace(self, next).counts
    }

    fn after(watermark: Watermark) -> Self {
        Self {
            from: watermark.last_id.checked_add(1),
            expected: Some(watermark),
            counts: watermark.counts,
            seen_up_to: watermark.last_id,
        }
    }
}
