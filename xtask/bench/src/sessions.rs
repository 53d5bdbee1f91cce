//! Many sessions: recording with them beside without, bytes a row, and lists of them beside a plain `GROUP BY` over the
//! rows of the same ledger.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;
use usage_core::format::format_count;
use usage_core::query::{Listing, Selection, SessionOrder};
use usage_core::{Context, Engine, Filter, Label, Labels, Record, TimeRange, Timestamp};
use usage_store::Store;

use crate::figures::{aim, time};
use crate::insert::fresh;
use crate::pace::nanos;
use crate::rounds::{as_float, interleaved, ratio};
use crate::{ROWS, Setup, workload};

/// Records of a session: where there are as many as can be, and as agents have them.
const FEW: usize = 10;
const USUAL: usize = 200;
/// Records a transaction, as a tracker has them.
const BATCH: usize = 500;
/// Bytes a row with a session of the usual length.
const BYTES: f64 = 52.0;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let rows = setup.rows(ROWS);
    let bare = workload::records(rows, false)?;
    insert(setup, &bare)?;
    let records = in_sessions(bare, FEW)?;
    let path = fresh(&setup.folder, "sessions.db")?;
    let store = Store::open(&path)?;
    put(&store, &records)?;
    let ends = records.first().zip(records.last()).context("no records")?;
    let middle = ends.0.timestamp().as_micros().midpoint(ends.1.timestamp().as_micros());
    drop(records);
    println!("  lists of {} sessions of {FEW} records:", format_count((rows / FEW) as u64));
    lists(setup, &store, &path, middle)
}

/// Recording without sessions, with usual ones and with very many.
fn insert(setup: &Setup, bare: &[Record]) -> Result<()> {
    let usual = in_sessions(bare.to_vec(), USUAL)?;
    // The same names, so that only sessions make a difference.
    let bare: Vec<_> = usual.iter().map(|of| of.clone().with_context(Context::NONE)).collect();
    let bare = bare.as_slice();
    let few = in_sessions(bare.to_vec(), FEW)?;
    let path = |name: &str| setup.folder.join(name);
    let [one, two, three] = ["bare.db", "usual.db", "few.db"];
    let mut without = || recorded(setup, one, bare);
    let mut with_usual = || recorded(setup, two, &usual);
    let mut with_few = || recorded(setup, three, &few);
    let times =
        interleaved(setup.rounds.min(3), &mut [&mut without, &mut with_usual, &mut with_few])?;
    for (name, times, file) in [
        ("without sessions".to_owned(), &times[0], one),
        (format!("{USUAL} records a session"), &times[1], two),
        (format!("{FEW} records a session"), &times[2], three),
    ] {
        let bytes = bytes_a_row(&path(file), bare.len())?;
        let speed = times.per_second(bare.len());
        println!("  {name:<24} {speed:>9.0} rows/s   {bytes:>6.1} bytes a row");
        if file == two {
            aim("at most 52 bytes a row", bytes <= BYTES, &format!("{bytes:.1}"));
        }
    }
    println!("  with {USUAL} a session beside without: {}", ratio(&times[1], &times[0]));
    println!("  with {FEW} a session beside without: {}", ratio(&times[2], &times[0]));
    Ok(())
}

fn recorded(setup: &Setup, name: &str, records: &[Record]) -> Result<Duration> {
    let store = Store::open(fresh(&setup.folder, name)?)?;
    let begun = Instant::now();
    put(&store, records)?;
    Ok(begun.elapsed())
}

fn put(store: &Store, records: &[Record]) -> Result<()> {
    for batch in records.chunks(BATCH) {
        ensure!(store.insert_batch(batch)?.stored == batch.len() as u64, "not all is stored");
    }
    Ok(())
}

fn bytes_a_row(path: &Path, rows: usize) -> Result<f64> {
    let connection = Connection::open(path)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(as_float(usize::try_from(std::fs::metadata(path)?.len())?) / as_float(rows))
}

