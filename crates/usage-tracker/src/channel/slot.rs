//! What travels through the channel.

use usage_core::{Record, Timestamp, TokenCounts, Usage};

use super::prepared::Place;

/// A record, whole or with names that were prepared, or nothing.
pub(super) enum Slot {
    Record(Record),
    /// At [`Place::NONE`]: nothing, an empty slot that keeps a closed channel full.
    Prepared(Place, Usage),
}

// A record has one spare bit pattern, which tells the two apart: the slot costs no room.
const _: () = assert!(size_of::<Slot>() == size_of::<Record>());

/// What an empty slot carries in place of usage.
const NOTHING: Usage = match Usage::new(TokenCounts::new(), 0, Timestamp::MIN_RECORD) {
    Ok(usage) => usage,
    Err(_) => panic!("found out by the compiler"),
};

impl Slot {
    pub(super) const fn empty() -> Self {
        Self::Prepared(Place::NONE, NOTHING)
    }
}
