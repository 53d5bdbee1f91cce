//! Codex: `sessions/<year>/<month>/<day>/rollout-<time>-<id>.jsonl`, archived or compressed some time later.
//!
//! Older versions write running totals only, again and again, and copy those of the parent into the rollout of a fork
//! or a subagent. So what a rollout used is found by going through it with the totals in mind, and what is a copy by
//! the ids of turns.

mod replay;
mod rollout;
mod row;
mod totals;

use std::io;
use std::path::{Path, PathBuf};

use self::rollout::Rollout;
use super::agent::Agent;
use super::lines::read_lines;
use super::places::Places;
use super::progress::{Progress, hash};
use super::told::Told;

/// Reads the rollouts of Codex.
pub(super) struct Codex;

impl Agent for Codex {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn title(&self) -> &'static str {
        "Codex"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        places.stated_or_below_home("CODEX_HOME", ".codex").into_iter().collect()
    }

    fn folders(&self, root: &Path) -> Vec<PathBuf> {
        let folders = ["sessions", "archived_sessions"].map(|folder| root.join(folder));
        match folders.iter().any(|folder| folder.is_dir()) {
            true => folders.to_vec(),
            false => vec![root.to_owned()],
        }
    }

    fn takes(&self, path: &Path) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        name.starts_with("rollout-") && (name.ends_with(".jsonl") || name.ends_with(".jsonl.zst"))
    }

    /// Its name, which it keeps where it is archived and compressed.
    fn key(&self, path: &Path) -> u64 {
        hash(name_of(path).as_bytes())
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        read_lines(file, progress, told, |memory| Rollout::of(&name_of(file), memory))
    }
}

/// Returns the name of a rollout without its endings.
fn name_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let name = name.strip_suffix(".zst").unwrap_or(&name);
    name.strip_suffix(".jsonl").unwrap_or(name).to_owned()
}
