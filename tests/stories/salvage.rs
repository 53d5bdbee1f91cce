//! What the command says of a damaged ledger that it takes apart.

use std::fs;

use crate::fixture::Fixture;
use crate::lines::many;

#[test]
fn what_can_be_read_is_taken_out_and_the_rest_is_told() {
    let fixture = Fixture::with(&many(0, 2_000));
    insta::assert_snapshot!(fixture.usage("salvage usage.db same.db"));
    assert_eq!(
        fixture.usage("report --format json --db same.db").stdout_of_success(),
        fixture.usage("report --format json").stdout_of_success()
    );
    // A page in the middle, among the records.
    let mut bytes = fixture.read("usage.db");
    let page = bytes
        .chunks(4_096)
        .position(|page| page[0] == 10 && u16::from_be_bytes([page[3], page[4]]) > 60)
        .expect("a page of records");
    bytes[page * 4_096..(page + 1) * 4_096].fill(0);
    fs::write(fixture.path("usage.db"), &bytes).unwrap();
    let run = fixture.usage("salvage usage.db new.db");
    assert_eq!((run.code, run.stderr.as_str()), (3, ""), "{run}");
    for told in ["Salvaged to", "  records: ", "Missing: ", " from 2026-05-01T"] {
        assert!(run.stdout.contains(told), "{run}");
    }
    assert!(fixture.read("usage.db") == bytes);
    assert_eq!(fixture.usage("doctor --full --db new.db").code, 0);
    assert_eq!(fixture.usage("doctor").code, 4);
    fixture.usage("restore new.db --quiet").stdout_of_success();
    assert_eq!(fixture.usage("doctor").code, 0);
    let stored = fixture.stored();
    assert!((1_800..2_000).contains(&stored), "{stored}");
}
