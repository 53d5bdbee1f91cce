//! The project of a request, from the folder in which the agent worked.

use std::borrow::Cow;

use usage_core::record::MAX_NAME_BYTES;
use usage_providers::made_id;

/// The rule by which a folder becomes the name of a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectName {
    /// The folder's last part; of a worktree, that of its repository. Default.
    #[default]
    Name,
    /// The whole path.
    Full,
    /// A hash of the whole path: requests of one folder stay together, and nobody can read which.
    Hash,
}

impl ProjectName {
    /// Returns the name of the project of a folder; empty where there is none.
    #[must_use]
    pub fn of(self, folder: &str) -> Cow<'_, str> {
        let folder = match self {
            Self::Name => Cow::Borrowed(name_of(folder)),
            Self::Full => Cow::Borrowed(folder),
            Self::Hash if folder.is_empty() => Cow::Borrowed(""),
            Self::Hash => Cow::Owned(made_id([folder])),
        };
        // The end tells more than the beginning, and no name holds a NUL.
        match folder.len() > MAX_NAME_BYTES || folder.contains('\0') {
            true => Cow::Owned(made_id([&*folder])),
            false => folder,
        }
    }
}

/// Returns the last part of a path; for `<repository>/.claude/worktrees/<name>` and the like that of the repository.
fn name_of(folder: &str) -> &str {
    // A path of Windows in a log is one, whatever system reads the log.
    let is_windows = !folder.contains('/') || folder.as_bytes().get(1) == Some(&b':');
    let is_divider = |c: char| c == '/' || is_windows && c == '\\';
    let mut parts: Vec<&str> = folder.split(is_divider).filter(|part| !part.is_empty()).collect();
    let tree = parts.iter().rposition(|part| WORKTREES.contains(part));
    if let Some(at) = tree.filter(|at| *at > 0 && at + 1 < parts.len()) {
        let owner = parts[at - 1];
        match owner.starts_with('.') {
            // `~/.codex/worktrees/<id>/<repository>`: the repository lies behind.
            true if AGENTS.contains(&owner) && at + 2 < parts.len() => {
                parts.truncate(at + 3);
            }
            true if at > 1 => parts.truncate(at - 1),
            true => {}
            false => parts.truncate(at),
        }
    }
    parts.last().copied().unwrap_or_default()
}

/// Folders that hold worktrees.
const WORKTREES: [&str; 3] = ["worktrees", ".worktrees", "_worktrees"];

/// Folders of agents in the home folder that hold worktrees of all repositories, by their ids.
const AGENTS: [&str; 2] = [".codex", ".cursor"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_the_last_folder() {
        for (folder, name) in [
            ("/home/dev/proj", "proj"),
            ("/home/dev/proj/", "proj"),
            ("/", ""),
            ("", ""),
            (r"C:\Users\dev\proj", "proj"),
            (r"C:\Users\dev/proj", "proj"),
            (r"/home/dev/a\b", r"a\b"),
            ("/home/dev/proj/.claude/worktrees/feature", "proj"),
            ("/home/dev/proj/.claude/worktrees/feature/src", "proj"),
            ("/home/dev/proj/.worktrees/feature", "proj"),
            ("/home/dev/proj/worktrees/feature", "proj"),
            (r"C:\dev\proj\.claude\worktrees\feature", "proj"),
            ("/home/dev/.codex/worktrees/1a2b/proj", "proj"),
            ("/home/dev/.codex/worktrees/1a2b/proj/src", "proj"),
            ("/home/dev/worktrees", "worktrees"),
            ("/worktrees/proj", "proj"),
        ] {
            assert_eq!(ProjectName::Name.of(folder), name, "{folder}");
        }
    }

    #[test]
    fn a_project_may_be_the_path_or_a_hash() {
        assert_eq!(ProjectName::Full.of("/home/dev/proj"), "/home/dev/proj");
        let [one, other] = ["/a/proj", "/b/proj"].map(|path| ProjectName::Hash.of(path));
        assert!(one != other && one.len() == 33 && !one.contains("proj"));
        assert_eq!(ProjectName::Hash.of(""), "");
        assert_eq!(ProjectName::Full.of(&"x".repeat(300)).len(), 33);
    }
}
