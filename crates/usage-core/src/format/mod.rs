//! A report as text for people and as JSON and CSV for programs: one file a format, all over the same owned
//! [`Report`].

mod bar;
mod budgets;
mod columns;
#[cfg(feature = "csv")]
mod csv;
mod grid;
mod json;
mod lists;
mod money;
mod options;
mod page;
mod text;
mod when;
mod width;

pub use budgets::format_budgets;
pub use columns::{Column, column_choices};
pub use json::{format_period_json, format_summary_json};
pub use money::{format_cost, format_dollars};
pub use options::TextOptions;
pub use page::{format_remarks, format_share};
pub use text::{format_records, format_usage};
pub use width::{display_width, shorten_apart, shorten_middle};

pub use crate::text::{escape_hidden, format_count, format_tokens, printable};

use crate::Report;
use crate::query::{BlockList, SessionList};
use crate::stats::Grouping;

/// A form that a report can be printed in.
///
/// ```
/// use usage_core::format::{Format, TextOptions};
/// use usage_core::stats::Aggregates;
/// use usage_core::{Filter, Period, Report};
///
/// let period = Period::all_time(chrono_tz::UTC);
/// let report = Report::of(period, Filter::new(), Aggregates::default(), None);
/// assert_eq!(Format::named("json"), Some(Format::Json));
/// for format in Format::ALL {
///     assert!(!format.write(&report, &TextOptions::default()).is_empty());
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A page for people.
    #[default]
    Text,
    /// One JSON object on one line, schema version 1.
    Json,
    /// CSV with a header.
    #[cfg(feature = "csv")]
    Csv,
}

impl Format {
    /// All there are, in the order in which they are listed to people.
    pub const ALL: &[Self] = &[
        Self::Text,
        Self::Json,
        #[cfg(feature = "csv")]
        Self::Csv,
    ];

    /// Its name, and what it is, in a few words.
    const fn entry(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("text", "A page for people"),
            Self::Json => ("json", "One JSON object, schema version 1"),
            #[cfg(feature = "csv")]
            Self::Csv => (
                "csv",
                "A row for each group; without --by for each profile, provider, route and model",
            ),
        }
    }

    /// Returns its name, as `--format` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.entry().0
    }

    /// Returns in a few words what it is.
    #[must_use]
    pub const fn about(self) -> &'static str {
        self.entry().1
    }

    /// Returns the format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.name() == name)
    }

    /// Returns whether people read it, and may be given more beside it.
    #[must_use]
    pub const fn is_for_people(self) -> bool {
        matches!(self, Self::Text)
    }

    /// Returns whether it has the [note](crate::Period::note) of a period in it.
    #[must_use]
    pub const fn has_notes(self) -> bool {
        matches!(self, Self::Json)
    }

    /// Returns what a report in this form is grouped by if nobody says otherwise; `None`: by route, and by model.
    #[must_use]
    pub fn grouping(self) -> Option<Grouping> {
        match self {
            Self::Text | Self::Json => None,
            #[cfg(feature = "csv")]
            Self::Csv => Some(Grouping::routes_and_models()),
        }
    }

    /// Prints a list of sessions. Only text has options.
    #[must_use]
    pub fn write_sessions(self, list: &SessionList, options: &TextOptions) -> String {
        match self {
            Self::Text => lists::sessions(list, options),
            Self::Json => json::sessions(list),
            #[cfg(feature = "csv")]
            Self::Csv => csv::sessions(list),
        }
    }

    /// Prints a list of blocks. Only text has options.
    #[must_use]
    pub fn write_blocks(self, list: &BlockList, options: &TextOptions) -> String {
        match self {
            Self::Text => lists::blocks(list, options),
            Self::Json => json::blocks(list),
            #[cfg(feature = "csv")]
            Self::Csv => csv::blocks(list),
        }
    }

    /// Prints a report. Only text has options.
    #[must_use]
    pub fn write(self, report: &Report, options: &TextOptions) -> String {
        match self {
            Self::Text => text::report(report, options),
            Self::Json => json::report(report),
            #[cfg(feature = "csv")]
            Self::Csv => csv::report(report),
        }
    }
}

impl Report {
    /// Prints it as text for people: the title, the totals, then its tables. The lists of routes and of models
    /// stand under each profile; any other table has a column for each dimension.
    ///
    /// Where time comes first, each line has a bar of its tokens if there is room, and a stretch
    /// of time without any group has a line of its own.
    #[must_use]
    pub fn to_text(&self, options: &TextOptions) -> String {
        text::report(self, options)
    }

    /// Prints it as one line of JSON, schema version 1, with a line break at the end.
    ///
    /// Characters that a terminal would act on are escaped, which changes no value.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::report(self)
    }

    /// Prints it as CSV: one table, with a header and a row for each group. A report of the lists of routes and of
    /// models is grouped by both ([`Grouping::routes_and_models`]).
    ///
    /// Names are shown as [`printable`] text.
    #[cfg(feature = "csv")]
    #[must_use]
    pub fn to_csv(&self) -> String {
        csv::report(self)
    }
}

#[cfg(test)]
mod tests;
