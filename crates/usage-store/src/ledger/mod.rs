//! The ledger's file: opening, telling it from others, migrating, its tables, its connections and copies.

pub(crate) mod at_rest;
pub(crate) mod backup;
pub(crate) mod checkpoint;
pub(crate) mod columns;
pub(crate) mod durable;
pub(crate) mod file_id;
pub(crate) mod identify;
pub(crate) mod migration;
pub(crate) mod open;
pub(crate) mod part;
pub(crate) mod path;
pub(crate) mod readers;
pub(crate) mod schema;
pub(crate) mod transaction;
pub(crate) mod trusted;
