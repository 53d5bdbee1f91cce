//! Records to a frame. Written by hand in postcard's encoding of texts and numbers, which the tests
//! hold it to: this is on the way of every record.

use usage_core::record::{MAX_EVENT_ID_BYTES, MAX_TAG_KEY_BYTES, MAX_TAG_VALUE_BYTES, MAX_TAGS};
use usage_core::{Context, Labels, Record};

use super::decode::{CONTEXTS, NAMES, NAMES_OF_ONE};
use super::frame::{END_MARK_BYTES, FRAME_HEADER_BYTES, FrameHeader};
use super::table::Table;
use super::{mark, measures, varint};

/// The most that one record can add to a payload: names of 256 bytes with their lengths, a set
/// and a time, the numbers, two ids, a session and tags, and what else there is.
pub(crate) const MAX_ENCODED_RECORD: u64 = {
    let ids = 2 * (MAX_EVENT_ID_BYTES + 1);
    let tags = 1 + MAX_TAGS * (MAX_TAG_KEY_BYTES + MAX_TAG_VALUE_BYTES + 2);
    ((NAMES + 1) * (256 + 2) + MAX_ROW + ids + tags + mark::MAX_BYTES) as u64
};

/// A set, a time, the numbers, and the mark of what else there is.
const MAX_ROW: usize = (2 + measures::COUNT) * varint::MAX_VARINT_BYTES + 1;

/// A frame is closed after this many records for each eight bytes of its size: so it need not be
/// known in advance how many will fit to know which numbers they have.
const BYTES_PER_RECORD: u64 = 8;

/// Makes frames, with buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    sets: Table<Labels>,
    contexts: Table<Context>,
    rows: Vec<u8>,
    frame: Vec<u8>,
    records: u32,
}

/// The space that the label sets and contexts of a frame take in it.
struct Texts {
    bytes: usize,
    /// The number of names of a label set of the frame: those behind are empty in all of them.
    names: usize,
}

impl Encoder {
    /// Makes a frame of a prefix of `records`, about `frame_bytes` long at most. Returns how many it took.
    pub(crate) fn encode(&mut self, records: &[Record], frame_bytes: u64) -> usize {
        self.sets.clear();
        self.contexts.clear();
        self.rows.clear();
        let most = usize::try_from(frame_bytes / BYTES_PER_RECORD).unwrap_or(usize::MAX);
        let records = records.get(..most.max(1)).unwrap_or(records);
        let used = measures::used(records);
        let mut texts = Texts { bytes: 0, names: NAMES_OF_ONE };
        let mut before = 0;
        let mut taken = 0;
        for record in records {
            let set = self.sets.index(record.labels(), |labels| texts.add_labels(labels));
            let when = record.timestamp().as_micros();
            let mark = push_row(&mut self.rows, used, set, when - before, record);
            match (mark, record.event_id()) {
                (0, _) => {}
                (mark::EVENT_ID, Some(event_id)) => push_text(&mut self.rows, event_id.as_str()),
                _ => self.push_rest(mark, record, &mut texts),
            }
            before = when;
            taken += 1;
            let sets = texts.bytes + self.sets.all().len() * texts.names;
            if (self.rows.len() + sets) as u64 >= frame_bytes {
                break;
            }
        }
        self.records = u32::try_from(taken).unwrap_or(u32::MAX);
        self.put_together(used, texts.names, taken);
        taken
    }

    /// Appends what the mark of a row says that follows.
    fn push_rest(&mut self, mark: u8, record: &Record, texts: &mut Texts) {
        for id in record.ids() {
            push_text(&mut self.rows, id.as_str());
        }
        if mark & mark::CONTEXT != 0 {
            let add = |context: &Context| texts.add_context(context);
            let context = self.contexts.index(record.context(), add);
            varint::push(&mut self.rows, context.into());
        }
        mark::push_counts(&mut self.rows, mark, record.counts());
    }

    fn put_together(&mut self, used: u64, names: usize, taken: usize) {
        let Self { sets, contexts, rows, frame, .. } = self;
        let (sets, contexts) = (sets.all(), contexts.all());
        frame.clear();
        frame.extend_from_slice(&[0; FRAME_HEADER_BYTES]);
        // What a program that does not know it must not pass over.
        varint::push(frame, if contexts.is_empty() { 0 } else { CONTEXTS });
        varint::push(frame, used);
        varint::push(frame, names as u64);
        varint::push(frame, sets.len() as u64);
        for labels in sets {
            labels.names().all().iter().take(names).for_each(|name| push_text(frame, name));
        }
        if !contexts.is_empty() {
            varint::push(frame, contexts.len() as u64);
        }
        for context in contexts {
            push_text(frame, context.session_id());
            varint::push(frame, context.tags().count() as u64);
            for (key, value) in context.tags() {
                push_text(frame, key);
                push_text(frame, value);
            }
        }
        varint::push(frame, taken as u64);
        frame.extend_from_slice(rows);
        frame.extend_from_slice(&[0; END_MARK_BYTES]);
    }

    /// Returns the number of bytes that the frame takes in the file, with the end mark behind it.
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

/// Appends a row up to its mark, which it returns.
#[inline]
fn push_row(rows: &mut Vec<u8>, used: u64, set: u32, since: i64, record: &Record) -> u8 {
    let mut row = [0; MAX_ROW];
    let mut end = varint::put(&mut row, 0, u64::from(set));
    end = varint::put(&mut row, end, varint::zigzag(since));
    for (index, number) in measures::of(record).into_iter().enumerate() {
        if used & (1 << index) != 0 {
            end = varint::put(&mut row, end, u64::from(number));
        }
    }
    let mark = mark::of(record);
    row[end] = mark;
    rows.extend_from_slice(&row[..=end]);
    mark
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    varint::push(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

impl Texts {
    fn add_labels(&mut self, labels: &Labels) {
        let names = labels.names();
        // The first byte of each length is counted with the number of names.
        let text = |name: &&str| name.len() + usize::from(name.len() >= 0x80);
        self.bytes += names.all().iter().map(text).sum::<usize>();
        let last = names.all().iter().rposition(|name| !name.is_empty());
        self.names = self.names.max(last.map_or(0, |last| last + 1));
    }

    fn add_context(&mut self, context: &Context) {
        let tags: usize = context.tags().map(|(key, value)| key.len() + value.len() + 2).sum();
        let session = context.session_id().len();
        self.bytes += session + usize::from(session >= 0x80) + 2 + tags;
    }
}
