//! A damaged ledger: exit code 4, a hint, and no further harm.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use crate::fixture::Fixture;
use crate::lines::many;

/// SQLite's page here.
const PAGE: u64 = 4_096;

fn damaged(harm: impl FnOnce(&mut File, u64)) -> Fixture {
    let fixture = Fixture::with(&many(0, 5_000));
    let mut file = File::options().read(true).write(true).open(fixture.path("usage.db")).unwrap();
    let length = file.metadata().unwrap().len();
    assert!(length > 20 * PAGE, "{length}");
    harm(&mut file, length);
    fixture
}

#[test]
fn a_truncated_ledger() {
    let fixture = damaged(|file, length| file.set_len(length / 2 / PAGE * PAGE).unwrap());
    let before = fixture.read("usage.db");
    insta::assert_snapshot!(fixture.usage("report"), @"
    exit 4
    --- stderr
    error: cannot open the ledger /tmp/usage-XXXXXX/usage.db: it is damaged (database disk image is malformed)
    hint: `usage restore COPY` puts a backup back, `usage salvage LEDGER NEW` takes out what can be read
    ");
    assert!(fixture.read("usage.db") == before, "the file has changed");
}

#[test]
fn a_truncated_ledger_takes_nothing_in() {
    let fixture = damaged(|file, length| file.set_len(length / 2 / PAGE * PAGE).unwrap());
    let run = fixture.usage_reading("record", many(0, 10));
    insta::assert_snapshot!(run, @"
    exit 4
    --- stderr
    error: cannot open the ledger /tmp/usage-XXXXXX/usage.db: it is damaged (database disk image is malformed)
    hint: `usage restore COPY` puts a backup back, `usage salvage LEDGER NEW` takes out what can be read
    ");
}

#[test]
fn pages_of_rubbish() {
    let fixture = damaged(|file, length| {
        file.seek(SeekFrom::Start(4 * PAGE)).unwrap();
        let rubbish = usize::try_from(length - 4 * PAGE).unwrap();
        file.write_all(&vec![0xa5; rubbish]).unwrap();
    });
    insta::assert_snapshot!(fixture.usage("report"), @"
    exit 4
    --- stderr
    error: cannot open the ledger /tmp/usage-XXXXXX/usage.db: it is damaged (database disk image is malformed)
    hint: `usage restore COPY` puts a backup back, `usage salvage LEDGER NEW` takes out what can be read
    ");
}

/// A record whose names are gone is damage, not a report that is a little short.
#[test]
fn records_without_their_names() {
    let fixture = Fixture::with(&many(0, 10));
    let ledger = rusqlite::Connection::open(fixture.path("usage.db")).unwrap();
    let forgotten = ledger.execute("DELETE FROM label_sets WHERE model = 'm3'", []).unwrap();
    assert_eq!(forgotten, 1);
    ledger.close().unwrap();
    insta::assert_snapshot!(fixture.usage("report"), @"
    exit 4
    --- stderr
    error: the ledger /tmp/usage-XXXXXX/usage.db is damaged: records refer to unknown names (4) (ledger/names)
    hint: `usage restore COPY` puts a backup back, `usage salvage LEDGER NEW` takes out what can be read
    ");
}

/// Text that is none is damage as well, whoever meets it.
#[test]
fn text_that_is_not_utf_8() {
    let fixture = Fixture::with(&many(0, 10));
    let ledger = rusqlite::Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute("UPDATE records SET event_id = CAST(x'66ff' AS TEXT) WHERE id = 4", []).unwrap();
    ledger.close().unwrap();
    let export = fixture.usage("export");
    assert_eq!(export.code, 4, "{export}");
    let doctor = fixture.usage("doctor");
    assert_eq!(doctor.code, 4, "{doctor}");
}
