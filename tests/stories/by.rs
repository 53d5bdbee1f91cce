//! `usage report --by`, `--top` and `--wide`: the page at several widths, time in several zones,
//! formats for programs, and what is refused.

mod schema;

use serde_json::Value;

use crate::fixture::Fixture;
use crate::lines::DAY;

/// The day, with names as long and as wide as they come, and days without anything around it.
fn month() -> String {
    let more = r#"
{"instance_id":"路由器","profile":"工作","provider":"深度求索","route":"思考","model":"深度求索-聊天模型-长上下文-预览版-二〇二六年五月","tokens":480000,"timestamp":"2026-05-06T10:00:00Z"}
{"instance_id":"router-3","profile":"café","provider":"provider-with-a-name-of-some-length","route":"route-with-a-name-of-some-length-too","model":"emoji-🦀-👩‍👩‍👧-🇩🇪","input_tokens":700000,"output_tokens":34567,"fallbacks":1000,"timestamp":"2026-05-06T11:00:00Z"}
"#;
    format!("{DAY}{more}")
}

fn in_columns(columns: u32, arguments: &str) -> String {
    let fixture = Fixture::with(&month()).set("USAGE_WIDTH", columns.to_string());
    fixture.usage(&format!("report {arguments}")).stdout_of_success()
}

const PAGES: [&str; 5] = [
    "2026-05-01..2026-05-07 --by day",
    "2026-05-01..2026-05-07 --by day,provider,model",
    "--by profile,route,model",
    "--by model,month --top 2",
    "--top 2",
];

fn pages(columns: u32) -> String {
    let page = |arguments: &&str| {
        format!("$ usage report {arguments}\n{}", in_columns(columns, arguments))
    };
    PAGES.iter().map(page).collect::<Vec<_>>().join("\n")
}

#[test]
fn in_60_columns() {
    insta::assert_snapshot!(pages(60));
}

#[test]
fn in_80_columns() {
    insta::assert_snapshot!(pages(80));
}

#[test]
fn in_120_columns() {
    insta::assert_snapshot!(pages(120));
}

#[test]
fn in_color() {
    let page = in_columns(80, "2026-05-02..2026-05-04 --by day --top 2 --color always");
    insta::assert_snapshot!(page.replace('\u{1b}', "␛"));
    assert_eq!(page.matches("\u{1b}[0m").count() * 2, page.matches('\u{1b}').count());
}

#[test]
fn wide_never_shortens() {
    for arguments in ["", "--by provider,model", "--by day,model"] {
        let page = in_columns(60, &format!("{arguments} --wide"));
        assert!(page.contains("深度求索-聊天模型-长上下文-预览版-二〇二六年五月"), "{page}");
        assert!(!page.contains('…') && !page.contains('█'), "{page}");
        assert!(in_columns(60, arguments).contains('…'));
    }
    // Room for bars is room for bars.
    assert!(in_columns(70, "--by month --wide").contains('█'));
    // In a file nothing is shortened either, and bars are as on a page of 80 columns.
    let file = Fixture::with(&month()).unset("USAGE_WIDTH");
    let page = file.usage("report --by day,model").stdout_of_success();
    assert!(!page.contains('█') && !page.contains('…'), "{page}");
    let page = file.usage("report --by day").stdout_of_success();
    assert!(page.contains('█'), "{page}");
    // The columns of a file are always the same.
    assert!(page.contains("  Requests") && page.contains("  Fallbacks"), "{page}");
}

#[test]
fn sessions_and_blocks_are_groups_too() {
    let line = |instance: &str, session: &str, time: &str, tokens: u64| {
        format!(
            r#"{{"instance_id":"{instance}","route":"r","model":"m","session_id":"{session}","tokens":{tokens},"timestamp":"2026-05-03T{time}:00Z"}}"#
        )
    };
    let lines = [
        line("claude-code", "s1", "01:10", 10),
        line("claude-code", "s2", "02:30", 500),
        line("claude-code", "s1", "07:20", 200),
        line("codex", "s1", "08:00", 30),
    ];
    let fixture = Fixture::with(&lines.join("\n"));
    let report = fixture.report("report today --by session --top 2 --format json");
    assert_eq!(report["by"], serde_json::json!(["instance", "session"]));
    let groups = |report: &Value, names: [&str; 2]| -> Vec<(String, String, u64)> {
        let name = |group: &Value, at: usize| group[names[at]].as_str().unwrap().to_owned();
        let groups = report["groups"].as_array().unwrap().iter();
        groups.map(|of| (name(of, 0), name(of, 1), of["tokens"].as_u64().unwrap())).collect()
    };
    let of = |instance: &str, name: &str, tokens| (instance.to_owned(), name.to_owned(), tokens);
    let sessions = [of("claude-code", "s2", 500), of("claude-code", "s1", 210)];
    assert_eq!(groups(&report, ["instance", "session"]), sessions);
    assert_eq!(report["summary"]["tokens"], 740);
    assert_eq!(
        (&report["left_out"]["groups"]["count"], &report["left_out"]["groups"]["tokens"]),
        (&1.into(), &30.into())
    );
    // A block that began before the period is a whole one.
    let report = fixture
        .report("report 2026-05-03T02:00:00Z..2026-05-04T00:00:00Z --by block --format json");
    let blocks = [
        of("claude-code", "2026-05-03T01:00:00+00:00", 510),
        of("claude-code", "2026-05-03T07:00:00+00:00", 200),
        of("codex", "2026-05-03T08:00:00+00:00", 30),
    ];
    assert_eq!(groups(&report, ["instance", "block"]), blocks);
    let mut pages = String::new();
    for by in ["session", "block"] {
        for format in ["text", "csv"] {
            let arguments = format!("report today --by {by} --format {format}");
            let page = fixture.usage(&arguments).stdout_of_success();
            let first = |line: &str| line.split(',').take(4).collect::<Vec<_>>().join(",");
            let page: Vec<_> = page
                .lines()
                .map(|line| if format == "csv" { first(line) } else { line.to_owned() })
                .collect();
            pages += &format!("$ usage {arguments}\n{}\n\n", page.join("\n"));
        }
    }
    insta::assert_snapshot!(pages);
}

