mod old_program;
mod one;
mod parts;
mod payload;
mod records;
mod seven;

use proptest::prelude::*;
use usage_core::sink::{LedgerId, SegmentId};

use super::frame::FrameHeader;
use super::header::{Header, Headers, HeadersError};
use super::varint;
use super::version::{Version, VersionError};

const ID: SegmentId = SegmentId::from_bytes([3; 16]);

fn header(generation: u64) -> Header {
    Header::new(ID, LedgerId::from_bytes([4; 16]), generation, 4096, 77)
}

#[test]
fn one_whole_copy_of_the_header_is_enough() {
    let good = header(7).to_bytes();
    assert_eq!(Headers::read(&good), Ok(Headers { header: header(7), damage: None }));
    for bit in 0..good.len() * 8 {
        let mut bytes = good;
        bytes[bit / 8] ^= 1 << (bit % 8);
        let read = Headers::read(&bytes).unwrap();
        assert_eq!(read.header, header(7), "bit {bit}");
        let damage = read.damage.unwrap();
        let at = bit / 8 / 64 * 64;
        assert_eq!((damage.offset, damage.length, damage.records), (at as u64, 64, Some(0)));
        assert_eq!(damage.bytes, bytes[at..at + 64]);
    }
}

#[test]
fn no_whole_copy_of_the_header_is_unreadable_unless_it_is_newer() {
    let mut bytes = header(1).to_bytes();
    bytes[10] ^= 1;
    bytes[80] ^= 1;
    assert_eq!(Headers::read(&bytes), Err(HeadersError::Unreadable));
    bytes[7] = Version::CURRENT.number() + 1;
    assert_eq!(Headers::read(&bytes), Err(HeadersError::Newer));
    assert_eq!(Headers::read(&[]), Err(HeadersError::Unreadable));
}

/// A program that meets a format it does not know says whether it is older or newer than its own.
#[test]
fn a_format_is_readable_too_old_or_too_new() {
    assert_eq!(Version::of(0), Err(VersionError::TooOld));
    for version in [Version::One, Version::Two] {
        assert_eq!(Version::of(version.number()), Ok(version));
        let header = Header { version, ..header(3) };
        assert_eq!(Headers::read(&header.to_bytes()).unwrap().header, header);
    }
    for number in [3, 255] {
        assert_eq!(Version::of(number), Err(VersionError::TooNew));
    }
}

#[test]
fn of_two_headers_the_later_generation_counts() {
    let (old, new) = (header(1).to_bytes(), header(2).to_bytes());
    for (first, second) in [(old, new), (new, old)] {
        let bytes = [&first[..64], &second[64..]].concat();
        assert_eq!(Headers::read(&bytes), Ok(Headers { header: header(2), damage: None }));
    }
}

#[test]
fn a_frame_header_is_of_one_segment_and_generation() {
    let payload = [1; 40];
    let seed = super::seed(ID, 1);
    let bytes = FrameHeader::new(seed, 5, 4, true, &payload).to_bytes(seed);
    let parse = |seed| FrameHeader::parse(Version::Two, seed, &bytes);
    let read = parse(seed).unwrap();
    assert_eq!((read.sequence, read.records, read.length, read.synced), (5, 4, 40, true));
    // Format 1 knows no such flag: that would be a frame of two gigabytes.
    assert_eq!(FrameHeader::parse(Version::One, seed, &bytes), None);
    assert!(super::payload_is_whole(seed, &read, &payload));
    for other in [super::seed(ID, 2), super::seed(SegmentId::from_bytes([9; 16]), 1)] {
        assert_eq!(parse(other), None);
        assert!(!super::payload_is_whole(other, &read, &payload));
    }
}

/// More records than the payload has room for, none, or sequences without end: nobody writes
/// these, whatever the checksum says.
#[test]
fn an_impossible_frame_header_is_none() {
    let seed = super::seed(ID, 1);
    for (version, most) in [(Version::One, 4), (Version::Two, 13)] {
        let parse = |sequence, records| {
            let header = FrameHeader::new(seed, sequence, records, false, &[1; 40]);
            FrameHeader::parse(version, seed, &header.to_bytes(seed))
        };
        assert!(parse(0, most).is_some());
        assert_eq!(parse(0, 0), None);
        assert_eq!(parse(0, most + 1), None);
        assert_eq!(parse(u64::MAX - 1, 4), None);
    }
}

proptest! {
    #[test]
    fn numbers_are_written_as_postcard_does(number: u64, signed: i64) {
        let mut bytes = Vec::new();
        varint::push(&mut bytes, number);
        prop_assert_eq!(&bytes, &postcard::to_allocvec(&number).unwrap());
        prop_assert_eq!(varint::take(&mut &bytes[..]), Some(number));
        let mut bytes = Vec::new();
        varint::push(&mut bytes, varint::zigzag(signed));
        prop_assert_eq!(&bytes, &postcard::to_allocvec(&signed).unwrap());
        prop_assert_eq!(varint::unzigzag(varint::zigzag(signed)), signed);
    }

    #[test]
    fn any_bytes_are_a_number_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
        let mut rest = &bytes[..];
        match (varint::take(&mut rest), postcard::take_from_bytes::<u64>(&bytes)) {
            (Some(number), Ok((expected, expected_rest))) => {
                prop_assert_eq!((number, rest), (expected, expected_rest));
            }
            (None, Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?}"),
        }
    }
}
