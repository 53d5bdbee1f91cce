//! Names, filters and addresses that would be more than texts.

use serde_json::{Value, json};

use crate::driver::Browser;
use crate::served::{Served, VIEWS, now};

const NAMES: [&str; 14] = [
    "<script>hit=1</script>",
    "\"><img src=x onerror=hit=1>",
    "<svg onload=hit=1>",
    "javascript:hit=1",
    "</title><script>hit=1</script>",
    "{{constructor.constructor('hit=1')()}}",
    "__proto__",
    "constructor",
    "\u{202e}gnp.exe",
    "\u{200b}",
    "x\u{1b}[31mred\u{7}",
    "&lt;b&gt;&amp;",
    "' onfocus=hit=1 autofocus='",
    "%3Cscript%3Ehit=1%3C/script%3E",
];

fn records() -> Vec<Value> {
    let line = |(at, name): (usize, &&str)| {
        json!({
            "instance_id": name, "profile": name, "provider": name, "route": name, "model": name, "project": name,
            "user": name, "session_id": name, "tags": { "team": name }, "input_tokens": 10 + at,
            "timestamp": now().to_string(),
        })
    };
    NAMES.iter().enumerate().map(line).collect()
}

/// Nothing ran, nothing was refused that tried to, and no letter is hidden.
fn is_unharmed(browser: &Browser, what: &str) {
    assert_eq!(browser.get("typeof hit"), "undefined", "{what}");
    let complaints = browser.complaints();
    let odd: Vec<_> = complaints.iter().filter(|of| !of.contains("400 (Bad Request)")).collect();
    assert!(odd.is_empty(), "{what}: {odd:?}");
    let strange = browser.get("[...document.querySelectorAll('script, img, iframe, object, svg [onload]')].filter(it => !it.src?.startsWith(location.origin + '/page/')).length");
    assert_eq!(strange, 0, "{what}");
    let text = browser.text("body");
    let hidden = text.chars().find(|of| {
        (of.is_control() && !of.is_whitespace()) || ['\u{202e}', '\u{200b}'].contains(of)
    });
    assert_eq!(hidden, None, "{what}: {text}");
}

#[test]
fn names_are_texts_wherever_they_stand() {
    let Some(browser) = Browser::start() else { return };
    let served = Served::with(&records());
    for view in VIEWS {
        browser.open(&served.page(view, ""));
        is_unharmed(&browser, view);
    }
    for by in ["instance", "project", "user", "tag:team"] {
        browser.open(&served.page("breakdown", &format!("by={by}")));
        let rows =
            browser.get("document.querySelectorAll('main section:last-of-type tbody tr').length");
        assert_eq!(rows, NAMES.len(), "{by}");
        is_unharmed(&browser, by);
    }
    // Each name is a filter that keeps what it names, and nothing else.
    for at in 0..NAMES.len() {
        browser.open(&served.page("breakdown", ""));
        let before = browser.drawn();
        browser.run("document.querySelectorAll('main section:last-of-type tbody th a')[arguments[0]].click()", &json!([at]));
        browser.drawn_after(before);
        let rows =
            browser.get("document.querySelectorAll('main section:last-of-type tbody tr').length");
        assert_eq!(rows, 1, "{at}");
        assert_eq!(browser.get("document.querySelectorAll('.chip').length"), 1, "{at}");
        is_unharmed(&browser, "a filter");
    }
}

#[test]
fn addresses_are_texts_whatever_they_ask_for() {
    let Some(browser) = Browser::start() else { return };
    let served = Served::with(&records());
    let of = |names: &[&str], value: &str| {
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        names.iter().map(|name| format!("{name}={value}&")).collect::<String>()
    };
    let open = |query: &str| {
        browser.open(&served.page("breakdown", query).replace("view=breakdown&view", "view"));
        is_unharmed(&browser, query);
    };
    for name in NAMES {
        open(&of(&["view", "measure", "sort", "top", "none"], name));
        open(&of(&["model", "tag"], name));
    }
    for name in &NAMES[..3] {
        for asked in ["period", "timezone", "by", "unit", "week_start"] {
            open(&of(&[asked], name));
        }
    }
    // What is wrong is said, with a way out of it.
    browser.open(&served.page("overview", "period=yesteryear"));
    let said = browser.text("[role=alert]");
    assert!(said.contains("yesteryear") && said.contains("Begin anew"), "{said}");
}
