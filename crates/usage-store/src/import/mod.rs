//! Taking over the database of `cc-modelrouter`, here called the origin, through
//! [`Store::import_ccrouter`](crate::Store::import_ccrouter).
//!
//! Its rows become records with a bare total of tokens. An import can be repeated for as long as
//! the origin is in use: the ledger remembers how far it has looked, so only rows that are new are
//! read; and a row is stored only if the ledger lacks it, whatever way it may have come there.

mod connection;
mod copied;
mod error;
mod layout;
mod origin;
mod page;
mod row;
mod run;
mod timestamp;
mod watermark;

pub use error::ImportError;
pub use row::RowError;
pub use run::{ImportEvent, ImportOptions, ImportSummary, check_ccrouter};
pub use timestamp::{TimestampError, parse_timestamp};
