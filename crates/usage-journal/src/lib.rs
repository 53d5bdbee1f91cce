#![doc = include_str!("../README.md")]
//!
//! # The life of a segment
//!
//! ```text
//!         make                append, sync, publish              stored, durably
//! (none) ─────▶ name.new ─▶ name.segment: in use ─────────────▶ done ─┬─▶ spare: the next generation
//!               locked      locked by its owner                       └─▶ retired: file removed,
//!                             │ the process ends                          then its position forgotten
//!                             ▼
//!                           abandoned: nobody holds the lock ─▶ replayed by any process ─▶ removed
//! ```
//!
//! # Invariants
//! - **One owner**: who writes to a segment holds the lock on its file, from before it has its name. Only an
//!   abandoned segment can be locked by a replay.
//! - **Published is whole**: the reader sees records only when their frames are in the file, and synced where
//!   [`Options::sync`] asks for it.
//! - **Stored once**: the ledger's position in a segment moves in the transaction that stores its records, which
//!   begins by looking whether it stands where the batch begins.
//! - **Durable before gone**: a segment is used again or removed only when the ledger has all of it, has been made
//!   durable, and still has it then. First the file goes, then the folder is synced, then the position goes.
//! - **A failed sync is believed**: what was not known to be on the disk is taken back and goes elsewhere.
//! - **Others' files stay**: what is newer or of another ledger is left alone, what cannot be read is renamed.
//! - **The lock over the list of segments** is never held while a file is written or the ledger is asked.
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod check;
mod disk;
mod error;
mod format;
mod options;
mod reader;
mod replay;
mod scan;
mod segment;
mod shared;
mod survey;
mod writer;

pub use check::JournalCheck;
pub use disk::{Access, Disk, DiskFile, Identity, RealDisk};
pub use error::{Found, JournalError, SyncError};
pub use options::Options;
pub use reader::JournalReader;
pub use replay::{Replayed, replay};
pub use scan::StoredBatch;
pub use survey::{SegmentState, Survey, SurveyedSegment, survey};
pub use writer::JournalWriter;
