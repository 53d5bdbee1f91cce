//! What becomes of each record of a batch: decided before any row goes in, by the event ids that the ledger and the
//! batch itself know.

use std::borrow::Cow;

use usage_core::sink::RefusalReason;
use usage_core::{EventId, Label, Record};

use super::insert::Rows;
use crate::write::event_ids::{Event, are_alike};

/// The verdict on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Store {
        /// A record of another instance has its id.
        is_elsewhere: bool,
    },
    Duplicate,
    /// Its event is known, or will be once those before it are stored: see [`Rows::join`].
    Join,
    Refuse(RefusalReason),
}

impl Verdict {
    /// Returns the verdict on a record by two of its ids.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refuse(RefusalReason::EventIdDeleted), _) => self,
            (_, Self::Refuse(RefusalReason::EventIdDeleted)) => other,
            (Self::Store { is_elsewhere }, Self::Store { is_elsewhere: other }) => {
                Self::Store { is_elsewhere: is_elsewhere || other }
            }
            _ if self == other => self,
            _ => Self::Join,
        }
    }
}

impl Rows<'_, '_> {
    /// The hashes of the ids of a batch, in their order, each with the place of its record.
    pub(super) fn hashes<'b>(&mut self, batch: &'b [Record]) -> rusqlite::Result<Vec<Hashed<'b>>> {
        if batch.iter().all(|record| record.event_id().is_none()) {
            return Ok(Vec::new());
        }
        let known = self.known()?;
        let mut hashes = Vec::with_capacity(batch.len());
        for (index, record) in batch.iter().enumerate() {
            hashes.extend(record.ids().map(|id| (known.hash(record, id), index, id)));
        }
        hashes.sort_unstable_by_key(|(hash, index, _)| (*hash, *index));
        Ok(hashes)
    }

    /// Returns the verdict on each record of a batch, as if they were inserted one after the other.
    pub(super) fn verdicts(
        &mut self,
        batch: &[Record],
        hashes: &[Hashed<'_>],
    ) -> rusqlite::Result<Vec<Verdict>> {
        let mut verdicts: Vec<_> =
            batch.iter().map(|record| self.verdict_of_new(record, false)).collect();
        for alike in hashes.chunk_by(|(one, ..), (other, ..)| are_alike(*one, *other)) {
            let alike = in_order(alike);
            for (at, &(hash, index, id)) in alike.iter().enumerate() {
                let record = &batch[index];
                let has_id = |(_, other, of): &&Hashed<'_>| *of == id && *other != index;
                let is_here =
                    |(_, other, _): &&Hashed<'_>| is_of_one_instance(&batch[*other], record);
                let mut earlier = alike[..at].iter().filter(has_id);
                let mut here = earlier.clone().filter(is_here);
                let is_again = |other: usize| is_repeated(&batch[other], record);
                let verdict = match here.next().map(|(_, first, _)| (*first, here.next_back())) {
                    Some((first, _))
                        if is_again(first) && matches!(verdicts[first], Verdict::Store { .. }) =>
                    {
                        Verdict::Duplicate
                    }
                    // What was not stored may be another time, if something else has come between.
                    Some((first, last)) => {
                        let last = last.map_or(first, |(_, last, _)| *last);
                        if is_again(last) { verdicts[last] } else { Verdict::Join }
                    }
                    None => {
                        let is_told = |(_, other, _): &Hashed<'_>| {
                            let is_sure = batch[*other].alias_id().is_none();
                            is_sure && matches!(verdicts[*other], Verdict::Store { .. })
                        };
                        match earlier.next() {
                            // Once it is known what becomes of what another instance tells.
                            Some(of_other) if !is_told(of_other) => Verdict::Join,
                            of_other => self.verdict_by(hash, id, record, of_other.is_some())?,
                        }
                    }
                };
                // By another id of it something else may be known.
                verdicts[index] = match record.alias_id() {
                    None => verdict,
                    Some(_) => verdicts[index].and(verdict),
                };
            }
        }
        Ok(verdicts)
    }

    /// Returns the verdict on a record by one of its ids, going by what is in the tables.
    fn verdict_by(
        &mut self,
        hash: i64,
        id: &EventId,
        record: &Record,
        is_elsewhere: bool,
    ) -> rusqlite::Result<Verdict> {
        let found = self.known()?.find(hash, id, record)?;
        Ok(match found.event {
            Event::New => self.verdict_of_new(record, found.is_elsewhere || is_elsewhere),
            Event::Same => Verdict::Duplicate,
            Event::Known(_) => Verdict::Join,
            Event::Deleted => Verdict::Refuse(RefusalReason::EventIdDeleted),
        })
    }

    /// Returns the verdict on a record of which nothing is known.
    pub(super) fn verdict_of_new(&self, record: &Record, is_elsewhere: bool) -> Verdict {
        if record.timestamp().as_micros() < self.records_from {
            return Verdict::Refuse(RefusalReason::BeforeHorizon);
        }
        match &self.known {
            Some(known) if is_elsewhere && known.is_first_alone() => Verdict::Duplicate,
            _ => Verdict::Store { is_elsewhere },
        }
    }
}

/// The hash of an id, the place of its record in the batch, and the id.
pub(super) type Hashed<'b> = (i64, usize, &'b EventId);

fn is_of_one_instance(one: &Record, other: &Record) -> bool {
    let [of_one, of_other] = [one, other].map(|it| it.labels().name(Label::Instance));
    one.labels().is_same_allocation(other.labels()) || of_one == of_other
}

/// Ids with the same text, of whatever instances, in the order of their records.
fn in_order<'s, 'b>(alike: &'s [Hashed<'b>]) -> Cow<'s, [Hashed<'b>]> {
    if alike.is_sorted_by_key(|(_, index, _)| *index) {
        return Cow::Borrowed(alike);
    }
    let mut sorted = alike.to_vec();
    sorted.sort_by_key(|(_, index, _)| *index);
    Cow::Owned(sorted)
}

/// Returns whether a record is one again that has no other id.
fn is_repeated(earlier: &Record, record: &Record) -> bool {
    record.alias_id().is_none() && earlier == record
}
