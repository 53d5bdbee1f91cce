//! Examining a ledger: what a sound one looks like, and what is said of each kind of damage.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use rusqlite::Connection;

use crate::fixture::Fixture;
use crate::lines::{DAY, events, many};
use crate::maintenance::left_behind;

/// Makes a ledger one of version 3, but for its number.
const TO_VERSION_3: &str = include_str!("../../crates/usage-store/tests/it/to-version-3.sql");

/// A ledger of [`DAY`] that was changed past the command.
fn harmed(sql: &str) -> Fixture {
    let fixture = Fixture::with(DAY);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch(sql).unwrap();
    ledger.close().unwrap();
    fixture
}

/// The lines about what is wrong, and the error, of a ledger that is not sound.
fn complaints(fixture: &Fixture) -> String {
    let before = fixture.read("usage.db");
    let run = fixture.usage("doctor");
    assert_eq!(run.code, 4, "{run}");
    assert!(fixture.read("usage.db") == before, "the doctor has changed the ledger");
    assert_eq!(fixture.files(), ["usage.db"]);
    let (_, checks) = run.stdout.split_once("\nChecks\n").unwrap();
    let wrong = checks.lines().filter(|line| !line.ends_with(" ok"));
    wrong.map(|line| format!("{line}\n")).collect::<String>() + &run.stderr
}

#[test]
fn a_sound_ledger() {
    let fixture = Fixture::with(DAY);
    let before = fixture.read("usage.db");
    insta::assert_snapshot!(fixture.usage("doctor"));
    insta::assert_snapshot!(fixture.usage("doctor --format json"));
    assert_eq!(fixture.usage("doctor --quick").stdout, fixture.usage("doctor").stdout);
    assert!(fixture.read("usage.db") == before);
    assert_eq!(fixture.files(), ["usage.db"]);
}

#[test]
fn an_empty_ledger_is_sound() {
    let page = Fixture::with("").usage("doctor").stdout_of_success();
    assert!(page.contains("\n  records          0\n") && !page.contains("oldest"), "{page}");
}

#[test]
fn times_are_those_of_the_zone() {
    let page = Fixture::with(DAY).usage("doctor --timezone Asia/Kathmandu").stdout_of_success();
    assert!(page.contains("\n  newest           2026-05-03T15:15:00+05:45\n"), "{page}");
}

/// Escape sequences in names stay what they are: names.
#[test]
fn hostile_names() {
    let line = r#"{"instance_id":"i\u001b[31m","route":"r","model":"m\u009b31m","tokens":1}"#;
    let fixture = Fixture::with(line);
    for format in ["text", "json"] {
        let page = fixture.usage(&format!("doctor --format {format}")).stdout_of_success();
        assert!(page.trim_end().chars().all(|c| !c.is_control() || c == '\n'), "{page:?}");
    }
    let json = fixture.report("doctor --format json");
    assert_eq!(json["content"]["dimensions"][0]["top"][0]["name"], "i\u{1b}[31m");
    assert_eq!(json["content"]["dimensions"][4]["top"][0]["name"], "m\u{9b}31m");
}

/// While it is being written: what is committed is seen, and nothing is taken away.
#[test]
fn a_ledger_in_use() {
    let fixture = Fixture::with(&many(0, 10));
    let writer = Connection::open(fixture.path("usage.db")).unwrap();
    writer
        .execute_batch(
            "UPDATE ledger SET label_generation = 99; BEGIN IMMEDIATE; DELETE FROM records",
        )
        .unwrap();
    let json = fixture.report("doctor --format json");
    assert_eq!(json["content"]["records"], 10);
    assert!(json["log_bytes"].as_u64().unwrap() > 0, "{json}");
    writer.execute_batch("ROLLBACK").unwrap();
    assert_eq!(fixture.files(), ["usage.db", "usage.db-shm", "usage.db-wal"]);
}

#[test]
fn a_ledger_that_is_not_there() {
    let fixture = Fixture::new();
    let run = fixture.usage("doctor");
    assert!(run.code == 1 && run.stderr.starts_with("error: there is no ledger"), "{run}");
    fixture.write("usage.db", DAY);
    let run = fixture.usage("doctor");
    assert!(run.code == 1 && run.stderr.contains("is not a usage ledger"), "{run}");
    assert_eq!(fixture.files(), ["usage.db"]);
}

