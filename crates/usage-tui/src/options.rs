//! What the view is shown with.

use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;
use usage_core::Filter;
use usage_core::period::PeriodOptions;
use usage_core::query::Cancel;
use usage_core::stats::Sort;

use crate::facts::Panel;
use crate::theme::Theme;
use crate::view::{By, Tab};

/// The present, in the zone whose days are shown. It is asked for each frame, as midnight comes.
pub(crate) type Now = Arc<dyn Fn() -> DateTime<Tz> + Send + Sync>;

/// The settings that the view is shown with.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    pub(crate) now: Now,
    pub(crate) calendar: PeriodOptions,
    pub(crate) theme: Theme,
    pub(crate) is_ascii: bool,
    pub(crate) filter: Filter,
    pub(crate) tab: Tab,
    pub(crate) by: By,
    pub(crate) sort: Sort,
    pub(crate) stop: Cancel,
    pub(crate) budgets: Option<Arc<dyn Panel>>,
    pub(crate) status: Option<Arc<dyn Panel>>,
}

impl Options {
    /// Shows today by model, in no colour, of all records.
    #[must_use]
    pub fn new(now: impl Fn() -> DateTime<Tz> + Send + Sync + 'static) -> Self {
        Self {
            now: Arc::new(now),
            calendar: PeriodOptions::default(),
            theme: Theme::default(),
            is_ascii: false,
            filter: Filter::new(),
            tab: Tab::default(),
            by: By::default(),
            sort: Sort::Tokens,
            stop: Cancel::default(),
            budgets: None,
            status: None,
        }
    }

    /// Sets how weeks begin.
    #[must_use]
    pub fn with_calendar(self, calendar: impl Into<PeriodOptions>) -> Self {
        Self { calendar: calendar.into(), ..self }
    }

    /// Sets the colours.
    #[must_use]
    pub fn with_theme(self, theme: Theme) -> Self {
        Self { theme, ..self }
    }

    /// Draws with characters of ASCII alone, besides those of names.
    #[must_use]
    pub fn in_ascii(self, is_ascii: bool) -> Self {
        Self { is_ascii, ..self }
    }

    /// Shows only records that pass the filter.
    #[must_use]
    pub fn with_filter(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// Begins with a tab.
    #[must_use]
    pub fn on(self, tab: Tab) -> Self {
        Self { tab, ..self }
    }

    /// Begins grouped by something.
    #[must_use]
    pub fn by(self, by: By) -> Self {
        Self { by, ..self }
    }

    /// Begins sorted by something.
    #[must_use]
    pub fn sorted_by(self, sort: Sort) -> Self {
        Self { sort, ..self }
    }

    /// Ends the view, within a quarter of a second, when this is called off: for signals.
    #[must_use]
    pub fn until(self, stop: Cancel) -> Self {
        Self { stop, ..self }
    }

    /// Sets what stands on the tab of budgets.
    #[must_use]
    pub fn with_budgets(self, budgets: Arc<dyn Panel>) -> Self {
        Self { budgets: Some(budgets), ..self }
    }

    /// Sets what stands on the tab of status, below what the engine tells.
    #[must_use]
    pub fn with_status(self, status: Arc<dyn Panel>) -> Self {
        Self { status: Some(status), ..self }
    }
}
