//! SIGINT and SIGTERM: what was read so far is stored, and the accounts are printed.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use crate::fixture::Fixture;
use crate::lines::many;
use crate::process::{Background, eventually};

#[test]
fn what_was_read_is_stored_though_the_input_stays_open() {
    for signal in ["INT", "TERM", "HUP"] {
        let fixture = Fixture::new();
        let mut record = fixture.start("record");
        record.write(many(0, 1_234));
        // Whatever is in the pipe when the signal comes may or may not have been read.
        eventually("all of it stored", || fixture.stored() == 1_234);
        record.signal(signal);
        let run = record.finish();
        insta::allow_duplicates! { insta::assert_snapshot!(run, @"
        exit 1
        --- stdout
        Lines: 1,234  |  Stored: 1,234  |  Duplicates: 0  |  Refused: 0
        --- stderr
        error: interrupted, the rest was not read
        "); }
        assert_eq!(fixture.totals(), (1_234, 1_234));
    }
}

/// In the middle of a large file: the accounts are those of the ledger, and there is nothing in
/// between.
#[test]
fn in_the_middle_of_a_file_the_accounts_are_right() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 400_000));
    let record = fixture.start("record a");
    eventually("some of it stored", || fixture.stored() > 0);
    record.signal("TERM");
    let run = record.finish();
    let stored = fixture.stored();
    let accounts = run.stdout.replace(',', "");
    assert!(
        accounts.starts_with(&format!("Lines: {stored}  |  Stored: {stored}  |")),
        "{stored}: {run}"
    );
    // The first lines and no others: every model of ten came up as often, to one.
    let report = fixture.report("report --format json");
    for model in report["models"].as_array().unwrap() {
        let requests = model["requests"].as_u64().unwrap();
        assert!(requests.abs_diff(stored / 10) <= 1, "{model} of {stored}");
    }
    if stored < 400_000 {
        assert_eq!(run.code, 1, "{run}");
        assert_eq!(run.stderr, "error: interrupted, the rest was not read\n");
    }
}

#[test]
fn a_second_signal_changes_nothing() {
    let fixture = Fixture::new();
    let mut record = fixture.start("record");
    record.write(many(0, 50));
    eventually("all of it stored", || fixture.stored() == 50);
    for _ in 0..3 {
        record.signal("TERM");
    }
    let run = record.finish();
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stdout.starts_with("Lines: 50  |  Stored: 50  |"), "{run}");
}

/// Half a line at the end is no line yet.
#[test]
fn half_a_line_is_not_read() {
    let fixture = Fixture::new();
    let mut record = fixture.start("record");
    record.write(format!("{}{{\"instance_id\":", many(0, 3)));
    eventually("the whole lines stored", || fixture.stored() == 3);
    record.signal("INT");
    let run = record.finish();
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(run.stdout, "Lines: 3  |  Stored: 3  |  Duplicates: 0  |  Refused: 0\n");
}

/// Killed outright: what was committed is there, whole, and the ledger opens as ever.
#[test]
fn a_killed_one_leaves_a_sound_ledger() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 400_000));
    let record = fixture.start("record a");
    eventually("some of it stored", || fixture.stored() > 0);
    record.signal("KILL");
    drop(record);
    let stored = fixture.stored();
    assert!(stored > 0);
    let run = fixture.usage_reading("record", many(0, 10));
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(fixture.totals(), (stored + 10, stored + 10));
}

/// As `nohup`, `trap '' HUP` and a shell's jobs in the background have it: what is ignored at the start stays so.
#[test]
#[cfg(target_os = "linux")]
fn signals_that_were_ignored_at_the_start_stay_ignored() {
    for command in ["record", "record log -", "record --follow log"] {
        let fixture = Fixture::new();
        fixture.write("log", many(0, 5));
        let script = format!("trap '' HUP INT; exec usage {command}");
        let mut shell = fixture.program(Path::new("/bin/sh"));
        shell.args(["-c", &script]);
        let mut record = Background::start(&fixture, shell);
        record.write(many(10, 5));
        eventually("something stored", || fixture.stored() >= 5);
        for signal in ["HUP", "INT", "HUP"] {
            record.signal(signal);
        }
        let before = fixture.stored();
        if command.contains("follow") {
            let mut log = File::options().append(true).open(fixture.path("log")).unwrap();
            log.write_all(many(20, 5).as_bytes()).unwrap();
        } else {
            record.write(many(20, 5));
        }
        eventually("what came after the signals stored", || fixture.stored() >= before + 5);
        record.signal("TERM");
        let run = record.finish();
        assert!(run.stdout.starts_with("Lines: "), "{command}: {run}");
    }
}
