//! Files that are no ledger, or none of this version; and that reading makes none.

use std::fs;

use rusqlite::Connection;
use usage_store::{APPLICATION_ID, SCHEMA_VERSION};

use crate::fixture::Fixture;
use crate::lines::many;

/// A command that reads, and one that writes.
const COMMANDS: [&str; 2] = ["report", "record"];

#[test]
fn a_ledger_that_is_not_there() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(fixture.usage("report"), @"
    exit 1
    --- stderr
    error: there is no ledger at /tmp/usage-XXXXXX/usage.db
    hint: `usage record FILE` makes one; --db or USAGE_DB names another
    ");
    let fixture = fixture.set("USAGE_DB", "no/folder/usage.db");
    insta::assert_snapshot!(fixture.usage("report --format json"), @"
    exit 1
    --- stderr
    error: there is no ledger at /tmp/usage-XXXXXX/no/folder/usage.db
    hint: `usage record FILE` makes one; --db or USAGE_DB names another
    ");
    insta::assert_snapshot!(fixture.usage("report --db usage.db/usage.db"), @"
    exit 1
    --- stderr
    error: there is no ledger at /tmp/usage-XXXXXX/usage.db/usage.db
    hint: `usage record FILE` makes one; --db or USAGE_DB names another
    ");
    let fixture = fixture.unset("USAGE_DB");
    insta::assert_snapshot!(fixture.usage("report"), @"
    exit 1
    --- stderr
    error: there is no ledger at /tmp/usage-XXXXXX/home/.local/share/usage/usage.db
    hint: `usage record FILE` makes one; --db or USAGE_DB names another
    ");
}

#[test]
fn reading_makes_neither_a_file_nor_a_folder() {
    for db in ["usage.db", "no/folder/usage.db", ""] {
        let fixture = Fixture::new().set("USAGE_DB", db);
        for arguments in [
            "report",
            "report today --format json",
            "report --format csv --instance i",
            "period",
            "period today --format json",
            "completions bash",
            "--help",
            "--version",
            "report nonsense",
        ] {
            fixture.usage(arguments);
            assert_eq!(fixture.files(), [""; 0], "{arguments} with USAGE_DB={db}");
            assert_eq!(fs::read_dir(fixture.path("home")).unwrap().count(), 0, "{arguments}");
        }
    }
}

/// A ledger that is read stays the same, byte for byte, and nothing stays beside it.
#[test]
fn reading_changes_nothing() {
    let fixture = Fixture::with(&many(0, 1_000));
    let before = fixture.read("usage.db");
    for arguments in ["report", "report today --format csv", "report --model m1 --format json"] {
        fixture.usage(arguments).stdout_of_success();
    }
    assert!(fixture.read("usage.db") == before, "the ledger has changed");
    assert_eq!(fixture.files(), ["usage.db"]);
}

/// A ledger that was moved away has left its log, in which its newest records are.
#[test]
fn none_is_made_beside_the_log_of_another() {
    let fixture = Fixture::new();
    fixture.write("usage.db-wal", "what a killed program has left");
    insta::assert_snapshot!(fixture.usage_reading("record", many(0, 3)), @"
    exit 1
    --- stderr
    error: cannot create /tmp/usage-XXXXXX/usage.db: /tmp/usage-XXXXXX/usage.db-wal is of a ledger that was moved or deleted: move it there, or away
    ");
    assert_eq!(fixture.files(), ["usage.db-wal"]);
}

#[test]
fn without_a_home_there_is_no_folder_for_data() {
    let fixture = Fixture::new().unset("USAGE_DB").unset("HOME");
    let run = fixture.usage("report");
    // Some systems know the home of a user all the same.
    assert!(run.code == 1 && run.stderr.lines().count() == 2, "{run}");
}

/// Refuses the file with this complaint, whatever the command, and leaves it as it is.
fn refused(fixture: &Fixture, code: i32) -> String {
    let before = fixture.read("usage.db");
    let files = fixture.files();
    let complaints = COMMANDS.map(|command| {
        let run = fixture.usage_reading(command, many(0, 3));
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{command}: {run}");
        run.stderr
    });
    assert_eq!(complaints[0], complaints[1]);
    assert!(fixture.read("usage.db") == before, "the file has changed");
    assert_eq!(fixture.files(), files);
    let [complaint, _] = complaints;
    complaint
}

#[test]
fn a_file_that_is_no_database() {
    let fixture = Fixture::new();
    fixture.write("usage.db", many(0, 100));
    insta::assert_snapshot!(refused(&fixture, 1), @"
    error: /tmp/usage-XXXXXX/usage.db is not a usage ledger: it is no SQLite database
    hint: --db or USAGE_DB names another file
    ");
    fixture.write("usage.db", "x");
    insta::assert_snapshot!(refused(&fixture, 1), @"
    error: /tmp/usage-XXXXXX/usage.db is not a usage ledger: it is no SQLite database
    hint: --db or USAGE_DB names another file
    ");
    fixture.write("usage.db", [b"SQLite format 3\0", &[0xff; 5_000][..]].concat());
    insta::assert_snapshot!(refused(&fixture, 1), @"
    error: /tmp/usage-XXXXXX/usage.db is not a usage ledger: it is no SQLite database
    hint: --db or USAGE_DB names another file
    ");
}

#[test]
fn the_database_of_another_program() {
    let fixture = Fixture::new();
    let other = Connection::open(fixture.path("usage.db")).unwrap();
    other
        .execute_batch("CREATE TABLE records (ts, id); INSERT INTO records VALUES (1, 2);")
        .unwrap();
    drop(other);
    insta::assert_snapshot!(refused(&fixture, 1), @"
    error: /tmp/usage-XXXXXX/usage.db is not a usage ledger: it is another program's SQLite database
    hint: --db or USAGE_DB names another file
    ");
}

/// Not even its first page has been written, as `sqlite3 FILE ""` or `touch` leaves it: that is
/// nobody's yet, so recording fills it.
#[test]
fn an_empty_file_becomes_a_ledger() {
    let fixture = Fixture::new();
    fixture.write("usage.db", "");
    let report = fixture.usage("report");
    assert!(report.code == 1 && report.stderr.starts_with("error: there is no ledger"), "{report}");
    assert_eq!(fixture.read("usage.db"), b"");
    let run = fixture.usage_reading("record", many(0, 3));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    assert_eq!(fixture.totals(), (3, 3));
}

/// Another program's mark on a database that is otherwise empty is respected.
#[test]
fn a_database_with_another_mark() {
    let fixture = Fixture::new();
    let other = Connection::open(fixture.path("usage.db")).unwrap();
    other.pragma_update(None, "application_id", 0x1234).unwrap();
    drop(other);
    insta::assert_snapshot!(refused(&fixture, 1), @"
    error: /tmp/usage-XXXXXX/usage.db is not a usage ledger: it is another program's SQLite database
    hint: --db or USAGE_DB names another file
    ");
}

#[test]
fn a_ledger_of_a_newer_version() {
    let fixture = Fixture::with(&many(0, 10));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    assert_eq!(
        ledger.pragma_query_value(None, "application_id", |row| row.get(0)),
        Ok(APPLICATION_ID)
    );
    ledger.pragma_update(None, "user_version", 99).unwrap();
    ledger.close().unwrap();
    insta::assert_snapshot!(refused(&fixture, 1), @"
    error: the ledger /tmp/usage-XXXXXX/usage.db has schema version 99, this program knows up to 6
    hint: update this program
    ");
    // Nothing was lost: the newer version finds what it had.
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.pragma_update(None, "user_version", SCHEMA_VERSION).unwrap();
    ledger.close().unwrap();
    assert_eq!(fixture.stored(), 10);
}

#[test]
fn a_folder_in_place_of_the_ledger() {
    let fixture = Fixture::new();
    for command in COMMANDS {
        let run = fixture.usage(&format!("{command} --db home"));
        insta::allow_duplicates! { insta::assert_snapshot!(run, @"
        exit 1
        --- stderr
        error: /tmp/usage-XXXXXX/home is not a usage ledger: it is a folder
        hint: --db or USAGE_DB names another file
        "); }
    }
    assert_eq!(fs::read_dir(fixture.path("home")).unwrap().count(), 0);
}

#[test]
fn a_file_in_place_of_the_folder() {
    let fixture = Fixture::new();
    fixture.write("file", "precious");
    insta::assert_snapshot!(fixture.usage("record --db file/usage.db"), @"
    exit 1
    --- stderr
    error: cannot look for a ledger at /tmp/usage-XXXXXX/file/usage.db: Not a directory (os error 20)
    ");
    assert_eq!(fixture.read("file"), b"precious");
}

/// A link leads to the ledger; one that leads nowhere is no ledger, and recording makes one.
#[test]
fn a_link_to_a_ledger() {
    let fixture = Fixture::with(&many(0, 3));
    std::os::unix::fs::symlink("usage.db", fixture.path("link")).unwrap();
    assert_eq!(fixture.usage("report --db link").stdout, fixture.usage("report").stdout);
    std::os::unix::fs::symlink("nowhere", fixture.path("dangling")).unwrap();
    insta::assert_snapshot!(fixture.usage("report --db dangling"), @"
    exit 1
    --- stderr
    error: there is no ledger at /tmp/usage-XXXXXX/dangling
    hint: `usage record FILE` makes one; --db or USAGE_DB names another
    ");
    assert!(!fixture.path("nowhere").exists());
}

/// What lies beside a ledger may be no file either: nothing waits for a pipe.
#[test]
fn what_lies_beside_a_ledger_is_a_pipe() {
    for ending in ["-wal", "-shm", "-journal"] {
        let fixture = Fixture::with(&many(0, 2));
        fixture.write("a", many(2, 1));
        fixture.shell(&format!("mkfifo usage.db{ending}")).stdout_of_success();
        for command in
            ["report", "record a", "export", "doctor", "vacuum", "backup copy.db", "tags"]
        {
            let run = fixture.usage(command);
            assert_eq!(run.code, 1, "{command}: {run}");
            let why = format!("usage.db{ending} cannot be opened: it is no file");
            assert!(run.stderr.contains(&why), "{command}: {run}");
        }
        fs::remove_file(fixture.path(&format!("usage.db{ending}"))).unwrap();
        assert_eq!(fixture.stored(), 2);
    }
}

/// Only a file can be followed, and a book has an end.
#[test]
fn pipes_and_devices_where_files_should_be() {
    let fixture = Fixture::with(&many(0, 1));
    fixture.shell("mkfifo pipe").stdout_of_success();
    for (command, why) in [
        ("record --follow pipe", "cannot read pipe: it is no file"),
        ("record --follow /dev/zero", "cannot read /dev/zero: it is no file"),
        ("prices --set /dev/zero", "cannot read /dev/zero: it is too long"),
        ("prices --update /dev/zero", "cannot read /dev/zero: it is too long"),
    ] {
        let run = fixture.usage(command);
        assert_eq!(run.code, 1, "{command}: {run}");
        assert!(run.stderr.contains(why), "{command}: {run}");
    }
}

/// What no ledger can be made at leaves nothing behind, whichever command tried.
#[test]
fn nothing_is_left_where_no_ledger_can_be_made() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 1));
    let deep = "a-folder-of-forty-characters-or-nearly-so/".repeat(12);
    for (path, why) in [
        ("x".repeat(252), "File name too long"),
        ("x".repeat(248), "File name too long"),
        (format!("{deep}usage.db"), "name a shorter path"),
        ("http://localhost:4318".to_owned(), "is a URL"),
        ("~anna/usage.db".to_owned(), "another user's home folder"),
    ] {
        for command in ["record a", "serve --listen 127.0.0.1:0", "report", "status"] {
            let run = fixture.usage(&format!("{command} --db {path}"));
            assert_ne!(run.code, 0, "{command}: {run}");
            let makes = command.starts_with("record") || command.starts_with("serve");
            assert!(!makes || run.stderr.contains(why), "{command}: {run}");
            let left: Vec<_> = fixture.files().into_iter().filter(|name| name != "a").collect();
            let left_files = left.iter().filter(|name| fixture.path(name).is_file());
            assert_eq!(left_files.count(), 0, "{command} --db {path}: {left:?}");
        }
    }
    assert!(!fixture.files().iter().any(|name| name.starts_with(['h', '~'])));
    // A folder may have such a name.
    fs::create_dir(fixture.path("~anna")).unwrap();
    fixture.usage("record a --db ~anna/usage.db").stdout_of_success();
}
