//! Stories on the real command and the real ledger file, on Unix: they send signals, fill disks
//! and take permissions away.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is the report"
)]

mod agents;
mod backup;
mod budgets;
mod by;
mod command_line;
mod crowds;
mod csv;
mod damage;
mod doctor;
mod errors;
mod events;
mod export;
mod faults;
mod fixture;
mod follow;
mod forget;
mod help;
mod horizon;
mod hostile;
mod import;
mod interrupts;
mod kept;
mod layouts;
mod ledgers;
mod lines;
mod maintenance;
mod migrate;
mod mistypings;
mod model;
mod operate;
mod other_agents;
mod output;
mod overview;
mod patience;
mod periods;
mod permissions;
mod prices;
mod process;
mod prune;
mod record;
mod refusals;
mod rejects;
mod report;
mod restore;
mod retain;
mod salvage;
mod schemas;
mod serve;
mod sessions;
mod settings;
mod setup;
mod status;
mod statusline;
mod tags;
mod top;
mod unknown_fields;
mod zones;
