//! The settings file: who goes before whom, and what a broken one stops.

use crate::fixture::Fixture;
use crate::lines::DAY;

fn fixture() -> Fixture {
    let fixture = Fixture::new().set("USAGE_CONFIG", "config.toml").unset("USAGE_TIMEZONE");
    fixture.set("TZ", "Asia/Tokyo")
}

fn zone(fixture: &Fixture, arguments: &str) -> String {
    let json = fixture.usage(&format!("period today --json {arguments}")).stdout_of_success();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    json["timezone"].as_str().unwrap().to_owned()
}

#[test]
fn an_option_goes_before_a_variable_that_before_the_file_and_that_before_the_rest() {
    let fixture = fixture();
    assert_eq!(zone(&fixture, ""), "Asia/Tokyo");
    fixture.usage("config set timezone Europe/Berlin").stdout_of_success();
    assert_eq!(zone(&fixture, ""), "Europe/Berlin");
    let fixture = fixture.set("USAGE_TIMEZONE", "America/Lima");
    assert_eq!(zone(&fixture, ""), "America/Lima");
    assert_eq!(zone(&fixture, "--timezone UTC"), "UTC");
    let start = |arguments: &str| {
        let text = fixture.usage(&format!("period this-week {arguments}")).stdout_of_success();
        text.lines().nth(1).unwrap().trim_start_matches("  start  ").to_owned()
    };
    assert!(start("").starts_with("2026-04-27"));
    fixture.usage("config set week-start sunday").stdout_of_success();
    assert!(start("").starts_with("2026-05-03"));
    assert!(start("--week-start monday").starts_with("2026-04-27"));
    fixture.usage("config set cycle-day 15").stdout_of_success();
    let cycle = fixture.usage("period this-cycle --timezone UTC").stdout_of_success();
    assert!(cycle.contains("start  2026-04-15T00:00:00+00:00"), "{cycle}");
}

#[test]
fn each_value_is_shown_with_where_it_comes_from() {
    let fixture = fixture().set("USAGE_TIMEZONE", "America/Lima");
    fixture.write("config.toml", "# mine\ncolor = \"never\"\n");
    fixture.usage("config set cycle-day 5").stdout_of_success();
    insta::assert_snapshot!(fixture.usage("config").stdout_of_success());
    assert_eq!(fixture.read("config.toml"), b"# mine\ncolor = \"never\"\ncycle-day = 5\n");
    let json = fixture.usage("config --json").stdout_of_success();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["schema"], &json["file"]), (&1.into(), &"config.toml".into()));
    assert_eq!(json["settings"][2]["value"], "5");
    assert_eq!(json["settings"][2]["from"], "file");
    fixture.usage("config unset color").stdout_of_success();
    assert_eq!(fixture.read("config.toml"), b"cycle-day = 5\n");
}

/// Commands that need nothing of it go on; those that do name the line.
#[test]
fn a_broken_file_stops_no_more_than_it_must() {
    let fixture = fixture();
    fixture.write("config.toml", "\ntimezone = \"Berlin\"\ncolor = \"blue\"\n");
    fixture.write("lines", DAY);
    for arguments in ["record lines", "doctor", "vacuum", "about", "report --timezone UTC"] {
        let run = fixture.usage(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments}: {run}");
    }
    insta::assert_snapshot!(fixture.usage("report"));
    // It can be mended.
    fixture.usage("config unset timezone").stdout_of_success();
    fixture.usage("report").stdout_of_success();
    fixture.write("config.toml", "color = \n");
    insta::assert_snapshot!(fixture.usage("config"));
    fixture.write("config.toml", "timezone = \"UTC\"\n\ncolour = \"auto\"\n");
    insta::assert_snapshot!(fixture.usage("report"));
    fixture.usage("config unset colour").stdout_of_success();
    assert_eq!(zone(&fixture, ""), "UTC");
}
