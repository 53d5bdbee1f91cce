//! The command `usage`.

use std::process::ExitCode;

fn main() -> ExitCode {
    usage_cli::run(std::env::args_os())
}
