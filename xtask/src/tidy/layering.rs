//! Which crate may know what.

use super::Finding;
use super::crates::dependencies_of;
use super::tree::{Tree, lines_with};

/// The crates that never print, exit or read the clock.
const LIBRARIES: &[&str] = &["usage-core", "usage-journal", "usage-store", "usage-tracker"];

/// Member, and the members it may depend on. Development dependencies are free: an example of the
/// tracker writes to a real store.
const ALLOWED: &[(&str, &[&str])] = &[
    ("usage-core", &[]),
    ("usage-journal", &["usage-core"]),
    ("usage-store", &["usage-core", "usage-journal"]),
    ("usage-tracker", &["usage-core", "usage-journal"]),
    ("usage-cli", &["usage-core", "usage-store", "usage-tracker"]),
];

/// Packages that do I/O, which the core must not depend on.
const IO_PACKAGES: &[&str] =
    &["rusqlite", "r2d2", "r2d2_sqlite", "flume", "tokio", "iana-time-zone", "etcetera"];

const IO_WORDS: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime::now(",
    "Instant::now(",
    "Utc::now(",
    "Local::now(",
];

const PRINTS: &[&str] = &["println!(", "eprintln!(", "print!(", "eprint!(", "process::exit("];

/// Dependencies point one way: cli to tracker and store, these to the journal, all to core.
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
            if member == "usage-core" && !dependency.dev && IO_PACKAGES.contains(&name) {
                let message = format!("{member} is pure and must not depend on {name}");
                findings.push(Finding::new(path, line, message));
            }
        }
    }
    findings
}

/// The core does no I/O and reads no clock.
pub(super) fn pure_core(tree: &Tree) -> Vec<Finding> {
    forbid(tree, "usage-core", IO_WORDS, "in the pure core")
}

/// Libraries neither print nor end the process.
pub(super) fn quiet_libraries(tree: &Tree) -> Vec<Finding> {
    LIBRARIES.iter().flat_map(|name| forbid(tree, name, PRINTS, "in a library")).collect()
}

/// The wall clock is read in one file, behind the tracker's clock trait.
pub(super) fn one_clock(tree: &Tree) -> Vec<Finding> {
    let words = ["SystemTime::now(", "Utc::now(", "Local::now("];
    let crates = tree.crates().into_iter();
    let found = crates.flat_map(|name| forbid(tree, name, &words, "outside the tracker's clock"));
    found.filter(|finding| finding.path != "crates/usage-tracker/src/clock.rs").collect()
}

fn forbid(tree: &Tree, krate: &str, words: &[&str], place: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.shipped(krate) {
        for (line, word) in lines_with(&source.shipped, words) {
            let word = word.trim_end_matches('(');
            findings.push(Finding::new(&source.path, line, format!("{word} {place}")));
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
            ["crates/usage-core/src/a.rs:2: std::fs in the pure core"]
        );
    }

    #[test]
    fn libraries_do_not_print_and_the_command_may() {
        let text = "fn f() {\n    println!(\"a println!( inside\");\n}\n";
        let files = [("crates/usage-store/src/a.rs", text), ("crates/usage-cli/src/main.rs", text)];
        assert_eq!(
            findings(quiet_libraries, &files),
            ["crates/usage-store/src/a.rs:2: println! in a library"]
        );
    }

    #[test]
    fn there_is_one_clock() {
        let text = "fn now() { SystemTime::now() }\n";
        let files =
            [("crates/usage-tracker/src/clock.rs", text), ("crates/usage-cli/src/a.rs", text)];
        assert_eq!(
            findings(one_clock, &files),
            ["crates/usage-cli/src/a.rs:1: SystemTime::now outside the tracker's clock"]
        );
    }
}
