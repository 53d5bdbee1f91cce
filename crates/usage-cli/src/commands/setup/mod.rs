//! `usage setup`

mod agents;
mod check;
mod edit;

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use toml_edit::{DocumentMut, Item, TomlError, Value};
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
    if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(CliError::usage(format!("--endpoint: {url:?} is no address of a server"))
            .hint("http://127.0.0.1:4318 is one"));
    }
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
    for (name, value) in agent.beside(&server) {
        output::note(&format!("note: to be set in its environment: {name}='{value}'"));
    }
    Ok(exit_codes::DONE)
}

fn write(path: &Path, change: &Change, context: &Context) -> Result<(), CliError> {
    let shown = path.display().to_string();
    let before = match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(CliError::failed(format!("cannot read {shown}: {error}"))),
    };
    let after = changed(before.as_deref().unwrap_or_default(), change).map_err(|why| {
        CliError::failed(format!("{shown} cannot be changed from here: {why}"))
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

/// Returns the text with the change in it, or why it cannot have it.
fn changed(before: &str, change: &Change) -> Result<String, String> {
    match change {
        Change::Values(values) => {
            values.iter().try_fold(before.to_owned(), |text, (names, value)| {
                edit::set(&text, names, &value.to_string())
            })
        }
        Change::Entry { table, key, value } => {
            let mut document: DocumentMut = before
                .parse()
                .map_err(|error: TomlError| format!("it is no TOML: {}", error.message()))?;
            let value: Value = value.parse().map_err(|error: TomlError| error.to_string())?;
            let entry = document.entry(table).or_insert_with(toml_edit::table);
            let entry = entry
                .as_table_like_mut()
                .ok_or_else(|| format!("{table} is something else than a table there"))?;
            let is_there = entry.get(key).and_then(Item::as_value);
            if is_there.is_some_and(|there| there.to_string().trim() == value.to_string()) {
                return Ok(before.to_owned());
            }
            entry.insert(key, Item::Value(value));
            Ok(document.to_string())
        }
    }
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
    fn an_entry_is_set_once_and_the_rest_stays() {
        let change =
            Change::Entry { table: "otel", key: "exporter", value: "{ a = 1 }".to_owned() };
        for (before, expected) in [
            ("", "[otel]\nexporter = { a = 1 }\n"),
            ("model = \"m\" # mine\n", "model = \"m\" # mine\n\n[otel]\nexporter = { a = 1 }\n"),
            (
                "[otel]\nenvironment = \"e\"\nexporter = \"none\"\n[z]\n",
                "[otel]\nenvironment = \"e\"\nexporter = { a = 1 }\n[z]\n",
            ),
            ("otel.exporter = 2\n", "otel.exporter = { a = 1 }\n"),
        ] {
            let once = changed(before, &change).unwrap();
            assert_eq!(once, expected);
            assert_eq!(changed(&once, &change).unwrap(), once);
        }
        for (before, why) in [("a = [\n", "no TOML"), ("otel = 1\n", "something else than a table")]
        {
            let refused = changed(before, &change).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn the_difference_is_what_changes() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), "- b\n+ x\n+ y\n");
        assert_eq!(difference("", "a\n"), "+ a\n");
    }
}
