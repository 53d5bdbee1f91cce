//! Files that are there but that nothing compiles.

use super::Finding;
use super::tree::Tree;

/// Every file below a `src` folder or the stories is declared as a module by its parent.
pub(super) fn reachable(tree: &Tree) -> Vec<Finding> {
    let inside = tree.sources().filter(|source| {
        source.path.contains("/src/") || source.path.starts_with("tests/stories/")
    });
    let orphans = inside.filter_map(|source| {
        let (name, parents) = parents(&source.path)?;
        let declaration = format!("mod {name};");
        let declared = tree.sources().any(|other| {
            parents.contains(&other.path)
                && other.code.lines().any(|line| line.trim_end().ends_with(&declaration))
        });
        let message = format!("no parent says `{declaration}`: nothing compiles this file");
        (!declared).then(|| Finding::new(&source.path, 0, message))
    });
    orphans.collect()
}

/// The module's name and the files that may declare it; `None` for the root of a crate.
fn parents(path: &str) -> Option<(&str, Vec<String>)> {
    let (mut dir, file) = path.rsplit_once('/')?;
    let mut name = file.strip_suffix(".rs")?;
    if matches!(name, "lib" | "main") || dir.ends_with("/src/bin") {
        return None;
    }
    if name == "mod" {
        (dir, name) = dir.rsplit_once('/')?;
    }
    let siblings = ["mod.rs", "lib.rs", "main.rs"].map(|file| format!("{dir}/{file}"));
    Some((name, siblings.into_iter().chain([format!("{dir}.rs")]).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    #[test]
    fn a_forgotten_file_is_found() {
        let files = [
            ("tests/stories/main.rs", "mod report;\n// mod lost;\n"),
            ("tests/stories/report.rs", ""),
            ("tests/stories/lost.rs", ""),
            ("crates/a/src/lib.rs", "pub mod b;\n"),
            ("crates/a/src/b/mod.rs", "mod c;\n"),
            ("crates/a/src/b/c.rs", "mod d;\n"),
            ("crates/a/src/b/c/d.rs", ""),
            ("crates/a/src/bd.rs", ""),
            ("crates/a/examples/free.rs", ""),
        ];
        assert_eq!(
            findings(reachable, &files),
            [
                "crates/a/src/bd.rs: no parent says `mod bd;`: nothing compiles this file",
                "tests/stories/lost.rs: no parent says `mod lost;`: nothing compiles this file",
            ]
        );
    }
}
