//! Ledgers that take nothing more, and what the command says to that; what becomes of records is told
//! in the stories about faults. The command tries for ten seconds before it gives up, so these
//! stories are told at the same time, in one test.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use usage_store::SCHEMA_VERSION;

use crate::fixture::{Fixture, Run};
use crate::lines::{events, many};
use crate::process::{Background, eventually};

#[test]
fn the_command_gives_up_in_the_end() {
    thread::scope(|scope| {
        let stories: [(&str, fn()); 9] = [
            ("a full disk", a_full_disk),
            ("a disk that is full from the start", a_disk_that_is_full_from_the_start),
            ("a write that fails", a_write_that_fails),
            ("a ledger that stays locked", a_ledger_that_stays_locked),
            ("a ledger that is locked for a while", a_ledger_that_is_locked_for_a_while),
            ("a ledger that is slow", a_ledger_that_is_slow),
            ("a ledger that is held exclusively", a_ledger_that_is_held_exclusively),
            ("a ledger that is migrated underneath", a_ledger_that_is_migrated_underneath),
            ("a ledger that stays damaged", a_ledger_that_stays_damaged),
        ];
        for (name, story) in stories {
            thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, story).unwrap();
        }
    });
}

/// The number behind `name: ` in the accounts.
fn account(run: &Run, name: &str) -> u64 {
    let found = run.stdout.split("  |  ").find_map(|part| part.trim().strip_prefix(name));
    let number = found.unwrap_or_else(|| panic!("no {name} in {run}"));
    number.replace(',', "").trim().parse().unwrap()
}

/// Checks the words of every run that could not store everything: from which line on nothing was
/// stored, and numbers that are those of the ledger. `before` is how many records it held before.
fn assert_accounted_for(run: &Run, fixture: &Fixture, lines: u64, before: u64) {
    assert_eq!(run.code, 1, "{run}");
    let (stored, missing) = (account(run, "Stored: "), account(run, "Not stored: "));
    assert_eq!(account(run, "Lines: "), stored + missing, "{run}");
    assert!(stored + missing <= lines && missing > 0, "{run}");
    let from = format!(" could not be stored, from a:{} on: ", stored + 1);
    assert!(run.stderr.contains(&from), "{from}: {run}");
    let error = run.stderr.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(error, 1, "{run}");
    assert_eq!(fixture.totals(), (before + stored, before + stored), "{run}");
}

#[expect(clippy::print_stderr, reason = "a story that could not be told must be seen")]
pub(crate) fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// Runs a script where `disk` is a file system of that size, in a name space of its own; or not
/// at all where the system does not allow for one.
pub(crate) fn on_a_small_disk(fixture: &Fixture, size: &str, script: &str) -> Option<Run> {
    let mount = format!("mkdir -p disk && mount -t tmpfs -o size={size} tmpfs disk");
    let mut shell = fixture.program(Path::new("/usr/bin/env"));
    shell.args(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]);
    shell.arg(format!("{{ {mount}; }} >&2 || exit 99\n{script}"));
    let run = fixture.finished(shell.output().unwrap());
    // 1 and 127 without output are `unshare` and `env`, which could not start the shell.
    let is_impossible = run.code == 99 || (run.code != 0 && run.stderr.contains("unshare"));
    if is_impossible {
        skipped(&format!("no file system can be mounted in a user name space here: {run}"));
        return None;
    }
    Some(run)
}

/// The ledger is taken off the disk again before that vanishes. So many lines wait in the end that
/// the command turns the rest away as well.
fn a_full_disk() {
    const LINES: u64 = 200_000;
    let fixture = Fixture::with(&many(0, 100));
    fixture.write("a", many(100, LINES));
    let script =
        "cp usage.db disk/; usage record a --db disk/usage.db; code=$?; cp disk/* .; exit $code";
    let Some(run) = on_a_small_disk(&fixture, "3m", script) else { return };
    assert_accounted_for(&run, &fixture, LINES, 100);
    assert!(run.stderr.contains("the disk is full"), "{run}");
    assert!(run.stderr.contains("\nhint: what came before is stored; "), "{run}");
}

/// No room for even an empty ledger.
fn a_disk_that_is_full_from_the_start() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 10));
    let script = "usage record a --db disk/usage.db";
    let Some(run) = on_a_small_disk(&fixture, "8k", script) else { return };
    insta::assert_snapshot!(run, @"
    exit 1
    --- stderr
    error: cannot create the ledger /tmp/usage-XXXXXX/disk/usage.db: the disk is full
    hint: free some space and run the same command again
    ");
}

/// No file may grow beyond a limit: writing fails, though the disk has room.
fn a_write_that_fails() {
    const LINES: u64 = 50_000;
    let fixture = Fixture::with(&events(0, 100));
    fixture.write("a", events(100, LINES));
    // In units of 512 bytes. Signals that are ignored stay so in the command.
    let run = fixture.shell("trap '' XFSZ; ulimit -f 4096; exec usage record a");
    assert_accounted_for(&run, &fixture, LINES, 100);
    // With room again, the same command does the rest.
    let run = fixture.usage("record a");
    assert_eq!((run.code, account(&run, "Lines: ")), (0, LINES), "{run}");
    assert_eq!(fixture.stored(), 100 + LINES);
}

