//! A meter from its beginning to whichever end.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

mod common;
mod ends;
mod memory;
mod names;

#[cfg(feature = "http-body")]
mod bodies;
#[cfg(feature = "tower")]
mod layers;
