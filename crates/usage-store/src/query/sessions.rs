//! Sessions: what each comes to, from its own rollups by day. Rows are read only of the day that a range cuts, and where
//! a filter is about tags that rollups do not tell apart.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;
use usage_core::query::{Listing, Selection, Session, SessionOrder};
use usage_core::stats::Summary;
use usage_core::{Filter, Label, LabelNames, Timestamp};

use super::rows::bounds;
use crate::error::{DamageCode, ReadError};
use crate::ledger::columns::{SELECT_COUNTS, TS, session, summary, tag_set};
use crate::ledger::contexts::{Contexts, checksum};
use crate::ledger::labels::Names;
use crate::ledger::retained;
use crate::ledger::tag_keys::Declared;
use crate::ledger::terms::Costs;
use crate::rollups::{DAY, day_of, start_of_day, totals_by_day};

/// Lists the sessions whose last record is in the range. Runs inside the caller's read transaction.
pub(super) fn list(
    connection: &Connection,
    of: &Selection<'_>,
    listing: Listing,
) -> Result<Vec<Session>, ReadError> {
    let [start, end] = bounds(of.range);
    let mut candidates = candidates(connection, start, end)?;
    if of.filter.is_empty() {
        // Those that are equal to the last one are told apart by their names.
        leave_top(&mut candidates, listing);
    }
    let sessions_from = retained::sessions_from(connection)?.unwrap_or(i64::MIN);
    let found = if needs_rows(connection, of.filter, &candidates, sessions_from)? {
        from_rows(connection, of.filter, &candidates, start)?
    } else {
        from_rollups(connection, of.filter, &candidates, (start, sessions_from))?
    };
    let mut sessions = Vec::with_capacity(found.len());
    for (candidate, of) in found {
        let (instance, id) = names_of(connection, candidate.id)?;
        let at = Timestamp::from_micros;
        sessions.push(
            Session::new(instance, id, (at(candidate.first), at(candidate.last)))
                .with_totals(of.whole, of.in_range)
                .with_names(by_tokens(of.models), by_tokens(of.projects))
                .frozen(candidate.first < sessions_from),
        );
    }
    listing.apply(&mut sessions);
    Ok(sessions)
}

/// A session that may be listed: what the index over the last records knows of it.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    id: i64,
    first: i64,
    last: i64,
    tokens: i64,
}

fn candidates(connection: &Connection, start: i64, end: i64) -> Result<Vec<Candidate>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, first, last, tokens FROM sessions WHERE last >= ?1 AND last < ?2",
    )?;
    let candidates = statement.query_map(params![start, end], |row| {
        let (first, last) = (row.get(1)?, row.get(2)?);
        Ok(Candidate { id: row.get(0)?, first, last, tokens: row.get(3)? })
    })?;
    Ok(candidates.collect::<Result<_, _>>()?)
}

fn leave_top(candidates: &mut Vec<Candidate>, Listing { order, top }: Listing) {
    let Some(at) = top.and_then(|top| top.checked_sub(1)) else {
        candidates.truncate(top.unwrap_or(usize::MAX));
        return;
    };
    // What they cost is read with their other figures.
    if at >= candidates.len() || order == SessionOrder::Cost {
        return;
    }
    let key = |of: &Candidate| match order {
        SessionOrder::Last => of.last,
        SessionOrder::Start => of.first,
        SessionOrder::Tokens | SessionOrder::Cost => of.tokens,
    };
    let (_, last, _) = candidates.select_nth_unstable_by_key(at, |of| Reverse(key(of)));
    let least = key(last);
    candidates.retain(|of| key(of) >= least);
}

