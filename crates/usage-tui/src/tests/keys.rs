//! What keys and the mouse do.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use usage_core::stats::Sort;

use super::*;
use crate::keys::KEYS;
use crate::view::{By, Tab};

fn ready() -> (App, MemoryLedger) {
    let ledger = sample();
    let mut app = app(options());
    answered(&mut app, &ledger);
    frame(&mut app, (100, 30));
    (app, ledger)
}

fn click(app: &mut App, at: Rect) -> Effect {
    let kind = MouseEventKind::Down(MouseButton::Left);
    app.mouse(MouseEvent { kind, column: at.x, row: at.y, modifiers: KeyModifiers::NONE })
}

#[test]
fn keys_lead_from_tab_to_tab() {
    let (mut app, _) = ready();
    assert_eq!((press(&mut app, "3"), app.tab), (Effect::Ask, Tab::Month));
    assert_eq!((press(&mut app, "→"), app.tab), (Effect::Ask, Tab::Year));
    assert_eq!(press(&mut app, "4"), Effect::Nothing);
    assert_eq!(press(&mut app, "q"), Effect::Quit);
}

#[test]
fn an_answer_to_something_else_is_not_shown() {
    let (mut app, ledger) = ready();
    press(&mut app, "2");
    assert!(app.current().is_none());
    answered(&mut app, &ledger);
    assert!(app.current().is_some());
}

#[test]
fn what_is_typed_filters_rows_and_is_no_command() {
    let (mut app, _) = ready();
    assert_eq!(app.shown.len(), 3);
    press(&mut app, "/Qg");
    assert_eq!((app.shown.len(), app.search.as_str()), (0, "Qg"));
    press(&mut app, "\u{1b}/CLAUDE\n");
    assert_eq!((app.shown.len(), app.is_typing), (2, false));
    press(&mut app, "\u{1b}");
    assert_eq!(app.shown.len(), 3);
}

#[test]
fn sorting_follows_keys_and_headers() {
    let (mut app, _) = ready();
    let header = |app: &App, sort| app.hits.headers.iter().find(|(_, of)| *of == sort).unwrap().0;
    let first = app.shown.clone();
    let name = header(&app, Sort::Name);
    click(&mut app, name);
    assert_eq!(app.sort, Sort::Name);
    press(&mut app, "i");
    let reversed = app.shown.clone();
    press(&mut app, "i");
    assert!(reversed.iter().rev().eq(app.shown.iter()));
    while app.sort != Sort::Tokens {
        press(&mut app, "s");
    }
    assert_eq!(app.shown, first);
}

#[test]
fn a_row_narrows_and_escape_takes_that_back() {
    let (mut app, ledger) = ready();
    press(&mut app, "↓");
    let chosen = app.chosen.clone().unwrap();
    assert_eq!(press(&mut app, "\n"), Effect::Ask);
    assert_eq!((app.by, app.narrowed().len()), (By::Project, 1));
    answered(&mut app, &ledger);
    let text = crate::once::text_of(&frame(&mut app, (100, 30)));
    assert!(text.contains(&format!("only model {}", chosen.join("."))), "{text}");
    assert_eq!(press(&mut app, "\u{1b}"), Effect::Ask);
    assert!(app.narrowed().is_empty());
}

#[test]
fn what_is_chosen_stays_chosen_when_it_moves() {
    let (mut app, ledger) = ready();
    press(&mut app, "↓↓↓");
    let chosen = app.chosen.clone().unwrap();
    let names = ["claude-code", chosen[0].as_str(), "r", chosen[1].as_str(), "x"];
    put(&ledger, &[record(names, now(), 90_000_000)]);
    answered(&mut app, &ledger);
    assert_eq!((app.chosen.clone(), app.chosen_place()), (Some(chosen), Some(0)));
}

#[test]
fn what_has_changed_flashes_and_nothing_else() {
    let (mut app, ledger) = ready();
    answered(&mut app, &ledger);
    assert!(app.flash.since.is_none());
    let names = ["claude-code", "openai", "default", "gpt-5.1-codex", "x"];
    put(&ledger, &[record(names, now(), 7)]);
    answered(&mut app, &ledger);
    let has = |provider: &str, model: &str| app.flash.has(&[provider.to_owned(), model.to_owned()]);
    assert!(app.flash.sum && has("openai", "gpt-5.1-codex"));
    assert!(!has("anthropic", "claude-opus-4-5-20251101"));
}

#[test]
fn tabs_and_rows_can_be_clicked() {
    let (mut app, _) = ready();
    let rows = app.hits.rows;
    click(&mut app, rows);
    assert!(app.chosen.is_some());
    let (place, tab) = app.hits.tabs[4];
    assert_eq!((click(&mut app, place), app.tab), (Effect::Ask, tab));
    // Beyond everything.
    assert_eq!(click(&mut app, Rect::new(900, 900, 1, 1)), Effect::Nothing);
}

#[test]
fn trouble_is_told_and_goes() {
    let (mut app, ledger) = ready();
    let question = app.question();
    let error = usage_core::Error::new(usage_core::ErrorKind::Io, "the disk\u{1b}[2J is gone");
    app.take(question, Err(error), (now(), Instant::now()));
    let text = crate::once::text_of(&frame(&mut app, (100, 30)));
    // With what was known before below it.
    assert!(
        text.contains(r"the disk\u{1b}[2J is gone") && text.contains("gpt-5.1-codex"),
        "{text}"
    );
    answered(&mut app, &ledger);
    assert!(app.trouble.is_none());
}

#[test]
fn every_key_is_on_the_page_of_keys_and_in_the_reference() {
    let page = include_str!("../../../../docs/reference/top.md");
    let (mut app, _) = ready();
    press(&mut app, "?");
    let help = crate::once::text_of(&frame(&mut app, (100, 30)));
    for key in KEYS {
        let row = format!("| {} | {} |", key.keys, key.does);
        assert!(page.contains(&row), "docs/reference/top.md lacks: {row}");
        assert!(help.contains(key.does), "help lacks: {}", key.does);
    }
    assert_eq!(press(&mut app, "x"), Effect::Nothing);
    assert_eq!((press(&mut app, "g"), app.has_help), (Effect::Draw, false));
}
