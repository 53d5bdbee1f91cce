#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod at_rest;
mod backup;
mod batch;
mod checkpoint;
mod columns;
pub mod doctor;
mod durable;
mod error;
mod event_ids;
mod file_id;
mod identify;
pub mod import;
mod insert;
mod journals;
mod labels;
mod migration;
mod open;
mod part;
mod path;
mod quarantine;
#[cfg(feature = "zones")]
mod query;
mod readers;
mod recovery;
mod report;
mod retained;
mod retention;
mod rows;
mod schema;
mod set_aside;
mod sink;
mod store;
mod sums;
mod transaction;
mod trusted;
mod waiting;

pub use backup::Backup;
pub use error::{Fault, Result, StoreError};
pub use insert::{Inserted, insert_record};
pub use migration::{Migrate, Migrated, MigrationPlan, MigrationStep};
pub use path::{DB_ENV, db_path};
pub use quarantine::{MAX_QUARANTINED, MAX_QUARANTINED_BYTES, Quarantined, Retried};
#[cfg(feature = "zones")]
pub use query::SeriesError;
pub use recovery::Recovered;
pub use retention::{
    Age, AgeError, DeleteAllPlan, DeleteRangePlan, Deletion, Doubt, HorizonReset, Policy,
    PolicyError, PrunePlan, Retention, RetentionPlan, VacuumOutcome,
};
pub use rows::{Records, StoredRecord};
pub use schema::{APPLICATION_ID, SCHEMA_VERSION};
pub use store::{Store, StoreOptions, Synchronous};
pub use transaction::WriteError;
pub use usage_core::Filter;
pub use waiting::{SegmentState, Waiting, WaitingSegment};
