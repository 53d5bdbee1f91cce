#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

pub mod doctor;
mod error;
mod journal;
mod ledger;
mod open;
mod options;
mod query;
mod retention;
mod rollups;
mod store;
mod write;

pub use error::{Doubt, Fault, Result, SCHEMA_VERSION, StoreError, WriteError};
pub use journal::recovery::Recovered;
pub use journal::waiting::{SegmentState, Waiting, WaitingSegment};
pub use ledger::path::{DB_ENV, db_path};
pub use ledger::schema::APPLICATION_ID;
pub use open::migration::{Migrated, MigrationPlan, MigrationStep};
pub use options::{Migrate, StoreOptions, Synchronous};
pub use query::rows::{Records, StoredRecord};
pub use retention::{
    Age, AgeError, DeleteAllPlan, DeleteRangePlan, Deletion, DeletionPlan, HorizonReset, Policy,
    PolicyError, PruneOptions, PrunePlan, Quarantine, Retention, RetentionPlan, Retried,
    SessionsKept, SessionsPlan, VacuumOutcome,
};
pub use store::Store;
pub use store::backup::Backup;
pub use usage_core::Filter;
pub use write::append::{Append, Appended, Known};
pub use write::declare::DeclaredTags;
pub use write::insert::{Inserted, insert_record};
pub use write::quarantine::{MAX_QUARANTINED, MAX_QUARANTINED_BYTES, Quarantined};
pub use write::sources::{Source, SourceCounts};
