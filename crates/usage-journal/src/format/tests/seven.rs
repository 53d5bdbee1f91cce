//! A reader like the program before records said more, of format 2 with seven numbers and five names, and what it makes
//! of what this one writes. Its rules are copied here as they were.

use proptest::collection::vec;
use proptest::prelude::*;
use usage_core::{Label, Labels, Measure, Record, TokenCounts, Usage};

use super::records::record;
use crate::format::{END_MARK_BYTES, Encoder, FRAME_HEADER_BYTES, varint};

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It stores so many records.
    Stored(u64),
    /// It leaves the frame, and what follows it, to a newer program.
    Newer,
    Damaged,
}

/// `decode` of that program, without what it made of the numbers and texts.
fn program_of_seven(payload: &[u8]) -> Verdict {
    match read(&mut &*payload) {
        Some(verdict) => verdict,
        None => Verdict::Damaged,
    }
}

fn read(bytes: &mut &[u8]) -> Option<Verdict> {
    let [features, measures, names] =
        [varint::take(bytes)?, varint::take(bytes)?, varint::take(bytes)?];
    if features != 0 || measures & !0b111_1111 != 0 || names > 5 {
        return Some(Verdict::Newer);
    }
    for _ in 0..varint::take(bytes)? * names {
        text(bytes)?;
    }
    let records = varint::take(bytes)?;
    for _ in 0..records {
        for _ in 0..2 + measures.count_ones() {
            varint::take(bytes)?;
        }
        let (&mark, rest) = bytes.split_first()?;
        *bytes = rest;
        match mark {
            0 => {}
            1 => text(bytes)?,
            _ => return Some(Verdict::Newer),
        }
    }
    bytes.is_empty().then_some(Verdict::Stored(records))
}

fn text(bytes: &mut &[u8]) -> Option<()> {
    let length = usize::try_from(varint::take(bytes)?).ok()?;
    *bytes = bytes.get(length..)?;
    Some(())
}

fn payload(records: &[Record]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    assert_eq!(encoder.encode(records, u64::MAX), records.len());
    let frame = encoder.seal(0, 0, false);
    frame[FRAME_HEADER_BYTES..frame.len() - END_MARK_BYTES].to_vec()
}

/// Returns whether that program could hold all of it.
fn is_usual(record: &Record) -> bool {
    let (names, counts) = (record.labels().names(), record.counts());
    Label::ALL.into_iter().skip(5).all(|label| names.get(label).is_empty())
        && Measure::ALL.into_iter().skip(7).all(|measure| counts.get(measure) == 0)
        && (record.alias_id().is_none() && record.context().is_none())
        && (counts.revision() == 0 && counts.is_time_stated())
}

proptest! {
    #[test]
    fn it_stores_what_it_knows_and_drops_nothing_else(records in vec(record(), 1..8)) {
        let usual = records.iter().all(is_usual);
        let expected = if usual { Verdict::Stored(records.len() as u64) } else { Verdict::Newer };
        prop_assert_eq!(program_of_seven(&payload(&records)), expected);
    }

    /// The bytes of usual records are those that it wrote itself.
    #[test]
    fn usual_records_are_stored(records in vec(record(), 1..40)) {
        let records: Vec<_> = records.iter().map(usual).collect();
        prop_assert_eq!(program_of_seven(&payload(&records)), Verdict::Stored(records.len() as u64));
    }
}

/// The same record without what that program could not hold.
fn usual(record: &Record) -> Record {
    let names = record.labels().names();
    let names = Label::ALL.into_iter().skip(5).fold(names, |names, label| names.with(label, ""));
    let mut usage = Usage::new(TokenCounts::new(), record.timestamp());
    for measure in Measure::ALL.into_iter().take(7) {
        usage = usage.with(measure, record.counts().get(measure).into());
    }
    let usual = Record::new(Labels::new(names).unwrap(), usage).unwrap();
    match record.event_id() {
        Some(id) => usual.with_event_id(id.clone()),
        None => usual,
    }
}
