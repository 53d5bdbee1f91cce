//! An import from its first batch to its last.

use std::collections::HashMap;
use std::ops::ControlFlow;

use usage_core::Record;
use usage_store::{Append, Appended, Known, SourceCounts, Store};

use crate::error::ImportError;
use crate::importer::{Batch, Importer, Place, Refusal};

/// How an import goes about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Look at every item again, not only at those that are new since the last import. Records
    /// that were deleted from the ledger come back if the source still has them. Default: no.
    pub rescan: bool,
}

/// What happens during an import.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ImportEvent<'a> {
    /// An item was refused. It is counted as looked at, and not named again by later imports.
    Refused {
        /// Where it stands.
        place: Place,
        /// Why.
        why: &'a Refusal,
    },
    /// Some items more have been dealt with, and that is committed.
    Progress {
        /// How many have been looked at.
        items: u64,
        /// How many there are at most still to be looked at.
        left_at_most: u64,
    },
}

/// What an import did. Each item that it looked at is in exactly one of the three counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportSummary {
    /// How many became records of the ledger.
    pub imported: u64,
    /// How many told more of what was in the ledger already.
    pub amended: u64,
    /// How many were in the ledger already, though the source's last import had not come so
    /// far: through a copy of it, for example.
    pub already_there: u64,
    /// How many could not be read, or were refused by the ledger.
    pub refused: u64,
    /// How many earlier imports dealt with, so that this one did not look at them.
    pub from_earlier_imports: u64,
    /// Whether it was stopped before its end.
    pub is_stopped: bool,
}

impl ImportSummary {
    /// Returns how many items were looked at.
    #[must_use]
    pub const fn items(&self) -> u64 {
        self.imported + self.amended + self.already_there + self.refused
    }
}

/// Takes what is new in a source into a ledger, each item once.
///
/// The ledger is written in short transactions, so others can record meanwhile. Each leaves a consistent
/// state; after an error, or when `on_event` says [`Break`](ControlFlow::Break), the next import goes on
/// from there.
///
/// # Errors
/// When the source cannot be read, or the ledger cannot be written.
pub fn run(
    store: &Store,
    importer: &mut dyn Importer,
    options: &ImportOptions,
    on_event: &mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>,
) -> Result<ImportSummary, ImportError> {
    let source = importer.source();
    let run = Run { store, importer, source, summary: ImportSummary::default(), on_event };
    run.finish(options.rescan)
}

struct Run<'a> {
    store: &'a Store,
    importer: &'a mut dyn Importer,
    source: String,
    summary: ImportSummary,
    on_event: &'a mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>,
}

/// How far an import is.
struct At {
    /// Behind what the next batch comes; nothing where it begins at the start.
    after: Option<Vec<u8>>,
    /// The cursor that the ledger has, the same unless all is read again.
    stored: Option<Vec<u8>>,
    counts: SourceCounts,
    /// The last item that an earlier import has dealt with: what became of it, is decided.
    seen_up_to: Option<Place>,
}

impl Run<'_> {
    fn finish(mut self, rescan: bool) -> Result<ImportSummary, ImportError> {
        let mut at = self.start(rescan)?;
        self.summary.from_earlier_imports = at.counts.total();
        loop {
            let mut batch = self.importer.read(at.after.as_deref())?;
            let Some(last) = batch.items.last().map(|item| item.place) else { break };
            let Some(counts) = self.append(&mut batch, &at)? else {
                // What the other import has dealt with is its own to count.
                at = self.start(false)?;
                continue;
            };
            self.count(at.counts, counts);
            let told = self.tell(&batch);
            at = At {
                after: Some(batch.cursor.clone()),
                stored: Some(batch.cursor),
                counts,
                seen_up_to: at.seen_up_to.max(Some(last)),
            };
            if told.is_break() {
                self.summary.is_stopped = true;
                break;
            }
            if batch.is_last {
                break;
            }
        }
        Ok(self.summary)
    }

    /// Goes on where the last import ended, or begins anew where the source is not the one that
    /// it was.
    fn start(&mut self, rescan: bool) -> Result<At, ImportError> {
        let (stored, counts) = match self.store.source(&self.source)? {
            Some(source) => (Some(source.cursor), source.counts),
            None => (None, SourceCounts::default()),
        };
        let seen_up_to = match &stored {
            Some(cursor) => self.importer.resume(cursor)?,
            None => None,
        };
        Ok(if seen_up_to.is_some() && !rescan {
            At { after: stored.clone(), stored, counts, seen_up_to }
        } else {
            At { after: None, stored, counts: SourceCounts::default(), seen_up_to }
        })
    }

    /// Appends a batch to the ledger; returns what is counted then, `None` if another import was faster.
    fn append(&mut self, batch: &mut Batch, at: &At) -> Result<Option<SourceCounts>, ImportError> {
        let valid = batch.items.iter().enumerate();
        let valid = valid.filter_map(|(at, item)| Some((at, item.record.as_ref().ok()?.clone())));
        let (places, records): (Vec<usize>, Vec<Record>) = valid.unzip();
        let is_seen = |&&index: &&usize| Some(batch.items[index].place) <= at.seen_up_to;
        let again = places.iter().filter(is_seen).count();
        let mut counts = at.counts;
        counts.refused += (batch.items.len() - records.len()) as u64;
        let mut before = self.importer.occurrences(&[])?;
        loop {
            let known = match &before {
                Some(before) => Known::ByContent { again, before },
                None => Known::ByEventId,
            };
            let append = Append {
                source: &self.source,
                from: at.stored.as_deref(),
                to: &batch.cursor,
                counts,
                records: &records,
                known,
            };
            match self.store.append(&append)? {
                Appended::Stored(outcome, source) => {
                    for refusal in outcome.refused {
                        let item = &mut batch.items[places[refusal.index]];
                        item.record = Err(Refusal::of_ledger(refusal.reason));
                    }
                    return Ok(Some(source.counts));
                }
                Appended::Moved(_) => return Ok(None),
                Appended::Uncounted(records) => {
                    let mut found = self.importer.occurrences(&records)?.unwrap_or_default();
                    // Each is counted now, so that this comes to an end.
                    for record in records {
                        let count = found.remove(&record).unwrap_or(0);
                        before.get_or_insert_with(HashMap::new).insert(record, count);
                    }
                }
            }
        }
    }

    const fn count(&mut self, before: SourceCounts, now: SourceCounts) {
        self.summary.imported += now.stored - before.stored;
        self.summary.amended += now.amended - before.amended;
        self.summary.already_there += now.duplicates - before.duplicates;
        self.summary.refused += now.refused - before.refused;
    }

    fn tell(&mut self, batch: &Batch) -> ControlFlow<()> {
        // All of the batch are told of, whatever the answers: its cursor is in the ledger, so
        // nobody will tell of them again.
        let mut answer = ControlFlow::Continue(());
        for item in &batch.items {
            if let Err(why) = &item.record
                && (self.on_event)(ImportEvent::Refused { place: item.place, why }).is_break()
            {
                answer = ControlFlow::Break(());
            }
        }
        let (items, left_at_most) = (self.summary.items(), batch.left_at_most);
        (self.on_event)(ImportEvent::Progress { items, left_at_most })?;
        answer
    }
}
