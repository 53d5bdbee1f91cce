//! Segments of every format that was ever released are read for ever.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::{fs, io};

use usage_core::sink::{
    BatchOutcome, JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId,
};
use usage_core::{Error, Label, Measure, Record};
use usage_journal::{Replayed, replay};

use crate::damage::{FOLDER, ledger_id};
use crate::sim::SimDisk;

/// Keeps everything as text.
#[derive(Default)]
struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    position: Option<Position>,
}

impl JournalSink for Lines {
    fn ledger_id(&mut self) -> Result<LedgerId, Error> {
        Ok(ledger_id())
    }
    fn journal_folder(&mut self) -> Result<PathBuf, Error> {
        Ok(FOLDER.into())
    }
    fn position(&mut self, _: SegmentId) -> Result<Option<Position>, Error> {
        Ok(self.position)
    }
    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error> {
        self.lines.lock().unwrap().extend(replay.records.iter().map(line));
        self.position = Some(replay.to);
        let stored = replay.records.len() as u64;
        Ok(ReplayOutcome::Stored(BatchOutcome::stored(stored)))
    }
    fn make_durable(&mut self) -> Result<(), Error> {
        Ok(())
    }
    fn forget(&mut self, _: SegmentId) -> Result<(), Error> {
        Ok(())
    }
}

fn line(record: &Record) -> String {
    let (names, tokens) = (record.labels().names(), record.tokens());
    let mut line = format!(
        "{:?} {:?} {:?} {:?} {:?} {} {} {} {} {} {} {} {} {:?}",
        names.get(Label::Instance),
        names.get(Label::Profile),
        names.get(Label::Provider),
        names.get(Label::Route),
        names.get(Label::Model),
        record.timestamp().as_micros(),
        record.fallbacks(),
        tokens.input,
        tokens.output,
        tokens.cache_read,
        tokens.cache_write,
        tokens.unclassified,
        tokens.reasoning,
        record.event_id().map(usage_core::EventId::as_str),
    );
    line.extend(more(record).into_iter().map(|(name, value)| format!(" {name}={value}")));
    line
}

/// Returns the values that few records have.
fn more(record: &Record) -> Vec<(String, String)> {
    let (counts, context) = (record.counts(), record.context());
    let names = Label::ALL
        .into_iter()
        .skip(5)
        .map(|label| (label.field().to_owned(), record.labels().names().get(label).to_owned()));
    // That a cost is stated is told by the cost.
    let measures = Measure::ALL.into_iter().skip(7).filter(|measure| *measure != Measure::Stated);
    let numbers = measures.map(|measure| {
        let number = counts.get(measure);
        let text = if number > 0 { number.to_string() } else { String::new() };
        (measure.field().to_owned(), text)
    });
    let tags = context.tags().map(|(key, value)| (format!("tag:{key}"), value.to_owned()));
    let texts = [
        ("alias_id", record.alias_id().map(ToString::to_string)),
        ("session_id", Some(context.session_id().to_owned())),
        ("revision", (counts.revision() > 0).then(|| counts.revision().to_string())),
        ("stated_cost", counts.stated_cost().map(|cost| cost.to_string())),
        ("time_stated", (!counts.is_time_stated()).then(|| "false".to_owned())),
    ];
    let texts = texts.into_iter().map(|(name, text)| (name.to_owned(), text.unwrap_or_default()));
    let all = names.chain(numbers).chain(texts).chain(tags);
    all.filter(|(_, value)| !value.is_empty()).collect()
}

/// Replays the segment in that folder; what it holds must be what its `records.txt` says.
fn replay_fixture(folder: &Path) -> io::Result<(SimDisk, Replayed)> {
    let disk = SimDisk::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "segment") {
            disk.put(&Path::new(FOLDER).join(path.file_name().unwrap()), &fs::read(&path)?);
        }
    }
    assert_eq!(disk.files().len(), 1);
    let mut sink = Lines::default();
    let replayed =
        replay(&disk, Path::new(FOLDER), &mut sink, 4, &mut |_| ControlFlow::Continue(()));
    let expected = fs::read_to_string(folder.join("records.txt"))?;
    let lines = sink.lines.lock().unwrap();
    assert_eq!(
        lines.iter().map(String::as_str).collect::<Vec<_>>(),
        expected.lines().collect::<Vec<_>>()
    );
    Ok((disk, replayed.unwrap()))
}

/// Replays all segments of a format; each with so many pieces of damage.
fn replay_format(format: &str, fixtures: &[(&str, usize)]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format);
    for &(name, damaged) in fixtures {
        let (disk, replayed) = replay_fixture(&folder.join(name)).unwrap();
        assert_eq!(
            (replayed.damage.len(), replayed.segments),
            (damaged, 1),
            "{name}: {replayed:?}"
        );
        assert_eq!((replayed.newer.len(), replayed.unreadable.len()), (0, 0), "{name}");
        assert!(disk.files().is_empty(), "{name}: it is given up once it is stored");
    }
}

#[test]
fn segments_of_format_1_are_stored_to_the_last_number() {
    replay_format("v1", &[("clean", 0), ("torn", 1), ("header", 1), ("reused", 0), ("kinds", 0)]);
}

#[test]
fn segments_of_format_2_are_stored_to_the_last_number() {
    let fixtures = [("clean", 0), ("torn", 1), ("header", 1), ("reused", 0), ("kinds", 0)];
    replay_format("v2", &fixtures);
    replay_format("v2", &[("everything", 0)]);
}
