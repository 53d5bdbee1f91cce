//! Days and hours as a book writes them: in UTC, without a calendar from elsewhere.

use std::ops::Range;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A part of each day, in minutes: from one until the other, over midnight where it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    weekdays_only: bool,
    from: i64,
    until: i64,
}

impl Hours {
    /// Reads `00:30-16:30`, and `Mon-Fri/01:00-04:00`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (weekdays_only, text) =
            text.strip_prefix("Mon-Fri/").map_or((false, text), |text| (true, text));
        let (from, until) = text.split_once('-')?;
        let (from, until) = (clock(from)?, clock(until)?);
        (from != until).then_some(Self { weekdays_only, from, until })
    }

    /// The instants around one between two of the moments of its day at which it may begin or end.
    pub(crate) fn unchanged_around(self, micros: i64) -> Range<i64> {
        let day = micros.div_euclid(DAY) * DAY;
        let moments = [0, self.from * MINUTE, self.until * MINUTE, DAY].map(|of_day| day + of_day);
        let from = moments.into_iter().filter(|moment| *moment <= micros).max().unwrap_or(day);
        let until = moments.into_iter().filter(|moment| *moment > micros).min();
        from..until.unwrap_or(day + DAY)
    }

    pub(crate) fn contain(self, micros: i64) -> bool {
        // 1970 began on a Thursday.
        let weekday = (micros.div_euclid(DAY) + 3).rem_euclid(7);
        if self.weekdays_only && weekday >= 5 {
            return false;
        }
        let minute = micros.rem_euclid(DAY) / MINUTE;
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

/// Reads `2026-10-14` or `2025-09-05T16:00` as microseconds since 1970.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (day, time) = text.split_once('T').map_or((text, None), |(day, time)| (day, Some(time)));
    let minutes = time.map_or(Some(0), clock)?;
    let mut parts = day.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let (year, month, day) = (digits(year)?, digits(month)?, digits(day)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    Some(days(year, month, day) * DAY + minutes * MINUTE)
}

/// Counts the days since 1970-01-01 in years that begin in March, so that a leap day is the last one.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

/// Reads `16:30` as minutes.
fn clock(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) =
        (Some(hour).filter(|text| text.len() == 2)?, Some(minute).filter(|text| text.len() == 2)?);
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let cases = [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2000-02-29", Some(11_016)),
            ("2000-03-01", Some(11_017)),
            ("2026-11-28", Some(20_785)),
            ("1900-02-29", None),
            ("2026-11-31", None),
            ("2026-00-01", None),
            ("2026-1-01", None),
            ("+026-01-01", None),
            ("2026-01-01-01", None),
            ("", None),
        ];
        for (text, days) in cases {
            assert_eq!(parse(text), days.map(|days: i64| days * DAY), "{text}");
        }
        assert_eq!(parse("1970-01-02T16:30"), Some(DAY + 990 * MINUTE));
        assert_eq!(parse("1970-01-02T24:00"), None);
    }

    #[test]
    fn hours_can_go_over_midnight() {
        let at = |text: &str| parse(&format!("2026-11-28T{text}")).unwrap();
        let night = Hours::parse("16:30-00:30").unwrap();
        let day = Hours::parse("00:30-16:30").unwrap();
        for (time, is_night) in [
            ("16:29", false),
            ("16:30", true),
            ("23:59", true),
            ("00:00", true),
            ("00:29", true),
            ("00:30", false),
        ] {
            assert_eq!(
                (night.contain(at(time)), day.contain(at(time))),
                (is_night, !is_night),
                "{time}"
            );
        }
        assert!(night.contain(at("00:30") - 1) && !night.contain(at("00:30")));
        assert!(night.contain(-1), "a minute before 1970");
        let weekdays = Hours::parse("Mon-Fri/01:00-04:00").unwrap();
        let days = [(27, true), (28, false), (29, false), (30, true)]; // a Friday to a Monday
        for (day, is_weekday) in days {
            let micros = parse(&format!("2026-11-{day}T01:00")).unwrap();
            assert_eq!(weekdays.contain(micros), is_weekday, "{day}");
        }
        assert_eq!(Hours::parse("01:00-01:00"), None);
        assert_eq!(Hours::parse("1:00-02:00"), None);
    }
}
