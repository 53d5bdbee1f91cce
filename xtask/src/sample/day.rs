//! The traffic of the day: sessions of coding agents, whose context grows turn by turn.

use super::line::{Millis, Request, Tokens, event_id};
use super::routes::{Route, Target, fallback, habits, target};
use crate::random::Random;

/// The number of different requests of the day.
const REQUESTS: usize = 5_580;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// Anthropic does not answer from 15:10 to 15:35.
const OUTAGE: std::ops::Range<Millis> = 15 * HOUR + 10 * MINUTE..15 * HOUR + 35 * MINUTE;

/// A router and the people or jobs behind it.
#[derive(Clone, Copy)]
struct Instance {
    name: &'static str,
    profiles: &'static [(u64, &'static str)],
    /// The number of sessions that begin in each hour of the day, relative to the others.
    hours: &'static [u64; 24],
    offset: i64,
    /// The number of a hundred requests that carry an id.
    ids: u64,
    /// Counts tokens, but not their kinds.
    is_old: bool,
}

#[rustfmt::skip]
const INSTANCES: &[(u64, Instance)] = &[
    (34, Instance {
        name: "laptop-anna",
        profiles: &[(60, "work"), (25, ""), (15, "cheap")],
        hours: &[1, 0, 0, 0, 0, 0, 0, 1, 4, 9, 12, 11, 5, 8, 12, 11, 10, 8, 4, 2, 4, 6, 4, 2],
        offset: 2, ids: 95, is_old: false,
    }),
    (28, Instance {
        name: "team-gateway",
        profiles: &[(50, ""), (30, "default"), (20, "work")],
        hours: &[2, 1, 1, 1, 1, 2, 3, 5, 8, 11, 12, 11, 8, 10, 12, 12, 11, 9, 6, 5, 5, 4, 3, 2],
        offset: 0, ids: 100, is_old: false,
    }),
    (22, Instance {
        name: "desk-jun",
        profiles: &[(55, "experiments"), (30, "cheap"), (15, "")],
        hours: &[9, 10, 9, 6, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 5, 8, 10, 9, 8, 9, 9],
        offset: -7, ids: 60, is_old: false,
    }),
    (16, Instance {
        name: "ci-runner-2",
        profiles: &[(100, "cheap")],
        hours: &[2, 2, 12, 14, 2, 2, 2, 3, 3, 4, 4, 4, 3, 4, 4, 4, 4, 3, 2, 2, 2, 2, 2, 2],
        offset: 0, ids: 0, is_old: true,
    }),
];

/// The requests, in the order of their times.
pub(super) fn requests(random: &mut Random) -> Vec<Request> {
    let mut requests = Vec::new();
    while requests.len() < REQUESTS {
        session(random, &mut requests);
    }
    requests.truncate(REQUESTS);
    requests.sort_by_key(|request| request.at);
    requests
}

/// One task given to an agent: turns in which it reads, thinks, edits and sends helpers.
fn session(random: &mut Random, requests: &mut Vec<Request>) {
    let Some(instance) = random.weighted(INSTANCES) else { return };
    let Some(profile) = random.weighted(instance.profiles) else { return };
    let hours: Vec<_> = instance.hours.iter().copied().zip(0..).collect();
    let Some(hour) = random.weighted::<u64>(&hours) else { return };

    let mut agent = Agent { instance, profile, random, requests };
    let mut at = hour * HOUR + agent.random.between(0, HOUR);
    let mut context = agent.random.between(9_000, 19_000); // instructions and tools
    let mut cached = 0;
    for _ in 0..agent.random.skewed(3, 60) {
        let added = agent.random.skewed(150, 6_000);
        let output = agent.random.skewed(40, 2_600);
        let route = agent.route(context);
        agent.request(at, route, Turn { cached, added: context - cached + added, output });
        if agent.random.percent(22) {
            let turn = Turn { cached: 0, added: agent.random.between(200, 1_900), output: 30 };
            agent.request(at + 400, Route::Background, turn);
        }
        if agent.random.percent(4) {
            agent.helpers(at + 1_500);
        }
        cached = context;
        context += added + output;
        if context > 190_000 {
            (context, cached) = (28_000, 0); // the agent sums up and starts over
        }
        at += agent.random.skewed(4_000, 95_000);
    }
}

struct Agent<'a> {
    instance: Instance,
    profile: &'static str,
    random: &'a mut Random,
    requests: &'a mut Vec<Request>,
}

/// The tokens that one request reads again, reads for the first time, and writes.
#[derive(Clone, Copy)]
struct Turn {
    cached: u64,
    added: u64,
    output: u64,
}

impl Agent<'_> {
    fn route(&mut self, context: u64) -> Route {
        if context > 150_000 && matches!(self.profile, "" | "default" | "work") {
            return Route::LongContext;
        }
        let image = if self.profile == "experiments" { 3 } else { 0 };
        let search = if matches!(self.profile, "" | "default") { 3 } else { 0 };
        let choices = [
            (78, Route::Default),
            (14, Route::Think),
            (image, Route::Image),
            (search, Route::WebSearch),
        ];
        self.random.weighted(&choices).unwrap_or(Route::Default)
    }

    /// A burst of short requests, nearly at once, each with a context of its own.
    fn helpers(&mut self, start: Millis) {
        for _ in 0..self.random.between(3, 9) {
            let at = start + self.random.between(0, 20_000);
            let added = self.random.between(4_000, 22_000);
            let output = self.random.skewed(100, 1_800);
            self.request(at, Route::Subagent, Turn { cached: 0, added, output });
        }
    }

    fn request(&mut self, at: Millis, route: Route, turn: Turn) {
        if at >= DAY {
            return;
        }
        let wanted = target(self.profile, route);
        let (target, fallbacks) = self.answering(wanted, route, at);
        let tokens = self.tokens(target, route, turn);
        let Instance { name: instance, offset, ids, .. } = self.instance;
        let event_id = event_id(self.random, ids);
        let (profile, route) = (self.profile, route.name());
        let request =
            Request { instance, profile, route, target, tokens, fallbacks, at, offset, event_id };
        self.requests.push(request);
    }

    /// Now and then a provider is overloaded; during the outage one never answers.
    fn answering(&mut self, wanted: Target, route: Route, at: Millis) -> (Target, u64) {
        let is_down = wanted.provider == "anthropic" && OUTAGE.contains(&at);
        let is_busy = wanted.provider == "openrouter" && self.random.percent(2);
        if is_down || is_busy {
            let second_fails = route == Route::Default && self.random.percent(25);
            return fallback(wanted, second_fails);
        }
        (wanted, 0)
    }

    fn tokens(&mut self, target: Target, route: Route, turn: Turn) -> Tokens {
        let Turn { cached, added, output } = turn;
        let habits = habits(target.provider);
        let thought = self.random.between(400, 3_500);
        let thought = if route == Route::Think { thought } else { thought / 12 };
        let output = output + thought;
        if self.instance.is_old {
            return Tokens::Total(cached + added + output);
        }
        let cache_read = if habits.reads_cache { cached } else { 0 };
        let fresh = added + cached - cache_read;
        let is_worth_caching = habits.writes_cache && fresh > 1_024;
        let tail = if is_worth_caching { self.random.between(3, 40) } else { fresh };
        let reasoning = if habits.reasons { thought } else { 0 };
        Tokens::Kinds { input: tail, output, cache_read, cache_write: fresh - tail, reasoning }
    }
}
