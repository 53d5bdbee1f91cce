//! `usage report`: the page at several widths, JSON, CSV, colour, filters.

use crate::fixture::Fixture;
use crate::lines::DAY;

/// The day, with names as long and as wide as they come.
fn wide() -> String {
    let more = r#"
{"instance_id":"路由器","profile":"工作","provider":"深度求索","route":"思考","model":"深度求索-聊天模型-长上下文-预览版-二〇二六年五月","tokens":48000,"timestamp":"2026-05-03T10:00:00Z"}
{"instance_id":"路由器","profile":"工作","provider":"深度求索","route":"思考","model":"emoji-🦀-👩‍👩‍👧-🇩🇪","tokens":5000,"timestamp":"2026-05-03T10:00:00Z"}
{"instance_id":"router-3","profile":"café","provider":"provider-with-a-name-of-some-length","route":"route-with-a-name-of-some-length-too","model":"noe\u0308l-e\u0301tude","input_tokens":1000000000,"output_tokens":234567890,"fallbacks":1000000000,"timestamp":"2026-05-03T10:00:00Z"}
"#;
    format!("{DAY}{more}")
}

fn in_columns(columns: u32) -> String {
    let fixture = Fixture::with(&wide()).set("USAGE_WIDTH", columns.to_string());
    fixture.usage("report").stdout_of_success()
}

#[test]
fn in_60_columns() {
    insta::assert_snapshot!(in_columns(60));
}

#[test]
fn in_80_columns() {
    insta::assert_snapshot!(in_columns(80));
}

#[test]
fn in_120_columns() {
    insta::assert_snapshot!(in_columns(120));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut fixture = Fixture::with(&wide());
    for columns in [60, 61, 79, 80, 100, 120, 200] {
        fixture = fixture.set("USAGE_WIDTH", columns.to_string());
        for line in fixture.usage("report").stdout_of_success().lines() {
            let width = usage_core::format::display_width(line);
            assert!(width <= columns, "{width} of {columns}: {line}");
        }
    }
}

#[test]
fn in_a_file_nothing_is_shortened() {
    let page = Fixture::with(&wide()).unset("USAGE_WIDTH").usage("report").stdout_of_success();
    assert!(page.contains("深度求索-聊天模型-长上下文-预览版-二〇二六年五月"), "{page}");
    assert!(!page.contains('…'), "{page}");
    // What a shell says of its terminal changes nothing in a file.
    for columns in ["", "0", "wide", "-5", "40"] {
        let fixture = Fixture::with(&wide()).set("USAGE_WIDTH", "").set("COLUMNS", columns);
        assert_eq!(fixture.usage("report").stdout_of_success(), page, "COLUMNS={columns}");
    }
}

