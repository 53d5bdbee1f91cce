//! Another connection in the way: what each operation of the ledger does then. That a lock which
//! goes away is waited for, by each in its turn, is told in `turns`; what becomes of records while
//! somebody holds the lock, in the stories about faults, which own locks.

use rusqlite::TransactionBehavior;
use usage_core::{Filter, TimeRange};
use usage_store::{
    PruneOptions, PrunePlan, SCHEMA_VERSION, SqliteErrorKind, StoreError, WriteError, insert_record,
};

use super::support::{Place, at, record, records, requests};

#[test]
fn a_locked_ledger_can_be_read_and_is_busy_to_writers() {
    let place = Place::with_records(3);
    let store = place.open_hasty();
    let mut other = place.connection();
    let lock = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let batch = [record(5, 1), record(6, 1)];
    for error in [
        store.insert_batch(&batch).unwrap_err(),
        store.prune_records(at(2)).unwrap_err(),
        store.delete_all_records().unwrap_err(),
        store.vacuum().unwrap_err(),
    ] {
        assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::Busy), "{error:?}");
    }
    assert_eq!(requests(&store), 3);
    assert_eq!(records(&store).len(), 3);
    // One can even open it, and read.
    assert_eq!(requests(&place.open_hasty()), 3);
    lock.rollback().unwrap();
    assert_eq!(store.insert_batch(&batch).unwrap().stored, 2);
    assert_eq!(requests(&store), 5);
}

/// Another program has migrated the ledger while this one has it open.
#[test]
fn a_ledger_migrated_underneath_is_neither_written_nor_read() {
    let place = Place::with_records(3);
    let store = place.open();
    assert_eq!(requests(&store), 3);
    let other = place.connection();
    let newer = SCHEMA_VERSION + 1;
    other.pragma_update(None, "user_version", newer).unwrap();

    let filter = Filter::default();
    for error in [
        store.insert_batch(&[record(5, 1)]).unwrap_err(),
        store.prune_records(at(2)).unwrap_err(),
        store.delete_all_records().unwrap_err(),
        store.report(TimeRange::ALL, &filter).unwrap_err(),
        store.records_by_period(TimeRange::ALL, &filter).next().unwrap().unwrap_err(),
        PrunePlan::new(&store, at(2), &PruneOptions::default()).unwrap_err(),
    ] {
        assert!(
            matches!(error, StoreError::VersionChanged { found, .. } if found == newer),
            "{error:?}"
        );
    }
    let error = insert_record(&place.connection(), &record(5, 1)).unwrap_err();
    assert!(matches!(error, WriteError::VersionChanged { found } if found == newer), "{error:?}");

    other.pragma_update(None, "user_version", SCHEMA_VERSION).unwrap();
    assert_eq!(requests(&store), 3);
    store.insert_batch(&[record(5, 1)]).unwrap();
}
