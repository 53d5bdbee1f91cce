//! Format 1, as it was written once: read for ever.

use serde::{Deserialize, Serialize};
use usage_core::record::MAX_COUNT;
use usage_core::{Record, Timestamp};

use super::payload::read_as;
use crate::format::{Undecodable, Version};

fn read(payload: &[u8], records: u32) -> Result<Vec<Record>, Undecodable> {
    read_as(Version::One, payload, records)
}

/// The format, as postcard sees it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    sets: Vec<[&'a str; 5]>,
    #[serde(borrow)]
    rows: Vec<Row<'a>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Row<'a> {
    set: u32,
    /// Microseconds since the row before; of the first since 1970.
    since: i64,
    fallbacks: u32,
    input: u32,
    output: u32,
    cache_read: u32,
    cache_write: u32,
    unclassified: u32,
    reasoning: u32,
    event_id: Option<&'a str>,
}

fn payload_of(row: Row<'_>) -> Vec<u8> {
    postcard::to_allocvec(&Payload { sets: vec![["i", "", "", "r", "m"]], rows: vec![row] })
        .unwrap()
}

fn good() -> Row<'static> {
    Row {
        set: 0,
        since: 1_777_787_761_000_000,
        fallbacks: 0,
        input: 1,
        output: 2,
        cache_read: 0,
        cache_write: 0,
        unclassified: 0,
        reasoning: 0,
        event_id: None,
    }
}

#[test]
fn what_no_record_may_hold_is_refused() {
    assert_eq!(read(&payload_of(good()), 1).unwrap().len(), 1);
    let long = "e".repeat(65);
    let rows = [
        Row { set: 1, ..good() },
        Row { since: -1, ..good() },
        Row { since: Timestamp::END_RECORD.as_micros(), ..good() },
        Row { fallbacks: MAX_COUNT + 1, ..good() },
        Row { input: MAX_COUNT + 1, ..good() },
        Row { unclassified: 1, ..good() },
        Row { reasoning: 3, ..good() },
        Row { event_id: Some(""), ..good() },
        Row { event_id: Some(&long), ..good() },
    ];
    for row in rows {
        let text = format!("{row:?}");
        assert!(read(&payload_of(row), 1).is_err(), "{text}");
    }
    for sets in [[""; 5], ["i\0", "", "", "r", "m"]] {
        let bytes = postcard::to_allocvec(&Payload { sets: vec![sets], rows: vec![good()] });
        assert!(read(&bytes.unwrap(), 1).is_err(), "{sets:?}");
    }
    assert!(read(&payload_of(good()), 2).is_err(), "another number of records");
    let longer = [payload_of(good()), vec![0]].concat();
    assert!(read(&longer, 1).is_err(), "something behind");
}
