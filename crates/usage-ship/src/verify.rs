//! Whether what was shipped is what the ledger says: by month, and by each level of sums there.

use std::collections::BTreeMap;

use chrono::Datelike as _;
use chrono_tz::Tz;
use usage_core::period::Unit;
use usage_core::query::{Calendar, Limits, Selection};
use usage_core::stats::Summary;
use usage_core::{Engine as _, Filter, TimeRange};
use usage_store::Store;
use usage_store::shipped::StretchLevel;

use crate::error::ShipError;
use crate::reader::{Fail, Part, Remote, day_of_month};
use crate::wire::Target;

/// A month, in UTC, whose sums differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The year and the month from 1.
    pub month: (i64, i64),
    /// The sums that differ there: those of quarters of an hour, of days or of months.
    pub level: StretchLevel,
    /// The totals in the ledger.
    pub here: Summary,
    /// The totals in the engine.
    pub there: Summary,
}

/// Compares the sums of a ledger by month with those that an engine has of its epoch, by each level of sums.
///
/// What the ledger stores meanwhile differs: ship, and compare then.
///
/// # Errors
/// When either cannot be read.
pub fn verify(store: &Store, target: Target) -> Result<Vec<Difference>, ShipError> {
    let epoch = store.shipping_epoch()?.map(|(epoch, _)| epoch).unwrap_or_default();
    let mut here = BTreeMap::new();
    let filter = Filter::new();
    let by = Calendar { unit: Unit::Month, zone: Tz::UTC };
    let series = store.series_of_all(&Selection::new(TimeRange::ALL, &filter), by);
    let series = series.map_err(|error| ShipError::Ledger(error.to_string()))?;
    for bucket in series.buckets() {
        let number = bucket.start().map(|at| i64::from(at.year()) * 12 + i64::from(at.month0()));
        here.insert(number.unwrap_or_default(), bucket.usage().summary());
    }
    let remote = Remote::open(target)?;
    let levels = [StretchLevel::Quarter, StretchLevel::Day, StretchLevel::Month];
    let there = remote.read(&Limits::none(), |state| {
        state.only(&epoch);
        let mut months: Vec<i64> = state
            .marks(StretchLevel::Month, i64::MIN..i64::MAX)?
            .iter()
            .map(|of| of.number)
            .collect();
        months.extend(here.keys());
        months.sort_unstable();
        months.dedup();
        let mut there = BTreeMap::<(StretchLevel, i64), Summary>::new();
        for level in levels {
            let part = |(place, month): (usize, &i64)| {
                let days = day_of_month(*month)..day_of_month(month + 1);
                let numbers = match level {
                    StretchLevel::Quarter => days.start * 96..days.end * 96,
                    StretchLevel::Day => days,
                    _ => *month..month + 1,
                };
                Part { place, level, numbers }
            };
            let parts: Vec<_> = months.iter().enumerate().map(part).collect();
            for (place, _, _, sum) in state.sums(&parts)? {
                let month = months.get(place).copied().unwrap_or_default();
                there.entry((level, month)).or_default().merge(&sum);
            }
        }
        Ok::<_, Fail>((months, there))
    });
    let (months, there) = there.map_err(|error| ShipError::Unreadable(error.to_string()))?;
    let mut differences = Vec::new();
    for month in months {
        for level in levels {
            let here = here.get(&month).copied().unwrap_or_default();
            let there = there.get(&(level, month)).copied().unwrap_or_default();
            if here != there {
                let month = (month.div_euclid(12), month.rem_euclid(12) + 1);
                differences.push(Difference { month, level, here, there });
            }
        }
    }
    Ok(differences)
}
