//! `usage man`

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use clap_mangen::Man;

use crate::error::CliError;
use crate::{exit_codes, output};

/// Print the man page, or write one for each command into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write usage.1, usage-report.1 and so on into this folder, which is made if it is missing
    #[arg(long, value_name = "PATH", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  usage man | man -l -
  usage man --dir ~/.local/share/man/man1";

pub(crate) fn run(args: &Args) -> Result<u8, CliError> {
    let mut command = crate::command();
    // Options that every command takes, and the names of pages below pages.
    command.build();
    match &args.dir {
        None => {
            let mut page = Vec::new();
            // Writing to a vector cannot fail.
            let _ = Man::new(command).render(&mut page);
            output::print(&String::from_utf8_lossy(&page))?;
        }
        Some(folder) => {
            let failed = |path: &Path, error: &io::Error| {
                CliError::failed(format!("cannot write {}: {error}", path.display()))
            };
            fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
            write_pages(&command, folder, &failed)?;
        }
    }
    Ok(exit_codes::DONE)
}

/// The page of a command, and those of the commands below it.
fn write_pages(
    command: &clap::Command,
    folder: &Path,
    failed: &dyn Fn(&Path, &io::Error) -> CliError,
) -> Result<(), CliError> {
    let page = Man::new(command.clone());
    let path = folder.join(page.get_filename());
    File::create(&path)
        .and_then(|mut file| page.render(&mut file))
        .map_err(|error| failed(&path, &error))?;
    command.get_subcommands().try_for_each(|below| write_pages(below, folder, failed))
}
