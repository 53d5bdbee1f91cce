//! `usage setup`

mod agents;
mod check;
mod edit;

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use usage_core::format::printable;

use self::agents::{AGENTS, Agent, Change, Server};
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

/// Show what an agent or a gateway needs so that it sends its usage to `usage serve`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Who is to send
    #[arg(value_parser = PossibleValuesParser::new(AGENTS.iter().map(|agent| agent.name)))]
    agent: String,

    /// Where the server is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4318")]
    endpoint: String,

    /// The token that the server asks for
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,

    /// Change the agent's own settings, and keep a copy of them
    #[arg(long)]
    write: bool,

    /// Send a test to the server, and say whether it arrived
    #[arg(long, conflicts_with = "write")]
    check: bool,
}

const EXAMPLES: &str = "\
Examples:
  usage setup claude-code
  usage setup codex --write
  usage setup gemini --check";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let url = args.endpoint.trim_end_matches('/');
    let server = Server { url, token: args.token.as_deref() };
    // Only names of the list are let through.
    let Some(agent) = Agent::named(&args.agent) else { return Ok(exit_codes::USAGE) };
    if args.check {
        check::send(&server)?;
        output::print(&format!("The test arrived at {}\n", printable(url)))?;
        return Ok(exit_codes::DONE);
    }
    if !args.write {
        output::print(&agent.words(&server))?;
        return Ok(exit_codes::DONE);
    }
    let home = etcetera::home_dir().map_err(|error| CliError::failed(error.to_string()))?;
    let Some((path, change)) = agent.change(&server, &home) else {
        return Err(CliError::usage(format!("there is no file of {}'s to change", agent.name))
            .hint("without --write it prints what to set"));
    };
    write(&path, &change, context)?;
    Ok(exit_codes::DONE)
}

fn write(path: &Path, change: &Change, context: &Context) -> Result<(), CliError> {
    let shown = path.display().to_string();
    let before = match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(CliError::failed(format!("cannot read {shown}: {error}"))),
    };
    let after = changed(before.as_deref().unwrap_or_default(), change).ok_or_else(|| {
        CliError::failed(format!("{shown} cannot be changed from here"))
            .hint("without --write it prints what to set, which can be added by hand")
    })?;
    if before.as_deref() == Some(&after) {
        return output::print(&format!("{} is set up already\n", printable(&shown)));
    }
    if !context.quiet {
        output::print(&difference(before.as_deref().unwrap_or_default(), &after))?;
    }
    let failed = |error: std::io::Error| CliError::failed(format!("cannot write {shown}: {error}"));
    if before.is_some() {
        let copy = copy_of(path);
        fs::copy(path, &copy).map_err(failed)?;
        output::note(&format!("note: as it was, it lies in {}", copy.display()));
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, after).map_err(failed)
}

/// A name that nothing has yet.
fn copy_of(path: &Path) -> PathBuf {
    let with = |number: usize| {
        let ending = if number == 0 { ".backup".to_owned() } else { format!(".backup-{number}") };
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let free = (0..10_000).map(with).find(|copy| !copy.exists());
    free.unwrap_or_else(|| with(0))
}

fn changed(before: &str, change: &Change) -> Option<String> {
    match change {
        Change::Values(values) => {
            values.iter().try_fold(before.to_owned(), |text, (names, value)| {
                edit::set(&text, names, &value.to_string())
            })
        }
        Change::Table { text, .. } if before.contains(text.as_str()) => Some(before.to_owned()),
        // A table that is there cannot be there twice.
        Change::Table { name, .. } if has_table(before, name) => None,
        Change::Table { text, .. } => {
            let gap = if before.is_empty() || before.ends_with("\n\n") {
                ""
            } else if before.ends_with('\n') {
                "\n"
            } else {
                "\n\n"
            };
            Some(format!("{before}{gap}{text}"))
        }
    }
}

fn has_table(text: &str, name: &str) -> bool {
    let is_of = |line: &str| {
        let line = line.trim_start().trim_start_matches('[').trim_start();
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.trim_start().starts_with([']', '.', '=']))
    };
    text.lines().any(is_of)
}

/// The lines that go and those that come.
fn difference(before: &str, after: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let same = |(one, other): &(&&str, &&str)| one == other;
    let head = old.iter().zip(&new).take_while(same).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
    let gone = old[..old.len() - tail].iter().map(|line| format!("- {}\n", printable(line)));
    let come = new[..new.len() - tail].iter().map(|line| format!("+ {}\n", printable(line)));
    gone.chain(come).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_added_once() {
        let change = Change::Table { name: "otel", text: "[otel]\nexporter = 1\n".to_owned() };
        let once = changed("model = \"m\"\n", &change).unwrap();
        assert_eq!(once, "model = \"m\"\n\n[otel]\nexporter = 1\n");
        assert_eq!(changed(&once, &change).as_ref(), Some(&once));
        for other in ["[otel]\nexporter = 2\n", "otel.exporter = 2\n", "[ otel.x ]\n"] {
            assert_eq!(changed(other, &change), None, "{other}");
        }
        assert!(changed("[otelix]\n", &change).is_some());
    }

    #[test]
    fn the_difference_is_what_changes() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), "- b\n+ x\n+ y\n");
        assert_eq!(difference("", "a\n"), "+ a\n");
    }
}
