//! In which order the modules of a crate stand: none uses one that stands above it.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::{Source, Tree};

/// Crate, and its modules from the lowest up.
const ORDERS: &[(&str, &[&str])] = &[
    (
        "usage-core",
        &[
            "error",
            "text",
            "timestamp",
            "record",
            "pricing",
            "range",
            "filter",
            "sink",
            "period",
            "stats",
            "query",
            "budget",
            "format",
        ],
    ),
    (
        "usage-journal",
        &[
            "disk", "error", "format", "options", "shared", "segment", "check", "scan", "reader",
            "writer", "replay", "survey",
        ],
    ),
    (
        "usage-store",
        &[
            "error",
            "options",
            "ledger",
            "rollups",
            "write",
            "open",
            "store",
            "retention",
            "budgets",
            "prices",
            "query",
            "journal",
            "doctor",
            "restore",
            "salvage",
            "status",
            "forget",
        ],
    ),
    (
        "usage-import",
        &["error", "importer", "options", "run", "sqlite", "ccrouter", "follow", "agents"],
    ),
    (
        "usage-tracker",
        &[
            "health", "stats", "call", "notify", "accounts", "retry", "batcher", "error", "policy",
            "clock", "channel", "shared", "engine", "handle", "handles", "tracker", "progress",
            "builder", "shutdown", "in_async",
        ],
    ),
    (
        "usage-tui",
        &[
            "facts", "theme", "view", "keys", "options", "ask", "app", "draw", "once", "screen",
            "live", "tests",
        ],
    ),
    (
        "usage-cli",
        &[
            "amounts",
            "exit_codes",
            "hints",
            "error",
            "interrupts",
            "global",
            "messages",
            "output",
            "outputs",
            "complaints",
            "progress",
            "zone",
            "settings",
            "context",
            "commands",
            "args",
            "typed",
        ],
    ),
    (
        "usage-providers",
        &[
            "counts",
            "number",
            "tables",
            "part",
            "usage",
            "hints",
            "json",
            "facts",
            "dialect",
            "meter",
            "request",
            "telemetry",
        ],
    ),
    (
        "usage-prices",
        &[
            "instant",
            "pattern",
            "spelling",
            "book",
            "difference",
            "user",
            "answer",
            "find",
            "prices",
            "list",
        ],
    ),
];

/// No module uses one that stands above it, by whatever path: `crate::`, a name that the root of the crate
/// re-exports, or `super::` up to the root.
pub(super) fn modules(tree: &Tree) -> Vec<Finding> {
    ORDERS.iter().flat_map(|(krate, order)| of_crate(tree, krate, order)).collect()
}

fn of_crate(tree: &Tree, krate: &str, order: &[&str]) -> Vec<Finding> {
    let root = format!("crates/{krate}/src/lib.rs");
    let Some(lib) = tree.shipped(krate).find(|source| source.path == root) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (line, name) in declared(&lib.shipped) {
        if !order.contains(&name) {
            let message = format!("tidy does not know where `{name}` stands among the modules");
            findings.push(Finding::new(&root, line, message));
        }
    }
    let reexported = reexported(&lib.shipped);
    let place = |name: &str| {
        let module = reexported.get(name).copied().unwrap_or(name);
        order.iter().position(|other| *other == module)
    };
    for source in tree.shipped(krate).filter(|source| source.path != root) {
        let module = module_path(source);
        let Some(own) = module.first().and_then(|name| place(name)) else { continue };
        for (at, name) in used_of_root(&source.shipped, module.len()) {
            if let Some(other) = place(name).filter(|other| *other > own) {
                let line = source.shipped[..at].matches('\n').count() + 1;
                let (own, other) = (order[own], order[other]);
                let message = format!("`{own}` uses `{name}` of `{other}`, which stands above it");
                findings.push(Finding::new(&source.path, line, message));
            }
        }
    }
    findings
}

/// The modules that a root declares, with their lines.
fn declared(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().enumerate().filter_map(|(at, line)| {
        let line = line.trim_start_matches("pub ").strip_suffix(';')?;
        Some((at + 1, line.strip_prefix("mod ")?))
    })
}

