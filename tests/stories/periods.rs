//! `usage period`: odd ones, as text and as JSON.

use crate::fixture::{Fixture, Run};

fn period(arguments: &str) -> Run {
    Fixture::new().usage(&format!("period {arguments}"))
}

/// As text, and under it as JSON.
fn both(arguments: &str) -> String {
    let text = period(arguments).stdout_of_success();
    text + &period(&format!("{arguments} --format json")).stdout_of_success()
}

/// Midnight of 2018-11-04 did not exist in São Paulo; the quarter before it did.
#[test]
fn the_last_quarter_before_a_missing_midnight() {
    insta::assert_snapshot!(
        both("last-quarter --timezone America/Sao_Paulo --now 2018-11-04T12:00:00-02:00"), @r#"
    last-quarter
      start  2018-07-01T00:00:00-03:00
      end    2018-10-01T00:00:00-03:00  (exclusive)
      zone   America/Sao_Paulo
    {"name":"last-quarter","start":"2018-07-01T00:00:00-03:00","end":"2018-10-01T00:00:00-03:00","timezone":"America/Sao_Paulo"}
    "#);
    insta::assert_snapshot!(
        both("today --timezone America/Sao_Paulo --now 2018-11-04T12:00:00-02:00"), @r#"
    today
      start  2018-11-04T01:00:00-02:00
      end    2018-11-05T00:00:00-02:00  (exclusive)
      zone   America/Sao_Paulo
    {"name":"today","start":"2018-11-04T01:00:00-02:00","end":"2018-11-05T00:00:00-02:00","timezone":"America/Sao_Paulo"}
    "#);
}

#[test]
fn an_impossible_date() {
    insta::assert_snapshot!(period("20260231-20260301"), @r#"
    exit 2
    --- stderr
    error: "20260231-20260301" is not a period: there is no day 31 in 2026-02
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    "#);
    insta::assert_snapshot!(period("2026-02-29"), @r#"
    exit 2
    --- stderr
    error: "2026-02-29" is not a period: there is no day 29 in 2026-02
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    "#);
    insta::assert_snapshot!(both("2024-02-29"), @r#"
    2024-02-29
      start  2024-02-29T00:00:00+00:00
      end    2024-03-01T00:00:00+00:00  (exclusive)
      zone   UTC
    {"name":"2024-02-29","start":"2024-02-29T00:00:00+00:00","end":"2024-03-01T00:00:00+00:00","timezone":"UTC"}
    "#);
}

/// Samoa went from the 29th to the 31st.
#[test]
fn a_day_that_was_skipped_is_empty() {
    insta::assert_snapshot!(both("2011-12-30 --timezone Pacific/Apia"), @r#"
    2011-12-30
      start  2011-12-31T00:00:00+14:00
      end    2011-12-31T00:00:00+14:00  (exclusive)
      zone   Pacific/Apia
    {"name":"2011-12-30","start":"2011-12-31T00:00:00+14:00","end":"2011-12-31T00:00:00+14:00","timezone":"Pacific/Apia"}
    "#);
    insta::assert_snapshot!(both("2011-12-29..2011-12-31 --timezone Pacific/Apia"), @r#"
    2011-12-29..2011-12-31
      start  2011-12-29T00:00:00-10:00
      end    2012-01-01T00:00:00+14:00  (exclusive)
      zone   Pacific/Apia
    {"name":"2011-12-29..2011-12-31","start":"2011-12-29T00:00:00-10:00","end":"2012-01-01T00:00:00+14:00","timezone":"Pacific/Apia"}
    "#);
}

/// Clocks in Newfoundland changed one minute after midnight.
#[test]
fn a_midnight_that_came_twice() {
    insta::assert_snapshot!(both("2010-11-07 --timezone America/St_Johns"), @r#"
    2010-11-07
      start  2010-11-07T00:00:00-02:30
      end    2010-11-08T00:00:00-03:30  (exclusive)
      zone   America/St_Johns
    {"name":"2010-11-07","start":"2010-11-07T00:00:00-02:30","end":"2010-11-08T00:00:00-03:30","timezone":"America/St_Johns"}
    "#);
    insta::assert_snapshot!(both("2010-11-06 --timezone America/St_Johns"), @r#"
    2010-11-06
      start  2010-11-06T00:00:00-02:30
      end    2010-11-07T00:00:00-02:30  (exclusive)
      zone   America/St_Johns
    {"name":"2010-11-06","start":"2010-11-06T00:00:00-02:30","end":"2010-11-07T00:00:00-02:30","timezone":"America/St_Johns"}
    "#);
}

/// Lord Howe Island moves its clocks by half an hour.
#[test]
fn a_day_of_23_and_a_half_hours() {
    insta::assert_snapshot!(both("2026-10-04 --timezone Australia/Lord_Howe"), @r#"
    2026-10-04
      start  2026-10-04T00:00:00+10:30
      end    2026-10-05T00:00:00+11:00  (exclusive)
      zone   Australia/Lord_Howe
    {"name":"2026-10-04","start":"2026-10-04T00:00:00+10:30","end":"2026-10-05T00:00:00+11:00","timezone":"Australia/Lord_Howe"}
    "#);
}

#[test]
fn twelve_months_back_from_29_february() {
    insta::assert_snapshot!(
        both("ttm --now 2024-02-29T18:30:00.250Z --timezone Europe/Berlin"), @r#"
    ttm
      start  2023-02-28T19:30:00.250+01:00
      end    2024-02-29T19:30:00.250+01:00  (exclusive)
      zone   Europe/Berlin
    {"name":"ttm","start":"2023-02-28T19:30:00.250+01:00","end":"2024-02-29T19:30:00.250+01:00","timezone":"Europe/Berlin"}
    "#);
}

#[test]
fn weeks_begin_as_asked() {
    insta::assert_snapshot!(both("this-week"), @r#"
    this-week
      start  2026-04-27T00:00:00+00:00
      end    2026-05-04T00:00:00+00:00  (exclusive)
      zone   UTC
    {"name":"this-week","start":"2026-04-27T00:00:00+00:00","end":"2026-05-04T00:00:00+00:00","timezone":"UTC"}
    "#);
    insta::assert_snapshot!(both("this-week --week-start sunday"), @r#"
    this-week
      start  2026-05-03T00:00:00+00:00
      end    2026-05-10T00:00:00+00:00  (exclusive)
      zone   UTC
    {"name":"this-week","start":"2026-05-03T00:00:00+00:00","end":"2026-05-10T00:00:00+00:00","timezone":"UTC"}
    "#);
    insta::assert_snapshot!(both("last-2-weeks --week-start sunday"), @r#"
    last-2-weeks
      start  2026-04-26T00:00:00+00:00
      end    2026-05-10T00:00:00+00:00  (exclusive)
      zone   UTC
    {"name":"last-2-weeks","start":"2026-04-26T00:00:00+00:00","end":"2026-05-10T00:00:00+00:00","timezone":"UTC"}
    "#);
}

/// On 2026-03-29 Berlin went from 02:00 to 03:00.
#[test]
fn hours_are_real_ones_across_a_change_of_clocks() {
    insta::assert_snapshot!(
        both("last-3-hours --timezone Europe/Berlin --now 2026-03-29T04:15:00+02:00"), @r#"
    last-3-hours
      start  2026-03-29T00:15:00+01:00
      end    2026-03-29T04:15:00+02:00  (exclusive)
      zone   Europe/Berlin
    {"name":"last-3-hours","start":"2026-03-29T00:15:00+01:00","end":"2026-03-29T04:15:00+02:00","timezone":"Europe/Berlin"}
    "#);
    insta::assert_snapshot!(
        both("today --timezone Europe/Berlin --now 2026-03-29T04:15:00+02:00"), @r#"
    today
      start  2026-03-29T00:00:00+01:00
      end    2026-03-30T00:00:00+02:00  (exclusive)
      zone   Europe/Berlin
    {"name":"today","start":"2026-03-29T00:00:00+01:00","end":"2026-03-30T00:00:00+02:00","timezone":"Europe/Berlin"}
    "#);
}

#[test]
fn reversed_and_empty_ranges() {
    insta::assert_snapshot!(period("20260302-20260301"), @"
    exit 2
    --- stderr
    error: the range is reversed: it starts with 20260302 and ends with 20260301, which is earlier
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    ");
    insta::assert_snapshot!(period("2026-03-02..2026-03-01"), @"
    exit 2
    --- stderr
    error: the range is reversed: it starts with 2026-03-02 and ends with 2026-03-01, which is earlier
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    ");
    insta::assert_snapshot!(period("2026-03-01T00:00:00Z..2026-03-01T01:00:00+01:00"), @"
    exit 2
    --- stderr
    error: the range is empty: 2026-03-01T00:00:00Z and 2026-03-01T01:00:00+01:00 are the same instant, and the end is excluded
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    ");
}

#[test]
fn years_at_the_edge() {
    insta::assert_snapshot!(period("0000"), @r#"
    exit 2
    --- stderr
    error: "0000" is not a period: there is no year 0000, the first is 0001
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    "#);
    insta::assert_snapshot!(both("0001"), @r#"
    0001
      start  0001-01-01T00:00:00+00:00
      end    0002-01-01T00:00:00+00:00  (exclusive)
      zone   UTC
    {"name":"0001","start":"0001-01-01T00:00:00+00:00","end":"0002-01-01T00:00:00+00:00","timezone":"UTC"}
    "#);
    insta::assert_snapshot!(period("last-9999999-months"), @r#"
    exit 2
    --- stderr
    error: "last-9999999-months" is not a period: the count must be a whole number from 1 to 100000
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    "#);
}

#[test]
fn digits_of_other_scripts_are_named() {
    insta::assert_snapshot!(period("２０２６-05"), @r#"
    exit 2
    --- stderr
    error: "２０２６-05" is not a period: '２' is not an ASCII character
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    "#);
    insta::assert_snapshot!(period("٢٠٢٦"), @r#"
    exit 2
    --- stderr
    error: "٢٠٢٦" is not a period: '٢' is not an ASCII character
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    "#);
    insta::assert_snapshot!(period("2026–05"), @r#"
    exit 2
    --- stderr
    error: "2026–05" is not a period: '–' is not an ASCII character
    hint: a period is one of: all-time, today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, YYYYMMDD-YYYYMMDD, A..B, A.., ..B
    "#);
}

#[test]
fn all_time_has_no_bounds() {
    insta::assert_snapshot!(both("all-time --timezone Asia/Kolkata"), @r#"
    all-time
      start  no bound
      end    no bound
      zone   Asia/Kolkata
    {"name":"all-time","start":null,"end":null,"timezone":"Asia/Kolkata"}
    "#);
    assert_eq!(both("").as_str(), both("all-time").as_str());
    let spaces = Fixture::new().usage_of(["period", "  "]).stdout_of_success();
    assert_eq!(spaces, period("all-time").stdout_of_success());
}

#[test]
fn every_form_of_the_grammar_is_taken() {
    for form in [
        "today",
        "Yesterday",
        "THIS-WEEK",
        "last-week",
        "this-month",
        "last-month",
        "this-quarter",
        "last-quarter",
        "this-year",
        "last-year",
        "ytd",
        "ttm",
        "last-1-hours",
        "last-36-hours",
        "last-7-days",
        "last-2-weeks",
        "last-12-months",
        "2026-05-03",
        "2026-05",
        "2026-Q2",
        "2026-q2",
        "2026",
        "20260501-20260503",
        "2026-05-01..2026-05-03",
        "2026-05-01T00:00:00Z..2026-05-03T00:00:00+02:00",
        "2026-05-01..2026-05-03T12:00:00Z",
    ] {
        let json = period(&format!("{form} --format json")).stdout_of_success();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let (start, end) = (json["start"].as_str().unwrap(), json["end"].as_str().unwrap());
        assert!(start < end, "{form}: {json}");
    }
}

#[test]
fn refused_ones_say_why_and_which_forms_there_are() {
    let mut all = String::new();
    for text in [
        "fortnight",
        "2026-13",
        "2026-Q5",
        "2026-00-01",
        "2026-5-3",
        "last-0-days",
        "last-x-days",
        "last-3-years",
        "last--1-days",
        "..",
        "2026-01-01..2026-2",
        "2026-01-01T25:00:00Z..2026-01-02",
        "2026-01-01T00:00:00..2026-01-02",
        "-5",
        "--",
        "20260101-2026",
        "today,yesterday",
        "2026-05-03T00:00:00Z",
        "last-99999999999999999999-days",
    ] {
        let run = Fixture::new().usage_of(["period", "--", text]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{text}: {run}");
        let (message, hint) = run.stderr.split_once('\n').unwrap();
        let lists = hint.starts_with("hint: a period is one of: all-time, today, ");
        let names = hint.starts_with("hint: did you mean ");
        assert!(lists || names, "{text}: {run}");
        assert_eq!(hint.matches('\n').count(), 1, "{text}: {run}");
        all += &format!("{text:<36}{message}\n");
    }
    insta::assert_snapshot!(all, @r#"
    fortnight                           error: "fortnight" is not a period
    2026-13                             error: "2026-13" is not a period: there is no month 13
    2026-Q5                             error: "2026-Q5" is not a period: there is no quarter 5
    2026-00-01                          error: "2026-00-01" is not a period: there is no month 00
    2026-5-3                            error: "2026-5-3" is not a period
    last-0-days                         error: "last-0-days" is not a period: the count must be a whole number from 1 to 100000
    last-x-days                         error: "last-x-days" is not a period: the count must be a whole number from 1 to 100000
    last-3-years                        error: "last-3-years" is not a period: it can count hours, days, weeks or months, not "years"
    last--1-days                        error: "last--1-days" is not a period: the count must be a whole number from 1 to 100000
    ..                                  error: "" is neither a day, month or the like nor an RFC 3339 instant, as a range needs
    2026-01-01..2026-2                  error: "2026-2" is neither a day, month or the like nor an RFC 3339 instant, as a range needs
    2026-01-01T25:00:00Z..2026-01-02    error: "2026-01-01T25:00:00Z" is not an instant: there is no such time of day or offset
    2026-01-01T00:00:00..2026-01-02     error: "2026-01-01T00:00:00" is neither a day, month or the like nor an RFC 3339 instant, as a range needs
    -5                                  error: "-5" is not a period
    --                                  error: "--" is not a period
    20260101-2026                       error: "20260101-2026" is not a period
    today,yesterday                     error: "today,yesterday" is not a period
    2026-05-03T00:00:00Z                error: "2026-05-03T00:00:00Z" is not a period
    last-99999999999999999999-days      error: "last-99999999999999999999-days" is not a period: the count must be a whole number from 1 to 100000
    "#);
}

/// A report understands the same periods, and complains alike before it looks for a ledger.
#[test]
fn a_report_takes_the_same_periods() {
    let fixture = Fixture::new();
    let run = fixture.usage("report 2026-02-30");
    assert_eq!(run.code, 2);
    assert_eq!(run.stderr, fixture.usage("period 2026-02-30").stderr);
    let fixture = Fixture::with("");
    let report = fixture.report("report ytd --timezone Asia/Tokyo --format json");
    let period = fixture.usage("period ytd --timezone Asia/Tokyo --format json");
    let period: serde_json::Value = serde_json::from_str(&period.stdout_of_success()).unwrap();
    assert_eq!(report["period"], period);
}
