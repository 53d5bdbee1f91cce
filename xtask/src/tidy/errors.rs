//! The catalogue of errors: each kind in the code is in the reference and in a test.

use super::Finding;
use super::tree::Tree;

const CODE: &str = "crates/usage-cli/src/error.rs";
const REFERENCE: &str = "docs/reference/errors.md";
const STORIES: &str = "tests/stories/errors.rs";

/// Each variant of `ErrorKind`, as `no-ledger`, begins a row of a table in the reference, and is
/// brought about by a story, or tested beside the code where no story can; and the other way
/// round. That the rows tell the truth is for the stories to see to.
pub(super) fn catalogue(tree: &Tree) -> Vec<Finding> {
    let source = tree.sources().find(|source| source.path == CODE);
    let Some(source) = source else { return Vec::new() };
    let (reference, stories) = (tree.get(REFERENCE), tree.get(STORIES));
    let kinds = variants(&source.code, "enum ErrorKind");
    let tests = source.text.split_once("#[cfg(test)]\nmod tests").map_or("", |(_, tests)| tests);
    let mut findings = Vec::new();
    let rows: Vec<_> = rows(reference.unwrap_or_default()).collect();
    for (line, variant) in &kinds {
        let kind = kebab(variant);
        if !rows.iter().any(|(_, row)| *row == kind) {
            let message = format!("`{kind}` has no row in {REFERENCE}");
            findings.push(Finding::new(CODE, *line, message));
        }
        let in_story = stories.unwrap_or_default().contains(&format!("\"{kind}\""));
        let in_test = tests.contains(&format!("ErrorKind::{variant}"));
        if !in_story && !in_test {
            let message = format!("`{kind}` is in no test: bring it about in {STORIES}");
            findings.push(Finding::new(CODE, *line, message));
        }
    }
    for (line, row) in rows {
        if !kinds.iter().any(|(_, variant)| kebab(variant) == row) {
            let message = format!("`{row}` is no kind of error in {CODE}");
            findings.push(Finding::new(REFERENCE, line, message));
        }
    }
    findings
}

/// The plain variants of an enum, with their lines.
fn variants(code: &str, name: &str) -> Vec<(usize, String)> {
    let inside = code.lines().enumerate().skip_while(|(_, line)| !line.contains(name)).skip(1);
    let inside = inside.take_while(|(_, line)| line.trim() != "}");
    let variant = |(at, line): (usize, &str)| {
        let name = line.trim().strip_suffix(',')?;
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        is_name.then(|| (at + 1, name.to_owned()))
    };
    inside.filter_map(variant).collect()
}

/// `NoLedger` is `no-ledger`.
fn kebab(variant: &str) -> String {
    let mut out = String::with_capacity(variant.len() + 4);
    for c in variant.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// What stands as code in the first cell of a row, with its line.
fn rows(page: &str) -> impl Iterator<Item = (usize, &str)> {
    page.lines().enumerate().filter_map(|(at, line)| {
        let (kind, _) = line.strip_prefix("| `")?.split_once("` |")?;
        Some((at + 1, kind))
    })
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    const KINDS: &str = "/// Doc.\npub(crate) enum ErrorKind {\n    // The ledger.\n    NoLedger,\n    \
        OldSqlite,\n    Forgotten,\n}\nimpl ErrorKind {}\n\
        #[cfg(test)]\nmod tests {\n    fn a() { ErrorKind::OldSqlite; }\n}\n";

    #[test]
    fn each_kind_is_in_the_reference_and_in_a_test() {
        let reference = "| kind | exit |\n|---|---|\n| `no-ledger` | 1 |\n| `old-sqlite` | 1 |\n\
            | `gone` | 1 |\n";
        let stories = "(\"no-ledger\", no_ledger)";
        let files = [(CODE, KINDS), (REFERENCE, reference), (STORIES, stories)];
        assert_eq!(
            findings(catalogue, &files),
            [
                "crates/usage-cli/src/error.rs:6: `forgotten` has no row in \
                 docs/reference/errors.md",
                "crates/usage-cli/src/error.rs:6: `forgotten` is in no test: bring it about in \
                 tests/stories/errors.rs",
                "docs/reference/errors.md:5: `gone` is no kind of error in \
                 crates/usage-cli/src/error.rs",
            ]
        );
    }

    #[test]
    fn names_in_the_reference() {
        assert_eq!(kebab("NotALedger"), "not-a-ledger");
        assert_eq!(kebab("DiskFull"), "disk-full");
    }
}
