//! What travels through the channel.

use usage_core::{Counts, Record};

use super::prepared::Place;

/// A record, whole or with names that were prepared, or nothing.
pub(super) enum Slot {
    Record(Record),
    /// At [`Place::NONE`]: nothing, an empty slot that keeps a closed channel full.
    Prepared(Place, Counts),
}

// A record has one spare bit pattern, which tells the two apart: the slot costs no room.
const _: () = assert!(size_of::<Slot>() == size_of::<Record>());

impl Slot {
    pub(super) const fn empty() -> Self {
        Self::Prepared(Place::NONE, Counts::NONE)
    }
}
