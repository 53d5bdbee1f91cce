//! What the ledger makes of records before it looks at them: pseudonyms in the place of names, and what stands in the
//! place of event ids in which a name was forgotten.

use std::borrow::Cow;

use rusqlite::Connection;
use usage_core::Record;

use super::event_ids::{FORGOTTEN_IDS, ForgottenIds};
use super::pseudonyms::{self, Pseudonyms};
use crate::error::ReadError;

/// Returns a batch as the ledger is to have it; most ledgers have neither setting, and it is as it was.
pub(crate) fn taken<'r>(
    connection: &Connection,
    batch: &'r [Record],
) -> rusqlite::Result<Cow<'r, [Record]>> {
    // One look for both, about a microsecond: a batch may be a single record.
    let (hidden, has_forgotten) = connection
        .prepare_cached(
            "SELECT (SELECT value FROM settings WHERE name = ?1), \
             EXISTS (SELECT 1 FROM settings WHERE name = ?2)",
        )?
        .query_row([pseudonyms::SETTING, FORGOTTEN_IDS], |row| {
            let setting = row.get_ref(0)?.as_str_or_null()?;
            Ok((setting.and_then(Pseudonyms::read), row.get::<_, bool>(1)?))
        })?;
    let batch = hidden.map_or(Cow::Borrowed(batch), |mut hidden| Cow::Owned(hidden.of(batch)));
    if !has_forgotten {
        return Ok(batch);
    }
    let mut ids = ForgottenIds::begin(connection).map_err(ReadError::into_sqlite)?;
    ids.of(&batch).map(Cow::Owned)
}
