//! Who may come in: the host that is asked for, the page that asks, and the token.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::answer;
use crate::app::App;
use crate::routes::{Needs, needs_of};
use crate::tokens::Grant;

/// Headers of every answer: nothing of it is to be run, framed, guessed or kept.
const HEADERS: &[(HeaderName, &str)] = &[
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Lets a request through, with what it may do, or says why not.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut response = match admit(&app, &request) {
        Ok(grant) => {
            request.extensions_mut().insert(grant);
            next.run(request).await
        }
        Err(refused) => *refused,
    };
    for (name, value) in HEADERS {
        // The page says itself what it may run.
        let header = response.headers_mut().entry(name.clone());
        header.or_insert(HeaderValue::from_static(value));
    }
    response
}

fn admit(app: &App, request: &Request) -> Result<Grant, Box<Response<Body>>> {
    let headers = request.headers();
    let refuse = |status, why: &str| Err(Box::new(answer::refused(status, why)));
    // A page elsewhere may lead its own name to this machine: then the name gives it away.
    let Some(host) = host_of(headers) else {
        return refuse(StatusCode::BAD_REQUEST, "there is no Host, or more than one");
    };
    if !is_known(&host, &app.hosts) {
        return refuse(StatusCode::MISDIRECTED_REQUEST, "this server is not of that host");
    }
    if !is_same_origin(headers) && !is_visit(request) {
        return refuse(StatusCode::FORBIDDEN, "pages of other origins may not ask");
    }
    let needs = needs_of(request.method(), request.uri().path());
    let Some(tokens) = &app.tokens else { return Ok(Grant::all()) };
    if needs == Needs::Nothing {
        return Ok(Grant::default());
    }
    let token = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let token = token.and_then(|value| {
        let (scheme, token) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
    });
    let Some(grant) = token.and_then(|token| tokens.grant(token)) else {
        let mut response = answer::refused(StatusCode::UNAUTHORIZED, "a bearer token is needed");
        let bearer = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        return Err(Box::new(response));
    };
    match needs {
        Needs::Read if !grant.may_read => refuse(StatusCode::FORBIDDEN, "this token may not read"),
        // What is not told by instance is for those who may know of all.
        Needs::ReadAll if !grant.may_read || !grant.instances.is_empty() => {
            refuse(StatusCode::FORBIDDEN, "this token may not read what is about all instances")
        }
        Needs::Write if !grant.may_write => {
            refuse(StatusCode::FORBIDDEN, "this token may not write")
        }
        _ => Ok(grant.clone()),
    }
}

/// Returns the host that a request is for, in lower case and without its port.
fn host_of(headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then(|| without_port(host).to_ascii_lowercase())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // Colons within brackets are of an address.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Returns whether a host is this server: an address cannot be led elsewhere, a name can.
fn is_known(host: &str, hosts: &[String]) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || address.parse::<IpAddr>().is_ok() || hosts.iter().any(|of| of == host)
}

/// Returns whether somebody follows a link to the page: it holds nothing, and what it asks it asks by itself.
fn is_visit(request: &Request) -> bool {
    let mode = request.headers().get("sec-fetch-mode");
    request.method() == Method::GET
        && request.uri().path() == "/"
        && mode.is_some_and(|mode| mode == "navigate")
}

/// Returns whether no page of another origin asks.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|it| it.to_str().unwrap_or("null"));
    let site = HeaderName::from_static("sec-fetch-site");
    if text(site).is_some_and(|site| site == "cross-site") {
        return false;
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let host = text(header::HOST).unwrap_or_default();
    let of = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    of.is_some_and(|of| of.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_that_were_named_are_this_server() {
        let hosts = ["ledger.example".to_owned()];
        for (host, expected) in [
            ("127.0.0.1:4318", true),
            ("[::1]:4318", true),
            ("[::1]", true),
            ("LOCALHOST", true),
            ("10.1.2.3", true),
            ("ledger.example:80", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            let found = host_of(&headers).unwrap();
            assert_eq!(is_known(&found, &hosts), expected, "{host} as {found}");
        }
    }

    #[test]
    fn only_a_page_of_this_server_may_ask() {
        for (name, value, expected) in [
            ("origin", "http://127.0.0.1:4318", true),
            ("origin", "http://127.0.0.1:8080", false),
            ("origin", "http://evil.example", false),
            ("origin", "null", false),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
            ("x-other", "evil", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:4318"));
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(is_same_origin(&headers), expected, "{name}: {value}");
        }
    }
}
