//! Power losses, simulated: histories of a journal on a disk that writes down what is done to it, and
//! what a disk may have kept of them at any moment, torn and out of order.

mod crash;
mod disk;
mod history;

use std::collections::BTreeSet;
use std::path::Path;

use usage_journal::{SegmentState, survey};

use crash::{Left, crash};
use history::history;

use crate::damage::{FOLDER, ledger_id, run};
use crate::sim::{Random, SimLedger};

/// States for each level, unless `USAGE_POWER_STATES` says another number.
const STATES: usize = 400;
const STATES_PER_HISTORY: usize = 20;

fn states() -> usize {
    std::env::var("USAGE_POWER_STATES").ok().and_then(|text| text.parse().ok()).unwrap_or(STATES)
}

/// The counts over all states.
#[derive(Debug, Default)]
struct Figures {
    states: usize,
    /// In which something of the journal was not as it had been written.
    touched: usize,
    stored: usize,
    lost: usize,
}

fn try_level(sync: bool) -> Figures {
    let mut figures = Figures::default();
    let mut seed = 1;
    while figures.states < states() {
        let ops = history(seed, 60, sync);
        let mut random = Random(seed);
        for _ in 0..STATES_PER_HISTORY {
            let at = random.up_to(ops.len());
            let left = crash(&ops[..at], &mut random);
            figures.states += 1;
            figures.touched += usize::from(left.lost_sectors > 0);
            if let Err(error) = examine(&left, &mut figures) {
                panic!("{error}, in history {seed} after {at} of {} operations", ops.len());
            }
        }
        seed += 1;
    }
    figures
}

/// Looks at what is left, replays it, and replays again.
fn examine(left: &Left, figures: &mut Figures) -> Result<(), String> {
    let ledger = SimLedger::default();
    ledger.restore(&left.ledger);
    let found = survey(&left.disk, Path::new(FOLDER), ledger_id(), &mut |segment| {
        left.ledger.positions.get(&segment).copied()
    });
    for segment in &found.segments {
        if segment.state != SegmentState::Abandoned || !segment.damage.is_empty() {
            return Err(format!("a false alarm: {segment:?}"));
        }
    }
    let replayed = run(&left.disk, &ledger).map_err(|error| error.to_string())?;
    let alarms = replayed.unreadable.len() + replayed.damage.len() + replayed.failed.len();
    if alarms + replayed.foreign.len() + replayed.newer.len() > 0 {
        return Err(format!("a false alarm: {replayed:?}"));
    }
    let again = run(&left.disk, &ledger).map_err(|error| error.to_string())?;
    if again.stored + again.segments > 0 || !left.disk.files().is_empty() {
        return Err(format!("left over: {again:?}"));
    }
    let content = ledger.content();
    let there: BTreeSet<u64> = content.records.iter().copied().collect();
    if content.invented > 0 || there.len() != content.records.len() {
        return Err(format!("invented or doubled: {:?}", content.records));
    }
    if let Some(invented) = there.iter().find(|number| !left.given.contains(number)) {
        return Err(format!("record {invented} was never given"));
    }
    if let Some(missing) = left.acknowledged.iter().find(|number| !there.contains(number)) {
        return Err(format!("record {missing} was acknowledged and is missing"));
    }
    let missing = left.given.len() - there.len();
    if replayed.lost > missing as u64 {
        return Err(format!("{} are reported as lost, {missing} are", replayed.lost));
    }
    figures.stored += there.len();
    figures.lost += missing;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "for whoever runs many states and wants the figures")]
fn print_figures(level: &str, figures: &Figures) {
    println!("{level}: {figures:?}");
}

#[test]
fn a_power_loss_leaves_no_false_alarm_and_nothing_twice() {
    let figures = try_level(false);
    print_figures("Journaled", &figures);
    assert!(figures.touched > figures.states / 4, "too few power losses do harm: {figures:?}");
    assert!(figures.lost > 0 && figures.stored > 0, "{figures:?}");
}

#[test]
fn a_power_loss_takes_nothing_that_was_synced() {
    let figures = try_level(true);
    print_figures("Synced", &figures);
    assert!(figures.touched > figures.states / 8, "too few power losses do harm: {figures:?}");
    assert!(figures.stored > 0, "{figures:?}");
}