#[test]
fn as_json() {
    let json = Fixture::with(&wide()).usage("report this-month --format json").stdout_of_success();
    assert_eq!(json.matches('\n').count(), 1);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn as_csv() {
    insta::assert_snapshot!(
        Fixture::with(&wide()).usage("report --format csv").stdout_of_success()
    );
}

/// The formats for programs are the same whatever the terminal.
#[test]
fn programs_see_neither_width_nor_color() {
    let fixture = Fixture::with(&wide());
    for format in ["json", "csv"] {
        let plain = fixture.usage(&format!("report --format {format}")).stdout_of_success();
        let colored = fixture.usage(&format!("report --format {format} --color always"));
        assert_eq!(colored.stdout_of_success(), plain);
        assert!(!plain.contains('\u{1b}') && !plain.contains('…'), "{plain}");
    }
}

#[test]
fn without_profiles_there_is_one_group() {
    let lines = r#"
{"instance_id":"i","provider":"anthropic","route":"think","model":"opus","tokens":20}
{"instance_id":"i","profile":"default","route":"think","model":"sonnet","tokens":1500,"fallbacks":1}
"#;
    insta::assert_snapshot!(Fixture::with(lines).usage("report today").stdout_of_success(), @"
    Usage Summary (today, all instances)
    Requests: 2  |  Tokens: 1,520  |  Fallbacks: 1
    Before, yesterday: 0 requests  |  Tokens: 0

    By Route:
      Route            Requests  Tokens   Share  Fallbacks
      ────────────────────────────────────────────────────
    [default]
      think                   1   1,500   98.7%          1
      anthropic.think         1      20    1.3%          0
      ────────────────────────────────────────────────────
      Total                   2   1,520  100.0%          1

    By Model:
      Model            Requests  Tokens   Share
      ─────────────────────────────────────────
    [default]
      sonnet                  1   1,500   98.7%
      anthropic.opus          1      20    1.3%
      ─────────────────────────────────────────
      Total                   2   1,520  100.0%

    Nothing here has a price: `usage prices --missing` says why.
    ");
}

#[test]
fn headings_are_styled_in_color() {
    let page = Fixture::with(DAY).usage("report today --color always").stdout_of_success();
    insta::assert_snapshot!(page.replace('\u{1b}', "␛"));
    assert_eq!(page.matches("\u{1b}[0m").count() * 2, page.matches('\u{1b}').count());
}

#[test]
fn color_is_as_asked_and_else_never_in_a_pipe() {
    let fixture = Fixture::with(DAY);
    let plain = fixture.usage("report --color never").stdout_of_success();
    assert!(!plain.contains('\u{1b}'));
    assert_eq!(fixture.usage("report").stdout_of_success(), plain);
    assert_eq!(fixture.usage("report --color auto").stdout_of_success(), plain);
    // What was asked on the command line goes before the environment.
    let fixture = fixture.set("NO_COLOR", "1");
    assert!(fixture.usage("report --color always").stdout_of_success().contains('\u{1b}'));
    assert_eq!(fixture.usage("report").stdout_of_success(), plain);
    let fixture = fixture.unset("NO_COLOR").set("CLICOLOR_FORCE", "1");
    assert!(fixture.usage("report").stdout_of_success().contains('\u{1b}'));
    let fixture = fixture.set("NO_COLOR", "1");
    assert_eq!(fixture.usage("report").stdout_of_success(), plain);
}

#[test]
fn of_an_empty_ledger() {
    let fixture = Fixture::with("");
    insta::assert_snapshot!(fixture.usage("report").stdout_of_success(), @"
    Usage Summary (all-time, all instances)
    Requests: 0  |  Tokens: 0  |  Fallbacks: 0

    No requests in this period.
    The ledger has no records yet:
      usage import agents   reads what coding agents have logged
      usage record FILE     reads what a gateway has logged
    ");
    insta::assert_snapshot!(fixture.usage("report --format csv").stdout_of_success(), @"profile,provider,route,model,requests,tokens,fallbacks,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,unclassified_tokens,reasoning_tokens,cache_write_long_tokens,input_audio_tokens,output_audio_tokens,cache_read_audio_tokens,web_searches,errors,cancelled,partial,estimated,inconsistent,elsewhere,stated_requests,stated_cost_usd,priced_requests,cost_usd");
    insta::assert_snapshot!(fixture.usage("report --format json").stdout_of_success(), @r#"{"schema":1,"period":{"name":"all-time","start":null,"end":null,"timezone":"UTC"},"filter":{"instance":[],"profile":[],"provider":[],"route":[],"model":[],"tier":[],"project":[],"user":[],"tags":{}},"price_basis":"list","summary":{"requests":0,"tokens":0,"fallbacks":0,"web_searches":0,"errors":0,"cancelled":0,"partial":0,"estimated":0,"inconsistent":0,"elsewhere":0,"stated_requests":0,"priced_requests":0,"stated_cost_usd":null,"cost_usd":null,"token_kinds":{"input":0,"output":0,"cache_read":0,"cache_write":0,"unclassified":0,"reasoning":0,"cache_write_long":0,"input_audio":0,"output_audio":0,"cache_read_audio":0}},"routes":[],"models":[]}"#);
}

#[test]
fn of_a_period_with_nothing_in_it() {
    let fixture = Fixture::with(DAY);
    insta::assert_snapshot!(
        fixture.usage("report 2025 --instance router-1 --model gpt-5").stdout_of_success(), @"
    Usage Summary (2025, instance router-1)
    Requests: 0  |  Tokens: 0  |  Fallbacks: 0
    Only: model gpt-5

    No requests in this period.
    The ledger's records are of 30 April 2026 to 3 May 2026:
      usage report 2026-05
    ");
}

/// Both ends of a day, to the microsecond, in zones on either side.
#[test]
fn a_period_counts_what_lies_in_it() {
    let fixture = Fixture::with(DAY);
    for (period, zone, requests) in [
        ("all-time", "UTC", 6),
        ("today", "UTC", 4),
        ("yesterday", "UTC", 1),
        ("2026-05-02", "UTC", 1),
        ("today", "Asia/Tokyo", 5),
        ("this-month", "Pacific/Auckland", 5),
        ("this-month", "Pacific/Kiritimati", 6),
        ("last-month", "UTC", 1),
        ("last-3-hours", "UTC", 2),
        ("2026-05-03T08:15:00Z..2026-05-03T08:16:00Z", "UTC", 1),
        ("2026-05-03T08:15:00Z..2026-05-03T08:16:00.000001Z", "UTC", 2),
        ("2026-05-03T09:00:00.5Z..2026-05-03T09:00:00.500001Z", "UTC", 1),
        ("2026-05-02T23:59:59.999999Z..2026-05-03T00:00:00Z", "UTC", 1),
        ("ttm", "UTC", 6),
        ("2027", "UTC", 0),
    ] {
        let report = fixture.report(&format!("report {period} --timezone {zone} --format json"));
        assert_eq!(report["summary"]["requests"], requests, "{period} in {zone}");
    }
}

#[test]
fn filters_narrow_alone_and_together() {
    let fixture = Fixture::with(DAY);
    for (filters, requests, tokens) in [
        ("--instance router-1", 3, 1_597_620),
        ("--instance router-1 --instance router-2", 6, 2_601_770),
        ("--profile work", 3, 1_597_620),
        ("--profile default", 2, 4_200),
        ("--profile=", 2, 4_200),
        ("--profile default --profile home", 3, 1_004_150),
        ("--provider anthropic", 3, 1_097_570),
        ("--provider=", 1, 0),
        ("--route think", 2, 1_597_000),
        ("--model claude-sonnet-4-5", 2, 1_096_950),
        ("--model claude-sonnet-4-5 --profile home", 1, 999_950),
        ("--provider anthropic --route default --instance router-1", 1, 620),
        ("--provider anthropic --provider openai --route think --profile work", 2, 1_597_000),
        ("--model nothing", 0, 0),
        ("--model Claude-Sonnet-4-5", 0, 0),
        ("--model claude", 0, 0),
        ("--instance router-1 --instance nothing", 3, 1_597_620),
        ("today --provider anthropic", 2, 97_620),
    ] {
        let report = fixture.report(&format!("report {filters} --format json"));
        let (found, total) = (&report["summary"]["requests"], &report["summary"]["tokens"]);
        assert_eq!((found, total), (&requests.into(), &tokens.into()), "{filters}");
    }
}

#[test]
fn the_page_says_what_it_was_filtered_by() {
    let filters = "--instance router-1 --instance router-2 --profile work --provider anthropic \
        --provider openai --route think --model claude-sonnet-4-5";
    let fixture = Fixture::with(DAY);
    insta::assert_snapshot!(fixture.usage(&format!("report {filters}")).stdout_of_success(), @"
    Usage Summary (all-time, instances router-1, router-2)
    Requests: 1  |  Tokens: 97,000  |  Fallbacks: 0
    Cost: $0.058  |  Read from a cache: 94.6% of the input
    Only: profile work  |  provider anthropi…route think  |  model claude-sonnet-4-5

    By Route:
      Route                        Input  Output   Cache  Tokens    Cost
      ──────────────────────────────────────────────────────────────────
    [work]
      anthropic.think              1,200     800  95,000  97,000  $0.058

    By Model:
      Model                        Input  Output   Cache  Tokens    Cost
      ──────────────────────────────────────────────────────────────────
    [work]
      anthropic.claude-sonnet-4-5  1,200     800  95,000  97,000  $0.058

    List price, not what a subscription paid
    ");
    insta::assert_json_snapshot!(
        fixture.report(&format!("report {filters} --format json"))["filter"], @r#"
    {
      "instance": [
        "router-1",
        "router-2"
      ],
      "model": [
        "claude-sonnet-4-5"
      ],
      "profile": [
        "work"
      ],
      "project": [],
      "provider": [
        "anthropic",
        "openai"
      ],
      "route": [
        "think"
      ],
      "tags": {},
      "tier": [],
      "user": []
    }
    "#);
}

/// Of equal tokens, by provider and name; the order never depends on that of the records.
#[test]
fn order_is_that_of_names_and_tokens() {
    let line = |profile: &str, provider: &str, route: &str, model: &str, tokens: u32| {
        format!(
            r#"{{"instance_id":"i","profile":"{profile}","provider":"{provider}","route":"{route}","model":"{model}","tokens":{tokens}}}"#
        )
    };
    let mut lines = [
        line("b", "y", "r2", "same", 7),
        line("b", "x", "r10", "same", 7),
        line("b", "x", "r1", "most", 9),
        line("a", "z", "r", "least", 1),
        line("", "", "r", "none", 0),
    ];
    let forward = Fixture::with(&lines.join("\n")).usage("report").stdout_of_success();
    lines.reverse();
    let backward = Fixture::with(&lines.join("\n")).usage("report").stdout_of_success();
    assert_eq!(forward, backward);
    insta::assert_snapshot!(forward, @"
    Usage Summary (all-time, all instances)
    Requests: 5  |  Tokens: 24  |  Fallbacks: 0
    Cost: ≥ $0  |  Without a price: 4 (80.0%)

    By Route:
      Route       Requests  Tokens   Share  Cost
      ──────────────────────────────────────────
    [a]
      z.r                1       1    4.2%     -
    [b]
      x.r1               1       9   37.5%     -
      x.r10              1       7   29.2%     -
      y.r2               1       7   29.2%     -
    [default]
      r                  1       0      0%    $0
      ──────────────────────────────────────────
      Total              5      24  100.0%  ≥ $0

    By Model:
      Model       Requests  Tokens   Share  Cost
      ──────────────────────────────────────────
    [a]
      z.least            1       1    4.2%     -
    [b]
      x.most             1       9   37.5%     -
      x.same             1       7   29.2%     -
      y.same             1       7   29.2%     -
    [default]
      none               1       0      0%    $0
      ──────────────────────────────────────────
      Total              5      24  100.0%  ≥ $0

    List price, not what a subscription paid  |  ≥: lacks prices or sure counts
    ");
}
