//! What an input is, by how it begins: JSON objects line by line or in another layout, or something else than text.

use usage_store::file;

use crate::commands::form::Form;

/// The bytes at the beginning that are looked at before it is taken for lines.
const MOST_BYTES: usize = 64 * 1_024;

/// The bytes by which files are known that are no text.
const ENOUGH: usize = 100;

/// The way in which an input holds its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// A JSON object a line, or rows of CSV.
    Lines,
    /// JSON objects in any layout: one array of them, or over several lines.
    Values,
    /// No records as text.
    Other(Other),
}

/// Something else than records as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) what: &'static str,
    pub(super) hint: Option<&'static str>,
}

/// Returns the layout of an input that begins so; nothing where more has to be seen first.
pub(super) fn of(start: &[u8], form: Form, is_all: bool) -> Option<Layout> {
    let is_enough = is_all || start.len() >= MOST_BYTES;
    if !is_enough && start.len() < ENOUGH && !start.contains(&b'\n') {
        return None;
    }
    if let Some(other) = other(start) {
        return Some(Layout::Other(other));
    }
    let text = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start).trim_ascii_start();
    let found = match (form, text.first()) {
        (Form::Csv, _) => Some(Layout::Lines),
        (Form::Ndjson, None) => None,
        (Form::Ndjson, Some(b'[')) => Some(Layout::Values),
        (Form::Ndjson, Some(b'{')) => layout_of_object(text),
        (Form::Ndjson, Some(_)) => Some(Layout::Lines),
    };
    found.or(is_enough.then_some(Layout::Lines))
}

/// An object whose first line breaks off between its fields goes on below, and one that has another behind it on its
/// line is one of many. A line that was cut off in the middle of a text, or has another object below it, is a line that is
/// damaged.
fn layout_of_object(text: &[u8]) -> Option<Layout> {
    let end = text.iter().position(|byte| *byte == b'\n');
    let line = text[..end.unwrap_or(text.len())].trim_ascii_end();
    if let [_, behind, ..] = &objects(line)[..]
        && behind.starts_with(b"{")
    {
        return Some(Layout::Values);
    }
    if !line.ends_with(b"{") && !line.ends_with(b",") && !line.ends_with(b":") {
        return end.map(|_| Layout::Lines);
    }
    let below = text[end?..].trim_ascii_start().first()?;
    let is_damaged = *below == b'{' && !line.ends_with(b":");
    Some(if is_damaged { Layout::Lines } else { Layout::Values })
}

/// Known by their first bytes.
const KNOWN: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "compressed by gzip", "`gunzip -c FILE | usage record` reads it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "`zstd -dc FILE | usage record` reads it"),
    (b"\xfd7zXZ\0", "compressed by xz", "`xz -dc FILE | usage record` reads it"),
    (b"BZh", "compressed by bzip2", "`bzip2 -dc FILE | usage record` reads it"),
    (b"\x04\x22\x4d\x18", "compressed by lz4", "`lz4 -dc FILE | usage record` reads it"),
    (b"\x1f\x9d", "compressed by compress", "`gunzip -c FILE | usage record` reads it"),
    (
        b"7z\xbc\xaf\x27\x1c",
        "an archive of 7-Zip",
        "`7z x -so FILE | usage record` reads what is in it",
    ),
    (
        b"PK\x03\x04",
        "a ZIP archive or a spreadsheet",
        "`unzip -p FILE | usage record` reads what is in an archive; save a spreadsheet as CSV",
    ),
    (b"\xff\xfe\0\0", "text in UTF-32", "`iconv -f UTF-32 -t UTF-8 FILE | usage record` reads it"),
    (b"\0\0\xfe\xff", "text in UTF-32", "`iconv -f UTF-32 -t UTF-8 FILE | usage record` reads it"),
    (b"\xff\xfe", "text in UTF-16", "`iconv -f UTF-16 -t UTF-8 FILE | usage record` reads it"),
    (b"\xfe\xff", "text in UTF-16", "`iconv -f UTF-16 -t UTF-8 FILE | usage record` reads it"),
    (b"{\0", "text in UTF-16", "`iconv -f UTF-16LE -t UTF-8 FILE | usage record` reads it"),
    (b"\0{", "text in UTF-16", "`iconv -f UTF-16BE -t UTF-8 FILE | usage record` reads it"),
    (
        b"USGJRNL",
        "a segment of a ledger's journal",
        "the next command that writes to its ledger stores it, such as `usage vacuum`",
    ),
    (b"PAR1", "Parquet", "convert it to JSON lines or CSV first"),
    (b"ARROW1", "Arrow", "convert it to JSON lines or CSV first"),
    (b"Obj\x01", "Avro", "convert it to JSON lines or CSV first"),
    (b"ORC", "ORC", "convert it to JSON lines or CSV first"),
    (b"%PDF-", "a PDF", "records are JSON lines or CSV"),
];

