#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library. The screen is written to where it is asked for.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod app;
mod ask;
mod draw;
mod facts;
mod keys;
mod live;
mod once;
mod options;
mod screen;
mod theme;
mod view;

pub use facts::{Fact, Level, Panel};
pub use keys::{KEYS, KeyHelp};
pub use live::{TopError, run};
pub use once::once;
pub use options::Options;
pub use theme::{Background, Depth, Theme};
pub use view::{By, Tab};

#[cfg(test)]
mod tests;
