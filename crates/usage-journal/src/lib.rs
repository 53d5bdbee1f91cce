#![doc = include_str!("../README.md")]
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
pub use error::{Found, JournalError, ReplayError, SyncError};
pub use options::Options;
pub use reader::JournalReader;
pub use replay::{Replayed, replay};
pub use scan::StoredBatch;
pub use survey::{SegmentState, Survey, SurveyedSegment, survey};
pub use writer::JournalWriter;
