//! A copy that is put in the place of the ledger, and what becomes of what waits in journals.

use std::fs;
use std::time::Duration;

use crate::fixture::Fixture;
use crate::lines::many;
use crate::maintenance::left_behind;
use crate::process::eventually;

#[test]
fn a_copy_is_put_back_and_taken_back() {
    let fixture = Fixture::with(&many(0, 10));
    fixture.usage("backup copy.db --quiet").stdout_of_success();
    fixture.usage_reading("record --quiet", many(10, 5)).stdout_of_success();
    insta::assert_snapshot!(fixture.usage("restore copy.db"));
    assert_eq!(fixture.totals(), (10, 10));
    assert_eq!(fixture.usage("doctor --full").code, 0);
    insta::assert_snapshot!(fixture.usage("restore --undo"));
    assert_eq!(fixture.totals(), (15, 15));
    assert_eq!(fixture.files(), ["copy.db", "usage.db", "usage.db.replaced-1"]);
    insta::assert_snapshot!(Fixture::with(&many(0, 1)).usage("restore --undo"));
    insta::assert_snapshot!(fixture.usage("restore usage.db"));
}

/// Records without event ids that wait in a journal, of which the copy and the ledger have stored different parts: each
/// is there once, whichever is in place.
#[test]
fn what_waits_is_stored_once_whichever_is_there() {
    let fixture = Fixture::with(&many(0, 10));
    left_behind(&fixture, &many(10, 5));
    fixture.usage("backup copy.db --quiet").stdout_of_success();
    // The ledger stores them; the copy does not know of it, and its journal is gone.
    let run = fixture.usage("vacuum");
    assert!(run.stderr.contains("5 records were recovered"), "{run}");
    left_behind(&fixture, &many(15, 4));
    let run = fixture.usage("restore copy.db");
    assert!(run.stderr.contains("4 records were recovered"), "{run}");
    assert_eq!(fixture.totals(), (14, 14));
    // What the other had stored by itself is there again, and what waited for both comes to it too.
    let run = fixture.usage("restore --undo");
    assert!(run.stderr.contains("4 records were recovered"), "{run}");
    assert_eq!(fixture.totals(), (19, 19));
    assert_eq!(fixture.usage("doctor --full").code, 0);
}

#[test]
fn who_has_the_ledger_open_is_named() {
    let fixture = Fixture::with(&many(0, 10));
    fixture.usage("backup copy.db --quiet").stdout_of_success();
    let mut record = fixture.start("record");
    record.write(many(10, 1));
    eventually("the recorder has it open", || fixture.stored() == 11);
    let run = fixture.usage("restore copy.db");
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.stderr.starts_with("error: the ledger /tmp/usage-XXXXXX/usage.db is in use by usage"),
        "{run}"
    );
    assert!(run.stderr.contains("(process "), "{run}");
    record.end_input();
    assert_eq!(record.finish().code, 0);
    assert_eq!(fixture.files(), ["copy.db", "usage.db"]);
    fixture.usage("restore copy.db --quiet").stdout_of_success();
    assert_eq!(fixture.stored(), 10);
}

/// Killed after a time that is a little longer each time, it leaves the one or the other.
#[test]
fn killed_at_any_moment_it_is_done_or_undone() {
    let fixture = Fixture::with(&many(0, 2_000));
    fixture.usage("backup copy.db --quiet").stdout_of_success();
    fixture.usage_reading("record --quiet", many(2_000, 500)).stdout_of_success();
    let mut seen = [0, 0];
    for number in 0..16 {
        let restore = fixture.start("restore copy.db --quiet");
        // sleep: the moment of the kill is the point.
        std::thread::sleep(Duration::from_millis(4 * number));
        restore.signal("KILL");
        drop(restore);
        match fixture.stored() {
            2_500 => seen[0] += 1,
            2_000 => {
                seen[1] += 1;
                fixture.usage("restore --undo --quiet").stdout_of_success();
                assert_eq!(fixture.stored(), 2_500);
                fs::remove_dir_all(fixture.path("usage.db.replaced-1")).unwrap();
            }
            other => panic!("{other}"),
        }
        assert!(fixture.files().iter().all(|name| !name.ends_with(".restoring")));
    }
    assert!(seen[0] > 0, "{seen:?}");
    assert_eq!(fixture.usage("doctor --full").code, 0);
}

/// Records without event ids: those in the journal, those stored since the copy, those of both.
#[test]
fn what_came_later_is_kept_once_where_it_is_asked_for() {
    let fixture = Fixture::with(&many(0, 10));
    fixture.usage("backup copy.db --quiet").stdout_of_success();
    fixture.usage_reading("record --quiet", many(10, 5)).stdout_of_success();
    left_behind(&fixture, &many(15, 4));
    let run = fixture.usage("restore copy.db --keep-later");
    assert!(run.stdout.contains("Brought over: 5 records"), "{run}");
    assert!(run.stderr.contains("4 records were recovered"), "{run}");
    assert_eq!(fixture.totals(), (19, 19));
    assert_eq!(fixture.usage("doctor --full").code, 0);
    assert_eq!(fixture.usage("vacuum").stderr, "");
    assert_eq!(fixture.totals(), (19, 19));
}