/// The names that a root re-exports, and the module of each.
fn reexported(code: &str) -> BTreeMap<&str, &str> {
    let uses = code.split(';').filter_map(|statement| {
        let (_, path) = statement.rsplit_once("pub use ")?;
        path.split_once("::")
    });
    uses.flat_map(|(module, names)| words(names).map(move |name| (name, module))).collect()
}

/// The modules that lead to a file: `record`, `line` for `record/line.rs`.
fn module_path(source: &Source) -> Vec<&str> {
    let inside = source.path.split_once("/src/").map_or("", |(_, inside)| inside);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    inside.strip_suffix("/mod").unwrap_or(inside).split('/').collect()
}

/// Returns the names that the code takes from the root of the crate, and where it says so. `depth` is how many modules
/// lead to it.
fn used_of_root(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let to_root = "super::".repeat(depth);
    let mut used = Vec::new();
    for prefix in ["crate::", to_root.as_str()] {
        for (at, _) in code.match_indices(prefix) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            used.extend(first_names(&code[at + prefix.len()..]).map(|name| (at, name)));
        }
    }
    used
}

/// The first name of a path, or of each in a group: `a` and `b` of `{a, b::{c, d}}`.
fn first_names(code: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let group = code.strip_prefix('{');
    let end = group.map_or(0, |group| {
        let closing = group.char_indices().find(|(_, c)| {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => return true,
                '}' => depth -= 1,
                _ => {}
            }
            false
        });
        closing.map_or(group.len(), |(at, _)| at)
    });
    let inside = group.map_or(code, |group| &group[..end]);
    let count = if group.is_some() { usize::MAX } else { 1 };
    at_top(inside).into_iter().filter_map(|part| words(part).next()).take(count)
}

/// The parts of a group, apart by commas that are in no group within.
fn at_top(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&group[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[from..]);
    parts
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    const LIB: &str = "mod filter;\npub mod record;\npub mod stats;\npub use record::{Label, Record};\n\
                       pub use stats::Summary;\n#[cfg(test)]\nmod later;\n";

    fn of(path: &str, text: &str) -> Vec<String> {
        let path = format!("crates/usage-core/src/{path}");
        findings(modules, &[("crates/usage-core/src/lib.rs", LIB), (path.as_str(), text)])
    }

    #[test]
    fn nothing_is_used_from_above() {
        let above = "crates/usage-core/src/record/line.rs:2: `record` uses `Summary` of `stats`, \
                     which stands above it";
        for text in [
            "\nuse crate::Summary;\n",
            "\nuse crate::{Label, Summary};\n",
            "\nuse crate::{record::{Label, X}, Summary};\n",
            "\nuse super::super::Summary;\n",
            "\nfn f() -> crate::Summary { todo!() }\n",
        ] {
            assert_eq!(of("record/line.rs", text), [above], "{text}");
        }
        let by_module = "\nuse crate::stats::{Label, Summary};\n";
        assert_eq!(
            of("filter.rs", by_module),
            [
                "crates/usage-core/src/filter.rs:2: `filter` uses `stats` of `stats`, which stands above it"
            ]
        );
        assert_eq!(of("record/mod.rs", "use super::Summary;").len(), 1);
    }

    #[test]
    fn what_stands_below_is_free_and_so_are_tests() {
        let text = "use crate::{Label, Record, Unknown};\nuse super::raw::Summary;\n\
                    // crate::Summary\n#[cfg(test)]\nmod tests {\n    use crate::Summary;\n}\n";
        assert_eq!(of("filter.rs", text), [""; 0]);
        assert_eq!(of("stats/summary.rs", text), [""; 0]);
    }

    #[test]
    fn a_module_has_its_place() {
        let files = [("crates/usage-core/src/lib.rs", "mod text;\npub mod new;\n")];
        assert_eq!(
            findings(modules, &files),
            [
                "crates/usage-core/src/lib.rs:2: tidy does not know where `new` stands among the modules"
            ]
        );
    }
}
