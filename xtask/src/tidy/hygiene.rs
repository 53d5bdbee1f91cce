//! Things that are left in by mistake, and exceptions that need a reason.

use super::Finding;
use super::tree::{Source, Tree, lines_with};

/// Each allowed or expected lint and each ignored test says why.
pub(super) fn reasons(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Source { path, code, .. } in tree.sources() {
        for attribute in ["[allow(", "[expect("] {
            for (at, _) in code.match_indices(attribute) {
                let text = code[at..].split(")]").next().unwrap_or_default();
                if !text.contains("reason") {
                    let message = format!("{attribute}...)] without a reason");
                    findings.push(Finding::new(path, line_of(code, at), message));
                }
            }
        }
        for (at, _) in code.match_indices("#[ignore]") {
            findings.push(Finding::new(path, line_of(code, at), "#[ignore] without a reason"));
        }
    }
    findings
}

/// Nothing half done is checked in.
pub(super) fn leftovers(tree: &Tree) -> Vec<Finding> {
    let words = ["todo!(", "unimplemented!(", "dbg!("];
    let mut findings = Vec::new();
    for Source { path, code, .. } in tree.sources() {
        for (line, word) in lines_with(code, &words) {
            let message = format!("{} left in", word.trim_end_matches('('));
            findings.push(Finding::new(path, line, message));
        }
    }
    findings
}

/// Waiting for a time instead of an event makes slow and flaky tests. Where it is right, a
/// `// sleep:` comment beside it or above says why.
pub(super) fn sleeps(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Source { path, text, code, .. } in tree.sources() {
        let lines: Vec<_> = text.lines().collect();
        for (line, _) in lines_with(code, &["thread::sleep", "sleep("]) {
            let explained = lines[line.saturating_sub(2)..line.min(lines.len())]
                .iter()
                .any(|line| line.contains("// sleep:"));
            let finding = Finding::new(path, line, "sleeps without a `// sleep:` comment");
            if !explained && !findings.contains(&finding) && !code_is_definition(code, line) {
                findings.push(finding);
            }
        }
    }
    findings
}

/// A function of that name, such as one of a clock, is not a call.
fn code_is_definition(code: &str, line: usize) -> bool {
    code.lines().nth(line - 1).is_some_and(|line| line.contains("fn sleep"))
}

/// Snapshots that somebody has yet to review.
pub(super) fn pending_snapshots(tree: &Tree) -> Vec<Finding> {
    let pending = |path: &&str| path.ends_with(".snap.new") || path.ends_with(".pending-snap");
    let message = "a pending snapshot: run `cargo insta review`";
    tree.paths().filter(pending).map(|path| Finding::new(path, 0, message)).collect()
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    fn on(rule: super::super::Rule, text: &str) -> Vec<String> {
        findings(rule, &[("a.rs", text)])
    }

    #[test]
    fn exceptions_need_a_reason() {
        let text = "#![allow(a)]\n#[expect(\n    b,\n    reason = \"c\"\n)]\n#[ignore]\n#[ignore = \"d\"]\n";
        assert_eq!(
            on(reasons, text),
            ["a.rs:1: [allow(...)] without a reason", "a.rs:6: #[ignore] without a reason"]
        );
    }

    #[test]
    fn nothing_half_done_is_left_in() {
        let text = "// todo!()\nlet a = \"dbg!(\";\ntodo!();\n";
        assert_eq!(on(leftovers, text), ["a.rs:3: todo! left in"]);
    }

    #[test]
    fn a_sleep_is_explained() {
        let text = "thread::sleep(x); // sleep: a\n\n// sleep: b\nsleep(x);\n\nstd::thread::sleep(x);\nfn sleep(x: Y) {}\n";
        assert_eq!(on(sleeps, text), ["a.rs:6: sleeps without a `// sleep:` comment"]);
    }

    #[test]
    fn pending_snapshots_are_named() {
        let files = [("a/b.snap", ""), ("a/b.snap.new", "")];
        assert_eq!(
            findings(pending_snapshots, &files),
            ["a/b.snap.new: a pending snapshot: run `cargo insta review`"]
        );
    }
}
