//! `GET /v1/overview`: today, this week and this month, each beside the one before.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{Response, StatusCode};
use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use serde_json::{Value, json};
use usage_core::format::format_summary_json;
use usage_core::period::{Unit, WeekStart, parse_period_with};
use usage_core::query::{Calendar, Limits, Selection};
use usage_core::stats::Summary;
use usage_core::{Engine, Error, Filter, TimeRange};

use crate::answer;
use crate::app::App;
use crate::question::{self, Question};
use crate::routes::asked;
use crate::tokens::Grant;

/// The periods, and what each is held against.
const PERIODS: [(&str, &str); 3] =
    [("today", "yesterday"), ("this-week", "last-week"), ("this-month", "last-month")];

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(grant): Extension<Grant>,
    request: Request,
) -> Response<Body> {
    let question = match asked(&app, &grant, &request, question::OVERVIEW) {
        Ok(question) => question,
        Err(wrong) => return *wrong,
    };
    let answered = app.ask(move |app, engine, limits| {
        let Question { filter, week_start, period, .. } = question;
        let zone = period.zone();
        let now = app.world.clock.now().to_utc().unwrap_or_default().with_timezone(&zone);
        let asked = Asked { engine, limits, filter: &filter, now, week_start };
        let periods: Result<Vec<_>, _> = PERIODS.iter().map(|of| asked.period(*of)).collect();
        Ok(json!({
            "schema": 1, "now": rfc3339(now), "timezone": zone.name(), "price_basis": "list",
            "periods": periods?,
        }))
    });
    match answered.await {
        Ok(overview) => answer::json(StatusCode::OK, &overview),
        Err(why) => why.into_response(),
    }
}

struct Asked<'a> {
    engine: &'a dyn Engine,
    limits: Limits,
    filter: &'a Filter,
    now: DateTime<Tz>,
    week_start: WeekStart,
}

impl Asked<'_> {
    /// A period, and the one before: as long after its start as it is now since the start of this one, and whole.
    fn period(&self, (name, before): (&str, &str)) -> Result<Value, Error> {
        let bounds = |name| {
            let period = parse_period_with(name, self.now, self.week_start).ok();
            let bounds = period.and_then(|period| Some((period.start()?, period.end()?)));
            bounds.ok_or_else(|| Error::other("the calendar ends here"))
        };
        let ((start, end), (from, to)) = (bounds(name)?, bounds(before)?);
        let until = (from + (self.now - start)).min(to);
        Ok(json!({
            "name": name, "start": rfc3339(start), "end": rfc3339(end),
            "summary": self.summary((start, end))?,
            "before": {
                "name": before, "start": rfc3339(from), "end": rfc3339(to), "until": rfc3339(until),
                "so_far": self.summary((from, until))?,
                "summary": self.summary((from, to))?,
            },
        }))
    }

    fn summary(&self, (start, end): (DateTime<Tz>, DateTime<Tz>)) -> Result<Value, Error> {
        let range = TimeRange { start: Some(start.into()), end: Some(end.into()) };
        // Where only sums are left, now is at no instant that they can tell apart.
        let range = self.engine.countable(range, &self.limits)?;
        let of = Selection::new(range, self.filter).within(self.limits.clone());
        let calendar = Calendar { unit: Unit::Month, zone: start.timezone() };
        let mut summary = Summary::default();
        for bucket in self.engine.series_of_all(&of, calendar)?.buckets() {
            summary.merge(&bucket.usage().summary());
        }
        Ok(serde_json::from_str(&format_summary_json(&summary)).unwrap_or_default())
    }
}

fn rfc3339(at: DateTime<Tz>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}
