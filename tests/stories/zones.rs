//! Which time zone is taken: `--timezone`, else `USAGE_TIMEZONE`, else `TZ`, else the system's.

use std::fs;
use std::path::Path;

use crate::fixture::{Fixture, Run};
use crate::lines::many;

/// The zone that the command takes.
fn zone(run: Run) -> String {
    let json: serde_json::Value = serde_json::from_str(&run.stdout_of_success()).unwrap();
    json["timezone"].as_str().unwrap().to_owned()
}

const PERIOD: &str = "period today --format json";

#[test]
fn the_option_goes_before_the_variable_and_that_before_tz() {
    let fixture = Fixture::new().set("USAGE_TIMEZONE", "Asia/Tokyo").set("TZ", "Europe/Berlin");
    assert_eq!(zone(fixture.usage("period --timezone America/Lima --format json")), "America/Lima");
    assert_eq!(zone(fixture.usage("--timezone America/Lima period --format json")), "America/Lima");
    assert_eq!(zone(fixture.usage(PERIOD)), "Asia/Tokyo");
    assert_eq!(zone(fixture.unset("USAGE_TIMEZONE").usage(PERIOD)), "Europe/Berlin");
}

#[test]
fn an_empty_variable_is_as_none() {
    let fixture = Fixture::new().set("USAGE_TIMEZONE", "").set("TZ", "Europe/Berlin");
    assert_eq!(zone(fixture.usage(PERIOD)), "Europe/Berlin");
}

