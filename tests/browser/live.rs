//! The page changes when the ledger does, and says what there is when there is little or much.

use serde_json::{Value, json};

use crate::driver::Browser;
use crate::served::{Served, VIEWS, now};

fn line(model: &str, tokens: u64) -> Value {
    json!({
        "instance_id": "a", "route": "r", "model": model, "tokens": tokens,
        "timestamp": now().to_string(),
    })
}

#[test]
fn what_is_recorded_appears_by_itself() {
    let Some(browser) = Browser::start() else { return };
    let served = Served::with(&[]);
    for view in VIEWS {
        browser.open(&served.page(view, ""));
        assert!(browser.text("main").len() > 20, "{view}");
        assert_eq!(browser.complaints(), [""; 0], "{view}");
    }
    browser.open(&served.page("overview", "period=all-time"));
    assert!(browser.text("main").contains("Nothing has been recorded yet"));
    browser.wait("document.getElementById('live').textContent === 'live'");
    served.record(&[line("m", 12_345)]);
    browser.wait("document.querySelector('.figures dd')?.textContent === '12,345'");
    // Whoever is somewhere on the page stays there, with what was opened.
    browser.run(
        "document.querySelector('.chart').focus(); document.querySelector('details').open = true",
        &json!([]),
    );
    let before = browser.drawn();
    served.record(&[line("m", 5)]);
    browser.drawn_after(before);
    browser.wait("document.querySelector('.figures dd').textContent === '12,350'");
    assert_eq!(browser.get("document.activeElement.className"), "chart");
    browser.wait("document.querySelectorAll('details[open] tbody tr').length > 0");
}

#[test]
fn of_many_names_so_many_are_sent_and_the_rest_is_told() {
    let Some(browser) = Browser::start() else { return };
    let lines: Vec<_> = (0..300).map(|at| line(&format!("model-{at}"), 1_000 + at)).collect();
    let served = Served::with(&lines);
    browser.open(&served.page("breakdown", ""));
    let rows = "document.querySelectorAll('main section:last-of-type tbody tr').length";
    assert_eq!(browser.get(rows), 50);
    let foot = browser.text("main section:last-of-type tfoot");
    assert!(foot.contains("250 others") && foot.contains("Together"), "{foot}");
    let before = browser.drawn();
    browser.run("document.querySelector('[data-key=more]').click()", &json!([]));
    browser.drawn_after(before);
    assert_eq!(browser.get(rows), 200);
}
