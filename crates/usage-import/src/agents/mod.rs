//! The logs that coding agents keep of themselves, on the machine where they run.
//!
//! | part | what it does |
//! |---|---|
//! | [`Agent`] | says where an agent keeps its logs, and reads one of them |
//! | [`Tree`] | an importer of all logs below a root: finds them, reads what is new on several threads |
//! | [`Told`] | takes what a log tells, and hands it over bit by bit |
//! | [`read_lines`] | reads a log of lines from where it was read to, compressed or not |
//! | [`Places`] | the home folder and the environment, given by whoever asks |
//!
//! An agent is one file or folder here, and a line in [`all`].
//!
//! A request is an event of the provider's id, so that copies of it in forks, resumed sessions, archives and other
//! machines are the one record that [tellings of one event](usage_core::record::Tellings) come to, in whatever order
//! they are read. So it does no harm to read a log again, only takes time, and a cursor need not be exact.

mod agent;
mod amp;
mod claude_code;
mod cline;
mod cline_sdk;
mod codex;
mod copilot;
mod copilot_otel;
mod counted;
mod droid;
mod editors;
mod frames;
mod gemini;
mod glued;
mod goose;
mod keeper;
mod kimi;
mod lenient;
mod lines;
mod logged;
mod opencode;
mod opencode_db;
mod pi;
mod places;
mod progress;
mod project;
mod qwen;
mod readers;
mod rows;
mod skipped;
mod tables;
mod tell;
mod text;
mod time;
mod told;
mod totals;
mod tree;
mod unreadable;
mod walk;
mod whole;
mod zed;

use std::sync::Arc;

pub use agent::Agent;
pub use counted::Counted;
pub use lines::{Lines, MAX_LINE, read_lines};
pub use places::Places;
pub use progress::Progress;
pub use project::ProjectName;
pub use skipped::{SkipReason, Skipped};
pub use told::Told;
pub use tree::{Tree, TreeOptions, TreeSummary};
pub use unreadable::{UNREADABLE, Unreadable, unreadable_here};

/// Returns all agents whose logs can be read, in the order of their names' worth.
#[must_use]
pub fn all() -> Vec<Arc<dyn Agent>> {
    vec![
        Arc::new(claude_code::ClaudeCode),
        Arc::new(codex::Codex),
        Arc::new(opencode::Opencode),
        Arc::new(gemini::Gemini),
        Arc::new(copilot::Copilot),
        Arc::new(pi::Pi),
        Arc::new(qwen::Qwen),
        Arc::new(editors::CLINE),
        Arc::new(editors::ROO),
        Arc::new(editors::KILO),
        Arc::new(amp::Amp),
        Arc::new(kimi::Kimi),
        Arc::new(keeper::Keeper(zed::Zed)),
        Arc::new(keeper::Keeper(goose::Goose)),
        Arc::new(droid::Droid),
    ]
}

/// Returns the agent of a name.
#[must_use]
pub fn named(name: &str) -> Option<Arc<dyn Agent>> {
    all().into_iter().find(|agent| agent.name() == name)
}
