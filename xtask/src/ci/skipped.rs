//! The tests that passed without having checked anything, from the JUnit report that nextest writes.
//!
//! Where an engine, a browser or a right is missing a test says so in a line that begins with `SKIPPED:`, and passes. Among
//! thousands nobody would see it.

use std::fs;
use std::path::Path;

/// How such a line begins.
const WORD: &str = "SKIPPED: ";

/// A line a test, after one that says how many there are; nothing when there is none.
pub(super) fn text(report: &Path) -> String {
    fs::read_to_string(report).map_or_else(|_| String::new(), |xml| of(&xml))
}

fn of(xml: &str) -> String {
    let found: Vec<_> = xml.split("<testcase ").skip(1).filter_map(skipped).collect();
    if found.is_empty() {
        return String::new();
    }
    let mut text = format!("SKIPPED, and nothing was checked by them: {} tests\n", found.len());
    for (name, why) in found {
        text += &format!("    {name}: {why}\n");
    }
    text + "\n"
}

/// The name of a test and why it was skipped. nextest escapes nothing in the texts that tests say this in.
fn skipped(case: &str) -> Option<(&str, &str)> {
    let name = case.split_once("name=\"")?.1.split('"').next()?;
    let why = case.split_once(WORD)?.1.lines().next()?;
    Some((name, why.split('<').next()?.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<testsuites>
        <testcase name="one::checks" classname="a" time="0.004"><system-err>fine</system-err></testcase>
        <testcase name="two::away" classname="a" time="0.004">
            <system-out>running 1 test</system-out>
            <system-err>SKIPPED: Postgres is not here
and more</system-err></testcase>
        <testcase name="three" classname="b" time="0.1"><system-err>SKIPPED: no browser</system-err></testcase>
"#;

    #[test]
    fn tests_that_checked_nothing_are_named_and_counted() {
        assert_eq!(
            of(REPORT),
            "SKIPPED, and nothing was checked by them: 2 tests\n\
             \u{20}   two::away: Postgres is not here\n\
             \u{20}   three: no browser\n\n"
        );
    }

    #[test]
    fn where_all_were_checked_nothing_is_said() {
        assert_eq!(of(&REPORT.replace(WORD, "")), "");
    }
}
