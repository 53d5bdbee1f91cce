//! The state of the view as cells of a screen. Pure.

mod chart;
mod facts;
mod frame;
mod head;
mod help;
mod pen;
mod sessions;
mod sheet;
mod table;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::pen::{Pen, below, line, right};
use crate::app::{App, Hits};
use crate::ask::{Answer, Content, Usage};
use crate::theme::Role;

/// Draws everything, and returns where what can be clicked stands.
pub(crate) fn draw(app: &App, buffer: &mut Buffer) -> Hits {
    let whole = buffer.area;
    let mut pen = Pen::new(buffer, app.theme, app.options.is_ascii);
    let mut hits = Hits::default();
    if whole.width < 20 || whole.height < 5 {
        pen.put(line(whole, 0), "too small", Role::Dim);
        return hits;
    }
    let (tabs, left) = frame::tabs(&mut pen, line(whole, 0), app);
    hits.tabs = tabs;
    let is_state_told = frame::state(&mut pen, left, app);
    let left_below = frame::footer(&mut pen, line(whole, whole.height - 1), app);
    let mut body = Rect { y: whole.y + 1, height: whole.height - 2, ..whole };
    if app.has_help {
        help::draw(&mut pen, body);
        return hits;
    }
    if whole.height >= 13 {
        let left = frame::about(&mut pen, line(body, 0), app);
        if !is_state_told {
            frame::state(&mut pen, left, app);
        }
        body = below(body, 1);
    }
    if let Some(trouble) = &app.trouble {
        let text = usage_core::format::printable(trouble);
        pen.put(line(body, 0), &format!("cannot read: {text}"), Role::Bad);
        body = below(body, 1);
    }
    match app.current() {
        None if app.trouble.is_some() => {}
        None => {
            pen.put(line(body, 1), "  asking the ledger …", Role::Dim);
        }
        Some(Answer::Facts(of)) => facts::draw(&mut pen, body, app, of),
        Some(Answer::Usage(of)) => usage(&mut pen, body, app, of, &mut hits),
    }
    frame::place(&mut pen, left_below, app, &hits);
    hits
}

/// A period: what it comes to, its chart, its table, and what there is to say of it.
fn usage(pen: &mut Pen<'_>, mut body: Rect, app: &App, of: &Usage, hits: &mut Hits) {
    let taken = head::draw(pen, body, app, of);
    body = below(body, taken);
    if of.summary.requests == 0 {
        return head::nothing(pen, below(body, 1), app, of);
    }
    // What there is to say of how sure the numbers are comes before what is nice to look at.
    let notes = head::notes(of, &pen.options(body.width));
    let lines = head::lines_for(&notes, body.width.into());
    let room = (body.height / 6).min(3).max(u16::from(body.height >= 6));
    let shown = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(room);
    for (text, at) in lines.iter().zip(0..shown) {
        let at = body.height - shown + at;
        pen.put(right(line(body, at), 1), text, Role::Dim);
    }
    body.height -= shown;
    match &of.content {
        Content::Rows { rows, buckets } => {
            let height = chart::height(body);
            if height > 0 {
                chart::draw(pen, Rect { height, ..body }, buckets, app);
                body = below(body, height + 1);
            }
            table::draw(pen, body, app, of, rows, hits);
        }
        Content::Sessions(None) => {
            pen.put(line(body, 1), "  This ledger does not know sessions.", Role::Dim);
        }
        Content::Sessions(Some(all)) => sessions::draw(pen, body, app, of, all, hits),
    }
}
