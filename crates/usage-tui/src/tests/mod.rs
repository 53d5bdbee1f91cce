//! The view as a whole: frames, and what keys do to them.

mod frames;
mod hostile;
mod keys;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeZone as _};
use chrono_tz::Tz;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use usage_conformance::{AnyPrices, MemoryLedger};
use usage_core::query::Limits;
use usage_core::sink::Sink as _;
use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};

use crate::app::{App, Effect};
use crate::draw::draw;
use crate::options::Options;

/// A Sunday afternoon in Berlin.
fn now() -> DateTime<Tz> {
    Tz::Europe__Berlin.with_ymd_and_hms(2026, 5, 3, 15, 42, 10).unwrap()
}

fn options() -> Options {
    Options::new(now)
}

fn record(names: [&str; 5], at: DateTime<Tz>, input: u64) -> Record {
    let [instance, provider, route, model, project] = names;
    let names = LabelNames::new()
        .with_instance(instance)
        .with_provider(provider)
        .with_route(route)
        .with_model(model)
        .with_project(project);
    let tokens =
        TokenCounts::new().with_input(input).with_output(input / 10).with_cache_read(input * 8);
    Record::new(Labels::new(names).unwrap(), Usage::new(tokens, Timestamp::from(at))).unwrap()
}

fn put(ledger: &MemoryLedger, records: &[Record]) {
    // Clones share one list.
    ledger.clone().store(records).unwrap();
}

/// Some days of two projects, by three models.
fn sample() -> MemoryLedger {
    let ledger = MemoryLedger::priced_by(Some(Arc::new(AnyPrices)));
    let models = [
        ["anthropic", "think", "claude-opus-4-5-20251101"],
        ["anthropic", "default", "claude-haiku-4-5-20251001"],
        ["openai", "default", "gpt-5.1-codex"],
    ];
    let mut records = Vec::new();
    for hour in 0..60_u32 {
        let at = now() - chrono::TimeDelta::hours(hour.into());
        for (number, [provider, route, model]) in (1_u32..).zip(models) {
            if hour % number == 0 {
                let project = if hour % 3 == 0 { "website" } else { "ledger" };
                let input = 900 + u64::from(700 * number * (hour % 9));
                records.push(record(["claude-code", provider, route, model, project], at, input));
            }
        }
    }
    put(&ledger, &records);
    ledger
}

fn app(options: Options) -> App {
    App::new(options)
}

/// Asks, as the loop does.
fn answered(app: &mut App, ledger: &MemoryLedger) {
    let question = app.question();
    let result = question.ask(ledger, now(), &Limits::none());
    app.take(question, result, (now(), Instant::now()));
}

fn frame(app: &mut App, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    app.hits = draw(app, &mut buffer);
    buffer
}

fn press(app: &mut App, keys: &str) -> Effect {
    let mut effect = Effect::Nothing;
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            '↓' => KeyCode::Down,
            '→' => KeyCode::Right,
            key => KeyCode::Char(key),
        };
        effect = app.key(KeyEvent::new(code, KeyModifiers::NONE));
    }
    effect
}

/// The lines of a frame, below each of them a letter for each cell that has a style, and what the letters mean.
fn styled(buffer: &Buffer) -> String {
    let mut legend: Vec<Style> = Vec::new();
    let mut text = String::new();
    let lines = crate::once::text_of(buffer);
    for (line, row) in lines.lines().zip(buffer.content.chunks(buffer.area.width.into())) {
        let _ = writeln!(text, "{line}");
        let mut marks = String::new();
        for cell in row {
            let style = cell.style();
            let plain = Style::reset();
            let is_plain =
                style.fg == plain.fg && style.bg == plain.bg && style.add_modifier.is_empty();
            if is_plain {
                marks.push(' ');
                continue;
            }
            let place = legend.iter().position(|of| *of == style).unwrap_or_else(|| {
                legend.push(style);
                legend.len() - 1
            });
            marks.push(char::from(b'a' + u8::try_from(place).unwrap()));
        }
        if !marks.trim().is_empty() {
            let _ = writeln!(text, "\u{b7}{}", marks.trim_end());
        }
    }
    for (style, letter) in legend.iter().zip('a'..) {
        let color =
            |of: Option<ratatui::style::Color>| of.map_or("-".to_owned(), |of| of.to_string());
        let _ = writeln!(
            text,
            "{letter}: {} on {} {:?}",
            color(style.fg),
            color(style.bg),
            style.add_modifier
        );
    }
    text
}
