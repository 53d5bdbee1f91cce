//! A table: names to the left, numbers to the right under their headers, as wide as they are displayed.

use ratatui::layout::Rect;
use usage_core::format::{display_width, shorten_apart};
use usage_core::stats::Sort;

use super::pen::{Pen, below, line, right};
use crate::theme::Role;

const GAP: u16 = 2;

/// A column: a cell for each row that is shown, the last one for the sum where there is one.
pub(super) struct Column {
    pub(super) header: String,
    pub(super) cells: Vec<String>,
    pub(super) is_number: bool,
    /// What clicking its header sorts by.
    pub(super) sort: Option<Sort>,
    pub(super) is_sorted_by: bool,
}

impl Column {
    fn width(&self) -> u16 {
        let cells = self.cells.iter().map(|cell| display_width(cell));
        let widest = cells.chain([display_width(&self.header)]).max().unwrap_or(0);
        u16::try_from(widest).unwrap_or(u16::MAX)
    }
}

pub(super) struct Sheet {
    pub(super) columns: Vec<Column>,
    /// How each row stands out.
    pub(super) looks: Vec<Look>,
    /// The part of all that each row is, in thousandths: drawn as bars where there is room.
    pub(super) shares: Vec<u64>,
    pub(super) has_sum: bool,
    pub(super) is_reversed: bool,
}

/// How a row stands out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    pub(super) is_chosen: bool,
    pub(super) is_new: bool,
}

impl Sheet {
    /// The columns that it needs at least, with so many for names that are longer.
    pub(super) fn least(&self, name: u16) -> u16 {
        let widths = self.columns.iter().map(|of| match of.is_number {
            true => of.width(),
            false => of.width().min(name),
        });
        widths.fold(1_u16, |sum, width| sum.saturating_add(width).saturating_add(GAP))
    }

    /// Draws it, and returns where the headers stand.
    pub(super) fn draw(mut self, pen: &mut Pen<'_>, area: Rect) -> Vec<(Rect, Sort)> {
        let mut widths: Vec<u16> = self.columns.iter().map(Column::width).collect();
        let sum = |widths: &[u16]| {
            widths.iter().fold(1_u16, |sum, width| sum.saturating_add(*width).saturating_add(GAP))
        };
        // The widest names give way.
        while sum(&widths) > area.width {
            let names = widths.iter_mut().zip(&self.columns).filter(|(_, of)| !of.is_number);
            match names.map(|(width, _)| width).max().filter(|width| **width > 1) {
                Some(widest) => *widest -= 1,
                None => break,
            }
        }
        for (column, width) in self.columns.iter_mut().zip(&widths) {
            if !column.is_number {
                column.cells = shorten_apart(&column.cells, (*width).into());
            }
        }
        let bars = area.width.saturating_sub(sum(&widths)).min(30);
        let headers = self.headers(pen, line(area, 0), &widths);
        let rows = below(area, 1);
        for (look, at) in self.looks.iter().zip(0..rows.height) {
            let row = line(rows, at);
            let is_sum = self.has_sum && usize::from(at) + 1 == self.looks.len();
            let mut left = right(row, 1);
            for (column, width) in self.columns.iter().zip(&widths) {
                let Some(cell) = column.cells.get(usize::from(at)) else { continue };
                let place = Rect { width: (*width).min(left.width), ..left };
                let role = match (column.is_number, is_sum, look.is_new) {
                    (_, true, _) => Role::Strong,
                    (true, _, true) => Role::Flash,
                    _ => Role::Text,
                };
                if column.is_number {
                    pen.put_right(place, cell, role);
                } else {
                    pen.put(place, cell, role);
                }
                left = right(left, width + GAP);
            }
            if let Some(share) = self.shares.get(usize::from(at)).filter(|_| bars >= 8 && !is_sum) {
                pen.bar(Rect { width: bars - 1, ..left }, *share, Role::Bar);
            }
            if look.is_chosen {
                pen.paint(row, Role::Chosen);
            }
        }
        headers
    }

    fn headers(&self, pen: &mut Pen<'_>, area: Rect, widths: &[u16]) -> Vec<(Rect, Sort)> {
        let mut left = right(area, 1);
        let mut places = Vec::new();
        for (column, width) in self.columns.iter().zip(widths) {
            let place = Rect { width: (*width).min(left.width), ..left };
            let role = if column.is_sorted_by { Role::Title } else { Role::Dim };
            match column.is_number {
                true => pen.put_right(place, &column.header, role),
                false => {
                    pen.put(place, &column.header, role);
                }
            }
            if column.is_sorted_by {
                // Beside the header, in the gap between columns.
                let mark = if self.is_reversed { "▲" } else { "▼" };
                let header = u16::try_from(display_width(&column.header)).unwrap_or(0);
                let x = match column.is_number {
                    true => place.right().saturating_sub(header + 1),
                    false => place.x + header,
                };
                pen.put(Rect { x, width: 1, ..place }, mark, Role::Title);
            }
            if let Some(sort) = column.sort {
                places.push((place, sort));
            }
            left = right(left, width + GAP);
        }
        places
    }
}
