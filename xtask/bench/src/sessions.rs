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

/// What records are recorded with, beside their names.
struct With {
    what: &'static str,
    file: &'static str,
    /// The number of records of a session.
    each: usize,
    has_session: bool,
    has_tags: bool,
    /// The bytes a row that are aimed at, at the full size.
    aim: Option<f64>,
}

/// Records of a session, as agents have them. All but the last have the same names, so that only sessions make a
/// difference.
const USUAL: usize = 200;
/// Records of a session, where there are as many sessions as can be.
const FEW: usize = 10;

const SIDES: [With; 4] = [
    With {
        what: "without sessions",
        file: "bare.db",
        each: USUAL,
        has_session: false,
        has_tags: false,
        aim: Some(45.0),
    },
    With {
        what: "200 records a session",
        file: "usual.db",
        each: USUAL,
        has_session: true,
        has_tags: false,
        aim: Some(52.0),
    },
    With {
        what: "the same with tags",
        file: "tags.db",
        each: USUAL,
        has_session: true,
        has_tags: true,
        aim: Some(60.0),
    },
    With {
        what: "10 records a session",
        file: "sessions.db",
        each: FEW,
        has_session: true,
        has_tags: false,
        aim: None,
    },
];

/// Records a transaction, as a tracker has them.
const BATCH: usize = 500;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let rows = setup.rows(ROWS);
    insert(setup, rows)?;
    let last = &SIDES[SIDES.len() - 1];
    println!("  lists of {} sessions of {FEW} records:", format_count((rows / FEW) as u64));
    let path = setup.folder.join(last.file);
    lists(setup, &Store::open(&path)?, &path)?;
    for side in SIDES {
        fresh(&setup.folder, side.file)?;
    }
    Ok(())
}

/// Recording without sessions, with usual ones, with tags and with very many.
fn insert(setup: &Setup, rows: usize) -> Result<()> {
    let mut sides = SIDES.each_ref().map(|with| move || recorded(setup, with, rows));
    let [bare, usual, tags, few] = &mut sides;
    let times = interleaved(setup.rounds, &mut [bare, usual, tags, few])?;
    for (with, of) in SIDES.iter().zip(&times) {
        let bytes = bytes_a_row(&setup.folder.join(with.file), rows)?;
        println!(
            "  {:<24} {:>9.0} rows/s   {bytes:>6.1} bytes a row   beside without {}",
            with.what,
            of.per_second(rows),
            ratio(of, &times[0])
        );
        if let Some(most) = with.aim {
            aim(&format!("at most {most} bytes a row"), bytes <= most, &format!("{bytes:.1}"));
        }
    }
    Ok(())
}

/// Returns the time that storing takes, without that for making the records.
fn recorded(setup: &Setup, with: &With, rows: usize) -> Result<Duration> {
    let store = Store::open(fresh(&setup.folder, with.file)?)?;
    let mut records = in_sessions(workload::stream(rows, false)?, with);
    let (mut took, mut batch) = (Duration::ZERO, Vec::with_capacity(BATCH));
    loop {
        batch.clear();
        for record in records.by_ref().take(BATCH) {
            batch.push(record?);
        }
        if batch.is_empty() {
            return Ok(took);
        }
        let begun = Instant::now();
        ensure!(store.insert_batch(&batch)?.stored == batch.len() as u64, "not all is stored");
        took += begun.elapsed();
    }
}

fn bytes_a_row(path: &Path, rows: usize) -> Result<f64> {
    let connection = Connection::open(path)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(as_float(usize::try_from(std::fs::metadata(path)?.len())?) / as_float(rows))
}

/// Returns the same records in sessions of their instance, some of which go on at once. A session keeps to the names
/// of its first record, but for one record in ten, and to its tags.
fn in_sessions(
    records: impl Iterator<Item = Result<Record>>,
    with: &With,
) -> impl Iterator<Item = Result<Record>> {
    const TEAMS: [&str; 5] = ["search", "billing", "mobile", "data", "platform"];
    const ENVIRONMENTS: [&str; 2] = ["dev", "prod"];
    let &With { each, has_session, has_tags, .. } = with;
    let at_once = (USUAL / each).max(1);
    let mut open =
        std::collections::HashMap::<(String, usize), (Context, Option<Labels>, usize)>::new();
    let mut next = 0_usize;
    records.enumerate().map(move |(at, record)| {
        let record = record?;
        let instance = record.labels().names().get(Label::Instance).to_owned();
        let (context, labels, left) =
            open.entry((instance, at % at_once)).or_insert_with(|| (Context::NONE, None, 0));
        if *left == 0 {
            next += 1;
            // As long as a UUID, and as little in order.
            let id = format!("{:016x}-{next:019}", next.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let tags = [
                ("team", TEAMS[next % TEAMS.len()]),
                ("env", ENVIRONMENTS[next / TEAMS.len() % ENVIRONMENTS.len()]),
            ];
            let tags = has_tags.then_some(tags).into_iter().flatten();
            *context = Context::new(if has_session { &id } else { "" }, tags)?;
            (*labels, *left) = (Some(record.labels().clone()), each);
        }
        *left -= 1;
        let record = match labels {
            Some(labels) if at % 10 != 0 => record.with_labels(labels.clone()),
            _ => record,
        };
        Ok(record.with_context(context.clone()))
    })
}

/// A question, in SQL over the rows, and the aim in nanoseconds.
struct Question<'a> {
    name: &'a str,
    ours: &'a mut dyn FnMut() -> Result<usize>,
    sql: String,
    aim: u64,
}

fn lists(setup: &Setup, store: &Store, path: &Path) -> Result<()> {
    const DAY: i64 = 86_400_000_000;
    let connection = Connection::open(path)?;
    let middle: i64 =
        connection
            .query_row("SELECT min(ts) / 2 + max(ts) / 2 FROM records", [], |row| row.get(0))?;
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
        let times = interleaved(setup.rounds.max(9), &mut [&mut list, &mut plain])?;
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
