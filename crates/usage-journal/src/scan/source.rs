//! The segment that is read, and where reading ends.

use crate::format::{Header, Version, seed};
use crate::shared::SegmentEpoch;

/// The segment that is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(super) version: Version,
    pub(super) seed: u32,
    /// Set when the machine was started anew since, so that what was not synced may be missing.
    pub(super) restarted: bool,
    /// Set when the segment is used for the first time: behind its last frame there is nothing.
    pub(super) is_first_use: bool,
}

impl Source {
    /// Describes a segment of this process.
    pub(crate) fn own(epoch: SegmentEpoch) -> Self {
        let seed = seed(epoch.segment, epoch.generation);
        Self {
            version: Version::CURRENT,
            seed,
            restarted: false,
            is_first_use: epoch.generation == 1,
        }
    }

    /// Describes the segment with this header, on a machine in this run.
    pub(crate) fn of(header: &Header, boot: u32) -> Self {
        let restarted = header.boot != 0 && boot != 0 && header.boot != boot;
        let seed = seed(header.segment, header.generation);
        let is_first_use = header.generation == 1;
        Self { version: header.version, seed, restarted, is_first_use }
    }
}

/// The place where reading ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// In a segment of this process: up to here everything is frames.
    Known { offset: u64, sequence: u64 },
    /// In an abandoned segment: its file has `len` bytes and should have `size`.
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
