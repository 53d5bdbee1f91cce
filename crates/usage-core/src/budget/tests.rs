//! Random histories of a gate against a model that keeps every record.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono_tz::Tz;

use super::*;
use crate::period::WeekStart;
use crate::pricing::Billed;
use crate::query::{
    Bounds, Calendar, Engine, Limits, Order, PricedRecords, Records, Seen, Selection,
};
use crate::sink::Progress;
use crate::stats::{Aggregates, Series, Summary};
use crate::{
    Error, ErrorKind, Filter, Label, LabelNames, Labels, Record, TimeRange, Timestamp, TokenCounts,
    Usage,
};

const HOUR: i64 = 3_600_000_000;
/// 2026-05-01.
const START: i64 = 1_777_593_600_000_000;

/// Keeps what is stored, and knows how far the records that were handed over have got.
#[derive(Default)]
struct Ledger {
    stored: Mutex<Vec<Record>>,
    waiting: Mutex<Vec<Record>>,
    accepted: AtomicU64,
    ended: AtomicU64,
}

impl Ledger {
    fn accept(&self, record: Record) {
        self.waiting.lock().unwrap().push(record);
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// Stores the first so many of what waits; `is_told` says whether that is known already.
    fn store(&self, count: usize, is_told: bool) {
        let mut waiting = self.waiting.lock().unwrap();
        let count = count.min(waiting.len());
        self.stored.lock().unwrap().extend(waiting.drain(..count));
        if is_told {
            let left = waiting.len() as u64;
            self.ended.store(self.accepted.load(Ordering::Relaxed) - left, Ordering::Relaxed);
        }
    }

    fn tokens(&self, of: &Budget, range: TimeRange, with_waiting: bool) -> u64 {
        let (stored, waiting) = (self.stored.lock().unwrap(), self.waiting.lock().unwrap());
        let waiting = waiting.iter().filter(|_| with_waiting);
        let all = stored.iter().chain(waiting);
        let all =
            all.filter(|it| range.contains(it.timestamp()) && of.filter().matches(&it.names()));
        all.map(|record| Summary::of(record).tokens()).sum()
    }
}

impl Progress for Ledger {
    fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }
}

fn none<T>() -> Result<T, Error> {
    Err(Error::from(ErrorKind::Other))
}

impl Engine for Ledger {
    fn totals(&self, of: &Selection<'_>) -> Result<Aggregates, Error> {
        let stored = self.stored.lock().unwrap();
        let mut totals = Aggregates::default();
        for record in stored.iter() {
            if of.range.contains(record.timestamp()) && of.filter.matches(&record.names()) {
                totals.add(record);
            }
        }
        Ok(totals)
    }

    fn series(&self, _: &Selection<'_>, _: Calendar) -> Result<Series, Error> {
        none()
    }

    fn records<'a>(&'a self, _: &Selection<'a>, _: Order) -> Records<'a> {
        Box::new(std::iter::empty())
    }

    fn priced_records<'a>(&'a self, _: &Selection<'a>, _: Order) -> PricedRecords<'a> {
        Box::new(std::iter::empty())
    }

    fn names(&self, _: Label, _: usize, _: &Limits) -> Result<Vec<String>, Error> {
        none()
    }

    fn bounds(&self, _: &Limits) -> Result<Bounds, Error> {
        none()
    }

    fn seen(&self) -> Result<Seen, Error> {
        none()
    }
}

/// A generator of numbers that needs no crate (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

fn record(model: &str, tokens: u64, at: Timestamp) -> Record {
    let names = LabelNames::new().with_instance("i").with_route("r").with_model(model);
    let usage = Usage::new(TokenCounts::unclassified(tokens), at);
    Record::new(Labels::new(names).unwrap(), usage).unwrap()
}

