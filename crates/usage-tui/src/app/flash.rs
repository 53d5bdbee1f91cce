//! What has changed since the answer before.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use usage_core::stats::Summary;

use crate::ask::{Answer, Content};

/// What has changed since the answer before, and when that came to be known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flash {
    /// The names of rows.
    rows: HashSet<Vec<String>>,
    /// True if the sum of all has.
    pub(crate) sum: bool,
    pub(crate) since: Option<Instant>,
}

impl Flash {
    /// Compares two answers to like questions, as far as rows were on the screen.
    pub(super) fn between(
        before: Option<&Answer>,
        after: &Answer,
        seen: &[(Vec<String>, Summary)],
        at: Instant,
    ) -> Self {
        let (Some(Answer::Usage(before)), Answer::Usage(after)) = (before, after) else {
            return Self::default();
        };
        let seen: HashMap<_, _> =
            seen.iter().map(|(names, totals)| (names.as_slice(), totals)).collect();
        let is_other = |names: &[String], totals: &Summary| {
            seen.get(names).is_some_and(|before| *before != totals)
        };
        let rows = match &after.content {
            Content::Rows { rows, .. } => {
                let changed = rows.iter().filter(|row| is_other(&row.names, &row.totals));
                changed.map(|row| row.names.clone()).collect()
            }
            Content::Sessions(all) => {
                let names =
                    all.iter().flatten().map(|of| (vec![of.instance.clone(), of.id.clone()], of));
                let changed = names.filter(|(names, of)| is_other(names, &of.totals));
                changed.map(|(names, _)| names).collect()
            }
        };
        let sum = before.summary != after.summary;
        let since = (sum || !HashSet::is_empty(&rows)).then_some(at);
        Self { rows, sum, since }
    }

    pub(crate) fn has(&self, names: &[String]) -> bool {
        self.rows.contains(names)
    }
}
