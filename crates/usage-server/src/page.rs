//! The page: files within the program, that may run nothing but themselves and ask nobody but this server.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, Response, StatusCode, header};

use crate::answer;

/// The folder of its files.
pub(crate) const FOLDER: &str = "/page/";
/// The route of its files.
pub(crate) const PATH: &str = "/page/{file}";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// A file that is part of this program: its name, its kind, and what is in it.
type File = (&'static str, &'static str, &'static str);

macro_rules! files {
    ($($name:literal: $kind:expr),* $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("page/", $name)))),*]
    };
}

const INDEX: &str = include_str!("page/index.html");
const FILES: &[File] = files! {
    "address.js": SCRIPT,
    "api.js": SCRIPT,
    "app.js": SCRIPT,
    "breakdown.js": SCRIPT,
    "chart.js": SCRIPT,
    "dom.js": SCRIPT,
    "icon.svg": "image/svg+xml",
    "numbers.js": SCRIPT,
    "other.js": SCRIPT,
    "overview.js": SCRIPT,
    "page.css": STYLE,
    "series.js": SCRIPT,
    "sessions.js": SCRIPT,
    "time.js": SCRIPT,
    "uplot.css": STYLE,
    "uplot.js": SCRIPT,
};

pub(crate) async fn index() -> Response<Body> {
    with_policy(answer::with(StatusCode::OK, "text/html; charset=utf-8", INDEX))
}

pub(crate) async fn file(Path(name): Path<String>) -> Response<Body> {
    match FILES.iter().find(|(of, ..)| *of == name) {
        Some((_, kind, text)) => with_policy(answer::with(StatusCode::OK, kind, *text)),
        None => answer::refused(StatusCode::NOT_FOUND, "the page has no such file"),
    }
}

fn with_policy(mut response: Response<Body>) -> Response<Body> {
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
