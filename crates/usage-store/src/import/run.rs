//! An import from its first page to its last.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::error::ImportError;
use super::origin::Origin;
use super::page::{Page, Pages};
use super::row::RowError;
use super::watermark::Watermark;
use crate::{Append, Appended, Known, SourceCounts, Store, StoreOptions};

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
        let source = format!("ccrouter:{}", origin.path().to_string_lossy());
        let run = Run {
            store: self,
            source,
            pages: Pages::new(origin),
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
    summary: ImportSummary,
    on_event: &'a mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>,
}

/// Where the next page begins, and what the ledger says of that.
struct Position {
    /// `None` beyond the last id there can be.
    from: Option<i64>,
    /// The cursor that the ledger has.
    cursor: Option<Vec<u8>>,
    counts: SourceCounts,
    /// The last row that an earlier import has dealt with: what became of it, is decided.
    seen_up_to: i64,
}

impl Run<'_> {
    fn finish(mut self, rescan: bool) -> Result<ImportSummary, ImportError> {
        let mut position = self.start(rescan)?;
        self.summary.from_earlier_imports = position.counts.total();
        while let Some(from) = position.from {
            let mut page = self.pages.read(from)?;
            let Some(last) = page.rows.last() else { break };
            let to = Watermark { last_id: last.id, last_row: last.fingerprint };
            let Some(counts) = self.take(&mut page, from, &position, to)? else {
                // The rows that the other import has dealt with are its own to count.
                position = self.start(false)?;
                continue;
            };
            self.count(position.counts, counts);
            position = Position {
                from: to.last_id.checked_add(1),
                cursor: Some(to.to_bytes().to_vec()),
                counts,
                seen_up_to: position.seen_up_to.max(to.last_id),
            };
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
        let (cursor, counts) = match self.store.source(&self.source)? {
            Some(source) => (Some(source.cursor), source.counts),
            None => (None, SourceCounts::default()),
        };
        let known = match cursor.as_deref().and_then(Watermark::from_bytes) {
            Some(watermark) if self.pages.still_has(&watermark)? => Some(watermark),
            _ => None,
        };
        let seen_up_to = known.map_or(i64::MIN, |watermark| watermark.last_id);
        Ok(match known {
            Some(Watermark { last_id, .. }) if !rescan => {
                Position { from: last_id.checked_add(1), cursor, counts, seen_up_to }
            }
            _ => {
                let counts = SourceCounts::default();
                Position { from: Some(i64::MIN), cursor, counts, seen_up_to }
            }
        })
    }

    /// Takes a page into the ledger; returns what is counted then, `None` if another import was faster.
    fn take(
        &mut self,
        page: &mut Page,
        from: i64,
        position: &Position,
        to: Watermark,
    ) -> Result<Option<SourceCounts>, ImportError> {
        let valid = page.rows.iter().enumerate();
        let valid = valid.filter_map(|(at, row)| Some((at, row.record.as_ref().ok()?)));
        let (places, records): (Vec<_>, Vec<_>) =
            valid.map(|(at, record)| (at, record.clone())).unzip();
        let unreadable = page.rows.len() - records.len();
        let again = places.iter().filter(|&&at| page.rows[at].id <= position.seen_up_to).count();
        let mut counts = position.counts;
        counts.refused += unreadable as u64;
        let mut before = HashMap::new();
        loop {
            let append = Append {
                source: &self.source,
                from: position.cursor.as_deref(),
                to: &to.to_bytes(),
                counts,
                records: &records,
                known: Known::ByContent { again, before: &before },
            };
            match self.store.append(&append)? {
                Appended::Stored(outcome, source) => {
                    for refusal in outcome.refused {
                        let error = RowError::refused(refusal.reason);
                        page.rows[places[refusal.index]].record = Err(error);
                    }
                    return Ok(Some(source.counts));
                }
                Appended::Moved(_) => return Ok(None),
                Appended::Uncounted(records) => {
                    before.extend(self.pages.occurrences(from, &page.texts_of(&records))?);
                }
            }
        }
    }

    fn count(&mut self, before: SourceCounts, now: SourceCounts) {
        self.summary.imported += now.stored - before.stored;
        self.summary.already_there += now.duplicates - before.duplicates;
        self.summary.refused += now.refused - before.refused;
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
