//! A report: what was asked, and what came out.

use super::text::{self, TextOptions};
use super::{csv, grouped, json};
use crate::stats::{Aggregates, Groups};
use crate::{Filter, Period};

/// What a report is about and what it found, ready to be printed in any form.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Which time.
    pub period: &'a Period,
    /// Which records of it.
    pub filter: &'a Filter,
    /// What they add up to.
    pub usage: &'a Aggregates,
    /// How many routes, models and rows of CSV to show, those with the most tokens; `None` shows
    /// all.
    pub top: Option<usize>,
}

impl Report<'_> {
    /// As text for people: the title, the totals, then by route and by model under each profile.
    #[must_use]
    pub fn to_text(&self, options: &TextOptions) -> String {
        text::report(self, options)
    }

    /// As one line of JSON, schema version 1, with a line break at the end.
    ///
    /// Characters that a terminal would act on are escaped, which changes no value.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::report(self)
    }

    /// As CSV with a header: a row for each profile, provider, route and model, in that order.
    ///
    /// Names are shown as [`printable`](super::printable) text.
    #[must_use]
    pub fn to_csv(&self) -> String {
        csv::report(self.usage, self.top)
    }
}

/// As [`Report`], by whatever was asked for instead of by route and by model.
#[derive(Clone, Copy, Debug)]
pub struct GroupedReport<'a> {
    /// Which time.
    pub period: &'a Period,
    /// Which records of it.
    pub filter: &'a Filter,
    /// What they add up to, by group.
    pub groups: &'a Groups<'a>,
}

impl GroupedReport<'_> {
    /// As text for people: the title, the totals, then a table with a column for each dimension.
    ///
    /// Where time comes first, each line has a bar of its tokens if there is room, and a stretch
    /// of time without any group has a line of its own.
    #[must_use]
    pub fn to_text(&self, options: &TextOptions) -> String {
        grouped::report(self, options)
    }

    /// As one line of JSON, schema version 1, with a line break at the end.
    ///
    /// Characters that a terminal would act on are escaped, which changes no value.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::grouped(self)
    }

    /// As CSV with a header: a row for each group.
    ///
    /// Names are shown as [`printable`](super::printable) text.
    #[must_use]
    pub fn to_csv(&self) -> String {
        csv::grouped(self.groups)
    }
}
