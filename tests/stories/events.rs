//! Event ids: what is recorded twice counts once.

use crate::fixture::Fixture;
use crate::lines::{events, many};

#[test]
fn a_second_run_finds_only_duplicates() {
    let fixture = Fixture::new();
    fixture.write("a", events(0, 20_000));
    insta::assert_snapshot!(fixture.usage("record a"), @"
    exit 0
    --- stdout
    Lines: 20,000  |  Stored: 20,000  |  Duplicates: 0  |  Refused: 0
    ");
    insta::assert_snapshot!(fixture.usage("record a"), @"
    exit 0
    --- stdout
    Lines: 20,000  |  Stored: 0  |  Duplicates: 20,000  |  Refused: 0
    ");
    assert_eq!(fixture.totals(), (20_000, 20_000));
}

#[test]
fn duplicates_within_one_file() {
    let fixture = Fixture::new();
    let run = fixture.usage_reading("record", events(0, 10).repeat(3));
    insta::assert_snapshot!(run, @"
    exit 0
    --- stdout
    Lines: 30  |  Stored: 10  |  Duplicates: 20  |  Refused: 0
    ");
    assert_eq!(fixture.stored(), 10);
}

/// Without an event id equal lines are different requests.
#[test]
fn without_an_id_equal_lines_are_two_requests() {
    let fixture = Fixture::with(&many(0, 1).repeat(3));
    assert_eq!(fixture.stored(), 3);
}

/// The same id belongs to one instance; another may use it too.
#[test]
fn an_id_is_unique_for_an_instance() {
    let fixture = Fixture::with(&events(0, 1));
    let other = events(0, 1).replace("\"instance_id\":\"i\"", "\"instance_id\":\"j\"");
    assert_eq!(fixture.usage_reading("record", other).code, 0);
    assert_eq!(fixture.stored(), 2);
}

/// The same instant written otherwise is the same content.
#[test]
fn the_same_instant_in_another_zone_is_a_duplicate() {
    let fixture = Fixture::with(&events(0, 1));
    let other = events(0, 1).replace("2026-05-01T00:00:00Z", "2026-05-01T02:00:00.0000+02:00");
    let run = fixture.usage_reading("record", other);
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 1  |  Stored: 0  |  Duplicates: 1  |  Refused: 0\n"
    );
}

#[test]
fn other_counts_are_refused_where_they_stand() {
    let fixture = Fixture::with(&events(0, 5));
    let change = |number: u64, from: &str, to: &str| {
        let line = events(number, 1);
        assert!(line.contains(from));
        line.replace(from, to)
    };
    fixture.write("first", events(5, 3));
    let conflicts = [
        events(8, 1),
        change(0, "\"tokens\":1", "\"tokens\":2"),
        "\n".to_owned(),
        // Told again a little later, or under another name: no news of what it counts.
        change(1, "00:00:01Z", "00:00:01.000001Z"),
        change(2, "\"m2\"", "\"M2\""),
        events(3, 1),
        // What nobody has said before is no contradiction.
        change(4, "\"tokens\":1", "\"tokens\":1,\"fallbacks\":1"),
        // Within this very run.
        change(8, "\"tokens\":1", "\"input_tokens\":2"),
    ];
    fixture.write("second", conflicts.concat());
    insta::assert_snapshot!(fixture.usage("record first second"), @r#"
    exit 3
    --- stdout
    Lines: 10  |  Stored: 4  |  Amended: 1  |  Duplicates: 3  |  Refused: 2
    --- stderr
    second:2: the event_id "event-0" is known for this instance_id, with different counts: tokens is known to be 1, not 2
    second:8: the event_id "event-8" is known for this instance_id, with different counts: tokens is known to be 1, not 2
    "#);
    assert_eq!(fixture.totals(), (9, 9));
    // What was there is as it was.
    assert_eq!(fixture.report("report --model m0 --format json")["summary"]["tokens"], 1);
}

/// Telemetry and a log of the same request: one record that says what both do, whichever comes first.
#[test]
fn what_is_told_twice_is_joined() {
    let log = r#"{"instance_id":"claude-code","route":"default","model":"m","project":"ledger","input_tokens":8,"output_tokens":6,"cache_write_tokens":1005,"cache_write_long_tokens":1005,"quality":"partial","revision":10,"timestamp":"2026-11-28T11:26:31.694Z","event_id":"msg_5","alias_id":"req_5"}"#;
    let telemetry = r#"{"instance_id":"claude-code","route":"default","model":"m","input_tokens":8,"output_tokens":215,"cache_write_tokens":1005,"revision":30,"timestamp":"2026-11-28T11:26:32.100Z","event_id":"req_5"}"#;
    for lines in [[log, telemetry], [telemetry, log]] {
        let fixture = Fixture::new();
        let run = fixture.usage_reading("record", lines.map(|line| format!("{line}\n")).concat());
        insta::allow_duplicates! {
            insta::assert_snapshot!(run, @"
            exit 0
            --- stdout
            Lines: 2  |  Stored: 1  |  Amended: 1  |  Duplicates: 0  |  Refused: 0
            ");
        }
        let report = fixture.report("report --by project --format json");
        assert_eq!(report["summary"]["requests"], 1);
        assert_eq!(report["summary"]["token_kinds"]["output"], 215);
        assert_eq!(report["summary"]["token_kinds"]["cache_write_long"], 1005);
        // Once more it is no news.
        let again = fixture.usage_reading("record", lines.map(|line| format!("{line}\n")).concat());
        assert!(again.to_string().contains("Duplicates: 2"), "{again}");
    }
}

/// A conflict is named where it stands, though the same id comes again as the ledger has it.
#[test]
fn the_line_that_conflicts_is_the_one_that_is_named() {
    let fixture = Fixture::with(&events(0, 1));
    let other = events(0, 1).replace("\"tokens\":1,", "\"tokens\":2,");
    assert_ne!(other, events(0, 1));
    let run = fixture.usage_reading("record", format!("{other}{}{other}", events(0, 1)));
    insta::assert_snapshot!(run, @r#"
    exit 3
    --- stdout
    Lines: 3  |  Stored: 0  |  Duplicates: 1  |  Refused: 2
    --- stderr
    standard input:1: the event_id "event-0" is known for this instance_id, with different counts: tokens is known to be 1, not 2
    standard input:3: the event_id "event-0" is known for this instance_id, with different counts: tokens is known to be 1, not 2
    "#);
}

/// Checks that what the ledger refuses is to be kept too, and is not lost in silence.
#[test]
fn a_conflict_that_cannot_be_kept_is_an_error() {
    let fixture = Fixture::with(&events(0, 1));
    let other = events(0, 1).replace("\"tokens\":1,", "\"tokens\":2,");
    insta::assert_snapshot!(fixture.usage_reading("record --rejects /dev/full", other), @r#"
    exit 1
    --- stdout
    Lines: 1  |  Stored: 0  |  Duplicates: 0  |  Refused: 1
    --- stderr
    standard input:1: the event_id "event-0" is known for this instance_id, with different counts: tokens is known to be 1, not 2
    error: cannot write /dev/full: No space left on device (os error 28)
    "#);
}
