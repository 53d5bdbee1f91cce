//! A rollout, row by row.

use std::borrow::Cow;

use serde_json::Deserializer;
use usage_core::{EventId, LabelNames, Quality, Tier, Timestamp};
use usage_providers::{Part, Source, event_id, made_id};

use super::replay::{Turn, millis_of};
use super::row::{Info, Payload, Row, may_say_something};
use super::totals::{Totals, Used, used};
use crate::agents::glued::behind_cut;
use crate::agents::lines::{Lines, fault_of};
use crate::agents::progress::{put_number, put_text, take_number, take_text};
use crate::agents::time::parse_time;
use crate::agents::told::Told;

/// What is known of a rollout by the rows until now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rollout {
    /// The id of its thread.
    own: String,
    /// The id of its session, that of the parent's for a subagent.
    session: String,
    /// When it was made, in milliseconds since 1970.
    birth: u64,
    /// Says whether its first row of that kind has been read: further ones are copies.
    has_meta: bool,
    is_subagent: bool,
    /// Says whether the rows are copies of the parent's.
    in_replay: bool,
    running: Option<Totals>,
    /// Says whether the next total holds a request that was told of already, without the total behind it.
    is_recorded: bool,
    provider: String,
    model: String,
    folder: String,
    tier: String,
    /// The total up to which an earlier reader has told, of a rollout that is not what it was any more.
    told: Option<Totals>,
}

/// The length of a UUID as text, with which the name of a rollout ends.
const UUID: usize = 36;

impl Rollout {
    /// Goes on where a reader before this one has ended; at the start otherwise.
    pub(super) fn of(name: &str, memory: &[u8]) -> Self {
        Self::remembered(memory).unwrap_or_else(|| {
            let own = name.get(name.len().saturating_sub(UUID)..).unwrap_or(name).to_owned();
            let birth = millis_of(&own).unwrap_or(0);
            Self { session: own.clone(), own, birth, ..Self::default() }
        })
    }

    fn remembered(mut memory: &[u8]) -> Option<Self> {
        let from = &mut memory;
        let flags = take_number(from)?;
        let birth = take_number(from)?;
        let mut text = || take_text(from).map(str::to_owned);
        let [own, session, provider] = [text()?, text()?, text()?];
        let [model, folder, tier] = [text()?, text()?, text()?];
        let running = if flags & 8 != 0 { Some(Totals::read(from)?) } else { None };
        let told = if flags & 32 != 0 { Some(Totals::read(from)?) } else { None };
        let [has_meta, is_subagent, in_replay, is_recorded] =
            [1, 2, 4, 16].map(|flag| flags & flag != 0);
        Some(Self {
            own,
            session,
            birth,
            has_meta,
            is_subagent,
            in_replay,
            running,
            is_recorded,
            provider,
            model,
            folder,
            tier,
            told,
        })
    }

    /// Takes the first row about the rollout; the others are of those that it copies.
    fn meta(&mut self, payload: &Payload<'_>, timestamp: Option<&str>) {
        if std::mem::replace(&mut self.has_meta, true) {
            return;
        }
        let stated = |text: &Option<Cow<'_, str>>| {
            text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let subagent = payload.source.as_ref().and_then(|source| source.get("subagent"));
        let spawned = subagent.and_then(|of| of.get("thread_spawn")?.get("parent_thread_id"));
        let spawned = spawned.and_then(|id| id.as_str()).map(str::to_owned);
        let by_thread = stated(&payload.parent_thread_id);
        let parent = stated(&payload.forked_from_id).or_else(|| spawned.clone());
        let parent = parent.or_else(|| by_thread.clone());
        let id = stated(&payload.id);
        let of_id = id.as_deref().and_then(millis_of);
        // The name of its file tells what has lost its beginning from those whose rows it copies.
        let is_of_parent = of_id.is_some_and(|made| made < self.birth);
        if let Some(own) = id.filter(|_| !is_of_parent) {
            self.own = own;
        }
        let made = || {
            let time = parse_time(payload.timestamp.as_deref().or(timestamp)?)?;
            u64::try_from(time.as_micros() / 1_000).ok()
        };
        self.birth = millis_of(&self.own).or_else(made).unwrap_or(0);
        self.is_subagent = subagent.is_some();
        let of_parent = spawned.or(by_thread).filter(|_| self.is_subagent);
        let session = stated(&payload.session_id).or(of_parent).filter(|_| !is_of_parent);
        self.session = session.unwrap_or_else(|| self.own.clone());
        self.in_replay = is_of_parent || parent.is_some();
        self.provider = stated(&payload.model_provider).unwrap_or_default();
        self.folder = stated(&payload.cwd).unwrap_or_default();
    }

