//! Records to a frame. Written by hand in postcard's encoding of texts and numbers, which the tests
//! hold it to: this is on the way of every record.

use std::collections::HashMap;

use usage_core::{Labels, Record};

use super::decode::NAMES;
use super::frame::{END_MARK_BYTES, FRAME_HEADER_BYTES, FrameHeader};
use super::{measures, varint};

/// The most that one record can add to a payload: names of 256 bytes with their lengths, a set
/// and a time, the numbers, an event id of 64 bytes.
pub(crate) const MAX_ENCODED_RECORD: u64 =
    (NAMES * (256 + 2) + (2 + measures::COUNT) * varint::MAX_VARINT_BYTES + 66) as u64;

/// A set, a time, the numbers, and the mark of what else there is.
const MAX_ROW: usize = (2 + measures::COUNT) * varint::MAX_VARINT_BYTES + 1;

/// A frame is closed after this many records for each eight bytes of its size: so it need not be
/// known in advance how many will fit to know which numbers they have.
const BYTES_PER_RECORD: u64 = 8;

/// The most label sets that are found by comparing addresses, one after the other; more are found by their
/// text.
const FEW: usize = 32;

/// Makes frames, with buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    sets: LabelSets,
    rows: Vec<u8>,
    frame: Vec<u8>,
    records: u32,
}

impl Encoder {
    /// Makes a frame of a prefix of `records`, about `frame_bytes` long at most. Returns how many it took.
    pub(crate) fn encode(&mut self, records: &[Record], frame_bytes: u64) -> usize {
        self.sets.clear();
        self.rows.clear();
        let most = usize::try_from(frame_bytes / BYTES_PER_RECORD).unwrap_or(usize::MAX);
        let records = records.get(..most.max(1)).unwrap_or(records);
        let used = measures::used(records);
        let mut before = 0;
        let mut taken = 0;
        for record in records {
            let set = self.sets.index(record.labels());
            let when = record.timestamp().as_micros();
            push_row(&mut self.rows, used, set, when - before, record);
            before = when;
            taken += 1;
            if (self.rows.len() + self.sets.bytes.len()) as u64 >= frame_bytes {
                break;
            }
        }
        self.records = u32::try_from(taken).unwrap_or(u32::MAX);
        self.frame.clear();
        self.frame.extend_from_slice(&[0; FRAME_HEADER_BYTES]);
        // No features: what a program that does not know one must not pass over.
        varint::push(&mut self.frame, 0);
        varint::push(&mut self.frame, used);
        varint::push(&mut self.frame, NAMES as u64);
        varint::push(&mut self.frame, self.sets.known.len() as u64);
        self.frame.extend_from_slice(&self.sets.bytes);
        varint::push(&mut self.frame, taken as u64);
        self.frame.extend_from_slice(&self.rows);
        self.frame.extend_from_slice(&[0; END_MARK_BYTES]);
        taken
    }

    /// Returns what the frame takes in the file in bytes, with the end mark behind it.
    pub(crate) fn frame_len(&self) -> u64 {
        self.frame.len() as u64
    }

    /// Finishes the frame for this place of this segment and generation, and returns it with the end mark
    /// behind it; `synced` says whether everything before it is on the disk.
    pub(crate) fn seal(&mut self, seed: u32, sequence: u64, synced: bool) -> &[u8] {
        let end = self.frame.len().saturating_sub(END_MARK_BYTES);
        if let Some(payload) = self.frame.get(FRAME_HEADER_BYTES..end) {
            let header = FrameHeader::new(seed, sequence, self.records, synced, payload);
            self.frame[..FRAME_HEADER_BYTES].copy_from_slice(&header.to_bytes(seed));
        }
        &self.frame
    }
}

#[inline]
fn push_row(rows: &mut Vec<u8>, used: u64, set: u32, since: i64, record: &Record) {
    let mut row = [0; MAX_ROW];
    let mut end = varint::put(&mut row, 0, u64::from(set));
    end = varint::put(&mut row, end, varint::zigzag(since));
    for (index, number) in measures::of(record).into_iter().enumerate() {
        if used & (1 << index) != 0 {
            end = varint::put(&mut row, end, u64::from(number));
        }
    }
    let event_id = record.event_id();
    row[end] = u8::from(event_id.is_some());
    rows.extend_from_slice(&row[..=end]);
    if let Some(event_id) = event_id {
        push_text(rows, event_id.as_str());
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    varint::push(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// The label sets of one frame, each once.
#[derive(Debug, Default)]
struct LabelSets {
    known: Vec<Labels>,
    /// The same by their text, once they are not few.
    by_text: HashMap<Labels, u32>,
    bytes: Vec<u8>,
    last: usize,
}

impl LabelSets {
    fn clear(&mut self) {
        self.known.clear();
        self.by_text.clear();
        self.bytes.clear();
        self.last = 0;
    }

    #[inline]
    fn index(&mut self, labels: &Labels) -> u32 {
        let same = |known: &Labels| known.is_same_allocation(labels);
        if !self.known.get(self.last).is_some_and(same) {
            self.last = match self.known.iter().take(FEW).position(same) {
                Some(index) => index,
                None => self.by_text(labels),
            };
        }
        u32::try_from(self.last).unwrap_or(u32::MAX)
    }

    fn by_text(&mut self, labels: &Labels) -> usize {
        if let Some(&index) = self.by_text.get(labels) {
            return index as usize;
        }
        let index = self.known.len();
        for name in labels.names().all() {
            push_text(&mut self.bytes, name);
        }
        self.known.push(labels.clone());
        self.by_text.insert(labels.clone(), u32::try_from(index).unwrap_or(u32::MAX));
        index
    }
}
