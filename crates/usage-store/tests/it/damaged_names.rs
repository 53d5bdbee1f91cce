//! Names are those that were stored, or they are damage.

use std::fs;

use usage_core::{Filter, Label, TimeRange};
use usage_store::doctor::{Depth, examine};

use super::support::{Place, record_of, records};

/// Names of which a byte has flipped are no other names.
#[test]
fn changed_names_are_damage() {
    for sql in [
        "UPDATE label_sets SET model = 'm9' WHERE id = 2",
        "UPDATE label_sets SET profile = provider, provider = profile WHERE id = 2",
        "UPDATE label_sets SET id = 7 WHERE id = 2",
        "UPDATE label_sets SET checksum = checksum + 1 WHERE id = 2",
        "UPDATE label_sets SET checksum = NULL WHERE id = 2",
        "UPDATE label_sets SET model = CAST(x'6dff' AS TEXT) WHERE id = 2",
        // Each other's.
        "UPDATE label_sets SET id = -id; UPDATE label_sets SET id = 4 + id",
    ] {
        let place = three_models();
        let store = place.open();
        place.connection().execute_batch(sql).unwrap();
        for filter in [Filter::default(), of_model("m9"), of_model("m2")] {
            let error = store.report(TimeRange::ALL, &filter).unwrap_err();
            assert!(error.is_damage(), "{sql}: {error:?}");
            let records = store.records_by_period(TimeRange::ALL, &filter).last().unwrap();
            assert!(records.unwrap_err().is_damage(), "{sql}");
        }
        let diagnosis = examine(&place.path, Depth::Quick).unwrap();
        let names = diagnosis.checks.iter().find(|check| check.name == "names").unwrap();
        assert!(!names.is_passed(), "{sql}");
    }
}

fn of_model(model: &str) -> Filter {
    Filter::new().keeping(Label::Model, model)
}

/// Label sets 1 to 3.
fn three_models() -> Place {
    let place = Place::new();
    let batch = [1, 2, 3].map(|n| record_of(["i", "p", "v", "r", &format!("m{n}")], n, 5));
    place.open().insert_batch(&batch).unwrap();
    place
}

/// Bits of the file itself: in the table, and in the index by which writers find names.
#[test]
fn a_flipped_bit_in_a_name_gives_no_other_name() {
    let place = three_models();
    let store = place.open();
    let expected = store.report(TimeRange::ALL, &Filter::default()).unwrap();
    let connection = place.connection();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let page_of = |name: &str| -> usize {
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        connection.query_row(sql, [name], |row| row.get::<_, i64>(0)).unwrap() as usize - 1
    };
    let [table, index] = ["label_sets", "sqlite_autoindex_label_sets_1"].map(page_of);
    drop((store, connection));
    let sound = fs::read(&place.path).unwrap();
    let used = |page: usize| -> Vec<usize> {
        let bytes = page * 4_096..(page + 1) * 4_096;
        bytes.filter(|at| sound[*at] != 0).collect()
    };
    let with_flipped = |at: usize, bit: usize| {
        let mut wrong = sound.clone();
        wrong[at] ^= 1 << bit;
        fs::write(&place.path, &wrong).unwrap();
        usage_store::Store::open_existing(&place.path)
    };
    let mut refused = 0;
    for at in used(table) {
        for bit in [0, at % 8] {
            let Ok(store) = with_flipped(at, bit) else { continue };
            match store.report(TimeRange::ALL, &Filter::default()) {
                Ok(found) => assert_eq!(found, expected, "byte {at}, {bit}"),
                Err(error) => {
                    assert!(error.is_damage(), "byte {at}, {bit}: {error:?}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 30, "{refused}");
    const MODELS: [&str; 4] = ["m0", "m1", "m2", "m3"];
    // "m3" becomes "m2" there, and so on: what is recorded as one is not stored as the other.
    let names: Vec<_> = used(index).into_iter().filter(|at| sound[*at] == b'm').collect();
    assert!(names.len() >= 3, "{names:?}");
    refused = 0;
    for at in names {
        for (bit, model) in [0, 1].into_iter().flat_map(|bit| MODELS.map(|model| (bit, model))) {
            let Ok(store) = with_flipped(at + 1, bit) else { continue };
            let new = record_of(["i", "p", "v", "r", model], 99, 5);
            match store.insert_batch(std::slice::from_ref(&new)) {
                Ok(_) => assert_eq!(records(&store)[0], new, "byte {at}, {bit}"),
                Err(error) => {
                    assert!(error.is_damage(), "{error:?}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused >= 3, "{refused}");
}
