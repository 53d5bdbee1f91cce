//! The bytes of a segment: headers, frames, and the records in them. Pure: nothing here reads or writes a file.
//!
//! ```text
//! offset 0           64            128
//!        ┌───────────┬─────────────┬─────────┬─────────┬─   ─┬─────────┬──────────┬───────────┐
//!        │ header    │ header,     │ frame   │ frame   │  …  │ frame   │ end mark │ allocated │
//!        │ 64 bytes  │ once more   │         │         │     │         │ 8 zeros  │           │
//!        └───────────┴─────────────┴─────────┴─────────┴─   ─┴─────────┴──────────┴───────────┘
//! frame: ┌───────────────────┬────────────────────────────────────────────────────────────────┐
//!        │ header, 28 bytes  │ payload: layout, label sets, records                           │
//!        └───────────────────┴────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Integers of fixed width are little-endian. A **header** is there twice, so that no single fault hides what
//! follows; where both copies are whole, the one with the higher generation counts.
//!
//! | bytes | header of a segment |
//! |---|---|
//! | 7, 1 | `USGJRNL`, the number of the format: 1 or 2 |
//! | 16, 16 | the segment's id, the id of the ledger that it belongs to |
//! | 8 | generation, from 1: how many times the file was begun |
//! | 8 | the size of the segment in bytes |
//! | 4 | the machine's run, a checksum of Linux's boot id; zero where it is not known, and in format 1 |
//! | 4 | CRC-32 of the 60 bytes before |
//!
//! | bytes | header of a frame |
//! |---|---|
//! | 4 | `F7 U S G`: 0xF7, which no UTF-8 text contains |
//! | 4 | length of the payload in bytes, at most 1 MiB; from format 2 on the highest bit says that all before it was synced |
//! | 8 | sequence: how many records of this generation come before |
//! | 4 | how many records are in it |
//! | 4, 4 | CRC-32 of the payload, CRC-32 of the 24 bytes before |
//!
//! A **payload** is a row of numbers and texts, as [postcard](https://postcard.jamesmunns.com/wire-format) writes
//! them: numbers of seven bits a byte, texts with their length before them.
//!
//! | part of a payload | what |
//! |---|---|
//! | features, measures, names | from format 2 on: a bit for each change of what follows (none so far), a bit for each number that the records have, the number of names in a label set |
//! | label sets | their number, then the names of each |
//! | records | their number, then of each: the index of its label set, microseconds since the record before (zigzag), its numbers, and 0, or 1 and its event id |
//!
//! # Invariants
//! - A frame is written with one write, the end mark behind it; the next frame overwrites that mark. So a reader
//!   that meets eight zeros where a frame could begin has read everything.
//! - All checksums of frames start from the segment's id and generation ([`seed`]): frames of an earlier
//!   generation, or of another file, never pass for those of the present one.
//! - A frame's sequence is that of the frame before and its records: a gap says how many records are missing.
//! - A frame's header has a checksum of its own: when only the payload is damaged, it is known what was lost.
//! - What this program does not know makes a frame newer, never damaged: it is not passed over.
//! - No length is trusted for more memory than the bytes behind it could fill.
//!
//! Why it is so: decisions 0011 and 0014 in the repository.

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

/// Returns what the checksums of a segment's frames start from. It depends on id and generation, so that
/// frames of an earlier generation never pass for those of the present one.
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

/// Returns the `N` bytes at `at`; `None` beyond the end.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
