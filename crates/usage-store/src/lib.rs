#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

#[cfg(feature = "zones")]
mod budgets;
pub mod doctor;
mod error;
pub mod forget;
mod journal;
mod ledger;
mod open;
mod options;
mod prices;
mod query;
pub mod restore;
mod retention;
mod rollups;
pub mod salvage;
pub mod status;
mod store;
mod write;

#[cfg(feature = "zones")]
pub use budgets::Budgets;
pub use error::{
    DamageCode, Doubt, Result, SCHEMA_VERSION, SqliteError, SqliteErrorKind, StoreError, WriteError,
};
pub use journal::backlog::{JournalBacklog, JournalSegment, SegmentState};
pub use journal::recovery::{Journals, Recovered};
pub use ledger::books::{LedgerBook, this_program};
pub use ledger::file;
pub use ledger::path::{DB_ENV, db_path, in_home};
pub use ledger::schema::APPLICATION_ID;
pub use open::migration::{Migrated, MigrationPlan, MigrationStep};
pub use options::{Migrate, StoreOptions, Synchronous};
pub use prices::{
    BookPut, LedgerPrices, Missing, ModelCost, PricedSum, RepricePlan, RepriceScope, Repriced,
    Repricing, Skipped, WhyMissing,
};
pub use query::rows::{Records, StoredRecord};
pub use query::tag_keys::TagUse;
#[cfg(feature = "zones")]
pub use query::{counters::Counter, shipped};
pub use retention::{
    Age, DeleteAllPlan, DeleteRangePlan, Deletion, DeletionPlan, HorizonReset, Policy,
    PruneOptions, PrunePlan, Quarantine, Retained, Retention, RetentionPlan, Retried, SessionsKept,
    SessionsPlan, VacuumOutcome,
};
pub use store::Store;
pub use store::across::AcrossInstances;
pub use store::backup::Backup;
pub use store::reconciled::Reconciled;
pub use usage_core::Filter;
pub use write::append::{Append, Appended, Known};
pub use write::before_horizon::{MAX_QUARANTINED, MAX_QUARANTINED_BYTES, Quarantined};
pub use write::declare::DeclaredTags;
pub use write::insert::{Inserted, insert_record};
pub use write::sources::{Source, SourceCounts};
