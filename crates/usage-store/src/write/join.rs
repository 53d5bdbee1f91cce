//! Telling more of an event that is known: its row becomes what all its tellings come to, in the transaction that
//! tells it and with every rollup. What that is, [`Tellings`] says.

use std::borrow::Cow;

use rusqlite::Connection;
use usage_core::pricing::Billed;
use usage_core::record::{Tellings, line};
use usage_core::sink::{Refusal, RefusalReason};
use usage_core::stats::Summary;
use usage_core::{Measure, Record};

use super::insert::Rows;
use super::verdict::Verdict;
use crate::error::ReadError;
use crate::ledger::columns::hash_of_row;
use crate::ledger::contexts::Contexts;
use crate::ledger::ids::PendingIds;
use crate::ledger::labels;
use crate::ledger::records::{SELECT_RECORDS, packed, record_of};
use crate::ledger::terms::Costs;
use crate::write::event_ids::{Event, KnownIds, Place};
use crate::write::tellings::{self, Kept};

/// A row as it stands, and what was told of it.
struct Known {
    place: Place,
    row: Row,
    told: Tellings,
}

/// A row, with the ids of its names and its session.
struct Row {
    /// As the ledger keeps it.
    kept: Record,
    label_set: i64,
    session: Option<i64>,
    /// What it counts in rollups, its cost included.
    totals: Summary,
    /// The hash of what no rollup tells of it.
    hash: u32,
}

/// The knowledge that the ledger has of a record's event, by any of its ids.
enum Lookup {
    /// All there is to say.
    Is(Verdict),
    /// The rows of the event, several where the record is what makes them one; and whether another instance has
    /// an id of it that these do not have yet.
    Rows(Vec<Place>, bool),
}

