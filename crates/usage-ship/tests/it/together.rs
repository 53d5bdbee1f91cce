//! Ledgers together as one engine, by nothing but adding up: what an engine that has them all is compared with, byte for
//! byte.

use chrono::DateTime;
use chrono_tz::Tz;
use usage_core::format::{Format, TextOptions};
use usage_core::period::parse_period;
use usage_core::query::{
    Bounds, Calendar, Limits, Listing, Order, Records, Seen, Selection, Session, SessionList,
};
use usage_core::stats::{Aggregates, Series};
use usage_core::{Engine, Error, Filter, Label, ReportQuery, report};
use usage_store::Store;

pub(crate) struct Together<'a>(pub(crate) &'a [&'a Store]);

impl Engine for Together<'_> {
    fn totals(&self, of: &Selection<'_>) -> Result<Aggregates, Error> {
        let mut totals = Aggregates::default();
        for store in self.0 {
            totals.merge(Engine::totals(*store, of)?);
        }
        Ok(totals)
    }

    /// Of a range with both ends alone, so that all have the same buckets.
    fn series(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, Error> {
        let mut series = Engine::series(self.0[0], of, by)?;
        for store in &self.0[1..] {
            for (at, bucket) in Engine::series(*store, of, by)?.buckets().iter().enumerate() {
                series.bucket_mut(at).unwrap().usage_mut().merge(bucket.usage().clone());
            }
        }
        Ok(series)
    }

    fn records<'a>(&'a self, _: &Selection<'a>, _: Order) -> Records<'a> {
        unimplemented!("nobody asks")
    }

    fn sessions(
        &self,
        of: &Selection<'_>,
        listing: Listing,
    ) -> Result<Option<Vec<Session>>, Error> {
        let mut sessions = Vec::new();
        for store in self.0 {
            sessions.extend(Engine::sessions(*store, of, listing)?.unwrap_or_default());
        }
        listing.apply(&mut sessions);
        Ok(Some(sessions))
    }

    fn names(&self, _: Label, _: usize, _: &Limits) -> Result<Vec<String>, Error> {
        unimplemented!("nobody asks")
    }

    fn bounds(&self, _: &Limits) -> Result<Bounds, Error> {
        unimplemented!("nobody asks")
    }

    fn seen(&self) -> Result<Seen, Error> {
        unimplemented!("nobody asks")
    }
}

/// The reports that a person would ask for, of two years whose ends are those of days in Asia/Kathmandu, as they are
/// printed.
pub(crate) fn printed(engine: &dyn Engine) -> Vec<(String, String)> {
    let now = DateTime::from_timestamp_micros(crate::ledgers::START).unwrap();
    let period =
        parse_period("2024-06-01..2026-06-01", now.with_timezone(&Tz::Asia__Kathmandu)).unwrap();
    let texts = TextOptions::default();
    let mut printed = Vec::new();
    for by in ["route", "model", "project", "day", "month,tier", "day,route,model,instance"] {
        let mut query = ReportQuery::new(period.clone());
        query.by = Some(by.parse().unwrap());
        let report = report(engine, &query).unwrap();
        for format in [Format::Json, Format::Csv, Format::Text] {
            printed.push((format!("by {by} as {}", format.name()), format.write(&report, &texts)));
        }
    }
    let sessions =
        SessionList::ask(engine, period, Filter::new(), Listing::default(), Limits::none());
    let sessions = sessions.unwrap().unwrap();
    printed.push(("sessions".to_owned(), Format::Json.write_sessions(&sessions, &texts)));
    printed
}
