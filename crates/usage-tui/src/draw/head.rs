//! What a period comes to: figures, beside the period before; kinds of tokens; how sure all that is.

use std::cmp::Reverse;

use chrono::DateTime;
use ratatui::layout::Rect;
use usage_core::format::{
    TextOptions, display_width, format_cost, format_count, format_remarks, format_share,
    format_tokens,
};
use usage_core::stats::Summary;
use usage_core::{Measure, Timestamp};

use super::pen::{Pen, line, right};
use crate::app::App;
use crate::ask::Usage;
use crate::theme::Role;
use crate::view::Tab;

const KINDS: [(Measure, &str, Role); 5] = [
    (Measure::Input, "input", Role::Input),
    (Measure::Output, "output", Role::Output),
    (Measure::CacheWrite, "cache write", Role::CacheWrite),
    (Measure::CacheRead, "cache read", Role::CacheRead),
    (Measure::Unclassified, "unclassified", Role::Unclassified),
];

/// Draws the figures, and returns how many lines they take.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, app: &App, of: &Usage) -> u16 {
    let options = pen.options(area.width);
    let summary = &of.summary;
    let figures = figures(summary, &options);
    let mut left = right(line(area, 0), 1);
    for (name, value) in &figures {
        let width = name.len() + display_width(value) + 4;
        if width > usize::from(left.width) + 3 {
            break;
        }
        let role = if app.flash.sum { Role::Flash } else { Role::Strong };
        left = pen.put(left, value, role);
        left = right(pen.put(left, &format!(" {name}"), Role::Dim), 3);
    }
    let mut taken = 1;
    if area.height >= 12
        && let Some((name, before)) = &of.before
    {
        let mut left = right(line(area, 1), 1);
        left = pen.put(left, &format!("{}: ", name.replace('-', " ")), Role::Dim);
        for (name, value) in self::figures(before, &options) {
            let text = format!("{value} {name}");
            if display_width(&text) > usize::from(left.width) {
                break;
            }
            left = right(pen.put(left, &text, Role::Dim), 3);
        }
        taken += 1;
    }
    if area.height >= 14 && summary.tokens() > 0 {
        taken +=
            kinds(pen, Rect { y: area.y + taken, height: area.height - taken, ..area }, summary);
    }
    taken + u16::from(area.height >= 14)
}

fn figures(of: &Summary, options: &TextOptions) -> Vec<(&'static str, String)> {
    let mut figures = vec![
        (if of.requests == 1 { "request" } else { "requests" }, format_count(of.requests)),
        ("tokens", format_tokens(of.tokens())),
    ];
    match format_cost(of, options) {
        Some(cost) => figures.push(("cost", cost)),
        None if of.requests > 0 => figures.push(("cost", "no".to_owned())),
        None => {}
    }
    if of[Measure::Errors] > 0 {
        let name = if of[Measure::Errors] == 1 { "error" } else { "errors" };
        figures.push((name, format_count(of[Measure::Errors])));
    }
    if of.fallbacks() > 0 {
        let name = if of.fallbacks() == 1 { "fallback" } else { "fallbacks" };
        figures.push((name, format_count(of.fallbacks())));
    }
    figures
}

/// A bar of all tokens by kind, and what each is.
fn kinds(pen: &mut Pen<'_>, area: Rect, summary: &Summary) -> u16 {
    let all = summary.tokens();
    let mut kinds: Vec<_> = KINDS.into_iter().filter(|(kind, ..)| summary[*kind] > 0).collect();
    // Of what does not fit the smallest goes.
    kinds.sort_by_key(|(kind, ..)| Reverse(summary[*kind]));
    let mut taken = 0;
    if area.height >= 14 {
        let bar = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..line(area, 0) };
        let mut so_far: u128 = 0;
        let mut drawn: u16 = 0;
        for (kind, _, role) in &kinds {
            so_far += u128::from(summary[*kind]);
            let end = (so_far * u128::from(bar.width) / u128::from(all)).min(bar.width.into());
            let end = u16::try_from(end).unwrap_or(bar.width);
            let part = Rect { x: bar.x + drawn, width: end.saturating_sub(drawn), ..bar };
            // Half a line high, so that it does not weigh more than the figures.
            pen.put(part, &"▄".repeat(part.width.into()), *role);
            drawn = end.max(drawn);
        }
        taken += 1;
    }
    let mut left = right(line(area, taken), 1);
    for (kind, name, role) in kinds {
        let text = format!(
            " {} {name} {}",
            format_tokens(summary[kind]),
            format_share(summary[kind], all)
        );
        if display_width(&text) + 4 > usize::from(left.width) {
            break;
        }
        left = pen.put(left, "■", role);
        left = right(pen.put(left, &text, Role::Text), 3);
    }
    taken + 1
}

/// Returns what there is to say of how sure the numbers are.
pub(super) fn notes(of: &Usage, options: &TextOptions) -> Vec<String> {
    let summary = &of.summary;
    let remarks = format_remarks(summary, options);
    // The cost and the cache stand above.
    let stand_above = ["Cost:", "Read from a cache:"];
    let mut notes: Vec<String> = remarks
        .into_iter()
        .filter(|of| !stand_above.iter().any(|start| of.starts_with(start)))
        .collect();
    if of.waiting > 0 {
        let count = format_count(of.waiting);
        notes
            .insert(0, format!("Not in this: {count} that wait in a journal of a stopped program"));
    }
    if summary[Measure::Priced] == 0 {
        notes.insert(0, "Nothing here has a price: `usage prices --missing` says why".to_owned());
    } else {
        if !summary.is_cost_whole() {
            let sign = if options.ascii { ">=" } else { "≥" };
            notes.push(format!("{sign} lacks prices or sure counts"));
        }
        notes.push("List price, not what a subscription paid".to_owned());
    }
    notes
}

/// Parts beside one another, as many in a line as fit.
pub(super) fn lines_for(parts: &[String], width: usize) -> Vec<String> {
    const BETWEEN: &str = "  ·  ";
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if display_width(line) + BETWEEN.len() + part.len() < width => {
                line.push_str(BETWEEN);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// Says that there is nothing, and where there is something.
pub(super) fn nothing(pen: &mut Pen<'_>, area: Rect, app: &App, of: &Usage) {
    let time = match app.tab {
        Tab::Today => "today",
        Tab::Week => "this week",
        Tab::Month => "this month",
        Tab::Year => "this year",
        _ => "in the last seven days",
    };
    let what = if app.tab == Tab::Sessions { "sessions" } else { "requests" };
    pen.put(right(line(area, 0), 1), &format!("No {what} {time}."), Role::Strong);
    let zone = of.period.zone();
    let newest = of.newest.and_then(Timestamp::to_utc).map(|at: DateTime<chrono::Utc>| {
        format!("The newest record is of {}.", at.with_timezone(&zone).format("%a %d %b %Y, %H:%M"))
    });
    let next = newest.unwrap_or_else(|| {
        "Nothing is recorded yet: this fills by itself once something is.".to_owned()
    });
    pen.put(right(line(area, 1), 1), &next, Role::Dim);
}
