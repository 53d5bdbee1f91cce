//! Frames as they look, styles included.

use super::*;
use crate::theme::{Background, Depth, Theme};
use crate::view::{By, Tab};

fn shown(options: Options, size: (u16, u16)) -> String {
    let mut app = app(options);
    answered(&mut app, &sample());
    styled(&frame(&mut app, size))
}

#[test]
fn today_in_true_colour_on_dark() {
    let theme = Theme::new(Depth::True, Background::Dark);
    insta::assert_snapshot!(shown(options().with_theme(theme), (80, 24)));
}

#[test]
fn today_on_light_differs_in_colours_alone() {
    let of = |depth, background| {
        let mut app = app(options().with_theme(Theme::new(depth, background)));
        answered(&mut app, &sample());
        frame(&mut app, (80, 24))
    };
    let dark = of(Depth::True, Background::Dark);
    for (depth, background) in [
        (Depth::True, Background::Light),
        (Depth::Ansi256, Background::Dark),
        (Depth::Ansi16, Background::Light),
        (Depth::None, Background::Dark),
    ] {
        let other = of(depth, background);
        assert_eq!(crate::once::text_of(&dark), crate::once::text_of(&other));
        assert_ne!(dark, other, "{depth:?}");
    }
}

#[test]
fn without_colours_there_are_none() {
    let mut app = app(options());
    answered(&mut app, &sample());
    press(&mut app, "↓");
    let reset = ratatui::style::Color::Reset;
    let buffer = frame(&mut app, (100, 30));
    assert!(buffer.content.iter().all(|cell| cell.fg == reset && cell.bg == reset));
}

#[test]
fn the_week_in_16_colours() {
    let theme = Theme::new(Depth::Ansi16, Background::Dark);
    let options = options().with_theme(theme).on(Tab::Week).by(By::Project);
    insta::assert_snapshot!(shown(options, (120, 30)));
}

#[test]
fn a_small_screen_keeps_what_matters() {
    insta::assert_snapshot!(shown(options(), (40, 10)));
}

#[test]
fn other_tabs() {
    let mut text = String::new();
    for tab in [Tab::Month, Tab::Year, Tab::Sessions, Tab::Budgets, Tab::Status] {
        let mut app = app(options().on(tab));
        answered(&mut app, &sample());
        text += &crate::once::text_of(&frame(&mut app, (80, 20)));
        text += "\u{2500}\n";
    }
    insta::assert_snapshot!(text);
}

#[test]
fn an_empty_ledger_says_so_on_each_tab() {
    for tab in Tab::ALL {
        let mut app = app(options().on(tab));
        answered(&mut app, &MemoryLedger::default());
        let text = crate::once::text_of(&frame(&mut app, (80, 24)));
        let says = match tab {
            Tab::Budgets => "not part of this view yet",
            Tab::Status => "none",
            _ => "Nothing is recorded yet",
        };
        assert!(text.contains(says), "{tab}: {text}");
    }
}

#[test]
fn a_day_without_records_says_where_there_are_some() {
    let ledger = MemoryLedger::default();
    let at = now() - chrono::TimeDelta::days(3);
    put(&ledger, &[record(["i", "", "r", "m", ""], at, 5)]);
    let mut app = app(options());
    answered(&mut app, &ledger);
    let text = crate::once::text_of(&frame(&mut app, (80, 24)));
    assert!(text.contains("The newest record is of Thu 30 Apr 2026, 15:42."), "{text}");
}

#[test]
fn what_is_not_priced_is_not_free() {
    let ledger = MemoryLedger::default();
    put(&ledger, &[record(["i", "", "r", "m", ""], now(), 5)]);
    let mut app = app(options());
    answered(&mut app, &ledger);
    let text = crate::once::text_of(&frame(&mut app, (80, 24)));
    assert!(!text.contains('$'), "{text}");
    assert!(text.contains("Nothing here has a price"), "{text}");
}

#[test]
fn ascii_is_ascii() {
    for tab in Tab::ALL {
        let mut app = app(options().on(tab).in_ascii(true));
        answered(&mut app, &sample());
        let text = crate::once::text_of(&frame(&mut app, (120, 40)));
        let other = text.chars().find(|of| !of.is_ascii());
        assert_eq!(other, None, "{tab}: {text}");
    }
}
