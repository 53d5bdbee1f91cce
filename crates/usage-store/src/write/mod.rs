//! Putting records in: batches, names, event ids, and what the ledger cannot take.

pub(crate) mod append;
pub(crate) mod batch;
pub(crate) mod before_horizon;
pub(crate) mod declare;
mod door;
pub(crate) mod event_ids;
pub(crate) mod insert;
mod insert_rows;
pub(crate) mod join;
pub(crate) mod pseudonyms;
pub(crate) mod quarantine;
pub(crate) mod said;
pub(crate) mod sources;
pub(crate) mod tellings;
mod verdict;
pub(crate) mod ways;
