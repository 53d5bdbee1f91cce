//! Server-sent events: lines of `data:`, up to an empty line. Lines may end in LF, CRLF or CR;
//! comments and other fields are passed over.

use memchr::memchr2;

use super::events::Events;
use super::marks::{Marks, marked};
use crate::json::Progress;
use crate::part::End;

/// Events that are always read: the first ones say id and model.
const HEAD_EVENTS: u64 = 4;

/// The data of the event after which nothing comes.
const DONE: &[u8] = b"[DONE]";

/// The place in the stream where the reading stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    /// At the beginning of a line.
    #[default]
    Start,
    /// In the name of a field.
    Name,
    /// Behind `data:`, where one space is left out.
    BeforeData,
    Data,
    /// In a line that says nothing.
    Other,
    /// Behind a CR, to which an LF belongs if one follows.
    AfterCr,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Sse {
    line: Line,
    name: [u8; 8],
    name_length: usize,
    /// Lines of data that the event has so far.
    lines: u64,
    data: Data,
    events: u64,
    done: bool,
}

/// The knowledge of the data of an event besides what the scanner reads.
#[derive(Clone, Debug, Default)]
struct Data {
    marks: Marks,
    /// The first and the last byte that is not white.
    ends: Option<(u8, u8)>,
    start: [u8; DONE.len()],
    length: usize,
    /// Something behind the end of the object.
    trailing: bool,
}

impl Sse {
    pub(super) fn feed(&mut self, chunk: &[u8], events: &mut Events) {
        let mut rest = chunk;
        while let [byte, tail @ ..] = rest {
            match self.line {
                Line::Start => {
                    if self.lines == 0
                        && let Some(after) = self.whole_event(rest, events)
                    {
                        rest = after;
                        continue;
                    }
                    if matches!(byte, b'\n' | b'\r') {
                        self.end_event(events);
                        self.end_line(*byte);
                        rest = tail;
                    } else {
                        self.name_length = 0;
                        self.line = Line::Name;
                    }
                }
                Line::Name => {
                    match byte {
                        b':' if self.name.get(..self.name_length) == Some(b"data") => {
                            self.line = Line::BeforeData;
                        }
                        b':' => self.line = Line::Other,
                        b'\n' | b'\r' => self.end_line(*byte),
                        _ => {
                            if let Some(place) = self.name.get_mut(self.name_length) {
                                *place = *byte;
                                self.name_length += 1;
                            } else {
                                self.line = Line::Other;
                            }
                        }
                    }
                    rest = tail;
                }
                Line::BeforeData => {
                    if self.lines > 0 {
                        self.data.feed(b"\n", events);
                    }
                    self.lines += 1;
                    self.line = Line::Data;
                    rest = if *byte == b' ' { tail } else { rest };
                }
                Line::Data | Line::Other => {
                    let end = memchr2(b'\n', b'\r', rest);
                    let (inside, after) = rest.split_at(end.unwrap_or(rest.len()));
                    if self.line == Line::Data {
                        self.data.feed(inside, events);
                    }
                    rest = after;
                    if let [byte, tail @ ..] = after {
                        self.end_line(*byte);
                        rest = tail;
                    }
                }
                Line::AfterCr => {
                    self.line = Line::Start;
                    rest = if *byte == b'\n' { tail } else { rest };
                }
            }
        }
    }

    /// Takes an event that lies in the input as a whole, as most do: one line of data and an empty
    /// line. Such a one need not be read where it cannot hold counts. Returns what lies behind it.
    fn whole_event<'a>(&mut self, input: &'a [u8], events: &mut Events) -> Option<&'a [u8]> {
        let rest = input.strip_prefix(b"data:")?;
        let end = memchr2(b'\n', b'\r', rest)?;
        let (line, rest) = rest.split_at_checked(end)?;
        let rest = match rest {
            [b'\n', b'\n', rest @ ..]
            | [b'\n', b'\r', b'\n', rest @ ..]
            | [b'\r', b'\n', b'\r', b'\n', rest @ ..] => rest,
            _ => return None,
        };
        let line = line.strip_prefix(b" ").unwrap_or(line);
        if self.events >= HEAD_EVENTS && is_object(line) && !marked(line) {
            self.events += 1;
            return Some(rest);
        }
        self.lines = 1;
        self.data.feed(line, events);
        self.end_event(events);
        Some(rest)
    }

    const fn end_line(&mut self, byte: u8) {
        self.line = if byte == b'\r' { Line::AfterCr } else { Line::Start };
    }

    fn end_event(&mut self, events: &mut Events) {
        let data = std::mem::take(&mut self.data);
        let lines = std::mem::take(&mut self.lines);
        let Some(ends) = data.ends.filter(|_| lines > 0) else {
            events.discard();
            return;
        };
        self.events += 1;
        if data.is_done() {
            self.done = true;
            events.discard();
        } else if self.events > HEAD_EVENTS && !data.marks.found() && ends == (b'{', b'}') {
            events.discard();
        } else if data.trailing {
            events.malformed += 1;
            events.discard();
        } else {
            events.end();
        }
    }

    /// Ends the stream; what has no empty line behind it counts all the same. Returns whether the
    /// last event has been seen.
    pub(super) fn finish(&mut self, end: End, events: &mut Events) -> bool {
        if events.progress() == Progress::Done || end == End::Complete {
            self.end_event(events);
        }
        self.done
    }
}

impl Data {
    fn feed(&mut self, piece: &[u8], events: &mut Events) {
        self.marks.feed(piece);
        let dark = |byte: &&u8| !byte.is_ascii_whitespace();
        if let (Some(first), Some(last)) = (piece.iter().find(dark), piece.iter().rev().find(dark))
        {
            self.ends = Some((self.ends.map_or(*first, |(first, _)| first), *last));
        }
        for byte in piece.iter().take(DONE.len() + 1) {
            if let Some(place) = self.start.get_mut(self.length) {
                *place = *byte;
            }
            self.length += 1;
        }
        let behind = events.feed(piece);
        if events.progress() == Progress::Done {
            self.trailing |= behind.iter().any(|byte| !byte.is_ascii_whitespace());
        }
    }

    /// Returns whether the data is the word after which nothing comes.
    fn is_done(&self) -> bool {
        self.length == DONE.len() && self.start == DONE
    }
}

/// Returns whether data looks like an object, by its first and last byte.
fn is_object(data: &[u8]) -> bool {
    let data = data.trim_ascii();
    data.first() == Some(&b'{') && data.last() == Some(&b'}')
}
