//! The page without a mouse.

use crate::driver::Browser;
use crate::served::{Served, usual};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const LEFT: &str = "\u{e012}";

/// Goes from one thing to the next until it has come to what a selector names.
fn tab_to(browser: &Browser, selector: &str) {
    for _ in 0..200 {
        if browser.get(&format!("document.activeElement?.matches({selector:?}) ?? false")) == true {
            let style = browser.get("getComputedStyle(document.activeElement).outlineStyle");
            assert_ne!(style, "none", "who comes to {selector} does not see it");
            return;
        }
        browser.press(TAB);
    }
    panic!("no key leads to {selector}");
}

fn press_and_wait(browser: &Browser, keys: &str) {
    let before = browser.drawn();
    browser.press(keys);
    browser.drawn_after(before);
}

#[test]
fn keys_lead_to_everything_and_the_chart_down_to_a_quarter_of_an_hour() {
    let Some(browser) = Browser::start() else { return };
    let served = Served::with(&usual());
    browser.open(&served.page("overview", ""));
    browser.press(TAB);
    assert_eq!(browser.get("document.activeElement.className"), "skip");
    tab_to(&browser, "nav a[href*=breakdown]");
    press_and_wait(&browser, ENTER);
    assert_eq!(
        browser.get("document.querySelector('nav [aria-current]').textContent"),
        "Breakdown"
    );
    assert_eq!(browser.get("document.activeElement.textContent"), "Breakdown");

    tab_to(&browser, ".chart");
    let before = browser.get("document.activeElement.ariaValueText");
    browser.press(LEFT);
    assert_ne!(browser.get("document.activeElement.ariaValueText"), before);
    let mut units = Vec::new();
    for _ in 0..10 {
        let unit = browser.text("main section h2");
        if units.last() != Some(&unit) {
            units.push(unit);
        }
        if browser.get("document.activeElement.ariaValueMax") == "0" {
            break;
        }
        press_and_wait(&browser, ENTER);
        assert_eq!(browser.get("document.activeElement.className"), "chart", "the focus stays");
    }
    let expected =
        ["day", "hour", "quarter of an hour"].map(|unit| format!("Tokens by {unit} and model"));
    assert_eq!(units, expected);
    let address = browser.get("new URLSearchParams(location.search).get('period')");
    let zoomed = address.as_str().unwrap().to_owned();
    press_and_wait(&browser, "-");
    assert_ne!(browser.get("new URLSearchParams(location.search).get('period')"), address);
    // The way back is the browser's own.
    let before = browser.drawn();
    browser.run("history.back()", &serde_json::json!([]));
    browser.drawn_after(before);
    assert_eq!(browser.get("new URLSearchParams(location.search).get('period')"), zoomed);

    tab_to(&browser, "main tbody th a");
    press_and_wait(&browser, ENTER);
    assert_eq!(browser.get("document.querySelectorAll('.chip').length"), 1);
    tab_to(&browser, ".chip");
    press_and_wait(&browser, ENTER);
    assert_eq!(browser.get("document.querySelectorAll('.chip').length"), 0);
}
