//! Everybody can use the page: axe-core finds nothing on any view, and each chart has its figures as a table.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::driver::{Browser, SCREENS};
use crate::served::{Served, VIEWS, usual};

/// Where `cargo xtask ci` has put it.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/axe.min.js");

#[test]
fn no_view_has_findings_in_either_colour_on_any_screen() {
    let Some(browser) = Browser::start() else { return };
    let served = Served::with(&usual());
    let axe = fs::read_to_string(Path::new(AXE));
    if axe.is_err() {
        eprintln!("SKIPPED: there is no {AXE}, so axe-core does not look at the page");
    }
    for screen in SCREENS {
        browser.show_on(screen);
        for view in VIEWS {
            browser.open(&served.page(view, ""));
            let name = screen.name;
            let over = browser.get("document.documentElement.scrollWidth - innerWidth");
            assert_eq!(over, 0, "{view} is wider than {name}");
            assert_eq!(browser.complaints(), [""; 0], "{view} on {name}");
            browser.picture(&format!("{view}-{name}"));
            // What is found depends on the colours more than on the size.
            if let (Ok(axe), true) = (&axe, name.starts_with("desktop")) {
                let script = format!(
                    "{axe}; return axe.run().then(found => found.violations.map(of => \
                     [of.id, of.help, of.nodes.map(node => node.html)].join(' ')))"
                );
                assert_eq!(browser.run(&script, &json!([])), json!([]), "{view} on {name}");
            }
        }
    }
}

#[test]
fn each_chart_has_its_figures_as_a_table() {
    let Some(browser) = Browser::start() else { return };
    let served = Served::with(&usual());
    for view in ["overview", "breakdown"] {
        browser.open(&served.page(view, "period=all-time&unit=day"));
        browser.run("document.querySelector('.chart ~ details').open = true", &json!([]));
        browser.wait("document.querySelectorAll('.chart ~ details tbody tr').length > 0");
        let tokens = browser.get(
            "[...document.querySelectorAll('.chart ~ details tbody tr')]\
             .map(row => Number(row.lastChild.textContent.replace(/\\D/g, ''))).reduce((a, b) => a + b, 0)",
        );
        let expected =
            served.store.report(usage_core::TimeRange::ALL, &usage_core::Filter::new()).unwrap();
        assert_eq!(tokens, expected.summary().tokens(), "{view}");
        let bars = browser.get("Number(document.querySelector('.chart').ariaValueMax) + 1");
        let rows = browser.get("document.querySelectorAll('.chart ~ details tbody tr').length");
        assert_eq!(bars, rows, "{view}");
    }
    browser.open(&served.page("sessions", "period=all-time"));
    let lines = browser.get("document.querySelectorAll('.timeline g').length").as_u64().unwrap();
    let rows = browser.get("document.querySelectorAll('main tbody tr').length").as_u64().unwrap();
    assert!(lines > 0 && rows >= lines, "{lines} lines, {rows} rows");
}
