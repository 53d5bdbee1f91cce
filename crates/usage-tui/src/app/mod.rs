//! The state of the view, and what keys, the mouse and answers do to it. Pure: time comes in.

mod flash;
pub(crate) mod rows;

use std::time::{Duration, Instant};

use chrono::DateTime;
use chrono_tz::Tz;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use usage_core::query::SessionOrder;
use usage_core::stats::Sort;
use usage_core::{Error, Filter};

use self::flash::Flash;
use crate::ask::{Answer, Question};
use crate::keys::{self, Action};
use crate::options::Options;
use crate::theme::Theme;
use crate::view::{By, Tab, moved};

/// What the loop has to do after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing has changed.
    Nothing,
    /// A new frame.
    Draw,
    /// A new frame, and a new question.
    Ask,
    /// A new frame of every cell.
    Redraw,
    Suspend,
    Quit,
}

/// Where what can be clicked stands on the last frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hits {
    pub(crate) tabs: Vec<(Rect, Tab)>,
    pub(crate) headers: Vec<(Rect, Sort)>,
    /// Where the rows are.
    pub(crate) rows: Rect,
    /// The place of the first of them among all that are shown.
    pub(crate) first: usize,
}

pub(crate) struct App {
    pub(crate) tab: Tab,
    pub(crate) by: By,
    pub(crate) sort: Sort,
    pub(crate) order: SessionOrder,
    pub(crate) is_reversed: bool,
    /// What narrows the records, the last one last.
    filters: Vec<(Filter, String)>,
    /// What is typed to look for rows.
    pub(crate) search: String,
    pub(crate) is_typing: bool,
    pub(crate) is_paused: bool,
    pub(crate) has_help: bool,
    pub(crate) theme: Theme,
    pub(crate) options: Options,
    pub(crate) answer: Option<Answer>,
    /// The question that the answer is to.
    answered: Option<Question>,
    /// When the answer came.
    pub(crate) as_of: Option<DateTime<Tz>>,
    pub(crate) trouble: Option<String>,
    /// How long is rested between two questions.
    pub(crate) rest: Duration,
    /// The places of the rows that are shown, in their order.
    pub(crate) shown: Vec<usize>,
    /// The names of the row that is chosen.
    pub(crate) chosen: Option<Vec<String>>,
    pub(crate) first: usize,
    pub(crate) flash: Flash,
    pub(crate) hits: Hits,
}

/// So long a number that has changed stands out.
pub(crate) const FLASH: Duration = Duration::from_millis(900);

