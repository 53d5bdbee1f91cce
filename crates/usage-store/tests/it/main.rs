//! The ledger from the outside: real files, real processes.

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
mod backlog;
mod backup;
mod before_horizon;
mod checkpoints;
mod child;
mod conformance;
mod counters;
mod damaged_names;
mod damaged_rows;
mod doctor;
mod earlier;
mod event_ids;
mod folding;
mod forgetting;
mod horizon;
mod joins;
mod journal;
mod keeping;
mod kills;
mod known_ids;
mod labels;
mod locking;
mod messages;
mod migration;
mod model;
mod odd_entries;
mod opening;
mod page_damage;
mod path;
mod permissions;
mod priced;
mod prices;
mod prices_model;
mod processes;
mod pruning;
mod quarantine;
mod recording;
mod recovery;
mod refusing;
mod replaced;
mod reports;
mod repricing;
mod restoring;
mod retention;
mod rollups;
mod rows;
mod said;
mod salvaging;
mod scan;
mod series;
mod sessions;
mod strangers;
mod support;
mod tags;
mod tellings;
mod turns;
mod upgrading;
mod versions;
mod view;
mod ways;