    /// Takes the beginning of a turn.
    fn turn(&mut self, turn: Turn<'_>) {
        if self.in_replay && turn.is_of_own(self.birth) {
            self.in_replay = false;
        } else if !self.has_meta {
            // Nothing says whose rows these are but the turns.
            self.in_replay = turn.id.and_then(millis_of).is_some_and(|made| made < self.birth);
        }
    }

    /// Goes through the rows of a line: there are two, where a writer has lost the end of one. Returns the rest of the
    /// line that cannot be read, and why.
    fn rows<'l>(
        &mut self,
        line: &'l [u8],
        number: u64,
        told: &mut Told<'_>,
    ) -> Option<(&'l [u8], serde_json::Error)> {
        let mut rows = Deserializer::from_slice(line).into_iter::<Row<'_>>();
        let mut from = 0;
        while let Some(row) = rows.next() {
            match row {
                Ok(row) => self.row(&row, number, told),
                Err(error) => return Some((&line[from..], error)),
            }
            from = rows.byte_offset().min(line.len());
        }
        None
    }

    fn row(&mut self, row: &Row<'_>, number: u64, told: &mut Told<'_>) {
        let payload = &row.payload;
        let kind = row.kind.as_deref().unwrap_or_default();
        match (kind, payload.kind.as_deref().unwrap_or_default()) {
            ("session_meta", _) => self.meta(payload, row.timestamp.as_deref()),
            ("turn_context", _) => {
                self.turn(Turn { id: payload.turn_id.as_deref(), started: None, is_context: true });
                if let Some(model) = &payload.model {
                    model.as_ref().clone_into(&mut self.model);
                }
                if let Some(folder) = &payload.cwd {
                    folder.as_ref().clone_into(&mut self.folder);
                }
            }
            ("event_msg", "task_started") => {
                let started = payload.started_at.as_ref();
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a time in seconds, of which a fraction says nothing"
                )]
                let started =
                    started.and_then(|it| it.as_u64().or_else(|| it.as_f64().map(|it| it as u64)));
                self.turn(Turn { id: payload.turn_id.as_deref(), started, is_context: false });
            }
            ("event_msg", "thread_settings_applied") => {
                let settings = payload.thread_settings.as_ref();
                let tier = settings.and_then(|settings| settings.service_tier.as_deref());
                self.tier = tier.unwrap_or_default().to_owned();
            }
            ("token_usage_record", _) => self.record(row, number, told),
            ("event_msg", "token_count") => {
                if let Some(info) = payload.info {
                    self.count(info, row, number, told);
                }
            }
            _ => {}
        }
    }

    /// Takes the usage of a request that has an id.
    fn record(&mut self, row: &Row<'_>, number: u64, told: &mut Told<'_>) {
        let payload = &row.payload;
        let id = payload.response_id.as_deref().filter(|id| !id.is_empty());
        // Some providers give no ids: the total that follows says what was used.
        let (Some(id), Some(usage)) = (id, payload.usage) else { return };
        match payload.thread_token_usage {
            Some(total) => self.running = Some(total),
            None => self.is_recorded = true,
        }
        let Ok(id) = EventId::new(event_id(id).into_owned()) else {
            return told.malformed(number, "an id that cannot be one");
        };
        let is_copy = payload.thread_id.as_deref().is_some_and(|of| of != self.own);
        let used = Used { usage, is_inconsistent: false };
        self.tell(id, used, (row, is_copy), number, told);
    }

    /// Takes a running total.
    fn count(&mut self, info: Info, row: &Row<'_>, number: u64, told: &mut Told<'_>) {
        let Some(total) = info.total_token_usage else { return };
        let before = self.running.replace(total);
        let is_recorded = before != Some(total) && std::mem::take(&mut self.is_recorded);
        // Where the beginning was lost since it was read, this may be a total that was told.
        let is_known = self.told.is_some() && before.is_none() && !self.has_meta;
        if self.in_replay || is_recorded || is_known {
            return;
        }
        let Some(used) = used(before, self.told, total, info.last_token_usage) else { return };
        // By what it says, since a row may lie in another line when it is read again.
        let time = row.timestamp.as_deref().and_then(parse_time);
        let time = time.map_or(0, Timestamp::as_micros).to_string();
        if let Ok(id) = EventId::new(made_id(["codex", &self.own, &time, &total.to_text()])) {
            self.tell(id, used, (row, !self.has_meta), number, told);
        }
    }

    fn tell(
        &self,
        id: EventId,
        used: Used,
        (row, is_copy): (&Row<'_>, bool),
        number: u64,
        told: &mut Told<'_>,
    ) {
        let Some(timestamp) = row.timestamp.as_deref().and_then(parse_time) else {
            return told.malformed(number, "usage without a time");
        };
        let project = told.project().of(&self.folder);
        let tier = Tier::named_by(&self.tier);
        let names = LabelNames::new()
            .with_instance("codex")
            .with_provider(&self.provider)
            .with_route(if self.is_subagent { "subagent" } else { "main" })
            .with_model(if self.model.is_empty() { "unknown" } else { &self.model })
            .with_tier(&tier)
            .with_project(&project);
        let (counts, is_inconsistent) = used.usage.counts();
        let mut part = Part::default();
        part.counts = counts;
        part.inconsistent = is_inconsistent || used.is_inconsistent;
        if used.is_inconsistent {
            // It may hold what lost lines said, and gives way to them.
            part.quality = Quality::Estimated;
        }
        let revision = Source::Transcript.revision() - 2 * u32::from(is_copy);
        let usage = part.usage(timestamp).with_revision(revision);
        let session = row.payload.session_id.as_deref().unwrap_or(&self.session);
        told.request(number, names, session, usage, (id, None));
    }
}

