//! One event, told more than once: the one record that its tellings come to.
//!
//! The record is a function of the *set* of tellings, so that neither their order nor telling one again changes
//! it:
//!
//! | of the record | comes from |
//! |---|---|
//! | the numbers, as a group, with outcome, quality and whether they add up | the telling with the better quality, then the higher revision, then the larger output |
//! | a part that this telling does not state (0) | the largest that another one states whose whole is equal |
//! | each name, the session, the tags, the stated cost | the highest revision that states it |
//! | fallbacks and searches that this telling does not state (0) | the most that another one states |
//! | the time | the earliest that was stated, else the earliest arrival |
//! | event id and alias | a telling that states both, then the highest revision |
//!
//! What that leaves open the text or the number decides, the greater one. All tellings are of one instance.
//!
//! A keeper of records need not keep them all. [`Tellings`] merges those of which one can say all that the other
//! could ever add, whatever comes later.

use std::cmp::Reverse;

use super::{Context, Counts, EventId, Label, LabelNames, Labels, Measure, Quality, Record, Usage};
use crate::Timestamp;

/// The most tellings of an event that are kept apart. Of more, those with the worst numbers are forgotten.
pub const MAX_TELLINGS: usize = 16;

/// The tellings of one event, as far as they matter.
///
/// ```
/// use usage_core::record::Tellings;
/// use usage_core::{EventId, LabelNames, Labels, Measure, Quality, Record, Timestamp, TokenCounts, Usage};
///
/// let names = LabelNames::new().with_instance("claude-code").with_route("r").with_model("m");
/// let telling = |output, quality, revision, names| {
///     let usage = Usage::new(TokenCounts::new().with_output(output), Timestamp::from_micros(0));
///     let usage = usage.with_quality(quality).with_revision(revision);
///     let record = Record::new(Labels::new(names)?, usage)?;
///     Ok::<_, usage_core::RecordError>(record.with_event_id(EventId::new("msg_1")?))
/// };
/// // A log that was read while the answer was streamed, and knows the project; then telemetry, which does not.
/// let mut told = Tellings::of(telling(1, Quality::Partial, 10, names.with_project("ledger"))?);
/// told.tell(telling(450, Quality::Reported, 30, names)?);
/// let record = told.joined();
/// assert_eq!(record.counts().get(Measure::Output), 450);
/// assert_eq!(record.labels().names(), names.with_project("ledger"));
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tellings {
    best: Record,
    /// The best first.
    others: Vec<Record>,
}

impl Tellings {
    /// One telling.
    #[must_use]
    pub const fn of(record: Record) -> Self {
        Self { best: record, others: Vec::new() }
    }

    /// Those that a keeper has kept. `None` where there are none.
    #[must_use]
    pub fn from_kept(kept: impl IntoIterator<Item = Record>) -> Option<Self> {
        let mut kept = kept.into_iter();
        let mut all = Self::of(kept.next()?);
        kept.for_each(|record| all.tell(record));
        Some(all)
    }

    /// The tellings to keep, in an order of their own.
    pub fn kept(&self) -> impl Iterator<Item = &Record> {
        std::iter::once(&self.best).chain(&self.others)
    }

    /// Returns in what `record` contradicts one of the tellings: both reported, of one revision, with different
    /// counts. Parts that only one of them states are no difference.
    #[must_use]
    pub fn conflict(&self, record: &Record) -> Option<Conflict> {
        self.kept().find_map(|told| conflict(told, record))
    }

    /// Adds a telling.
    pub fn tell(&mut self, record: Record) {
        if self.kept().any(|told| merge(&record, told).as_ref() == Some(told)) {
            return;
        }
        let mut all = std::mem::take(&mut self.others);
        all.push(std::mem::replace(&mut self.best, record));
        // What has been merged may say enough to merge with further ones.
        while let Some((at, merged)) = merge_any(&self.best, &all) {
            all.swap_remove(at);
            self.best = merged;
        }
        all.sort_by(|one, other| place(other).cmp(&place(one)));
        match all.first_mut() {
            Some(first) if place(first) > place(&self.best) => {
                std::mem::swap(first, &mut self.best);
                all.sort_by(|one, other| place(other).cmp(&place(one)));
            }
            _ => {}
        }
        all.truncate(MAX_TELLINGS - 1);
        self.others = all;
    }