/// Returns whether the filter is about tags that rollups do not tell apart. Fails where the rows that do are gone.
fn needs_rows(
    connection: &Connection,
    filter: &Filter,
    candidates: &[Candidate],
    sessions_from: i64,
) -> Result<bool, ReadError> {
    let oldest = candidates.iter().map(|of| of.first).min();
    let Some(oldest) = oldest.filter(|_| !filter.tags().is_empty()) else { return Ok(false) };
    let declared = Declared::read(connection)?;
    let mut are_needed = false;
    for (key, _) in filter.tags() {
        let told_from = match declared.from(*key) {
            Some(from) => from.unwrap_or(i64::MIN),
            None => {
                are_needed = true;
                sessions_from
            }
        };
        if oldest < told_from {
            let before = Timestamp::from_micros(told_from);
            return Err(ReadError::TagsGone { key: key.name().to_owned(), before });
        }
    }
    match filter.tags().first().filter(|_| are_needed && oldest < sessions_from) {
        Some((key, _)) => Err(ReadError::TagsGone {
            key: key.name().to_owned(),
            before: Timestamp::from_micros(sessions_from),
        }),
        None => Ok(are_needed),
    }
}

/// The part of a session that passes the filter.
#[derive(Debug, Default)]
struct Found {
    whole: Summary,
    in_range: Option<Summary>,
    /// Tokens by name.
    models: BTreeMap<String, u64>,
    projects: BTreeMap<String, u64>,
}

impl Found {
    /// Nothing yet, neither of the whole nor of the range.
    fn nothing() -> Self {
        Self { in_range: Some(Summary::default()), ..Self::default() }
    }

    fn add(&mut self, names: &LabelNames<'_>, totals: &Summary, is_in_range: bool) {
        self.whole.merge(totals);
        if let Some(in_range) = self.in_range.as_mut().filter(|_| is_in_range) {
            in_range.merge(totals);
        }
        for (label, by_name) in
            [(Label::Model, &mut self.models), (Label::Project, &mut self.projects)]
        {
            match names.get(label) {
                "" => {}
                name => match by_name.get_mut(name) {
                    Some(tokens) => *tokens += totals.tokens(),
                    None => {
                        by_name.insert(name.to_owned(), totals.tokens());
                    }
                },
            }
        }
    }
}

fn by_tokens(names: BTreeMap<String, u64>) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by(|(one, of_one), (other, of_other)| (of_other, one).cmp(&(of_one, other)));
    names.into_iter().map(|(name, _)| name).collect()
}

type Listed = Vec<(Candidate, Found)>;

fn from_rollups(
    connection: &Connection,
    filter: &Filter,
    candidates: &[Candidate],
    (start, sessions_from): (i64, i64),
) -> Result<Listed, ReadError> {
    let mut names = Passing { names: Names::new(connection), filter, known: FxHashMap::default() };
    // The day that the range cuts: part of it lies before.
    let cut = (start != i64::MIN && start.rem_euclid(DAY) != 0).then(|| day_of(start));
    let first_whole = cut.map_or(day_of(start), |cut| cut + 1);
    let mut listed = Vec::new();
    // By the sessions that have something on that day, where they are in the list.
    let mut of_cut = FxHashMap::default();
    for candidate in candidates {
        let (mut found, mut tokens, mut has_cut) = (Found::nothing(), 0_i64, false);
        let mut failed = Ok(());
        totals_by_day(connection, candidate.id, |day, rollup| {
            for (label_set, totals) in rollup.iter() {
                tokens = tokens.saturating_add(i64::try_from(totals.tokens()).unwrap_or(i64::MAX));
                match names.get(label_set) {
                    Ok(Some(of)) => {
                        has_cut |= Some(day) == cut;
                        found.add(&of, totals, day >= first_whole);
                    }
                    Ok(None) => {}
                    Err(error) => failed = Err(error),
                }
            }
        })?;
        failed?;
        if tokens != candidate.tokens {
            let what = format!("session {} does not agree with its days", candidate.id);
            return Err(ReadError::Damaged(DamageCode::RollupsDisagree, what));
        }
        if found.whole.requests == 0 {
            continue;
        }
        if candidate.first >= start {
            found.in_range = Some(found.whole);
        } else if has_cut && start < sessions_from {
            found.in_range = None;
        } else if has_cut {
            of_cut.insert(candidate.id, listed.len());
        }
        listed.push((*candidate, found));
    }
    if let Some(cut) = cut.filter(|_| !of_cut.is_empty()) {
        let sql = format!("{} WHERE ts >= ?1 AND ts < ?2", *SELECT_COUNTS);
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([start, start_of_day(cut + 1)])?;
        let mut costs = Costs::new(connection);
        while let Some(row) = rows.next()? {
            let Some(at) = session(row)?.and_then(|id| of_cut.get(&id)) else { continue };
            if names.get(row.get(0)?)?.is_some()
                && let Some((_, Found { in_range: Some(in_range), .. })) = listed.get_mut(*at)
            {
                in_range.merge(&summary(row, &mut costs)?);
            }
        }
    }
    Ok(listed)
}

