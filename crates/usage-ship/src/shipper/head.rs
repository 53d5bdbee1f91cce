//! The row of a ledger there: up to which version it counts, and what concerns it as a whole.

use serde::{Deserialize, Serialize};
use usage_store::shipped::LedgerHead;

use crate::error::ShipError;
use crate::schema::tables;
use crate::tsv::Rows;
use crate::wire::{Dialect, Wire, parsed};

/// What concerns a ledger as a whole, instants in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Head {
    pub(crate) records_from: Option<i64>,
    pub(crate) rows_from: Option<i64>,
    pub(crate) sessions_from: Option<i64>,
    pub(crate) sessions_since: Option<i64>,
    pub(crate) tag_keys: Vec<(String, Option<i64>)>,
    pub(crate) label_sets: (i64, i64),
    pub(crate) forgotten: u32,
    /// The version with which all names were sent last: older ones are not the ledger's any more.
    pub(crate) names_from: u64,
}

impl Head {
    pub(crate) fn of(head: &LedgerHead, names_from: u64) -> Self {
        let micros = |at: Option<usage_core::Timestamp>| at.map(usage_core::Timestamp::as_micros);
        Self {
            records_from: micros(head.records_from),
            rows_from: micros(head.rows_from),
            sessions_from: micros(head.sessions_from),
            sessions_since: micros(head.sessions_since),
            tag_keys: head.tag_keys.clone(),
            label_sets: head.label_sets,
            forgotten: head.forgotten,
            names_from,
        }
    }
}

/// A ledger as the engine knows it.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) epoch: String,
    /// The version up to which it counts.
    pub(crate) version: u64,
    pub(crate) is_live: bool,
    name: String,
    pub(crate) head: Head,
}

/// All ledgers that were ever shipped there, in the order of their epochs.
pub(crate) fn ledgers(wire: &mut dyn Wire) -> Result<Vec<Ledger>, ShipError> {
    let last = if wire.dialect() == Dialect::Postgres { "" } else { " FINAL" };
    let sql =
        format!("SELECT epoch, version, state, name, head FROM usage_ledger{last} ORDER BY epoch");
    let rows = wire.query(&sql)?.into_iter().map(|row| {
        let [epoch, version, state, name, head] = &row[..] else {
            return Err(ShipError::Unreadable("a row of usage_ledger".to_owned()));
        };
        Ok(Ledger {
            epoch: epoch.clone(),
            version: parsed(version)?,
            is_live: state == "live",
            name: name.clone(),
            head: serde_json::from_str(head)
                .map_err(|error| ShipError::Unreadable(error.to_string()))?,
        })
    });
    rows.collect()
}

/// Says up to which version a ledger counts: the one row that changes answers.
pub(super) fn put(
    wire: &mut dyn Wire,
    epoch: &str,
    version: u64,
    is_live: bool,
    name: &str,
    head: &Head,
) -> Result<(), ShipError> {
    let [ledger, ..] = tables();
    let mut rows = Rows::default();
    rows.push(epoch);
    rows.push(version);
    rows.push(if is_live { "live" } else { "retired" });
    rows.push(name);
    // Numbers and texts always serialise.
    rows.push(serde_json::to_string(head).unwrap_or_default());
    rows.end();
    if wire.dialect() == Dialect::Postgres {
        wire.execute(&format!("DELETE FROM usage_ledger WHERE epoch = '{epoch}'"))?;
    }
    wire.load_all(ledger.name, &ledger.columns(), &rows)
}

/// Takes a ledger out of all answers.
pub(super) fn retire(wire: &mut dyn Wire, ledger: &Ledger) -> Result<(), ShipError> {
    put(wire, &ledger.epoch, ledger.version + (1 << 16), false, &ledger.name, &ledger.head)
}
