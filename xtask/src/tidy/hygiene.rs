//! Waiting that needs a reason, and things that are left in by mistake.

use super::Finding;
use super::tree::{Source, Tree, lines_with};

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

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    fn on(rule: super::super::Rule, text: &str) -> Vec<String> {
        findings(rule, &[("a.rs", text)])
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
