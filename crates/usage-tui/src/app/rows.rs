//! The rows of the table: which are shown, in which order, and which is chosen.

use std::cmp::Reverse;

use usage_core::format::printable;
use usage_core::stats::{Sort, Summary};

use super::App;
use crate::ask::{Answer, Content};

/// The names of a group as one text, made safe for a terminal.
pub(crate) fn joined(names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).filter(|of| !of.is_empty()).collect();
    if names.is_empty() { "(none)".to_owned() } else { printable(&names.join(".")).into_owned() }
}

/// The names by which the row at a place is known.
fn names_in(content: &Content, at: usize) -> Option<Vec<String>> {
    match content {
        Content::Rows { rows, .. } => rows.get(at).map(|row| row.names.clone()),
        Content::Sessions(all) => {
            all.as_ref()?.get(at).map(|of| vec![of.instance.clone(), of.id.clone()])
        }
    }
}

impl App {
    fn content(&self) -> Option<&Content> {
        match self.current() {
            Some(Answer::Usage(of)) => Some(&of.content),
            _ => None,
        }
    }

    /// The names by which the row at a place is known.
    pub(super) fn names_of(&self, at: usize) -> Option<Vec<String>> {
        names_in(self.content()?, at)
    }

    /// The names and totals of the rows on the last frame.
    pub(super) fn seen(&self) -> Vec<(Vec<String>, Summary)> {
        let first = self.hits.first;
        let places = self.shown.iter().skip(first).take(usize::from(self.hits.rows.height));
        let Some(Answer::Usage(of)) = &self.answer else { return Vec::new() };
        let row = |at: &usize| match &of.content {
            Content::Rows { rows, .. } => rows.get(*at).map(|row| (row.names.clone(), row.totals)),
            Content::Sessions(all) => {
                let of = all.as_ref()?.get(*at)?;
                Some((vec![of.instance.clone(), of.id.clone()], of.totals))
            }
        };
        places.filter_map(row).collect()
    }

    /// Finds out anew which rows are shown, and in which order.
    pub(super) fn arrange(&mut self) {
        let search = self.search.to_lowercase();
        let has_it = |name: &String| name.to_lowercase().contains(&search);
        let mut shown: Vec<usize> = Vec::new();
        match self.content() {
            Some(Content::Rows { rows, .. }) => {
                let found =
                    |row: &crate::ask::Row| search.is_empty() || has_it(&row.names.join("."));
                shown = (0..rows.len()).filter(|at| found(&rows[*at])).collect();
                match self.sort {
                    Sort::Cost => shown.sort_by_key(|at| Reverse(rows[*at].totals.cost)),
                    Sort::Requests => shown.sort_by_key(|at| Reverse(rows[*at].totals.requests)),
                    Sort::Name => {
                        shown.sort_by(|one, other| rows[*one].names.cmp(&rows[*other].names));
                    }
                    // So they come.
                    _ => {}
                }
            }
            Some(Content::Sessions(Some(all))) => {
                let found = |of: &usize| {
                    let of = &all[*of];
                    let mut names = [&of.instance, &of.id].into_iter().chain(&of.models);
                    search.is_empty() || names.any(has_it) || of.projects.iter().any(has_it)
                };
                shown = (0..all.len()).filter(found).collect();
            }
            _ => {}
        }
        if self.is_reversed {
            shown.reverse();
        }
        self.shown = shown;
        self.first = self.first.min(self.shown.len().saturating_sub(1));
    }

    /// The place among those shown of the row that is chosen.
    pub(crate) fn chosen_place(&self) -> Option<usize> {
        let (chosen, content) = (self.chosen.as_ref()?, self.content()?);
        let is_it = |at: &usize| match content {
            Content::Rows { rows, .. } => rows.get(*at).is_some_and(|row| row.names == *chosen),
            Content::Sessions(_) => names_in(content, *at).as_ref() == Some(chosen),
        };
        self.shown.iter().position(is_it)
    }

    /// Moves on by so many rows, from none to the first.
    pub(super) fn choose(&mut self, by: isize) {
        let last = self.shown.len().saturating_sub(1);
        let next = match self.chosen_place() {
            Some(at) => at.saturating_add_signed(by).min(last),
            None if by == isize::MAX => last,
            None => self.first,
        };
        self.chosen = self.shown.get(next).and_then(|at| self.names_of(*at));
        let height = usize::from(self.hits.rows.height).max(1);
        self.first = self.first.clamp(next.saturating_sub(height - 1), next);
    }
}
