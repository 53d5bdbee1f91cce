//! The server as its clients meet it: over sockets, in front of a real ledger.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is the report")]

mod bodies;
mod client;
mod limits;
mod out;
mod page;
mod records;
mod security;
