//! The outcome of the steps, one by one and together.

use std::fmt;
use std::time::Duration;

use anyhow::{Result, bail};

/// The time that a run may take on two idle cores: from nothing, and when nothing is to be compiled.
const BUDGET: &str = "budget: 15 min cold, 2 min warm";

/// A step that had its turn.
pub(super) struct Done {
    pub(super) name: &'static str,
    pub(super) took: Duration,
    pub(super) state: State,
}

pub(super) enum State {
    Passed,
    /// The reason, in one line.
    Failed(String),
    /// It needs another step, which did not pass.
    NotRun {
        needs: &'static str,
    },
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, took, state } = self;
        match state {
            State::Passed => write!(f, "{name} passed in {}", seconds(*took)),
            State::Failed(error) => write!(f, "{name} FAILED in {}: {error}", seconds(*took)),
            State::NotRun { needs } => write!(f, "{name} not run: it needs {needs:?}"),
        }
    }
}

/// The first of the names that is not among the steps that passed.
pub(super) fn first_not_passed(needs: &[&'static str], done: &[Done]) -> Option<&'static str> {
    let passed = |name: &str| {
        done.iter().any(|step| step.name == name && matches!(step.state, State::Passed))
    };
    needs.iter().copied().find(|name| !passed(name))
}

/// A line a step: how long it took and how it went.
pub(super) fn table(done: &[Done]) -> String {
    let mut text = "The steps:\n".to_owned();
    for Done { name, took, state } in done {
        let (took, state) = match state {
            State::Passed => (seconds(*took), "passed".to_owned()),
            State::Failed(_) => (seconds(*took), "FAILED".to_owned()),
            State::NotRun { needs } => ("-".to_owned(), format!("not run: it needs {needs:?}")),
        };
        text += &format!("    {name:<14}{took:>9}  {state}\n");
    }
    text
}

/// The last line: how long all took together, and an error that names the steps that did not pass.
pub(super) fn verdict(done: &[Done], took: Duration) -> Result<()> {
    let names = |wanted: fn(&State) -> bool| {
        let found = done.iter().filter(|step| wanted(&step.state)).map(|step| step.name);
        found.collect::<Vec<_>>()
    };
    let failed = names(|state| matches!(state, State::Failed(_)));
    let not_run = names(|state| matches!(state, State::NotRun { .. }));
    let (all, took) = (done.len(), seconds(took));
    if failed.is_empty() && not_run.is_empty() {
        println!("ci: all {all} steps passed in {took} ({BUDGET})");
        return Ok(());
    }
    let rest = match not_run.as_slice() {
        [] => String::new(),
        names => format!("; not run: {}", names.join(", ")),
    };
    bail!("ci: {} of {all} steps failed in {took}: {}{rest}", failed.len(), failed.join(", "))
}

/// With a tenth.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done() -> Vec<Done> {
        let took = Duration::from_millis(1_500);
        vec![
            Done { name: "fmt", took, state: State::Passed },
            Done { name: "tools", took, state: State::Failed("no network".to_owned()) },
            Done { name: "tests", took, state: State::NotRun { needs: "tools" } },
        ]
    }

    #[test]
    fn a_step_waits_for_those_it_needs() {
        let done = done();
        assert_eq!(first_not_passed(&["fmt"], &done), None);
        assert_eq!(first_not_passed(&["fmt", "tools"], &done), Some("tools"));
        assert_eq!(first_not_passed(&["tests"], &done), Some("tests"));
        assert_eq!(first_not_passed(&["later"], &done), Some("later"));
    }

    #[test]
    fn the_table_has_a_line_a_step() {
        assert_eq!(
            table(&done()),
            "The steps:\n\
             \u{20}   fmt               1.5 s  passed\n\
             \u{20}   tools             1.5 s  FAILED\n\
             \u{20}   tests                 -  not run: it needs \"tools\"\n"
        );
    }

    #[test]
    fn the_verdict_names_what_did_not_pass() {
        let error = verdict(&done(), Duration::from_secs(3)).unwrap_err().to_string();
        assert_eq!(error, "ci: 1 of 3 steps failed in 3.0 s: tools; not run: tests");
        assert!(verdict(&done()[..1], Duration::ZERO).is_ok());
    }
}
