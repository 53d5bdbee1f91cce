//! Bars over time, as fine as an eighth of a line.

use chrono_tz::Tz;
use ratatui::layout::Rect;
use usage_core::format::{display_width, format_tokens};
use usage_core::stats::{Span, Summary};

use super::pen::{Pen, line};
use crate::app::App;
use crate::theme::Role;
use crate::view::Tab;

/// The lines that the chart of an area takes, its labels included; none where there is no room.
pub(super) const fn height(area: Rect) -> u16 {
    match area.height {
        0..13 => 0,
        height @ 13..19 => height / 4 + 1,
        height => {
            let third = height / 3;
            if third < 14 { third } else { 14 }
        }
    }
}

/// Draws a bar for each stretch of time, by its tokens.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, buckets: &[(Span, Summary)], app: &App) {
    const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let now = (app.options.now)();
    let most = buckets.iter().map(|(_, of)| of.tokens()).max().unwrap_or(0);
    let count = u16::try_from(buckets.len()).unwrap_or(u16::MAX).max(1);
    let axis = format_tokens(most);
    let axis_width = u16::try_from(display_width(&axis)).unwrap_or(0) + 2;
    let room = area.width.saturating_sub(axis_width + 1);
    let step = (room / count).min(14);
    let bars = area.height.saturating_sub(1);
    if step == 0 || bars == 0 || most == 0 {
        return;
    }
    let gap = u16::from(step >= 3).max(step / 4);
    pen.put_right(Rect { width: axis_width - 1, ..line(area, 0) }, &axis, Role::Dim);
    pen.put_right(Rect { width: axis_width - 1, ..line(area, bars - 1) }, "0", Role::Dim);
    let mut free = 0;
    for ((span, of), at) in buckets.iter().zip(0..count) {
        let x = area.x + axis_width + at * step;
        let width = step - gap;
        let is_now = span.start <= now && now < span.end;
        let role = if is_now { Role::BarNow } else { Role::Bar };
        let whole = u128::from(bars) * 8;
        let mut eighths = (u128::from(of.tokens()) * whole).div_ceil(u128::from(most)).min(whole);
        for row in (0..bars).rev() {
            let part = usize::try_from(eighths.min(8)).unwrap_or(8);
            eighths = eighths.saturating_sub(8);
            let cell = Rect { x, y: area.y + row, width, height: 1 };
            if part > 0 {
                pen.put(cell, &EIGHTHS[part].repeat(width.into()), role);
            } else if row + 1 == bars && span.start <= now {
                pen.put(cell, &"▁".repeat(width.into()), Role::Groove);
            }
        }
        let label = label(*span, app.tab);
        let label_width = u16::try_from(display_width(&label)).unwrap_or(u16::MAX);
        let is_last_to_fit = x + label_width > area.right();
        if x >= free && !is_last_to_fit && is_labelled(at, app.tab, step, label_width) {
            let role = if is_now { Role::Title } else { Role::Dim };
            pen.put(Rect { x, width: label_width, ..line(area, bars) }, &label, role);
            free = x + label_width + 1;
        }
    }
}

/// Returns whether there is a label below a bar: below all where they fit, else below some that are easy to count on.
const fn is_labelled(at: u16, tab: Tab, step: u16, label: u16) -> bool {
    if step > label {
        return true;
    }
    match tab {
        Tab::Today => at.is_multiple_of(3),
        Tab::Month => at == 0 || (at + 1).is_multiple_of(5),
        _ => true,
    }
}

fn label(span: Span, tab: Tab) -> String {
    let start: chrono::DateTime<Tz> = span.start;
    let form = match tab {
        Tab::Today => "%H",
        Tab::Week => "%a",
        Tab::Year => "%b",
        _ => "%-d",
    };
    start.format(form).to_string()
}
