//! Links between the Markdown files lead somewhere.

use std::collections::HashMap;

use super::Finding;
use super::tree::Tree;

/// Relative links point to an existing file, and their anchors to one of its headings.
pub(super) fn resolve(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.with_ending(".md") {
        for (line, target) in prose(text).flat_map(|(at, line)| {
            targets(&line).into_iter().map(move |target| (at, target)).collect::<Vec<_>>()
        }) {
            if let Some(message) = complaint(tree, path, &target) {
                findings.push(Finding::new(path, line, message));
            }
        }
    }
    findings
}

/// The decision records are numbered without a gap, and the list in their README has each.
pub(super) fn decisions(tree: &Tree) -> Vec<Finding> {
    let index = tree.get("docs/decisions/README.md");
    let mut findings = Vec::new();
    let records = tree.with_ending(".md").filter_map(|(path, _)| {
        let name = path.strip_prefix("docs/decisions/")?;
        (name != "README.md").then_some((path, name))
    });
    for (at, (path, name)) in records.enumerate() {
        let number = format!("{:04}-", at + 1);
        if !name.starts_with(&number) {
            findings.push(Finding::new(path, 0, format!("must begin with {number}: no gaps")));
        }
        if index.is_some_and(|index| !index.contains(&format!("]({name})"))) {
            findings.push(Finding::new(path, 0, "not linked from docs/decisions/README.md"));
        }
    }
    findings
}

/// The lines of the fenced blocks in one of these languages. A line that ends with a backslash is
/// joined with the next; the number is that of its first.
pub(super) fn code_blocks(text: &str, languages: &[&str]) -> Vec<(usize, String)> {
    let (mut lines, mut inside, mut open) = (Vec::<(usize, String)>::new(), None, false);
    for (at, line) in text.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            inside = match inside {
                None => Some(languages.contains(&language.trim())),
                Some(_) => None,
            };
        } else if inside == Some(true) {
            let (part, continues) = line.strip_suffix('\\').map_or((line, false), |l| (l, true));
            match lines.last_mut() {
                Some((_, last)) if open => last.push_str(part),
                _ => lines.push((at + 1, part.to_owned())),
            }
            open = continues;
        }
    }
    lines
}

/// The lines outside fenced blocks, without their `code`.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        let outside = line.split('`').step_by(2).collect::<String>();
        (!fenced && !fence).then_some((at + 1, outside))
    })
}

/// Returns the targets that `](target)` and `[name]: target` point to.
fn targets(line: &str) -> Vec<String> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let definition = line.strip_prefix('[').and_then(|line| line.split_once("]: "));
    let all = inline.chain(definition.map(|(_, target)| target));
    all.filter_map(|target| target.split_whitespace().next()).map(str::to_owned).collect()
}

fn complaint(tree: &Tree, from: &str, target: &str) -> Option<String> {
    // Elsewhere on the web, or an item of the crate whose documentation the page is.
    if ["https://", "http://", "mailto:"].iter().any(|scheme| target.starts_with(scheme))
        || target.contains("::")
    {
        return None;
    }
    if target.starts_with('/') || target.contains("://") {
        return Some(format!("{target} is a path on one machine"));
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { Some(from.to_owned()) } else { join(from, file) };
    let Some(path) = path.filter(|path| tree.exists(path)) else {
        return Some(format!("{target} does not exist"));
    };
    let page = tree.get(&path).filter(|_| path.ends_with(".md"))?;
    (!anchor.is_empty() && !anchors(page).iter().any(|known| known == anchor))
        .then(|| format!("{path} has no heading for #{anchor}"))
}

/// The path of a link in the page `from`; `None` if it leaves the repository.
fn join(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The anchors of a page's headings, made as GitHub makes them.
fn anchors(page: &str) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut fenced = false;
    let headings = page.lines().filter_map(|line| {
        fenced ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        (!fenced && line.starts_with('#') && title.starts_with(' ')).then(|| title.trim())
    });
    let anchor = |title: &str| {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor = kept.collect::<String>().to_lowercase().replace(' ', "-");
        let count = seen.entry(anchor.clone()).or_default();
        *count += 1;
        if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
    };
    headings.map(anchor).collect()
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    #[test]
    fn broken_links_are_found() {
        let readme = "# Top\n[a](docs/a.md) [b](docs/b.md) [c](docs/a.md#two-words) [d](docs/a.md#no)\n\
            [e](https://e.org) [f](#top) [g](/home/me/x) `[h](h)` [i](docs/) [`J`](crate::J)\n\
            ```\n[k](k)\n```\n[l]: docs/l.md\n";
        let page = "# A\n## Two `words`!\n[up](../README.md) [out](../../x)\n";
        let files = [("README.md", readme), ("docs/a.md", page)];
        assert_eq!(
            findings(resolve, &files),
            [
                "README.md:2: docs/b.md does not exist",
                "README.md:2: docs/a.md has no heading for #no",
                "README.md:3: /home/me/x is a path on one machine",
                "README.md:7: docs/l.md does not exist",
                "docs/a.md:3: ../../x does not exist",
            ]
        );
    }

    #[test]
    fn equal_headings_get_numbers() {
        assert_eq!(anchors("# A b\n## A b\n```sh\n# no\n```\n"), ["a-b", "a-b-1"]);
    }

    #[test]
    fn decisions_are_numbered_and_listed() {
        let files = [
            ("docs/decisions/README.md", "[one](0001-a.md)\n"),
            ("docs/decisions/0001-a.md", ""),
            ("docs/decisions/0003-b.md", ""),
        ];
        assert_eq!(
            findings(decisions, &files),
            [
                "docs/decisions/0003-b.md: must begin with 0002-: no gaps",
                "docs/decisions/0003-b.md: not linked from docs/decisions/README.md",
            ]
        );
    }

    #[test]
    fn blocks_join_continued_lines() {
        let text = "```sh\na \\\n  b\nc\n```\n```json\n{}\n```\n";
        assert_eq!(code_blocks(text, &["sh"]), [(2, "a   b".to_owned()), (4, "c".to_owned())]);
    }
}
