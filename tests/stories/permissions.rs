//! Files and folders that permissions keep from being read or written.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use crate::fixture::{Fixture, Run};
use crate::lines::many;

/// The user `nobody`, whom permissions stop; the superuser they do not.
const NOBODY: u32 = 65_534;

/// Runs the command as somebody who is not the superuser.
pub(crate) fn as_a_plain_user(fixture: &Fixture, arguments: &str) -> Run {
    let own = fixture.path("home").metadata().unwrap().uid();
    let mut command = fixture.command(arguments.split_whitespace());
    if own == 0 {
        command = fixture.program(&program_for_all(fixture));
        command.args(arguments.split_whitespace()).uid(NOBODY).gid(NOBODY);
    }
    fixture.finished(command.output().unwrap())
}

/// The program may lie where only the superuser may look: this is one that everybody may run.
pub(crate) fn program_for_all(fixture: &Fixture) -> PathBuf {
    let copy = fixture.path("home/usage");
    if !copy.exists() {
        // Not copied by this process: a child that another test starts meanwhile would keep the
        // copy open for writing for a moment, and what is being written cannot be run.
        fixture.shell("cp -L bin/usage home/usage && chmod 755 home/usage").stdout_of_success();
    }
    copy
}

pub(crate) fn allow(fixture: &Fixture, name: &str, mode: u32) {
    fs::set_permissions(fixture.path(name), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_cannot_be_written() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 3));
    allow(&fixture, "", 0o555);
    let record = as_a_plain_user(&fixture, "record a");
    let deeper = as_a_plain_user(&fixture, "record a --db new/usage.db");
    allow(&fixture, "", 0o755);
    insta::assert_snapshot!(record, @"
    exit 1
    --- stderr
    error: cannot create /tmp/usage-XXXXXX/usage.db: Permission denied (os error 13)
    hint: `ls -la FOLDER` says whose files these are; the ledger, its folder and what lies beside it belong to one user, or to a group that may write
    ");
    insta::assert_snapshot!(deeper, @"
    exit 1
    --- stderr
    error: cannot create /tmp/usage-XXXXXX/new: Permission denied (os error 13)
    hint: `ls -la FOLDER` says whose files these are; the ledger, its folder and what lies beside it belong to one user, or to a group that may write
    ");
    assert_eq!(fixture.files(), ["a"]);
}

/// The ledger of somebody else: its reader can neither read nor write it, or only read.
#[test]
fn a_ledger_that_cannot_be_written() {
    let fixture = Fixture::with(&many(0, 7));
    fixture.write("a", many(7, 3));
    allow(&fixture, "usage.db", 0o444);
    allow(&fixture, "", 0o555);
    let record = as_a_plain_user(&fixture, "record a");
    let report = as_a_plain_user(&fixture, "report");
    allow(&fixture, "usage.db", 0);
    let unreadable = as_a_plain_user(&fixture, "report");
    allow(&fixture, "", 0o755);
    allow(&fixture, "usage.db", 0o600);
    insta::assert_snapshot!(record, @"
    exit 1
    --- stderr
    error: cannot open the ledger /tmp/usage-XXXXXX/usage.db: it is read-only: /tmp/usage-XXXXXX/usage.db cannot be opened: Permission denied (os error 13)
    hint: `ls -la FOLDER` says whose files these are; the ledger, its folder and what lies beside it belong to one user, or to a group that may write
    ");
    assert_eq!(report.stdout_of_success(), fixture.usage("report").stdout);
    insta::assert_snapshot!(unreadable, @"
    exit 1
    --- stderr
    error: cannot open the ledger /tmp/usage-XXXXXX/usage.db: /tmp/usage-XXXXXX/usage.db cannot be opened: Permission denied (os error 13)
    hint: `ls -la FOLDER` says whose files these are; the ledger, its folder and what lies beside it belong to one user, or to a group that may write
    ");
    assert_eq!(fixture.totals(), (7, 7));
}

#[test]
fn an_input_that_cannot_be_read() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 3));
    fixture.write("b", many(0, 3));
    allow(&fixture, "b", 0);
    allow(&fixture, "", 0o777);
    let run = as_a_plain_user(&fixture, "record a b");
    insta::assert_snapshot!(run, @"
    exit 1
    --- stdout
    Lines: 3  |  Stored: 3  |  Duplicates: 0  |  Refused: 0
    --- stderr
    error: cannot read b: Permission denied (os error 13)
    ");
}