fn from_rows(
    connection: &Connection,
    filter: &Filter,
    candidates: &[Candidate],
    start: i64,
) -> Result<Listed, ReadError> {
    let by_id: FxHashMap<i64, &Candidate> = candidates.iter().map(|of| (of.id, of)).collect();
    let oldest = candidates.iter().map(|of| of.first).min().unwrap_or_default();
    let newest = candidates.iter().map(|of| of.last).max().unwrap_or_default();
    let mut rollups = BTreeMap::<(i64, i64, Option<i64>, bool), Summary>::new();
    let sql = format!("{} WHERE ts >= ?1 AND ts <= ?2", *SELECT_COUNTS);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([oldest, newest])?;
    let mut costs = Costs::new(connection);
    while let Some(row) = rows.next()? {
        let Some(id) = session(row)?.filter(|id| by_id.contains_key(id)) else { continue };
        let key = (id, row.get(0)?, tag_set(row)?, row.get::<_, i64>(TS)? >= start);
        rollups.entry(key).or_default().merge(&summary(row, &mut costs)?);
    }
    let (mut names, mut contexts) = (Names::new(connection), Contexts::default());
    let mut found = BTreeMap::<i64, Found>::new();
    for ((id, label_set, tag_set, is_in_range), totals) in &rollups {
        names.load(&[*label_set])?;
        let set = names.get(*label_set).ok_or_else(|| ReadError::unknown_label_set(*label_set))?;
        let plain = set.labels.names();
        let whose = || format!("a record of session {id}");
        let context =
            contexts.get(connection, [None, *tag_set], plain.get(Label::Instance), whose)?;
        if filter.matches(&plain.with_tags(context.tag_list())) {
            found.entry(*id).or_insert_with(Found::nothing).add(&plain, totals, *is_in_range);
        }
    }
    let listed = found.into_iter().filter_map(|(id, found)| Some((**by_id.get(&id)?, found)));
    Ok(listed.collect())
}

/// The names of label sets, read as they are met, as far as they pass a filter.
struct Passing<'a> {
    names: Names<'a>,
    filter: &'a Filter,
    known: FxHashMap<i64, bool>,
}

impl Passing<'_> {
    fn get(&mut self, label_set: i64) -> Result<Option<LabelNames<'_>>, ReadError> {
        let passes = match self.known.get(&label_set) {
            Some(passes) => *passes,
            None => {
                self.names.load(&[label_set])?;
                let set = self.names.get(label_set);
                let set = set.ok_or_else(|| ReadError::unknown_label_set(label_set))?;
                let passes = self.filter.matches(&set.tagged.names());
                self.known.insert(label_set, passes);
                passes
            }
        };
        Ok(self.names.get(label_set).filter(|_| passes).map(|set| set.labels.names()))
    }
}

/// The instance and the id of a session, which are those that were stored.
fn names_of(connection: &Connection, id: i64) -> Result<(String, String), ReadError> {
    let mut statement = connection
        .prepare_cached("SELECT instance_id, session_id, checksum FROM sessions WHERE id = ?1")?;
    let (instance, name, sum): (String, String, i64) =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if sum == checksum(id, &[&instance, &name]) {
        return Ok((instance, name));
    }
    let what = format!("the names of session {id} are not what was stored");
    Err(ReadError::Damaged(DamageCode::Names, what))
}
