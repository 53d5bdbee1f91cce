//! Properties: whatever the zone and the time, consecutive periods meet without gap or overlap.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::{Africa, America, Antarctica, Asia, Australia, Europe, Pacific, Tz, UTC};
use proptest::prelude::*;

use super::period;
use crate::period::{Unit, WeekStart, parse_period_with, start_of_day};

/// Zones with an unusual offset or change of it, each with a year in which it happened.
const ZONES: &[(Tz, i32)] = &[
    (UTC, 2026),
    (Europe::London, 2026),
    (America::New_York, 2026),
    (America::Sao_Paulo, 2018),
    (America::St_Johns, 2010),
    (America::St_Johns, 1988),
    (America::Havana, 2026),
    (America::Sitka, 1867),
    (Africa::Casablanca, 2026),
    (Africa::Cairo, 2026),
    (Africa::Monrovia, 1972),
    (Antarctica::Troll, 2026),
    (Asia::Gaza, 2026),
    (Asia::Kathmandu, 1986),
    (Asia::Manila, 1844),
    (Asia::Tehran, 2021),
    (Australia::Lord_Howe, 2026),
    (Pacific::Apia, 2011),
    (Pacific::Chatham, 2026),
    (Pacific::Kwajalein, 1969),
    (Pacific::Kwajalein, 1993),
];

const UNITS: [Unit; 8] = [
    Unit::QuarterHour,
    Unit::Hour,
    Unit::Day,
    Unit::Week(WeekStart::Monday),
    Unit::Week(WeekStart::Sunday),
    Unit::Month,
    Unit::Quarter,
    Unit::Year,
];

fn zone_and_year() -> impl Strategy<Value = (Tz, i32)> {
    prop::sample::select(ZONES)
}

fn week_start() -> impl Strategy<Value = WeekStart> {
    prop_oneof![Just(WeekStart::Monday), Just(WeekStart::Sunday)]
}

/// An instant in or near a year in which something happened in its zone.
fn instant() -> impl Strategy<Value = DateTime<Tz>> {
    (zone_and_year(), -2_000_000..34_000_000_i64, 0..1_000_000_000_i64).prop_map(
        |((zone, year), second, nanos)| {
            let start = Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap();
            (start + TimeDelta::seconds(second) + TimeDelta::nanoseconds(nanos))
                .with_timezone(&zone)
        },
    )
}

/// Returns whether the periods meet, in this order.
fn meet(texts: &[String], now: DateTime<Tz>) -> bool {
    let periods: Vec<_> = texts.iter().map(|text| period(text, now)).collect();
    periods
        .windows(2)
        .all(|pair| pair[0].end() == pair[1].start() && pair[0].start() <= pair[0].end())
}

/// No part of a year is left out or counted twice, in any of the zones.
#[test]
fn days_weeks_months_and_quarters_tile_a_year() {
    for &(zone, year) in ZONES {
        let now = DateTime::UNIX_EPOCH.with_timezone(&zone);
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let days: Vec<_> = first
            .iter_days()
            .take_while(|day| day.year() == year)
            .map(|day| day.to_string())
            .collect();
        let months: Vec<_> = (1..=12).map(|month| format!("{year}-{month:02}")).collect();
        let quarters: Vec<_> = (1..=4).map(|quarter| format!("{year}-Q{quarter}")).collect();
        let whole = period(&year.to_string(), now);
        for parts in [days, months, quarters] {
            assert!(meet(&parts, now), "{parts:?} in {zone}");
            assert_eq!(period(&parts[0], now).start(), whole.start(), "{zone}");
            assert_eq!(period(&parts[parts.len() - 1], now).end(), whole.end(), "{zone}");
        }
        assert!(meet(&[(year - 1).to_string(), year.to_string(), (year + 1).to_string()], now));
    }
}

/// Walking from unit to unit comes by every instant once.
#[test]
fn units_tile_a_year() {
    for &(zone, year) in ZONES {
        for unit in UNITS {
            let mut at = Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap().with_timezone(&zone);
            let end = at + TimeDelta::days(400);
            while at < end {
                let range = unit.around(at).unwrap();
                let next = unit.around(range.end).unwrap();
                assert_eq!(range.end, next.start, "{unit:?} in {zone}");
                assert!(range.contains(&at) && !range.contains(&range.end));
                at = range.end;
            }
        }
    }
}

/// In every zone, each hour of 2010 lies in the day that its clocks had reached by then.
#[test]
fn days_are_sound_in_every_zone() {
    for zone in chrono_tz::TZ_VARIANTS {
        let mut reached = NaiveDate::MIN;
        for hour in 0..(24 * 400) {
            let at = zone.timestamp_opt(1_262_304_000 + hour * 3600, 0).unwrap();
            reached = reached.max(at.date_naive());
            if hour % 7 == 0 {
                let day = start_of_day(reached, zone).unwrap()
                    ..start_of_day(reached + Days::new(1), zone).unwrap();
                assert!(day.contains(&at), "{at} in {zone}");
            }
        }
    }
}

