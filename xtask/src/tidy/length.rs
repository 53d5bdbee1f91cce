//! Long files hold more than one idea.

use super::Finding;
use super::tree::{Source, Tree};

/// From here on a file is mentioned.
const LONG: usize = 300;
/// From here on it fails.
const TOO_LONG: usize = 600;

/// The files that are long but not too long.
pub(super) fn report(tree: &Tree) -> Vec<Finding> {
    over(tree, LONG).filter(|(_, lines)| *lines <= TOO_LONG).map(finding).collect()
}

pub(super) fn too_long(tree: &Tree) -> Vec<Finding> {
    over(tree, TOO_LONG).map(finding).collect()
}

fn over(tree: &Tree, most: usize) -> impl Iterator<Item = (&Source, usize)> {
    let counted = tree.sources().map(|source| (source, source.text.lines().count()));
    counted.filter(move |(_, lines)| *lines > most)
}

fn finding((source, lines): (&Source, usize)) -> Finding {
    let message = format!("{lines} lines, more than {LONG} are reported and {TOO_LONG} refused");
    Finding::new(&source.path, 0, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_reported_and_longer_ones_refused() {
        let texts = [300, 301, 600, 601].map(|lines| "//\n".repeat(lines));
        let names = ["a.rs", "b.rs", "c.rs", "d.rs"];
        let files: Vec<_> = names.into_iter().zip(texts.iter().map(String::as_str)).collect();
        let tree = Tree::new(&files);
        let paths = |found: Vec<Finding>| found.into_iter().map(|f| f.path).collect::<Vec<_>>();
        assert_eq!(paths(report(&tree)), ["b.rs", "c.rs"]);
        assert_eq!(paths(too_long(&tree)), ["d.rs"]);
    }
}
