//! The size and the safety of a journal.

use crate::disk::Access;
use crate::format::{END_MARK_BYTES, FRAME_HEADER_BYTES, FRAMES_START, MAX_ENCODED_RECORD};

const MAX_FRAME_BYTES: u64 = 512 * 1024;

/// The size and the safety of a journal. Sizes are in bytes; one that does not fit the others is
/// changed to the nearest that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The size of a segment, all of which is allocated when it is made. At least what one frame
    /// needs. 4 MiB unless set.
    pub segment_bytes: u64,
    /// The most that all segments of one journal may take; at least two segments. 256 MiB unless
    /// set.
    pub max_bytes: u64,
    /// The size at which a frame is closed, give or take a record; at most 512 KiB. 256 KiB unless set.
    pub frame_bytes: u64,
    /// Set to sync what is appended before it is published, so that a power loss does not take it: one
    /// sync for all of it. Off unless set.
    pub sync: bool,
    /// The users that may read and write the journal's folder and files. Its owner alone unless set.
    pub access: Access,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 4 * 1024 * 1024,
            max_bytes: 256 * 1024 * 1024,
            frame_bytes: 256 * 1024,
            sync: false,
            access: Access::Owner,
        }
    }
}

impl Options {
    /// Returns the same options, with sizes that fit each other.
    pub(crate) fn fitted(self) -> Self {
        let frame_bytes = self.frame_bytes.min(MAX_FRAME_BYTES);
        let frame =
            FRAME_HEADER_BYTES as u64 + frame_bytes + MAX_ENCODED_RECORD + END_MARK_BYTES as u64;
        let segment_bytes = self.segment_bytes.max(FRAMES_START + frame);
        let max_bytes = self.max_bytes.max(segment_bytes.saturating_mul(2));
        Self { segment_bytes, max_bytes, frame_bytes, ..self }
    }
}
