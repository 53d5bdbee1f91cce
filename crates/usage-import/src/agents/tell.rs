//! From what an agent logged to what is told of it.

use std::path::Path;

use usage_core::record::MAX_COUNT;
use usage_core::{EventId, LabelNames, Measure, RecordError, Timestamp, TokenCounts, Usage};
use usage_providers::{Counts, Source, event_id, part_id};

use super::logged::Logged;
use super::told::Told;
use super::walk::modified;

/// Who tells, and from when on nothing else says the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct By {
    pub(super) instance: &'static str,
    pub(super) source: Source,
    /// When the file was written.
    written: Timestamp,
}

impl By {
    /// The log of an agent.
    pub(super) fn transcript(instance: &'static str, file: &Path) -> Self {
        Self::of(instance, Source::Transcript, file)
    }

    pub(super) fn of(instance: &'static str, source: Source, file: &Path) -> Self {
        // A file of the year 1970 has no time.
        let written = std::fs::metadata(file).map_or(0, |file| modified(&file) / 1_000);
        let written = Some(Timestamp::from_micros(written)).filter(|time| time.is_recordable());
        Self { instance, source, written: written.unwrap_or(Timestamp::MIN_RECORD) }
    }

    /// Tells a request. `number` is that of its line, or of whatever the log is made of.
    pub(super) fn tell(&self, number: u64, logged: &Logged<'_>, told: &mut Told<'_>) {
        if let Err(why) = self.try_to_tell(&logged.id, logged, number, told) {
            told.malformed(number, why);
        }
    }

    /// Tells by how much a session has grown: in parts where that is more than a record may hold.
    pub(super) fn tell_growth(&self, number: u64, logged: &Logged<'_>, told: &mut Told<'_>) {
        let mut rest = logged.counts;
        for part in 0.. {
            let counts = take_part(&mut rest);
            let id = if part == 0 { logged.id.clone() } else { part_id(&logged.id, part).into() };
            let piece = Logged { counts, ..logged.clone() };
            if let Err(why) = self.try_to_tell(&id, &piece, number, told) {
                return told.malformed(number, why);
            }
            // A session that says it used more than this was written by nobody's agent.
            if rest.total() == 0 || part == MOST_PARTS {
                break;
            }
        }
    }

    fn try_to_tell(
        &self,
        id: &str,
        logged: &Logged<'_>,
        number: u64,
        told: &mut Told<'_>,
    ) -> Result<(), RecordError> {
        let model = if logged.model.is_empty() { "unknown" } else { &*logged.model };
        let folder = told.project().of(&logged.folder).into_owned();
        let tier = logged.tier.map_or("", |tier| tier.name());
        let names = LabelNames::new()
            .with_instance(self.instance)
            .with_provider(&logged.provider)
            .with_route(logged.route.name())
            .with_model(model)
            .with_tier(tier)
            .with_project(&folder);
        let mut usage = Usage::new(tokens(&logged.counts), logged.time.unwrap_or(self.written))
            .with_outcome(logged.outcome)
            .with_quality(logged.sureness())
            .with_revision(self.source.revision());
        usage.is_inconsistent = logged.is_inconsistent;
        usage.stated_cost = logged.stated_cost;
        usage.is_time_stated = logged.time.is_some();
        let event = |id| EventId::new(event_id(id));
        let alias = logged.alias.as_deref().map(event).transpose()?;
        told.request(number, names, &logged.session, usage, (event(id)?, alias));
        Ok(())
    }
}

/// Tells all requests of a file, each with its number; what is none is told as such.
pub(super) fn tell_all(
    by: By,
    told: &mut Told<'_>,
    read: impl FnOnce(
        &mut dyn FnMut(Result<Logged<'_>, serde_json::Error>),
    ) -> Result<(), serde_json::Error>,
) {
    let mut number = 0;
    let mut emit = |logged: Result<Logged<'_>, serde_json::Error>| {
        number += 1;
        match logged {
            Ok(logged) => by.tell(number, &logged, told),
            Err(why) => told.malformed(number, why),
        }
    };
    if let Err(why) = read(&mut emit) {
        told.malformed(number + 1, why);
    }
}

/// As many records as what a session used may be, at most.
const MOST_PARTS: usize = 1_000;

/// The counts as they are stated: what no record may hold is refused, and told.
fn tokens(counts: &Counts) -> TokenCounts {
    [
        (Measure::Input, counts.input),
        (Measure::Output, counts.output),
        (Measure::CacheRead, counts.cache_read),
        (Measure::CacheWrite, counts.cache_write),
        (Measure::Unclassified, counts.unclassified),
        (Measure::Reasoning, counts.reasoning),
        (Measure::CacheWriteLong, counts.cache_write_long),
        (Measure::InputAudio, counts.input_audio),
        (Measure::OutputAudio, counts.output_audio),
        (Measure::CacheReadAudio, counts.cache_read_audio),
    ]
    .into_iter()
    .fold(TokenCounts::new(), |tokens, (measure, count)| tokens.with(measure, count))
}

/// Takes as much of the counts as a record may hold.
fn take_part(rest: &mut Counts) -> Counts {
    let take = |count: &mut u64| {
        let part = (*count).min(MAX_COUNT.into());
        *count -= part;
        part
    };
    let mut part = Counts {
        input: take(&mut rest.input),
        output: take(&mut rest.output),
        cache_read: take(&mut rest.cache_read),
        cache_write: take(&mut rest.cache_write),
        unclassified: take(&mut rest.unclassified),
        ..Counts::default()
    };
    part.reasoning = rest.reasoning.min(part.output);
    rest.reasoning -= part.reasoning;
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_to_the_whole() {
        let whole = Counts {
            input: 3,
            output: 2_500_000_000,
            reasoning: 1_200_000_000,
            ..Counts::default()
        };
        let (mut rest, mut sum, mut parts) = (whole, Counts::default(), 0);
        while rest.total() > 0 {
            let part = take_part(&mut rest);
            assert!(tokens(&part).validate().is_ok() && part.reasoning <= part.output);
            sum.add(&part);
            parts += 1;
        }
        assert_eq!((sum, parts), (whole, 3));
    }
}
