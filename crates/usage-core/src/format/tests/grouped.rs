//! Reports by whatever was asked for: what time is called, bars, columns, JSON and CSV.

use chrono_tz::Tz;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::super::bar::bar;
use super::super::when::when;
use super::super::*;
use super::{record, sample};
use crate::period::{WeekStart, parse_period};
use crate::stats::{Bucket, Dimension, Grouping, Series, Table};
use crate::{Filter, Period, Record, TimeRange, Timestamp, Usage};

fn period(text: &str, zone: Tz) -> Period {
    parse_period(text, chrono::DateTime::UNIX_EPOCH.with_timezone(&zone)).unwrap()
}

fn called(text: &str, dimension: Dimension, week_start: WeekStart, zone: Tz) -> Vec<String> {
    let range = TimeRange::from(&period(text, zone));
    let unit = dimension.unit(week_start).unwrap();
    let series = Series::over(range, unit, zone).unwrap();
    series.buckets().iter().filter_map(Bucket::span).map(|span| when(&span, dimension)).collect()
}

#[test]
fn time_is_called_by_what_the_clocks_show() {
    use chrono_tz::America::{New_York, Sao_Paulo};
    use chrono_tz::Asia::Kathmandu;
    use chrono_tz::Australia::Lord_Howe;
    use chrono_tz::Pacific::Apia;
    let of = |text, dimension, zone| called(text, dimension, WeekStart::Monday, zone);
    let hours = of("2026-11-01", Dimension::Hour, New_York);
    assert_eq!(hours[..3], ["2026-11-01 00:00", "2026-11-01 01:00 -04/-05", "2026-11-01 02:00"]);
    let hours = of("2026-03-08", Dimension::Hour, New_York);
    assert_eq!(hours[1..3], ["2026-03-08 01:00", "2026-03-08 03:00"]);
    let hours = of("2026-04-05", Dimension::Hour, Lord_Howe);
    assert_eq!(hours[1..3], ["2026-04-05 01:00 +11/+10:30", "2026-04-05 02:00"]);
    let hours = of("2026-10-04", Dimension::Hour, Lord_Howe);
    assert_eq!(hours[1..3], ["2026-10-04 01:00", "2026-10-04 02:30"]);
    assert_eq!(of("2026-05-03", Dimension::Hour, Kathmandu)[23], "2026-05-03 23:00");
    let days = of("2018-11-03..2018-11-04", Dimension::Day, Sao_Paulo);
    assert_eq!(days, ["2018-11-03 Sat", "2018-11-04 Sun"]);
    let days = of("2011-12-29..2011-12-31", Dimension::Day, Apia);
    assert_eq!(days, ["2011-12-29 Thu", "2011-12-31 Sat"]);
    let weeks = of("2026-12-27..2027-01-04", Dimension::Week, Kathmandu);
    assert_eq!(weeks, ["2026-12-21 W52", "2026-12-28 W53", "2027-01-04 W01"]);
    let weeks = called("2026-05", Dimension::Week, WeekStart::Sunday, New_York);
    assert_eq!(weeks[..2], ["2026-04-26", "2026-05-03"]);
    assert_eq!(of("2026-Q2", Dimension::Month, Apia), ["2026-04", "2026-05", "2026-06"]);
}

#[test]
fn bars_are_as_fine_as_an_eighth() {
    for (value, expected) in [
        (0, ""),
        (1, "▏"),
        (12, "▏"),
        (100, "█"),
        (187, "█▉"),
        (195, "██"),
        (450, "████▌"),
        (1_000, "██████████"),
    ] {
        assert_eq!(bar(value, 1_000, 10), expected, "{value}");
    }
    assert_eq!(bar(5, 0, 10), "");
    assert_eq!(bar(u64::MAX, u64::MAX, 10), "█".repeat(10));
}

