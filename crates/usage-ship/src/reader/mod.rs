//! An engine that ledgers were shipped to, as what reports are made of.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use usage_core::query::{
    Bounds, Calendar, Limits, Listing, Order, PricedRecords, Records, Seen, Selection, Session,
};
use usage_core::stats::{Aggregates, Series};
use usage_core::{Engine, Error, ErrorKind, Label, TimeRange, Timestamp};

use crate::error::ShipError;
use crate::schema::columns_of;
use crate::wire::{Dialect, Target, Wire};

mod answers;
mod cover;
mod labels;
mod marks;
mod pages;
mod rows;
mod sessions;
mod state;
mod sums;

pub(crate) use cover::{Part, day_of_month};
use labels::Names;
pub(crate) use state::State;

/// The ledgers that were shipped to an engine, all together, as an [`Engine`] of reports.
///
/// Sums are asked for; periods and zones are reckoned here. Where a range cuts a quarter of an hour, or sums do not tell
/// apart what is asked, records answer as far as they were shipped too; else the answer is
/// [not kept](ErrorKind::NotKept).
pub struct Remote {
    target: Target,
    link: Mutex<Option<Link>>,
}

struct Link {
    wire: Box<dyn Wire>,
    names: Names,
}

/// The tries of an answer while others write, and after a connection broke.
const TRIES: u32 = 5;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Fail {
    Ship(ShipError),
    Core(Error),
}

impl From<ShipError> for Fail {
    fn from(error: ShipError) -> Self {
        Self::Ship(error)
    }
}

impl<E: Into<Error>> From<E> for Fail
where
    E: NotShip,
{
    fn from(error: E) -> Self {
        Self::Core(error.into())
    }
}

/// The errors of core that end an answer.
pub(crate) trait NotShip {}
impl NotShip for Error {}
impl NotShip for ErrorKind {}
impl NotShip for usage_core::stats::TooManyBuckets {}

impl Remote {
    /// Connects to an engine.
    ///
    /// # Errors
    /// When it is away, or nothing was ever shipped there.
    pub fn open(target: Target) -> Result<Self, ShipError> {
        let mut wire = target.connect()?;
        if columns_of(&mut *wire, "usage_ledger")?.is_empty() {
            return Err(ShipError::NoTables);
        }
        let link = Link { wire, names: Names::default() };
        Ok(Self { target, link: Mutex::new(Some(link)) })
    }

    /// Answers from one state of the engine, with as many tries as it takes while others write.
    pub(crate) fn read<T>(
        &self,
        limits: &Limits,
        answer: impl Fn(&mut State<'_>) -> Result<T, Fail>,
    ) -> Result<T, Error> {
        let mut tries = 0;
        loop {
            limits.check(Instant::now)?;
            tries += 1;
            match self.read_once(&answer) {
                Ok(value) => {
                    limits.check(Instant::now)?;
                    return Ok(value);
                }
                Err(Fail::Core(error)) => return Err(error),
                // Somebody has replaced what was read meanwhile; or the engine was restarted.
                Err(Fail::Ship(ShipError::Count { .. } | ShipError::Away { .. }))
                    if tries < TRIES => {}
                Err(Fail::Ship(error)) => return Err(error.into()),
            }
        }
    }

    fn read_once<T>(&self, answer: impl Fn(&mut State<'_>) -> Result<T, Fail>) -> Result<T, Fail> {
        let mut kept = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let mut link = match kept.take() {
            Some(link) => link,
            None => Link { wire: self.target.connect()?, names: Names::default() },
        };
        let is_postgres = link.wire.dialect() == Dialect::Postgres;
        if is_postgres {
            link.wire.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        }
        let value =
            State::read(&mut *link.wire, &mut link.names).and_then(|mut state| answer(&mut state));
        if is_postgres {
            link.wire.execute("ROLLBACK")?;
        }
        if !matches!(value, Err(Fail::Ship(ShipError::Away { .. }))) {
            *kept = Some(link);
        }
        value
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Remote").field(&self.target).finish()
    }
}

impl Engine for Remote {
    fn totals(&self, of: &Selection<'_>) -> Result<Aggregates, Error> {
        self.read(&of.limits, |state| answers::totals(state, of))
    }

    fn series(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, Error> {
        self.read(&of.limits, |state| answers::series(state, of, by))
    }

    fn records<'a>(&'a self, of: &Selection<'a>, order: Order) -> Records<'a> {
        Box::new(self.priced_records(of, order).map(|of| of.map(|(record, _)| record)))
    }

    fn priced_records<'a>(&'a self, of: &Selection<'a>, order: Order) -> PricedRecords<'a> {
        Box::new(pages::Pages::new(self, of, order))
    }

    fn sessions(
        &self,
        of: &Selection<'_>,
        listing: Listing,
    ) -> Result<Option<Vec<Session>>, Error> {
        self.read(&of.limits, |state| sessions::list(state, of, listing)).map(Some)
    }

    fn names(&self, label: Label, most: usize, limits: &Limits) -> Result<Vec<String>, Error> {
        let names = self.read(limits, |state| {
            let reported = state.labels().map(|labels| labels.names().reported(label).to_owned());
            Ok(reported.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>())
        })?;
        Ok(names.into_iter().take(most).collect())
    }

    fn bounds(&self, limits: &Limits) -> Result<Bounds, Error> {
        self.read(limits, |state| {
            let ends = state.ends()?;
            let at = |micros: i64| Timestamp::from_micros(micros);
            let bounds = Bounds::of(ends.map(|(first, last)| (at(first), at(last))));
            let heads = || state.ledgers().iter().map(|ledger| &ledger.head);
            // What any of them takes is taken; what each of them keeps is kept.
            let accepts = heads().map(|head| head.records_from).min().flatten();
            let rows = heads().filter_map(|head| head.rows_from).max();
            Ok(bounds.with_horizon(accepts.map(at), rows.map(at)))
        })
    }

    fn countable(&self, range: TimeRange, limits: &Limits) -> Result<TimeRange, Error> {
        self.read(limits, |state| {
            let mut moved = |edge: Option<Timestamp>| -> Result<Option<Timestamp>, Fail> {
                let Some(at) = edge else { return Ok(None) };
                let quarter = cover::quarter_of(at.as_micros());
                let start = cover::start_of_quarter(quarter);
                let is_whole =
                    start == at.as_micros() || state.unkept(quarter..quarter + 1)?.is_none();
                Ok(Some(if is_whole { at } else { Timestamp::from_micros(start + cover::QUARTER) }))
            };
            Ok(TimeRange { start: moved(range.start)?, end: moved(range.end)? })
        })
    }

    fn seen(&self) -> Result<Seen, Error> {
        self.read(&Limits::none(), |state| {
            let of = state
                .ledgers()
                .iter()
                .map(|ledger| format!("{} {};", ledger.epoch, ledger.version));
            Ok(Seen::of(of.collect::<String>().into_bytes()))
        })
    }
}

/// Says that records would be needed which are not there.
pub(crate) fn not_kept(quarter: i64, why: &str) -> Fail {
    let at = Timestamp::from_micros(cover::start_of_quarter(quarter));
    let what = format!(
        "{why}, and the records of the quarter of an hour from {at} on are not there, only their sums"
    );
    Fail::Core(Error::new(ErrorKind::NotKept, what))
}
