#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod disk;
mod error;
mod format;
mod journal;
mod options;
mod read;
mod replay;
mod segment;
mod shared;
mod survey;
mod tail;
mod watch;

pub use disk::{Access, Disk, DiskFile, Identity, RealDisk};
pub use error::{Found, JournalError, SyncError};
pub use journal::Journal;
pub use options::Options;
pub use read::Step;
pub use replay::{Replayed, replay};
pub use survey::{State, Survey, Surveyed, survey};
pub use tail::Tail;
pub use watch::Watched;
