//! A log as an importer: who watches it, and who watches it too.

use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use usage_import::follow::{Entry, Log, Taken};
use usage_import::{
    ImportError, ImportEvent, ImportOptions, ImportSummary, Importer, Refusal, run,
};
use usage_store::Store;

use super::support::{open_patient, record, requests, until};

/// A number is a record of that many tokens; nothing else is one. `last` is the last thing that is taken.
fn log(path: &Path, last: &'static str) -> impl Importer {
    let take = move |entry: &Entry| {
        let Entry::Line { text, .. } = entry else { unreachable!("no line is so long") };
        let text = String::from_utf8_lossy(text);
        let taken = match text.parse::<u64>() {
            Ok(tokens) => Taken::Record(record(i64::try_from(tokens).unwrap(), tokens)),
            Err(why) => Taken::Refused(Refusal::new(why)),
        };
        Ok::<_, ImportError>(if text == last {
            ControlFlow::Break(taken)
        } else {
            ControlFlow::Continue(taken)
        })
    };
    Log::new("numbers", path, take).unwrap()
}

fn once(store: &Store, path: &Path, last: &'static str) -> [u64; 3] {
    let mut log = log(path, last);
    let go_on = &mut |_: ImportEvent<'_>| ControlFlow::Continue(());
    let summary = run(store, &mut log, &ImportOptions::default(), go_on).unwrap();
    [summary.imported, summary.refused, summary.from_earlier_imports]
}

/// Nothing behind the entry at which it is to end is taken, and all of it by the next one.
#[test]
fn it_ends_where_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let (store, path) = (open_patient(&folder.path().join("usage.db")), folder.path().join("log"));
    fs::write(&path, "1\n2\nx\n3\n4\n").unwrap();
    assert_eq!(once(&store, &path, "x"), [2, 1, 0]);
    assert_eq!(once(&store, &path, "3"), [1, 0, 3]);
    fs::rename(&path, folder.path().join("log.1")).unwrap();
    fs::write(&path, "5\n").unwrap();
    assert_eq!(once(&store, &path, ""), [2, 0, 4]);
    assert_eq!(once(&store, &path, ""), [0, 0, 6]);
    assert_eq!(requests(&store), 5);
}

/// Two that watch the same log, through stores of their own, share its lines, also while it is rotated.
#[test]
fn two_watch_one_log() {
    const ROUNDS: u64 = 30;
    let folder = tempfile::tempdir().unwrap();
    let (ledger, path) = (folder.path().join("usage.db"), folder.path().join("log"));
    let (store, stop) = (open_patient(&ledger), AtomicBool::new(false));
    let mut writer = File::create(&path).unwrap();
    let watch = || -> ImportSummary {
        let store = open_patient(&ledger);
        let mut options = ImportOptions::default();
        options.watch = Some(Duration::from_millis(1));
        run(&store, &mut log(&path, ""), &options, &mut |_| {
            if stop.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap()
    };
    let summaries = thread::scope(|scope| {
        let watchers = [scope.spawn(watch), scope.spawn(watch)];
        for round in 0..ROUNDS {
            for number in 0..50 {
                writeln!(writer, "{}", round * 50 + number).unwrap();
            }
            if round % 10 == 9 {
                fs::rename(&path, folder.path().join(format!("log.{round}"))).unwrap();
                writer = File::create(&path).unwrap();
            }
            until("they are stored", || requests(&store) == (round + 1) * 50);
        }
        stop.store(true, Ordering::Relaxed);
        watchers.map(|watcher| watcher.join().unwrap())
    });
    let imported: u64 = summaries.iter().map(|summary| summary.imported).sum();
    let others: u64 = summaries.iter().map(|summary| summary.already_there + summary.refused).sum();
    assert_eq!((imported, others, requests(&store)), (ROUNDS * 50, 0, ROUNDS * 50));
    assert!(summaries.iter().all(|summary| summary.is_stopped));
}
