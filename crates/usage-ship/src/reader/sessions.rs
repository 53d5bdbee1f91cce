//! Sessions, from their sums by day.

use std::collections::{BTreeMap, HashMap};

use usage_core::query::{Listing, Selection, Session};
use usage_core::stats::Summary;
use usage_core::{Label, LabelNames, Timestamp};
use usage_store::shipped::StretchLevel;

use super::answers::are_declared;
use super::cover::{day_of, quarters, start_of_day};
use super::marks::within;
use super::state::State;
use super::{Fail, not_kept, sums};
use crate::schema;
use crate::wire::parsed;

struct Candidate {
    epoch: String,
    instance: String,
    id: String,
    first: i64,
    last: i64,
    sessions_from: i64,
}

#[derive(Default)]
struct Found {
    whole: Summary,
    in_range: Summary,
    has_cut: bool,
    models: BTreeMap<String, u64>,
    projects: BTreeMap<String, u64>,
}

impl Found {
    fn add(&mut self, names: &LabelNames<'_>, totals: &Summary, is_in_range: bool) {
        self.whole.merge(totals);
        if is_in_range {
            self.in_range.merge(totals);
        }
        for (label, by_name) in
            [(Label::Model, &mut self.models), (Label::Project, &mut self.projects)]
        {
            match names.get(label) {
                "" => {}
                name => *by_name.entry(name.to_owned()).or_default() += totals.tokens(),
            }
        }
    }
}

type Key = (String, i64);

pub(super) fn list(
    state: &mut State<'_>,
    of: &Selection<'_>,
    listing: Listing,
) -> Result<Vec<Session>, Fail> {
    let start = of.range.start.map_or(i64::MIN, Timestamp::as_micros);
    let end = of.range.end.map_or(i64::MAX, Timestamp::as_micros);
    let candidates = candidates(state, start, end)?;
    let Some(oldest) = candidates.values().map(|of| of.first).min() else { return Ok(Vec::new()) };
    let newest = candidates.values().map(|of| of.last).max().unwrap_or(oldest);
    let found = if are_declared(state, of.filter, &[], oldest)? {
        from_sums(state, of, &candidates, start, oldest, newest)?
    } else {
        from_records(state, of, &candidates, start, oldest..newest.saturating_add(1))?
    };
    let mut sessions = Vec::new();
    for (key, found) in found {
        let Some(candidate) = candidates.get(&key) else { continue };
        let at = Timestamp::from_micros;
        let in_range = if candidate.first >= start {
            Some(found.whole)
        } else {
            Some(found.in_range).filter(|_| !found.has_cut)
        };
        sessions.push(
            Session::new(
                &candidate.instance,
                &candidate.id,
                (at(candidate.first), at(candidate.last)),
            )
            .with_totals(found.whole, in_range)
            .with_names(by_tokens(found.models), by_tokens(found.projects))
            .frozen(candidate.first < candidate.sessions_from),
        );
    }
    listing.apply(&mut sessions);
    Ok(sessions)
}

fn candidates(
    state: &mut State<'_>,
    start: i64,
    end: i64,
) -> Result<HashMap<Key, Candidate>, Fail> {
    if state.ledgers().is_empty() {
        return Ok(HashMap::new());
    }
    let counting = state.counting();
    // What lies there twice is the same twice.
    let sql = format!(
        "SELECT epoch, id, instance_id, session_id, first_us, last_us FROM usage_session \
         WHERE last_us >= {start} AND last_us < {end} AND {counting} AND (epoch, id, version) IN \
         (SELECT epoch, id, max(version) FROM usage_session WHERE {counting} GROUP BY epoch, id)"
    );
    let mut candidates = HashMap::new();
    let rows = state.wire.query(&sql)?;
    if !state.is_whole() {
        state.check_last()?;
    }
    for row in rows {
        let [epoch, id, instance, name, first, last] = &row[..] else { continue };
        let Some(ledger) = state.ledgers().iter().find(|of| of.epoch == *epoch) else { continue };
        let (first, last) = (parsed(first)?, parsed(last)?);
        if ledger.head.sessions_since.is_none_or(|since| last < since) {
            continue;
        }
        let sessions_from = ledger.head.sessions_from.unwrap_or(i64::MIN);
        let candidate = Candidate {
            epoch: epoch.clone(),
            instance: instance.clone(),
            id: name.clone(),
            first,
            last,
            sessions_from,
        };
        candidates.insert((epoch.clone(), parsed(id)?), candidate);
    }
    Ok(candidates)
}