/// The same records in sessions of their instance with so many each, some of which go on at once. A session keeps to the
/// names of its first record, but for one record in ten.
fn in_sessions(records: Vec<Record>, each: usize) -> Result<Vec<Record>> {
    let at_once = (USUAL / each).max(1);
    let mut open =
        std::collections::HashMap::<(String, usize), (Context, Option<Labels>, usize)>::new();
    let mut next = 0_u64;
    let with = |(at, record): (usize, Record)| {
        let instance = record.labels().names().get(Label::Instance).to_owned();
        let (context, labels, left) =
            open.entry((instance, at % at_once)).or_insert_with(|| (Context::NONE, None, 0));
        if *left == 0 {
            next += 1;
            // As long as a UUID, and as little in order.
            let id = format!("{:016x}-{next:019}", next.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            (*context, *left) = (Context::new(&id, None::<(&str, &str)>)?, each);
            *labels = Some(record.labels().clone());
        }
        *left -= 1;
        let record = match labels {
            Some(labels) if at % 10 != 0 => record.with_labels(labels.clone()),
            _ => record,
        };
        Ok(record.with_context(context.clone()))
    };
    records.into_iter().enumerate().map(with).collect()
}

/// A question, in SQL over the rows, and the aim in nanoseconds.
struct Question<'a> {
    name: &'a str,
    ours: &'a mut dyn FnMut() -> Result<usize>,
    sql: String,
    aim: u64,
}

fn lists(setup: &Setup, store: &Store, path: &Path, middle: i64) -> Result<()> {
    const DAY: i64 = 86_400_000_000;
    let start = middle / DAY * DAY;
    let within = |days: i64| TimeRange {
        start: Some(Timestamp::from_micros(start)),
        end: Some(Timestamp::from_micros(start + days * DAY)),
    };
    let filter = Filter::new();
    let sessions = |days: i64, listing: Listing| -> Result<usize> {
        let found = Engine::sessions(store, &Selection::new(within(days), &filter), listing)?;
        Ok(found.context("no sessions")?.len())
    };
    let top = Listing { order: SessionOrder::Tokens, top: Some(20) };
    let tokens = "sum(input + output + cache_read + cache_write + unclassified)";
    let of = |days: i64| format!("WHERE ts >= {start} AND ts < {}", start + days * DAY);
    let connection = Connection::open(path)?;
    for Question { name, ours, sql, aim: aimed } in [
        Question {
            name: "all time by model",
            ours: &mut || Ok(store.report(TimeRange::ALL, &filter)?.groups().count()),
            sql: format!(
                "SELECT model, count(*), {tokens} FROM records JOIN label_sets AS l ON l.id = label_set GROUP BY model"
            ),
            aim: 10_000_000,
        },
        Question {
            name: "top 20 of a month",
            ours: &mut || sessions(30, top),
            sql: format!(
                "SELECT session, min(ts), max(ts), count(*), {tokens} AS t FROM records {} \
                 GROUP BY session ORDER BY t DESC LIMIT 20",
                of(30)
            ),
            aim: 50_000_000,
        },
        Question {
            name: "sessions of a day",
            ours: &mut || sessions(1, Listing::default()),
            sql: format!(
                "SELECT session, min(ts), max(ts), count(*), {tokens} FROM records {} GROUP BY session",
                of(1)
            ),
            aim: 25_000_000,
        },
    ] {
        let mut count = 0;
        let mut list = || -> Result<Duration> {
            let begun = Instant::now();
            count = ours()?;
            Ok(begun.elapsed())
        };
        let mut plain = || -> Result<Duration> {
            let begun = Instant::now();
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            Ok(begun.elapsed())
        };
        let times = interleaved(setup.rounds, &mut [&mut list, &mut plain])?;
        let (ours, plain) = (nanos(times[0].median()), nanos(times[1].median()));
        println!(
            "  {name:<18} {} ({} listed), plain GROUP BY {}: {}",
            time(ours),
            format_count(count as u64),
            time(plain),
            ratio(&times[1], &times[0])
        );
        let milliseconds = aimed / 1_000_000;
        aim(&format!("at most {milliseconds} ms at the full size"), ours <= aimed, &time(ours));
    }
    Ok(())
}
