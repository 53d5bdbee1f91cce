//! Where the ledger lives when nobody says otherwise. The environment belongs to a process, so
//! each case is one.

use std::path::Path;
use std::process::Command;

use usage_store::{DB_ENV, db_path};

use super::child;
use super::support::Place;

pub(crate) fn is(place: &Path, expected: &str) {
    assert_eq!(db_path().unwrap(), place.join(expected));
}

fn check(expected: &str, set: impl FnOnce(&mut Command, &Path)) {
    let place = Place::new();
    let mut command = child::command(&format!("db-path {expected}"), place.folder());
    command.env_remove(DB_ENV).env_remove("XDG_DATA_HOME").env("HOME", place.folder());
    set(&mut command, place.folder());
    child::check(&command.output().unwrap());
    assert!(place.listing().is_empty(), "asking for the path makes nothing");
}

#[test]
fn the_variable_names_it() {
    check("x.db", |command, folder| {
        command.env(DB_ENV, folder.join("x.db"));
    });
    // As a file of variables has it, which no shell has seen.
    check("own/x.db", |command, _| {
        command.env(DB_ENV, "~/own/x.db");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn else_the_users_data_folder() {
    check(".local/share/usage/usage.db", |_, _| {});
    check(".local/share/usage/usage.db", |command, _| {
        command.env(DB_ENV, "");
    });
    check("data/usage/usage.db", |command, folder| {
        command.env("XDG_DATA_HOME", folder.join("data"));
    });
}
