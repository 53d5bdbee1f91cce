//! The text of the grammar: that it is true, fits its places and feeds the hint.

use chrono_tz::UTC;

use super::at;
use crate::period::{CycleDay, GRAMMAR, PeriodOptions, accepted_forms, parse_period_with};

/// Every form of the grammar, and a text that has it.
const WRITTEN: &[(&str, &str)] = &[
    ("YYYY-MM-DD", "2026-03-10"),
    ("YYYY-MM", "2026-03"),
    ("YYYY-Qn", "2026-Q1"),
    ("YYYY-Wnn", "2026-W10"),
    ("YYYY", "2026"),
    ("nov", "nov"),
    ("nov-YYYY", "nov-2025"),
    ("YYYYMMDD", "20260301"),
    ("YYYYMMDD-YYYYMMDD", "20260301-20260310"),
    ("A..B", "2026-03-01..2026-03-10T12:00:00Z"),
    ("A..", "2026-03.."),
    ("..B", "..2026-Q1"),
    ("Nh", "24h"),
    ("Nd", "7d"),
    ("Nw", "2w"),
    ("Nmo", "6mo"),
    ("last-N-hours", "last-24-hours"),
    ("last-N-days", "last-7-days"),
    ("last-N-weeks", "last-4-weeks"),
    ("last-N-months", "last-6-months"),
];

#[test]
fn every_form_of_the_grammar_is_accepted() {
    let now = at(UTC, "2026-03-10T09:30:00Z");
    let forms = accepted_forms();
    let forms: Vec<&str> = forms.split(", ").collect();
    assert_eq!(forms.len(), 35, "{forms:?}");
    let options = PeriodOptions::default().with_cycle_day(CycleDay::new(31));
    for form in forms {
        let text = WRITTEN.iter().find(|(name, _)| *name == form).map_or(form, |(_, text)| text);
        parse_period_with(text, now, options).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_grammar_fits_a_terminal_and_stands_in_the_reference() {
    for line in GRAMMAR.lines() {
        assert!(line.len() <= 80 && line.starts_with("    ") && line.is_ascii(), "{line}");
        assert_eq!(line, line.trim_end());
    }
    // A packaged crate comes without the workspace's documentation.
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/periods.md");
    if let Ok(page) = std::fs::read_to_string(page) {
        assert!(
            page.contains(GRAMMAR),
            "docs/reference/periods.md must contain grammar.md verbatim"
        );
    }
}

#[test]
fn the_forms_stand_in_one_line() {
    assert_eq!(
        accepted_forms(),
        "all-time, today, yesterday, this-week, last-week, this-month, \
         last-month, this-quarter, last-quarter, this-year, last-year, this-cycle, last-cycle, \
         ytd, ttm, last-N-hours, last-N-days, last-N-weeks, last-N-months, Nh, Nd, Nw, Nmo, \
         YYYY-MM-DD, YYYY-MM, YYYY-Qn, YYYY-Wnn, YYYY, nov, nov-YYYY, YYYYMMDD, \
         YYYYMMDD-YYYYMMDD, A..B, A.., ..B"
    );
}
