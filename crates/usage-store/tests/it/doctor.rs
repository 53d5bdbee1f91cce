//! Examining a ledger from the library. What is said of each kind of damage is for the stories.

use std::fs;

use usage_core::Filter;
use usage_store::doctor::{Advice, Check, Depth, Diagnosis, Place, Remedy, examine};
use usage_store::{SCHEMA_VERSION, Store, StoreError, doctor};

use super::migration::WITHOUT_V4;
use super::support::{
    Place as Folder, at, journal, orphan, range, record, record_of, requests, segments, with_event,
};

fn examined(place: &Folder) -> Diagnosis {
    examine(&place.path, Depth::Full).unwrap()
}

/// The names of the checks that have not passed.
fn failed(diagnosis: &Diagnosis) -> Vec<&'static str> {
    let failed = diagnosis.checks.iter().filter(|check| !check.is_passed());
    failed.map(|check| check.name).collect()
}

/// Examined after a change past the store, and left as it was.
fn after(place: &Folder, sql: &str) -> Diagnosis {
    place.connection().execute_batch(sql).unwrap();
    let before = fs::read(&place.path).unwrap();
    let diagnosis = examined(place);
    assert!(fs::read(&place.path).unwrap() == before, "{sql}");
    assert_eq!(place.listing(), ["usage.db"], "{sql}");
    diagnosis
}

#[test]
fn what_is_in_a_sound_ledger() {
    let place = Folder::new();
    let batch = [
        record_of(["a", "", "v", "r", "m1"], 7, 1),
        record_of(["a", "default", "v", "r", "m2"], 5, 1),
        record_of(["b", "work", "", "r", "m1"], 9, 1),
    ];
    place.open().insert_batch(&batch).unwrap();
    let diagnosis = examined(&place);
    assert!(diagnosis.is_sound() && diagnosis.wrong() == 0 && diagnosis.advice.is_empty());
    assert_eq!(diagnosis.path, place.path);
    let file = diagnosis.file;
    assert_eq!((file.schema_version, file.log_bytes, file.free_bytes()), (SCHEMA_VERSION, 0, 0));
    assert_eq!(file.bytes, file.pages * file.page_bytes);
    assert!(file.is_shrinkable);
    let content = diagnosis.content.unwrap();
    assert_eq!((content.records, content.label_sets, content.unused_label_sets), (3, 3, 0));
    assert_eq!((content.oldest, content.newest), (Some(at(5)), Some(at(9))));
    let top = |at: usize| {
        let dimension = &content.dimensions[at];
        let top: Vec<_> =
            dimension.top.iter().map(|top| (top.name.as_str(), top.records)).collect();
        (dimension.name, dimension.distinct, top)
    };
    // An empty profile counts as the default one.
    assert_eq!(top(1), ("profile", 2, vec![("default", 2), ("work", 1)]));
    assert_eq!(top(2), ("provider", 2, vec![("v", 2), ("", 1)]));
    assert_eq!(top(4), ("model", 2, vec![("m1", 2), ("m2", 1)]));
}

