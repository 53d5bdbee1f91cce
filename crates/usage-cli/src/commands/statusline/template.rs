//! The line: words, and names in braces for what is known.

use std::time::Duration;

use usage_core::Timestamp;
use usage_core::format::{format_cost, format_count, format_dollars, format_tokens};
use usage_core::stats::Summary;

use super::figures::{Figures, cache_share};
use super::input::{Limit, Told};

pub(super) const DEFAULT: &str = "{model} | session {session.tokens} {agent.cost} | today {today.tokens} {today.cost} | \
     block {block.tokens}, {block.left} left | {block.burn}/min | 5h {limit.5h} | 7d {limit.7d} | cache {cache}";

/// The names, and what each stands for.
pub(super) const NAMES: [(&str, &str); 20] = [
    ("model", "the model, as the agent calls it"),
    ("project", "the last folder of the project"),
    ("version", "the agent's version"),
    ("context", "how much of the context is used"),
    ("session.tokens", "tokens of the session"),
    ("session.requests", "its requests"),
    ("session.cost", "what it cost by list price"),
    ("agent.cost", "what the agent itself says that the session cost"),
    ("today.tokens", "tokens of the day"),
    ("today.requests", "its requests"),
    ("today.cost", "what they cost by list price"),
    ("block.tokens", "tokens of the block of five hours that is under way"),
    ("block.cost", "what it cost by list price"),
    ("block.left", "how long it still lasts"),
    ("block.burn", "tokens a minute since it began"),
    ("block.end", "tokens at its end, if that goes on"),
    ("limit.5h", "how much of the plan's limit of five hours is used"),
    ("limit.5h.left", "how long that still lasts"),
    ("limit.7d", "how much of the plan's limit of seven days is used"),
    ("cache", "how much of the session's input came from the cache; or of the day's"),
];

/// Returns the names of a template that do not exist.
pub(super) fn unknown(template: &str) -> Vec<&str> {
    let named = template.split('|').flat_map(|part| part.split('{').skip(1));
    let named = named.filter_map(|rest| Some(rest.split_once('}')?.0));
    named.filter(|name| NAMES.iter().all(|(known, _)| known != name)).collect()
}

/// Fills the names in, and leaves out what has nothing to say.
pub(super) fn fill(
    template: &str,
    told: &Told,
    figures: &Figures,
    now: Option<Timestamp>,
) -> String {
    let parts = template.split('|').filter_map(|part| filled(part, told, figures, now));
    parts.collect::<Vec<_>>().join(" | ")
}

