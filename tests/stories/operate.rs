//! The page for those who keep a ledger running, typed as it stands.

use std::fs;

use crate::fixture::Fixture;
use crate::lines::DAY;

const PAGE: &str = include_str!("../../docs/operate.md");

/// The first commands under a heading.
fn commands(heading: &str) -> &'static str {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0
}

/// Twice on a day, and be it within a second.
#[test]
fn each_night() {
    let fixture = Fixture::with(DAY);
    fs::create_dir(fixture.path("copies")).unwrap();
    let copies = fixture.path("copies").display().to_string();
    let script = commands("Each night").replace("/backup", &copies).replace("%S", "%S%N");
    let run = fixture.shell(&format!("set -e\n{script}\n{script}"));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    assert_eq!(fs::read_dir(copies).unwrap().count(), 2);
    let doctor: serde_json::Value = serde_json::from_slice(&fixture.read("doctor.json")).unwrap();
    assert_eq!(doctor["sound"], true);
    assert_eq!(fixture.usage("status --backup-within 2d").code, 0);
    // Without a copy nothing is deleted.
    let script =
        commands("Each night").replace("/backup", &fixture.path("away").display().to_string());
    let script = script.replace("usage retain --apply --quiet", "touch deleted");
    assert!(script.contains("touch deleted"), "{script}");
    fixture.shell(&format!("{{ {script} }} 2> told")).stdout_of_success();
    assert!(fixture.read("told").starts_with(b"error: there is no folder "));
    assert!(!fixture.path("deleted").exists());
}

#[test]
fn moving_to_another_machine() {
    let (fixture, there) = (Fixture::with(DAY), Fixture::new());
    let media = fixture.path("moving.db").display().to_string();
    let run = |fixture: &Fixture, script: &str| {
        let script = script.replace("/media/usage-moving.db", &media);
        let run = fixture.shell(&format!("set -e\n{script}"));
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    };
    run(&fixture, commands("Moving to another machine"));
    run(&there, "usage restore /media/usage-moving.db\nusage doctor");
    assert_eq!(there.totals(), fixture.totals());
    // Where there was none, none can be brought back.
    let fresh = Fixture::new();
    let run = fresh.usage(&format!("restore {media}"));
    assert_eq!(
        (run.code, run.stdout.lines().nth(1)),
        (0, Some("There was no ledger before")),
        "{run}"
    );
}
