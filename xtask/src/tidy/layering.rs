//! Which crate may know what.

use super::Finding;
use super::crates::dependencies_of;
use super::tree::{Tree, lines_with};

/// Member, and the members it may depend on. Development dependencies are free: an example of the
/// tracker writes to a real store.
const ALLOWED: &[(&str, &[&str])] = &[
    ("usage-core", &[]),
    // In tests only.
    ("usage-conformance", &["usage-core"]),
    ("usage-journal", &["usage-core"]),
    ("usage-store", &["usage-core", "usage-journal"]),
    ("usage-tracker", &["usage-core", "usage-journal"]),
    ("usage-providers", &["usage-core"]),
    ("usage-prices", &["usage-core"]),
    ("usage-meter", &["usage-core", "usage-providers", "usage-tracker"]),
    ("usage-import", &["usage-core", "usage-providers", "usage-store"]),
    (
        "usage-ledger",
        &[
            "usage-core",
            "usage-meter",
            "usage-prices",
            "usage-providers",
            "usage-store",
            "usage-tracker",
        ],
    ),
    ("usage-tui", &["usage-core"]),
    ("usage-server", &["usage-core", "usage-providers", "usage-store", "usage-tracker"]),
    (
        "usage-cli",
        &[
            "usage-core",
            "usage-import",
            "usage-prices",
            "usage-server",
            "usage-ship",
            "usage-store",
            "usage-tracker",
            "usage-tui",
        ],
    ),
    ("usage-ship", &["usage-core", "usage-store"]),
];

/// Crates that do no I/O and read no clock.
const PURE: &[&str] = &["usage-core", "usage-prices", "usage-providers"];

/// Packages that do I/O, which pure crates must not depend on.
const IO_PACKAGES: &[&str] =
    &["rusqlite", "r2d2", "r2d2_sqlite", "flume", "tokio", "iana-time-zone", "etcetera"];

/// The words that are not for pure crates. The wall clock is nobody's but the tracker's, see `clippy.toml`.
const IO_WORDS: &[&str] =
    &["std::fs", "std::env", "std::net", "std::process", "std::thread", "Instant::now("];

/// Dependencies point one way: cli to import, tracker and store, import to the store, these to the journal, all to core.
pub(super) fn dependencies(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, manifest) in tree.with_ending("Cargo.toml") {
        let member = path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/Cargo.toml"));
        let Some(member) = member else { continue };
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == member) else {
            findings.push(Finding::new(path, 0, "tidy does not know this crate's layer"));
            continue;
        };
        for dependency in dependencies_of(manifest) {
            let (line, name) = (dependency.line, dependency.name.as_str());
            let is_member = name.starts_with("usage-");
            if is_member && !dependency.dev && !allowed.contains(&name) {
                let message = format!("{member} must not depend on {name}");
                findings.push(Finding::new(path, line, message));
            }
            if PURE.contains(&member) && !dependency.dev && IO_PACKAGES.contains(&name) {
                let message = format!("{member} is pure and must not depend on {name}");
                findings.push(Finding::new(path, line, message));
            }
        }
    }
    findings
}

/// Pure crates do no I/O and read no clock.
pub(super) fn pure_core(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in PURE.iter().flat_map(|member| tree.shipped(member)) {
        for (line, word) in lines_with(&source.shipped, IO_WORDS) {
            let message = format!("{} in a pure crate", word.trim_end_matches('('));
            findings.push(Finding::new(&source.path, line, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    #[test]
    fn dependencies_point_one_way() {
        let files = [
            ("crates/usage-core/Cargo.toml", "[dependencies]\nflume.workspace = true\n"),
            ("crates/usage-store/Cargo.toml", "[dependencies]\nusage-tracker.workspace = true\n"),
            (
                "crates/usage-tracker/Cargo.toml",
                "[dependencies]\nusage-core.workspace = true\n\n[dev-dependencies]\nusage-store.workspace = true\n",
            ),
            ("crates/usage-new/Cargo.toml", ""),
        ];
        assert_eq!(
            findings(dependencies, &files),
            [
                "crates/usage-core/Cargo.toml:2: usage-core is pure and must not depend on flume",
                "crates/usage-new/Cargo.toml: tidy does not know this crate's layer",
                "crates/usage-store/Cargo.toml:2: usage-store must not depend on usage-tracker",
            ]
        );
    }

    #[test]
    fn the_core_is_pure_outside_its_tests() {
        let text = "// std::fs\nuse std::fs;\n#[cfg(test)]\nmod tests {\n    use std::env;\n}\n";
        let files =
            [("crates/usage-core/src/a.rs", text), ("crates/usage-core/src/tests.rs", text)];
        assert_eq!(
            findings(pure_core, &files),
            ["crates/usage-core/src/a.rs:2: std::fs in a pure crate"]
        );
    }
}