fn from_sums(
    state: &mut State<'_>,
    of: &Selection<'_>,
    candidates: &HashMap<Key, Candidate>,
    start: i64,
    oldest: i64,
    newest: i64,
) -> Result<HashMap<Key, Found>, Fail> {
    let numbers = within(&(day_of(oldest)..day_of(newest) + 1));
    let cut = (start != i64::MIN && start > start_of_day(day_of(start))).then(|| day_of(start));
    let first_whole =
        if start == i64::MIN { i64::MIN } else { day_of(start) + i64::from(cut.is_some()) };
    let columns = schema::sums().join(", ");
    let level = StretchLevel::SessionDay;
    let latest = state.latest(level, &numbers);
    let sql = |last: &str| {
        format!(
            "SELECT epoch, session, number, label, {columns} FROM usage_sum{last} WHERE {latest}"
        )
    };
    let mut rows = state.wire.query(&sql(""))?;
    if !state.is_whole() {
        let expected = state.cells(level, &numbers)?;
        // Looking for what lies there twice costs.
        if rows.len() as u64 != expected {
            rows = state.wire.query(&sql(" FINAL"))?;
        }
        state.check("usage_sum", rows.len() as u64, expected)?;
    }
    let mut found = HashMap::<Key, Found>::new();
    for row in &rows {
        let [epoch, session, day, label, sums @ ..] = &row[..] else { continue };
        let key = (epoch.clone(), parsed(session)?);
        let labels = state.names.get(epoch, parsed(label)?)?;
        if !candidates.contains_key(&key) || !of.filter.matches(&labels.names()) {
            continue;
        }
        let day: i64 = parsed(day)?;
        let of_session = found.entry(key).or_default();
        of_session.has_cut |= Some(day) == cut;
        of_session.add(&labels.names(), &sums::summary(sums)?, day >= first_whole);
    }
    found.retain(|_, of| of.whole.requests > 0);
    let Some(cut) = cut else { return Ok(found) };
    // Part of that day lies before.
    let range = start..start_of_day(cut + 1);
    let are_there = state.unkept(quarters(&range))?.is_none();
    let by_name: HashMap<_, _> = candidates
        .iter()
        .map(|(key, of)| ((of.epoch.as_str(), of.instance.as_str(), of.id.as_str()), key))
        .collect();
    if are_there
        && found
            .iter()
            .any(|(key, of)| of.has_cut && candidates.get(key).is_some_and(|of| of.first < start))
    {
        state.each_record(&range, |row| {
            let name = (
                row.key.2.as_str(),
                row.record.labels().name(Label::Instance),
                row.record.context().session_id(),
            );
            if let Some(of_session) = by_name.get(&name).and_then(|key| found.get_mut(*key))
                && of.filter.matches(&row.record.names())
            {
                of_session.in_range.merge(&row.summary());
            }
        })?;
    }
    for (key, of_session) in &mut found {
        let frozen = candidates.get(key).is_some_and(|of| start < of.sessions_from);
        of_session.has_cut &= !are_there || frozen;
    }
    Ok(found)
}

fn from_records(
    state: &mut State<'_>,
    of: &Selection<'_>,
    candidates: &HashMap<Key, Candidate>,
    start: i64,
    range: std::ops::Range<i64>,
) -> Result<HashMap<Key, Found>, Fail> {
    if let Some(quarter) = state.unkept(quarters(&range))? {
        return Err(not_kept(quarter, "sums do not tell a tag apart that was asked for"));
    }
    let by_name: HashMap<_, _> = candidates
        .iter()
        .map(|(key, of)| ((of.epoch.as_str(), of.instance.as_str(), of.id.as_str()), key))
        .collect();
    let mut found = HashMap::<Key, Found>::new();
    state.each_record(&range, |row| {
        let plain = row.record.labels().names();
        let name =
            (row.key.2.as_str(), plain.get(Label::Instance), row.record.context().session_id());
        if let Some(key) = by_name.get(&name)
            && of.filter.matches(&row.record.names())
        {
            found.entry((*key).clone()).or_default().add(
                &plain,
                &row.summary(),
                row.key.0 >= start,
            );
        }
    })?;
    Ok(found)
}

fn by_tokens(names: BTreeMap<String, u64>) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by(|(one, of_one), (other, of_other)| (of_other, one).cmp(&(of_one, other)));
    names.into_iter().map(|(name, _)| name).collect()
}