/// Checks that what reports refuse, and more, is found, and only in the check that is about it.
#[test]
fn each_kind_of_damage_is_found_by_its_check() {
    for (sql, checks) in [
        ("UPDATE records SET reasoning = 1 WHERE id = 2", &["records", "sums"][..]),
        ("UPDATE records SET ts = 9000000000000000 WHERE id = 2", &["records", "sums"]),
        ("UPDATE records SET event_id = hex(zeroblob(40)) WHERE id = 2", &["records", "event-ids"]),
        ("UPDATE records SET label_set = 77 WHERE id = 2", &["records", "sums"]),
        ("UPDATE records SET id = 1 WHERE id = 2", &["record-ids", "sums"]),
        ("UPDATE records SET event_id = 'e'", &["event-ids"]),
        ("UPDATE ledger SET next_record_id = 3", &["counters"]),
        ("UPDATE ledger SET ledger_id = x'00'", &["counters"]),
        ("DELETE FROM ledger", &["counters", "event-ids", "sums"]),
        ("UPDATE label_sets SET route = ''", &["names", "records"]),
        ("UPDATE label_sets SET route = 's'", &["names", "records"]),
        ("UPDATE label_sets SET checksum = NULL", &["names", "records"]),
        ("INSERT INTO sources VALUES ('ccrouter:x', x'', zeroblob(23))", &["imports"]),
        // Text that is none.
        ("UPDATE label_sets SET model = CAST(x'ff' AS TEXT)", &["names", "records"]),
        (
            "UPDATE records SET event_id = CAST(x'66ff' AS TEXT) WHERE id = 2",
            &["records", "event-ids"],
        ),
        (
            "INSERT INTO set_aside (kind, content, reason)
             VALUES ('record', x'', CAST(x'ff' AS TEXT))",
            &["counters"],
        ),
        ("UPDATE retention SET rows_age = CAST(x'ff' AS TEXT)", &["counters"]),
        ("INSERT INTO settings VALUES ('a', CAST(x'ff' AS TEXT))", &["counters"]),
        ("INSERT INTO sources VALUES (CAST(x'ff' AS TEXT), x'', x'')", &["counters"]),
        ("INSERT INTO event_ids VALUES (1, 2, 1)", &["event-ids"]),
        ("UPDATE ledger SET event_id_key = NULL", &["counters", "event-ids"]),
    ] {
        let place = Folder::with_records(3);
        let diagnosis = after(&place, sql);
        assert_eq!(failed(&diagnosis), checks, "{sql}: {diagnosis:#?}");
        assert!(!diagnosis.is_sound() && diagnosis.wrong() > 0);
    }
}

/// Checks that what is known of event ids agrees with the records, both ways, and is made again where it does not.
#[test]
fn event_ids_that_cannot_be_found() {
    for sql in [
        "DELETE FROM event_ids",
        "DELETE FROM event_ids WHERE record = 2",
        "UPDATE event_ids SET hash = hash + 1 WHERE record = 2",
        "UPDATE event_ids SET ts = ts + 1 WHERE record = 2",
        "UPDATE records SET event_id = 'other' WHERE id = 2",
        "UPDATE records SET event_id = NULL WHERE id = 2",
        "DELETE FROM records WHERE id = 2",
    ] {
        let place = Folder::new();
        let batch = [1, 2, 3].map(|n| with_event(record(n, 1), &format!("e{n}")));
        place.open().insert_batch(&batch).unwrap();
        assert!(examined(&place).is_sound());
        let diagnosis = after(&place, sql);
        let checks: Vec<_> =
            failed(&diagnosis).into_iter().filter(|name| *name != "sums").collect();
        assert_eq!(checks, ["event-ids"], "{sql}: {diagnosis:#?}");
        let check = diagnosis.checks.iter().find(|check| check.name == "event-ids").unwrap();
        assert!(check.findings.iter().all(|finding| finding.remedy == Remedy::Rebuild));
        let quick = examine(&place.path, Depth::Quick).unwrap();
        assert!(!failed(&quick).contains(&"event-ids"), "{sql}");

        let rebuilt = doctor::rebuild(&place.open()).unwrap();
        assert_eq!(rebuilt.event_ids, check.wrong(), "{sql}");
        assert!(examined(&place).is_sound(), "{sql}");
        let again = place.open().insert_batch(&batch).unwrap();
        assert_eq!(again.total() - again.stored, 2 + u64::from(sql.contains("event_ids")), "{sql}");
        assert_eq!(doctor::rebuild(&place.open()).unwrap().event_ids, 0, "{sql}");
    }
}

/// A value of another type, which no statement can put there.
#[test]
fn a_column_of_another_type() {
    let place = Folder::with_records(3);
    let loose = "PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, ', '') WHERE name = 'records';";
    place.connection().execute_batch(loose).unwrap();
    place.connection().execute_batch("UPDATE records SET input = 'many' WHERE id = 2").unwrap();
    let strict = "PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(sql, ') WITHOUT', ') STRICT, WITHOUT')
        WHERE name = 'records';";
    let diagnosis = after(&place, strict);
    assert_eq!(failed(&diagnosis), ["database", "records", "sums"], "{diagnosis:#?}");
}