const DATABASE: &[u8] = b"SQLite format 3\0";

fn other(start: &[u8]) -> Option<Other> {
    if start.starts_with(DATABASE) {
        return Some(if file::is_marked_as_ledger(start) {
            let hint = "`usage export --db FILE | usage record` takes over its records";
            Other { what: "a usage ledger", hint: Some(hint) }
        } else {
            let hint = "`usage import` reads the databases of agents and of cc-modelrouter";
            Other { what: "an SQLite database", hint: Some(hint) }
        });
    }
    if let Some((_, what, hint)) = KNOWN.iter().find(|(magic, ..)| start.starts_with(magic)) {
        return Some(Other { what, hint: Some(hint) });
    }
    let text = start.trim_ascii_start();
    let begins = |word: &str| {
        text.get(..word.len()).is_some_and(|text| text.eq_ignore_ascii_case(word.as_bytes()))
    };
    if begins("<!doctype") || begins("<html") || begins("<?xml") {
        let hint = Some("was an error or a page to sign in saved in place of records?");
        return Some(Other { what: "HTML or XML", hint });
    }
    let first_key = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start).unwrap_or_default();
    let is_telemetry = [&b"\"resourceSpans\""[..], b"\"resourceLogs\"", b"\"resourceMetrics\""];
    if is_telemetry.iter().any(|key| first_key.starts_with(key)) {
        let hint = Some("`usage serve` takes it, at /v1/logs, /v1/traces and /v1/metrics");
        return Some(Other { what: "telemetry (OTLP)", hint });
    }
    // In no text, and in each program, picture and archive.
    if text.iter().take(ENOUGH).filter(|byte| **byte == 0).count() > ENOUGH / 10 {
        let hint = Some("records are JSON lines or CSV");
        return Some(Other { what: "no text", hint });
    }
    None
}

/// Finds where JSON objects end that follow one another in any layout. What else stands between them is a piece of its
/// own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ValueScanner {
    depth: usize,
    is_in_text: bool,
    is_escaped: bool,
    is_behind_else: bool,
}

impl ValueScanner {
    /// Returns the place where a piece ends, behind the brace that ends an object; `None` where it goes on behind these
    /// bytes.
    pub(super) fn end_of_piece(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, byte) in bytes.iter().enumerate() {
            if self.is_in_text {
                self.is_in_text = self.is_escaped || *byte != b'"';
                self.is_escaped = !self.is_escaped && *byte == b'\\';
                continue;
            }
            match (self.depth, byte) {
                (0, b'{') if std::mem::take(&mut self.is_behind_else) => return Some(index),
                (_, b'{') => self.depth += 1,
                (0, _) => self.is_behind_else = true,
                (_, b'"') => self.is_in_text = true,
                (1, b'}') => {
                    self.depth = 0;
                    return Some(index + 1);
                }
                (_, b'}') => self.depth -= 1,
                _ => {}
            }
        }
        None
    }
}

/// Returns whether a byte stands between the objects of an array, or of several.
pub(super) const fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']')
}

