//! A record as a text form gives it, and the checks that make a record of it: the same for JSON and
//! for CSV, with the same complaints. Fields and their names come from the lists.

mod fields;
mod values;

use std::borrow::Cow;

use chrono::DateTime;

use values::{RawCost, RawCount, Word, small, word};

pub(super) use fields::{FieldsOf, Unknown};
pub(super) use values::{RawTags, VALUE_CHARS, shortened};

use super::line_error::LineError;
use super::{
    Context, Counts, EventId, Field, Label, LabelInterner, LabelNames, Measure, Outcome, Quality,
    Record, RecordError, TokenCounts, Usage,
};
use crate::Timestamp;
use crate::text::is_no_day;

/// A record as it stands in the text, before anything is checked that needs the field's name to
/// complain well.
#[derive(Default)]
pub(super) struct RawRecord<'a> {
    labels: [Cow<'a, str>; Label::COUNT],
    tokens: Option<RawCount>,
    counts: [Option<RawCount>; Measure::NUMBERS],
    timestamp: Option<Cow<'a, str>>,
    event_id: Option<Cow<'a, str>>,
    alias_id: Option<Cow<'a, str>>,
    revision: Option<RawCount>,
    session_id: Option<Cow<'a, str>>,
    tags: RawTags<'a>,
    outcome: Option<Cow<'a, str>>,
    quality: Option<Cow<'a, str>>,
    inconsistent: Option<Word<'a>>,
    stated_cost: Option<RawCost>,
    time_stated: Option<Word<'a>>,
}
/// Not empty, as [`LineError`] wants a missing text to be.
fn filled<'t>(text: Option<&'t Cow<'_, str>>) -> Option<&'t str> {
    text.map(|text| &**text).filter(|text| !text.is_empty())
}

impl<'a> RawRecord<'a> {
    /// Sets a field from a form that has only texts. What may be missing is missing where it is empty.
    #[cfg(feature = "csv")]
    pub(super) fn set(&mut self, field: Field, text: Cow<'a, str>) -> Result<(), LineError> {
        let filled = (!text.is_empty()).then_some(&text);
        match field {
            Field::Label(label) => self.labels[label as usize] = text,
            Field::Tokens => self.tokens = filled.map(|text| RawCount::of_text(text)),
            Field::Count(measure) => {
                self.counts[measure as usize] = filled.map(|text| RawCount::of_text(text));
            }
            Field::Timestamp => self.timestamp = filled.cloned(),
            Field::EventId => self.event_id = filled.cloned(),
            Field::AliasId => self.alias_id = filled.cloned(),
            Field::Revision => self.revision = filled.map(|text| RawCount::of_text(text)),
            Field::SessionId => self.session_id = filled.cloned(),
            Field::Tags => return self.set_tags(&text),
            Field::Outcome => self.outcome = filled.cloned(),
            Field::Quality => self.quality = filled.cloned(),
            Field::Inconsistent => self.inconsistent = filled.cloned().map(Word::of_text),
            Field::StatedCost => self.stated_cost = filled.map(|text| RawCost::of_text(text)),
            Field::TimeStated => self.time_stated = filled.cloned().map(Word::of_text),
        }
        Ok(())
    }

