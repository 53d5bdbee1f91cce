//! One frame as plain text, for pipes and screen readers.

use std::time::Instant;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use usage_core::query::Limits;
use usage_core::{Engine, Error};

use crate::app::App;
use crate::draw::draw;
use crate::options::Options;

/// Returns one frame of so many columns and lines as plain text, without trailing spaces. No colour and no escape
/// sequence is in it.
///
/// # Errors
/// When the engine has no complete answer.
pub fn once(engine: &dyn Engine, options: Options, size: (u16, u16)) -> Result<String, Error> {
    let mut app = App::new(options);
    let (question, now) = (app.question(), (app.options.now)());
    let answer = question.ask(engine, now, &Limits::none())?;
    app.take(question, Ok(answer), (now, Instant::now()));
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    draw(&app, &mut buffer);
    Ok(text_of(&buffer))
}

/// The lines of a screen, each without the spaces at its end.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut hidden = 0_usize;
        for cell in row {
            // What stands behind a wide character is no character of its own.
            if hidden == 0 {
                line.push_str(cell.symbol());
            }
            let width = usage_core::format::display_width(cell.symbol());
            hidden = hidden.max(width).saturating_sub(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
