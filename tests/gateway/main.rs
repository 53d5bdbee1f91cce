//! A small gateway with the library inside, for stories in which it is killed, locked out or left
//! without room.
//!
//! Record number n has n tokens and the time FROM + n microseconds, so that each can be found in
//! the ledger again; without event ids, so that a record that is stored twice is seen twice. On
//! standard output it says how far its journal has come, and its accounts, as they change; on
//! standard input it is told what to do. When that is closed, it stops.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

mod commands;
mod recorder;
mod settings;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use usage_store::StoreOptions;
use usage_tracker::{Durability, JournalOptions, Tracker};

use recorder::Recorder;
use settings::Settings;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match Settings::parse(&arguments).and_then(|settings| run(&settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &Settings) -> anyhow::Result<()> {
    if let Some(bytes) = settings.file_size_limit {
        commands::limit_files(Some(bytes))?;
    }
    let mut options = StoreOptions::default();
    options.journal_folder.clone_from(&settings.journal_folder);
    options.busy_timeout = settings.busy_timeout;
    let store = options.open(&settings.ledger)?;
    let tracker = Arc::new(builder(settings).start(store)?);
    let recorder = Arc::new(Recorder::new(Arc::clone(&tracker), settings)?);
    println!("ready");
    let watch = watch::start(Arc::clone(&tracker));
    let threads = recorder.start(settings.threads, settings.records);
    commands::obey(&tracker, &recorder, threads, watch, settings.batched)
}

fn builder(settings: &Settings) -> usage_tracker::Builder {
    let mut journal = JournalOptions::default();
    journal.segment_bytes = settings.segment_bytes.unwrap_or(journal.segment_bytes);
    journal.max_bytes = settings.journal_bytes.unwrap_or(journal.max_bytes);
    let durability = if settings.batched { Durability::Batched } else { Durability::Journaled };
    // Its end is told by `stop`, with a deadline of its own; after that nothing is waited for.
    Tracker::builder()
        .durability(durability)
        .journal(journal)
        .overflow(settings.overflow)
        .buffer_size(settings.buffer_size)
        .max_batch(settings.max_batch)
        .channel_capacity(settings.capacity)
        .drop_deadline(Duration::from_millis(1))
}
