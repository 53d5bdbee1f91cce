//! The database of `cc-modelrouter`, here called the origin.
//!
//! Its rows become records with a bare total of tokens. An import can be repeated for as long as
//! the origin is in use: the ledger remembers how far it has looked, so only rows that are new are
//! read; and a row is stored only if the ledger lacks it, whatever way it may have come there.

mod cursor;
mod importer;
mod layout;
mod page;
mod row;
mod seen;
mod timestamp;

pub use importer::Ccrouter;
pub use row::RowError;
pub use timestamp::{TimestampError, parse_timestamp};