impl<'r> Rows<'_, 'r> {
    /// Tells a record whose event is known, or may be: what came before it in the same batch is in the tables.
    pub(super) fn join(
        &mut self,
        index: usize,
        record: &'r Record,
        ids: &mut PendingIds<'_>,
    ) -> rusqlite::Result<()> {
        self.put_rest()?;
        match self.look_up(record)? {
            Lookup::Is(Verdict::Store { .. }) if self.reconcile(record)? => {
                self.outcome.duplicates += 1;
                Ok(())
            }
            Lookup::Is(Verdict::Store { is_elsewhere }) => {
                // Before the row: what fails behind it would leave it counted.
                let place = self.next_place(record);
                let hashes = hashes_of(self.known()?, [record]);
                self.enter(place, &hashes)?;
                self.carry_out(index, record, Verdict::Store { is_elsewhere }, ids)?;
                self.put_rest()
            }
            Lookup::Is(verdict) => self.carry_out(index, record, verdict, ids).map(drop),
            Lookup::Rows(places, is_elsewhere) => {
                let mut rows = Vec::with_capacity(places.len());
                for place in places {
                    rows.push(known(self.connection, place)?);
                }
                if rows.len() > 1 {
                    // Whichever was stored first.
                    rows.sort_by_cached_key(|known| (known.place.ts, line::write(&known.row.kept)));
                }
                self.tell(index, record, (&rows, is_elsewhere), ids)
            }
        }
    }

    fn look_up(&mut self, record: &Record) -> rusqlite::Result<Lookup> {
        let (mut places, mut is_elsewhere, mut is_deleted) = (Vec::new(), false, false);
        for id in record.ids() {
            let known = self.known()?;
            let found = known.find(known.hash(record, id), id, record)?;
            match found.event {
                Event::New => is_elsewhere |= found.is_elsewhere,
                Event::Known(place) if !places.contains(&place) => places.push(place),
                Event::Known(_) => {}
                // All its ids are those of that row.
                Event::Same => return Ok(Lookup::Is(Verdict::Duplicate)),
                Event::Deleted => is_deleted = true,
            }
        }
        Ok(match places.is_empty() {
            // A part of it would be counted twice.
            _ if is_deleted => Lookup::Is(Verdict::Refuse(RefusalReason::EventIdDeleted)),
            true => Lookup::Is(self.verdict_of_new(record, is_elsewhere)),
            false => Lookup::Rows(places, is_elsewhere),
        })
    }

    /// Tells more of the event of these rows.
    fn tell(
        &mut self,
        index: usize,
        record: &'r Record,
        (rows, is_elsewhere): (&[Known], bool),
        ids: &mut PendingIds<'_>,
    ) -> rusqlite::Result<()> {
        let Some((first, others)) = rows.split_first() else { return Ok(()) };
        let mut told = first.told.clone();
        for row in others {
            // Two rows that turn out to be one event.
            if let Some(conflict) = row.told.kept().find_map(|other| told.conflict(other)) {
                self.refuse(Refusal::contradicting(index, conflict));
                return Ok(());
            }
            told.tell_all(row.told.clone());
        }
        if let Some(conflict) = told.conflict(record) {
            self.refuse(Refusal::contradicting(index, conflict));
            return Ok(());
        }
        told.tell(record.clone());
        let joined = told.joined();
        let was_elsewhere = rows.iter().any(|known| is_elsewhere_of(&known.row.kept));
        match rows {
            [known]
                if joined == without_elsewhere(&known.row.kept)
                    && was_elsewhere >= is_elsewhere =>
            {
                if told != known.told {
                    let (before, after) = (self.ids_of(known)?, self.ids_to_be(&told, &joined)?);
                    self.leave(known.place, before.iter().filter(|hash| !after.contains(hash)))?;
                    let new: Vec<_> =
                        after.into_iter().filter(|hash| !before.contains(hash)).collect();
                    self.enter(known.place, &new)?;
                    tellings::write(self.connection, known.place, &told, &joined)?;
                }
                self.carry_out(index, record, Verdict::Duplicate, ids).map(drop)
            }
            _ if joined.timestamp().as_micros() < self.records_from => {
                let verdict = Verdict::Refuse(RefusalReason::BeforeHorizon);
                self.carry_out(index, record, verdict, ids).map(drop)
            }
            rows => {
                let counts = joined.counts().with_elsewhere(was_elsewhere || is_elsewhere);
                self.amend(rows, &told, joined.with_counts(counts), ids)
            }
        }
    }

    /// Puts a new row in place of others.
    fn amend(
        &mut self,
        rows: &[Known],
        told: &Tellings,
        new: Record,
        ids: &mut PendingIds<'_>,
    ) -> rusqlite::Result<()> {
        let place = self.next_place(&new);
        for row in rows {
            let Place { ts, id } = row.place;
            let hashes = self.ids_of(row)?;
            self.leave(row.place, hashes.iter())?;
            tellings::forget(self.connection, row.place)?;
            self.connection
                .prepare_cached("DELETE FROM records WHERE ts = ?1 AND id = ?2")?
                .execute([ts, id])?;
            self.connection
                .prepare_cached("INSERT INTO amendments (ts, id, was) VALUES (?1, ?2, ?3)")?
                .execute([place.ts, place.id, id])?;
        }
        tellings::write(self.connection, place, told, &without_elsewhere(&new))?;
        let hashes = self.ids_to_be(told, &new)?;
        self.enter(place, &hashes)?;
        // Last of what may fail: where a record is refused, nothing of it is counted.
        self.put(Cow::Owned(new), ids)?;
        for Known { place, row, .. } in rows {
            let under = (row.label_set, row.session);
            self.gone.record(place.ts, under, row.hash, &row.totals);
        }
        self.outcome.amended += 1;
        self.put_rest()
    }

    /// The place where the next row will lie.
    fn next_place(&self, record: &Record) -> Place {
        Place { ts: record.timestamp().as_micros(), id: self.next_id }
    }

    /// The hashes by which a row is found.
    fn ids_of(&mut self, known: &Known) -> rusqlite::Result<Vec<i64>> {
        self.ids_to_be(&known.told, &known.row.kept)
    }

    /// The hashes by which a row is to be found.
    fn ids_to_be(&mut self, told: &Tellings, row: &Record) -> rusqlite::Result<Vec<i64>> {
        Ok(hashes_of(self.known()?, told.kept().chain([row])))
    }

    fn enter(&mut self, place: Place, hashes: &[i64]) -> rusqlite::Result<()> {
        let known = self.known()?;
        hashes.iter().try_for_each(|&hash| known.insert(hash, place.id, place.ts))
    }

    fn leave<'h>(
        &mut self,
        place: Place,
        mut hashes: impl Iterator<Item = &'h i64>,
    ) -> rusqlite::Result<()> {
        let known = self.known()?;
        hashes.try_for_each(|&hash| known.forget(hash, place.id))
    }
}

