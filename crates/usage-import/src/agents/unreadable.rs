//! Agents that are known, and of which nothing can be known.

use super::places::Places;

/// An agent from whose files nobody can tell what it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Its name, as that of [others](super::Agent::name).
    pub name: &'static str,
    /// Its name as people write it.
    pub title: &'static str,
    /// The reason why nothing is read, in words.
    pub why: &'static str,
    /// A folder below the home folder that it makes.
    folder: &'static str,
}

/// The agents from whose files nobody can tell what they used.
pub const UNREADABLE: [Unreadable; 3] = [
    Unreadable {
        name: "cursor",
        title: "Cursor",
        why: "what it keeps on this machine is the state of a conversation, without what that used; the counts are on \
              its maker's servers",
        folder: ".cursor",
    },
    Unreadable {
        name: "aider",
        title: "Aider",
        why: "its histories hold numbers that were rounded for the screen, as 9.1k, and no times",
        folder: ".aider",
    },
    Unreadable {
        name: "crush",
        title: "Crush",
        why: "its database counts the tokens of the last step of a session alone",
        folder: ".local/share/crush",
    },
];

/// Returns those that seem to be used on a machine.
#[must_use]
pub fn unreadable_here(places: &Places<'_>) -> Vec<Unreadable> {
    let is_here =
        |agent: &&Unreadable| places.below_home(agent.folder).is_some_and(|folder| folder.is_dir());
    UNREADABLE.iter().filter(is_here).copied().collect()
}
