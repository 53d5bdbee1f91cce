//! The rules for the files of every crate, and for its manifest.

use super::Finding;
use super::tree::Tree;

/// A line of a manifest that names a dependency.
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) line: usize,
    /// Only for tests, examples and benchmarks.
    pub(super) dev: bool,
    from_workspace: bool,
}

/// Reads `[dependencies]` and its kin, for a target too; both `name.workspace = true` and
/// `[dependencies.name]`.
pub(super) fn dependencies_of(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut section = Section::Other;
    for (at, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let from_workspace = line.replace(' ', "").contains("workspace=true");
        if let Some(header) = line.strip_prefix('[') {
            section = Section::of(header.trim_end_matches(']'));
            if let Section::One { dev, name } = &section {
                let (name, dev) = (name.clone(), *dev);
                found.push(Dependency { name, line: at + 1, dev, from_workspace: false });
            }
        } else if let (Section::One { .. }, Some(last)) = (&section, found.last_mut()) {
            last.from_workspace |= from_workspace;
        } else if let (Section::Many { dev }, Some((name, _))) = (&section, line.split_once('=')) {
            let name = name.split('.').next().unwrap_or(name).trim().to_owned();
            found.push(Dependency { name, line: at + 1, dev: *dev, from_workspace });
        }
    }
    found
}

enum Section {
    /// `[dependencies]`
    Many {
        dev: bool,
    },
    /// `[dependencies.name]`
    One {
        dev: bool,
        name: String,
    },
    Other,
}

impl Section {
    fn of(header: &str) -> Self {
        let (before, name) = match header.rsplit_once("dependencies") {
            Some((before, name)) if header != "workspace.dependencies" => (before, name),
            _ => return Self::Other,
        };
        let dev = before.ends_with("dev-");
        match name.strip_prefix('.') {
            Some(name) => Self::One { dev, name: name.to_owned() },
            None => Self::Many { dev },
        }
    }
}

/// Every version stands in the workspace's manifest, once.
pub(super) fn manifests(tree: &Tree) -> Vec<Finding> {
    let members = tree.with_ending("/Cargo.toml").filter(|(path, _)| !path.starts_with("fuzz/"));
    let mut findings = Vec::new();
    for (path, manifest) in members {
        for Dependency { name, line, from_workspace, .. } in dependencies_of(manifest) {
            if !from_workspace {
                let message = format!("{name} needs `workspace = true`");
                findings.push(Finding::new(path, line, message));
            }
        }
        if !manifest.contains("[lints]\nworkspace = true") {
            findings.push(Finding::new(path, 0, "the workspace's lints are not taken over"));
        }
    }
    findings
}

/// A README that is the crate's documentation, a `lib.rs` that is a page, a `main.rs` of a few
/// lines.
pub(super) fn layout(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let (readme, lib) =
            (format!("crates/{name}/README.md"), format!("crates/{name}/src/lib.rs"));
        if !tree.exists(&readme) {
            findings.push(Finding::new(&readme, 0, "missing"));
        }
        match tree.get(&lib) {
            Some(text) if !text.contains("include_str!(\"../README.md\")") => {
                let message = "must start with #![doc = include_str!(\"../README.md\")]";
                findings.push(Finding::new(&lib, 1, message));
            }
            Some(_) => {}
            None => findings.push(Finding::new(&lib, 0, "missing")),
        }
        for (path, most) in [(lib, 60), (format!("crates/{name}/src/main.rs"), 20)] {
            let lines = tree.get(&path).map_or(0, |text| text.lines().count());
            if lines > most {
                let message = format!("{lines} lines, at most {most} are meant to be here");
                findings.push(Finding::new(&path, 0, message));
            }
        }
    }
    findings
}

/// The changelog has a place for what comes next.
pub(super) fn changelog(tree: &Tree) -> Vec<Finding> {
    let text = tree.get("CHANGELOG.md").unwrap_or_default();
    if text.lines().any(|line| line.starts_with("## Unreleased")) {
        return Vec::new();
    }
    vec![Finding::new("CHANGELOG.md", 0, "has no `## Unreleased`")]
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    #[test]
    fn every_dependency_comes_from_the_workspace() {
        let manifest = "[package]\nversion = \"1\"\n[dependencies]\na.workspace = true\nb = \"1\"\n\
            c = { workspace = true, features = [\"x\"] }\n[dependencies.d]\nworkspace = true\n\
            [target.'cfg(unix)'.dev-dependencies]\ne = { version = \"1\" }\n[lints]\nworkspace = true\n";
        assert_eq!(
            findings(manifests, &[("xtask/Cargo.toml", manifest), ("fuzz/Cargo.toml", "")]),
            [
                "xtask/Cargo.toml:5: b needs `workspace = true`",
                "xtask/Cargo.toml:10: e needs `workspace = true`",
            ]
        );
        let names: Vec<_> =
            dependencies_of(manifest).into_iter().map(|found| (found.name, found.dev)).collect();
        let expected = [("a", false), ("b", false), ("c", false), ("d", false), ("e", true)];
        assert_eq!(names, expected.map(|(name, dev)| (name.to_owned(), dev)));
    }

    #[test]
    fn a_crate_has_a_readme_and_a_short_front_page() {
        let long = "//\n".repeat(21);
        let files = [
            ("crates/a/README.md", ""),
            ("crates/a/src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"),
            ("crates/b/src/lib.rs", ""),
            ("crates/b/src/main.rs", long.as_str()),
        ];
        assert_eq!(
            findings(layout, &files),
            [
                "crates/b/README.md: missing",
                "crates/b/src/lib.rs:1: must start with #![doc = include_str!(\"../README.md\")]",
                "crates/b/src/main.rs: 21 lines, at most 20 are meant to be here",
            ]
        );
    }

    #[test]
    fn the_changelog_has_a_place_for_the_next_entry() {
        assert!(
            findings(changelog, &[("CHANGELOG.md", "# Changelog\n\n## Unreleased\n")]).is_empty()
        );
        assert_eq!(findings(changelog, &[]), ["CHANGELOG.md: has no `## Unreleased`"]);
    }
}