impl Lines for Rollout {
    fn line(&mut self, line: &[u8], number: u64, told: &mut Told<'_>) {
        if !may_say_something(line) {
            return;
        }
        let mut rest = line;
        while let Some((cut, error)) = self.rows(rest, number, told) {
            let behind = behind_cut(cut);
            if may_say_something(&cut[..cut.len() - behind.map_or(0, <[u8]>::len)]) {
                told.malformed(number, fault_of(&error));
            }
            let Some(behind) = behind else { return };
            rest = behind;
        }
    }

    fn read_before(&mut self, memory: &[u8]) {
        let Some(before) = Self::remembered(memory) else { return };
        let running = before.running.map(|running| running.or_greater(before.told));
        self.told = running.or(before.told);
    }

    fn memory(&self) -> Vec<u8> {
        let mut to = Vec::new();
        let [has_running, has_told] = [self.running, self.told].map(|totals| totals.is_some());
        let [has_meta, is_subagent] = [self.has_meta, self.is_subagent];
        let flags =
            [has_meta, is_subagent, self.in_replay, has_running, self.is_recorded, has_told];
        let flags = flags.iter().rev().fold(0, |all, flag| all << 1 | u64::from(*flag));
        put_number(&mut to, flags);
        put_number(&mut to, self.birth);
        let texts = [&self.own, &self.session, &self.provider, &self.model, &self.folder];
        texts.into_iter().chain([&self.tier]).for_each(|text| put_text(&mut to, text));
        [self.running, self.told].into_iter().flatten().for_each(|totals| totals.write(&mut to));
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_remembered() {
        let mut rollout = Rollout::of("rollout-x-01a221f2-1a2a-7dd0-a206-a086477c4a8b", &[]);
        assert_eq!(rollout.own, "01a221f2-1a2a-7dd0-a206-a086477c4a8b");
        assert_eq!(Rollout::of("", &rollout.memory()), rollout);
        rollout.running = Some(Totals { input: 1 << 40, ..Totals::default() });
        (rollout.in_replay, rollout.is_recorded) = (true, true);
        rollout.told = Some(Totals { output: 3, ..Totals::default() });
        rollout.model = "gpt-5".to_owned();
        assert_eq!(Rollout::of("", &rollout.memory()), rollout);
        // A memory that cannot be read is none.
        assert_eq!(Rollout::of("rollout", &[1]).own, "rollout");
    }
}
