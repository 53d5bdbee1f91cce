//! What two ways told of the same sessions, held against each other.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use usage_core::record::Way;

use super::Store;
use crate::error::{ReadError, Result};
use crate::write::ways::{KEPT, Second};

/// The sessions of an instance that one way told first, and another way told too, which share no ids of requests: the first
/// one counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reconciled {
    /// The instance.
    pub instance: String,
    /// The way that told them second.
    #[serde(serialize_with = "as_name")]
    pub way: Way,
    /// The number of sessions.
    pub sessions: u64,
    /// The requests that the second way told of them, which do not count.
    pub requests: u64,
    /// The tokens of those.
    pub tokens: u64,
    /// The tokens that the second way told beyond what the ledger has of a session.
    pub beyond_tokens: u64,
    /// The tokens that the ledger has of a session beyond what the second way told.
    pub lacking_tokens: u64,
}

impl Store {
    /// Returns what two ways told of the same sessions, by instance and way.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn reconciled(&self) -> Result<Vec<Reconciled>> {
        self.read("read the sessions of", reconciled)
    }
}

pub(crate) fn reconciled(
    connection: &rusqlite::Connection,
) -> std::result::Result<Vec<Reconciled>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.instance_id, s.tokens, k.cursor FROM sources AS k \
         JOIN sessions AS s ON s.id = CAST(substr(k.name, ?2) AS INTEGER) \
         WHERE k.name GLOB ?1",
    )?;
    let first = i64::try_from(KEPT.len() + 1).unwrap_or(i64::MAX);
    let mut rows = statement.query((format!("{KEPT}*"), first))?;
    let mut by_name = BTreeMap::<(String, Way), Reconciled>::new();
    while let Some(row) = rows.next()? {
        let (instance, held): (String, i64) = (row.get(0)?, row.get(1)?);
        let Some(second) = Second::from_bytes(row.get_ref(2)?.as_blob().unwrap_or_default()) else {
            continue;
        };
        let (held, told) = (held.unsigned_abs(), second.tokens.values().sum::<u64>());
        let of = by_name.entry((instance.clone(), second.way)).or_insert(Reconciled {
            instance,
            way: second.way,
            sessions: 0,
            requests: 0,
            tokens: 0,
            beyond_tokens: 0,
            lacking_tokens: 0,
        });
        of.sessions += 1;
        of.requests += second.tokens.len() as u64;
        of.tokens += told;
        of.beyond_tokens += told.saturating_sub(held);
        of.lacking_tokens += held.saturating_sub(told);
    }
    Ok(by_name.into_values().collect())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "so serde calls it")]
fn as_name<S: Serializer>(way: &Way, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(way.as_str())
}
