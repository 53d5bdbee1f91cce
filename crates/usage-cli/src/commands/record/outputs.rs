//! What `record` writes must be nothing that it reads, nor a part of the ledger.

use std::path::Path;

use usage_import::follow::may_be_of_log;

use super::input::Input;
use crate::error::CliError;
use crate::outputs::{INPUT, PART, check_standard, is_both, is_part};

/// Refuses inputs that are the ledger, and outputs that are read or belong to it, before anything is read or made.
pub(super) fn check<'a>(
    rejects: Option<&Path>,
    ledger: &Path,
    inputs: impl Iterator<Item = &'a Input> + Clone,
) -> Result<(), CliError> {
    for input in inputs.clone() {
        if input.path().is_some_and(|path| is_part(path, ledger)) {
            let name = input.name();
            return Err(CliError::usage(format!("{name} is {PART}"))
                .hint("--db or USAGE_DB names another ledger"));
        }
    }
    let paths: Vec<_> = inputs.clone().filter_map(|input| Some(input.path()?.to_owned())).collect();
    check_standard(ledger, &paths)?;
    let Some(rejects) = rejects else { return Ok(()) };
    if rejects.as_os_str() == "-" {
        return Err(CliError::usage("--rejects names -, and it takes a file")
            .hint("/dev/stdout is standard output, ./- a file of that name"));
    }
    let refuse = |what: &str| {
        let rejects = rejects.display();
        Err(CliError::usage(format!("--rejects names {rejects}, which is {what}"))
            .hint("name a file of its own for what is refused"))
    };
    for input in inputs {
        if input.path().is_some_and(|input| is_both(rejects, input)) {
            return refuse(INPUT);
        }
        if let Input::Growing(log) = input
            && may_be_of_log(log, rejects)
        {
            return refuse("named as a rotated file of the log is");
        }
    }
    if is_part(rejects, ledger) {
        return refuse(PART);
    }
    Ok(())
}