fn grouped<T>(
    by: &str,
    period: &Period,
    top: Option<usize>,
    records: &[Record],
    of: impl FnOnce(&Report) -> T,
) -> T {
    let by: Grouping = by.parse().unwrap();
    let series = match by.unit(WeekStart::Monday) {
        None => Series::whole(records.iter().collect()),
        Some(unit) => {
            let mut series = Series::over(TimeRange::from(period), unit, period.zone()).unwrap();
            assert!(records.iter().all(|record| series.add(record)));
            series
        }
    };
    of(&Report::by(period.clone(), Filter::new(), Table::new(by, &series, top)))
}

fn on(record: &Record, instant: &str) -> Record {
    let at = instant.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let (labels, tokens) = (record.labels().clone(), record.tokens());
    Record::new(
        labels,
        Usage::new(tokens, Timestamp::from(at)).with_fallbacks(record.fallbacks().into()),
    )
    .unwrap()
}

#[test]
fn a_gap_is_seen_and_what_is_the_same_is_said_once() {
    let first = record(["i", "", "v", "r", "m\u{1b}"], 1_000, 1);
    let second = record(["i", "", "", "r", "模型"], 250, 0);
    let records = [
        on(&first, "2026-05-01T08:00:00Z"),
        on(&second, "2026-05-01T09:00:00Z"),
        on(&first, "2026-05-03T09:00:00Z"),
    ];
    let period = period("2026-05-01..2026-05-03", Tz::UTC);
    let text = |by: &str, top| {
        let options = TextOptions { width: Some(72), ..TextOptions::default() };
        grouped(by, &period, top, &records, |report| report.to_text(&options))
    };
    assert_snapshot!(text("day,provider,model", None), @r#"
    Usage Summary (2026-05-01..2026-05-03, all instances)
    Requests: 3  |  Tokens: 2,250  |  Fallbacks: 2

    By Day, Provider, Model:
      Day             Provider  Model    Requests  Tokens
      ───────────────────────────────────────────────────
      2026-05-01 Fri  v         m\u{1b}         1   1,000  █████████████████
                      (none)    模型            1     250  ████▎
      2026-05-02 Sat  -         -               0       0
      2026-05-03 Sun  v         m\u{1b}         1   1,000  █████████████████
      ───────────────────────────────────────────────────
      Total                                     3   2,250
    "#);
    assert_snapshot!(text("model,day", None), @r#"
    Usage Summary (2026-05-01..2026-05-03, all instances)
    Requests: 3  |  Tokens: 2,250  |  Fallbacks: 2

    By Model, Day:
      Model    Day             Input  Output  Cache  Tokens
      ─────────────────────────────────────────────────────
      m\u{1b}  2026-05-01 Fri    500     500      0   1,000
               2026-05-03 Sun    500     500      0   1,000
      模型     2026-05-01 Fri    125     125      0     250
      ─────────────────────────────────────────────────────
      Total                    1,125   1,125      0   2,250
    "#);
    assert_snapshot!(text("day", Some(1)), @"
    Usage Summary (2026-05-01..2026-05-03, all instances)
    Requests: 3  |  Tokens: 2,250  |  Fallbacks: 2

    By Day:
      Day             Requests  Input  Output  Cache  Tokens
      ──────────────────────────────────────────────────────
      2026-05-01 Fri         2    625     625      0   1,250  ██████████████
      and 2 more: 1 request, 1,000 tokens, 1 fallback
      ──────────────────────────────────────────────────────
      Total                  3  1,125   1,125      0   2,250
    ");
    assert_snapshot!(text("profile,day", Some(1)), @"
    Usage Summary (2026-05-01..2026-05-03, all instances)
    Requests: 3  |  Tokens: 2,250  |  Fallbacks: 2

    By Profile, Day:
      Profile  Day             Input  Output  Cache  Tokens
      ─────────────────────────────────────────────────────
      default  2026-05-01 Fri    625     625      0   1,250
               2026-05-03 Sun    500     500      0   1,000
      ─────────────────────────────────────────────────────
      Total                    1,125   1,125      0   2,250
    ");
}

#[test]
fn groups_for_programs() {
    let one = record(["i", "", "v", "r", "m,\u{9b}"], 1_000, 1);
    let records = [on(&one, "2018-11-04T12:00:00Z"), on(&one, "2018-11-04T12:00:00Z")];
    let period = period("2018-11-03..2018-11-04", Tz::America__Sao_Paulo);
    let json = |by: &str, top| grouped(by, &period, top, &records, Report::to_json);
    let csv = |by: &str, top| grouped(by, &period, top, &records, Report::to_csv);
    assert_snapshot!(json("profile,day,model", None), @r#"{"schema":1,"period":{"name":"2018-11-03..2018-11-04","start":"2018-11-03T00:00:00-03:00","end":"2018-11-05T00:00:00-02:00","timezone":"America/Sao_Paulo"},"filter":{"instance":[],"profile":[],"provider":[],"route":[],"model":[],"tier":[],"project":[],"user":[],"tags":{}},"price_basis":"list","by":["profile","day","model"],"summary":{"requests":2,"tokens":2000,"fallbacks":2,"web_searches":0,"errors":0,"cancelled":0,"partial":0,"estimated":0,"inconsistent":0,"elsewhere":0,"stated_requests":0,"priced_requests":0,"stated_cost_usd":null,"cost_usd":null,"token_kinds":{"input":1000,"output":1000,"cache_read":0,"cache_write":0,"unclassified":0,"reasoning":250,"cache_write_long":0,"input_audio":0,"output_audio":0,"cache_read_audio":0}},"groups":[{"profile":"default","day":"2018-11-04T01:00:00-02:00","model":"m,\u009b","requests":2,"tokens":2000,"fallbacks":2,"web_searches":0,"errors":0,"cancelled":0,"partial":0,"estimated":0,"inconsistent":0,"elsewhere":0,"stated_requests":0,"priced_requests":0,"stated_cost_usd":null,"cost_usd":null,"token_kinds":{"input":1000,"output":1000,"cache_read":0,"cache_write":0,"unclassified":0,"reasoning":250,"cache_write_long":0,"input_audio":0,"output_audio":0,"cache_read_audio":0}}]}"#);
    assert_snapshot!(json("day", Some(1)), @r#"{"schema":1,"period":{"name":"2018-11-03..2018-11-04","start":"2018-11-03T00:00:00-03:00","end":"2018-11-05T00:00:00-02:00","timezone":"America/Sao_Paulo"},"filter":{"instance":[],"profile":[],"provider":[],"route":[],"model":[],"tier":[],"project":[],"user":[],"tags":{}},"price_basis":"list","by":["day"],"summary":{"requests":2,"tokens":2000,"fallbacks":2,"web_searches":0,"errors":0,"cancelled":0,"partial":0,"estimated":0,"inconsistent":0,"elsewhere":0,"stated_requests":0,"priced_requests":0,"stated_cost_usd":null,"cost_usd":null,"token_kinds":{"input":1000,"output":1000,"cache_read":0,"cache_write":0,"unclassified":0,"reasoning":250,"cache_write_long":0,"input_audio":0,"output_audio":0,"cache_read_audio":0}},"groups":[{"day":"2018-11-04T01:00:00-02:00","requests":2,"tokens":2000,"fallbacks":2,"web_searches":0,"errors":0,"cancelled":0,"partial":0,"estimated":0,"inconsistent":0,"elsewhere":0,"stated_requests":0,"priced_requests":0,"stated_cost_usd":null,"cost_usd":null,"token_kinds":{"input":1000,"output":1000,"cache_read":0,"cache_write":0,"unclassified":0,"reasoning":250,"cache_write_long":0,"input_audio":0,"output_audio":0,"cache_read_audio":0}}],"left_out":{"groups":{"count":1,"requests":0,"tokens":0,"fallbacks":0,"web_searches":0,"errors":0,"cancelled":0,"partial":0,"estimated":0,"inconsistent":0,"elsewhere":0,"stated_requests":0,"priced_requests":0,"stated_cost_usd":null,"cost_usd":null,"token_kinds":{"input":0,"output":0,"cache_read":0,"cache_write":0,"unclassified":0,"reasoning":0,"cache_write_long":0,"input_audio":0,"output_audio":0,"cache_read_audio":0}}}}"#);
    assert_snapshot!(csv("profile,day,model", None), @r#"
    profile,day,model,requests,tokens,fallbacks,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,unclassified_tokens,reasoning_tokens,cache_write_long_tokens,input_audio_tokens,output_audio_tokens,cache_read_audio_tokens,web_searches,errors,cancelled,partial,estimated,inconsistent,elsewhere,stated_requests,stated_cost_usd,priced_requests,cost_usd
    default,2018-11-04T01:00:00-02:00,"m,\u{9b}",2,2000,2,1000,1000,0,0,0,250,0,0,0,0,0,0,0,0,0,0,0,0,,0,
    "#);
    assert_snapshot!(csv("day", None), @"
    day,requests,tokens,fallbacks,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,unclassified_tokens,reasoning_tokens,cache_write_long_tokens,input_audio_tokens,output_audio_tokens,cache_read_audio_tokens,web_searches,errors,cancelled,partial,estimated,inconsistent,elsewhere,stated_requests,stated_cost_usd,priced_requests,cost_usd
    2018-11-03T00:00:00-03:00,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,,0,
    2018-11-04T01:00:00-02:00,2,2000,2,1000,1000,0,0,0,250,0,0,0,0,0,0,0,0,0,0,0,0,,0,
    ");
}

proptest! {
    #[test]
    fn bars_grow_with_their_value(a in any::<u64>(), b in any::<u64>(), width in 1..50_usize) {
        let (less, more) = (a.min(b), a.max(b));
        let columns = |value| display_width(&bar(value, more, width));
        prop_assert!(columns(less) <= columns(more));
        prop_assert_eq!(columns(more), if more == 0 { 0 } else { width });
        prop_assert_eq!(columns(less) > 0, less > 0);
    }

    /// Lines fit where names can be shortened to their least; numbers and times are never cut.
    #[test]
    fn lines_fit(
        width in 40..140_usize,
        by in proptest::sample::select(
            &["day,model", "model", "instance,profile,provider,route,model", "hour", "route,week"][..],
        ),
        wide in any::<bool>(),
    ) {
        let records: Vec<_> =
            sample().iter().map(|record| on(record, "2026-05-02T00:00:00Z")).collect();
        let period = period("2026-05-01..2026-05-03", Tz::UTC);
        let options = TextOptions { width: Some(width), wide, ..TextOptions::default() };
        let text = grouped(by, &period, None, &records, |report| report.to_text(&options));
        let least = by.split(',').map(|dimension| match dimension {
            "day" | "week" => 14,
            "hour" => 16,
            _ => 10,
        });
        // Behind each column a gap, before them all another; and the numbers of the sample.
        let least = least.map(|columns| columns + 2).sum::<usize>() + "Requests".len() + 2
            + "1.0B".len().max("Tokens".len()) + 2 + "Fallbacks".len();
        for line in text.lines().skip(3) {
            prop_assert!(wide || display_width(line) <= width.max(least + 3), "{}: {}", width, line);
            prop_assert_eq!(line.trim_end(), line);
        }
        prop_assert!(!wide || !text.contains('…'));
        let shortest = TextOptions { width: Some(1), ..options };
        let text = grouped(by, &period, None, &records, |report| report.to_text(&shortest));
        prop_assert!(text.contains("1.0B") || text.contains("1,004"), "{}", text);
        prop_assert!(!text.contains('█'));
    }
}

#[test]
fn a_series_without_time_has_none_to_show() {
    let by = "day,model".parse().unwrap();
    let series = Series::whole(sample().iter().collect());
    let table = Table::new(by, &series, None);
    let report = Report::by(Period::all_time(Tz::UTC), Filter::new(), table);
    assert!(report.to_text(&TextOptions::default()).contains("  all time  "));
    assert!(report.to_json().contains(r#"{"day":null,"model":"#));
}
