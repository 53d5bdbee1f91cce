//! The page of keys.

use ratatui::layout::Rect;

use super::facts::wrapped;
use super::pen::{Pen, line, right};
use crate::keys::KEYS;
use crate::theme::Role;

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect) {
    let title = "Keys (any of them leaves this page)";
    let mut at = 0;
    pen.put(right(line(area, at), 1), title, Role::Title);
    at += if area.height > 16 { 2 } else { 1 };
    let widest = KEYS.iter().map(|key| key.keys.len()).max().unwrap_or(0);
    // On a narrow screen what a key does matters more than each of its names.
    let column = u16::try_from(widest).unwrap_or(0).min(area.width / 2).saturating_add(2);
    for key in KEYS {
        let left = right(line(area, at), 1);
        pen.put(Rect { width: column.min(left.width), ..left }, key.keys, Role::Key);
        pen.put(right(left, column), key.does, Role::Text);
        at += 1;
    }
    let sign = if pen.options(area.width).ascii { ">=" } else { "\u{2265}" };
    let more = format!(
        "Mouse: a tab, a header to sort by, a row to choose and again to keep; the wheel scrolls. \
         {sign} before a cost: some requests have no price, or counts that are not sure. Numbers in \
         another colour have just changed. Bars are shares of what the table is sorted by."
    );
    at += u16::from(area.height > at + 4);
    for text in wrapped(&more, area.width.saturating_sub(2).into()) {
        pen.put(right(line(area, at), 1), &text, Role::Dim);
        at += 1;
    }
}
