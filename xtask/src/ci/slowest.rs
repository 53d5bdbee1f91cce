//! The slowest tests, from the JUnit report that nextest writes.

use std::fs;
use std::path::Path;

const SHOWN: usize = 10;

#[derive(Debug, PartialEq)]
struct Test<'a> {
    /// As nextest shows it: `usage-store::it model::agrees`.
    name: String,
    seconds: f64,
    time: &'a str,
}

/// A line a test, after one that says how many ran; nothing when there is no report.
pub(super) fn text(report: &Path) -> String {
    fs::read_to_string(report).map_or_else(|_| String::new(), |xml| of(&xml))
}

fn of(xml: &str) -> String {
    let mut tests = tests(xml);
    tests.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    let together: f64 = tests.iter().map(|test| test.seconds).sum();
    let shown = tests.len().min(SHOWN);
    let mut text =
        format!("The {shown} slowest of {} tests ({together:.1} s together):\n", tests.len());
    for Test { name, time, .. } in &tests[..shown] {
        text += &format!("    {time:>9} s  {name}\n");
    }
    text + "\n"
}

/// The test cases of the report. No more of XML is read than the attributes of their first tag,
/// which nextest writes in double quotes; a name of a Rust test needs no escapes.
fn tests(xml: &str) -> Vec<Test<'_>> {
    let tags = xml.split("<testcase ").skip(1).filter_map(|rest| rest.split('>').next());
    let test = |tag| {
        let time = attribute(tag, "time")?;
        let name = format!("{} {}", attribute(tag, "classname")?, attribute(tag, "name")?);
        Some(Test { name, seconds: time.parse().ok()?, time })
    };
    tags.filter_map(test).collect()
}

/// The value of `name="..."`.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut words = tag.split('"');
    while let (Some(before), Some(value)) = (words.next(), words.next()) {
        if before.trim_start().strip_suffix('=') == Some(name) {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="3" failures="1" errors="0" uuid="x" time="9.9">
    <testsuite name="a::it" tests="3" disabled="0" errors="0" failures="1">
        <testcase name="one::quick" classname="a::it" timestamp="2026-01-01T00:00:00Z" time="0.004">
        </testcase>
        <testcase name="two::slow" classname="a::it" timestamp="2026-01-01T00:00:00Z" time="12.500">
            <failure message="name=&quot;x&quot; time=&quot;9&quot;" type="test failure">&lt;testcase</failure>
        </testcase>
        <testcase name="three" classname="b" timestamp="2026-01-01T00:00:00Z" time="2.000"/>
    </testsuite>
</testsuites>
"#;

    #[test]
    fn the_slowest_come_first() {
        assert_eq!(
            of(REPORT),
            "The 3 slowest of 3 tests (14.5 s together):\n\
             \u{20}      12.500 s  a::it two::slow\n\
             \u{20}       2.000 s  b three\n\
             \u{20}       0.004 s  a::it one::quick\n\n"
        );
    }

    #[test]
    fn ten_are_shown() {
        let case = r#"<testcase name="a" classname="b" time="1.0">"#;
        assert_eq!(of(&case.repeat(12)).trim_end().lines().count(), 1 + SHOWN);
    }

    #[test]
    fn without_a_report_nothing_is_said() {
        assert_eq!(text(Path::new("no/such/report.xml")), "");
    }
}
