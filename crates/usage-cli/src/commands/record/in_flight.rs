//! Where the records came from that a tracker has, and of whose fate nothing is known yet.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use usage_core::Record;

use super::refusals::Place;

/// Of how many records on their way it is remembered where they came from. There can be more in the
/// journal; a refused one is then named without its line.
const MOST: usize = 1_000_000;

/// Places of records, in the order in which they were handed over.
#[derive(Default)]
pub(super) struct InFlight {
    places: VecDeque<(Place, u64)>,
    /// Refusals come in the order of the records: those before this one are settled.
    settled: usize,
}

impl InFlight {
    /// Remembers where a record came from that is handed over now.
    pub(super) fn submitted(&mut self, place: Place, record: &Record) {
        if self.places.len() >= MOST {
            self.places.pop_front();
            self.settled = self.settled.saturating_sub(1);
        }
        self.places.push_back((place, content_key(record)));
    }

    /// Forgets the last one again: it was not taken.
    pub(super) fn withdraw(&mut self) {
        self.places.pop_back();
    }

    /// Returns the place that a refused record came from, if that is known.
    pub(super) fn refused(&mut self, record: &Record) -> Option<Place> {
        let key = content_key(record);
        let mut unsettled = self.places.iter().skip(self.settled);
        let index = self.settled + unsettled.position(|(_, of)| *of == key)?;
        self.settled = index + 1;
        Some(self.places[index].0)
    }

    /// Returns the place that the first of the last `count` records came from.
    pub(super) fn first_of_last(&self, count: u64) -> Option<Place> {
        let from_end = usize::try_from(count).ok()?;
        let index = self.places.len().checked_sub(from_end)?;
        self.places.get(index).map(|(place, _)| *place)
    }
}

/// Returns the key that tells a record from others: all that is in it, since the same id may come
/// again with the content that the ledger has. A chance collision would only name a wrong line.
fn content_key(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.hash(&mut hasher);
    hasher.finish()
}
