//! The page and what it asks for.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use usage_core::Timestamp;
use usage_core::budget::{Amount, Budget, Per};
use usage_server::{Config, Tokens};
use usage_tracker::{Clock, SystemClock};

use crate::client::{PATIENCE, Served};

#[derive(Debug)]
struct At(Timestamp, SystemClock);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn monotonic(&self) -> Duration {
        self.1.monotonic()
    }
}

/// A server whose clock stands still, with these records in its ledger.
fn at(now: &str, lines: &str) -> Served {
    let now: DateTime<Utc> = now.parse().unwrap();
    let mut config = Config::default();
    config.clock = Arc::new(At(now.into(), SystemClock::new()));
    let served = Served::with(config);
    assert_eq!(served.post("/v1/records", "application/x-ndjson", lines).status, 200);
    let until = std::time::Instant::now() + PATIENCE;
    let expected = lines.lines().count() as u64;
    while served.get("/v1/report").json()["summary"]["requests"] != expected {
        assert!(std::time::Instant::now() < until, "never stored");
        // sleep: a poll with a deadline; the ledger gives no other sign.
        std::thread::sleep(Duration::from_millis(20));
    }
    served
}

fn line(at: &str, tokens: u64) -> String {
    format!(
        "{{\"instance_id\":\"a\",\"provider\":\"p\",\"route\":\"r\",\"model\":\"m\",\"tokens\":{tokens},\"timestamp\":\"{at}\"}}\n"
    )
}

/// All that the page loads, from the page itself and the modules that modules name.
fn files(served: &Served) -> Vec<(String, String)> {
    let mut found = vec![("/".to_owned(), served.get("/").text().to_owned())];
    let mut at = 0;
    while at < found.len() {
        let text = found[at].1.clone();
        let named = text.split('"').filter_map(|word| match word.strip_prefix("./") {
            Some(module) => Some(format!("/page/{module}")),
            None => word.starts_with("/page/").then(|| word.to_owned()),
        });
        for path in named {
            if found.iter().all(|(of, _)| *of != path) {
                let answer = served.get(&path);
                assert_eq!(answer.status, 200, "{path}");
                found.push((path, answer.text().to_owned()));
            }
        }
        at += 1;
    }
    found
}