#[test]
fn findings_say_where_and_what_to_do() {
    let place = Folder::with_records(3);
    let diagnosis = after(&place, "UPDATE records SET input = -1 WHERE id = 2");
    let findings: Vec<_> = diagnosis.checks.iter().flat_map(|check| &check.findings).collect();
    let [finding] = findings[..] else { panic!("{findings:?}") };
    assert_eq!(finding.place, Place::Record { id: 2, timestamp: at(1) });
    assert_eq!(finding.remedy, Remedy::RemoveRecord { id: 2, timestamp: at(1) });
    // What the record counted is in the rollups still.
    let diagnosis = after(&place, "DELETE FROM records WHERE ts = 1 AND id = 2");
    assert_eq!(failed(&diagnosis), ["sums"]);
    assert_eq!(doctor::rebuild(&place.open()).unwrap().changed, 4);
    assert!(examined(&place).is_sound());
}

/// The rest of a batch is counted as well when one of it is named.
#[test]
fn only_so_many_findings_are_kept() {
    let place = Folder::with_records(100);
    let diagnosis = after(&place, "UPDATE records SET input = -1");
    let check: &Check = diagnosis.checks.iter().find(|check| !check.is_passed()).unwrap();
    assert_eq!((check.findings.len(), check.more, check.wrong()), (20, 80, 100));
    assert_eq!(diagnosis.wrong(), 100);
}

const WITHOUT_V3: &str = "DROP TABLE journals; DROP TABLE journal_folders; DROP TABLE set_aside;";

/// An older version is examined as what it is, and stays what it is.
#[test]
fn an_older_version_stays_one() {
    let place = Folder::with_records(3);
    let diagnosis = after(
        &place,
        &format!("{WITHOUT_V4} {WITHOUT_V3} DROP TABLE imports; PRAGMA user_version = 1"),
    );
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    assert_eq!(diagnosis.file.schema_version, 1);
    assert_eq!(diagnosis.advice, [Advice::OlderVersion(1)]);
    assert_eq!(requests(&place.open()), 3);
}

#[test]
fn what_is_no_ledger_is_refused() {
    let place = Folder::new();
    let error = examine(&place.path, Depth::Quick).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error:?}");
    fs::write(&place.path, "").unwrap();
    let error = examine(&place.path, Depth::Quick).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error:?}");
    fs::write(&place.path, "no ledger").unwrap();
    let error = examine(&place.path, Depth::Quick).unwrap_err();
    assert!(matches!(error, StoreError::NotALedger { .. }), "{error:?}");
    let place = Folder::with_records(1);
    let newer = SCHEMA_VERSION + 1;
    place.connection().pragma_update(None, "user_version", newer).unwrap();
    let error = examine(&place.path, Depth::Quick).unwrap_err();
    assert!(matches!(error, StoreError::NewerVersion { .. }), "{error:?}");
}

/// Whoever has it open, this process included, goes on writing: what was committed is seen.
#[test]
fn a_ledger_in_use() {
    let place = Folder::with_records(3);
    let store = place.open();
    for round in 0..3 {
        store.insert_batch(&[record(100 + round, 1)]).unwrap();
        let diagnosis = examined(&place);
        assert!(diagnosis.is_sound() && diagnosis.file.log_bytes > 0, "{diagnosis:#?}");
        assert_eq!(diagnosis.content.unwrap().records, 4 + round as u64);
    }
    store.insert_batch(&[with_event(record(1, 1), "e")]).unwrap();
    drop(store);
    assert_eq!(place.listing(), ["usage.db"]);
}

/// Checks that what a crash has left in the write-ahead log belongs to the ledger, and stays there.
#[test]
fn a_ledger_after_a_crash() {
    let place = Folder::with_records(3);
    let store = place.open();
    store.insert_batch(&[record(100, 1)]).unwrap();
    let crashed = Folder::new();
    // Reading drops the locks of the store, which is not used any more.
    for end in ["", "-wal"] {
        let [from, to] = [&place, &crashed].map(|place| format!("{}{end}", place.path.display()));
        fs::copy(from, to).unwrap();
    }
    let log = || fs::read(crashed.path.with_extension("db-wal")).unwrap();
    let before = (fs::read(&crashed.path).unwrap(), log());
    let diagnosis = examined(&crashed);
    assert_eq!(diagnosis.content.unwrap().records, 4);
    assert!((fs::read(&crashed.path).unwrap(), log()) == before);
    assert_eq!(requests(&crashed.open()), 4);
    drop(store);
}

