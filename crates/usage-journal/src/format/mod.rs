//! The bytes of a segment: headers, frames, and the records in them. Pure.

mod decode;
mod encode;
mod frame;
mod header;
mod mark;
mod measures;
mod table;
#[cfg(test)]
mod tests;
mod varint;
mod version;

use usage_core::sink::SegmentId;

pub(crate) use decode::{Undecodable, decode};
pub(crate) use encode::{Encoder, MAX_ENCODED_RECORD};
pub(crate) use frame::{END_MARK_BYTES, FRAME_HEADER_BYTES, FrameHeader, MAGIC, payload_is_whole};
pub(crate) use header::{FRAMES_START, HEADERS_BYTES, Header, Headers, HeadersError};
pub(crate) use version::Version;

/// What the checksums of a segment's frames start from: its id and generation, so that what an
/// earlier generation left behind never passes for the present one.
pub(crate) fn seed(segment: SegmentId, generation: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(segment.as_bytes());
    hasher.update(&generation.to_le_bytes());
    hasher.finalize()
}

fn checksum(seed: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(bytes);
    hasher.finalize()
}

/// The `N` bytes at `at`; `None` beyond the end.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
