//! Rows that are older than the ledger takes.

use usage_core::Timestamp;
use usage_import::ImportOptions;
use usage_store::Store;

use super::support::{OLDER, Place, import_with, record, requests};

/// A day, in microseconds: a month was pruned.
const HORIZON: i64 = 31 * 86_400_000_000;

fn quarantined(store: &Store) -> u64 {
    store.quarantine().size().unwrap().records
}

/// Rows of an import that are too old are kept as well, but once: not again when all of the origin is
/// looked at anew.
#[test]
fn what_an_import_brings() {
    // Both ways to take it in, in either order.
    for retry_first in [true, false] {
        let place = Place::new(OLDER);
        let store = place.store();
        store.insert_batch(&[record(HORIZON, 1)]).unwrap();
        store.prune_records(Timestamp::from_micros(HORIZON)).unwrap();
        place.execute(
            "INSERT INTO usage_records VALUES
             (1, 'i', 'r', 'm', 5, 0, '1970-01-01 00:00:01'),
             (2, 'i', 'r', 'm', 7, 0, '1970-03-01 00:00:01')",
        );
        let mut options = ImportOptions::default();
        for rescan in [false, false, true] {
            options.rescan = rescan;
            import_with(&store, &place.path, &options).unwrap();
            assert_eq!(quarantined(&store), 1, "{rescan}");
        }
        store.retention().reset_horizon(None).unwrap();
        for retry in [retry_first, !retry_first] {
            if retry {
                store.quarantine().retry().unwrap();
            } else {
                import_with(&store, &place.path, &options).unwrap();
            }
        }
        assert_eq!((requests(&store), quarantined(&store)), (3, 0));
    }
}