#[test]
fn of_an_empty_ledger() {
    let fixture = Fixture::with("");
    let nothing = "\
Usage Summary (all-time, all instances)
Requests: 0  |  Tokens: 0  |  Fallbacks: 0

No requests in this period.
The ledger has no records yet:
  usage import agents   reads what coding agents have logged
  usage record FILE     reads what a gateway has logged
";
    for by in ["day", "model", "hour,model", "model --top 3"] {
        assert_eq!(fixture.usage(&format!("report --by {by}")).stdout_of_success(), nothing);
        let report = fixture.report(&format!("report --by {by} --format json"));
        assert_eq!(report["groups"], Value::Array(Vec::new()));
        let csv = fixture.usage(&format!("report --by {by} --format csv")).stdout_of_success();
        assert_eq!(csv.lines().count(), 1, "{csv}");
    }
    // A period has its days all the same.
    let report = fixture.report("report this-week --by day --format json");
    assert_eq!(report["groups"].as_array().unwrap().len(), 7);
}

fn at(instant: &str) -> String {
    format!(r#"{{"instance_id":"i","route":"r","model":"m","tokens":1,"timestamp":"{instant}"}}"#)
}

/// The time and the requests of each group.
fn times(report: &Value) -> Vec<(String, u64)> {
    let unit = report["by"][0].as_str().unwrap();
    let groups = report["groups"].as_array().unwrap().iter();
    groups
        .map(|group| {
            (group[unit].as_str().unwrap().to_owned(), group["requests"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn days_and_hours_are_those_of_the_zone() {
    let lines = [
        // New York: 01:30 twice, and the hour around the gap of spring.
        at("2026-11-01T05:30:00Z"),
        at("2026-11-01T06:30:00Z"),
        at("2026-11-01T07:00:00Z"),
        at("2026-03-08T06:59:59.999999Z"),
        at("2026-03-08T07:00:00Z"),
        // Kathmandu: a quarter to.
        at("2026-05-02T18:14:59.999999Z"),
        at("2026-05-02T18:15:00Z"),
        // São Paulo: no midnight. Apia: no day.
        at("2018-11-04T02:59:59.999999Z"),
        at("2018-11-04T03:00:00Z"),
        at("2011-12-30T09:59:59.999999Z"),
        at("2011-12-30T10:00:00Z"),
    ];
    let fixture = Fixture::with(&lines.join("\n"));
    let seen = |period: &str, by: &str, zone: &str| {
        let arguments = format!("report {period} --by {by} --timezone {zone} --format json");
        let mut seen = times(&fixture.report(&arguments));
        seen.retain(|(_, requests)| *requests > 0);
        seen
    };
    let groups = |groups: &[(&str, u64)]| {
        groups.iter().map(|(time, requests)| ((*time).to_owned(), *requests)).collect::<Vec<_>>()
    };
    assert_eq!(
        seen("2026-11-01", "hour", "America/New_York"),
        groups(&[("2026-11-01T01:00:00-04:00", 2), ("2026-11-01T02:00:00-05:00", 1)])
    );
    assert_eq!(
        seen("2026-03-08", "hour", "America/New_York"),
        groups(&[("2026-03-08T01:00:00-05:00", 1), ("2026-03-08T03:00:00-04:00", 1)])
    );
    assert_eq!(
        seen("2026-05-02..2026-05-03", "day", "Asia/Kathmandu"),
        groups(&[("2026-05-02T00:00:00+05:45", 1), ("2026-05-03T00:00:00+05:45", 1)])
    );
    assert_eq!(
        seen("2018-11", "day", "America/Sao_Paulo"),
        groups(&[("2018-11-03T00:00:00-03:00", 1), ("2018-11-04T01:00:00-02:00", 1)])
    );
    assert_eq!(
        seen("2011", "day", "Pacific/Apia"),
        groups(&[("2011-12-29T00:00:00-10:00", 1), ("2011-12-31T00:00:00+14:00", 1)])
    );
    // The hours of a day: 23, and 24 of which one is twice as long.
    for (period, hours) in [("2026-03-08", 23), ("2026-11-01", 24), ("2026-05-03", 24)] {
        let arguments =
            format!("report {period} --by hour --timezone America/New_York --format json");
        assert_eq!(times(&fixture.report(&arguments)).len(), hours, "{period}");
    }
    let page = fixture.usage("report 2026-11-01 --by hour --timezone America/New_York");
    let page = page.stdout_of_success();
    assert!(page.contains("  2026-11-01 01:00 -04/-05         2  "), "{page}");
}

#[test]
fn weeks_begin_on_the_day_asked_for() {
    let fixture = Fixture::with(DAY);
    let weeks = |arguments: &str| {
        let report = fixture.report(&format!("report {arguments} --by week --format json"));
        times(&report).into_iter().map(|(time, n)| (time[..10].to_owned(), n)).collect::<Vec<_>>()
    };
    assert_eq!(weeks(""), [("2026-04-27".to_owned(), 6)]);
    let sunday = [("2026-04-26".to_owned(), 2), ("2026-05-03".to_owned(), 4)];
    assert_eq!(weeks("--week-start sunday"), sunday);
}

/// However it is grouped, the groups add up to the summary, and so do the rows of CSV.
#[test]
fn groups_add_up() {
    let fixture = Fixture::with(&month());
    for by in ["instance", "hour", "day,profile", "week,model,route", "provider,month", "model"] {
        for (filter, top) in [("", ""), ("--profile default", ""), ("", "--top 1")] {
            let arguments = format!("report 2026 --by {by} {filter} {top}");
            let report = fixture.report(&format!("{arguments} --format json"));
            let groups = report["groups"].as_array().unwrap();
            let sum = |name: &str| {
                let left_out = report["left_out"]["groups"][name].as_u64().unwrap_or(0);
                groups.iter().map(|group| group[name].as_u64().unwrap()).sum::<u64>() + left_out
            };
            for name in ["requests", "tokens", "fallbacks"] {
                assert_eq!(sum(name), report["summary"][name].as_u64().unwrap(), "{arguments}");
            }
            let csv = fixture.usage(&format!("{arguments} --format csv")).stdout_of_success();
            assert_eq!(csv.lines().count(), groups.len() + 1, "{arguments}");
            assert!(csv.starts_with(&format!("{by},requests,tokens,fallbacks,")), "{csv}");
        }
    }
}

#[test]
fn an_empty_profile_is_the_default_one() {
    let lines = [
        r#"{"instance_id":"i","route":"r","model":"m","tokens":1}"#,
        r#"{"instance_id":"i","profile":"default","route":"r","model":"m","tokens":2}"#,
    ];
    let fixture = Fixture::with(&lines.join("\n"));
    let report = fixture.report("report --by profile,provider --format json");
    let groups = report["groups"].as_array().unwrap();
    assert_eq!((groups.len(), &groups[0]["profile"]), (1, &"default".into()));
    assert_eq!((&groups[0]["provider"], &groups[0]["tokens"]), (&"".into(), &3.into()));
}

#[test]
fn the_top_of_the_usual_report_says_what_it_leaves_out() {
    let fixture = Fixture::with(DAY);
    let report = fixture.report("report --top 1 --format json");
    let (routes, models) = (&report["routes"], &report["models"]);
    assert_eq!((&routes[0]["route"], &routes[1]), (&"think".into(), &Value::Null));
    assert_eq!((&models[0]["model"], &models[1]), (&"gpt-5".into(), &Value::Null));
    let left_out = &report["left_out"];
    assert_eq!(
        (&left_out["routes"]["count"], &left_out["models"]["count"]),
        (&5.into(), &5.into())
    );
    let whole = fixture.report("report --format json");
    assert_eq!(report["summary"], whole["summary"]);
    assert_eq!(whole["left_out"], Value::Null);
    let csv = fixture.usage("report --top 2 --format csv").stdout_of_success();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    // As many as there are, and more: nothing is left out.
    let page = fixture.usage("report").stdout_of_success();
    assert_eq!(fixture.usage("report --top 99").stdout_of_success(), page);
}

#[test]
fn what_cannot_be_grouped_by_is_refused() {
    let fixture =
        Fixture::with(&[at("1970-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z")].join("\n"));
    let mut runs = String::new();
    for arguments in [
        "--by fortnight",
        "--by day,",
        "--by Day",
        "--by model,day,model",
        "--by model --by model",
        "--by day,model,week",
        "1970-01-01..2026-01-01 --by hour",
        "0001-01-01..9999-12-31 --by month",
        "--top 0",
        "--top many",
    ] {
        let run = fixture.usage(&format!("report {arguments}"));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments}: {run}");
        runs += &format!("$ usage report {arguments}\n{}\n", run.stderr);
    }
    insta::assert_snapshot!(runs);
    // Given twice is the same as given at once.
    let (at_once, twice) = ("report --by month,model", "report --by month --by model");
    assert_eq!(
        fixture.usage(at_once).stdout_of_success(),
        fixture.usage(twice).stdout_of_success()
    );
}
