//! The routes: one table of them, and what each does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use axum::routing::{MethodRouter, get, post};
use serde_json::json;
use usage_core::format::TextOptions;
use usage_core::query::SessionList;
use usage_core::{Label, LabelInterner, ReportQuery, Timestamp};

use crate::app::App;
use crate::batch::Batch;
use crate::body::{self, Unread};
use crate::gate::NotTaken;
use crate::otlp::{self, Encoding, OtlpError, Signal};
use crate::question::{self, Question, Wrong};
use crate::tokens::Grant;
use crate::{
    answer, events, guard, litellm, metrics, overview, page, prices, records, status, units,
};

/// What a route asks of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    Read,
    ReadAll,
    Write,
}

type Handler = fn() -> MethodRouter<Arc<App>>;

/// A route.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    needs: Needs,
    handler: Handler,
}

const fn route(method: Method, path: &'static str, needs: Needs, handler: Handler) -> Route {
    Route { method, path, needs, handler }
}

/// All there are. The page `openapi.json` has each of them.
pub(crate) const ROUTES: &[Route] = &[
    route(Method::POST, "/v1/logs", Needs::Write, || post(logs)),
    route(Method::POST, "/v1/traces", Needs::Write, || post(traces)),
    route(Method::POST, "/v1/metrics", Needs::Write, || post(metric_points)),
    route(Method::POST, "/", Needs::Write, || post(by_content)),
    route(Method::POST, "/v1/records", Needs::Write, || post(record_lines)),
    route(Method::POST, "/v1/litellm", Needs::Write, || post(litellm_payloads)),
    route(Method::GET, "/v1/report", Needs::Read, || get(report)),
    route(Method::GET, "/v1/series", Needs::Read, || get(series)),
    route(Method::GET, "/v1/sessions", Needs::Read, || get(sessions)),
    route(Method::GET, "/v1/overview", Needs::Read, || get(overview::show)),
    route(Method::GET, "/v1/prices", Needs::Read, || get(prices::show)),
    route(Method::GET, "/v1/budgets", Needs::ReadAll, || get(status::budgets)),
    route(Method::GET, "/v1/status", Needs::ReadAll, || get(status::show)),
    route(Method::GET, "/v1/events", Needs::Read, || get(events::subscribe)),
    route(Method::GET, "/metrics", Needs::ReadAll, || get(metrics::scrape)),
    route(Method::GET, "/healthz", Needs::Nothing, || get(healthy)),
    route(Method::GET, "/readyz", Needs::Nothing, || get(ready)),
    route(Method::GET, "/openapi.json", Needs::Nothing, || get(openapi)),
    route(Method::GET, "/", Needs::Nothing, || get(page::index)),
    route(Method::GET, page::PATH, Needs::Nothing, || get(page::file)),
];

/// The page about the routes.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// Returns what a request needs. Of a path that is none nothing is told to those without a token.
pub(crate) fn needs_of(method: &Method, path: &str) -> Needs {
    // HEAD is as GET.
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let path = if path.starts_with(page::FOLDER) { page::PATH } else { path };
    let route = ROUTES.iter().find(|route| route.method == *method && route.path == path);
    route.map_or(Needs::Read, |route| route.needs)
}

/// Makes the service of all routes.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, (route.handler)());
    }
    router
        .fallback(|| async { answer::refused(StatusCode::NOT_FOUND, "there is no such route") })
        .method_not_allowed_fallback(|| async {
            answer::refused(StatusCode::METHOD_NOT_ALLOWED, "this route takes another method")
        })
        // Bodies are bounded where they are read.
        .layer(DefaultBodyLimit::disable())
        .layer(axum::middleware::from_fn_with_state(Arc::clone(app), guard::check))
        .with_state(Arc::clone(app))
}

/// Returns the method and the path of each route.
pub fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.method.as_str(), route.path))
}

type Shared = State<Arc<App>>;
type Granted = Extension<Grant>;

async fn logs(State(app): Shared, Extension(grant): Granted, request: Request) -> Response<Body> {
    telemetry(&app, &grant, request, Some(Signal::Logs)).await
}

async fn traces(State(app): Shared, Extension(grant): Granted, request: Request) -> Response<Body> {
    telemetry(&app, &grant, request, Some(Signal::Traces)).await
}

async fn metric_points(
    State(app): Shared,
    Extension(grant): Granted,
    request: Request,
) -> Response<Body> {
    telemetry(&app, &grant, request, Some(Signal::Metrics)).await
}

async fn by_content(
    State(app): Shared,
    Extension(grant): Granted,
    request: Request,
) -> Response<Body> {
    telemetry(&app, &grant, request, None).await
}

