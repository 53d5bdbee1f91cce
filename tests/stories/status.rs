//! The health and the size of a ledger in one look.

use crate::fixture::Fixture;
use crate::lines::{DAY, many};
use crate::maintenance::left_behind;

/// Without what differs from disk to disk.
fn steady(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("  |  disk: ") {
        Some((before, _)) => before.to_owned(),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn one_look_says_how_it_is() {
    let fixture = Fixture::with(DAY);
    let run = fixture.usage("status");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    insta::assert_snapshot!(steady(&run.stdout));
    // No copy is remembered.
    let run = fixture.usage("status --backup-within 2d");
    assert!(run.code == 6 && run.stdout.contains("no copy is as new as it has to be"), "{run}");
    fixture.usage("backup copy.db --quiet").stdout_of_success();
    let run = fixture.usage("status --backup-within 2d");
    // Lines break where the folder of temporary files makes them.
    let said = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(run.code == 0 && said.contains("copy.db; 0 records since then"), "{run}");
    let run = fixture.usage("status --backup-within 2d --now 2026-05-06T12:00:00Z");
    assert_eq!(run.code, 6, "{run}");
    assert_eq!(fixture.usage("status --record-within 1h").code, 6);
    assert_eq!(fixture.usage("status --record-within 24h").code, 0);
    // A record may be ahead of the clock.
    let run = fixture.usage("status --now 2026-05-03T00:00:00Z");
    assert!(run.stdout.contains(" from now\n"), "{run}");
    let json = |option: &str| {
        let text = fixture.usage(&format!("status {option}")).stdout;
        let mut status: serde_json::Value = serde_json::from_str(&text).unwrap();
        // Others write to the disk as well.
        status["size"]["disk_free_bytes"] = 0.into();
        status
    };
    assert_eq!(json("--json"), json("--format json"));
}

#[test]
fn what_waits_in_a_journal_needs_a_look() {
    let fixture = Fixture::with(&many(0, 10));
    left_behind(&fixture, &many(10, 5));
    let run = fixture.usage("status --format json");
    assert_eq!(run.code, 6, "{run}");
    let status: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(status["attention"], serde_json::json!(["backlog"]));
    assert_eq!((&status["backlog"]["of_stopped"], &status["schema"]), (&5.into(), &1.into()));
    assert!(
        fixture.usage("status --format openmetrics").stdout.contains("{reason=\"backlog\"} 1\n")
    );
    fixture.usage("vacuum");
    assert_eq!(fixture.usage("status").code, 0);
}

/// Each family is announced once, before its series, and the page has an end.
#[test]
fn metrics_are_a_page_of_open_metrics() {
    let fixture = Fixture::with(DAY);
    fixture.usage("backup copy.db --quiet").stdout_of_success();
    let page = fixture.usage("status --format openmetrics").stdout_of_success();
    assert!(page.ends_with("\n# EOF\n") && !page.contains("\n\n"), "{page}");
    let mut families = Vec::new();
    for line in page.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            families.push(family.strip_suffix(" gauge").unwrap());
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            assert_eq!(Some(&name), families.last(), "{line}");
        }
    }
    let count = families.len();
    families.sort_unstable();
    families.dedup();
    assert_eq!(families.len(), count);
}