/// For longer than the command is willing to wait.
fn a_ledger_that_stays_locked() {
    let fixture = Fixture::with(&many(0, 5));
    fixture.write("a", many(5, 3));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = fixture.usage("record a");
    // Readers do not mind.
    assert_eq!(fixture.stored(), 5);
    ledger.execute_batch("ROLLBACK").unwrap();
    assert_accounted_for(&run, &fixture, 3, 5);
    insta::assert_snapshot!(run, @r#"
    exit 1
    --- stdout
    Lines: 3  |  Stored: 0  |  Duplicates: 0  |  Refused: 0  |  Not stored: 3
    --- stderr
    error: 3 records could not be stored, from a:1 on: cannot write to the ledger /tmp/usage-XXXXXX/usage.db: it is locked by another process
    hint: what came before is stored; lines with an event_id are safe to record again
    "#);
}

/// Others have it most of the time: storing takes longer than the command would wait for a ledger that takes nothing,
/// but batch after batch goes through.
fn a_ledger_that_is_slow() {
    const LINES: u64 = 180_000;
    let fixture = Fixture::with(&many(0, 5));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let ledger = Connection::open(fixture.path("usage.db")).unwrap();
            for _ in 0..100 {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                ledger.busy_timeout(Duration::from_secs(60)).unwrap();
                ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
                // sleep: it is held for so long, and let go for so long.
                thread::sleep(Duration::from_millis(1_500));
                ledger.execute_batch("ROLLBACK").unwrap();
                // sleep: others have their turn.
                thread::sleep(Duration::from_millis(100));
            }
        });
        let run = fixture.usage_reading("record", many(5, LINES));
        is_over.store(true, Ordering::Relaxed);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
        assert_eq!(account(&run, "Stored: "), LINES, "{run}");
    });
    assert_eq!(fixture.stored(), 5 + LINES);
}

/// The command waits, and loses nothing.
fn a_ledger_that_is_locked_for_a_while() {
    let fixture = Fixture::with(&many(0, 5));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut record = fixture.start("record");
    record.write(many(5, 3));
    record.end_input();
    // sleep: the lock must outlast some of its attempts; there is nothing to wait for.
    thread::sleep(Duration::from_millis(700));
    assert!(record.is_running());
    ledger.execute_batch("ROLLBACK").unwrap();
    let run = record.finish();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.stdout, "Lines: 3  |  Stored: 3  |  Duplicates: 0  |  Refused: 0\n");
    assert_eq!(fixture.stored(), 8);
}

/// It cannot even be opened.
fn a_ledger_that_is_held_exclusively() {
    let fixture = Fixture::with(&many(0, 5));
    fixture.write("a", many(5, 3));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let record = fixture.start("record a");
    let report = fixture.start("report");
    let runs = [record.finish(), report.finish()];
    ledger.execute_batch("ROLLBACK").unwrap();
    drop(ledger);
    insta::assert_snapshot!(runs[0], @"
    exit 1
    --- stderr
    error: cannot open the ledger /tmp/usage-XXXXXX/usage.db: it is locked by another process
    hint: try again when the other process is done
    ");
    insta::assert_snapshot!(runs[1], @"
    exit 1
    --- stderr
    error: cannot open the ledger /tmp/usage-XXXXXX/usage.db: it is locked by another process
    hint: try again when the other process is done
    ");
    assert_eq!(fixture.stored(), 5);
}

/// By a newer version of this program, while a recorder has it open: the recorder stops, says so,
/// and leaves what it could not store in the journal.
fn a_ledger_that_is_migrated_underneath() {
    let fixture = Fixture::new();
    let mut record = fixture.start("record");
    record.write(many(0, 10));
    eventually("the first lines stored", || fixture.stored() == 10);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.pragma_update(None, "user_version", 99).unwrap();
    record.write(many(10, 5));
    record.end_input();
    insta::assert_snapshot!(record.finish(), @"
    exit 1
    --- stdout
    Lines: 15  |  Stored: 10  |  Duplicates: 0  |  Refused: 0  |  In the journal: 5
    --- stderr
    error: 5 records wait in the journal: the ledger /tmp/usage-XXXXXX/usage.db was migrated to schema version 99 by another program, this one knows version 6
    hint: the next command that writes to the ledger stores them; do not record them again
    ");
    ledger.pragma_update(None, "user_version", SCHEMA_VERSION).unwrap();
    ledger.close().unwrap();
    assert_eq!(fixture.stored(), 10);
    assert_eq!(fixture.usage("vacuum").code, 0);
    assert_eq!(fixture.stored(), 15);
}

/// The same class of failure whichever way records come in, and the advice of damage with it.
fn a_ledger_that_stays_damaged() {
    let fixture = Fixture::with(&many(0, 5));
    fixture.write("a", events(5, 3));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute("UPDATE ledger SET event_id_key = NULL", []).unwrap();
    ledger.close().unwrap();
    let mut pipe = fixture.start("record");
    pipe.write(events(8, 3));
    pipe.end_input();
    let others = [fixture.start("record a"), fixture.start("record --follow a")];
    let runs = [pipe].into_iter().chain(others).map(Background::finish);
    for run in runs.collect::<Vec<_>>() {
        assert_eq!(run.code, 4, "{run}");
        assert!(run.stderr.contains("it has no event_id_key of 16 bytes"), "{run}");
        assert!(run.stderr.contains("hint: `usage doctor` says what is damaged"), "{run}");
    }
    assert_eq!(fixture.stored(), 5);
}
