//! `usage record` and CSV.

use crate::fixture::Fixture;
use crate::lines::{events, many};

/// A file of three records, two of them in rows of several lines.
const SMALL: &str = "\u{feff}model,route,instance_id,tokens,timestamp,event_id\r\n\
    m,r,i,1,2026-05-03T00:00:00Z,a\r\n\
    \r\n\
    \"two\r\nlines, \"\"quoted\"\"\",r,i,20,2026-05-03T00:00:01Z,\r\n\
    m,\"r\n\",i,300,,";

#[test]
fn a_file_by_its_name_and_standard_input_by_the_option() {
    for (arguments, name) in
        [("record a.csv", "a.csv"), ("record A.CSV", "A.CSV"), ("record --format csv a", "a")]
    {
        let fixture = Fixture::new();
        fixture.write(name, SMALL);
        let accounts = fixture.usage(arguments).stdout_of_success();
        assert_eq!(accounts, "Lines: 3  |  Stored: 3  |  Duplicates: 0  |  Refused: 0\n");
        assert_eq!(fixture.totals(), (3, 321));
    }
    let fixture = Fixture::new();
    assert_eq!(fixture.usage_reading("record --format csv", SMALL).code, 0);
    assert_eq!(fixture.totals(), (3, 321));
    insta::assert_snapshot!(fixture.usage("export").stdout, @r#"
    {"instance_id":"i","profile":"","provider":"","route":"r","model":"m","tokens":1,"fallbacks":0,"timestamp":"2026-05-03T00:00:00.000000Z","event_id":"a"}
    {"instance_id":"i","profile":"","provider":"","route":"r","model":"two\r\nlines, \"quoted\"","tokens":20,"fallbacks":0,"timestamp":"2026-05-03T00:00:01.000000Z"}
    {"instance_id":"i","profile":"","provider":"","route":"r\n","model":"m","tokens":300,"fallbacks":0,"timestamp":"2026-05-03T12:00:00.000000Z"}
    "#);
    // And JSON lines whatever the name.
    let fixture = Fixture::new();
    fixture.write("a.csv", many(0, 3));
    assert_eq!(fixture.usage("record --format ndjson a.csv").code, 0);
    assert_eq!(fixture.totals(), (3, 3));
}

#[test]
fn files_of_both_forms() {
    let fixture = Fixture::new();
    fixture.write("a.csv", SMALL);
    fixture.write("b.ndjson", many(0, 2));
    let accounts = fixture.usage("record a.csv b.ndjson a.csv").stdout_of_success();
    assert_eq!(accounts, "Lines: 8  |  Stored: 7  |  Duplicates: 1  |  Refused: 0\n");
}

/// The line that is named is the one where the row begins.
#[test]
fn bad_rows_are_named_and_skipped() {
    let fixture = Fixture::new();
    let rows = [
        "instance_id,route,model,tokens,input_tokens",
        "i,r,m,1,",
        "i,r,m,-1,",
        "i,\"r\n\n\",m,2.5,",
        "i,r,m,1",
        "i,r,m,1,,",
        ",r,m,1,",
        "i,r,\"m\"x,1,",
        "i,r,m,,",
        "i,r,m,2,1",
        "i,r,m,1,",
        "i,\"r,m,1,\ni,r,m,1,",
    ];
    fixture.write("f.csv", rows.join("\n"));
    insta::assert_snapshot!(fixture.usage("record f.csv"), @"
    exit 3
    --- stdout
    Lines: 11  |  Stored: 2  |  Duplicates: 0  |  Refused: 9
    --- stderr
    f.csv:3: tokens is -1, whole numbers from 0 to 1000000000 are accepted
    f.csv:4: tokens is 2.5, whole numbers from 0 to 1000000000 are accepted
    f.csv:7: the header has 5 columns, the row 4
    f.csv:8: the header has 5 columns, the row 6
    f.csv:9: instance_id must not be empty
    f.csv:10: field 3 goes on behind its closing quote; a quote inside is written twice
    f.csv:11: no token count: tokens, or input_tokens, output_tokens and so on, is needed
    f.csv:12: tokens is 2, but the counts by kind add up to 1
    f.csv:14: field 2 begins with a quote that is never closed
    ");
    assert_eq!(fixture.totals(), (2, 2));
}

#[test]
fn a_file_without_its_header_is_not_read() {
    let fixture = Fixture::with(&many(0, 1));
    let mut output = String::new();
    for content in [
        "",
        "\n\n",
        "i,r,m,1\n",
        "instance_id,route,tokens\ni,r,1\n",
        "instance_id,route,model\ni,r,m\n",
        "instance_id,route,model,tokens,total\ni,r,m,1,1\n",
        "instance_id,route,model,tokens,tokens\ni,r,m,1,1\n",
        "instance_id;route;model;tokens\ni;r;m;1\n",
        &many(0, 2),
    ] {
        fixture.write("f.csv", content);
        let run = fixture.usage("record f.csv");
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stdout.starts_with("Lines: 0  |"), "{run}");
        output += &run.stderr;
    }
    insta::assert_snapshot!(output, @r#"
    error: f.csv:1: there is no header that names the columns
    error: f.csv:3: there is no header that names the columns
    error: f.csv:1: unknown columns "i", "r", "m", "1"; the columns of records are instance_id, profile, provider, route, model, tokens, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, fallbacks, timestamp, event_id, tier, project, user, cache_write_long_tokens, input_audio_tokens, output_audio_tokens, cache_read_audio_tokens, web_searches, alias_id, revision, session_id, tags, outcome, quality, inconsistent, stated_cost_usd, time_stated
    error: f.csv:1: the header has no model
    error: f.csv:1: the header has no token counts: tokens, or input_tokens, output_tokens and so on
    error: f.csv:1: unknown column "total"; did you mean tokens?
    hint: --ignore-unknown passes over columns that no record has
    error: f.csv:1: the column tokens is there twice
    error: f.csv:1: unknown column "instance_id;route;model;tokens"; its columns are separated by semicolons, and those of CSV by commas
    error: f.csv:1: field 2 goes on behind its closing quote; a quote inside is written twice
    hint: --format ndjson reads JSON lines
    "#);
    assert_eq!(fixture.stored(), 1);
}

/// Told that it is CSV, rather than refusing each of its rows.
#[test]
fn csv_that_is_taken_for_lines() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(fixture.usage_reading("record", SMALL), @"
    exit 1
    --- stdout
    Lines: 0  |  Stored: 0  |  Duplicates: 0  |  Refused: 0
    --- stderr
    error: standard input:1: this is the header of CSV, not a JSON line
    hint: --format csv reads it
    ");
}

#[test]
fn csv_is_not_followed() {
    let fixture = Fixture::new();
    fixture.write("a.csv", SMALL);
    for arguments in ["record --follow a.csv", "record --follow --format csv a.csv"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(fixture.usage(arguments), @"
            exit 2
            --- stderr
            error: --follow reads JSON lines, not CSV
            hint: without --follow, CSV is read to its end
            ");
        }
    }
    assert_eq!(fixture.files(), ["a.csv"]);
}

/// A row may be as long as a line may; a quote that is never closed takes no memory, and what is
/// behind it is not taken for rows.
#[test]
fn rows_without_an_end() {
    let header = "instance_id,route,model,tokens\n";
    let of = |bytes: usize| {
        let mut row = "i,r,m,".to_owned();
        row += &"0".repeat(bytes - row.len() - 1);
        row + "1"
    };
    let fixture = Fixture::new();
    let input = [header, &of(65_536), "\n", &of(65_537), "\n", "i,r,m,1\n"].concat();
    let run = fixture.usage_reading("record --format csv", input);
    insta::assert_snapshot!(run, @"
    exit 3
    --- stdout
    Lines: 3  |  Stored: 2  |  Duplicates: 0  |  Refused: 1
    --- stderr
    standard input:3: the row is longer than 65536 bytes; is a quote not closed?
    ");
    assert_eq!(fixture.totals(), (2, 2));

    let endless = "i,r,m,1\n".repeat(1_000_000);
    fixture.write("f.csv", [header, "i,r,m,1\ni,\"r,m,1\n", &endless].concat());
    let run = fixture.shell("ulimit -v 400000; usage record f.csv --rejects bad");
    insta::assert_snapshot!(run, @"
    exit 3
    --- stdout
    Lines: 2  |  Stored: 1  |  Duplicates: 0  |  Refused: 1
    --- stderr
    f.csv:3: the row is longer than 65536 bytes; is a quote not closed?
    ");
    assert_eq!(fixture.totals(), (3, 3));
    let expected = [header, "i,\"r,m,1\n", &endless, "\n"].concat();
    assert!(fixture.read("bad") == expected.as_bytes(), "the rejects differ");
}

/// Byte for byte as they came, under the header that they came under: mended, they can be recorded.
#[test]
fn rejects_are_csv_again() {
    let fixture = Fixture::with(&events(0, 1));
    let a = "instance_id,route,model,tokens\r\ni,r,m,1\r\ni,r,\"m\n2\",x\r\ni,r,m,y\r\n";
    let b = "tokens,model,route,instance_id\n1,m,r,i\nz,m,r,i";
    let conflict = "instance_id,route,model,tokens,timestamp,event_id\n\
                    i,r,m0,2,2026-05-01T00:00:00Z,event-0\n";
    fixture.write("a.csv", a);
    fixture.write("b.csv", b);
    fixture.write("c.csv", conflict);
    let run = fixture.usage("record a.csv b.csv c.csv --rejects bad.csv");
    insta::assert_snapshot!(run, @r#"
    exit 3
    --- stdout
    Lines: 6  |  Stored: 2  |  Duplicates: 0  |  Refused: 4
    --- stderr
    a.csv:3: tokens is the text "x", whole numbers from 0 to 1000000000 are accepted
    a.csv:5: tokens is the text "y", whole numbers from 0 to 1000000000 are accepted
    b.csv:3: tokens is the text "z", whole numbers from 0 to 1000000000 are accepted
    c.csv:2: the event_id "event-0" is known for this instance_id, with different counts: tokens is known to be 1, not 2
    "#);
    let kept = String::from_utf8(fixture.read("bad.csv")).unwrap();
    insta::assert_snapshot!(kept.replace('\r', "<CR>"), @r#"
    instance_id,route,model,tokens
    i,r,"m
    2",x<CR>
    i,r,m,y<CR>
    tokens,model,route,instance_id
    z,m,r,i
    instance_id,profile,provider,route,model,tokens,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,fallbacks,timestamp,event_id,tier,project,user,cache_write_long_tokens,input_audio_tokens,output_audio_tokens,cache_read_audio_tokens,web_searches,alias_id,revision,session_id,tags,outcome,quality,inconsistent,stated_cost_usd,time_stated
    i,,,r,m0,2,,,,,,0,2026-05-01T00:00:00.000000Z,event-0,,,,,,,,0,,,,,,,,,
    "#);

    let mended = kept.replace(",x", ",10").replace(",y", ",10").replace("z,", "10,");
    fixture.write("mended.csv", mended);
    let run = fixture.usage("record --db other.db mended.csv");
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 4  |  Stored: 4  |  Duplicates: 0  |  Refused: 0\n"
    );
}

/// One file of refused lines has one form.
#[test]
fn rejects_of_two_forms() {
    let fixture = Fixture::new();
    fixture.write("a.csv", SMALL);
    fixture.write("b.ndjson", many(0, 2));
    insta::assert_snapshot!(fixture.usage("record a.csv b.ndjson --rejects bad"), @"
    exit 2
    --- stderr
    error: --rejects keeps JSON lines or CSV, not both in one file
    hint: record the files of either form by themselves
    ");
    assert_eq!(fixture.files(), ["a.csv", "b.ndjson"]);
}

#[test]
fn strict_stops_at_the_first_bad_row() {
    let fixture = Fixture::new();
    fixture.write("a.csv", "instance_id,route,model,tokens\ni,r,m,1\ni,r,m,x\ni,r,m,1\n");
    insta::assert_snapshot!(fixture.usage("record --strict a.csv"), @r#"
    exit 3
    --- stdout
    Lines: 2  |  Stored: 1  |  Duplicates: 0  |  Refused: 1
    --- stderr
    a.csv:3: tokens is the text "x", whole numbers from 0 to 1000000000 are accepted
    "#);
    assert_eq!(fixture.totals(), (1, 1));
}