/// Returns the objects that stand in one line one behind another.
pub(super) fn objects(line: &[u8]) -> Vec<&[u8]> {
    let (mut objects, mut rest) = (Vec::new(), line.trim_ascii());
    while !rest.is_empty() {
        let end = ValueScanner::default().end_of_piece(rest).unwrap_or(rest.len());
        let (object, behind) = rest.split_at(end);
        objects.push(object);
        rest = behind.trim_ascii_start();
    }
    objects
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(start: &[u8]) -> &'static str {
        match of(start, Form::Ndjson, true) {
            Some(Layout::Other(other)) => other.what,
            Some(Layout::Lines) => "lines",
            Some(Layout::Values) => "values",
            None => "undecided",
        }
    }

    #[test]
    fn an_input_is_known_by_its_beginning() {
        for (start, expected) in [
            (&b""[..], "lines"),
            (b"{\"a\":1}\n{", "lines"),
            (b"\xef\xbb\xbf{\"a\":1}", "lines"),
            (b"oops", "lines"),
            (b"{\"bad\"\n{\"a\":1}\n", "lines"),
            (b"{\"a\":1,\n{\"a\":1}\n", "lines"),
            (b"{\n{\"a\":1}\n", "lines"),
            (b"{\"cut off\n\"a\":1}", "lines"),
            (b"[\n{\"a\":1}]", "values"),
            (b" \n[{}]", "values"),
            (b"\xef\xbb\xbf[{}]", "values"),
            (b"{\n  \"a\": 1\n}", "values"),
            (b"{\r\n\t\"a\": 1\r\n}", "values"),
            (b"{\"a\": 1,\n \"b\": 2}", "values"),
            (b"{\"tags\":\n {}}", "values"),
            (b"{\"a\":1}{\"b\":2}\n{}", "values"),
            (b"{\"a\":1} {\"b\"", "values"),
            (b"{\"a\":1} x\n", "lines"),
            (b"{\"a\":[\n{\"b\":1}\n", "lines"),
            (b"\x1f\x8b\x08\0", "compressed by gzip"),
            (b"\xff\xfe{\0\"\0", "text in UTF-16"),
            (b"\xff\xfe\0\0{\0\0\0", "text in UTF-32"),
            (b"{\0\"\0a\0", "text in UTF-16"),
            (b"SQLite format 3\0 and more", "an SQLite database"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"  <!DOCTYPE html>", "HTML or XML"),
            (b"{ \"resourceSpans\": []}", "telemetry (OTLP)"),
            (&[b"\x7fELF\x02\x01\x01" as &[u8], &[0; 60]].concat(), "no text"),
            (b"one nul \0 in a line", "lines"),
        ] {
            assert_eq!(named(start), expected, "{}", start.escape_ascii());
        }
        assert_eq!(of(b"\n\nid;model", Form::Csv, true), Some(Layout::Lines));
    }

    /// Who types does not wait longer than for a line.
    #[test]
    fn as_little_is_looked_at_as_will_do() {
        for (start, is_enough) in [
            (&b"{\"a\":1}\n"[..], true),
            (b"{\"a\":", false),
            (b"[\n", true),
            (b"{\n", false),
            (b"{\n ", false),
            (b"{\n \"", true),
            (b"\n", false),
        ] {
            assert_eq!(of(start, Form::Ndjson, false).is_some(), is_enough, "{start:?}");
            assert!(of(start, Form::Ndjson, true).is_some());
        }
        assert!(of(&[b' '; MOST_BYTES], Form::Ndjson, false).is_some());
    }

    #[test]
    fn objects_behind_one_another_come_apart() {
        let of = |line: &str| {
            let objects = objects(line.as_bytes());
            objects
                .into_iter()
                .map(|one| String::from_utf8_lossy(one).into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(r#"{"a":{}} {"b":"}{\"\\"}{}"#), [r#"{"a":{}}"#, r#"{"b":"}{\"\\"}"#, "{}"]);
        assert_eq!(of(r#"{"a":1} x"#), [r#"{"a":1}"#, "x"]);
        assert_eq!(of(r#"{"a":"#), [r#"{"a":"#]);
        assert_eq!(of(r#"1, "x{"a":1}"#), [r#"1, "x"#, r#"{"a":1}"#]);
    }
}
