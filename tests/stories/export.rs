//! `usage export`: the records come out as they went in, and go in again.

use std::path::Path;

use crate::fixture::{Fixture, Run};
use crate::lines::{DAY, events, many};

const FORMATS: [&str; 2] = ["ndjson", "csv"];

/// The lines of a text in an order of their own.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// The ledger's records, through a file of that form, in an empty ledger: the same records, and
/// the same reports to the byte.
fn round_trip(fixture: &Fixture) {
    let lines = fixture.usage("export").stdout_of_success();
    for format in FORMATS {
        let other = Fixture::new();
        let exported = fixture.usage(&format!("export --format {format}")).stdout_of_success();
        other.write(&format!("all.{format}"), &exported);
        let run = other.usage(&format!("record all.{format}"));
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{format}: {run}");
        for report in ["text", "json", "csv"] {
            let of = |fixture: &Fixture| {
                fixture.usage(&format!("report --format {report}")).stdout_of_success()
            };
            assert_eq!(of(&other), of(fixture), "{report} after {format}");
        }
        assert_eq!(other.usage("export").stdout_of_success(), lines, "{format}");
        let again = other.usage(&format!("export --format {format}")).stdout_of_success();
        assert_eq!(again, exported, "{format}");
    }
}

#[test]
fn the_sample_day_makes_the_round() {
    let fixture = Fixture::new();
    let day = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/day.ndjson");
    let run = fixture.usage_of([Path::new("record"), &day]);
    assert_eq!(run.code, 3, "{run}");
    round_trip(&fixture);
    let lines = fixture.usage("export").stdout_of_success();
    assert_eq!(lines.lines().count() as u64, fixture.stored());
    let named = lines.lines().filter(|line| line.contains(r#""event_id":""#)).count();
    assert_eq!(named, 3_977);
}

#[test]
fn a_small_day() {
    let fixture = Fixture::with(DAY);
    insta::assert_snapshot!(fixture.usage("export"), @r#"
    exit 0
    --- stdout
    {"instance_id":"router-2","profile":"home","provider":"anthropic","route":"default","model":"claude-sonnet-4-5","tokens":999950,"fallbacks":1,"timestamp":"2026-04-30T10:00:00.000000Z"}
    {"instance_id":"router-2","profile":"","provider":"","route":"background","model":"local","tokens":0,"fallbacks":0,"timestamp":"2026-05-02T23:59:59.999999Z","cost_usd":"0"}
    {"instance_id":"router-1","profile":"work","provider":"anthropic","route":"think","model":"claude-sonnet-4-5","input_tokens":1200,"output_tokens":800,"cache_read_tokens":91000,"cache_write_tokens":4000,"reasoning_tokens":300,"fallbacks":0,"timestamp":"2026-05-03T08:15:00.000000Z","cost_usd":"0.0579"}
    {"instance_id":"router-1","profile":"work","provider":"anthropic","route":"default","model":"claude-haiku-4-5","input_tokens":500,"output_tokens":120,"cache_read_tokens":0,"cache_write_tokens":0,"reasoning_tokens":0,"fallbacks":0,"timestamp":"2026-05-03T08:16:00.000000Z","cost_usd":"0.0011"}
    {"instance_id":"router-1","profile":"work","provider":"openai","route":"think","model":"gpt-5","tokens":1500000,"fallbacks":2,"timestamp":"2026-05-03T09:00:00.500000Z"}
    {"instance_id":"router-2","profile":"","provider":"ollama","route":"background","model":"qwen3:8b","tokens":4200,"fallbacks":0,"timestamp":"2026-05-03T09:30:00.000000Z"}
    "#);
    insta::assert_snapshot!(fixture.usage("export --format csv"), @"
    exit 0
    --- stdout
    instance_id,profile,provider,route,model,tokens,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,fallbacks,timestamp,event_id,tier,project,user,cache_write_long_tokens,input_audio_tokens,output_audio_tokens,cache_read_audio_tokens,web_searches,alias_id,revision,session_id,tags,outcome,quality,inconsistent,stated_cost_usd,time_stated,cost_usd
    router-2,home,anthropic,default,claude-sonnet-4-5,999950,,,,,,1,2026-04-30T10:00:00.000000Z,,,,,,,,,0,,,,,,,,,,
    router-2,,,background,local,0,,,,,,0,2026-05-02T23:59:59.999999Z,,,,,,,,,0,,,,,,,,,,0
    router-1,work,anthropic,think,claude-sonnet-4-5,97000,1200,800,91000,4000,300,0,2026-05-03T08:15:00.000000Z,,,,,0,0,0,0,0,,,,,,,,,,0.0579
    router-1,work,anthropic,default,claude-haiku-4-5,620,500,120,0,0,0,0,2026-05-03T08:16:00.000000Z,,,,,0,0,0,0,0,,,,,,,,,,0.0011
    router-1,work,openai,think,gpt-5,1500000,,,,,,2,2026-05-03T09:00:00.500000Z,,,,,,,,,0,,,,,,,,,,
    router-2,,ollama,background,qwen3:8b,4200,,,,,,0,2026-05-03T09:30:00.000000Z,,,,,,,,,0,,,,,,,,,,
    ");
    round_trip(&fixture);
}

#[test]
fn a_ledger_without_records() {
    let fixture = Fixture::with("");
    assert_eq!(fixture.usage("export").stdout_of_success(), "");
    let csv = fixture.usage("export --format csv").stdout_of_success();
    assert_eq!(csv.lines().count(), 1);
    assert!(csv.starts_with("instance_id,profile,"), "{csv}");
    round_trip(&fixture);
}

#[test]
fn a_ledger_that_does_not_exist_is_not_made() {
    let fixture = Fixture::new();
    for format in FORMATS {
        let run = fixture.usage(&format!("export --format {format}"));
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");
        assert!(run.stderr.starts_with("error: there is no ledger at "), "{run}");
    }
    assert_eq!(fixture.files(), [""; 0]);
}

/// Whatever page a record is on, and however many share an instant.
#[test]
fn thousands_of_records_come_oldest_first() {
    let mut lines = many(0, 2_500);
    lines += &many(0, 1).repeat(2_500);
    lines += &events(100, 1_000);
    let fixture = Fixture::with(&lines);
    let exported = fixture.usage("export").stdout_of_success();
    let instants: Vec<_> =
        exported.lines().map(|line| line.split_once(r#""timestamp":""#).unwrap().1).collect();
    assert_eq!(instants.len(), 6_000);
    assert!(instants.is_sorted_by_key(|rest| &rest[..27]));
    round_trip(&fixture);
}

/// As a report would count them.
#[test]
fn periods_and_filters_are_those_of_a_report() {
    let fixture = Fixture::with(DAY);
    for arguments in [
        "today",
        "yesterday",
        "2026-04",
        "last-3-days --timezone Asia/Tokyo",
        "2026-05-03T09:00:00Z..2026-05-03T09:00:01Z",
        "--instance router-2",
        "--profile default",
        "--profile work --profile home",
        "--provider anthropic --route think",
        "--model gpt-5",
        "today --model local",
        "this-week --week-start sunday",
    ] {
        let report = fixture.report(&format!("report {arguments} --format json"));
        let expected = report["summary"]["requests"].as_u64().unwrap();
        for (format, headers) in [("ndjson", 0), ("csv", 1)] {
            let exported =
                fixture.usage(&format!("export {arguments} --format {format}")).stdout_of_success();
            let found = exported.lines().count() as u64 - headers;
            assert_eq!(found, expected, "{arguments} as {format}");
        }
    }
    let run = fixture.usage("export nonsense");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
}

/// Names as JSON writes them; what a terminal would do with them is in the escapes.
fn hostile() -> String {
    let mut lines = String::new();
    for name in [
        r"\u001b[31mred\u001b[0m",
        r"two\nlines",
        r"carriage\r",
        r"\r\n\t\b",
        r#"\"quoted\", with a comma"#,
        r#"\""#,
        r"csi-\u009b31m nel-\u0085 del-\u007f",
        r"right-\u202eto-left zero\u200bwidth\ufeff",
        r"tag-\udb40\udc41 \u2028",
        " spaces around ",
        "=1+1",
        "模型 é",
    ] {
        lines += &format!(
            r#"{{"instance_id":"{name}","profile":"{name}","provider":"{name}","route":"{name}","model":"{name}","tokens":1,"timestamp":"2026-05-03T00:00:00Z","event_id":"{name}"}}"#
        );
        lines.push('\n');
    }
    lines
}

#[test]
fn hostile_names_make_the_round() {
    let fixture = Fixture::with(&hostile());
    round_trip(&fixture);
    // As lines they are harmless wherever they are shown.
    let lines = fixture.usage("export").stdout_of_success();
    assert_eq!(usage_core::format::printable(&lines.replace('\n', "")), lines.replace('\n', ""));
    // As CSV they are what they are.
    let csv = fixture.usage("export --format csv").stdout_of_success();
    assert!(csv.contains("\u{1b}[31mred\u{1b}[0m,") && csv.contains("\"two\nlines\","), "{csv}");
}

/// A terminal gets CSV that it does not act on, and is told.
#[test]
fn csv_on_a_terminal_is_harmless() {
    let fixture = Fixture::with(&hostile());
    let script = "script -qec 'usage export --format csv' /dev/null </dev/null";
    let run = fixture.shell(script);
    if run.code == 127 {
        return; // There is no `script` on this machine.
    }
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("note: on a terminal names are shown printable; "), "{run}");
    assert!(run.stdout.contains(r"\u{1b}[31mred\u{1b}[0m,"), "{run}");
    let hidden: Vec<_> = run
        .stdout
        .chars()
        .filter(|c| {
            !['\r', '\n'].contains(c)
                && usage_core::format::printable(&c.to_string()).len() > c.len_utf8()
        })
        .collect();
    assert_eq!(hidden, [], "{run}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let fixture = Fixture::with(&many(0, 5_000));
    for format in FORMATS {
        let script = format!("{{ usage export --format {format}; echo $? >code; }} | head -1");
        let run = fixture.shell(&script);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{format}: {run}");
        assert_eq!(fixture.read("code"), b"0\n", "{format}");
        assert_eq!(run.stdout.lines().count(), 1, "{format}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    for lines in [many(0, 3), many(0, 5_000)] {
        let fixture = Fixture::with(&lines);
        for format in FORMATS {
            let run = fixture.shell(&format!("usage export --format {format} > /dev/full"));
            let reason = "error: cannot write to standard output: No space left on device";
            assert!(run.code == 1 && run.stderr.starts_with(reason), "{format}: {run}");
        }
    }
}

/// Checks that what could be read is there, and that it is an error that this is not all.
#[test]
fn damage_half_way_is_an_error() {
    let fixture = Fixture::with(&many(0, 1_500));
    let ledger = rusqlite::Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute("UPDATE records SET output = -1 WHERE id = 1200", []).unwrap();
    for (format, headers) in [("ndjson", 0), ("csv", 1)] {
        let Run { code, stdout, stderr } = fixture.usage(&format!("export --format {format}"));
        assert_eq!((code, stdout.lines().count()), (4, 1_000 + headers), "{stderr}");
        assert!(stderr.contains("record 1200 has a count of -1"), "{stderr}");
    }
}

/// Into the very ledger that is read: records without an event id are doubled, and no more.
#[test]
fn into_the_same_ledger() {
    let fixture = Fixture::with(&many(0, 3_000));
    let run = fixture.shell("usage export | usage record");
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(fixture.totals(), (6_000, 6_000));
    let fixture = Fixture::with(&events(0, 3_000));
    let run = fixture.shell("usage export --format csv | usage record --format csv");
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 3,000  |  Stored: 0  |  Duplicates: 3,000  |  Refused: 0\n"
    );
}

/// Checks that a ledger made of tellings knows an event by every id that it was told under: a record states two.
#[test]
fn tellings_take_all_ids_along() {
    let line = |rest: &str| {
        let names =
            r#""instance_id":"i","route":"r","model":"m","timestamp":"2026-05-01T00:00:00Z""#;
        format!("{{{names},{rest}}}\n")
    };
    let of = |id: &str, alias: &str, more: &str| {
        line(&format!(r#""event_id":"{id}","alias_id":"{alias}",{more}"#))
    };
    let partial = of("a", "b", r#""output_tokens":1,"quality":"partial","project":"web""#);
    let full = of("b", "c", r#""output_tokens":9"#);
    let fixture = Fixture::with(&(partial + &full));
    let run = fixture.shell("usage export --tellings | usage record --db other.db");
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 2  |  Stored: 1  |  Amended: 1  |  Duplicates: 0  |  Refused: 0\n"
    );
    let both = ["", " --db other.db"].map(|db| fixture.usage(&format!("export{db}")).stdout);
    assert_eq!(both[0], both[1]);
    let late = line(r#""event_id":"a","output_tokens":1,"quality":"partial""#);
    let run = fixture.usage_reading("record --db other.db", late);
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 1  |  Stored: 0  |  Duplicates: 1  |  Refused: 0\n"
    );
}

/// Exports of two periods, put together by hand, are one file.
#[test]
fn parts_add_up() {
    let fixture = Fixture::with(DAY);
    let all = fixture.usage("export --format csv").stdout_of_success();
    let run = fixture.shell(
        "usage export 2026-04 --format csv > both.csv; usage export 2026-05 --format csv >> both.csv; \
         usage record --db other.db both.csv",
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    let other = fixture.usage("export --db other.db --format csv").stdout_of_success();
    assert_eq!(sorted(&other), sorted(&all));
}