    /// Adds all tellings of what has turned out to be the same event.
    pub fn tell_all(&mut self, other: Self) {
        self.tell(other.best);
        other.others.into_iter().for_each(|record| self.tell(record));
    }

    /// The record that the event comes to.
    #[must_use]
    pub fn joined(&self) -> Record {
        let counts = Counts::try_from(self.usage());
        let ids = self.kept().max_by_key(|told| ids(told)).unwrap_or(&self.best);
        Record {
            labels: self.labels(),
            // They have been checked: none is more than the best telling's, or than its whole.
            counts: counts.unwrap_or(self.best.counts),
            event_id: ids.event_id.clone(),
            alias_id: ids.alias_id.clone(),
            context: self.context(),
        }
    }

    fn usage(&self) -> Usage {
        let mut usage = self.best.counts().usage();
        for measure in Measure::ALL.into_iter().filter(|measure| may_be_unstated(*measure)) {
            if usage.get(measure) > 0 {
                continue;
            }
            let is_alike = |counts: &&Counts| {
                let agrees = |whole| u64::from(counts.get(whole)) == usage.get(whole);
                measure.part_of().is_none_or(agrees)
            };
            let said = self.kept().map(Record::counts).filter(is_alike);
            let largest = said.map(|counts| counts.get(measure)).max().unwrap_or(0);
            usage = usage.with(measure, largest.into());
        }
        usage.stated_cost = self.highest(|told| told.counts().stated_cost());
        let (is_unstated, timestamp) = self.kept().map(time).min().unwrap_or(time(&self.best));
        (usage.is_time_stated, usage.timestamp) = (!is_unstated, timestamp);
        usage
    }

    /// Returns the word of the highest revision among those that say something, the greater where two do.
    fn highest<'t, T: Ord>(&'t self, said: impl Fn(&'t Record) -> Option<T>) -> Option<T> {
        let said = |told: &'t Record| said(told).map(|it| (told.counts().revision(), it));
        self.kept().filter_map(said).max().map(|(_, it)| it)
    }

    fn labels(&self) -> Labels {
        let of = |label| self.highest(|told| stated(told.labels().names().get(label)));
        let names = LabelNames::from_all(Label::ALL.map(|label| of(label).unwrap_or_default()));
        let is_best = names == self.best.labels().names();
        // Each name has been checked.
        let new = if is_best { None } else { Labels::new(names).ok() };
        new.unwrap_or_else(|| self.best.labels().clone())
    }

    fn context(&self) -> Context {
        let session_id = self.highest(|told| stated(told.context().session_id()));
        let tagged = self.highest(|told| tags(told.context()));
        let (session_id, tagged) = (session_id.unwrap_or_default(), tagged.unwrap_or_default());
        // As with the names.
        Context::new(session_id, tagged).unwrap_or_default()
    }
}

fn stated(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn tags(context: &Context) -> Option<Vec<(&str, &str)>> {
    let tags: Vec<_> = context.tags().collect();
    (!tags.is_empty()).then_some(tags)
}

/// Two tellings that cannot both be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// The first measure that differs.
    pub measure: Measure,
    /// The number that is known.
    pub known: u32,
    /// The number of the new telling.
    pub told: u32,
}

impl Conflict {
    /// Creates a conflict over a measure, of the number that is known and the one that was told anew.
    #[must_use]
    pub const fn new(measure: Measure, known: u32, told: u32) -> Self {
        Self { measure, known, told }
    }
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let field = match self.measure {
            // As lines have it.
            Measure::Unclassified => "tokens",
            measure => measure.field(),
        };
        write!(f, "{field} is known to be {}, not {}", self.known, self.told)
    }
}

