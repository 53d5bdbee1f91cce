//! `usage completions`

use clap_complete::Shell;

use crate::error::CliError;
use crate::{exit_codes, output};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

const EXAMPLE: &str = "\
Example:
  usage completions bash > ~/.local/share/bash-completion/completions/usage";

pub(crate) fn run(args: &Args) -> Result<u8, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::command(), "usage", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(exit_codes::DONE)
}
