//! Records that wait in the journal of a killed gateway are deleted with those of the ledger: what
//! somebody wanted to be gone does not come back.

use driver::recover;

use super::{audit, leave_journals};
use crate::fixture::Fixture;

/// The gateway's records begin with 2026-05-01, a microsecond apart: the first thousand of each are
/// older than this.
const THE_THOUSANDTH: &str = "2026-05-01T00:00:00.001Z";

#[test]
fn pruned_records_do_not_come_back() {
    let fixture = Fixture::new();
    leave_journals(&fixture, 2, 3_000, "");
    let run = fixture.usage(&format!("prune --before {THE_THOUSANDTH}"));
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("Deleted: 2,000"), "{run}");
    let kept: Vec<u64> = (1_000..3_000).collect();
    for _ in 0..2 {
        let audit = audit(&fixture);
        assert_eq!((audit.numbers("g0"), audit.numbers("g1")), (&*kept, &*kept));
        assert_eq!(recover(&fixture.path("usage.db")).unwrap().recovered.stored, 0);
    }
    assert_eq!(fixture.files(), ["usage.db"]);
}

#[test]
fn nor_do_all_of_them() {
    let fixture = Fixture::new();
    leave_journals(&fixture, 2, 3_000, "");
    let run = fixture.usage("delete --all --yes");
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("Deleted: 6,000"), "{run}");
    for _ in 0..2 {
        assert_eq!(audit(&fixture).total(), 0);
        assert_eq!(recover(&fixture.path("usage.db")).unwrap().recovered.stored, 0);
    }
    assert_eq!(fixture.files(), ["usage.db"]);
}
