//! Event ids in which a name was forgotten: what stands in their place is found by the hash of the id that it was, so
//! that the same event told again is the same.

use rusqlite::{CachedStatement, Connection};
use usage_core::{EventId, Label, Record};

use super::find::Place;
use super::hash::EventHasher;
use super::rows::{alias, bytes, hasher};
use crate::error::ReadError;
use crate::write::tellings;

/// The name of the setting that is there once there is such an id.
pub(crate) const SETTING: &str = "forgotten_ids";

/// Makes and finds what stands in the place of event ids.
pub(crate) struct ForgottenIds<'c> {
    connection: &'c Connection,
    hasher: EventHasher,
    find: CachedStatement<'c>,
}

impl<'c> ForgottenIds<'c> {
    pub(crate) fn begin(connection: &'c Connection) -> Result<Self, ReadError> {
        let find = connection.prepare_cached(
            "SELECT r.ts, r.id, r.event_id, r.more FROM event_ids AS e \
             JOIN records AS r ON r.ts = e.ts AND r.id = e.record WHERE e.hash = ?1",
        )?;
        Ok(Self { connection, hasher: hasher(connection)?, find })
    }

    /// Returns what stands in the place of an id of an instance.
    pub(crate) fn stand_in(&self, instance: &[u8], id: &str) -> String {
        self.hasher.stand_in(instance, id.as_bytes())
    }

    /// Notes that there is such an id.
    pub(crate) fn note(&self) -> rusqlite::Result<()> {
        self.connection
            .execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, 'yes')", [SETTING])
            .map(drop)
    }

    /// Returns records with what stands in the ledger in the place of their ids.
    pub(crate) fn of(&mut self, batch: &[Record]) -> rusqlite::Result<Vec<Record>> {
        batch.iter().map(|record| self.record(record)).collect()
    }

    fn record(&mut self, record: &Record) -> rusqlite::Result<Record> {
        let instance = record.labels().name(Label::Instance).as_bytes();
        let mut other = record.clone();
        if let Some(id) = record.event_id()
            && let Some(stand_in) = self.known(instance, id)?
        {
            other = other.with_event_id(stand_in);
        }
        if let Some(id) = record.alias_id()
            && let Some(stand_in) = self.known(instance, id)?
        {
            other = other.with_alias_id(stand_in);
        }
        Ok(other)
    }

    /// Returns what stands in the place of an id, where a record of the ledger has that.
    fn known(&mut self, instance: &[u8], id: &EventId) -> rusqlite::Result<Option<EventId>> {
        let hash = self.hasher.hash(instance, id.as_str().as_bytes());
        // It is no longer than an id may be.
        let Ok(stand_in) = EventId::new(self.stand_in(instance, id.as_str())) else {
            return Ok(None);
        };
        let text = stand_in.as_str().as_bytes();
        let mut rows = self.find.query([hash])?;
        while let Some(row) = rows.next()? {
            let is_it = bytes(row.get_ref(2)?) == text
                || alias(row.get_ref(3)?).is_some_and(|alias| alias.as_bytes() == text)
                || tellings::have_id(
                    self.connection,
                    Place { ts: row.get(0)?, id: row.get(1)? },
                    &stand_in,
                )?;
            if is_it {
                return Ok(Some(stand_in));
            }
        }
        Ok(None)
    }
}