proptest! {
    /// A day holds exactly the instants from the first that shows its date or a later one, minute
    /// by minute.
    #[test]
    fn a_day_holds_what_its_definition_says(
        (zone, year) in zone_and_year(),
        ordinal in 0_u64..366,
    ) {
        let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap() + Days::new(ordinal);
        let held = period(&day.to_string(), DateTime::UNIX_EPOCH.with_timezone(&zone));
        let from = day.and_hms_opt(0, 0, 0).unwrap().and_utc() - TimeDelta::days(1);
        let mut reached = NaiveDate::MIN;
        for minute in 0..(4 * 24 * 60) {
            let at = from + TimeDelta::minutes(minute);
            reached = reached.max(at.with_timezone(&zone).date_naive());
            prop_assert_eq!(held.contains(at), reached == day, "{} on {}", at, day);
        }
    }

    #[test]
    fn units_hold_their_instant(instant in instant()) {
        for unit in UNITS {
            let range = unit.around(instant).unwrap();
            prop_assert!(range.contains(&instant));
            prop_assert_eq!(unit.around(range.start).unwrap(), range.clone());
            let last = range.end - TimeDelta::nanoseconds(1);
            prop_assert_eq!(unit.around(last).unwrap(), range.clone());
            prop_assert_eq!(unit.around(range.end).unwrap().start, range.end);
        }
    }

    #[test]
    fn smaller_units_stay_within_larger_ones(instant in instant()) {
        for sizes in [
            &[Unit::Hour, Unit::Day, Unit::Month, Unit::Quarter, Unit::Year][..],
            &[Unit::Day, Unit::Week(WeekStart::Monday)],
            &[Unit::Day, Unit::Week(WeekStart::Sunday)],
        ] {
            for pair in sizes.windows(2) {
                let small = pair[0].around(instant).unwrap();
                let large = pair[1].around(instant).unwrap();
                prop_assert!(large.start <= small.start && small.end <= large.end, "{:?}", pair);
            }
        }
    }

    #[test]
    fn this_period_holds_now_and_follows_the_last(now in instant(), week_start in week_start()) {
        for (this, last) in [
            ("today", "yesterday"),
            ("this-week", "last-week"),
            ("this-month", "last-month"),
            ("this-quarter", "last-quarter"),
            ("this-year", "last-year"),
        ] {
            let this = parse_period_with(this, now, week_start).unwrap();
            let last = parse_period_with(last, now, week_start).unwrap();
            prop_assert!(this.contains(now.to_utc()));
            prop_assert!(!last.contains(now.to_utc()));
            prop_assert_eq!(last.end(), this.start());
        }
    }

    #[test]
    fn one_unit_more_reaches_one_unit_further_back(
        now in instant(),
        n in 1..400_u32,
        week_start in week_start(),
    ) {
        for (this, units, unit) in [
            ("today", "days", Unit::Day),
            ("this-week", "weeks", Unit::Week(week_start)),
            ("this-month", "months", Unit::Month),
        ] {
            let last = |n: u32| {
                parse_period_with(&format!("last-{n}-{units}"), now, week_start).unwrap()
            };
            let this = parse_period_with(this, now, week_start).unwrap();
            prop_assert_eq!((last(1).start(), last(1).end()), (this.start(), this.end()));
            prop_assert_eq!(last(n).end(), this.end());
            let (start, earlier) = (last(n).start().unwrap(), last(n + 1).start().unwrap());
            // The one unit more is what lies right before, unless the zone skipped it.
            let before = unit.around(start - TimeDelta::nanoseconds(1)).unwrap();
            prop_assert!(earlier == before.start || earlier == start);
        }
    }

    #[test]
    fn rolling_periods_end_now(now in instant(), hours in 1..5_000_i32) {
        let rolling = period(&format!("last-{hours}-hours"), now);
        prop_assert_eq!(rolling.end().unwrap(), now);
        let length = rolling.end().unwrap() - rolling.start().unwrap();
        prop_assert_eq!(length, TimeDelta::hours(hours.into()));
        prop_assert_eq!(period("ytd", now).start(), period("this-year", now).start());
        prop_assert_eq!(period("ytd", now).end().unwrap(), now);
        let ttm = period("ttm", now);
        prop_assert_eq!(ttm.end().unwrap(), now);
        let days = (ttm.end().unwrap() - ttm.start().unwrap()).num_days();
        prop_assert!((363..=368).contains(&days), "{} days", days);
    }
}
