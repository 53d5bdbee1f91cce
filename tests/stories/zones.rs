//! Which time zone is taken: `--timezone`, else `USAGE_TIMEZONE`, else `TZ`, else the system's.

use crate::fixture::{Fixture, Run};

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

#[test]
fn what_names_no_zone_is_refused() {
    let fixture = Fixture::new().unset("USAGE_TIMEZONE").set("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");
    insta::assert_snapshot!(fixture.usage("period today"), @r#"
    exit 2
    --- stderr
    error: the variable TZ names no time zone: "CET-1CEST,M3.5.0,M10.5.0/3"
    hint: --timezone takes an IANA name, such as Europe/Berlin or UTC
    "#);
    insta::assert_snapshot!(fixture.set("TZ", "<-03>3").usage("period today"), @r#"
    exit 2
    --- stderr
    error: the variable TZ names no time zone: "<-03>3"
    hint: --timezone takes an IANA name, such as Europe/Berlin or UTC
    "#);
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
    hint: --timezone takes an IANA name, such as Europe/Berlin or UTC
    "#);
    let fixture = Fixture::new().set("USAGE_TIMEZONE", "europe/berlin");
    insta::assert_snapshot!(fixture.usage("report"), @r#"
    exit 2
    --- stderr
    error: unknown time zone "europe/berlin"
    hint: --timezone takes an IANA name, such as Europe/Berlin or UTC
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