fn conflict(known: &Record, told: &Record) -> Option<Conflict> {
    let (known, told) = (known.counts(), told.counts());
    let are_reported = [known, told].iter().all(|counts| counts.quality() == Quality::Reported);
    if !are_reported || known.revision() != told.revision() {
        return None;
    }
    // A bare total and counts by kind say the same of what both say: the sum.
    let is_bare = |counts: &Counts| counts.get(Measure::Unclassified) > 0;
    let by_sum = is_bare(known) != is_bare(told);
    let of = |measure: Measure| {
        let number = |counts: &Counts| match measure {
            Measure::Unclassified if by_sum => sum(counts),
            measure => counts.get(measure),
        };
        Conflict { measure, known: number(known), told: number(told) }
    };
    let differ = |it: &Conflict| {
        let is_unstated = may_be_unstated(it.measure) && (it.known == 0 || it.told == 0);
        it.known != it.told && !is_unstated
    };
    let is_compared =
        |measure: &Measure| !by_sum || !measure.is_tokens() || measure.is_bare_total();
    let measures = Measure::ALL.into_iter().take(Measure::NUMBERS).filter(is_compared);
    measures.map(of).find(differ)
}

/// Returns the tokens of all kinds together, a bare total among them.
fn sum(counts: &Counts) -> u32 {
    // At most four kinds of at most a billion.
    counts.tokens().total().try_into().unwrap_or(u32::MAX)
}

/// Returns whether 0 of it may mean that a telling does not say: of parts, and of what is no tokens.
const fn may_be_unstated(measure: Measure) -> bool {
    measure.part_of().is_some() || !measure.is_tokens() && !measure.is_requests()
}

/// Returns the rank of the numbers of a telling: the greatest are taken.
fn rank(record: &Record) -> impl Ord + use<> {
    let counts = record.counts();
    let sure = (Reverse(counts.quality()), counts.revision());
    let numbers = (counts.get(Measure::Output), *counts.numbers());
    (sure, numbers, counts.outcome(), counts.is_inconsistent())
}

/// An order of all tellings by their numbers, the best last.
fn place(record: &Record) -> impl Ord + '_ {
    let counts = record.counts();
    let names = (record.labels().names(), record.context());
    (rank(record), names, ids(record), Reverse(time(record)), counts.stated_cost())
}

/// The presence of an alias, the revision, the ids: the greatest are taken.
type Ids<'a> = (bool, u32, Option<&'a EventId>, Option<&'a EventId>);

fn ids(record: &Record) -> Ids<'_> {
    let (id, alias) = (record.event_id(), record.alias_id());
    (alias.is_some(), record.counts().revision(), id, alias)
}

/// Returns whether the time was not stated, and the time: the least is taken.
fn time(record: &Record) -> (bool, Timestamp) {
    (!record.counts().is_time_stated(), record.timestamp())
}

/// The first telling that can be one with another, and what they are then.
fn merge_any(record: &Record, tellings: &[Record]) -> Option<(usize, Record)> {
    let merged = |told| merge(told, record).or_else(|| merge(record, told));
    tellings.iter().enumerate().find_map(|(at, told)| Some((at, merged(told)?)))
}

/// One telling in place of two: whatever else is told, the record comes to the same. `None` where one cannot
/// tell, or `better` is not.
fn merge(worse: &Record, better: &Record) -> Option<Record> {
    let revisions = worse.counts().revision().cmp(&better.counts().revision());
    let has_ids = worse.ids().all(|id| better.ids().any(|of| of == id));
    let is_right = rank(worse) <= rank(better)
        && revisions.is_le()
        && has_ids
        && (worse.alias_id().is_none() || worse.event_id() == better.event_id())
        && Measure::ALL.into_iter().all(|part| covers_part(better, worse, part));
    // Of one revision they say together what either does; a higher one has to say all that a lower one does.
    let is_one = revisions.is_eq();
    let covers = |worse: bool, better: bool| is_one || !worse || better;
    let says = |of: fn(&Record) -> bool| covers(of(worse), of(better));
    let covers_names = || {
        let (worse, better) = (worse.labels().names(), better.labels().names());
        Label::ALL
            .into_iter()
            .all(|label| covers(!worse.get(label).is_empty(), !better.get(label).is_empty()))
    };
    if !is_right
        || !covers_names()
        || !says(|told| !told.context().session_id().is_empty())
        || !says(|told| told.context().tags().next().is_some())
        || !says(|told| told.counts().stated_cost().is_some())
    {
        return None;
    }
    let mut usage = better.counts().usage();
    let (is_unstated, timestamp) = time(worse).min(time(better));
    (usage.is_time_stated, usage.timestamp) = (!is_unstated, timestamp);
    let mut merged = better.clone();
    if is_one {
        let both = Tellings { best: better.clone(), others: vec![worse.clone()] };
        (merged.labels, merged.context) = (both.labels(), both.context());
        usage.stated_cost = usage.stated_cost.max(worse.counts().stated_cost());
    }
    merged.counts = Counts::try_from(usage).ok()?;
    Some(merged)
}

