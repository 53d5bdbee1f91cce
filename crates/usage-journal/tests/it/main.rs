//! The journal from outside: on a simulated machine, and on real files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is the report")]

mod damage;
mod fixtures;
mod live;
mod model;
mod power;
mod races;
mod real_disk;
mod sim;
mod watched;
