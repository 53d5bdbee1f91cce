//! Inputs that are something else than JSON lines: other layouts of JSON are read, and other files are called what they
//! are.

use crate::fixture::{Fixture, Run};
use crate::lines::{events, many};

/// The lines as one array, as programs print them.
fn array(lines: &str) -> String {
    let objects: Vec<_> = lines.lines().map(|line| line.replace(",\"", ",\n    \"")).collect();
    format!("[\n  {}\n]\n", objects.join(",\n  "))
}

fn pretty(lines: &str) -> String {
    lines.lines().map(|line| line.replace('{', "{\n  ").replace(',', ",\n  ") + "\n").collect()
}

/// From a file and through a pipe.
fn both_ways(input: &[u8], name: &str) -> [(Run, u64); 2] {
    let fixture = Fixture::new();
    fixture.write(name, input);
    let of_file = (fixture.usage(&format!("record {name}")), fixture.stored());
    let fixture = Fixture::new();
    let format = if name.ends_with(".csv") { "--format csv" } else { "" };
    let of_pipe = (fixture.usage_reading(&format!("record {format}"), input), fixture.stored());
    [of_file, of_pipe]
}

#[test]
fn json_in_other_layouts_is_read() {
    let lines = events(0, 2_000);
    let line = |from, to| events(from, to).replace('\n', "");
    for (what, input) in [
        ("an array", array(&lines)),
        ("an array on one line", format!("[{}]", lines.trim().replace('\n', ","))),
        ("pretty-printed objects", pretty(&lines)),
        ("objects behind one another", lines.replace('\n', "")),
        ("several on a line", format!("{}\n{}\n", line(0, 900), line(900, 1_100))),
        ("a mark at the beginning", format!("\u{feff}{}", array(&lines))),
        ("a mark in the middle", format!("{}\u{feff}{}", events(0, 5), events(5, 1_995))),
    ] {
        for (run, stored) in both_ways(input.as_bytes(), "a") {
            assert_eq!((run.code, run.stderr.as_str(), stored), (0, "", 2_000), "{what}: {run}");
        }
    }
}

/// What is wrong is named by the line on which it begins, and costs nothing else.
#[test]
fn a_bad_object_of_an_array_is_refused_alone() {
    let good = events(0, 3);
    let input =
        array(&good).replacen("\"tokens\":1", "\"tokens\":\"x\"", 1).replace("]\n", ",7]\n");
    for (run, stored) in both_ways(input.as_bytes(), "a") {
        assert_eq!((run.code, stored), (3, 2), "{run}");
        assert!(run.stderr.contains(":2: tokens is the text \"x\""), "{run}");
        assert_eq!(run.stderr.lines().count(), 2, "{run}");
    }
    // Kept as lines, which can be mended and recorded again.
    let fixture = Fixture::new();
    fixture.write("a", input);
    assert_eq!(fixture.usage("record a --rejects bad").code, 3);
    let kept = String::from_utf8(fixture.read("bad")).unwrap();
    assert_eq!(kept.lines().count(), 2, "{kept}");
    fixture.write("bad", kept.lines().next().unwrap().replace("\"x\"", "1"));
    assert_eq!(fixture.usage("record bad").code, 0);
    assert_eq!(fixture.stored(), 3);
}

/// Where an array breaks off between two of its objects, nothing else tells.
#[test]
fn an_array_without_an_end_is_told() {
    let whole = array(&events(0, 5));
    let cut = whole.strip_suffix("\n]\n").unwrap();
    for (input, expected) in [(cut, 5), (&format!("{cut},\n"), 5), ("[", 0)] {
        for (run, stored) in both_ways(input.as_bytes(), "a") {
            assert_eq!((run.code, stored), (3, expected), "{run}");
            assert!(run.stderr.contains(": the array has no end"), "{run}");
            assert!(run.stdout.contains("Refused: 1"), "{run}");
        }
    }
}

/// One line that is cut off does not make a file one of another layout.
#[test]
fn a_damaged_first_line_costs_itself_alone() {
    for first in ["{\"bad\"", "{\"instance_id\":\"i\",", "{", "{\"a\":[", "oops"] {
        let input = format!("{first}\n{}", many(0, 20));
        for (run, stored) in both_ways(input.as_bytes(), "a") {
            assert_eq!((run.code, stored), (3, 20), "{first}: {run}");
        }
    }
}

