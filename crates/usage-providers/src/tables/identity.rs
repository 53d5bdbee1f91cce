//! Ids of events, and which of several reports of one event holds.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher24};

/// The most bytes that the id of an event may have.
pub const MAX_ID_BYTES: usize = 64;

/// Returns the id of an event that the provider gave one: the id itself, or, where that is longer
/// than [`MAX_ID_BYTES`] or begins with the sign of made ids, one made of it.
///
/// ```
/// use usage_providers::event_id;
///
/// assert_eq!(event_id("msg_01Xf6S"), "msg_01Xf6S");
/// assert_eq!(event_id(&"x".repeat(65)).len(), 33);
/// ```
#[must_use]
pub fn event_id(provider_id: &str) -> Cow<'_, str> {
    if provider_id.len() <= MAX_ID_BYTES && !provider_id.starts_with('~') {
        return Cow::Borrowed(provider_id);
    }
    Cow::Owned(made_id([provider_id]))
}

/// Makes an id of what identifies an event that has none: `~` and 32 hexadecimal digits.
///
/// The same pieces give the same id on every machine and in every version: ledgers keep it. It is
/// no protection against somebody who wants two events to have one id.
#[must_use]
pub fn made_id<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = SipHasher24::new();
    for piece in pieces {
        // With its length, so that `ab` `c` and `a` `bc` differ.
        hasher.write(&(piece.len() as u64).to_le_bytes());
        hasher.write(piece.as_bytes());
    }
    let mut id = String::from("~");
    let hash = hasher.finish128().as_u128();
    // Writing to a string does not fail.
    let _ = write!(id, "{hash:032x}");
    id
}

/// Returns the id of a further part of a response: `<id>/1` for the first after the main one.
///
/// An id that would become too long with its ending is made first, see [`event_id`].
#[must_use]
pub fn part_id(response_id: &str, number: usize) -> String {
    let ending = format!("/{number}");
    if response_id.len() + ending.len() > MAX_ID_BYTES {
        return made_id([response_id]) + &ending;
    }
    event_id(response_id).into_owned() + &ending
}

/// The place where a report of an event comes from. Of two reports of one event that are as sure as each
/// other, the one of the higher [`revision`](Self::revision) holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A log event of telemetry.
    TelemetryLog,
    /// A span of telemetry.
    TelemetrySpan,
    /// An agent's own log.
    Transcript,
    /// Totals over several requests.
    Totals,
    /// A record line, or a gateway that records itself, that does not say otherwise.
    RecordLine,
}

impl Source {
    /// Returns the revision that reports from this source have.
    #[must_use]
    pub const fn revision(self) -> u32 {
        match self {
            Self::TelemetryLog => 30,
            Self::TelemetrySpan => 20,
            Self::Transcript => 10,
            Self::Totals | Self::RecordLine => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_provider_s_own_while_they_fit() {
        let long = "g".repeat(MAX_ID_BYTES);
        assert_eq!(event_id(&long), long);
        assert_eq!(part_id("msg_1", 2), "msg_1/2");
        let part = part_id(&long, 1);
        assert!(part.starts_with('~') && part.ends_with("/1") && part.len() <= MAX_ID_BYTES);
        assert!(event_id("~x").len() == 33, "nobody else's id looks like one that was made");
    }

    #[test]
    fn made_ids_never_change() {
        assert_eq!(made_id(["conversation", "2026-11-28T10:00:00Z", "7"]), KEPT);
        assert_ne!(made_id(["ab", "c"]), made_id(["a", "bc"]));
    }

    /// The key as it is in ledgers.
    const KEPT: &str = "~72a3f42e5cb7711cd0e180851d0f86f6";
}