#[test]
fn tz_is_read_as_the_system_reads_it() {
    for (tz, expected) in [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Europe/Berlin", "Europe/Berlin"),
        ("/usr/share/zoneinfo/Asia/Kathmandu", "Asia/Kathmandu"),
        (":/usr/share/zoneinfo/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("", "UTC"),
        (":", "UTC"),
    ] {
        let fixture = Fixture::new().unset("USAGE_TIMEZONE").set("TZ", tz);
        assert_eq!(zone(fixture.usage(PERIOD)), expected, "TZ={tz}");
    }
}

#[test]
fn without_any_it_is_the_systems() {
    let fixture = Fixture::new().unset("USAGE_TIMEZONE");
    assert!(!zone(fixture.usage(PERIOD)).is_empty());
}

/// Rules, as the C library takes them too, have the zone that has these rules; a file that is a copy, or behind links,
/// has the zone whose rules are in it.
#[test]
fn rules_and_files_have_a_zone_too() {
    let fixture = Fixture::new();
    let berlin = Path::new("/usr/share/zoneinfo/Europe/Berlin");
    std::os::unix::fs::symlink(berlin, fixture.path("link")).unwrap();
    std::os::unix::fs::symlink("link", fixture.path("link-to-link")).unwrap();
    let link = format!(":{}", fixture.path("link-to-link").display());
    let mut cases = vec![
        ("UTC0".to_owned(), "UTC"),
        ("<-03>3".to_owned(), "Etc/GMT+3"),
        ("CET-1CEST,M3.5.0,M10.5.0/3".to_owned(), "Europe/Berlin"),
        ("right/Europe/Berlin".to_owned(), "Europe/Berlin"),
        (link, "Europe/Berlin"),
    ];
    if fs::copy(berlin, fixture.path("copy")).is_ok() {
        cases.push((fixture.path("copy").display().to_string(), "Europe/Berlin"));
    }
    let mut fixture = fixture.unset("USAGE_TIMEZONE");
    for (tz, expected) in cases {
        fixture = fixture.set("TZ", &tz);
        assert_eq!(zone(fixture.usage(PERIOD)), expected, "TZ={tz}");
    }
}

/// The C library takes UTC without a word. Here it is said, and nothing is deleted by the days of such a zone; what
/// does not depend on days works.
#[test]
fn where_the_zone_is_unknown_it_is_said_and_nothing_is_deleted_by_its_days() {
    let fixture = Fixture::with(&many(0, 2)).unset("USAGE_TIMEZONE").set("TZ", "Mars/Olympus");
    insta::assert_snapshot!(fixture.usage("period today"), @r#"
    exit 0
    --- stdout
    today
      start  2026-05-03T00:00:00+00:00
      end    2026-05-04T00:00:00+00:00  (exclusive)
      zone   UTC
    --- stderr
    note: the variable TZ names no zone that is known: "Mars/Olympus"; days and hours are those of UTC
    "#);
    let near = Fixture::new().unset("USAGE_TIMEZONE").set("TZ", "europe/berlin");
    let run = near.usage("period today");
    assert!(run.stderr.contains("\"europe/berlin\" (did you mean Europe/Berlin?);"), "{run}");
    let now = "--now 2026-05-03T12:00:00Z";
    for refused in [
        format!("prune --before 2026-05-01 {now}"),
        format!("prune --before 2026-05-01 --dry-run {now}"),
        format!("delete --from 2026-05-01 --to 2026-05-02 --yes {now}"),
        format!("retain --reset-horizon 2026-05-01 {now}"),
    ] {
        let run = fixture.usage(&refused);
        assert_eq!(run.code, 2, "{refused}: {run}");
        assert!(run.stderr.contains("nothing is deleted by a day of an unknown zone"), "{run}");
    }
    let report = fixture.usage("report --quiet").stdout_of_success();
    assert!(report.contains("Requests: 2 "), "{report}");
    // These ask for no day; and they do not speak of the zone.
    for silent in ["doctor", "vacuum", "backup copy.db", "record bad.nd", "tags", "import agents"] {
        fixture.write("bad.nd", many(5, 1));
        let run = fixture.usage(silent);
        assert!(!run.stderr.contains("TZ"), "{silent}: {run}");
    }
    for done in ["prune --before 30d", "delete --all --yes"] {
        let run = fixture.usage(&format!("{done} {now}"));
        assert_eq!(run.code, 0, "{done}: {run}");
    }
}

/// A variable that names no zone is an error for who asks for days, and none for others; an option is one for all.
#[test]
fn who_needs_no_zone_does_not_ask_for_one() {
    let fixture = Fixture::with(&many(0, 2)).set("USAGE_TIMEZONE", "Europe/Berln");
    for (command, code) in [
        ("report today", 2),
        ("prune --before 30d", 2),
        ("doctor", 0),
        ("vacuum", 0),
        ("backup copy.db", 0),
        ("doctor --timezone Mars/Olympus", 2),
        ("about", 0),
    ] {
        let run = fixture.usage(command);
        assert_eq!(run.code, code, "{command}: {run}");
    }
    assert_eq!(fixture.usage_reading("record", many(2, 1)).code, 0);
}

#[test]
fn what_names_no_zone_is_refused() {
    insta::assert_snapshot!(Fixture::new().usage("period --timezone Mars/Olympus"), @r#"
    exit 2
    --- stderr
    error: unknown time zone "Mars/Olympus"
    hint: --timezone takes an IANA name, such as Europe/Berlin or UTC
    "#);
    insta::assert_snapshot!(Fixture::new().usage("period --timezone +02:00"), @r#"
    exit 2
    --- stderr
    error: unknown time zone "+02:00"
    hint: did you mean Etc/GMT-2?
    "#);
    let fixture = Fixture::new().set("USAGE_TIMEZONE", "europe/berlin");
    insta::assert_snapshot!(fixture.usage("report"), @r#"
    exit 2
    --- stderr
    error: unknown time zone "europe/berlin"
    hint: did you mean Europe/Berlin?
    "#);
    assert_eq!(fixture.files(), [""; 0]);
}

/// A wrong `TZ` does not matter to who says what to take.
#[test]
fn an_unused_tz_is_not_looked_at() {
    let fixture = Fixture::new().set("TZ", "<-03>3");
    assert_eq!(zone(fixture.usage(PERIOD)), "UTC");
}

#[test]
fn now_is_an_instant() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(fixture.usage("period today --now yesterday"), @r#"
    exit 2
    --- stderr
    error: --now "yesterday" is not RFC 3339
    hint: such as 2026-05-03T13:56:01+08:00
    "#);
    insta::assert_snapshot!(fixture.usage("period today --now 2026-05-03"), @r#"
    exit 2
    --- stderr
    error: --now "2026-05-03" is not RFC 3339
    hint: such as 2026-05-03T13:56:01+08:00
    "#);
    insta::assert_snapshot!(fixture.usage("period today --now -1"), @r#"
    exit 2
    --- stderr
    error: --now "-1" is not RFC 3339
    hint: such as 2026-05-03T13:56:01+08:00
    "#);
    let ytd = fixture.usage("period ytd --now 2020-02-03T04:05:06.123456789+05:45");
    insta::assert_snapshot!(ytd, @"
    exit 0
    --- stdout
    ytd
      start  2020-01-01T00:00:00+00:00
      end    2020-02-02T22:20:06.123456789+00:00  (exclusive)
      zone   UTC
    ");
    let fixture = fixture.set("USAGE_NOW", "soon");
    insta::assert_snapshot!(fixture.usage("period today"), @r#"
    exit 2
    --- stderr
    error: the variable USAGE_NOW "soon" is not RFC 3339
    hint: such as 2026-05-03T13:56:01+08:00
    "#);
    assert_eq!(fixture.usage("period today --now 2026-05-03T00:00:00Z").code, 0);
    let fixture = fixture.set("USAGE_NOW", "");
    assert_eq!(fixture.usage("period today").code, 0);
}

/// Without it the clock is read: today is the day that it says.
#[test]
fn without_now_the_clock_is_read() {
    let fixture = Fixture::new().unset("USAGE_NOW");
    let today = |fixture: &Fixture| fixture.usage("period today").stdout_of_success();
    let (before, date, after) = (today(&fixture), fixture.shell("date -u +%F"), today(&fixture));
    let date = date.stdout_of_success();
    assert!([before, after].iter().any(|period| period.contains(date.trim())), "{date}");
}
