//! The commands that the documentation tells people to type exist.

use super::Finding;
use super::links::code_blocks;
use super::tree::Tree;
use crate::COMMANDS;

/// Options of `usage` that stand before its command and take a value.
const WITH_VALUE: &[&str] = &["--db", "--timezone", "--now", "--color", "--week-start"];

/// In every `sh` and `console` block of the Markdown files: `cargo xtask X` is a command of this
/// program, `usage X` one of the command line's, which has one file each.
pub(super) fn exist(tree: &Tree) -> Vec<Finding> {
    let known: Vec<_> = tree.paths().filter_map(command_name).collect();
    let mut findings = Vec::new();
    for (path, text) in tree.with_ending(".md") {
        for (line, command) in code_blocks(text, &["sh", "console"]) {
            for part in command.split(['|', ';', '&']) {
                if let Some(message) = complaint(part, &known) {
                    findings.push(Finding::new(path, line, message));
                }
            }
        }
    }
    findings
}

fn complaint(part: &str, known: &[String]) -> Option<String> {
    let is_setting = |word: &&str| *word == "$" || word.contains('=');
    let words: Vec<_> = part.split_whitespace().skip_while(is_setting).collect();
    match words.as_slice() {
        ["cargo", "xtask", name, ..] => {
            let exists = *name == "help" || COMMANDS.iter().any(|command| command.name == *name);
            (!exists).then(|| format!("there is no `cargo xtask {name}`"))
        }
        ["usage", arguments @ ..] => {
            let name = first_operand(arguments)?;
            let exists = name == "help" || known.iter().any(|known| known == name);
            (!exists).then(|| format!("there is no `usage {name}`"))
        }
        _ => None,
    }
}

fn first_operand<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(word) {
            words.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}

/// `crates/usage-cli/src/commands/report.rs` or `.../report/mod.rs` is the command `report`.
fn command_name(path: &str) -> Option<String> {
    let file = path.strip_prefix("crates/usage-cli/src/commands/")?;
    let name = file.split_once('/').map_or(file, |(folder, _)| folder);
    let name = name.strip_suffix(".rs").unwrap_or(name);
    (name != "mod").then(|| name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    #[test]
    fn commands_in_the_docs_exist() {
        let readme = "```sh\ncargo xtask ci\ncargo xtask oops\ncargo test\n\
            $ tail -f log | usage --db a record --report\nUSAGE_DB=x usage --now b reprot\n```\n\
            ```text\nusage anything\n```\n";
        let files = [("README.md", readme), ("crates/usage-cli/src/commands/record.rs", "")];
        assert_eq!(
            findings(exist, &files),
            [
                "README.md:3: there is no `cargo xtask oops`",
                "README.md:6: there is no `usage reprot`",
            ]
        );
    }
}
