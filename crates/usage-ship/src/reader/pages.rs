//! Records, a page at a time: in between nothing is held there.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

use usage_core::query::{Limits, Order, Selection};
use usage_core::{Error, Filter, Money, Record};

use super::rows::Row;
use super::{Remote, cover, not_kept};

const PAGE: usize = 1_000;

pub(super) struct Pages<'a> {
    remote: &'a Remote,
    filter: &'a Filter,
    range: Range<i64>,
    limits: Limits,
    is_newest_first: bool,
    page: VecDeque<Row>,
    behind: Option<(i64, i64, String)>,
    is_over: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn new(remote: &'a Remote, of: &Selection<'a>, order: Order) -> Self {
        let start = of.range.start.map_or(i64::MIN, usage_core::Timestamp::as_micros);
        let end = of.range.end.map_or(i64::MAX, usage_core::Timestamp::as_micros);
        Self {
            remote,
            filter: of.filter,
            range: start..end,
            limits: of.limits.clone(),
            is_newest_first: order == Order::NewestFirst,
            page: VecDeque::new(),
            behind: None,
            is_over: false,
        }
    }

    fn one(&mut self) -> Result<Option<(Record, Option<Money>)>, Error> {
        loop {
            self.limits.check(Instant::now)?;
            while let Some(row) = self.page.pop_front() {
                if self.filter.matches(&row.record.names()) {
                    return Ok(Some((row.record, row.cost)));
                }
            }
            let (range, behind) = (self.range.clone(), self.behind.clone());
            let newest = self.is_newest_first;
            let page = self.remote.read(&self.limits, |state| {
                if behind.is_none() {
                    state.check_records(&range)?;
                }
                state.records(&range, behind.as_ref(), newest, PAGE)
            })?;
            let Some(last) = page.last() else {
                return self.check_kept().map(|()| None);
            };
            self.behind = Some(last.key.clone());
            self.page = page.into();
        }
    }

    fn check_kept(&self) -> Result<(), Error> {
        self.remote.read(&self.limits, |state| {
            let Some(ends) = state.ends()? else { return Ok(()) };
            let range = self.range.start.max(ends.0)..self.range.end.min(ends.1.saturating_add(1));
            match state.unkept(cover::quarters(&range))? {
                Some(quarter) => Err(not_kept(quarter, "records were asked for")),
                None => Ok(()),
            }
        })
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<(Record, Option<Money>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.one().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}