/// Returns whether the better telling says no less of what the other one states beside its numbers of tokens.
fn covers_part(better: &Record, worse: &Record, measure: Measure) -> bool {
    let (better, worse) = (better.counts(), worse.counts());
    let are_alike = measure.part_of().is_none_or(|whole| better.get(whole) == worse.get(whole));
    let has_it = are_alike && better.get(measure) >= worse.get(measure);
    !may_be_unstated(measure) || worse.get(measure) == 0 || has_it
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::TokenCounts;

    fn names(at: u8) -> &'static str {
        ["", "a", "b"][usize::from(at % 3)]
    }

    prop_compose! {
        /// Few values, so that many things are equal.
        fn telling()(
            numbers in prop::array::uniform4(0_u64..3),
            parts in prop::array::uniform2(0_u64..3),
            sure in (0_usize..3, 0_u32..4, 0_usize..3),
            beside in (0_u64..3, 0_u64..2),
            texts in prop::array::uniform5(0_u8..3),
            ids in (0_u8..2, prop::option::of(0_u8..2)),
            time in (0_i64..3, any::<bool>()),
            (cost, is_bare) in (prop::option::of(0_u128..3), prop::bool::weighted(0.2)),
        ) -> Record {
            let mut tokens = TokenCounts::new()
                .with_input(numbers[0])
                .with_output(numbers[1])
                .with_cache_write(numbers[2])
                .with_reasoning(parts[0].min(numbers[1]))
                .with_cache_write_long(parts[1].min(numbers[2]));
            tokens.cache_read = numbers[3];
            if is_bare {
                tokens = TokenCounts::unclassified(tokens.total());
            }
            let mut usage = Usage::new(tokens, Timestamp::from_micros(time.0))
                .with_quality(Quality::ALL[sure.0])
                .with_revision(sure.1)
                .with_outcome(crate::Outcome::ALL[sure.2])
                .with_fallbacks(beside.0)
                .with_web_searches(beside.1);
            usage.is_time_stated = time.1;
            usage.stated_cost = cost.map(crate::Money::from_picos);
            let names = LabelNames::new()
                .with_instance("i")
                .with_route("r")
                .with_model(["m", "n"][usize::from(texts[0] % 2)])
                .with_project(names(texts[1]))
                .with_user(names(texts[2]));
            let tags = stated(self::names(texts[4])).map(|value| ("team", value));
            let context = Context::new(self::names(texts[3]), tags).unwrap();
            // All are linked: each id is one of three, and an alias makes two of them one.
            let id = |at| EventId::new(["x", "y"][usize::from(at)]).unwrap();
            let record = Record::new(Labels::new(names).unwrap(), usage).unwrap();
            let record = record.with_context(context).with_event_id(id(ids.0));
            match ids.1 {
                Some(alias) => record.with_alias_id(id(alias)),
                None => record,
            }
        }
    }

    /// Returns the record that the table gives for all tellings at once.
    fn naive(tellings: &[Record]) -> Record {
        let best = tellings.iter().max_by_key(|told| place(told)).unwrap().clone();
        let others = tellings.to_vec();
        Tellings { best, others }.joined()
    }

    fn told(tellings: &[Record]) -> Tellings {
        Tellings::from_kept(tellings.iter().cloned()).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_kept_says_all_that_was_told(tellings in prop::collection::vec(telling(), 1..8)) {
            prop_assert_eq!(told(&tellings).joined(), naive(&tellings));
        }

        #[test]
        fn neither_order_nor_repetition_matters(
            tellings in prop::collection::vec(telling(), 1..8),
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
            split in any::<prop::sample::Index>(),
        ) {
            let once = told(&tellings).joined();
            let mut others: Vec<_> = again.iter().map(|at| tellings[at.index(tellings.len())].clone()).collect();
            others.extend(tellings.iter().rev().cloned());
            prop_assert_eq!(told(&others).joined(), once.clone());
            let (one, other) = others.split_at(split.index(others.len()));
            if !one.is_empty() {
                let mut both = told(one);
                both.tell_all(told(other));
                prop_assert_eq!(both.joined(), once.clone());
            }
            // What a keeper has kept says the same when it is read again.
            let kept = told(&others);
            let again = Tellings::from_kept(kept.kept().cloned()).unwrap();
            prop_assert_eq!(again.joined(), once);
        }

        #[test]
        fn merging_is_right_whatever_else_is_told(
            one in telling(), other in telling(),
            more in prop::collection::vec(telling(), 0..4),
        ) {
            if let Some(merged) = merge(&one, &other) {
                let (mut two, mut instead) = (more.clone(), more);
                two.extend([one, other]);
                instead.push(merged);
                prop_assert_eq!(naive(&instead), naive(&two));
            }
        }

        #[test]
        fn telling_it_again_is_no_news(tellings in prop::collection::vec(telling(), 1..6), at in any::<prop::sample::Index>()) {
            let told = told(&tellings);
            let record = tellings[at.index(tellings.len())].clone();
            let mut again = told.clone();
            again.tell(record);
            prop_assert_eq!(again, told);
        }

        #[test]
        fn only_what_was_reported_can_contradict(one in telling(), other in telling()) {
            let found = conflict(&one, &other);
            prop_assert_eq!(found.is_some(), conflict(&other, &one).is_some());
            prop_assert!(conflict(&one, &one).is_none());
            let (a, b) = (one.counts(), other.counts());
            if a.quality() != Quality::Reported || a.revision() != b.revision() {
                prop_assert!(found.is_none());
            }
        }
    }

    /// Checks that kinds that are known take the place of a bare total of the same sum, in either order, and that
    /// another sum contradicts.
    #[test]
    fn a_bare_total_and_its_kinds_are_one() {
        let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
        let labels = Labels::new(names).unwrap();
        let telling = |tokens| {
            let usage = Usage::new(tokens, Timestamp::from_micros(5));
            Record::new(labels.clone(), usage).unwrap().with_event_id(EventId::new("x").unwrap())
        };
        let kinds = TokenCounts::new().with_input(9).with_output(2).with_reasoning(1);
        for kinds in [kinds, TokenCounts::new().with_cache_write(11)] {
            let both = [telling(TokenCounts::unclassified(11)), telling(kinds)];
            for [first, then] in [both.clone(), [both[1].clone(), both[0].clone()]] {
                let mut told = Tellings::of(first);
                assert_eq!(told.conflict(&then), None);
                told.tell(then);
                assert_eq!(told.joined(), both[1]);
                assert_eq!(told.kept().count(), 1);
            }
            let other = telling(TokenCounts::unclassified(12));
            let conflict = Tellings::of(other).conflict(&both[1]).unwrap();
            assert_eq!(conflict.to_string(), "tokens is known to be 12, not 11");
        }
    }

    #[test]
    fn the_chain_of_a_stream_that_was_read_again_and_again_stays_short() {
        let usage = |output, revision| {
            Usage::new(TokenCounts::new().with_output(output), Timestamp::from_micros(5))
                .with_quality(Quality::Partial)
                .with_revision(revision)
        };
        let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
        let telling = |output, revision| {
            let record = Record::new(Labels::new(names).unwrap(), usage(output, revision)).unwrap();
            record.with_event_id(EventId::new("x").unwrap())
        };
        let mut told = Tellings::of(telling(0, 10));
        for output in 1..1_000 {
            told.tell(telling(output, 10));
            told.tell(telling(output / 2, 10 + u32::try_from(output).unwrap()));
        }
        assert!(told.kept().count() <= 2, "{told:?}");
    }
}