/// Reports and the doctor agree on what is damage.
#[test]
fn what_a_report_refuses_is_found() {
    for sql in [
        "UPDATE records SET fallbacks = 1000000001",
        "UPDATE records SET label_set = 9",
        "UPDATE label_sets SET model = CAST(x'6100' AS TEXT)",
    ] {
        let place = Folder::with_records(2);
        assert!(!after(&place, sql).is_sound(), "{sql}");
        let store = Store::open_existing(&place.path).unwrap();
        // Of a part of a quarter of an hour, which rows alone can tell.
        let error = store.report(range(0, 9), &Filter::default()).unwrap_err();
        assert!(error.is_damage(), "{sql}: {error}");
    }
}

/// Checks that what waits in journals is no fault of the ledger, and looked at only.
#[test]
fn journals() {
    let place = Folder::with_records(3);
    let diagnosis = examined(&place);
    assert!(diagnosis.backlog.segments.is_empty() && diagnosis.quarantine.is_empty());
    let mut store = place.open();
    let folder = orphan(&mut store, &[record(7, 1), record(8, 1)]);
    let running = journal(&store, &folder, &[record(9, 1)]);
    let before = segments(&folder);
    let diagnosis = examined(&place);
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    assert_eq!((diagnosis.backlog.of_stopped(), diagnosis.backlog.of_running()), (2, 1));
    assert_eq!(diagnosis.advice, [Advice::Backlog(2)]);
    assert_eq!(segments(&folder), before);
    drop((store, running));

    // One of which nothing can be read is worth an alarm: nobody else tells of it twice.
    fs::write(folder.join(format!("{:032x}.segment", 1)), vec![0xFF; 8_192]).unwrap();
    assert_eq!(failed(&examined(&place)), ["journals"]);
    place.open().journals().recover().unwrap();
    assert_eq!(failed(&examined(&place)), ["journals"]);
    let diagnosis = examined(&place);
    let finding = &diagnosis.checks.last().unwrap().findings[0];
    assert_eq!(finding.remedy, Remedy::MoveAway);
    let Place::Journal(path) = &finding.place else { panic!("{finding:?}") };
    fs::remove_file(path).unwrap();
    assert!(examined(&place).is_sound());
}

/// With their reasons, the most frequent first.
#[test]
fn what_is_quarantined() {
    let place = Folder::with_records(3);
    let store = place.open();
    place
        .connection()
        .execute_batch(
            "CREATE TRIGGER strict BEFORE INSERT ON records WHEN NEW.ts >= 100
             BEGIN SELECT CASE WHEN NEW.ts > 100 THEN RAISE(ABORT, 'too new')
                          ELSE RAISE(ABORT, 'odd') END; END",
        )
        .unwrap();
    let batch: Vec<_> = (100..105).map(|micros| record(micros, 1)).collect();
    assert_eq!(store.insert_batch(&batch).unwrap().refused.len(), 5);
    let diagnosis = examined(&place);
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    let quarantine = diagnosis.quarantine;
    assert_eq!((quarantine.records, quarantine.pieces, quarantine.lost), (5, 0, 0));
    let reasons: Vec<_> =
        quarantine.reasons.iter().map(|reason| (reason.reason.as_str(), reason.count)).collect();
    assert_eq!(reasons, [("too new", 4), ("odd", 1)]);
    let lines: Vec<_> = batch[1..4].iter().map(usage_core::record::line::write).collect();
    assert_eq!(quarantine.reasons[0].first, lines);
}

/// Each record for a reason of its own: some are named, the others counted. Whatever stands there.
#[test]
fn many_reasons() {
    let place = Folder::with_records(3);
    let diagnosis = after(
        &place,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
         INSERT INTO set_aside (kind, content, reason) SELECT 'record', x'FF', i FROM n;
         INSERT INTO set_aside (kind, content, reason) VALUES ('journal', x'', 'torn');",
    );
    let quarantine = diagnosis.quarantine;
    assert_eq!((quarantine.records, quarantine.pieces), (30, 1));
    assert_eq!((quarantine.reasons.len(), quarantine.more), (20, 11));
    assert_eq!(quarantine.reasons[0].first, ["\u{fffd}"]);
}
