mod grouped;
mod remarks;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::stats::{Aggregates, Grouping, Series, Table};
use crate::{
    Filter, Label, LabelNames, Labels, Period, Record, Timestamp, TokenCounts, Usage, parse_period,
};

#[test]
fn tokens_for_people() {
    let cases = [
        (0, "0"),
        (20, "20"),
        (999, "999"),
        (1_000, "1,000"),
        (1_500, "1,500"),
        (999_999, "999,999"),
        (1_000_000, "1.0M"),
        (1_049_999, "1.0M"),
        (1_050_000, "1.1M"),
        (1_200_000, "1.2M"),
        (1_999_999, "2.0M"),
        (200_000_000, "200.0M"),
        (999_949_999, "999.9M"),
        (999_950_000, "1.0B"),
        (1_300_000_000, "1.3B"),
        (1_349_999_999, "1.3B"),
        (1_350_000_000, "1.4B"),
        (1_234_000_000_000, "1,234.0B"),
        (u64::MAX, "18,446,744,073.7B"),
    ];
    for (tokens, expected) in cases {
        assert_eq!(format_tokens(tokens), expected, "{tokens}");
    }
}

#[test]
fn counts_for_people() {
    for (count, expected) in [
        (0, "0"),
        (12, "12"),
        (123, "123"),
        (1_234, "1,234"),
        (123_456, "123,456"),
        (1_234_567, "1,234,567"),
    ] {
        assert_eq!(format_count(count), expected);
    }
}

