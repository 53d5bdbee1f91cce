//! The groups of a report by session or by block: what an engine lists, each as a whole.

use std::cmp::Reverse;

use chrono_tz::Tz;

use super::{Engine, Listing, Selection};
use crate::stats::{Dimension, Key, Row, Span};
use crate::{Error, ErrorKind, Timestamp};

/// Asks for sessions, those with the most tokens first, or for blocks, the first ones first.
pub(super) fn rows(
    engine: &dyn Engine,
    of: &Selection<'_>,
    list: Dimension,
    zone: Tz,
) -> Result<Vec<Row>, Error> {
    let name = |name: &String| Key::Name(name.clone());
    if list == Dimension::Block {
        let blocks = engine.blocks(of)?;
        let row = |of: &super::Block| {
            let span = span(of.start, of.end(), zone);
            Row::new(vec![name(&of.instance), Key::Time(span)], of.totals)
        };
        return Ok(blocks.iter().map(row).collect());
    }
    let sessions = engine.sessions(of, Listing::default())?;
    let unknown = || Error::new(ErrorKind::Unusable, "sessions are not known here");
    let mut sessions = sessions.ok_or_else(unknown)?;
    sessions.sort_by_key(|of| Reverse(of.totals.tokens()));
    let row = |of: &super::Session| Row::new(vec![name(&of.instance), name(&of.id)], of.totals);
    Ok(sessions.iter().map(row).collect())
}

fn span(start: Timestamp, end: Timestamp, zone: Tz) -> Option<Span> {
    let [start, end] = [start, end].map(|at| Some(at.to_utc()?.with_timezone(&zone)));
    Some(Span { start: start?, end: end? })
}
