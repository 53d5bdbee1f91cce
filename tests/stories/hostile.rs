//! Names that a request brings along, made to confuse a terminal: they never reach it raw.

use crate::fixture::Fixture;

/// Each as JSON writes it. The last has 256 bytes, the most that a name may have.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        r"\u001b[31mred\u001b[0m",
        r"\u001b]0;title\u0007",
        r"\u001b]8;;http://example.org\u001b\\link",
        r"two\nlines",
        r"back\rcarriage\tand\btabs",
        r"right-\u202eto-left",
        r"\u2066isolated\u2069",
        r"csi-\u009b31m",
        r"nel-\u0085 del-\u007f",
        r"zero\u200bwidth\ufeff",
        r"line\u2028separator",
        r"tag-\udb40\udc41",
        r#"\\u001b \"quoted\" 'single' =cmd, +1, %s $(id) `id`"#,
        " spaces around ",
        "[default]",
    ]
    .map(str::to_owned)
    .into();
    names.push(format!("{}{}", "é".repeat(127), "ab"));
    names
}

/// Every name in every place: a line a name, and each field once with all else plain.
fn lines() -> String {
    let mut lines = String::new();
    for name in names() {
        lines += &format!(
            r#"{{"instance_id":"{name}","profile":"{name}","provider":"{name}","route":"{name}","model":"{name}","tokens":1}}"#
        );
        lines.push('\n');
    }
    lines
}

/// Returns whether a terminal acts on a character, or it hides or turns text around it.
fn is_hostile(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[test]
fn in_a_page() {
    insta::assert_snapshot!(Fixture::with(&lines()).usage("report").stdout_of_success());
}

#[test]
fn in_csv() {
    insta::assert_snapshot!(
        Fixture::with(&lines()).usage("report --format csv").stdout_of_success()
    );
}

#[test]
fn nothing_hostile_is_printed_in_any_format() {
    let fixture = Fixture::with(&lines());
    for format in ["text", "json", "csv"] {
        let output = fixture.usage(&format!("report --format {format}")).stdout_of_success();
        let hostile: Vec<_> = output.chars().filter(|c| is_hostile(*c)).collect();
        assert_eq!(hostile, [], "{format}");
    }
}

/// Escaping for the terminal changes no value.
#[test]
fn json_keeps_every_name() {
    let report = Fixture::with(&lines()).report("report --format json");
    let names = names();
    let expected: Vec<String> =
        names.iter().map(|name| serde_json::from_str(&format!("\"{name}\"")).unwrap()).collect();
    assert_eq!(report["routes"].as_array().unwrap().len(), expected.len());
    for field in ["profile", "provider", "route"] {
        let mut found: Vec<_> = report["routes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[field].as_str().unwrap())
            .collect();
        let mut expected: Vec<_> = expected.iter().map(String::as_str).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{field}");
    }
}

#[test]
fn they_can_be_filtered_by() {
    let fixture = Fixture::with(&lines());
    for name in names() {
        let name: String = serde_json::from_str(&format!("\"{name}\"")).unwrap();
        for option in ["--instance", "--profile", "--provider", "--route", "--model"] {
            let page =
                fixture.usage_of(["report", &format!("{option}={name}")]).stdout_of_success();
            assert!(page.contains("\nRequests: 1  |"), "{option} {name:?}: {page}");
            assert!(!page.contains(is_hostile), "{option} {name:?}: {page}");
        }
    }
}

/// Checks that what goes to standard error is as harmless: a field's name, a file's name, a zone, a period.
#[test]
fn complaints_are_harmless_too() {
    let fixture = Fixture::new();
    let evil = "\u{1b}[2J\u{202e}\u{9b}31m";
    let name = format!("{evil}.ndjson");
    fixture.write(&name, format!("{{\"{evil}\": 1}}\n{{\"instance_id\": \"\\u001b[2J\n"));
    let runs = [
        fixture.usage_of(["record", &name]),
        fixture.usage_of(["record", &format!("no{evil}")]),
        fixture.usage_of(["record", "--rejects", &format!("no{evil}/where"), &name]),
        fixture.usage_of(["period", evil]),
        fixture.usage_of(["period", "today", "--timezone", evil]),
        fixture.usage_of(["period", "today", "--now", evil]),
        fixture.usage_of(["report", "--db", evil]),
        fixture.usage_of(["period", "today", "--format", evil]),
        fixture.usage_of(["period", "today", &format!("--{evil}")]),
        fixture.usage_of([evil]),
    ];
    for run in &runs {
        assert_ne!(run.code, 0, "{run}");
        let output = format!("{}{}", run.stdout, run.stderr);
        assert!(!output.contains(is_hostile), "{output:?}");
    }
    insta::assert_snapshot!(runs[0], @r"
    exit 3
    --- stdout
    Lines: 2  |  Stored: 0  |  Duplicates: 0  |  Refused: 2
    --- stderr
    \u{1b}[2J\u{202e}\u{9b}31m.ndjson:1: not JSON: control character (\u0000-\u001F) found while parsing a string (column 3)
    \u{1b}[2J\u{202e}\u{9b}31m.ndjson:2: not JSON: EOF while parsing a string (column 26)
    ");
}
