//! The first lines of the screen, and the last.

use ratatui::layout::Rect;
use usage_core::format::{display_width, printable, shorten_middle};

use super::pen::{Pen, right};
use crate::app::{App, Hits};
use crate::ask::Answer;
use crate::theme::Role;
use crate::view::Tab;

/// Draws the tabs, and returns where each stands, and what is left to the right of them.
pub(super) fn tabs(pen: &mut Pen<'_>, area: Rect, app: &App) -> (Vec<(Rect, Tab)>, Rect) {
    // Where not all titles fit, only that of the tab that is open is written out.
    let full: usize = Tab::ALL.iter().map(|tab| tab.title().len() + 4).sum();
    let is_full = full <= usize::from(area.width);
    let mut left = area;
    let mut places = Vec::new();
    for (tab, number) in Tab::ALL.into_iter().zip(1..) {
        let (start, is_open) = (left.x, tab == app.tab);
        let title = if is_full || is_open { tab.title() } else { "" };
        left = pen.put(left, " ", Role::Text);
        left = pen.put(left, &number.to_string(), Role::Key);
        if !title.is_empty() {
            left = pen.put(left, " ", Role::Text);
            left = pen.put(left, title, if is_open { Role::Title } else { Role::Dim });
        }
        left = pen.put(left, " ", Role::Text);
        let place = Rect { x: start, width: left.x - start, ..area };
        if is_open {
            pen.paint(place, Role::Chosen);
        }
        places.push((place, tab));
    }
    (places, left)
}

/// Says at the right whether the view is live, and as of when, where there is room for that.
pub(super) fn state(pen: &mut Pen<'_>, area: Rect, app: &App) -> bool {
    let state = state_of(app);
    let fits = display_width(&state) + 1 < usize::from(area.width);
    if fits {
        let role = if app.is_paused { Role::Warning } else { Role::Dim };
        pen.put_right(Rect { width: area.width - 1, ..area }, &state, role);
    }
    fits
}

fn state_of(app: &App) -> String {
    if app.is_paused {
        return "paused".to_owned();
    }
    let Some(at) = app.as_of else { return String::new() };
    let time = at.format("%H:%M:%S");
    match app.rest.as_secs() {
        0..2 => format!("live  {time}"),
        // An answer takes so long that it is asked for less often.
        rest => format!("every {rest} s  {time}"),
    }
}

/// Says which time and which records the page is about.
pub(super) fn about(pen: &mut Pen<'_>, area: Rect, app: &App) -> Rect {
    let mut left = right(area, 1);
    if let Some(Answer::Usage(of)) = app.current() {
        let period = &of.period;
        let day = |at: chrono::DateTime<chrono_tz::Tz>| at.format("%a %d %b %Y").to_string();
        let last = period.end().map(|end| end - chrono::TimeDelta::seconds(1));
        let time = match (period.start(), last) {
            (Some(start), Some(last)) if start.date_naive() == last.date_naive() => day(start),
            (Some(start), Some(last)) => format!("{} to {}", day(start), day(last)),
            _ => period.name().to_owned(),
        };
        left = pen.put(left, &time, Role::Strong);
        left = pen.put(left, &format!("  {}", period.zone()), Role::Dim);
    }
    for narrowed in app.narrowed() {
        let words = shorten_middle(narrowed, 40).into_owned();
        left = pen.put(left, "  only ", Role::Dim);
        left = pen.put(left, &words, Role::Title);
    }
    if !app.options.filter.is_empty() && app.narrowed().is_empty() {
        left = pen.put(left, "  filtered", Role::Title);
    }
    left
}

/// Says at the right of the last line which of the rows are on the screen, where these are not all.
pub(super) fn place(pen: &mut Pen<'_>, left: Rect, app: &App, hits: &Hits) {
    let (all, rows) = (app.shown.len(), usize::from(hits.rows.height));
    if rows == 0 || all <= rows {
        return;
    }
    let of = |number: usize| usage_core::format::format_count(number as u64);
    let last = (hits.first + rows).min(all);
    let text = format!("{}-{} of {}", of(hits.first + 1), of(last), of(all));
    if text.len() + 1 < usize::from(left.width) {
        pen.put_right(Rect { width: left.width - 1, ..left }, &text, Role::Dim);
    }
}

/// Says which keys there are, or what is being typed; returns what is left to the right.
pub(super) fn footer(pen: &mut Pen<'_>, area: Rect, app: &App) -> Rect {
    let mut left = right(area, 1);
    if app.is_typing || !app.search.is_empty() {
        left = pen.put(left, "/", Role::Key);
        left = pen.put(left, &shorten_middle(&printable(&app.search), 40), Role::Strong);
        left = pen.put(left, if app.is_typing { "█" } else { "" }, Role::Title);
        let count = usage_core::format::format_count(app.shown.len() as u64);
        return pen.put(left, &format!("  {count} found   Enter keep   Esc all"), Role::Dim);
    }
    let is_usage = app.tab.unit().is_some();
    let has_list = is_usage || app.tab == Tab::Sessions;
    let group = format!("{}", app.by).to_lowercase();
    let sort = if is_usage { app.sort.name() } else { app.order.name() };
    let keys: [(&str, String, bool); 8] = [
        ("q", "quit".to_owned(), true),
        ("?", "help".to_owned(), true),
        ("g", format!("by {group}"), is_usage),
        ("s", format!("sort: {sort}"), has_list),
        ("/", "filter".to_owned(), has_list),
        ("Space", if app.is_paused { "go on" } else { "pause" }.to_owned(), true),
        ("Enter", "keep only it".to_owned(), is_usage && app.chosen.is_some()),
        ("Esc", "back".to_owned(), app.chosen.is_some() || !app.narrowed().is_empty()),
    ];
    for (key, does, is_shown) in keys {
        let width = key.len() + does.len() + 1;
        if is_shown && width <= usize::from(left.width) {
            left = pen.put(left, key, Role::Key);
            left = pen.put(left, &format!(" {does}"), Role::Dim);
            left = right(left, 3);
        }
    }
    left
}
