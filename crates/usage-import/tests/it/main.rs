//! Taking over an origin's database: real files, real processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test or its helper is the report"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the numbers of the tests are small"
)]

mod agents;
mod follow;
mod log;
mod migration;
mod other_process;
mod others;
mod quarantine;
mod refusing;
mod repeating;
mod rows;
mod support;
mod traces;
