//! The zone that somebody may have meant who has named none.

use chrono_tz::{TZ_VARIANTS, Tz};

/// Returns the name that is most like a text: the same but for its case, its blanks or its region, or with a few wrong
/// letters; for an offset the zone that has it.
pub(super) fn to(text: &str) -> Option<&'static str> {
    if let Some(hours) = hours(text) {
        // Named the other way round.
        let name = format!("Etc/GMT{:+}", -hours);
        return name.parse().ok().map(|zone: Tz| zone.name());
    }
    let wanted = plain(text);
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let city = |name: &'static str| name.rsplit('/').next().unwrap_or(name);
    names()
        .find(|name| plain(name) == wanted)
        .or_else(|| names().find(|name| plain(city(name)) == wanted))
        .or_else(|| {
            const LIKE: f64 = 0.85;
            let like = |name: &'static str| {
                let of = |part| strsim::jaro_winkler(&plain(part), &wanted);
                (of(name).max(of(city(name))), name)
            };
            let best = names().map(like).max_by(|a, b| a.0.total_cmp(&b.0));
            best.filter(|(likeness, _)| *likeness >= LIKE).map(|(_, name)| name)
        })
}

/// Small letters, and blanks as names have them.
fn plain(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Returns the hours of an offset such as `+02:00`, `UTC+2` or `-0300`.
fn hours(text: &str) -> Option<i32> {
    let text = text.trim().trim_start_matches("UTC").trim_start_matches("GMT");
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-" | "\u{2212}", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.strip_suffix("00").filter(|rest| !rest.is_empty()).unwrap_or(digits);
    let hours: i32 = digits.trim_end_matches(':').parse().ok()?;
    Some(sign * hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_like_a_name_is_meant() {
        for (text, name) in [
            ("europe/berlin", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"),
            ("berlin", "Europe/Berlin"),
            ("Europe/Berln", "Europe/Berlin"),
            ("new york", "America/New_York"),
            ("America/New York", "America/New_York"),
            ("utc", "UTC"),
            ("Z", "none"),
            ("+02:00", "Etc/GMT-2"),
            ("UTC-3", "Etc/GMT+3"),
            ("+10", "Etc/GMT-10"),
            ("+0530", "none"),
            ("Mars/Olympus", "none"),
            ("", "none"),
        ] {
            assert_eq!(to(text).unwrap_or("none"), name, "{text}");
        }
    }
}
