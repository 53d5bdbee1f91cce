//! Any size, any names, any keys: nothing panics, and nothing raw reaches the screen.

use proptest::prelude::*;
use usage_core::stats::Summary;

use super::*;
use crate::ask::{Answer, Content, Row, Usage as Period};
use crate::view::Tab;

/// Names with what terminals act on, do not show, or show twice as wide.
fn name() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{1,9}",
        "\\PC{0,9}",
        Just("\u{1b}[31m".to_owned()),
        Just("\u{9b}2J\r\n\t".to_owned()),
        Just("\u{202e}abc\u{2066}".to_owned()),
        Just("模型模型".to_owned()),
        Just("e\u{301}\u{301}\u{301}".to_owned()),
        Just("\u{200b}\u{feff}\u{ad}".to_owned()),
        Just("👩‍👩‍👧‍👦🏳️‍🌈☁️".to_owned()),
        Just("ﷺ\u{1f1e9}\u{1f1ea}".to_owned()),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| {
        let name: String = pieces.concat().replace('\0', "");
        name.char_indices()
            .take_while(|(at, of)| at + of.len_utf8() <= 200)
            .map(|(_, of)| of)
            .collect()
    })
}

fn is_clean(buffer: &Buffer) -> Result<(), String> {
    let raw = |of: char| {
        of.is_control()
            || ('\u{202a}'..='\u{202e}').contains(&of)
            || ('\u{2066}'..='\u{2069}').contains(&of)
    };
    match buffer.content.iter().find(|cell| cell.symbol().contains(raw)) {
        Some(cell) => Err(format!("{:?} is on the screen", cell.symbol())),
        None => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_nothing_is_raw(
        names in prop::collection::vec([name(), name(), name(), name(), name()], 0..12),
        size in (1_u16..201, 1_u16..61),
        keys in "[1-7gGsi/ r?b\n\u{1b}↓→a-z]{0,12}",
        ascii: bool,
    ) {
        let ledger = MemoryLedger::priced_by(Some(Arc::new(AnyPrices)));
        let records: Vec<Record> = names
            .iter()
            .filter(|names| names.iter().all(|name| !name.is_empty()))
            .map(|names| record(names.each_ref().map(String::as_str), now(), 12_345))
            .collect();
        put(&ledger, &records);
        let mut app = app(options().in_ascii(ascii));
        answered(&mut app, &ledger);
        for key in keys.chars() {
            press(&mut app, &key.to_string());
            answered(&mut app, &ledger);
            prop_assert_eq!(is_clean(&frame(&mut app, size)), Ok(()));
        }
        prop_assert_eq!(is_clean(&frame(&mut app, size)), Ok(()));
    }

    #[test]
    fn any_numbers_have_room(
        numbers in prop::collection::vec(any::<u64>(), usage_core::Measure::COUNT),
        requests: u64,
        picos: u128,
        size in (20_u16..201, 5_u16..61),
    ) {
        let mut summary = Summary::new(requests, std::array::from_fn(|at| numbers[at]));
        summary.cost = usage_core::Money::from_picos(picos);
        let mut app = app(options());
        show(&mut app, vec![Row { names: vec!["p".into(), "m".into()], totals: summary }], summary);
        frame(&mut app, size);
    }
}

fn show(app: &mut App, rows: Vec<Row>, summary: Summary) {
    let question = app.question();
    let period = question.period(now()).unwrap();
    let content = Content::Rows { rows, buckets: Vec::new() };
    let usage = Period { period, summary, before: None, content, newest: None, waiting: 0 };
    app.take(question, Ok(Answer::Usage(Box::new(usage))), (now(), Instant::now()));
}

#[test]
fn a_hundred_thousand_names_are_scrolled() {
    let one = Summary::of(&record(["i", "p", "r", "m", ""], now(), 500));
    let mut app = app(options());
    let row = |of: u32| Row { names: vec!["p".into(), format!("model-{of:06}")], totals: one };
    let mut all = Summary::default();
    (0..100_000).for_each(|_| all.merge(&one));
    show(&mut app, (0..100_000).map(row).collect(), all);
    frame(&mut app, (80, 24));
    app.key(KeyEvent::new(KeyCode::End, KeyModifiers::NONE));
    let text = crate::once::text_of(&frame(&mut app, (80, 24)));
    assert!(text.contains("model-099999"), "{text}");
    press(&mut app, "/model-0500");
    assert_eq!(app.shown.len(), 100);
}

#[test]
fn the_smallest_and_the_largest_screens() {
    let ledger = sample();
    for tab in Tab::ALL {
        let mut app = app(options().on(tab));
        answered(&mut app, &ledger);
        for size in [(1, 1), (19, 4), (20, 5), (40, 10), (80, 24), (200, 60), (500, 200)] {
            assert_eq!(is_clean(&frame(&mut app, size)), Ok(()));
        }
    }
}
