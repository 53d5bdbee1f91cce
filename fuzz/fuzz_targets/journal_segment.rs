//! Any bytes as the frames of a segment, and a good segment with some bytes changed: replayed
//! without a panic, nothing stored twice, and every damaged piece inside the file and of bounded
//! size.
#![no_main]

use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libfuzzer_sys::{arbitrary, fuzz_target};
use usage_core::sink::{
    BatchOutcome, JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId,
};
use usage_core::{
    Context, Error, EventId, LabelNames, Labels, Money, Outcome, Quality, Record, Timestamp, TokenCounts,
    Usage,
};
use usage_journal::{JournalWriter, Options, RealDisk, replay};

#[derive(Debug, arbitrary::Arbitrary)]
enum Input<'a> {
    /// The whole file.
    Bytes(&'a [u8]),
    /// The bytes that follow a good header.
    Frames(&'a [u8]),
    /// Frames whose checksums are right.
    Payloads(Vec<(u8, &'a [u8])>),
    /// A good segment, cut and changed at these places.
    Changed { length: Option<u16>, changes: Vec<(u16, u8)> },
}

const LEDGER: LedgerId = LedgerId::from_bytes([7; 16]);
const KEPT: usize = 256 * 1024;

#[derive(Default)]
struct Ledger {
    stored: Vec<Record>,
    positions: HashMap<SegmentId, Position>,
}

impl JournalSink for Ledger {
    fn ledger_id(&mut self) -> Result<LedgerId, Error> {
        Ok(LEDGER)
    }
    fn journal_folder(&mut self) -> Result<PathBuf, Error> {
        Ok(PathBuf::new())
    }
    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, Error> {
        Ok(self.positions.get(&segment).copied())
    }
    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error> {
        let start = Position { sequence: 0, ..replay.from };
        let at = self.positions.get(&replay.segment).copied().unwrap_or(start);
        assert_eq!(at, replay.from, "it begins where the ledger stands");
        assert!(replay.to.sequence > at.sequence, "it goes on");
        assert!(replay.damage.iter().all(|damage| damage.bytes.len() <= KEPT));
        self.stored.extend_from_slice(replay.records);
        self.positions.insert(replay.segment, replay.to);
        let stored = replay.records.len() as u64;
        Ok(ReplayOutcome::Stored(BatchOutcome::stored(stored)))
    }
    fn make_durable(&mut self) -> Result<(), Error> {
        Ok(())
    }
    fn forget(&mut self, segment: SegmentId) -> Result<(), Error> {
        self.positions.remove(&segment);
        Ok(())
    }
}

fn records(count: u64) -> Vec<Record> {
    let record = |number: u64| {
        let route = if number % 2 == 0 { "think" } else { "default" };
        let names = LabelNames::new().with_instance("i").with_route(route).with_model("m");
        let when = i64::try_from(number).unwrap();
        let tokens = TokenCounts::new().with_input(number);
        let usage = Usage::new(tokens, Timestamp::from_micros(when));
        let of = |names, usage| Record::new(Labels::new(names).unwrap(), usage).unwrap();
        let id = |text: &str| EventId::new(format!("{text} {number}")).unwrap();
        match number % 6 {
            0 => of(names, usage).with_event_id(id("event")),
            // What few records have.
            3 => {
                let usage = usage.with_outcome(Outcome::Cancelled).with_web_searches(number);
                let usage = usage.with_quality(Quality::Partial).with_revision(10);
                let usage = usage.with_stated_cost(Money::from_picos(number.into()));
                let session = format!("session {}", number / 12);
                of(names.with_project("ledger"), usage)
                    .with_event_id(id("event"))
                    .with_alias_id(id("alias"))
                    .with_context(Context::new(&session, [("team", "search")]).unwrap())
            }
            _ => of(names, usage),
        }
    };
    (0..count).map(record).collect()
}

struct World {
    folder: PathBuf,
    path: PathBuf,
    good: Vec<u8>,
    records: Vec<Record>,
}

impl World {
    /// A segment with a few frames.
    fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| {
            let name = format!("usage-fuzz-journal-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            let mut options = Options::default();
            (options.segment_bytes, options.frame_bytes) = (8_192, 1_024);
            let (mut journal, _tail) =
                JournalWriter::create(RealDisk, &folder, LEDGER, options).unwrap();
            let records = records(40);
            let mut rest = &records[..];
            while !rest.is_empty() {
                let taken = journal.append(&rest[..rest.len().min(9)]).unwrap();
                rest = &rest[taken..];
            }
            let path = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
            let good = fs::read(&path).unwrap();
            Self { folder, path, good, records }
        })
    }

    fn content(&self, input: &Input<'_>) -> Vec<u8> {
        match input {
            Input::Bytes(bytes) => bytes.to_vec(),
            Input::Frames(bytes) => [&self.good[..128], bytes].concat(),
            Input::Payloads(payloads) => {
                let (mut content, mut sequence) = (self.good[..128].to_vec(), 0);
                for (records, payload) in payloads {
                    content.extend(frame(&self.good, sequence, *records, payload));
                    sequence += u64::from(*records);
                }
                content
            }
            Input::Changed { length, changes } => {
                let mut content = self.good.clone();
                for (at, byte) in changes {
                    let at = usize::from(*at) % content.len();
                    content[at] = *byte;
                }
                content.truncate(length.map_or(usize::MAX, usize::from));
                content
            }
        }
    }
}

/// A frame as a journal would write it, whatever is in it.
fn frame(header: &[u8], sequence: u64, records: u8, payload: &[u8]) -> Vec<u8> {
    let seed = crc32fast::hash(&[&header[8..24], &header[40..48]].concat());
    let checksum = |bytes: &[u8]| {
        let mut hasher = crc32fast::Hasher::new_with_initial(seed);
        hasher.update(bytes);
        hasher.finalize().to_le_bytes()
    };
    let mut frame = b"\xF7USG".to_vec();
    frame.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    frame.extend(sequence.to_le_bytes());
    frame.extend(u32::from(records).to_le_bytes());
    frame.extend(checksum(payload));
    frame.extend(checksum(&frame.clone()));
    frame.extend(payload);
    frame
}

fn run(folder: &Path, ledger: &mut Ledger) -> u64 {
    let told = replay(&RealDisk, folder, ledger, 5, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(told.failed.is_empty(), "{told:?}");
    for found in &told.damage {
        assert!(!found.to_string().is_empty());
    }
    told.stored
}

fuzz_target!(|input: Input<'_>| {
    let world = World::get();
    fs::create_dir_all(&world.folder).unwrap();
    fs::write(&world.path, world.content(&input)).unwrap();
    let mut ledger = Ledger::default();
    let stored = run(&world.folder, &mut ledger);
    assert_eq!(stored, ledger.stored.len() as u64);
    // Changed bytes may take records, but never make or repeat one.
    if let Input::Changed { .. } = input {
        let mut good = world.records.iter();
        let in_order = ledger.stored.iter().all(|record| good.any(|known| known == record));
        assert!(in_order, "{input:?}");
    }
    assert_eq!(run(&world.folder, &mut ledger), 0);
    drop(fs::remove_dir_all(&world.folder));
});
