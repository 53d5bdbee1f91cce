//! The hash by which an event id is found.

use siphasher::sip::SipHasher13;
use usage_core::record::{MAX_EVENT_ID_BYTES, MAX_NAME_BYTES};

/// Hashes event ids with a ledger's own random key: nobody outside can make ids that collide.
///
/// The upper half is a hash of the id alone and the lower half one of the instance too. So an id
/// has a place of its own for each instance, and the same id of other instances lies beside it,
/// in the range of numbers that share the upper half.
#[derive(Clone, Copy)]
pub(super) struct EventHasher(SipHasher13);

/// The beginning of what stands in the place of an id, as of all ids that are made here.
const STAND_IN: &str = "~forgotten-";

/// The place where a half begins.
const HALF: u32 = 32;

impl EventHasher {
    pub(super) fn new(key: &[u8; 16]) -> Self {
        Self(SipHasher13::new_with_key(key))
    }

    /// Returns the hash of an event id of an instance, in the form in which SQLite keeps it.
    pub(super) fn hash(&self, instance_id: &[u8], event_id: &[u8]) -> i64 {
        if let Some(hash) = self.hash_stood_for(event_id) {
            return hash;
        }
        // Neither text holds a NUL, so that no two pairs look alike.
        let mut both = [0; MAX_EVENT_ID_BYTES + 1 + MAX_NAME_BYTES];
        let parts = [event_id, &[0], instance_id];
        let length = parts.iter().map(|part| part.len()).sum();
        let of_both = match both.get_mut(..length) {
            Some(room) => {
                let mut rest = &mut *room;
                for part in parts {
                    let (here, behind) = rest.split_at_mut(part.len());
                    here.copy_from_slice(part);
                    rest = behind;
                }
                self.0.hash(room)
            }
            // Longer than any that a record may have: somebody has written it past this crate.
            None => self.0.hash(&parts.concat()),
        };
        let upper = self.0.hash(event_id) >> HALF << HALF;
        let lower = of_both & (u64::MAX >> HALF);
        kept(upper | lower).cast_signed()
    }

    /// Returns what stands in the place of an event id in which a name was forgotten. It says by which hash that is
    /// found, and a second hash tells it from others of that; the third shows that nobody else has made it up.
    pub(super) fn stand_in(&self, instance_id: &[u8], event_id: &[u8]) -> String {
        let hash = self.hash(instance_id, event_id).cast_unsigned();
        // An id does not begin with a NUL, so that this is no hash by which one is found.
        let second = self.0.hash(&[&[0], event_id].concat());
        let body = format!("{STAND_IN}{hash:016x}{second:016x}");
        format!("{body}{:016x}", self.proof(&body))
    }

    /// Returns the hash of the id that a text stands for, if it does.
    fn hash_stood_for(&self, text: &[u8]) -> Option<i64> {
        if !text.starts_with(STAND_IN.as_bytes()) {
            return None;
        }
        let text = str::from_utf8(text).ok()?;
        let (body, proof) = text.split_at_checked(STAND_IN.len() + 32)?;
        let is_ours = proof == format!("{:016x}", self.proof(body));
        let hash = body.get(STAND_IN.len()..STAND_IN.len() + 16).filter(|_| is_ours)?;
        u64::from_str_radix(hash, 16).ok().map(u64::cast_signed)
    }

    fn proof(&self, body: &str) -> u64 {
        self.0.hash(&[b"\0\0", body.as_bytes()].concat())
    }
}

/// The first and the last hash that an id may have, whatever the instance.
pub(super) const fn all_instances(hash: i64) -> [i64; 2] {
    let first = hash >> HALF << HALF;
    [first, first | (u64::MAX >> HALF).cast_signed()]
}

/// Returns whether two hashes may be those of the same id, of whatever instances.
pub(crate) const fn are_alike(one: i64, other: i64) -> bool {
    one >> HALF == other >> HALF
}

#[cfg(not(test))]
const fn kept(hash: u64) -> u64 {
    hash
}

#[cfg(test)]
use shortened::kept;
#[cfg(test)]
pub(super) use shortened::shorten;

/// Tests make hashes short, so that different ids collide.
#[cfg(test)]
mod shortened {
    use std::cell::Cell;

    thread_local! {
        static MASK: Cell<u64> = const { Cell::new(u64::MAX) };
    }

    pub(in super::super) fn kept(hash: u64) -> u64 {
        hash & MASK.get()
    }

    /// Keeps only these bits of each hash on this thread from now on.
    pub(in super::super) fn shorten(mask: u64) {
        MASK.set(mask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that what is in ledgers never changes.
    #[test]
    fn hashes_stay_what_they_are() {
        let key = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let hasher = EventHasher::new(&key);
        let hash = |instance: &str, id: &str| hasher.hash(instance.as_bytes(), id.as_bytes());
        assert_eq!(hash("router-1", "req_1"), 607_830_104_762_452_101);
        assert_eq!(hash("router-2", "req_1"), 607_830_105_690_796_773);
        let upper = |hash: i64| hash >> HALF;
        assert_eq!(upper(hash("a", "e")), upper(hash("b", "e")));
        assert_ne!(hash("a", "e"), hash("b", "e"));
        assert_ne!(upper(hash("a", "e")), upper(hash("a", "f")));
        let stand_in = hasher.stand_in(b"router-1", b"req_1");
        assert_eq!(stand_in, "~forgotten-086f72428627888541e2211b03ff4252c87e3e273f982968");
        assert_eq!(hash("router-1", &stand_in), hash("router-1", "req_1"));
        assert_eq!(hash("router-2", &stand_in), hash("router-1", "req_1"));
        // Whoever makes one up gets the hash of its text.
        let made_up = stand_in.replace("-086f", "-186f");
        assert_ne!(hash("router-1", &made_up), 0x186f_7242_8627_8885);
        let long = "x".repeat(1_000);
        assert_ne!(hash(&long, "e"), hash("x", "e"));
    }
}
