//! `usage completions`, and `usage complete`, which the scripts ask as one types.

mod candidates;

use std::path::Path;

use clap_complete::Shell;

use crate::error::CliError;
use crate::{exit_codes, output};

/// Print a completion script for a shell
///
/// In bash, zsh and fish it completes commands, options and their values, periods, time zones, settings, and names that
/// the ledger holds: models, projects and the like. In other shells commands and options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

const EXAMPLE: &str = "\
Examples:
  usage completions bash > ~/.local/share/bash-completion/completions/usage
  usage completions zsh > ~/.zfunc/_usage
  usage completions fish > ~/.config/fish/completions/usage.fish";

/// What may come next on a command line that is being typed
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct LineArgs {
    /// The line up to the cursor, the name of the program included
    #[arg(allow_hyphen_values = true)]
    line: String,
}

pub(crate) fn run(args: &Args) -> Result<u8, CliError> {
    let script = match args.shell {
        Shell::Bash => include_str!("usage.bash").to_owned(),
        Shell::Zsh => include_str!("usage.zsh").to_owned(),
        Shell::Fish => include_str!("usage.fish").to_owned(),
        shell => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut crate::command(), "usage", &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
    };
    output::print(&script)?;
    Ok(exit_codes::DONE)
}

/// Prints a line for each candidate, with a tab and what it is behind it where there is more to say. Without any, the
/// shell completes files. Whoever is typing is not to be told of errors.
pub(crate) fn run_line(args: &LineArgs) -> Result<u8, CliError> {
    let mut text = String::new();
    for candidate in candidates::of(&whole(), &args.line, default_ledger().as_deref()) {
        text += &candidate.value;
        if !candidate.about.is_empty() {
            text += &format!("\t{}", candidate.about);
        }
        text.push('\n');
    }
    output::print(&text)?;
    Ok(exit_codes::DONE)
}

/// The command line with options that all commands have in each of them.
fn whole() -> clap::Command {
    let mut command = crate::command();
    command.build();
    command
}

fn default_ledger() -> Option<Box<Path>> {
    usage_store::db_path().ok().map(Into::into)
}
