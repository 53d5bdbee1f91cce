//! JSON: one body, a list of them as Gemini streams without `alt=sse`, or one a line.

use memchr::memchr;

use super::events::Events;
use crate::json::Progress;
use crate::part::End;

#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    place: Place,
    objects: u64,
    /// Lists that are open.
    lists: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Between,
    Object,
    /// In something that could not be read, up to the end of the line.
    Broken,
}

impl Values {
    pub(super) fn feed(&mut self, chunk: &[u8], events: &mut Events) {
        let mut rest = chunk;
        while let [byte, tail @ ..] = rest {
            match self.place {
                Place::Between => match byte {
                    b'{' => self.place = Place::Object,
                    _ => {
                        rest = tail;
                        self.between(*byte, events);
                    }
                },
                Place::Object => {
                    rest = events.feed(rest);
                    if events.progress() != Progress::Open {
                        let done = events.progress() == Progress::Done;
                        self.place = if done { Place::Between } else { Place::Broken };
                        self.objects += 1;
                        events.end();
                    }
                }
                Place::Broken => match memchr(b'\n', rest) {
                    Some(end) => {
                        self.place = Place::Between;
                        rest = rest.get(end + 1..).unwrap_or_default();
                    }
                    None => return,
                },
            }
        }
    }

    fn between(&mut self, byte: u8, events: &mut Events) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0x1e => {}
            b'[' => self.lists += 1,
            b']' if self.lists > 0 => self.lists -= 1,
            _ => {
                self.place = Place::Broken;
                self.objects += 1;
                events.malformed += 1;
            }
        }
    }

    /// Ends the body; of one that was cut off counts what was read. Returns whether it was one
    /// object and is there to its end.
    pub(super) fn finish(&mut self, end: End, events: &mut Events) -> bool {
        if self.place == Place::Object {
            events.malformed += u64::from(end == End::Complete);
            events.salvage();
            return false;
        }
        self.objects == 1 && self.lists == 0 && events.malformed == 0
    }
}
