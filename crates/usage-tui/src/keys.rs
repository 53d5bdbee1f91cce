//! The keys: one table, which the view obeys, its help shows, and the docs are held against.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::view::Tab;

/// Something that a person can have the view do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Quit,
    Suspend,
    Tab(Tab),
    NextTab,
    PreviousTab,
    /// Up or down by so many rows.
    Move(isize),
    /// Up or down by so many pages.
    Page(isize),
    First,
    Last,
    NextGrouping,
    PreviousGrouping,
    NextSort,
    Reverse,
    Filter,
    /// Keeps only what the chosen row is about.
    Narrow,
    /// Takes back the last thing that narrows.
    Back,
    Pause,
    Refresh,
    Background,
    Redraw,
    Help,
}

/// A key and what it does, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyHelp {
    /// The keys, as they are named on a keyboard.
    pub keys: &'static str,
    /// What they do.
    pub does: &'static str,
}

const fn help(keys: &'static str, does: &'static str) -> KeyHelp {
    KeyHelp { keys, does }
}

/// All keys, in the order in which help lists them.
pub const KEYS: &[KeyHelp] = &[
    help("1 to 7, Left, Right, Tab", "another tab"),
    help("Up, Down, PgUp, PgDn, Home, End", "choose a row"),
    help("g, G", "group by model, route, project and so on"),
    help("s, F6", "sort by tokens, cost, requests, name"),
    help("i", "the other way round"),
    help("/, F4", "show only rows with letters that you type"),
    help("Enter", "keep only what the chosen row is about"),
    help("Esc, Backspace", "take that back, one by one"),
    help("Space", "pause, and go on"),
    help("r, F5", "ask again now"),
    help("b", "colours for a light or a dark background"),
    help("?, h, F1", "this page"),
    help("q, F10, Ctrl-C", "quit"),
];

/// Returns what a key does, where nothing is being typed.
pub(crate) fn action(key: KeyEvent) -> Option<Action> {
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return match key.code {
            KeyCode::Char('c' | 'd') => Some(Action::Quit),
            KeyCode::Char('z') => Some(Action::Suspend),
            KeyCode::Char('l') => Some(Action::Redraw),
            _ => None,
        };
    }
    Some(match key.code {
        KeyCode::Char('q' | 'Q') | KeyCode::F(10) => Action::Quit,
        KeyCode::Char(digit @ '1'..='7') => {
            let at = digit.to_digit(10)?.checked_sub(1)?;
            Action::Tab(*Tab::ALL.get(usize::try_from(at).ok()?)?)
        }
        KeyCode::Right | KeyCode::Tab | KeyCode::Char('l') => Action::NextTab,
        KeyCode::Left | KeyCode::BackTab => Action::PreviousTab,
        KeyCode::Up | KeyCode::Char('k') => Action::Move(-1),
        KeyCode::Down | KeyCode::Char('j') => Action::Move(1),
        KeyCode::PageUp => Action::Page(-1),
        KeyCode::PageDown => Action::Page(1),
        KeyCode::Home => Action::First,
        KeyCode::End => Action::Last,
        KeyCode::Char('g') => Action::NextGrouping,
        KeyCode::Char('G') => Action::PreviousGrouping,
        KeyCode::Char('s') | KeyCode::F(6) => Action::NextSort,
        KeyCode::Char('i' | 'I') => Action::Reverse,
        KeyCode::Char('/') | KeyCode::F(3 | 4) => Action::Filter,
        KeyCode::Enter => Action::Narrow,
        KeyCode::Esc | KeyCode::Backspace => Action::Back,
        KeyCode::Char(' ') => Action::Pause,
        KeyCode::Char('r' | 'R') | KeyCode::F(5) => Action::Refresh,
        KeyCode::Char('b') => Action::Background,
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => Action::Help,
        _ => return None,
    })
}
