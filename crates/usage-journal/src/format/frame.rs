//! The header of a frame.

use super::version::Version;
use super::{array, checksum};

/// The first bytes of a frame. No UTF-8 text contains the first of them.
pub(crate) const MAGIC: [u8; 4] = [0xF7, b'U', b'S', b'G'];
/// The header's own size.
pub(crate) const FRAME_HEADER_BYTES: usize = 28;
/// The zeros behind the last frame.
pub(crate) const END_MARK_BYTES: usize = 8;
/// The longest payload that a reader accepts.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
/// The bit of the length that holds [`FrameHeader::synced`]. In format 1 no length is as large.
const SYNCED: u32 = 1 << 31;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// The payload's length in bytes.
    pub(crate) length: u32,
    /// The number of records of this generation that come before it.
    pub(crate) sequence: u64,
    /// The number of records in it.
    pub(crate) records: u32,
    /// Set when everything before it in the segment was known to be on the disk when it was written.
    pub(crate) synced: bool,
    payload_checksum: u32,
}

impl FrameHeader {
    pub(super) fn new(
        seed: u32,
        sequence: u64,
        records: u32,
        synced: bool,
        payload: &[u8],
    ) -> Self {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        Self { length, sequence, records, synced, payload_checksum: checksum(seed, payload) }
    }

    pub(super) fn to_bytes(self, seed: u32) -> [u8; FRAME_HEADER_BYTES] {
        let mut bytes = [0; FRAME_HEADER_BYTES];
        let length = if self.synced { self.length | SYNCED } else { self.length };
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.records.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.payload_checksum.to_le_bytes());
        let checksum = checksum(seed, &bytes[..24]);
        bytes[24..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the header at the front of `bytes`. Returns `None` unless it is one of this segment and generation.
    pub(crate) fn parse(version: Version, seed: u32, bytes: &[u8]) -> Option<Self> {
        let checked = bytes.get(..24)?;
        let own = u32::from_le_bytes(array(bytes, 24)?);
        if !checked.starts_with(&MAGIC) || own != checksum(seed, checked) {
            return None;
        }
        let length = u32::from_le_bytes(array(bytes, 4)?);
        let synced = version >= Version::Two && length & SYNCED != 0;
        let header = Self {
            length: if synced { length & !SYNCED } else { length },
            sequence: u64::from_le_bytes(array(bytes, 8)?),
            records: u32::from_le_bytes(array(bytes, 16)?),
            synced,
            payload_checksum: u32::from_le_bytes(array(bytes, 20)?),
        };
        header.is_possible(version).then_some(header)
    }

    /// Returns whether a program can have written it: a checksum of four bytes alone is not relied on.
    fn is_possible(&self, version: Version) -> bool {
        let (length, records) = (self.length as usize, self.records as usize);
        length <= MAX_PAYLOAD_BYTES
            && records > 0
            && records <= length / version.least_record()
            && self.sequence.checked_add(u64::from(self.records)).is_some()
    }

    /// Returns the sequence of the record that follows.
    pub(crate) const fn next_sequence(&self) -> u64 {
        self.sequence.saturating_add(self.records as u64)
    }

    /// Returns the frame's size in bytes, without the end mark.
    pub(crate) const fn frame_bytes(&self) -> u64 {
        FRAME_HEADER_BYTES as u64 + self.length as u64
    }
}

/// Returns whether this is the payload that belongs to the header.
pub(crate) fn payload_is_whole(seed: u32, header: &FrameHeader, payload: &[u8]) -> bool {
    payload.len() == header.length as usize && checksum(seed, payload) == header.payload_checksum
}
