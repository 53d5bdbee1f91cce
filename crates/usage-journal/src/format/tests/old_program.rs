//! The first released program, reading segments that this one writes. Its rules are copied here as they
//! were, so that going back to it loses nothing.

use usage_core::sink::{LedgerId, SegmentId};

use crate::format::Header;

const OLD_MAGIC: &[u8; 7] = b"USGJRNL";
const OLD_VERSION: u8 = 1;

#[derive(Debug, PartialEq, Eq)]
enum OldVerdict {
    /// It stores what is in it.
    Stored,
    /// It leaves it as it is, and says that only a newer program can read it.
    LeftAlone,
    /// It renames it, so that nothing looks at it again.
    Renamed,
}

/// `Headers::read` of the first program, and what its replay did with the answer.
fn old_program(bytes: &[u8]) -> OldVerdict {
    let whole = |copy: &[u8]| {
        copy.len() == 64
            && copy.starts_with(OLD_MAGIC)
            && copy[7] == OLD_VERSION
            && copy[60..64] == crc32fast::hash(&copy[..60]).to_le_bytes()
    };
    let copy = |index: usize| {
        let at = index * 64;
        bytes.get(at..bytes.len().min(at + 64)).unwrap_or_default()
    };
    if whole(copy(0)) || whole(copy(1)) {
        OldVerdict::Stored
    } else if copy(0).starts_with(OLD_MAGIC) && copy(0).get(7) > Some(&OLD_VERSION) {
        OldVerdict::LeftAlone
    } else {
        OldVerdict::Renamed
    }
}

#[test]
fn the_old_program_leaves_new_segments_alone() {
    let (segment, ledger) = (SegmentId::from_bytes([3; 16]), LedgerId::from_bytes([4; 16]));
    let new = Header::new(segment, ledger, 1, 4096, 7);
    assert_eq!(old_program(&new.to_bytes()), OldVerdict::LeftAlone);
    let old = Header { version: super::Version::One, boot: 0, ..new };
    assert_eq!(old_program(&old.to_bytes()), OldVerdict::Stored);
    // The second copy may be damaged, and of the first anything but its first eight bytes.
    for byte in 8..128 {
        let mut bytes = new.to_bytes();
        bytes[byte] ^= 1;
        assert_eq!(old_program(&bytes), OldVerdict::LeftAlone, "byte {byte}");
    }
    assert_eq!(old_program(&[0; 128]), OldVerdict::Renamed);
}