fn budgets(random: &mut Random) -> Vec<Budget> {
    let pers = [Per::Day, Per::Week(WeekStart::Monday), Per::Month];
    let zones = [Tz::UTC, Tz::America__New_York, Tz::Asia__Kathmandu];
    let one = |random: &mut Random, name: &str| {
        let per = pers[random.below(3) as usize];
        let budget = Budget::new(name, Amount::Tokens(random.below(400)), per).unwrap();
        let budget = budget.in_zone(zones[random.below(3) as usize]);
        let of_one = Filter::new().keeping(Label::Model, "a");
        let budget = if random.below(2) == 0 { budget.of(of_one) } else { budget };
        if random.below(3) > 0 { budget.hard() } else { budget }
    };
    let count = 1 + random.below(2);
    (0..count).map(|at| one(random, if at == 0 { "one" } else { "two" })).collect()
}

/// Never less than there is, and where all that is stored is known to be, exactly that; and what is asked with its bound
/// never gets past a hard budget.
#[test]
fn ten_thousand_histories_are_as_the_model_says() {
    for seed in 0..10_000 {
        let random = &mut Random(seed);
        let ledger = Ledger::default();
        let mut now = START + random.below(24) as i64 * HOUR;
        let at = Timestamp::from_micros;
        // What lies there before.
        for _ in 0..random.below(4) {
            let before = now - random.below(48) as i64 * HOUR;
            ledger.stored.lock().unwrap().push(record("a", random.below(50), at(before)));
        }
        let budgets = budgets(random);
        let gate = Gate::new(&ledger, budgets.clone(), (None, Unpriced::Admit), at(now)).unwrap();
        let mut open: Vec<(Permit, &str, u64)> = Vec::new();
        // Whether all that is stored was known to be, and what others stored was seen, when it was asked last.
        let mut is_exact = true;
        for _ in 0..20 {
            match random.below(7) {
                0 | 1 => {
                    let model = ["a", "b"][random.below(2) as usize];
                    let most = 1 + random.below(60);
                    let names =
                        LabelNames::new().with_instance("i").with_route("r").with_model(model);
                    let billed = Billed { output: most, ..Billed::default() };
                    let asked = gate.admit(&Request::new(names, at(now)).at_most(billed));
                    let matching =
                        budgets.iter().filter(|of| of.is_hard() && of.filter().matches(&names));
                    let fits = matching.into_iter().all(|of| {
                        let range = TimeRange::from(&of.period_at(at(now)).unwrap());
                        let under_way = open
                            .iter()
                            .filter(|(_, model, _)| of.filter().matches(&names.with_model(model)));
                        let under_way: u64 = under_way.map(|(_, _, most)| most).sum();
                        let Amount::Tokens(limit) = of.limit() else { return false };
                        ledger.tokens(of, range, true) + under_way + most <= limit
                    });
                    // What others have stored since it was asked last, nobody has told the gate.
                    assert!(!is_exact || asked.is_ok() == fits, "seed {seed}");
                    open.extend(asked.ok().map(|permit| (permit, model, most)));
                }
                2 | 3 if !open.is_empty() => {
                    let (permit, model, most) =
                        open.remove(random.below(open.len() as u64) as usize);
                    // It is cancelled, or uses as much as it said at most.
                    if random.below(4) > 0 {
                        let used = record(model, random.below(most + 1), at(now));
                        ledger.accept(used.clone());
                        permit.settle(&used, &ledger);
                    }
                }
                4 => {
                    let is_told = random.below(3) > 0;
                    ledger.store(random.below(4) as usize, is_told);
                }
                5 => {
                    gate.refresh(&ledger, &ledger, at(now)).unwrap();
                    let waiting = ledger.waiting.lock().unwrap().len() as u64;
                    is_exact = ledger.accepted() - ledger.ended() == waiting;
                }
                _ => {
                    let before = budgets.iter().map(|of| of.period_at(at(now)).unwrap());
                    let before: Vec<_> = before.collect();
                    now += random.below(12) as i64 * HOUR;
                    let after = budgets.iter().map(|of| of.period_at(at(now)).unwrap());
                    // What lies in a period that nobody has asked about yet is not known.
                    is_exact &= after.zip(before).all(|(one, other)| one == other);
                }
            }
        }
        // In the end all is stored, known to be, and asked for.
        open.clear();
        ledger.store(usize::MAX, true);
        gate.refresh(&ledger, &ledger, at(now)).unwrap();
        for state in gate.states(at(now)).unwrap() {
            let range = TimeRange::from(&state.period);
            let tokens = ledger.tokens(&state.budget, range, false);
            assert_eq!(state.spent(), Amount::Tokens(tokens), "seed {seed}");
            let direct = super::state(&ledger, &state.budget, at(now), &Limits::none()).unwrap();
            assert_eq!(state, direct, "seed {seed}");
        }
    }
}

