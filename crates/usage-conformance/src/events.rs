//! The records of a ledger and what it knows of their events, as simple as can be.

use usage_core::record::{Tellings, line};
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};
use usage_core::{EventId, Label, Measure, Record, Timestamp};

/// A list of records, looked through for each that comes: a model that a real ledger can be compared with.
#[derive(Clone, Debug, Default)]
pub struct Events {
    kept: Vec<Kept>,
    /// The ids whose records are gone and still counted, each with its instance and the record's time.
    deleted: Vec<(String, EventId, Timestamp)>,
    /// The instant from which on records are taken; older ones are not.
    from: Option<Timestamp>,
    changes: u64,
    /// Says whether an event that one instance has told is not stored for others.
    pub first_alone: bool,
}

#[derive(Clone, Debug)]
struct Kept {
    record: Record,
    told: Tellings,
}

impl Kept {
    fn ids(&self) -> impl Iterator<Item = &EventId> {
        self.told.kept().chain([&self.record]).flat_map(Record::ids)
    }
}

fn instance(record: &Record) -> &str {
    record.labels().names().get(Label::Instance)
}

impl Events {
    /// Tells a batch, and returns what becomes of it.
    pub fn tell_all(&mut self, batch: &[Record]) -> BatchOutcome {
        let mut outcome = BatchOutcome::default();
        for (index, record) in batch.iter().enumerate() {
            self.tell(index, record, &mut outcome);
        }
        self.changes += outcome.stored + outcome.amended;
        outcome
    }

    fn tell(&mut self, index: usize, record: &Record, outcome: &mut BatchOutcome) {
        let has_id = |kept: &Kept| record.ids().any(|id| kept.ids().any(|of| of == id));
        let is_here = |kept: &Kept| instance(&kept.record) == instance(record);
        let is_deleted = |(of, id, _): &(String, EventId, Timestamp)| {
            of == instance(record) && record.ids().any(|other| other == id)
        };
        let is_too_old = |at: Timestamp| self.from.is_some_and(|from| at < from);
        if self.deleted.iter().any(is_deleted) {
            outcome.refused.push(Refusal::new(index, RefusalReason::EventIdDeleted));
            return;
        }
        let mut known: Vec<&Kept> =
            self.kept.iter().filter(|kept| is_here(kept) && has_id(kept)).collect();
        known.sort_by_cached_key(|kept| (kept.record.timestamp(), line::write(&kept.record)));
        let mut told: Option<Tellings> = None;
        for row in &known {
            let Some(told) = &mut told else {
                told = Some(row.told.clone());
                continue;
            };
            if let Some(conflict) = row.told.kept().find_map(|other| told.conflict(other)) {
                outcome.refused.push(Refusal::contradicting(index, conflict));
                return;
            }
            told.tell_all(row.told.clone());
        }
        if let Some(conflict) = told.as_ref().and_then(|told| told.conflict(record)) {
            outcome.refused.push(Refusal::contradicting(index, conflict));
            return;
        }
        let told = match told {
            None => Tellings::of(record.clone()),
            Some(mut told) => {
                told.tell(record.clone());
                told
            }
        };
        let new = |id: &&EventId| !known.iter().any(|kept| kept.ids().any(|of| of == *id));
        let is_elsewhere =
            record.ids().filter(new).any(|id| {
                self.kept.iter().any(|kept| !is_here(kept) && kept.ids().any(|of| of == id))
            }) || known.iter().any(|kept| kept.record.counts().get(Measure::Elsewhere) > 0);
        let joined = told.joined();
        let joined = joined.clone().with_counts(joined.counts().with_elsewhere(is_elsewhere));
        if let [one] = known[..]
            && one.record == joined
        {
            outcome.duplicates += 1;
        } else if is_too_old(joined.timestamp()) {
            outcome.refused.push(Refusal::new(index, RefusalReason::BeforeHorizon));
            return;
        } else if known.is_empty() && is_elsewhere && self.first_alone {
            outcome.duplicates += 1;
            return;
        } else if known.is_empty() {
            outcome.stored += 1;
            self.kept.push(Kept { record: joined, told });
            return;
        } else {
            outcome.amended += 1;
            let has_gone: Vec<bool> =
                self.kept.iter().map(|kept| is_here(kept) && has_id(kept)).collect();
            let mut has_gone = has_gone.into_iter();
            self.kept.retain(|_| has_gone.next() != Some(true));
            self.kept.push(Kept { record: joined, told });
            return;
        }
        let at = self.kept.iter().position(|kept| is_here(kept) && has_id(kept));
        if let Some(kept) = at.and_then(|at| self.kept.get_mut(at)) {
            kept.told = told;
        }
    }

    /// Deletes what is older and returns it. It is not taken any more from then on; where its sums are kept its ids
    /// stay known.
    pub fn prune(&mut self, before: Timestamp, keep_rollups: bool) -> Vec<Record> {
        // Where nothing ever was, nothing can come again.
        if self.kept.is_empty() && self.from.is_none() {
            return Vec::new();
        }
        self.from = self.from.max(Some(before));
        let (gone, kept): (Vec<_>, _) =
            self.kept.drain(..).partition(|kept| kept.record.timestamp() < before);
        self.kept = kept;
        if keep_rollups {
            for kept in &gone {
                let of = |id: &EventId| {
                    (instance(&kept.record).to_owned(), id.clone(), kept.record.timestamp())
                };
                let mut ids: Vec<_> = kept.ids().map(of).collect();
                ids.sort();
                ids.dedup();
                self.deleted.extend(ids);
            }
        } else {
            self.deleted.retain(|(.., at)| *at >= before);
        }
        gone.into_iter().map(|kept| kept.record).collect()
    }

    /// Deletes everything.
    pub fn clear(&mut self) {
        *self = Self { first_alone: self.first_alone, ..Self::default() };
    }

    /// Returns all records, in the order in which they came to be what they are.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.kept.iter().map(|kept| &kept.record)
    }

    /// Returns how many records came to be stored or amended since everything was deleted last.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// Returns how many ids are known, by instance.
    #[must_use]
    pub fn known_ids(&self) -> usize {
        let of = |kept: &Kept| {
            let mut ids: Vec<_> = kept.ids().collect();
            ids.sort();
            ids.dedup();
            ids.len()
        };
        self.kept.iter().map(of).sum::<usize>() + self.deleted.len()
    }
}
