//! Claude Code: `projects/<folder>/<session>.jsonl`, and those of subagents below.
//!
//! Each block of an answer has a row with the usage of the whole, in some versions only the last row with its
//! output; forks and resumed sessions are new files full of copies. So the key of a request is the id of its message,
//! and the record is what all its rows come to.

mod memory;
mod quality;
mod request;
mod row;

use std::io;
use std::path::{Path, PathBuf};

use self::memory::Memory;
use self::request::Transcript;
use super::agent::Agent;
use super::counted::Counted;
use super::lines::read_lines;
use super::places::Places;
use super::progress::Progress;
use super::told::Told;

/// Reads the transcripts of Claude Code.
pub(super) struct ClaudeCode;

impl Agent for ClaudeCode {
    fn name(&self) -> &'static str {
        "claude-code"
    }

    fn title(&self) -> &'static str {
        "Claude Code"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        let mut roots = places.list("CLAUDE_CONFIG_DIR");
        if roots.is_empty() {
            let usual = [places.config_home().map(|config| config.join("claude"))];
            roots.extend(usual.into_iter().chain([places.below_home(".claude")]).flatten());
        }
        // Sessions of the desktop program have folders of their own.
        let desktop = places.application_data().into_iter();
        roots.extend(desktop.map(|data| data.join("Claude/local-agent-mode-sessions")));
        roots
    }

    fn folders(&self, root: &Path) -> Vec<PathBuf> {
        let projects = root.join("projects");
        vec![if projects.is_dir() { projects } else { root.to_owned() }]
    }

    fn takes(&self, path: &Path) -> bool {
        let is_transcript = path.extension().is_some_and(|extension| extension == "jsonl");
        // What a workflow has done, not what it used.
        is_transcript && path.file_name().is_some_and(|name| name != "journal.jsonl")
    }

    fn counted(&self, memory: &[u8]) -> Option<Counted> {
        Memory::read(memory).counted()
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        read_lines(file, progress, told, |memory| Transcript::of(file, memory))
    }
}
