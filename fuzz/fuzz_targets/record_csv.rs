//! Any bytes, cut anywhere: rows that end in the same places, a header or a refusal, and records
//! that come back equal from the rows written for them, or refusals of one line.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use usage_core::record::csv::{self, Header, RowScanner};
use usage_core::{LabelInterner, Timestamp};

#[derive(Debug, arbitrary::Arbitrary)]
struct Input<'a> {
    cut: u16,
    bytes: &'a [u8],
}

/// Where the rows of these parts end.
fn ends(parts: &[&[u8]]) -> Vec<usize> {
    let (mut scanner, mut begin, mut ends) = (RowScanner::default(), 0, Vec::new());
    for part in parts {
        let mut at = 0;
        while let Some(end) = scanner.end_of_row(&part[at..]) {
            ends.push(begin + at + end);
            at += end + 1;
        }
        begin += part.len();
    }
    ends
}

fuzz_target!(|input: Input<'_>| {
    let bytes = input.bytes;
    let found = ends(&[bytes]);
    let (first, second) = bytes.split_at(usize::from(input.cut).min(bytes.len()));
    assert_eq!(ends(&[first, second]), found);

    let now = Timestamp::from_micros(1_777_787_761_000_000);
    let mut interner = LabelInterner::new(16);
    let all = Header::parse(csv::header().as_bytes()).unwrap();
    let mut header = all.clone();
    let mut begin = 0;
    for end in found.into_iter().chain([bytes.len()]) {
        let row = &bytes[begin..end];
        begin = (end + 1).min(bytes.len());
        match Header::parse(row) {
            Ok(found) => {
                assert!(header.parse_row(row, now, &mut interner).is_err());
                header = found;
                continue;
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        match header.parse_row(row, now, &mut interner) {
            Ok(record) => {
                let written = csv::write(&record);
                assert!(ends(&[written.as_bytes()]).is_empty(), "{written}");
                let again = all.parse_row(written.as_bytes(), now, &mut interner);
                assert_eq!(again.as_ref(), Ok(&record), "{written}");
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
