//! The crate from outside: costs computed by hand, names as they are written, and what holds for any counts.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic in a test is the report")]

mod books;
mod costs;
mod names;
mod properties;
mod samples;
mod time;
mod users;
