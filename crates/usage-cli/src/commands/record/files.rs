//! Files that are read from their start to their end: batch by batch straight into the ledger, one being
//! read while the one before is stored.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use usage_core::Record;
use usage_core::error::chain;
use usage_import::{
    Batch, ImportError, ImportEvent, ImportOptions, ImportSummary, Importer, Item,
    Place as ItemPlace, run as run_import,
};
use usage_store::Store;

use super::accounts::{Accounts, finish, not_stored};
use super::input::Input;
use super::reading::{Reading, Stop};
use super::refusals::{Place, Refusals, SharedRefusals, lock};
use super::rejects::Rejects;
use super::{Args, PATIENCE, print_report};
use crate::commands::form::Form;
use crate::context::Context;
use crate::error::CliError;
use crate::interrupts::Interrupts;

/// The records of a batch. Long batches touch each page of the index of event ids less often; this many hold
/// the lock for a fifth of a second at most.
const BATCH: usize = 20_000;

pub(super) fn run(
    args: &Args,
    context: &Context,
    inputs: &[(Input, Form)],
    rejects: Option<Rejects>,
) -> Result<u8, CliError> {
    let names = inputs.iter().map(|(input, _)| input.name()).collect();
    let refusals = Mutex::new(Refusals::new(names, rejects));
    let store = context.open_or_create()?;
    context.recover(&store)?;
    let mut recording = Recording {
        store: &store,
        refusals: &refusals,
        interrupts: Interrupts::catch()?,
        reading: Reading::new(args, context, &refusals),
        done: Accounts::default(),
    };
    let mut ended = Ok(());
    for (index, (input, form)) in inputs.iter().enumerate() {
        match recording.record((index, input, *form)) {
            Ok(()) => {}
            Err(Stop::Enough) => {
                if recording.interrupts.came() {
                    let message = "interrupted, the rest was not read";
                    ended = Err(CliError::failed(message));
                }
                break;
            }
            Err(Stop::Failed(error)) => {
                ended = Err(error);
                break;
            }
        }
    }
    let code = finish(args, context, &mut lock(&refusals), recording.done, ended)?;
    if args.report {
        print_report(&store, context)?;
    }
    Ok(code)
}

struct Recording<'a> {
    store: &'a Store,
    refusals: &'a SharedRefusals,
    interrupts: Interrupts,
    reading: Reading<'a>,
    done: Accounts,
}

impl Recording<'_> {
    /// Records one file.
    fn record(&mut self, file: (usize, &Input, Form)) -> Result<(), Stop> {
        let (sender, batches) = sync_channel(1);
        let stop = AtomicBool::new(false);
        let mut ahead = Ahead { batches, last: Vec::new() };
        let (strict, reading, refusals) = (self.reading.strict, &mut self.reading, self.refusals);
        let (interrupts, store, input) = (&self.interrupts, self.store, file.0);
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut next = Next { sender, items: Vec::new() };
                let read = reading.read(file, &mut |record, place| {
                    if interrupts.came() || stop.load(Ordering::Relaxed) {
                        return Err(Stop::Enough);
                    }
                    next.add(record, place)
                });
                next.send().and(read)
            });
            let mut options = ImportOptions::default();
            options.patience = PATIENCE;
            let mut done = ImportSummary::default();
            let imported = run_import(store, &mut ahead, &options, &mut |event| {
                match event {
                    ImportEvent::Refused { place, why } => {
                        let place = place_of(input, place);
                        if let Some((record, refusal)) = why.by_ledger() {
                            lock(refusals).refuse_record(place, record, refusal);
                        }
                        // What is read by then is stored as well.
                        stop.fetch_or(strict, Ordering::Relaxed);
                    }
                    ImportEvent::Progress { summary, .. } => done = summary,
                    _ => {}
                }
                ControlFlow::Continue(())
            });
            stop.fetch_or(imported.is_err(), Ordering::Relaxed);
            let unstored = if imported.is_err() { ahead.count_the_rest() } else { 0 };
            let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
            self.done.stored += done.imported;
            self.done.amended += done.amended;
            self.done.duplicates += done.already_there;
            self.done.unstored += unstored;
            match imported {
                Ok(_) if stop.load(Ordering::Relaxed) => read.and(Err(Stop::Enough)),
                Ok(_) => read,
                Err(ImportError::Ledger(why)) => {
                    let from = ahead.last.first().and_then(|place| place_of(input, *place));
                    let refusals = lock(refusals);
                    Err(not_stored(Some(why.kind()), unstored, from, &refusals, &chain(&why))
                        .into())
                }
                Err(error) => Err(CliError::from(error).into()),
            }
        })
    }
}

fn place_of(input: usize, place: ItemPlace) -> Option<Place> {
    match place {
        ItemPlace::Line(line) => Some(Place { input, line }),
        _ => None,
    }
}

/// The batch that is being read.
struct Next {
    sender: SyncSender<Vec<Item>>,
    items: Vec<Item>,
}

impl Next {
    fn add(&mut self, record: Record, place: Place) -> Result<(), Stop> {
        self.items.push(Item { place: ItemPlace::Line(place.line), record: Ok(record) });
        if self.items.len() < BATCH { Ok(()) } else { self.send() }
    }

    fn send(&mut self) -> Result<(), Stop> {
        let items = std::mem::take(&mut self.items);
        self.sender.send(items).map_err(|_| Stop::Enough)
    }
}

/// The file as an importer: its batches, as they come from the thread that reads.
struct Ahead {
    batches: Receiver<Vec<Item>>,
    /// Where the records of the batch stand that was given last.
    last: Vec<ItemPlace>,
}

impl Ahead {
    /// Returns the number of records read that the ledger has not taken.
    fn count_the_rest(&self) -> u64 {
        let behind = self.batches.iter().map(|items| items.len() as u64).sum::<u64>();
        self.last.len() as u64 + behind
    }
}

impl Importer for Ahead {
    fn source(&self) -> Option<String> {
        None
    }

    fn resume(&mut self, _: &[u8]) -> Result<Option<ItemPlace>, ImportError> {
        Ok(None)
    }

    fn read(&mut self, _: Option<&[u8]>) -> Result<Batch, ImportError> {
        let items = self.batches.recv().unwrap_or_default();
        self.last = items.iter().map(|item| item.place).collect();
        Ok(Batch { is_last: items.is_empty(), items, ..Batch::default() })
    }
}