/// The hashes of all ids of these records, each once.
fn hashes_of<'t>(known: &KnownIds<'_>, records: impl IntoIterator<Item = &'t Record>) -> Vec<i64> {
    let hashes = |told: &'t Record| told.ids().map(|id| known.hash(told, id));
    let mut hashes: Vec<_> = records.into_iter().flat_map(hashes).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn is_elsewhere_of(record: &Record) -> bool {
    record.counts().get(Measure::Elsewhere) > 0
}

/// Returns the record without what only the ledger knows, as no telling says it.
fn without_elsewhere(record: &Record) -> Record {
    record.clone().with_counts(record.counts().with_elsewhere(false))
}

fn known(connection: &Connection, place: Place) -> rusqlite::Result<Known> {
    let row = row_at(connection, place).map_err(ReadError::into_sqlite)?;
    let Some(row) = row else {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    };
    let Kept { mut told, unreadable } = tellings::read(connection, place)?;
    if told.is_empty() || unreadable > 0 {
        // What nobody can read is in what it came to.
        told.push(without_elsewhere(&row.kept));
    }
    let told = Tellings::from_kept(told).unwrap_or_else(|| Tellings::of(row.kept.clone()));
    Ok(Known { place, row, told })
}

/// Reads the row at a place.
fn row_at(connection: &Connection, place: Place) -> Result<Option<Row>, ReadError> {
    let sql = format!("{} WHERE ts = ?1 AND id = ?2", *SELECT_RECORDS);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([place.ts, place.id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let label_set = row.get(2)?;
    let set = labels::set_by_id(connection, label_set)?
        .ok_or_else(|| ReadError::unknown_label_set(label_set))?;
    let (kept, terms) = record_of(connection, row, &set.labels, &mut Contexts::default())?;
    let (session, more) = packed(row)?;
    let hash = hash_of_row(place.ts, place.id, label_set, session, more);
    let mut totals = Summary::of(&kept);
    if let Some(terms) = terms {
        let cost = Costs::new(connection).of(terms, &Billed::from(kept.counts()))?;
        cost.into_iter().for_each(|cost| totals.add_cost(cost));
    }
    Ok(Some(Row { kept, label_set, session, totals, hash }))
}

/// Looks for rows whose tellings are not what they come to, and gives each with what is wrong with them.
pub(crate) fn damaged_tellings(
    connection: &Connection,
    mut give: impl FnMut(Place, &'static str),
) -> Result<(), ReadError> {
    let mut statement = connection.prepare("SELECT DISTINCT ts, record FROM tellings")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let place = Place { ts: row.get(0)?, id: row.get(1)? };
        let kept = match row_at(connection, place) {
            Ok(Some(row)) => row.kept,
            Ok(None) => {
                give(place, "what was told of it is there, and the record is not");
                continue;
            }
            // The check of the records names it.
            Err(error) if error.is_damage() => continue,
            Err(error) => return Err(error),
        };
        let Kept { told, unreadable } = tellings::read(connection, place)?;
        let joined = Tellings::from_kept(told).map(|told| told.joined());
        if unreadable > 0 {
            give(place, "what was told of it cannot be read");
        } else if joined != Some(without_elsewhere(&kept)) {
            give(place, "what was told of it comes to something else");
        }
    }
    Ok(())
}
