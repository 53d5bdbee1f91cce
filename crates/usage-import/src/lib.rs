#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

pub mod agents;
pub mod ccrouter;
mod error;
pub mod follow;
mod importer;
mod options;
mod run;
mod sqlite;

pub use error::ImportError;
pub use importer::{Batch, Importer, Item, Origin, Place, Refusal};
pub use options::{ImportEvent, ImportOptions, ImportSummary};
pub use run::run;