async fn telemetry(
    app: &Arc<App>,
    grant: &Grant,
    request: Request,
    signal: Option<Signal>,
) -> Response<Body> {
    let Some(encoding) = encoding_of(request.headers()) else {
        let why = "application/json and application/x-protobuf are accepted";
        return answer::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
    };
    let read = move |body, now, interner: &mut LabelInterner| {
        otlp::read(body, encoding, signal, now, interner).map_err(|error| match error {
            OtlpError::Json(why) => format!("not OTLP in JSON: {why}"),
            OtlpError::Protobuf(why) => format!("not OTLP in protobuf: {why}"),
        })
    };
    match take(app, grant, request, read).await {
        Ok(batch) => otlp::success(&batch, encoding),
        Err((status, why)) => answer::retry_later(otlp::failure(status, &why, encoding)),
    }
}

fn encoding_of(headers: &HeaderMap) -> Option<Encoding> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/json" => Some(Encoding::Json),
        "application/x-protobuf" | "application/protobuf" => Some(Encoding::Protobuf),
        _ => None,
    }
}

async fn record_lines(
    State(app): Shared,
    Extension(grant): Granted,
    request: Request,
) -> Response<Body> {
    let mut ignores_unknown = false;
    let query = request.uri().query().unwrap_or_default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("ignore_unknown", "" | "true" | "1") => ignores_unknown = true,
            ("ignore_unknown", "false" | "0") => ignores_unknown = false,
            _ => {
                let why = "ignore_unknown=true or false is all that may be asked here";
                return answer::refused(StatusCode::BAD_REQUEST, why);
            }
        }
    }
    let read = move |body: bytes::Bytes, now, interner: &mut LabelInterner| {
        records::read(&body, ignores_unknown, now, interner).map_err(str::to_owned)
    };
    taken(take(&app, &grant, request, read).await)
}

async fn litellm_payloads(
    State(app): Shared,
    Extension(grant): Granted,
    request: Request,
) -> Response<Body> {
    let read = |body: bytes::Bytes, now, interner: &mut LabelInterner| {
        litellm::read(&body, now, interner).map_err(str::to_owned)
    };
    taken(take(&app, &grant, request, read).await)
}

