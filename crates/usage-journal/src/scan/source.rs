//! What is read, and how far.

use crate::format::{Header, Version, seed};
use crate::shared::SegmentEpoch;

/// What is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(super) version: Version,
    pub(super) seed: u32,
    /// Whether the machine was started anew since, so that what was not synced may be missing.
    pub(super) restarted: bool,
}

impl Source {
    /// A segment of one's own.
    pub(crate) fn own(epoch: SegmentEpoch) -> Self {
        let seed = seed(epoch.segment, epoch.generation);
        Self { version: Version::CURRENT, seed, restarted: false }
    }

    /// The segment with this header, on a machine in this run.
    pub(crate) fn of(header: &Header, boot: u32) -> Self {
        let restarted = header.boot != 0 && boot != 0 && header.boot != boot;
        let seed = seed(header.segment, header.generation);
        Self { version: header.version, seed, restarted }
    }
}

/// Where reading ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// A segment of one's own: up to here everything is frames.
    Known { offset: u64, sequence: u64 },
    /// Somebody else's: its file has `len` bytes and should have `size`.
    Unknown { len: u64, size: u64 },
}

impl End {
    pub(super) fn offset(self) -> u64 {
        match self {
            Self::Known { offset, .. } => offset,
            Self::Unknown { len, size } => len.min(size),
        }
    }

    pub(super) fn sequence(self) -> Option<u64> {
        match self {
            Self::Known { sequence, .. } => Some(sequence),
            Self::Unknown { .. } => None,
        }
    }
}
