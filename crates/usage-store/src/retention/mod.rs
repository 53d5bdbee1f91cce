//! What a ledger keeps: deleting records and sums, stating how long they are kept, and giving the
//! space back.

mod age;
mod delete;
mod doubt;
mod everything;
mod horizon;
mod policy;
mod progress;
mod prune;
mod quarantine;
mod range;
mod slices;
mod space;
mod steps;

pub use age::{Age, AgeError};
pub use delete::DeletionPlan;
pub use everything::DeleteAllPlan;
pub use horizon::HorizonReset;
pub use policy::{Policy, PolicyError, Retention, RetentionPlan, SessionsKept, SessionsPlan};
pub use prune::{Deletion, PruneOptions, PrunePlan};
pub use quarantine::{Quarantine, Retried};
pub use range::DeleteRangePlan;
pub use space::VacuumOutcome;
#[cfg(feature = "zones")]
pub(crate) use steps::cut;

use rusqlite::{Connection, Params};
use usage_core::Timestamp;

/// How many records there are, the oldest and the newest.
fn extent(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> rusqlite::Result<(u64, Option<Timestamp>, Option<Timestamp>)> {
    let sql = format!("SELECT count(*), min(ts), max(ts) FROM records {condition}");
    connection.query_row(&sql, parameters, |row| {
        let (records, at) =
            (row.get::<_, i64>(0)?, |micros: Option<i64>| micros.map(Timestamp::from_micros));
        Ok((records.unsigned_abs(), at(row.get(1)?), at(row.get(2)?)))
    })
}