impl App {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            tab: options.tab,
            by: options.by,
            sort: options.sort,
            order: SessionOrder::Last,
            is_reversed: false,
            filters: vec![(options.filter.clone(), String::new())],
            search: String::new(),
            is_typing: false,
            is_paused: false,
            has_help: false,
            theme: options.theme,
            options,
            answer: None,
            answered: None,
            as_of: None,
            trouble: None,
            rest: Duration::ZERO,
            shown: Vec::new(),
            chosen: None,
            first: 0,
            flash: Flash::default(),
            hits: Hits::default(),
        }
    }

    /// Returns the question whose answer is to be seen.
    pub(crate) fn question(&self) -> Question {
        let panel = match self.tab {
            Tab::Budgets => self.options.budgets.clone(),
            Tab::Status => self.options.status.clone(),
            _ => None,
        };
        Question {
            tab: self.tab,
            by: self.by,
            filter: self.filter().clone(),
            order: self.order,
            calendar: self.options.calendar,
            panel,
        }
    }

    /// The answer, where it is to what is to be seen.
    pub(crate) fn current(&self) -> Option<&Answer> {
        let is_current = self.answered.as_ref().is_some_and(|of| of.is_like(&self.question()));
        self.answer.as_ref().filter(|_| is_current)
    }

    fn filter(&self) -> &Filter {
        // There always is the first.
        self.filters.last().map_or(&self.options.filter, |(filter, _)| filter)
    }

    /// Says in words what narrows the records; nothing where nothing does.
    pub(crate) fn narrowed(&self) -> Vec<&str> {
        self.filters.iter().map(|(_, words)| words.as_str()).filter(|of| !of.is_empty()).collect()
    }

    /// Takes what the engine says.
    pub(crate) fn take(
        &mut self,
        question: Question,
        result: Result<Answer, Error>,
        (now, at): (DateTime<Tz>, Instant),
    ) {
        match result {
            Err(error) => self.trouble = Some(usage_core::error::chain(&error)),
            Ok(answer) => {
                let is_like = self.answered.as_ref().is_some_and(|of| of.is_like(&question));
                let seen = self.seen();
                let before = self.answer.take().filter(|_| is_like);
                self.flash = Flash::between(before.as_ref(), &answer, &seen, at);
                (self.answer, self.answered) = (Some(answer), Some(question));
                (self.as_of, self.trouble) = (Some(now), None);
                self.arrange();
            }
        }
    }

    pub(crate) fn key(&mut self, key: KeyEvent) -> Effect {
        if self.is_typing {
            return self.type_key(key);
        }
        let Some(action) = keys::action(key) else { return Effect::Nothing };
        if self.has_help && !matches!(action, Action::Quit | Action::Suspend | Action::Redraw) {
            self.has_help = false;
            return Effect::Draw;
        }
        self.act(action)
    }

    fn type_key(&mut self, key: KeyEvent) -> Effect {
        let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Char(letter) if is_plain => self.search.push(letter),
            KeyCode::Char('c') => return Effect::Quit,
            KeyCode::Char('u') => self.search.clear(),
            KeyCode::Backspace => {
                self.is_typing = self.search.pop().is_some();
            }
            KeyCode::Enter | KeyCode::Tab => self.is_typing = false,
            KeyCode::Esc => (self.is_typing, self.search) = (false, String::new()),
            KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => {
                self.is_typing = false;
                return self.key(key);
            }
            _ => return Effect::Nothing,
        }
        self.first = 0;
        self.arrange();
        Effect::Draw
    }

    fn act(&mut self, action: Action) -> Effect {
        match action {
            Action::Quit => return Effect::Quit,
            Action::Suspend => return Effect::Suspend,
            Action::Redraw => return Effect::Redraw,
            Action::Tab(tab) => return self.turn_to(tab),
            Action::NextTab => return self.turn_to(self.tab.moved(1)),
            Action::PreviousTab => return self.turn_to(self.tab.moved(-1)),
            Action::Move(by) => self.choose(by),
            Action::Page(by) => {
                let page = usize::from(self.hits.rows.height).max(1).cast_signed();
                self.choose(by.saturating_mul(page));
            }
            Action::First => self.choose(isize::MIN),
            Action::Last => self.choose(isize::MAX),
            Action::NextGrouping => return self.group(self.by.moved(1)),
            Action::PreviousGrouping => return self.group(self.by.moved(-1)),
            Action::NextSort if self.tab == Tab::Sessions => {
                self.order = moved(&SessionOrder::ALL, self.order, 1);
                return Effect::Ask;
            }
            Action::NextSort => {
                let next = moved(&Sort::ALL, self.sort, 1);
                self.sort_by(next, false);
            }
            Action::Reverse => self.sort_by(self.sort, !self.is_reversed),
            Action::Filter => self.is_typing = true,
            Action::Narrow => return self.narrow(),
            Action::Back => return self.back(),
            Action::Pause => {
                self.is_paused = !self.is_paused;
                return if self.is_paused { Effect::Draw } else { Effect::Ask };
            }
            Action::Refresh => return Effect::Ask,
            Action::Background => self.theme = self.theme.turned(),
            Action::Help => self.has_help = true,
        }
        Effect::Draw
    }

    fn turn_to(&mut self, tab: Tab) -> Effect {
        if tab == self.tab {
            return Effect::Nothing;
        }
        self.tab = tab;
        self.forget();
        Effect::Ask
    }

    fn group(&mut self, by: By) -> Effect {
        if self.tab.unit().is_none() {
            return Effect::Nothing;
        }
        self.by = by;
        self.forget();
        Effect::Ask
    }

    /// Forgets which row was looked at: there are others now.
    fn forget(&mut self) {
        (self.chosen, self.first) = (None, 0);
        self.arrange();
    }

    fn sort_by(&mut self, sort: Sort, is_reversed: bool) {
        (self.sort, self.is_reversed, self.first) = (sort, is_reversed, 0);
        self.arrange();
    }

    /// Keeps only what the chosen row is about, and groups that by the next thing.
    fn narrow(&mut self) -> Effect {
        let (Some(names), true) = (self.chosen.clone(), self.tab.unit().is_some()) else {
            return Effect::Nothing;
        };
        let labels = self.by.labels().iter().zip(&names);
        let filter =
            labels.fold(self.filter().clone(), |of, (label, name)| of.keeping(*label, name));
        let words = format!("{} {}", self.by.title().to_lowercase(), rows::joined(&names));
        self.filters.push((filter, words));
        self.search.clear();
        let next = if self.by == By::Model { By::Project } else { By::Model };
        self.group(next)
    }

    fn back(&mut self) -> Effect {
        if !self.search.is_empty() {
            self.search.clear();
            self.arrange();
            return Effect::Draw;
        }
        if self.filters.len() > 1 {
            self.filters.pop();
            self.forget();
            return Effect::Ask;
        }
        self.chosen = None;
        Effect::Draw
    }

    pub(crate) fn mouse(&mut self, mouse: MouseEvent) -> Effect {
        let at = Position::new(mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::ScrollUp => self.choose(-3),
            MouseEventKind::ScrollDown => self.choose(3),
            MouseEventKind::Down(MouseButton::Left) => {
                if self.has_help {
                    self.has_help = false;
                } else if let Some((_, tab)) = self.hits.tabs.iter().find(|(of, _)| of.contains(at))
                {
                    return self.turn_to(*tab);
                } else if let Some((_, sort)) =
                    self.hits.headers.iter().find(|(of, _)| of.contains(at))
                {
                    let is_same = *sort == self.sort;
                    self.sort_by(*sort, is_same && !self.is_reversed);
                } else if self.hits.rows.contains(at) {
                    let row = self.hits.first + usize::from(at.y - self.hits.rows.y);
                    let Some(names) = self.shown.get(row).and_then(|at| self.names_of(*at)) else {
                        return Effect::Nothing;
                    };
                    if self.chosen.as_ref() == Some(&names) {
                        return self.narrow();
                    }
                    self.chosen = Some(names);
                } else {
                    return Effect::Nothing;
                }
            }
            _ => return Effect::Nothing,
        }
        Effect::Draw
    }
}