/// One part; `None` where nothing that it names is known.
fn filled(part: &str, told: &Told, figures: &Figures, now: Option<Timestamp>) -> Option<String> {
    let (mut out, mut rest) = (String::new(), part);
    let (mut named, mut known) = (false, false);
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        out.push_str(before);
        match value(name, told, figures, now) {
            Some(Some(value)) => {
                (named, known) = (true, true);
                out.push_str(&value);
            }
            Some(None) => {
                named = true;
                out.truncate(out.trim_end().len());
            }
            // No such name: seen by whoever wrote it.
            None => out.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    out.push_str(rest);
    let out = out.trim();
    (known || !named).then(|| out.to_owned()).filter(|out| !out.is_empty())
}

/// Outside: whether there is such a name; inside: whether it is known.
fn value(
    name: &str,
    told: &Told,
    figures: &Figures,
    now: Option<Timestamp>,
) -> Option<Option<String>> {
    let session = figures.session.as_ref();
    let today = figures.today.as_ref();
    let block = figures.block.as_ref();
    let percent = |share: u64| format!("{share}%");
    let cost = |of: &Summary| format_cost(of, &figures.options);
    let until = |limit: &Limit| left(limit, now?);
    Some(match name {
        "model" => told.model.clone(),
        "project" => told.project.clone(),
        "version" => told.version.clone(),
        "context" => told.context.map(percent),
        "session.tokens" => session.map(|of| format_tokens(of.tokens())),
        "session.requests" => session.map(|of| format_count(of.requests)),
        "session.cost" => session.and_then(cost),
        "today.cost" => today.and_then(cost),
        "block.cost" => block.and_then(|(of, _)| cost(of)),
        "agent.cost" => told.cost.map(format_dollars),
        "today.tokens" => today.map(|of| format_tokens(of.tokens())),
        "today.requests" => today.map(|of| format_count(of.requests)),
        "block.tokens" => block.map(|(of, _)| format_tokens(of.tokens())),
        "block.left" => block.map(|(_, pace)| hours_and_minutes(pace.left)),
        "block.burn" => block.map(|(_, pace)| format_tokens(pace.tokens_per_minute)),
        "block.end" => block.map(|(_, pace)| format_tokens(pace.projected_tokens)),
        "limit.5h" => told.five_hours.map(|limit| percent(limit.used)),
        "limit.5h.left" => told.five_hours.as_ref().and_then(until),
        "limit.7d" => told.seven_days.map(|limit| percent(limit.used)),
        "cache" => session.or(today).and_then(cache_share).map(percent),
        _ => return None,
    })
}

fn left(limit: &Limit, now: Timestamp) -> Option<String> {
    let left = limit.ends?.as_micros().checked_sub(now.as_micros())?;
    let left = u64::try_from(left).ok().filter(|left| *left > 0)?;
    Some(hours_and_minutes(Duration::from_micros(left)))
}

/// Rounded up, so that what is not over has something left.
fn hours_and_minutes(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60).max(1);
    match minutes / 60 {
        0 => format!("{minutes}m"),
        hours => format!("{hours}h{:02}m", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use usage_core::format::TextOptions;
    use usage_core::query::Block;
    use usage_core::{Measure, Money};

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_micros(minutes * 60_000_000)
    }

    fn told() -> Told {
        Told {
            model: Some("Opus 4.6".to_owned()),
            cost: "1.5".parse().ok(),
            five_hours: Some(Limit { used: 24, ends: Some(at(200)) }),
            ..Told::default()
        }
    }

    fn figures() -> Figures {
        let mut totals = Summary::new(3, [0; Measure::COUNT])
            .with(Measure::Input, 1_000)
            .with(Measure::CacheRead, 9_000);
        totals.add_cost(Money::from_picos(2_000_000_000_000));
        let block = Block::new("claude-code", at(0)).with_totals(totals);
        let pace = block.pace(at(100)).unwrap();
        let options = TextOptions::default();
        Figures { session: Some(totals), today: Some(totals), block: Some((totals, pace)), options }
    }

    #[test]
    fn the_line_says_all_that_is_known() {
        assert_eq!(
            fill(DEFAULT, &told(), &figures(), Some(at(100))),
            "Opus 4.6 | session 10,000 $1.50 | today 10,000 ≥ $2.00 | block 10,000, 3h20m left | 100/min | 5h 24% | cache 90%"
        );
        assert_eq!(
            fill("{limit.5h.left} of {limit.5h}", &told(), &figures(), Some(at(100))),
            "1h40m of 24%"
        );
    }

    #[test]
    fn what_is_not_known_leaves_no_trace() {
        let line = |template| fill(template, &told(), &Figures::default(), None);
        assert_eq!(line(DEFAULT), "Opus 4.6 | session $1.50 | 5h 24%");
        assert_eq!(line("{project}|a {limit.7d} b|"), "");
        assert_eq!(line("words alone | {model} {project}"), "words alone | Opus 4.6");
        assert_eq!(line("{oops} {model} {"), "{oops} Opus 4.6 {");
    }

    #[test]
    fn every_name_is_one() {
        for (name, _) in NAMES {
            assert!(value(name, &told(), &figures(), None).is_some(), "{name}");
        }
        assert_eq!(unknown(DEFAULT), Vec::<&str>::new());
        assert_eq!(unknown("{nope} {model} | {no|pe} {} {"), ["nope", ""]);
    }
}
