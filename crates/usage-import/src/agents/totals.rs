//! Sources that tell only what a session came to: what has grown since the last look is booked.

use std::collections::BTreeMap;

use usage_core::Quality;
use usage_providers::{Counts, made_id};

use super::logged::Logged;
use super::progress::{hash, put_number, take_number};

/// Numbers of a session: input, output, read, written, of unknown kind, reasoning.
type Numbers = [u64; 6];

/// The most of each kind that a session has ever come to, by a hash of the session: what is booked. It is remembered
/// with how far the source is read, in the transaction that stores the records, so that nothing is booked twice.
///
/// What falls, as a session is cut back or a file replaced by an older one, is not booked again until it is above
/// where it was: rather too little than anything twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals(BTreeMap<u64, Numbers>);

impl Totals {
    /// Reads what was remembered; nothing, where there is nothing of use.
    pub(super) fn of(memory: &[u8]) -> Self {
        Self::take(&mut { memory }).unwrap_or_default()
    }

    pub(super) fn memory(&self) -> Vec<u8> {
        let mut memory = Vec::with_capacity(self.0.len() * 20);
        self.put(&mut memory);
        memory
    }

    pub(super) fn put(&self, to: &mut Vec<u8>) {
        for (session, numbers) in &self.0 {
            to.extend(session.to_be_bytes());
            numbers.iter().for_each(|number| put_number(to, *number));
        }
    }

    /// Takes all that is left.
    pub(super) fn take(rest: &mut &[u8]) -> Option<Self> {
        let mut totals = BTreeMap::new();
        while let Some((session, behind)) = rest.split_first_chunk() {
            *rest = behind;
            let mut numbers = Numbers::default();
            for number in &mut numbers {
                *number = take_number(rest)?;
            }
            totals.insert(u64::from_be_bytes(*session), numbers);
        }
        rest.is_empty().then_some(Self(totals))
    }

    /// Takes what a session has come to; returns what there is to book, if anything.
    pub(super) fn book<'a>(&mut self, session: &str, logged: Logged<'a>) -> Option<Logged<'a>> {
        let Counts { input, output, cache_read, cache_write, unclassified, reasoning, .. } =
            logged.counts;
        let now = [input, output, cache_read, cache_write, unclassified, reasoning];
        let hashed = hash(session.as_bytes());
        let before = self.0.get(&hashed).copied().unwrap_or_default();
        let (mut most, mut grown) = (before, [0; 6]);
        for (at, now) in now.into_iter().enumerate() {
            grown[at] = now.saturating_sub(before[at]);
            most[at] = before[at].max(now);
        }
        let [input, output, cache_read, cache_write, unclassified, reasoning] = grown;
        let counts = Counts {
            input,
            output,
            cache_read,
            cache_write,
            unclassified,
            reasoning: reasoning.min(output),
            ..Counts::default()
        };
        if counts.total() == 0 {
            return None;
        }
        // Of where it began alone: told again after it has grown on, as what is remembered was lost with a crash, it
        // is the same booking, and the greater one holds.
        let id = made_id([session, &format!("{before:?}")]).into();
        self.0.insert(hashed, most);
        Some(Logged { id, counts, quality: Quality::Estimated, ..logged })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came_to(input: u64, output: u64) -> Logged<'static> {
        let counts = Counts { input, output, ..Counts::default() };
        Logged { session: "s".into(), counts, ..Logged::default() }
    }

    #[test]
    fn what_has_grown_is_booked_once() {
        let mut totals = Totals::default();
        let mut book = |input, output| {
            // As it is remembered between two imports.
            totals = Totals::of(&totals.memory());
            let booked = totals.book("s", came_to(input, output));
            booked.map(|booked| (booked.counts.input, booked.counts.output, booked.quality))
        };
        assert_eq!(book(100, 10), Some((100, 10, Quality::Estimated)));
        assert_eq!(book(100, 10), None);
        assert_eq!(book(150, 30), Some((50, 20, Quality::Estimated)));
        assert_eq!(book(10, 1), None, "cut back");
        assert_eq!(book(150, 31), Some((0, 1, Quality::Estimated)));
    }

    #[test]
    fn each_booking_has_an_id_of_its_own() {
        let mut totals = Totals::default();
        let ids: Vec<_> = [1, 2, 3]
            .into_iter()
            .filter_map(|input| totals.book("s", came_to(input, 0)))
            .map(|it| it.id)
            .collect();
        assert!(ids.len() == 3 && ids[0] != ids[1] && ids[1] != ids[2]);
        let again = Totals::default().book("s", came_to(1, 0)).map(|it| it.id);
        assert_eq!(again.as_ref(), ids.first(), "the same, if it is told to another ledger");
        assert_eq!(Totals::of(b"{broken"), Totals::default());
        let (memory, totals) = (totals.memory(), totals);
        assert_eq!(Totals::of(&memory), totals);
        assert_eq!(Totals::of(&memory[1..]), Totals::default());
    }
}
