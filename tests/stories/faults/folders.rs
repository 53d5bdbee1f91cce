//! Where the journal is kept, and where it cannot be.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;

use driver::{DEADLINE, Gateway, recover};

use super::{GATEWAY, all_to, audit, flush, leave_journals, lock, ready, record};
use crate::fixture::Fixture;
use crate::permissions::allow;

/// The user `nobody`, whom permissions stop; the superuser they do not.
const NOBODY: u32 = 65_534;

/// It stores all the same, and says that a kill would lose something.
fn assert_works_without_a_journal(mut gateway: Gateway, fixture: &Fixture) {
    record(&mut gateway, 3_000);
    assert_eq!(gateway.ask(&flush("flush")).unwrap(), "ok");
    assert_eq!(gateway.ask("stats").unwrap(), "ok");
    let stats = gateway.seen().stats;
    assert!(stats.degraded && stats.last_error.is_some(), "{stats:?}");
    assert_eq!((stats.stored, stats.journaled, stats.in_journal), (3_000, 0, 0));
    let report = gateway.stop(DEADLINE).unwrap();
    assert!(report.is_clean, "{report:?}");
    assert_eq!(audit(fixture).numbers("gateway"), all_to(3_000));
}

#[test]
fn a_file_in_the_place_of_the_folder() {
    let fixture = Fixture::new();
    fixture.write("usage.db.journal", "somebody's");
    assert_works_without_a_journal(ready(&fixture, ""), &fixture);
    assert_eq!(fixture.read("usage.db.journal"), b"somebody's");
    assert_eq!(fixture.files(), ["usage.db", "usage.db.journal"]);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("fixed")).unwrap();
    allow(&fixture, "", 0o777);
    // The program may lie where only the superuser may look. Not copied by this process, see
    // `permissions`.
    let copy = format!("cp -L {GATEWAY} home/gateway && chmod 755 home/gateway");
    fixture.shell(&copy).stdout_of_success();
    allow(&fixture, "home", 0o755);
    let mut command = fixture.program(&fixture.path("home/gateway"));
    if fixture.path("home").metadata().unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.args(["--ledger", "usage.db", "--journal-folder", "fixed/journal"]);
    allow(&fixture, "fixed", 0o555);
    let gateway = Gateway::ready(&mut command);
    assert_works_without_a_journal(gateway.unwrap(), &fixture);
    allow(&fixture, "fixed", 0o755);
    assert_eq!(fs::read_dir(fixture.path("fixed")).unwrap().count(), 0);
}

/// While the ledger is locked the journal has all there is. It is written anew before anybody is told
/// that it is safe, and a kill then loses nothing.
#[test]
fn a_folder_that_is_deleted_under_the_gateway() {
    let fixture = Fixture::new();
    let ledger = fixture.path("usage.db");
    recover(&ledger).unwrap();
    let mut gateway = ready(&fixture, "");
    let locked = lock(&fixture);
    record(&mut gateway, 2_000);
    fs::remove_dir_all(fixture.path("usage.db.journal")).unwrap();
    assert_eq!(gateway.ask(&flush("flush-journal")).unwrap(), "ok");
    assert_eq!(gateway.kill().unwrap().watermark, 2_000);
    drop(locked);
    assert_eq!(recover(&ledger).unwrap().recovered.stored, 2_000);
    assert_eq!(audit(&fixture).numbers("gateway"), all_to(2_000));
}

/// Another program knows only the ledger, which remembers where its journals are.
#[test]
fn a_folder_elsewhere_is_found_through_the_ledger() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("elsewhere")).unwrap();
    leave_journals(&fixture, 2, 1_000, "--journal-folder elsewhere/journal");
    assert!(fixture.path("elsewhere/journal").exists());
    assert!(!fixture.path("usage.db.journal").exists());
    let stats = recover(&fixture.path("usage.db")).unwrap();
    assert_eq!(stats.recovered.stored, 2_000);
    let audit = audit(&fixture);
    assert_eq!((audit.numbers("g0"), audit.numbers("g1")), (&*all_to(1_000), &*all_to(1_000)));
    assert!(!fixture.path("elsewhere/journal").exists());
}