#[test]
fn other_files_are_called_what_they_are() {
    let utf16 = |bytes: fn(u16) -> [u8; 2]| {
        let text = format!("\u{feff}{}", many(0, 5));
        text.encode_utf16().flat_map(bytes).collect::<Vec<_>>()
    };
    let ledger = {
        let fixture = Fixture::with(&many(0, 1));
        fixture.read("usage.db")
    };
    for (input, what, hint) in [
        (b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), "compressed by gzip", "gunzip"),
        (b"\x28\xb5\x2f\xfd\x04\x00\x01".to_vec(), "compressed by zstd", "zstd -dc"),
        (b"\xfd7zXZ\0\0\x04".to_vec(), "compressed by xz", "xz -dc"),
        (b"BZh91AY&SY".to_vec(), "compressed by bzip2", "bzip2 -dc"),
        (b"PK\x03\x04\x14\0".to_vec(), "a ZIP archive", "unzip -p"),
        (utf16(u16::to_le_bytes), "text in UTF-16", "iconv"),
        (utf16(u16::to_be_bytes), "text in UTF-16", "iconv"),
        (ledger, "a usage ledger", "usage export"),
        (b"SQLite format 3\0\x10\0".to_vec(), "an SQLite database", "usage import"),
        (b"USGJRNL\x02".to_vec(), "a segment of a ledger's journal", "usage vacuum"),
        (b"PAR1\x15".to_vec(), "Parquet", "CSV"),
        (b"<!DOCTYPE html>\n<html>".to_vec(), "HTML or XML", "sign in"),
    ] {
        for name in ["a", "a.csv"] {
            for (run, stored) in both_ways(&input, name) {
                assert_eq!((run.code, stored), (1, 0), "{what}: {run}");
                assert!(run.stderr.contains(&format!(" is {what}")), "{what}: {run}");
                assert!(run.stderr.contains(hint), "{what}: {run}");
                assert_eq!(run.stderr.lines().count(), 2, "{run}");
            }
        }
    }
    let telemetry = "{\"resourceSpans\":[{\"resource\":{}}]}\n";
    for (run, _) in both_ways(telemetry.as_bytes(), "a") {
        assert!(run.stderr.contains(" is telemetry (OTLP)"), "{run}");
        assert!(run.stderr.contains("hint: `usage serve` takes it"), "{run}");
    }
    // What was read before it is stored.
    let fixture = Fixture::new();
    fixture.write("good", many(0, 3));
    fixture.write("bad", b"\x1f\x8b\x08\0");
    assert_eq!(fixture.usage("record good bad").code, 1);
    assert_eq!(fixture.stored(), 3);
}

/// A log that is no text is called what it is, and none that is JSON in another layout is waited for without a word.
#[test]
fn what_is_followed_is_called_what_it_is() {
    let fixture = Fixture::new();
    fixture.write("gz", b"\x1f\x8b\x08\0\0\0\0\0");
    let run = fixture.usage("record --follow gz");
    assert_eq!((run.code, fixture.stored()), (1, 0), "{run}");
    assert!(run.stderr.contains("gz is compressed by gzip"), "{run}");
    fixture.write("pretty", "[\n  {\n    \"instance_id\": \"a\"\n  }\n]\n");
    let run = fixture.usage("record --follow --strict pretty");
    assert!(run.stderr.starts_with("note: pretty does not begin with one object a line"), "{run}");
}

/// A table with other separators than commas is told as such, whatever its name says.
#[test]
fn tables_with_other_separators_are_told() {
    let fixture = Fixture::new();
    for (name, separator, signs) in [("a.csv", ";", "semicolons"), ("a.tsv", "\t", "tabs")] {
        let rows = ["instance_id,route,model,tokens", "i,r,m,1", ""].join("\n");
        fixture.write(name, rows.replace(',', separator));
        let run = fixture.usage(&format!("record {name}"));
        assert_eq!(run.code, 1, "{run}");
        let why = format!("its columns are separated by {signs}, and those of CSV by commas");
        assert!(run.stderr.contains(&why), "{run}");
    }
}

/// Complaints do not grow with the input.
#[test]
fn a_long_run_of_complaints_is_summed_up() {
    let bad =
        "{\"instance_id\":\"i\",\"route\":\"r\",\"model\":\"m\",\"tokens\":-1}\n".repeat(20_000);
    let input = format!("{}{bad}{}oops\n", many(0, 5), many(5, 5));
    for (run, stored) in both_ways(input.as_bytes(), "a") {
        assert_eq!((run.code, stored), (3, 10), "{run}");
        assert_eq!(run.stderr.lines().count(), 10 + 3 + 1 + 1, "{run}");
        assert!(run.stderr.contains(":20011: not JSON"), "{run}");
        assert!(run.stderr.contains("20,000 in all like "), "{run}");
        assert!(run.stdout.contains("Refused: 20,001"), "{run}");
    }
    // All of them are kept all the same.
    let fixture = Fixture::new();
    fixture.write("a", &input);
    assert_eq!(fixture.usage("record a --rejects bad").code, 3);
    assert_eq!(fixture.read("bad").split(|byte| *byte == b'\n').count(), 20_002);
}
