//! Writing text into the cells of a screen, never beyond them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use usage_core::format::{TextOptions, display_width};

use crate::theme::{Role, Theme};

/// A part of the screen, and what is written on it with.
pub(crate) struct Pen<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
    is_ascii: bool,
}

impl<'a> Pen<'a> {
    pub(crate) const fn new(buffer: &'a mut Buffer, theme: Theme, is_ascii: bool) -> Self {
        Self { buffer, theme, is_ascii }
    }

    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Returns how numbers are printed.
    pub(crate) fn options(&self, width: u16) -> TextOptions {
        TextOptions::default().in_ascii(self.is_ascii).with_width(width.into())
    }

    /// Writes a text into the first line of an area, and returns what is left of it to the right.
    pub(crate) fn put(&mut self, area: Rect, text: &str, role: Role) -> Rect {
        let style = self.style(role);
        self.put_styled(area, text, style)
    }

    pub(crate) fn put_styled(&mut self, area: Rect, text: &str, style: Style) -> Rect {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return area;
        }
        let drawn: String;
        let text = if self.is_ascii {
            drawn = text.chars().map(in_ascii).collect();
            &drawn
        } else {
            text
        };
        let (x, _) = self.buffer.set_stringn(area.x, area.y, text, area.width.into(), style);
        let taken = x.saturating_sub(area.x).min(area.width);
        Rect { x: area.x + taken, width: area.width - taken, ..area }
    }

    /// Writes a text so that it ends where the area does.
    pub(crate) fn put_right(&mut self, area: Rect, text: &str, role: Role) {
        let width = u16::try_from(display_width(text)).unwrap_or(u16::MAX).min(area.width);
        self.put(Rect { x: area.x + (area.width - width), width, ..area }, text, role);
    }

    /// Gives a whole area another look, whatever stands in it.
    pub(crate) fn paint(&mut self, area: Rect, role: Role) {
        let style = self.style(role);
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Draws a bar of so many thousandths of an area's width, as fine as an eighth of a column.
    pub(crate) fn bar(&mut self, area: Rect, thousandths: u64, role: Role) {
        const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        let whole = u64::from(area.width) * 8;
        let eighths = (thousandths.min(1_000) * whole).div_ceil(1_000).min(whole);
        let eighths = usize::try_from(eighths).unwrap_or(0);
        let bar = format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8]);
        self.put(area, &bar, role);
    }
}

/// Returns the ASCII character that stands for one that is drawn.
const fn in_ascii(character: char) -> char {
    match character {
        '─' => '-',
        '│' => '|',
        '…' => '~',
        '▾' | '▼' => 'v',
        '▲' => '^',
        '·' | '■' => '*',
        '↑' => '^',
        '↓' => 'v',
        '\u{2581}'..='\u{258f}' => '#',
        other => other,
    }
}

/// The line of an area that stands so many lines below its first.
pub(crate) fn line(area: Rect, at: u16) -> Rect {
    if at >= area.height {
        return Rect { height: 0, ..area };
    }
    Rect { y: area.y + at, height: 1, ..area }
}

/// An area without its first lines.
pub(crate) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// An area without its first columns.
pub(crate) fn right(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect { x: area.x + columns, width: area.width - columns, ..area }
}
