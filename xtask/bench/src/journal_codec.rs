//! The cost of the journal itself for a record, without a tracker and without a ledger: appending
//! to its files and reading back, beside lines of JSON in a plain file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use usage_core::record::{LabelInterner, line};
use usage_core::sink::{
    BatchOutcome, JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId,
};
use usage_core::{Error, Record, Timestamp};
use usage_journal::{JournalWriter, Options, RealDisk};

use crate::figures::float;
use crate::rounds::{Times, interleaved, ratio};
use crate::{Setup, workload};

const ROWS: usize = 1_000_000;
/// The number of records that a drain of the channel brings when it is busy, and that are stored at once.
const DRAIN: usize = 4_096;
const BATCH: usize = 20_000;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    println!(
        "  {:<20} {:>13} {:>13} {:>9} | {:<28}",
        "", "append", "read back", "bytes", "beside NDJSON: append"
    );
    for with_event_ids in [false, true] {
        let records = workload::records(setup.rows(ROWS), with_event_ids)?;
        let mut reading = [const { Vec::new() }; 2];
        let mut bytes = [0; 2];
        let [journal_reading, lines_reading] = &mut reading;
        let [journal_bytes, lines_bytes] = &mut bytes;
        let mut journal = || {
            let (append, read, bytes) = through_journal(&setup.folder.join("codec"), &records)?;
            journal_reading.push(read);
            *journal_bytes = bytes;
            Ok(append)
        };
        let mut lines = || {
            let (append, read, bytes) =
                through_lines(&setup.folder.join("codec.ndjson"), &records)?;
            lines_reading.push(read);
            *lines_bytes = bytes;
            Ok(append)
        };
        let appending = interleaved(setup.rounds, &mut [&mut lines, &mut journal])?;
        let [journal_reading, lines_reading] = reading.map(Times::from);
        let ids = if with_event_ids { ", event ids" } else { "" };
        for (name, append, read, bytes, beside) in [
            ("NDJSON", &appending[0], &lines_reading, bytes[1], String::new()),
            (
                "journal",
                &appending[1],
                &journal_reading,
                bytes[0],
                format!(
                    "{}, read {:.1}",
                    ratio(&appending[0], &appending[1]),
                    ratio(&lines_reading, &journal_reading).median
                ),
            ),
        ] {
            let each = |times: &Times| 1e9 / times.per_second(records.len());
            println!(
                "  {:<20} {:>10.0} ns {:>10.0} ns {:>9.1} | {beside}",
                format!("{name}{ids}"),
                each(append),
                each(read),
                float(bytes) / float(records.len() as u64),
            );
        }
    }
    println!("  a record; append: encode and write; read back: read, check and decode");
    Ok(())
}

/// Measures how long appending and reading back took, and the bytes of all frames.
fn through_journal(folder: &Path, records: &[Record]) -> Result<(Duration, Duration, u64)> {
    let ledger = LedgerId::from_bytes([7; 16]);
    let mut options = Options::default();
    options.max_bytes = u64::MAX;
    let before = crate::process::Written::now()?;
    let (mut journal, mut tail) = JournalWriter::create(RealDisk, folder, ledger, options)?;
    let start = Instant::now();
    for drain in records.chunks(DRAIN) {
        let mut written = 0;
        while written < drain.len() {
            written += journal.append(&drain[written..])?;
        }
        journal.publish();
    }
    let append = start.elapsed();
    let bytes = crate::process::Written::now()?.since(before).handed_over;

    let mut nowhere = Nowhere::default();
    let start = Instant::now();
    while tail.load(BATCH)? > 0 {
        tail.store(&mut nowhere)?;
    }
    let read = start.elapsed();
    ensure!(nowhere.stored == records.len() as u64, "{} came back", nowhere.stored);
    drop(journal);
    tail.recycle(&mut nowhere)?;
    tail.close(&mut nowhere)?;
    Ok((append, read, bytes))
}

fn through_lines(path: &Path, records: &[Record]) -> Result<(Duration, Duration, u64)> {
    let start = Instant::now();
    let mut file = BufWriter::with_capacity(1 << 18, File::create(path)?);
    for record in records {
        writeln!(file, "{}", line::write(record))?;
    }
    file.flush()?;
    let append = start.elapsed();
    let bytes = path.metadata()?.len();

    let start = Instant::now();
    let (mut count, mut text, mut labels) = (0, Vec::new(), LabelInterner::new(1_000));
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
    while file.read_until(b'\n', &mut text)? > 0 {
        let record = line::parse(text.trim_ascii_end(), Timestamp::MIN_RECORD, &mut labels)?;
        std::hint::black_box(record);
        text.clear();
        count += 1;
    }
    let read = start.elapsed();
    ensure!(count == records.len(), "{count} came back");
    std::fs::remove_file(path)?;
    Ok((append, read, bytes))
}

/// A ledger that takes everything and keeps nothing but the positions.
#[derive(Default)]
struct Nowhere {
    stored: u64,
    positions: HashMap<SegmentId, Position>,
}

impl JournalSink for Nowhere {
    fn ledger_id(&mut self) -> Result<LedgerId, Error> {
        Ok(LedgerId::from_bytes([7; 16]))
    }

    fn journal_folder(&mut self) -> Result<PathBuf, Error> {
        Ok(PathBuf::new())
    }

    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, Error> {
        Ok(self.positions.get(&segment).copied())
    }

    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error> {
        let stored = std::hint::black_box(replay.records).len() as u64;
        self.stored += stored;
        self.positions.insert(replay.segment, replay.to);
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
