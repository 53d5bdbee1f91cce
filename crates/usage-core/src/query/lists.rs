//! Lists of sessions and of blocks, ready to be printed in any form.

use super::{Block, Engine, Limits, Listing, Selection, Session};
use crate::stats::Summary;
use crate::{Error, Filter, Period, TimeRange, Timestamp};

/// Sessions of a period. Owned: nothing of the engine is needed any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionList {
    /// Which time: their last record lies in it.
    pub period: Period,
    /// The records that they are about.
    pub filter: Filter,
    /// In which order, and how many at most.
    pub listing: Listing,
    /// The sessions.
    pub sessions: Vec<Session>,
}

impl SessionList {
    /// Asks an engine for the sessions of a period; `None` where the engine does not know sessions.
    ///
    /// # Errors
    /// When the engine has no complete answer.
    pub fn ask(
        engine: &dyn Engine,
        period: Period,
        filter: Filter,
        listing: Listing,
        limits: Limits,
    ) -> Result<Option<Self>, Error> {
        let of = Selection::new(TimeRange::from(&period), &filter).within(limits);
        let sessions = engine.sessions(&of, listing)?;
        Ok(sessions.map(|sessions| Self { period, filter, listing, sessions }))
    }

    /// Returns what they come to, each as a whole.
    #[must_use]
    pub fn summary(&self) -> Summary {
        merged(self.sessions.iter().map(|session| &session.totals))
    }
}

/// Blocks of a period, and the moment from which one looks at them. Owned: nothing of the engine is needed any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockList {
    /// Which time: they have a record in it.
    pub period: Period,
    /// The records that they are about.
    pub filter: Filter,
    /// The moment at which a block may be under way.
    pub now: Timestamp,
    /// The blocks, the first ones first.
    pub blocks: Vec<Block>,
}

impl BlockList {
    /// Asks an engine for the blocks of a period.
    ///
    /// # Errors
    /// When the engine has no complete answer.
    pub fn ask(
        engine: &dyn Engine,
        period: Period,
        filter: Filter,
        now: Timestamp,
        limits: Limits,
    ) -> Result<Self, Error> {
        let mut range = TimeRange::from(&period);
        if period.is_rolling() {
            range = engine.countable(range, &limits)?;
        }
        let blocks = engine.blocks(&Selection::new(range, &filter).within(limits))?;
        Ok(Self { period, filter, now, blocks })
    }

    /// Returns what they come to, each as a whole.
    #[must_use]
    pub fn summary(&self) -> Summary {
        merged(self.blocks.iter().map(|block| &block.totals))
    }
}

fn merged<'a>(totals: impl Iterator<Item = &'a Summary>) -> Summary {
    let mut sum = Summary::default();
    totals.for_each(|totals| sum.merge(totals));
    sum
}
