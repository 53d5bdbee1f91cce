//! That the other stories would see it: a record that is missing, and one that is there twice.

use std::fs;

use driver::{DEADLINE, recover};
use rusqlite::Connection;

use super::{audit, leave_journals, ready, record};
use crate::fixture::Fixture;

#[test]
fn a_lost_record_and_a_doubled_one_are_seen() {
    let fixture = Fixture::new();
    leave_journals(&fixture, 1, 500, "");
    let journal = fixture.path("usage.db.journal");
    fs::remove_dir_all(&journal).unwrap();
    recover(&fixture.path("usage.db")).unwrap();
    let lost = audit(&fixture).first_so_many("g0", 500).unwrap_err();
    assert_eq!(lost.to_string(), "g0 had 500 records in its journal, the ledger has 0");

    let mut gateway = ready(&fixture, "--instance g1");
    record(&mut gateway, 500);
    assert!(gateway.stop(DEADLINE).unwrap().is_clean);
    assert_eq!(audit(&fixture).first_so_many("g1", 500).unwrap(), 500);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    let change = |statement| assert_eq!(ledger.execute(statement, []).unwrap(), 1);
    change("DELETE FROM records WHERE unclassified = 400");
    let gap = audit(&fixture).first_so_many("g1", 400).unwrap_err();
    assert_eq!(gap.to_string(), "record 401 of g1 comes after a gap, 400 was next");
    change(
        "INSERT INTO records SELECT ts, id + 5000, label_set, input, output, cache_read,
         cache_write, unclassified, reasoning, fallbacks, event_id,
         session, more FROM records
         WHERE unclassified = 7",
    );
    let twice = audit(&fixture).first_so_many("g1", 400).unwrap_err();
    assert_eq!(twice.to_string(), "record 7 of g1 is stored twice, 8 was next");
    assert!(audit(&fixture).so_many_once("g1", 400).is_err());
    change("UPDATE records SET ts = ts + 1 WHERE unclassified = 9");
    assert!(driver::Audit::of(&fixture.path("usage.db")).is_err());
}
