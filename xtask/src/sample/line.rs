//! A request of the sample day as its record line.

use super::routes::Target;
use crate::random::Random;

/// Milliseconds since the local midnight that the day begins with.
pub(super) type Millis = u64;

pub(super) struct Request {
    pub(super) instance: &'static str,
    pub(super) profile: &'static str,
    pub(super) route: &'static str,
    pub(super) target: Target,
    pub(super) tokens: Tokens,
    pub(super) fallbacks: u64,
    pub(super) at: Millis,
    /// Hours east of Greenwich that the router writes its timestamps in.
    pub(super) offset: i64,
    pub(super) event_id: Option<u64>,
}

#[derive(Clone, Copy)]
pub(super) enum Tokens {
    /// An older router counts but does not classify.
    Total(u64),
    Kinds {
        input: u64,
        output: u64,
        cache_read: u64,
        cache_write: u64,
        reasoning: u64,
    },
}

impl Request {
    /// The line, with the fields that are empty or zero left out, as routers do.
    pub(super) fn line(&self) -> String {
        let mut line = Line::default();
        line.text("instance_id", self.instance);
        line.text("profile", self.profile);
        line.text("provider", self.target.provider);
        line.text("route", self.route);
        line.text("model", self.target.model);
        match self.tokens {
            Tokens::Total(total) => line.count("tokens", total),
            Tokens::Kinds { input, output, cache_read, cache_write, reasoning } => {
                line.count("input_tokens", input.max(1));
                line.count("output_tokens", output);
                line.count("cache_read_tokens", cache_read);
                line.count("cache_write_tokens", cache_write);
                line.count("reasoning_tokens", reasoning);
            }
        }
        line.count("fallbacks", self.fallbacks);
        line.text("timestamp", &timestamp(self.at, self.offset));
        if let Some(id) = self.event_id {
            line.text("event_id", &format!("req_{id:016x}"));
        }
        format!("{{{}}}", line.0)
    }
}

#[derive(Default)]
struct Line(String);

impl Line {
    /// No value here needs escaping.
    fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.field(name, &format!("\"{value}\""));
        }
    }

    fn count(&mut self, name: &str, count: u64) {
        if count > 0 {
            self.field(name, &count.to_string());
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        let comma = if self.0.is_empty() { "" } else { "," };
        self.0 += &format!("{comma}\"{name}\":{value}");
    }
}

/// RFC 3339 on or next to 2026-05-03, whose local midnight is 02:00 hours ahead of Greenwich.
fn timestamp(at: Millis, offset: i64) -> String {
    const DAY: i64 = 86_400_000;
    let local = i64::try_from(at).unwrap_or(0) + (offset - 2) * 3_600_000;
    let (day, time) = (3 + local.div_euclid(DAY), local.rem_euclid(DAY));
    let (seconds, millis) = (time / 1000, time % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let zone = if offset == 0 { "Z".to_owned() } else { format!("{offset:+03}:00") };
    format!("2026-05-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}{zone}")
}

/// An id for most requests; some routers give none.
pub(super) fn event_id(random: &mut Random, chance: u64) -> Option<u64> {
    let id = random.next();
    random.percent(chance).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_of_one_instant_in_three_zones() {
        assert_eq!(timestamp(3_661_001, 2), "2026-05-03T01:01:01.001+02:00");
        assert_eq!(timestamp(3_661_001, 0), "2026-05-02T23:01:01.001Z");
        assert_eq!(timestamp(3_661_001, -7), "2026-05-02T16:01:01.001-07:00");
    }
}
