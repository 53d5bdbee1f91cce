//! One pass over every record: what cannot be right about it, and what the records come to.
//!
//! Anything that is kept beside the records and has to agree with them is to be compared with
//! what was counted here.

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::Timestamp;

use super::advice::Remedy;
use super::check::{Check, Place, message};
use crate::error::{DamageCode, ReadError};
use crate::ledger::columns::numbers_there;
use crate::ledger::contexts::Contexts;
use crate::ledger::labels::LabelSets;
use crate::ledger::more::MoreError;
use crate::ledger::records::select_records;
use crate::ledger::terms::Costs;
use crate::query::rows::stored_record;

/// The result of the pass.
#[derive(Debug)]
pub(super) struct Walk {
    /// Says whether every record could be reached.
    pub(super) is_complete: bool,
    pub(super) count: u64,
    pub(super) oldest: Option<Timestamp>,
    pub(super) newest: Option<Timestamp>,
    pub(super) largest_id: Option<i64>,
    /// The number of records with each combination of names.
    pub(super) by_label_set: FxHashMap<i64, u64>,
    /// Records with content that none may have, or without names.
    pub(super) records: Check,
    /// Ids that more than one record has.
    pub(super) record_ids: Check,
}

pub(super) fn walk(connection: &Connection) -> Result<Walk, ReadError> {
    let mut walk = Walk {
        is_complete: true,
        count: 0,
        oldest: None,
        newest: None,
        largest_id: None,
        by_label_set: FxHashMap::default(),
        records: Check::new("records"),
        record_ids: Check::new("record-ids"),
    };
    match walk.over(connection) {
        Err(error) if error.is_damage() => {
            walk.is_complete = false;
            let what = format!("not every record can be read: {}", message(&error));
            walk.records.add(Place::Table("table records".to_owned()), what, Remedy::Restore);
            walk.record_ids = Check::skipped("record-ids");
        }
        result => result?,
    }
    Ok(walk)
}

impl Walk {
    fn over(&mut self, connection: &Connection) -> Result<(), ReadError> {
        let sets = LabelSets::read(connection)?;
        let select = select_records(&numbers_there(connection)?);
        let mut statement = connection.prepare(&format!("{select} ORDER BY ts, id"))?;
        let mut rows = statement.query([])?;
        let (mut seen, mut contexts) = (Ids::default(), Contexts::default());
        let mut costs = Costs::new(connection);
        while let Some(row) = rows.next()? {
            let (ts, id, label_set) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let timestamp = Timestamp::from_micros(ts);
            let place = Place::Record { id, timestamp };
            let remedy = || Remedy::RemoveRecord { id, timestamp };
            self.count += 1;
            self.oldest.get_or_insert(timestamp);
            self.newest = Some(timestamp);
            self.largest_id = self.largest_id.max(Some(id));
            *self.by_label_set.entry(label_set).or_default() += 1;
            if !seen.insert(id) {
                let what = format!("another record has the id {id} too");
                self.record_ids.add(place.clone(), what, remedy());
            }
            if sets.get(label_set).is_none() {
                let what = format!("its names ({label_set}) are missing or cannot be used");
                self.records.add(place, what, Remedy::Restore);
            } else if let Err(error) =
                stored_record(connection, row, &sets, &mut contexts, &mut costs)
            {
                if !error.is_damage() {
                    return Err(error);
                }
                let what = message(&error);
                // What it refers to is damaged, or what it says only a newer program can read: it is right itself.
                let is_right = what.ends_with("cannot be used")
                    || what.ends_with(&MoreError::Newer.to_string());
                let remedy = match error {
                    ReadError::Damaged(DamageCode::Prices, _) => Remedy::PriceAgain,
                    ReadError::Damaged(DamageCode::PricesNewer, _) => Remedy::Update,
                    _ if is_right => Remedy::Restore,
                    _ => remedy(),
                };
                self.records.add(place, without_name(&what, id), remedy);
            }
        }
        Ok(())
    }
}

/// Returns the message about a record whose id has been named already, without that id.
fn without_name(message: &str, id: i64) -> &str {
    let what = message.strip_prefix(&format!("record {id} ")).unwrap_or(message);
    what.strip_prefix("has content that no record may have: ").unwrap_or(what)
}

/// A set of integers that mostly follow each other: a bit for each.
#[derive(Default)]
struct Ids(FxHashMap<i64, u64>);

impl Ids {
    /// Adds an id, and returns whether it was not there yet.
    fn insert(&mut self, id: i64) -> bool {
        let (word, bit) = (self.0.entry(id >> 6).or_default(), 1 << (id & 63));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_is_new_once() {
        let mut ids = Ids::default();
        for id in [0, 1, 63, 64, -1, -64, i64::MIN, i64::MAX, 127] {
            assert!(ids.insert(id) && !ids.insert(id), "{id}");
        }
    }
}