#[test]
fn records_that_cannot_be() {
    let fixture = harmed(
        "UPDATE records SET input = -5 WHERE id = 1;
         UPDATE records SET unclassified = 1000000001 WHERE id = 2;
         UPDATE records SET ts = -1 WHERE id = 3;
         UPDATE records SET ts = 4102444800000000, fallbacks = 1 WHERE id = 4;
         UPDATE records SET event_id = '' WHERE id = 5;
         UPDATE records SET reasoning = 7 WHERE id = 6;",
    );
    insta::assert_snapshot!(complaints(&fixture));
}

#[test]
fn records_without_names() {
    let fixture = harmed("DELETE FROM label_sets WHERE model = 'gpt-5'");
    insta::assert_snapshot!(complaints(&fixture), @"
      records          1 wrong
        record 3 of 2026-05-03T09:00:00.500000Z: its names (3) are missing or cannot be used; `usage restore COPY` puts a backup back, `usage salvage /tmp/usage-XXXXXX/usage.db NEW` takes out what can be read
    error: something is wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    ");
}

#[test]
fn names_that_cannot_be() {
    let fixture = harmed("UPDATE label_sets SET model = '' WHERE model = 'local'");
    insta::assert_snapshot!(complaints(&fixture), @"
      names            1 wrong
        names 5: model must not be empty; `usage restore COPY` puts a backup back, `usage salvage /tmp/usage-XXXXXX/usage.db NEW` takes out what can be read
      records          1 wrong
        record 5 of 2026-05-02T23:59:59.999999Z: its names (5) are missing or cannot be used; `usage restore COPY` puts a backup back, `usage salvage /tmp/usage-XXXXXX/usage.db NEW` takes out what can be read
    error: 2 things are wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    ");
}

#[test]
fn ids_that_are_there_twice() {
    let fixture = harmed("UPDATE records SET id = 1 WHERE id = 3");
    insta::assert_snapshot!(complaints(&fixture), @r#"
      record-ids       1 wrong
        record 1 of 2026-05-03T09:00:00.500000Z: another record has the id 1 too; restore a backup, or remove it: `sqlite3 /tmp/usage-XXXXXX/usage.db "DELETE FROM records WHERE ts = 1777798800500000 AND id = 1"`, then `usage doctor --rebuild`
      sums             1 wrong
        sums of the quarter of an hour from 2026-05-03T09:00Z: the times, ids or names of its records are not those that were stored; `usage doctor --rebuild` remakes them
    error: 2 things are wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    "#);
}

#[test]
fn event_ids_that_are_there_twice() {
    let fixture = harmed(
        "UPDATE records SET event_id = 'e' WHERE id IN (1, 2, 4, 5);
         UPDATE records SET event_id = 'f' WHERE id IN (3, 6);",
    );
    // Of the same instance; others may use the same.
    insta::assert_snapshot!(complaints(&fixture), @r#"
      event-ids        8 wrong
        record 5 of 2026-05-02T23:59:59.999999Z: record 4 has the event id "e" of "router-2" too; restore a backup, or remove it: `sqlite3 /tmp/usage-XXXXXX/usage.db "DELETE FROM records WHERE ts = 1777766399999999 AND id = 5"`, then `usage doctor --rebuild`
        record 2 of 2026-05-03T08:16:00.000000Z: record 1 has the event id "e" of "router-1" too; restore a backup, or remove it: `sqlite3 /tmp/usage-XXXXXX/usage.db "DELETE FROM records WHERE ts = 1777796160000000 AND id = 2"`, then `usage doctor --rebuild`
        record 6 of 2026-04-30T10:00:00.000000Z: its event id is not among those that are known; `usage doctor --rebuild` remakes them
        record 5 of 2026-05-02T23:59:59.999999Z: its event id is not among those that are known; `usage doctor --rebuild` remakes them
        record 1 of 2026-05-03T08:15:00.000000Z: its event id is not among those that are known; `usage doctor --rebuild` remakes them
        record 2 of 2026-05-03T08:16:00.000000Z: its event id is not among those that are known; `usage doctor --rebuild` remakes them
        record 3 of 2026-05-03T09:00:00.500000Z: its event id is not among those that are known; `usage doctor --rebuild` remakes them
        record 4 of 2026-05-03T09:30:00.000000Z: its event id is not among those that are known; `usage doctor --rebuild` remakes them
    error: 8 things are wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    "#);
}

#[test]
fn counters_that_are_behind() {
    let fixture = harmed("UPDATE ledger SET next_record_id = 4, label_generation = 0");
    insta::assert_snapshot!(complaints(&fixture), @r#"
      counters         2 wrong
        table ledger: label_generation is 0; `usage restore COPY` puts a backup back, `usage salvage /tmp/usage-XXXXXX/usage.db NEW` takes out what can be read
        table ledger: next_record_id is 4, a record has the id 6; `sqlite3 /tmp/usage-XXXXXX/usage.db "UPDATE ledger SET next_record_id = 7"`
    error: 2 things are wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    "#);
    insta::assert_snapshot!(complaints(&harmed("DELETE FROM ledger")), @"
      counters         1 wrong
        table ledger: its only row is missing; `usage restore COPY` puts a backup back, `usage salvage /tmp/usage-XXXXXX/usage.db NEW` takes out what can be read
      event-ids        not done: see above
      sums             1 wrong
        sums of all months: what tells whether all of them are there cannot be read; `usage doctor --rebuild` remakes them
    error: 2 things are wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    ");
}

#[test]
fn imports_that_cannot_be() {
    let fixture = harmed(
        "INSERT INTO sources VALUES ('ccrouter:/home/a/usage.db', zeroblob(16),
         unhex('ffffffffffffffff000000000000000200000000000000030000000000000004'))",
    );
    insta::assert_snapshot!(complaints(&fixture), @r#"
      imports          1 wrong
        import of /home/a/usage.db: imported is -1; `sqlite3 /tmp/usage-XXXXXX/usage.db "DELETE FROM sources WHERE name GLOB 'ccrouter:*'"`, then import again
    error: something is wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    "#);
}

#[test]
fn tables_that_are_missing_or_changed() {
    let fixture = harmed(
        "DROP TABLE sources;
         DROP VIEW usage_records; CREATE VIEW usage_records AS SELECT 1;
         ALTER TABLE label_sets ADD COLUMN more TEXT; CREATE TABLE own (x);",
    );
    insta::assert_snapshot!(complaints(&fixture), @"
      tables           2 wrong
        table label_sets: it is not what schema version 6 makes; `usage restore COPY` puts a backup back, `usage salvage /tmp/usage-XXXXXX/usage.db NEW` takes out what can be read
        table sources: it is missing; `usage restore COPY` puts a backup back, `usage salvage /tmp/usage-XXXXXX/usage.db NEW` takes out what can be read
      counters         not done: see above
      names            not done: see above
      prices           not done: see above
      records          not done: see above
      record-ids       not done: see above
      event-ids        not done: see above
      imports          not done: see above
      sums             not done: see above
      sessions         not done: see above
    error: 2 things are wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    ");
}

/// Checks that what is made from the tables can be made from them again.
#[test]
fn a_view_that_is_missing() {
    let fixture = harmed("DROP VIEW usage_records");
    let all = complaints(&fixture);
    assert!(all.starts_with("  tables           1 wrong\n") && !all.contains("not done"), "{all}");
    let remedies = all.lines().filter_map(|line| line.split_once("`sqlite3 ")?.1.split('"').nth(1));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    remedies.for_each(|sql| ledger.execute_batch(sql).unwrap());
    ledger.close().unwrap();
    fixture.usage("doctor").stdout_of_success();
}

/// They would be taken for new ones if they came again.
#[test]
fn event_ids_that_are_not_known() {
    let fixture = Fixture::with(&events(0, 3));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch("DELETE FROM event_ids WHERE record = 2").unwrap();
    ledger.close().unwrap();
    insta::assert_snapshot!(complaints(&fixture), @"
      event-ids        1 wrong
        record 2 of 2026-05-01T00:00:01.000000Z: its event id is not among those that are known; `usage doctor --rebuild` remakes them
    error: something is wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    ");
    assert_eq!(fixture.usage("doctor --quick").code, 0, "that is what --quick does without");
    let rebuilt = fixture.usage("doctor --rebuild");
    assert!(rebuilt.stderr.contains("; 1 event id was not what was known"), "{}", rebuilt.stderr);
    fixture.usage("doctor").stdout_of_success();
}

#[test]
fn pages_of_rubbish() {
    let fixture = Fixture::with(&many(0, 5_000));
    let file = File::options().write(true).open(fixture.path("usage.db")).unwrap();
    file.write_all_at(&[0xa5; 2 * 4_096], 70 * 4_096).unwrap();
    drop(file);
    let all = complaints(&fixture);
    let of_database = all.lines().filter(|line| line.starts_with("    database: ")).count();
    assert!(of_database > 0, "{all}");
    assert!(all.contains("\n    table records: not every record can be read: "), "{all}");
    assert!(all.contains("\n  record-ids       not done: see above\n"), "{all}");
    let json = fixture.usage("doctor --format json");
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["sound"], &json["content"]), (&false.into(), &serde_json::Value::Null));
}

/// Only so many are named.
#[test]
fn a_thousand_things_that_are_wrong() {
    let fixture = Fixture::with(&many(0, 1_000));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute("UPDATE records SET unclassified = -1", []).unwrap();
    ledger.close().unwrap();
    let all = complaints(&fixture);
    assert_eq!(all.matches("\n    record ").count(), 20, "{all}");
    assert!(all.contains("\n    and 980 more\n"), "{all}");
    assert!(all.contains("error: 1,000 things are wrong with the ledger "), "{all}");
}

/// Checks the advice on what is not wrong: an older version, which stays one; a file that cannot shrink; free space.
#[test]
fn advice() {
    let fixture = harmed(&format!(
        "{TO_VERSION_3} DROP TABLE journals; DROP TABLE journal_folders; DROP TABLE set_aside;
         DROP TABLE imports; PRAGMA user_version = 1",
    ));
    let before = fixture.read("usage.db");
    let page = fixture.usage("doctor").stdout_of_success();
    let (_, advice) = page.split_once("\nAdvice\n").unwrap();
    insta::assert_snapshot!(advice, @"  the schema is of version 1; `usage migrate /tmp/usage-XXXXXX/usage.db` makes it 6, after a copy");
    assert!(fixture.read("usage.db") == before, "the doctor has migrated the ledger");

    let fixture = harmed(
        "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM; PRAGMA journal_mode = WAL",
    );
    let page = fixture.usage("doctor").stdout_of_success();
    let (_, advice) = page.split_once("\nAdvice\n").unwrap();
    insta::assert_snapshot!(advice, @r#"  free pages cannot be given back until, with nobody using the ledger, `sqlite3 /tmp/usage-XXXXXX/usage.db "PRAGMA auto_vacuum = INCREMENTAL; VACUUM"` has made it anew"#);
    // The advice helps.
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM").unwrap();
    ledger.close().unwrap();
    assert!(!fixture.usage("doctor").stdout_of_success().contains("Advice"));

    let fixture = harmed("CREATE TABLE t AS SELECT randomblob(5000000); DROP TABLE t");
    let page = fixture.usage("doctor").stdout_of_success();
    let (_, advice) = page.split_once("\nAdvice\n").unwrap();
    assert!(advice.starts_with("  `usage vacuum` gives ") && advice.lines().count() == 1, "{page}");
    fixture.usage("vacuum").stdout_of_success();
    assert!(!fixture.usage("doctor").stdout_of_success().contains("Advice"));
}

/// Checks that what the doctor says to do about a record, done as it is said, makes the ledger sound again.
#[test]
fn the_remedy_is_one() {
    let fixture =
        harmed("UPDATE records SET input = -5 WHERE id = 1; UPDATE ledger SET next_record_id = 2");
    let all = complaints(&fixture);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    let remedies = all.lines().filter_map(|line| line.split_once("`sqlite3 ")?.1.split('"').nth(1));
    let count = remedies.map(|sql| ledger.execute_batch(sql).unwrap()).count();
    ledger.close().unwrap();
    assert_eq!(count, 2, "{all}");
    // What the record counted is in the sums still, as the remedy says.
    assert!(all.contains("\"`, then `usage doctor --rebuild`\n"), "{all}");
    fixture.usage("doctor --rebuild --quiet").stdout_of_success();
    fixture.usage("doctor --full").stdout_of_success();
    assert_eq!(fixture.stored(), 5);
}

/// Sums that are not what the records come to, and what makes them so again.
#[test]
fn sums_that_do_not_agree() {
    let fixture = harmed(
        "UPDATE records SET fallbacks = 9 WHERE id = 1;
         DELETE FROM rollups_day WHERE number = (SELECT min(number) FROM rollups_day);
         UPDATE rollups_month SET cells = x'00'",
    );
    insta::assert_snapshot!(complaints(&fixture), @"
      sums             4 wrong
        sums of the quarter of an hour from 2026-05-03T08:15Z: they do not agree with the records; `usage doctor --rebuild` remakes them
        sums of the day 2026-04-30 (UTC): they are missing, those of its quarters of an hour are there; `usage doctor --rebuild` remakes them
        sums of the month 2026-05 (UTC): they cannot be read; `usage doctor --rebuild` remakes them
        sums of the month 2026-04 (UTC): they cannot be read; `usage doctor --rebuild` remakes them
    error: 4 things are wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    ");
    let run = fixture.usage("report");
    assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{run}");
    assert!(run.stderr.contains("`usage doctor --rebuild` remakes them"), "{run}");

    let run = fixture.usage("doctor --rebuild");
    assert_eq!(run.code, 0, "{run}");
    insta::assert_snapshot!(run.stderr, @"note: rebuilt the sums of 6 records in 5 quarters of an hour; 6 sums were wrong");
    assert!(run.stdout.contains("\n  sums             ok\n"), "{run}");
    assert_eq!(fixture.report("report --format json")["summary"]["fallbacks"], 12);
    let run = fixture.usage("doctor --rebuild --format json --quiet");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["sound"], true);
}

/// Checks that what is wrong with sums of long ago is found when it is asked for.
#[test]
fn all_sums_or_the_recent_ones() {
    let line = r#"{"instance_id":"i","route":"r","model":"m","tokens":7,"timestamp":"2020-01-01T10:00:00Z"}"#;
    // One record, or twenty, with the time of a wrong clock do not hide the others.
    let late = r#"{"instance_id":"i","route":"r","model":"m","tokens":9,"timestamp":"2099-01-01T10:00:00Z"}"#;
    let fixture = Fixture::with(&format!("{}{line}\n{late}\n", many(0, 30)));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch("UPDATE records SET unclassified = 8 WHERE unclassified = 7").unwrap();
    ledger.close().unwrap();
    assert_eq!((fixture.usage("doctor").code, fixture.usage("doctor --quick").code), (0, 0));
    let run = fixture.usage("doctor --full");
    assert_eq!(run.code, 4, "{run}");
    assert!(
        run.stdout.contains("from 2020-01-01T10:00Z: they do not agree with the records"),
        "{run}"
    );
    assert_eq!(fixture.usage("doctor --full --quick").code, 2);
    assert_eq!(fixture.usage("doctor --rebuild --quick").code, 2);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    let recent = "UPDATE records SET unclassified = 3 WHERE id = (SELECT min(id) FROM records)";
    ledger.execute_batch(recent).unwrap();
    ledger.close().unwrap();
    assert_eq!(fixture.usage("doctor").code, 4);
}

/// A quarter of an hour whose records were deleted and whose sums cannot be read: nothing can make
/// it again, and nobody is told that all was well.
#[test]
fn sums_that_are_lost() {
    let fixture = harmed(
        "UPDATE retention SET rows_from = 1777790700000000, records_from = 1777790700000000;
         DELETE FROM records WHERE ts < 1777790700000000;
         UPDATE rollups_quarter SET cells = x'00'
         WHERE number = (SELECT min(number) FROM rollups_quarter)",
    );
    let run = fixture.usage("doctor --rebuild --timezone Asia/Kathmandu");
    assert_eq!(run.code, 4, "{run}");
    insta::assert_snapshot!(run.stderr, @"
    note: rebuilt the sums of 4 records in 3 quarters of an hour, and 2 without records kept; 0 sums were wrong
    warning: what came from 2026-04-30T15:45:00+05:45 to 2026-04-30T16:00:00+05:45 is lost: its records were deleted, and its sums cannot be read
    error: something is wrong with the ledger /tmp/usage-XXXXXX/usage.db
    hint: keep a copy of the file before anything is done about it
    ");
}

/// Checks the words on what waits in journals, whose it is, and what could not be a record.
#[test]
fn what_is_not_in_the_ledger() {
    let fixture = harmed(
        "CREATE TRIGGER strict BEFORE INSERT ON label_sets WHEN NEW.model = 'x'
         BEGIN SELECT RAISE(ABORT, 'no such model'); END",
    );
    let bad = r#"{"instance_id":"router-1","route":"think","model":"x","tokens":7,"timestamp":"2026-05-03T10:00:00Z"}"#;
    let run = fixture.usage_reading("record", format!("{}{bad}\n{bad}\n", many(0, 3)));
    assert_eq!(fixture.stored(), 9, "{run}");
    left_behind(&fixture, &many(10, 1_500));
    let journal = |name: &str| fixture.path("usage.db.journal").join(name);
    // Of another ledger: it begins as one of this program, with other ids.
    let other = Fixture::with(DAY);
    left_behind(&other, &many(0, 5));
    let foreign = fs::read_dir(other.path("usage.db.journal")).unwrap().next().unwrap().unwrap();
    let name = "0123456789abcdef0123456789abcdef.segment";
    fs::copy(foreign.path(), journal(name)).unwrap();
    insta::assert_snapshot!(page_without_names(&fixture), @r#"
      of stopped       1,500 records in 1 file, 4.1 MB
      of others        1 file, 4.1 MB
        /tmp/usage-XXXXXX/usage.db.journal/0123456789abcdef0123456789abcdef.segment

    Set aside
      records          2
      2 records: no such model
        {"instance_id":"router-1","profile":"","provider":"","route":"think","model…
        {"instance_id":"router-1","profile":"","provider":"","route":"think","model…

    Checks
      database         ok
      tables           ok
      counters         ok
      names            ok
      prices           ok
      records          ok
      record-ids       ok
      event-ids        ok
      imports          ok
      sums             ok
      sessions         ok
      journals         ok

    Advice
      1500 records wait in a journal; `usage vacuum` stores them
    "#);

    let json = fixture.report("doctor --format json");
    assert_eq!(json["sound"], true);
    let states: Vec<_> =
        json["journals"].as_array().unwrap().iter().map(|file| &file["state"]).collect();
    assert!(
        states.len() == 2
            && states.contains(&&"foreign".into())
            && states.contains(&&"stopped".into()),
        "{states:?}"
    );
    let set_aside = &json["set_aside"];
    assert_eq!((&set_aside["records"], &set_aside["more"]), (&2.into(), &0.into()));
    let reason = &set_aside["reasons"][0];
    assert_eq!((&reason["kind"], &reason["reason"]), (&"record".into(), &"no such model".into()));
    assert!(reason["first"][0].as_str().unwrap().contains(r#""model":"x""#), "{reason}");

    // One that cannot be read at all is told until somebody has moved it away.
    fs::write(journal("00000000000000000000000000000001.segment"), "rubbish").unwrap();
    fs::remove_file(journal(name)).unwrap();
    insta::assert_snapshot!(fixture.usage("vacuum").stderr, @"
    note: 1,500 records were recovered from a journal that a stopped program had left
    note: nothing in /tmp/usage-XXXXXX/usage.db.journal/00000000000000000000000000000001.damaged can be read
    ");
    let run = fixture.usage("doctor");
    assert_eq!(run.code, 4, "{run}");
    let (_, wrong) = run.stdout.split_once("\n  journals ").unwrap();
    insta::assert_snapshot!(wrong.trim_start(), @"
    1 wrong
        journal /tmp/usage-XXXXXX/usage.db.journal/00000000000000000000000000000001.damaged: not even its headers can be read, so its records are not in the ledger; move it elsewhere
    ");
}

/// From what waits on, where every line fits on a terminal.
fn page_without_names(fixture: &Fixture) -> String {
    let page = fixture.usage("doctor").stdout_of_success();
    let (_, page) = page.split_once("\nJournals\n").unwrap();
    assert!(
        page.lines().all(|line| line.starts_with("    /tmp/") || line.chars().count() <= 80),
        "{page}"
    );
    page.to_owned()
}
