//! The crate from outside: fixtures with counts derived by hand, every cut of every response, and
//! samples from elsewhere.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

mod fixtures;
mod memory;
mod samples;
mod splits;