#[test]
fn nothing_a_terminal_acts_on_gets_through() {
    let cases = [
        ("plain-name_1.0", "plain-name_1.0"),
        ("it's \"5\" \\ 6", "it's \"5\" \\ 6"),
        ("模型 é e\u{301} 🦀", "模型 é e\u{301} 🦀"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u{1b}[31mred\u{7}", r"\u{1b}[31mred\u{7}"),
        ("\u{9b}31m", r"\u{9b}31m"),
        ("\u{202e}evil\u{200b}", r"\u{202e}evil\u{200b}"),
        ("\u{7f}\u{feff}", r"\u{7f}\u{feff}"),
    ];
    for (text, expected) in cases {
        assert_eq!(printable(text), expected);
    }
}

#[test]
fn shortening_keeps_both_ends() {
    assert_eq!(shorten_middle("abcdefgh", 8), "abcdefgh");
    assert_eq!(shorten_middle("abcdefgh", 7), "abc…fgh");
    assert_eq!(shorten_middle("abcdefgh", 6), "abc…gh");
    assert_eq!(shorten_middle("abcdefgh", 2), "a…");
    assert_eq!(shorten_middle("abcdefgh", 1), "…");
    assert_eq!(shorten_middle("abcdefgh", 0), "");
    // A wide character that does not fit whole is left out.
    assert_eq!(shorten_middle("模型模型模型", 7), "模…型");
    assert_eq!(shorten_middle("模型模型模型", 9), "模型…模型");
}

fn record(names: [&str; 5], tokens: u64, fallbacks: u32) -> Record {
    let [instance_id, profile, provider, route, model] = names;
    let labels = Labels::new(
        LabelNames::new()
            .with_instance(instance_id)
            .with_profile(profile)
            .with_provider(provider)
            .with_route(route)
            .with_model(model),
    )
    .unwrap();
    let tokens = TokenCounts::new()
        .with_input(tokens / 2)
        .with_output(tokens - tokens / 2)
        .with_reasoning(tokens / 8);
    Record::new(
        labels,
        Usage::new(tokens, Timestamp::from_micros(0)).with_fallbacks(fallbacks.into()),
    )
    .unwrap()
}

fn sample() -> Vec<Record> {
    vec![
        record(["a", "", "anthropic", "think", "claude-opus-4-5"], 4_200_000, 3),
        record(["a", "", "anthropic", "default", "claude-sonnet-4-5"], 999_950_000, 1_234),
        record(["b", "default", "", "local", "qwen3-coder:30b"], 20, 0),
        record(
            ["b", "工作", "通义千问", "长文本", "通义千问-最大-2026-04-01-预览版本-长上下文"],
            1_500,
            12,
        ),
        record(
            [
                "b",
                "工作",
                "openai",
                "think",
                "gpt-5.1-codex-with-a-name-that-nobody-would-want-to-type-twice",
            ],
            77_000,
            0,
        ),
        record(["x", "evil\u{1b}[2J", "\u{202e}ltr", "new\nline", "\u{9b}31m"], 5, 0),
    ]
}

fn text(width: usize) -> String {
    let options = TextOptions { width: Some(width), ..TextOptions::default() };
    format_records("", "this-month", sample(), &options)
}

#[test]
fn report_in_60_columns() {
    assert_snapshot!(text(60));
}

#[test]
fn report_in_80_columns() {
    assert_snapshot!(text(80));
}

#[test]
fn report_of_any_width() {
    let options = TextOptions::default();
    assert_snapshot!(format_records("router-1", "2026-05", sample(), &options));
}

#[test]
fn report_in_color() {
    let options = TextOptions { width: Some(60), color: true, ..TextOptions::default() };
    assert_snapshot!(format_records("", "today", sample().into_iter().take(2), &options));
}

#[test]
fn a_filtered_report_says_so() {
    let filter = Filter::instance("a")
        .keeping(Label::Instance, "b\n")
        .keeping(Label::Provider, "anthropic")
        .keeping(Label::Route, "think")
        .keeping(Label::Route, "default");
    let usage: Aggregates =
        sample().iter().filter(|r| filter.matches(&r.labels().names())).collect();
    let period = Period::all_time(chrono_tz::UTC);
    let report = Report::of(period, filter, usage, None);
    assert_snapshot!(report.to_text(&TextOptions::default()));
}

#[test]
fn an_empty_report_says_so() {
    let usage = Aggregates::default();
    assert_snapshot!(format_usage("", "", &usage, &TextOptions::default()), @"
    Usage Summary (all-time, all instances)
    Requests: 0  |  Tokens: 0  |  Fallbacks: 0

    No requests in this period.
    ");
}

#[test]
fn report_as_json() {
    let now = "2018-11-04T12:00:00-02:00".parse::<chrono::DateTime<chrono::FixedOffset>>().unwrap();
    let now = now.with_timezone(&chrono_tz::America::Sao_Paulo);
    let period = parse_period("today", now).unwrap();
    let filter = Filter::instance("a").keeping(Label::Route, "think");
    let usage: Aggregates = sample().into_iter().take(2).collect();
    let json = Report::of(period, filter, usage, None).to_json();
    assert_snapshot!(json);
    assert!(json.ends_with("}\n"));
}

#[test]
fn json_keeps_hostile_names_as_values_only() {
    let usage: Aggregates = sample().into_iter().skip(3).collect();
    let period = Period::all_time(chrono_tz::UTC);
    let json = Report::of(period, Filter::new(), usage, None).to_json();
    assert!(json.trim_end().chars().all(|c| !c.is_control() && c != '\u{202e}'), "{json}");
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["period"]["start"], serde_json::Value::Null);
    assert_eq!(value["routes"][0]["profile"], "evil\u{1b}[2J");
    assert_eq!(value["routes"][0]["provider"], "\u{202e}ltr");
    assert_eq!(value["models"][0]["model"], "\u{9b}31m");
}

#[test]
fn report_as_csv() {
    let series = Series::whole(sample().iter().collect());
    let table = Table::new(Grouping::routes_and_models(), &series, None);
    let report = Report::by(Period::all_time(chrono_tz::UTC), Filter::new(), table);
    assert_snapshot!(report.to_csv());
}

/// One table with one header, as programs read it: the same as when they ask for it by name.
#[test]
fn lists_as_csv_are_one_table() {
    let whole = || -> Aggregates { sample().iter().collect() };
    for top in [None, Some(2)] {
        let period = || Period::all_time(chrono_tz::UTC);
        let lists = Report::of(period(), Filter::new(), whole(), top);
        let by = Grouping::routes_and_models();
        let table =
            Report::by(period(), Filter::new(), Table::new(by, &Series::whole(whole()), top));
        assert_eq!(lists.to_csv(), table.to_csv());
        assert_eq!(Format::Csv.write(&lists, &TextOptions::default()), table.to_csv());
        let rows = ::csv::Reader::from_reader(lists.to_csv().as_bytes()).records().count();
        assert_eq!(rows, top.unwrap_or(sample().len()));
    }
}

#[test]
fn columns_line_up_as_displayed() {
    for width in [30, 40, 60, 80, 120, 200] {
        let text = text(width);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("  ")).collect();
        // Under one rule, all lines end in the same column.
        let mut expected = None;
        for line in lines {
            if line.contains("Route") || line.contains("Model") {
                expected = None;
            }
            let columns = display_width(line);
            assert_eq!(*expected.get_or_insert(columns), columns, "{width}: {line}");
            assert!(columns <= width.max(46), "{width}: {line}");
        }
    }
}

proptest! {
    #[test]
    fn shortened_text_fits(text in "\\PC{0,40}", width in 0_usize..50) {
        let short = shorten_middle(&text, width);
        prop_assert!(display_width(&short) <= width);
        if display_width(&text) <= width {
            prop_assert_eq!(short.as_ref(), text.as_str());
        }
    }

    #[test]
    fn printable_text_holds_no_control_characters(text in any::<String>()) {
        prop_assert!(printable(&text).chars().all(|c| !c.is_control()));
        let once = printable(&text).into_owned();
        prop_assert_eq!(printable(&once), once.as_str());
    }

    #[test]
    fn tokens_are_never_off_by_more_than_half_a_unit(tokens in 1_000_000_u64..1_000_000_000_000) {
        let text = format_tokens(tokens).replace(',', "");
        let (number, unit) = text.split_at(text.len() - 1);
        let unit = if unit == "M" { 1e6 } else { 1e9 };
        #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
        let off = (number.parse::<f64>().unwrap() * unit - tokens as f64).abs();
        prop_assert!(off <= unit / 20.0, "{} shown as {}", tokens, text);
    }
}