    /// Tags are one JSON object.
    #[cfg(feature = "csv")]
    fn set_tags(&mut self, text: &str) -> Result<(), LineError> {
        if text.is_empty() {
            return Ok(());
        }
        let tags: RawTags<'_> = serde_json::from_str(text).map_err(|_| {
            let found = shortened(text, VALUE_CHARS).into_owned();
            LineError::NotTags { found }
        })?;
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        self.tags.0 = tags.0.into_iter().map(|(key, value)| (owned(key), owned(value))).collect();
        Ok(())
    }

    /// Checks everything. `now` is the timestamp of a record that has none.
    pub(super) fn into_record(
        self,
        now: Timestamp,
        interner: &mut LabelInterner,
    ) -> Result<Record, LineError> {
        let labels =
            interner.intern(LabelNames::from_all(self.labels.each_ref().map(|name| &**name)))?;
        let (timestamp, was_stated) = match &self.timestamp {
            Some(text) => (parse_timestamp(text)?, true),
            None => (now, false),
        };
        let mut usage = Usage::new(TokenCounts::new(), timestamp);
        let mut has_kinds = false;
        for (measure, count) in Measure::ALL.into_iter().zip(self.counts) {
            if let Some(count) = count {
                let field = Field::Count(measure);
                usage = usage.with(measure, count.small(field)?);
                has_kinds |= measure.is_tokens();
            }
        }
        let tokens = self.tokens.map(|tokens| tokens.whole(Field::Tokens)).transpose()?;
        usage.tokens = resolve(tokens, has_kinds.then_some(usage.tokens))?;
        let outcome = filled(self.outcome.as_ref());
        let outcome = word(Field::Outcome, outcome, Outcome::ALL, Outcome::name)?;
        usage.outcome = outcome.unwrap_or_default();
        let quality = filled(self.quality.as_ref());
        let quality = word(Field::Quality, quality, Quality::ALL, Quality::name)?;
        usage.quality = quality.unwrap_or_default();
        let is = |word: Option<Word<'_>>, field| word.map(|word| word.is(field)).transpose();
        usage.is_inconsistent = is(self.inconsistent, Field::Inconsistent)?.unwrap_or_default();
        usage.stated_cost = self.stated_cost.map(RawCost::money).transpose()?;
        if let Some(revision) = self.revision {
            let revision = small(revision.whole(Field::Revision)?, Field::Revision)?;
            usage.revision = u32::try_from(revision).unwrap_or(u32::MAX);
        }
        // A record without an event id is told once: when it came is when it was, as it ever was.
        let is_told_once = self.event_id.is_none();
        let is_stated = is(self.time_stated, Field::TimeStated)?;
        usage.is_time_stated =
            is_stated.unwrap_or(was_stated || is_told_once) && (was_stated || is_told_once);
        let session_id = self.session_id.as_deref().unwrap_or_default();
        let context =
            Context::new(session_id, self.tags.0.iter().map(|(key, value)| (&**key, &**value)))?;
        let record = Record::new(labels, usage)?.with_context(context);
        let id_in = |field, id| EventId::in_field(field, id);
        Ok(match (self.event_id, self.alias_id) {
            (None, None) => record,
            (None, Some(_)) => return Err(RecordError::AliasWithoutEventId.into()),
            (Some(id), None) => record.with_event_id(id_in(Field::EventId, id)?),
            (Some(id), Some(alias)) => record
                .with_event_id(id_in(Field::EventId, id)?)
                .with_alias_id(id_in(Field::AliasId, alias)?),
        })
    }
}

/// `tokens` alone is a total of unknown kinds; beside counts by kind it must be their sum, and may be as
/// large.
fn resolve(tokens: Option<u64>, kinds: Option<TokenCounts>) -> Result<TokenCounts, LineError> {
    match (kinds, tokens) {
        (None, None) => Err(LineError::NoTokens),
        (None, Some(total)) => Ok(TokenCounts::unclassified(small(total, Field::Tokens)?)),
        (Some(kinds), Some(tokens)) if tokens != kinds.total() => {
            // What is wrong with the kinds themselves is wrong whatever their sum.
            kinds.validate()?;
            Err(LineError::TokensDisagree { tokens, sum: kinds.total() })
        }
        (Some(kinds), _) => Ok(kinds),
    }
}

/// Returns whether a form writes the counts by kind: not where there is only a total, or nothing at all.
pub(super) fn has_kinds(counts: &Counts) -> bool {
    let mut kinds =
        Measure::ALL.into_iter().filter(|kind| kind.is_tokens() && !kind.is_bare_total());
    kinds.any(|kind| counts.get(kind) > 0)
}

fn parse_timestamp(text: &str) -> Result<Timestamp, LineError> {
    let found = || shortened(text, VALUE_CHARS).into_owned();
    let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| match is_no_day(text) {
        true => LineError::NoSuchDay { found: found() },
        false => LineError::NotATimestamp { found: found() },
    })?;
    // chrono takes a second 60 of any minute; POSIX time, which a ledger counts in, has none.
    if parsed.timestamp_subsec_nanos() >= 1_000_000_000 {
        return Err(LineError::LeapSecond { found: found() });
    }
    Ok(parsed.into())
}
