//! The table of what sessions come to by day.

use rusqlite::{Connection, OptionalExtension, params};
use usage_core::stats::Summary;

use super::blob;
use crate::error::{ReadError, RollupError};
use crate::rollups::Rollup;

/// Returns the rollups of a session in a day; nothing where it has no record then.
pub(crate) fn read(connection: &Connection, key: (i64, i64)) -> rusqlite::Result<Rollup> {
    let mut statement = connection
        .prepare_cached("SELECT cells FROM session_sums WHERE session = ?1 AND day = ?2")?;
    let mut rows = statement.query([key.0, key.1])?;
    match rows.next()? {
        None => Ok(Rollup::default()),
        Some(row) => Ok(blob::decode(key, row.get_ref(0)?.as_blob()?)?),
    }
}

/// Puts what a session comes to in a day in place of what was there.
pub(super) fn write(
    connection: &Connection,
    (session, day): (i64, i64),
    rollup: &Rollup,
    buffer: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    if rollup.is_empty() {
        return connection
            .prepare_cached("DELETE FROM session_sums WHERE session = ?1 AND day = ?2")?
            .execute([session, day])
            .map(drop);
    }
    blob::encode((session, day), rollup, buffer);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO session_sums (session, day, cells) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![session, day, *buffer])
        .map(drop)
}

/// The rollups of all days of a session, as its row states them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionTotals {
    /// The times of the first and the last record; `None` where there is none.
    pub(crate) ends: Option<(i64, i64)>,
    pub(crate) requests: i64,
    pub(crate) tokens: i64,
}

impl SessionTotals {
    pub(super) fn read(connection: &Connection, session: i64) -> rusqlite::Result<Option<Self>> {
        connection
            .prepare_cached("SELECT first, last, requests, tokens FROM sessions WHERE id = ?1")?
            .query_row([session], |row| {
                let ends = row.get::<_, Option<i64>>(0)?.zip(row.get(1)?);
                Ok(Self { ends, requests: row.get(2)?, tokens: row.get(3)? })
            })
            .optional()
    }

    /// Adds these to what the row of a session says, and widens its ends where there are any.
    pub(super) fn add_to(&self, connection: &Connection, session: i64) -> rusqlite::Result<()> {
        let (first, last) = self.ends.unzip();
        let changed = connection
            .prepare_cached(
                "UPDATE sessions SET first = min(coalesce(first, ?2), coalesce(?2, first)), \
                                     last = max(coalesce(last, ?3), coalesce(?3, last)), \
                                     requests = requests + ?4, tokens = tokens + ?5 WHERE id = ?1",
            )?
            .execute(params![session, first, last, self.requests, self.tokens])?;
        if changed == 1 { Ok(()) } else { Err(RollupError::Missing.into()) }
    }

    pub(super) fn write(&self, connection: &Connection, session: i64) -> rusqlite::Result<()> {
        let (first, last) = self.ends.unzip();
        connection
            .prepare_cached(
                "UPDATE sessions SET first = ?2, last = ?3, requests = ?4, tokens = ?5 WHERE id = ?1",
            )?
            .execute(params![session, first, last, self.requests, self.tokens])
            .map(drop)
    }

    /// Adds, or with a sign of -1 takes away, what records come to.
    pub(super) fn add(&mut self, totals: &Summary, sign: i64) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(sign);
        self.requests = self.requests.saturating_add(number(totals.requests));
        self.tokens = self.tokens.saturating_add(number(totals.tokens()));
    }
}

#[cfg(feature = "zones")]
/// Gives the days of a session, in order, with what each comes to.
pub(crate) fn totals_by_day(
    connection: &Connection,
    session: i64,
    mut give: impl FnMut(i64, &Rollup),
) -> Result<(), ReadError> {
    let mut statement = connection
        .prepare_cached("SELECT day, cells FROM session_sums WHERE session = ?1 ORDER BY day")?;
    let mut rows = statement.query([session])?;
    while let Some(row) = rows.next()? {
        let day = row.get(0)?;
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let rollup = blob::decode((session, day), bytes).map_err(rusqlite::Error::from)?;
        give(day, &rollup);
    }
    Ok(())
}

/// Gives every session and day, in their order, with what it comes to.
pub(super) fn each(
    connection: &Connection,
    mut give: impl FnMut((i64, i64), Result<Rollup, RollupError>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut statement =
        connection.prepare("SELECT session, day, cells FROM session_sums ORDER BY session, day")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key = (row.get(0)?, row.get(1)?);
        let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        give(key, blob::decode(key, bytes))?;
    }
    Ok(())
}

/// Removes those that cannot be read; says how many they were.
pub(crate) fn forget_unreadable(connection: &Connection) -> Result<u64, ReadError> {
    let mut unreadable = Vec::new();
    each(connection, |key, rollup| {
        if rollup.is_err() {
            unreadable.push(key);
        }
        Ok(())
    })?;
    let mut delete =
        connection.prepare("DELETE FROM session_sums WHERE session = ?1 AND day = ?2")?;
    for (session, day) in &unreadable {
        delete.execute([session, day])?;
    }
    Ok(unreadable.len() as u64)
}

/// Gives each label set that a session has. What cannot be read is passed over: nothing is removed then.
pub(in crate::rollups) fn each_label_set(
    connection: &Connection,
    mut give: impl FnMut(i64),
) -> Result<bool, ReadError> {
    let mut all_known = true;
    each(connection, |_, rollup| {
        match rollup {
            Ok(rollup) => rollup.iter().for_each(|(label_set, _)| give(label_set)),
            Err(_) => all_known = false,
        }
        Ok(())
    })?;
    Ok(all_known)
}
