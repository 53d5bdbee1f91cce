//! A disk or a ledger that breaks a promise that the journal relies on, to prove that the model would find a
//! journal that breaks it.

use std::borrow::Cow;

/// A flaw of a machine, there all the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Nothing.
    #[default]
    None,
    /// The disk puts right whatever checksum is wrong when it is read: as if the reader did not look at
    /// them.
    MendsChecksums,
    /// The ledger says that it is durable, and is not: as if space was given back before that.
    OnlySaysDurable,
    /// The ledger does not count generations: as if a segment was used again under the one it had.
    ForgetsGenerations,
}

const MAGIC: &[u8] = b"\xF7USG";
const HEADERS: usize = 128;
const FRAME_HEADER: usize = 28;
/// Set in a frame's length where everything before it was synced.
const SYNCED: u32 = 1 << 31;

impl Flaw {
    /// Returns the content of a file as a disk with this flaw gives it out.
    pub(super) fn read(self, data: &[u8]) -> Cow<'_, [u8]> {
        let mut data = Cow::Borrowed(data);
        if self == Self::MendsChecksums {
            mend(data.to_mut());
        }
        data
    }
}

/// Puts the checksums of everything right that could be a frame.
fn mend(data: &mut [u8]) {
    let Some(seed) = seed(data) else { return };
    let mut at = HEADERS;
    while let Some(next) = find(data, at) {
        at = next + 1;
        if let Some(frame) = data.get_mut(next..) {
            mend_frame(frame, seed);
        }
    }
}

fn find(data: &[u8], from: usize) -> Option<usize> {
    let rest = data.get(from..)?;
    rest.windows(MAGIC.len()).position(|bytes| bytes == MAGIC).map(|at| from + at)
}

/// Returns what the frames' checksums start from: the segment's id and the generation of the later of its
/// headers.
fn seed(data: &[u8]) -> Option<u32> {
    let copies = [data.get(..64)?, data.get(64..HEADERS)?];
    let whole = |copy: &&[u8]| crc32fast::hash(&copy[..60]).to_le_bytes() == copy[60..];
    let generation = |copy: &[u8]| u64::from_le_bytes(copy[40..48].try_into().unwrap());
    let header = copies.into_iter().filter(whole).max_by_key(|copy| generation(copy))?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[8..24]);
    hasher.update(&header[40..48]);
    Some(hasher.finalize())
}

fn mend_frame(frame: &mut [u8], seed: u32) {
    let Some((header, rest)) = frame.split_at_mut_checked(FRAME_HEADER) else { return };
    let length = u32::from_le_bytes(header[4..8].try_into().unwrap()) & !SYNCED;
    if let Some(payload) = rest.get(..usize::try_from(length).unwrap()) {
        header[20..24].copy_from_slice(&checksum(seed, payload).to_le_bytes());
    }
    let own = checksum(seed, &header[..24]);
    header[24..].copy_from_slice(&own.to_le_bytes());
}

fn checksum(seed: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(bytes);
    hasher.finalize()
}
