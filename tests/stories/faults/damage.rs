//! A journal that is damaged where it lies. Every bit of it is looked at in the journal's own
//! tests; this is what a user sees.

use std::fs;

use super::{audit, lock, ready, record};
use crate::fixture::Fixture;

const FRAMES: u64 = 20;
const EACH: u64 = 200;

#[test]
fn all_but_the_damaged_piece_is_stored_and_the_doctor_names_it() {
    let fixture = Fixture::new();
    let mut gateway = ready(&fixture, "");
    let locked = lock(&fixture);
    for _ in 0..FRAMES {
        // At least a frame each time.
        record(&mut gateway, EACH);
    }
    gateway.kill().unwrap();
    drop(locked);
    let journal = fs::read_dir(fixture.path("usage.db.journal")).unwrap();
    let segments: Vec<_> = journal.map(|entry| entry.unwrap().path()).collect();
    let mut bytes = fs::read(&segments[0]).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[used / 2] ^= 0x10;
    fs::write(&segments[0], bytes).unwrap();

    let before = fixture.usage("doctor");
    let name = segments[0].file_name().unwrap().to_str().unwrap();
    assert!(before.stdout.contains(name), "{before}");
    assert!(before.stdout.contains("damaged          1 piece"), "{before}");
    // The next command that writes stores what can be read.
    fixture.usage_reading("record", "");
    let audit = audit(&fixture);
    let numbers = audit.numbers("gateway");
    let lost = FRAMES * EACH - numbers.len() as u64;
    assert!((1..=EACH).contains(&lost), "{lost} are lost");
    audit.so_many_once("gateway", 0).unwrap();
    // One gap, and not at an end.
    let gaps: Vec<_> = numbers.windows(2).filter(|pair| pair[0] + 1 != pair[1]).collect();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!((numbers[0], *numbers.last().unwrap()), (0, FRAMES * EACH - 1));
    let after = fixture.usage("doctor");
    assert!(after.stdout.contains(&format!("1 piece, {lost} records lost")), "{after}");
    assert!(!fixture.path("usage.db.journal").exists());
}
