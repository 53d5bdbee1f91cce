//! Lines of a name and a value, some of them with a bar.

use ratatui::layout::Rect;
use usage_core::format::{display_width, printable, shorten_middle};

use super::pen::{Pen, line, right};
use crate::app::App;
use crate::facts::{Fact, Level};
use crate::theme::Role;
use crate::view::Tab;

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, app: &App, facts: &[Fact]) {
    if facts.is_empty() {
        let text = match app.tab {
            Tab::Budgets if app.options.budgets.is_none() => {
                "Budgets are not part of this view yet. Costs and tokens of each period stand on tabs 1 to 4."
            }
            Tab::Budgets => "No budget is set.",
            _ => "There is nothing to say.",
        };
        let width = area.width.saturating_sub(2).into();
        for (text, at) in wrapped(text, width).iter().zip(1..) {
            pen.put(right(line(area, at), 1), text, Role::Dim);
        }
        return;
    }
    let names: Vec<_> = facts.iter().map(|of| printable(&of.name)).collect();
    let widest = names.iter().map(|name| display_width(name)).max().unwrap_or(0);
    let column = u16::try_from(widest).unwrap_or(u16::MAX).min(area.width / 3);
    let mut at = u16::from(area.height > 12);
    for (fact, name) in facts.iter().zip(&names) {
        let left = right(line(area, at), 1);
        let name = shorten_middle(name, column.into()).into_owned();
        pen.put(Rect { width: column.min(left.width), ..left }, &name, Role::Dim);
        let mut left = right(left, column + 2);
        let role = match fact.level {
            Level::Plain => Role::Text,
            Level::Good => Role::Good,
            Level::Warning => Role::Warning,
            Level::Bad => Role::Bad,
        };
        if let Some(share) = fact.share.filter(|_| left.width >= 40) {
            let bar = Rect { width: 16, ..left };
            pen.put(bar, &"▁".repeat(16), Role::Groove);
            pen.bar(bar, share.into(), if fact.level == Level::Plain { Role::Bar } else { role });
            left = right(left, 18);
        }
        // What does not fit goes on below.
        for part in wrapped(&printable(&fact.value), left.width.into()) {
            pen.put(
                Rect { y: area.y + at, height: u16::from(at < area.height), ..left },
                &part,
                role,
            );
            at += 1;
        }
    }
}

/// The text in lines of so many columns, broken at spaces where that is possible.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        if last.is_empty() {
            last.push_str(word);
        } else if display_width(last) + 1 + display_width(word) <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
