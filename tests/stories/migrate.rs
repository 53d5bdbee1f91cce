//! A ledger of an earlier version, and the way back to it.

use std::fs;

use crate::causes::of_version_4;
use crate::lines::many;
use crate::patience::on_a_small_disk;

const COPY: &str = "usage.db.v4-backup";

#[test]
fn reading_leaves_it_as_it_is() {
    let fixture = of_version_4();
    let before = fixture.read("usage.db");
    for command in ["report", "export", "backup copy.db", "vacuum", "prune --before 30d", "retain"]
    {
        let run = fixture.usage(command);
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains("has schema version 4, it must be migrated"), "{run}");
    }
    assert_eq!(fixture.usage("doctor").code, 0);
    assert_eq!(fixture.usage("migrate --dry-run").code, 0);
    assert!(fixture.read("usage.db") == before);
    assert_eq!(fixture.files(), ["usage.db"]);
}

#[test]
fn it_says_what_it_takes_and_what_it_has_done() {
    let fixture = of_version_4();
    let plan = fixture.usage("migrate --dry-run").stdout_of_success();
    // Of which how much is free differs.
    let (plan, end) = plan.split_once(", of ").unwrap();
    insta::assert_snapshot!(plan, @r"
    /tmp/usage-XXXXXX/usage.db: schema version 4 becomes 6
      up to 668 records, 139,264 bytes
      takes about 1 s and up to 8.6 MB, a copy included
    ");
    assert!(end.ends_with(" that are free\nNothing was changed: --dry-run\n"), "{end}");

    let run = fixture.usage("migrate").stdout_of_success();
    let done = run.split_once(" that are free\n").unwrap().1;
    assert!(
        done.starts_with("The ledger as it was: /tmp/usage-XXXXXX/usage.db.v4-backup\n"),
        "{run}"
    );
    assert!(done.contains("Migrated to version 6  |  Before: 139,264 bytes  |  After: "), "{run}");
    assert_eq!(fixture.files(), ["usage.db", COPY]);
    assert_eq!(
        fixture.usage("migrate usage.db").stdout_of_success(),
        "/tmp/usage-XXXXXX/usage.db is up to date: schema version 6\n"
    );
    assert_eq!(fixture.stored(), 668);
    assert_eq!(fixture.usage("doctor --full").code, 0);
}

#[test]
fn without_a_copy_and_without_a_word() {
    let fixture = of_version_4();
    // The second time there is nothing to do, and nothing to say.
    for _ in 0..2 {
        assert_eq!(fixture.usage("migrate --in-place --quiet").stdout_of_success(), "");
    }
    assert_eq!(fixture.files(), ["usage.db"]);
    assert_eq!(fixture.stored(), 668);
}

/// Amounts are told as everywhere, and no hint names what was done.
#[test]
fn without_space() {
    for (how, hint) in [
        ("", "free some space, or `usage migrate --in-place` makes no copy"),
        ("--in-place", "free some space and run the same command again"),
    ] {
        let script = format!("cp usage.db disk/; exec usage migrate disk/usage.db {how}");
        let Some(run) = on_a_small_disk(&of_version_4(), "1m", &script) else { return };
        assert_eq!(run.code, 1, "{run}");
        assert!(
            run.stderr.contains(" takes up to 8.") && run.stderr.contains(" MB, its disk has ")
        );
        assert!(run.stderr.ends_with(&format!("hint: {hint}\n")), "{run}");
    }
}

/// The copy is the ledger that it was, and recording migrates it again.
#[test]
fn recording_says_where_the_copy_is() {
    let fixture = of_version_4();
    fixture.write("a", many(0, 5));
    for _ in 0..2 {
        let run = fixture.usage("record a");
        assert_eq!(run.code, 0, "{run}");
        assert_eq!(
            run.stderr,
            "note: the ledger was migrated from schema version 4 to 6; as it was, it lies in \
             /tmp/usage-XXXXXX/usage.db.v4-backup\n"
        );
        assert_eq!(fixture.stored(), 673);
        fs::rename(fixture.path(COPY), fixture.path("usage.db")).unwrap();
        assert_eq!(fixture.files(), ["a", "usage.db"]);
        assert_eq!(fixture.usage("report").code, 1);
    }
}
