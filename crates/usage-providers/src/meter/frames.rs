//! The event stream of AWS (`application/vnd.amazon.eventstream`): frames with a length, headers, a
//! payload and checksums.

use memchr::{memchr, memmem};

use super::base64::Base64;
use super::crc32::Crc32;
use super::events::Events;
use crate::json::Progress;
use crate::part::End;

/// Lengths of the frame and of its headers, and a checksum of both.
const PRELUDE: usize = 12;

/// Bytes of a frame besides headers and payload.
const FIXED: u32 = 16;

/// The largest frame that AWS sends.
const MOST: u32 = 24 << 20;

/// The beginning of a payload that wraps an event of a model's own stream.
const WRAPPED: &[u8] = b"{\"bytes\":\"";

/// The number of bytes of the headers that are looked at.
const HEADERS: usize = 256;

#[derive(Clone, Debug)]
pub(super) struct Frames {
    place: Place,
    /// Bytes of the current piece that are still to come.
    left: u32,
    payload_length: u32,
    fixed: [u8; PRELUDE],
    length: usize,
    headers: [u8; HEADERS],
    headers_length: usize,
    crc: Crc32,
    trailing: bool,
    wrap: Wrap,
}

/// The knowledge whether the payload wraps an event, as far as can be said.
#[derive(Clone, Copy, Debug)]
enum Wrap {
    /// It begins as one that does, for so many bytes.
    Perhaps(usize),
    No,
    Inside(Base64),
    /// Behind what was wrapped.
    Behind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Prelude,
    Headers,
    Payload,
    Checksum,
    /// Behind a broken prelude: nothing says where the next frame begins.
    Lost,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            place: Place::Prelude,
            left: 0,
            payload_length: 0,
            fixed: [0; PRELUDE],
            length: 0,
            headers: [0; HEADERS],
            headers_length: 0,
            crc: Crc32::default(),
            trailing: false,
            wrap: Wrap::Perhaps(0),
        }
    }
}

impl Frames {
    pub(super) fn feed(&mut self, chunk: &[u8], events: &mut Events) {
        let mut rest = chunk;
        while !rest.is_empty() {
            rest = match self.place {
                Place::Prelude => self.fixed(rest, PRELUDE, events),
                Place::Checksum => self.fixed(rest, 4, events),
                Place::Headers | Place::Payload => self.piece(rest, events),
                Place::Lost => return,
            };
        }
    }

    /// Fills the prelude or the checksum.
    fn fixed<'a>(&mut self, rest: &'a [u8], whole: usize, events: &mut Events) -> &'a [u8] {
        let taken = rest.len().min(whole - self.length);
        let (piece, after) = rest.split_at(taken);
        if let Some(room) = self.fixed.get_mut(self.length..self.length + taken) {
            room.copy_from_slice(piece);
        }
        self.length += taken;
        if self.length == whole {
            self.length = 0;
            if self.place == Place::Prelude {
                self.begin(events);
            } else {
                self.end(events);
            }
        }
        after
    }

    fn begin(&mut self, events: &mut Events) {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.fixed;
        let total = u32::from_be_bytes([a, b, c, d]);
        let headers = u32::from_be_bytes([e, f, g, h]);
        let mut crc = Crc32::default();
        crc.update(&[a, b, c, d, e, f, g, h]);
        let inside = total.checked_sub(FIXED).filter(|_| total <= MOST);
        let payload = inside.and_then(|inside| inside.checked_sub(headers));
        let sound = crc.value() == u32::from_be_bytes([i, j, k, l]);
        let Some(payload) = payload.filter(|_| sound) else {
            events.malformed += 1;
            self.place = Place::Lost;
            return;
        };
        crc.update(&[i, j, k, l]);
        self.crc = crc;
        self.left = headers;
        self.payload_length = payload;
        self.headers_length = 0;
        self.trailing = false;
        self.wrap = Wrap::Perhaps(0);
        self.place = Place::Headers;
        self.next_piece();
    }

    /// Goes past pieces that have no bytes left.
    fn next_piece(&mut self) {
        if self.left == 0 && self.place == Place::Headers {
            self.left = self.payload_length;
            self.place = Place::Payload;
        }
        if self.left == 0 && self.place == Place::Payload {
            self.place = Place::Checksum;
        }
    }

    fn piece<'a>(&mut self, rest: &'a [u8], events: &mut Events) -> &'a [u8] {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let (piece, after) = rest.split_at(rest.len().min(left));
        self.crc.update(piece);
        if self.place == Place::Payload {
            self.payload(piece, events);
        } else {
            for byte in piece {
                if let Some(place) = self.headers.get_mut(self.headers_length) {
                    *place = *byte;
                    self.headers_length += 1;
                }
            }
        }
        self.left -= u32::try_from(piece.len()).unwrap_or(self.left);
        self.next_piece();
        after
    }

    /// Reads on in the payload, or in what it wraps.
    fn payload(&mut self, piece: &[u8], events: &mut Events) {
        let mut rest = piece;
        while !rest.is_empty() {
            match &mut self.wrap {
                Wrap::Perhaps(matched) => {
                    let expected = WRAPPED.get(*matched..).unwrap_or_default();
                    let same = expected.iter().zip(rest).take_while(|(a, b)| a == b).count();
                    *matched += same;
                    rest = rest.get(same..).unwrap_or_default();
                    if *matched == WRAPPED.len() {
                        self.wrap = Wrap::Inside(Base64::default());
                    } else if !rest.is_empty() {
                        let begun = WRAPPED.get(..*matched).unwrap_or_default();
                        self.wrap = Wrap::No;
                        self.plain(begun, events);
                    }
                }
                Wrap::No => {
                    self.plain(rest, events);
                    return;
                }
                Wrap::Inside(base64) => {
                    let end = memchr(b'"', rest);
                    let (inside, after) = rest.split_at(end.unwrap_or(rest.len()));
                    let trailing = &mut self.trailing;
                    base64.decode(inside, |bytes| {
                        let behind = events.feed(bytes);
                        *trailing |= events.progress() == Progress::Done && !behind.is_empty();
                    });
                    if end.is_some() {
                        self.trailing |= base64.broken;
                        self.wrap = Wrap::Behind;
                    }
                    rest = after;
                }
                Wrap::Behind => return,
            }
        }
    }

    fn plain(&mut self, piece: &[u8], events: &mut Events) {
        let behind = events.feed(piece);
        self.trailing |= events.progress() == Progress::Done && !behind.is_empty();
    }

    fn end(&mut self, events: &mut Events) {
        self.place = Place::Prelude;
        let [a, b, c, d, ..] = self.fixed;
        if self.trailing || self.crc.value() != u32::from_be_bytes([a, b, c, d]) {
            events.malformed += 1;
            events.discard();
            return;
        }
        let headers = self.headers.get(..self.headers_length).unwrap_or_default();
        let failed = [&b":exception-type"[..], b":error-code"];
        if failed.iter().any(|name| memmem::find(headers, name).is_some()) {
            events.error();
        }
        if self.payload_length > 0 {
            events.end();
        }
    }

    /// Ends the stream. Nothing but its usage says that it is complete.
    pub(super) fn finish(&mut self, end: End, events: &mut Events) -> bool {
        let cut = !matches!(self.place, Place::Prelude | Place::Lost) || self.length > 0;
        events.malformed += u64::from(cut && end == End::Complete);
        false
    }
}