/// Says what was taken, and what was not.
fn taken(result: Result<Batch, (StatusCode, String)>) -> Response<Body> {
    match result {
        Ok(batch) => {
            let nothing = batch.accepted == 0 && batch.rejected > 0;
            let status = if nothing { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            let unknown: serde_json::Map<_, _> = batch
                .unknown
                .by_name()
                .map(|(name, count)| (name.to_owned(), count.into()))
                .collect();
            let body = json!({
                "accepted": batch.accepted,
                "rejected": batch.rejected,
                "errors": batch.reasons,
                "unknown_fields": unknown,
            });
            answer::json(status, &body)
        }
        Err((status, why)) => answer::refused(status, &why),
    }
}

/// Reads a body, makes records of it, and comes back when the journal has them.
async fn take(
    app: &Arc<App>,
    grant: &Grant,
    request: Request,
    read: impl FnOnce(bytes::Bytes, Timestamp, &mut LabelInterner) -> Result<Batch, String>
    + Send
    + 'static,
) -> Result<Batch, (StatusCode, String)> {
    let (parts, body) = request.into_parts();
    let unread = |why: Unread| {
        let (status, words) = why.words();
        (status, words.to_owned())
    };
    if app.is_ending.load(Ordering::Relaxed) {
        return Err(not_taken(NotTaken::Ending));
    }
    let incoming = body::read(&parts.headers, body, &app.large, &app.limits).await;
    let incoming = incoming.map_err(unread)?;
    let (now, most, is_large) = (app.world.clock.now(), app.limits.body, incoming.is_large());
    let work = move || -> Result<_, (StatusCode, String)> {
        let (bytes, place) = incoming.plain(most).map_err(unread)?;
        // Of one batch few names differ.
        let batch = read(bytes, now, &mut LabelInterner::new(1_000));
        Ok((batch.map_err(|why| (StatusCode::BAD_REQUEST, why))?, place))
    };
    let worked = match is_large {
        true => tokio::task::spawn_blocking(work).await,
        false => Ok(work()),
    };
    let failed = |_| (StatusCode::INTERNAL_SERVER_ERROR, "the body could not be read".to_owned());
    let (mut batch, _place) = worked.map_err(failed)??;
    bound(&mut batch, grant);
    let records = std::mem::take(&mut batch.records);
    batch.accepted = records.len() as u64;
    let taken = app.gate.take(records).await;
    taken.map_err(not_taken)?;
    app.received.add(&batch);
    Ok(batch)
}

/// Rejects records of instances that the token is not bound to.
fn bound(batch: &mut Batch, grant: &Grant) {
    if grant.instances.is_empty() {
        return;
    }
    let (kept, others): (Vec<_>, Vec<_>) = std::mem::take(&mut batch.records)
        .into_iter()
        .partition(|record| grant.is_for(record.names().get(Label::Instance)));
    batch.records = kept;
    for record in others {
        let instance = record.names().get(Label::Instance).to_owned();
        batch.source(&instance).records -= 1;
        batch.reject(&instance, format!("this token may not record for {instance:?}"));
    }
}

fn not_taken(why: NotTaken) -> (StatusCode, String) {
    let (status, words) = why.words();
    (status, words.to_owned())
}

async fn report(State(app): Shared, Extension(grant): Granted, request: Request) -> Response<Body> {
    let asked = asked(&app, &grant, &request, question::REPORT);
    reported(&app, asked, false).await
}

/// A report by time: by day, unless it says otherwise, or asks for the unit that suits its length.
async fn series(State(app): Shared, Extension(grant): Granted, request: Request) -> Response<Body> {
    let asked = asked(&app, &grant, &request, question::SERIES);
    reported(&app, asked, true).await
}

async fn reported(
    app: &Arc<App>,
    asked: Result<Question, Box<Response<Body>>>,
    is_series: bool,
) -> Response<Body> {
    let mut question = match asked {
        Ok(question) => question,
        Err(wrong) => return *wrong,
    };
    if let (true, Some(wanted)) = (is_series, question.unit) {
        let period = question.period.clone();
        let unit = app.ask(move |_, engine, limits| units::of(engine, &period, wanted, &limits));
        match unit.await {
            Ok(unit) => question.by.insert(0, unit),
            Err(why) => return why.into_response(),
        }
    } else if is_series && question.by.is_empty() {
        question.by.push(usage_core::stats::Dimension::Day);
    }
    let by = match question.grouping() {
        Ok(by) => by,
        Err(Wrong(why)) => return answer::refused(StatusCode::BAD_REQUEST, &why),
    };
    if is_series && by.as_ref().is_none_or(|by| by.time().is_none()) {
        let why = "by: a series needs one of quarter_hour, hour, day, week and month, or unit=auto";
        return answer::refused(StatusCode::BAD_REQUEST, why);
    }
    let format = question.format;
    let mut query = ReportQuery::new(question.period)
        .with_filter(question.filter)
        .with_week_start(question.week_start);
    (query.by, query.top) = (by, question.listing.top);
    let answered = app.ask(move |_, engine, limits| {
        let report = usage_core::report(engine, &query.within(limits))?;
        Ok(format.write(&report, &TextOptions::default()))
    });
    written(answered.await, format)
}

async fn sessions(
    State(app): Shared,
    Extension(grant): Granted,
    request: Request,
) -> Response<Body> {
    let question = match asked(&app, &grant, &request, question::SESSIONS) {
        Ok(question) => question,
        Err(wrong) => return *wrong,
    };
    let format = question.format;
    let answered = app.ask(move |_, engine, limits| {
        let Question { period, filter, listing, .. } = question;
        let list = SessionList::ask(engine, period, filter, listing, limits)?;
        // A ledger knows sessions.
        Ok(list
            .map(|list| format.write_sessions(&list, &TextOptions::default()))
            .unwrap_or_default())
    });
    written(answered.await, format)
}

pub(crate) fn asked(
    app: &App,
    grant: &Grant,
    request: &Request,
    names: &[&'static str],
) -> Result<Question, Box<Response<Body>>> {
    let query = request.uri().query().unwrap_or_default();
    Question::read(query, names, grant, &app.world)
        .map_err(|Wrong(why)| Box::new(answer::refused(StatusCode::BAD_REQUEST, &why)))
}

fn written(
    answered: Result<String, crate::app::Unanswered>,
    format: usage_core::format::Format,
) -> Response<Body> {
    let kind = match format.name() {
        "json" => "application/json",
        "csv" => "text/csv; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    match answered {
        Ok(text) => answer::with(StatusCode::OK, kind, text),
        Err(why) => why.into_response(),
    }
}

async fn healthy() -> Response<Body> {
    answer::json(StatusCode::OK, &json!({ "status": "ok" }))
}

/// Ready is who takes records for good: the journal works, and the server is not ending.
async fn ready(State(app): Shared) -> Response<Body> {
    let stats = app.tracker.stats();
    let is_ending = app.is_ending.load(Ordering::Relaxed);
    let is_replaced = stats.sink_error == Some(usage_core::ErrorKind::Replaced);
    match (is_ending, is_replaced) {
        (false, false) => answer::json(StatusCode::OK, &json!({ "status": "ready" })),
        (true, _) => answer::refused(StatusCode::SERVICE_UNAVAILABLE, "the server is ending"),
        (_, true) => answer::refused(StatusCode::SERVICE_UNAVAILABLE, "the ledger was replaced"),
    }
}

async fn openapi() -> Response<Body> {
    answer::with(StatusCode::OK, "application/json", OPENAPI)
}