#[test]
fn a_forecast_says_how_it_was_made() {
    let micros = |days: i64| Timestamp::from_micros(START + days * 24 * HOUR);
    let budget = Budget::new("n", Amount::Tokens(100), Per::Month).unwrap();
    let of = |tokens: u64, days: i64| {
        let period = budget.period_at(micros(days)).unwrap();
        let totals = Summary::of(&record("a", tokens, micros(0)));
        BudgetState::new(budget.clone(), period, totals, micros(days))
    };
    assert_eq!(of(0, 0).forecast(), None);
    let half = of(10, 1);
    let forecast = half.forecast().unwrap();
    assert_eq!((forecast.amount, forecast.elapsed_micros), (Amount::Tokens(310), 86_400_000_000));
    assert_eq!(forecast.limit_reached_at, Some(micros(10)));
    assert_eq!((half.standing(), half.share_permille()), (Standing::Ahead, Some(100)));
    assert_eq!((of(100, 5).standing(), of(101, 5).standing()), (Standing::Reached, Standing::Past));
    assert_eq!((of(101, 5).left(), of(50, 30).standing()), (Amount::Tokens(0), Standing::Within));
}

/// One record of a wrong clock is no reason to forget what is spent.
#[test]
fn a_record_of_another_time_begins_no_period() {
    let ledger = Ledger::default();
    let budget = Budget::new("n", Amount::Tokens(10), Per::Day).unwrap().hard();
    let at = |hours: i64| Timestamp::from_micros(START + hours * HOUR);
    let gate = Gate::new(&ledger, [budget], (None, Unpriced::Admit), at(1)).unwrap();
    gate.count(&record("a", 10, at(2)), &());
    gate.count(&record("a", 7, at(25)), &());
    gate.count(&record("a", 7, at(24 * 365)), &());
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("a");
    let asked = |hours| gate.admit(&Request::new(names, at(hours)));
    assert_eq!(asked(3).unwrap_err().why, Refusal::Spent);
    // The next day has what was told of it before it began.
    assert!(asked(24).is_ok());
    gate.count(&record("a", 3, at(26)), &());
    assert_eq!(asked(26).unwrap_err().committed, Amount::Tokens(10));
}

#[test]
fn what_has_no_price_is_said_or_refused() {
    let ledger = Ledger::default();
    let at = Timestamp::from_micros(START);
    let budget = Budget::new("n", Amount::Cost("1".parse().unwrap()), Per::Day).unwrap().hard();
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("a");
    for unpriced in [Unpriced::Admit, Unpriced::Refuse] {
        let gate = Gate::new(&ledger, [budget.clone()], (None, unpriced), at).unwrap();
        match gate.admit(&Request::new(names, at)) {
            Ok(permit) => {
                assert!(permit.is_unpriced() && unpriced == Unpriced::Admit);
                permit.settle(&record("a", 5, at), &());
            }
            Err(refused) => assert_eq!(refused.why, Refusal::Unpriced),
        }
        let told = u64::from(unpriced == Unpriced::Admit);
        assert_eq!(gate.states(at).unwrap()[0].unpriced_requests(), told);
    }
}