#[test]
fn the_page_is_small_and_whole_and_may_run_nothing_else() {
    let served = Served::new();
    let files = files(&served);
    assert!(files.len() > 10, "{files:?}");
    let size: usize = files.iter().map(|(_, text)| text.len()).sum();
    assert!(size < 200_000, "{size} bytes");
    let index = &files[0].1;
    for inline in ["<style", "style=", " on", "javascript:"] {
        assert!(!index.contains(inline), "{inline}");
    }
    for (path, text) in
        files.iter().filter(|(path, _)| path.ends_with(".js") && !path.ends_with("uplot.js"))
    {
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
        ] {
            assert!(!text.contains(way), "{path} uses {way}");
        }
    }
    for path in ["/", "/page/app.js", "/page/page.css", "/page/icon.svg"] {
        let answer = served.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{policy}"
        );
        assert!(
            policy.contains("require-trusted-types-for 'script'") && !policy.contains("unsafe")
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(
        served.get("/page/app.js").header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    for none in ["/page/", "/page/none.js", "/page/..%2fpage.rs", "/page/a/b", "/page/uplot.js/"] {
        assert_eq!(served.get(none).status, 404, "{none}");
    }
}

/// It holds no figure, so whoever has no token gets it too and is asked for one there.
#[test]
fn the_page_needs_no_token_and_its_figures_do() {
    let mut config = Config::default();
    let text = "read rrrrrrrrrrrrrrrrrrrr\nread bbbbbbbbbbbbbbbbbbbb codex\n";
    config.tokens = Some(Tokens::parse(text).unwrap());
    let served = Served::with(config);
    let paths =
        ["/", "/page/app.js", "/v1/overview", "/v1/prices", "/v1/budgets", "/page/none", "/pages"];
    for (token, expected) in [
        ("", [200, 200, 401, 401, 401, 404, 401]),
        ("rrrrrrrrrrrrrrrrrrrr", [200, 200, 200, 200, 200, 404, 404]),
        ("bbbbbbbbbbbbbbbbbbbb", [200, 200, 200, 200, 403, 404, 404]),
    ] {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        let headers = if token.is_empty() { &[][..] } else { &headers[..] };
        let found = paths.map(|path| served.send("GET", path, headers, b"").status);
        assert_eq!(found, expected, "{token}");
    }
}

#[test]
fn a_link_elsewhere_leads_to_the_page_and_to_nothing_else() {
    let served = Served::new();
    let visit = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")];
    assert_eq!(served.send("GET", "/?period=today", &visit, b"").status, 200);
    for path in ["/v1/report", "/page/app.js", "/healthz"] {
        assert_eq!(served.send("GET", path, &visit, b"").status, 403, "{path}");
    }
    let embedded = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")];
    assert_eq!(served.send("GET", "/", &embedded, b"").status, 403);
    assert_eq!(served.send("POST", "/", &visit, b"").status, 403);
}

#[test]
fn periods_stand_beside_the_ones_before_at_the_same_time() {
    // A Sunday, the last day of its week, at noon.
    let lines = [
        line("2026-11-29T11:00:00Z", 7),
        line("2026-11-28T11:00:00Z", 10),
        line("2026-11-28T13:00:00Z", 100),
        line("2026-11-21T01:00:00Z", 1_000),
        line("2026-10-29T23:00:00Z", 10_000),
    ];
    let served = at("2026-11-29T12:00:00Z", &lines.concat());
    let overview = served.get("/v1/overview?timezone=UTC").json();
    let figures = |of: &Value| {
        let tokens = |of: &Value| of["summary"]["tokens"].as_u64().unwrap();
        let before = &of["before"];
        (tokens(of), before["so_far"]["tokens"].as_u64().unwrap(), tokens(before))
    };
    let periods = overview["periods"].as_array().unwrap();
    assert_eq!(
        periods.iter().map(|of| &of["name"]).collect::<Vec<_>>(),
        ["today", "this-week", "this-month"]
    );
    assert_eq!(
        periods.iter().map(figures).collect::<Vec<_>>(),
        [(7, 10, 110), (117, 1_000, 1_000), (1_117, 0, 10_000),]
    );
    assert_eq!(periods[0]["before"]["until"], "2026-11-28T12:00:00+00:00");
    let of_none = served.get("/v1/overview?model=none").json();
    assert_eq!(figures(&of_none["periods"][2]), (0, 0, 0));
    assert_eq!(served.get("/v1/overview?by=day").status, 400);
}

#[test]
fn a_series_has_the_unit_that_suits_or_the_one_that_is_wanted() {
    let served = at("2026-11-29T12:00:00Z", &line("2026-11-29T11:20:00Z", 5));
    for (query, expected) in [
        ("period=today&unit=auto", "hour"),
        ("period=today&unit=quarter_hour", "quarter_hour"),
        ("period=2020&unit=quarter_hour", "day"),
        ("period=all-time&unit=auto", "quarter_hour"),
    ] {
        let series = served.get(&format!("/v1/series?{query}")).json();
        assert_eq!(series["by"][0], expected, "{query}");
        let sum: u64 = series["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|of| of["tokens"].as_u64().unwrap())
            .sum();
        assert_eq!(sum, series["summary"]["tokens"].as_u64().unwrap(), "{query}");
    }
    let series = served.get("/v1/series?period=today&unit=quarter_hour&by=model").json();
    assert_eq!(series["groups"][0]["quarter_hour"], "2026-11-29T11:15:00+00:00");
    for wrong in ["unit=model", "unit=auto&by=day", "unit=fortnight"] {
        assert_eq!(served.get(&format!("/v1/series?{wrong}")).status, 400, "{wrong}");
    }
}

#[test]
fn budgets_are_those_of_the_ledger() {
    let served = at("2026-11-29T12:00:00Z", &line("2026-11-29T11:00:00Z", 7));
    assert_eq!(served.get("/v1/budgets").json()["budgets"], Value::Array(Vec::new()));
    let budget = Budget::new("team", Amount::Tokens(10), Per::Day).unwrap();
    served.store.budgets().set(&budget).unwrap();
    let team = &served.get("/v1/budgets").json()["budgets"][0];
    assert_eq!((&team["name"], &team["spent"]["tokens"]), (&"team".into(), &7.into()), "{team}");
}

#[test]
fn models_have_their_prices_and_of_many_so_many() {
    let lines = line("2026-11-29T11:00:00Z", 5)
        + &line("2026-11-29T11:00:00Z", 9).replace("\"m\"", "\"n\"");
    let served = at("2026-11-29T12:00:00Z", &lines);
    let prices = served.get("/v1/prices?period=today&top=1").json();
    // A store without pricing has no list to tell of.
    assert_eq!(
        (&prices["models"][0]["model"], &prices["models"][0]["quote"]),
        (&"n".into(), &Value::Null)
    );
    assert_eq!((&prices["left_out"], &prices["models"][0]["tokens"]), (&1.into(), &9.into()));
}
