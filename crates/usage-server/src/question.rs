//! Questions to the ledger, as the query of an address states them: the options of the commands, by the same names.

use std::sync::Arc;

use chrono_tz::Tz;
use usage_core::format::Format;
use usage_core::period::{WeekStart, parse_period_with};
use usage_core::query::{Listing, SessionOrder};
use usage_core::stats::{Dimension, Grouping};
use usage_core::{Filter, Label, Period, TagKey};
use usage_tracker::Clock;

use crate::tokens::Grant;
use crate::units;

/// The world that a question is asked in.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) zone: Tz,
}

/// A question as it was asked.
pub(crate) struct Question {
    pub(crate) period: Period,
    pub(crate) week_start: WeekStart,
    pub(crate) filter: Filter,
    pub(crate) by: Vec<Dimension>,
    pub(crate) listing: Listing,
    pub(crate) format: Format,
    /// The unit of time is to be chosen by the length of the period, this one where that does.
    pub(crate) unit: Option<Option<Dimension>>,
}

/// Says what is wrong with a question.
pub(crate) struct Wrong(pub(crate) String);

/// The names that a route takes, besides those of filters.
pub(crate) const REPORT: &[&str] = &["by", "top"];
pub(crate) const SERIES: &[&str] = &["by", "top", "unit"];
pub(crate) const SESSIONS: &[&str] = &["sort", "top"];
pub(crate) const PRICES: &[&str] = &["top"];
pub(crate) const OVERVIEW: &[&str] = &[];
const ALL: &[&str] = &["period", "timezone", "week_start", "format", "tag"];

impl Question {
    /// Reads a query. A name that is not known is an error: an answer to another question would look like one to this.
    pub(crate) fn read(
        query: &str,
        names: &[&'static str],
        grant: &Grant,
        world: &World,
    ) -> Result<Self, Wrong> {
        let mut filter = Filter::new();
        let (mut period, mut zone) = (String::new(), world.zone);
        let (mut week_start, mut format) = (WeekStart::default(), Format::Json);
        let mut listing = Listing::default();
        let (mut by, mut unit) = (Vec::new(), None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (name, value) = (&*name, &*value);
            let wrong =
                |expected: &str| Wrong(format!("{name} is {:?}, {expected}", shortened(value)));
            if let Some(label) = Label::ALL.into_iter().find(|label| label.name() == name) {
                if label == Label::Instance && !grant.is_for(value) {
                    return Err(wrong("which this token may not read"));
                }
                filter = filter.keeping(label, value);
                continue;
            }
            if !names.contains(&name) && !ALL.contains(&name) {
                let mut known = ALL.to_vec();
                known.extend_from_slice(names);
                known.extend(Label::ALL.into_iter().map(Label::name));
                let name = shortened(name);
                return Err(Wrong(format!(
                    "{name:?} is not known; known are {}",
                    known.join(", ")
                )));
            }
            match name {
                "period" => value.clone_into(&mut period),
                "timezone" => {
                    zone = value.parse().map_err(|_| wrong("which is no IANA time zone"))?;
                }
                "week_start" => {
                    week_start = match value {
                        "monday" => WeekStart::Monday,
                        "sunday" => WeekStart::Sunday,
                        _ => return Err(wrong("monday and sunday are accepted")),
                    };
                }
                "format" => {
                    let format_of = Format::named(value);
                    format = format_of.ok_or_else(|| wrong("text, json and csv are accepted"))?;
                }
                "tag" => {
                    let (key, of) = value.split_once('=').ok_or_else(|| wrong("not KEY=VALUE"))?;
                    let key = TagKey::new(key).map_err(|error| Wrong(error.to_string()))?;
                    filter = filter.keeping_tag(key, of);
                }
                "by" => {
                    for name in value.split(',') {
                        by.push(name.parse().map_err(|error| Wrong(format!("by: {error}")))?);
                    }
                }
                "unit" if value == "auto" => unit = Some(None),
                "unit" => {
                    let of = units::named(value);
                    unit =
                        Some(Some(of.ok_or_else(|| wrong("auto and units of time are accepted"))?));
                }
                "sort" => {
                    listing.order = value.parse().map_err(|_| {
                        let known: Vec<_> = SessionOrder::ALL.iter().map(|it| it.name()).collect();
                        wrong(&format!("{} are accepted", known.join(", ")))
                    })?;
                }
                _ => {
                    let top = value.parse().ok().filter(|top| *top > 0);
                    listing.top = Some(top.ok_or_else(|| wrong("not a whole number from 1 on"))?);
                }
            }
        }
        if filter.kept(Label::Instance).is_empty() {
            let of = grant.instances.iter();
            filter = of.fold(filter, |filter, of| filter.keeping(Label::Instance, of));
        }
        let now = world.clock.now().to_utc().unwrap_or_default().with_timezone(&zone);
        let period = parse_period_with(&period, now, week_start);
        let period = period.map_err(|error| Wrong(error.to_string()))?;
        Ok(Self { period, week_start, filter, by, listing, format, unit })
    }

    /// Returns how groups are made, if it says so.
    pub(crate) fn grouping(&self) -> Result<Option<Grouping>, Wrong> {
        if self.by.is_empty() {
            return Ok(self.format.grouping());
        }
        let grouping = Grouping::new(self.by.iter().copied());
        grouping.map(Some).map_err(|error| Wrong(error.to_string()))
    }
}

/// A text as an answer quotes it.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(80)]
}
