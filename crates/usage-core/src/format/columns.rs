//! The columns of numbers: which there are on a page of a width, and what stands in them.
//!
//! All cells of a column are in one unit, that of its total, so that they can be compared at a glance.

use super::TextOptions;
use super::page::format_share;
use crate::stats::{Sort, Summary};
use crate::text::format_count;
use crate::{Measure, Money};

/// A column of numbers on a page for people, for those who lay pages out themselves.
///
/// ```
/// use usage_core::Measure;
/// use usage_core::format::{Column, TextOptions};
/// use usage_core::stats::Summary;
///
/// let one = Summary::default().with(Measure::Output, 281_219);
/// let all = Summary::default().with(Measure::Output, 1_100_000_000);
/// let cell = Column::Tokens.cell(&one, &all, None, &TextOptions::default());
/// assert_eq!(cell, "0.3M"); // in the unit of the column's total
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// The number of requests.
    Requests,
    /// Input tokens that came from no cache.
    Input,
    /// Output tokens.
    Output,
    /// Input tokens written to a cache.
    CacheWrite,
    /// Input tokens read from a cache.
    CacheRead,
    /// The tokens that were written to caches and read from them.
    Cache,
    /// All tokens.
    Tokens,
    /// The part of all tokens, or of the cost where that is what it is sorted by.
    Share,
    /// Other routes that were tried.
    Fallbacks,
    /// The cost by list price.
    Cost,
}

use Column::{
    Cache, CacheRead, CacheWrite, Cost, Fallbacks, Input, Output, Requests, Share, Tokens,
};

/// The columns on a page, from those that need the most room to those that always are there.
const WITH_KINDS: [&[Column]; 4] = [
    &[Requests, Input, Output, CacheWrite, CacheRead, Tokens, Share, Cost, Fallbacks],
    &[Requests, Input, Output, CacheWrite, CacheRead, Tokens, Share, Cost],
    &[Requests, Input, Output, Cache, Tokens, Share, Cost],
    &[Input, Output, Cache, Tokens, Cost],
];
const WITHOUT: [&[Column]; 5] = [
    &[Requests, Tokens, Share, Cost, Fallbacks],
    &[Requests, Tokens, Share, Cost],
    &[Requests, Tokens, Cost],
    &[Tokens, Cost],
    &[Tokens],
];
/// Where the page has no width: always the same, whatever is in them.
const FIXED: &[Column] = &[Requests, Tokens, Fallbacks, Cost];
const FIXED_KINDS: &[Column] = &[Requests, Input, Output, CacheWrite, CacheRead, Tokens, Cost];

/// Returns the choices of columns for a page with such a sum: the first that fits is taken, else the last. `has_bars`
/// where a bar says what a share would.
#[must_use]
pub fn column_choices(
    summary: &Summary,
    has_bars: bool,
    options: &TextOptions,
) -> Vec<Vec<Column>> {
    if options.width.is_none() {
        let fixed = if options.kinds { FIXED_KINDS } else { FIXED };
        return vec![shown(fixed, summary, false)];
    }
    let kinds = [Measure::Input, Measure::Output, Measure::CacheWrite, Measure::CacheRead];
    let has_kinds = kinds.iter().any(|kind| summary[*kind] > 0);
    let with_kinds = WITH_KINDS.into_iter().filter(|_| has_kinds || options.kinds);
    let mut choices: Vec<_> =
        with_kinds.chain(WITHOUT).map(|columns| shown(columns, summary, has_bars)).collect();
    choices.dedup();
    choices
}

/// Without those that would hold nothing.
fn shown(columns: &[Column], summary: &Summary, has_bars: bool) -> Vec<Column> {
    let is_shown = |column: &Column| match column {
        Cost => summary[Measure::Priced] > 0,
        // On a page of any width they have always been there.
        Fallbacks => summary.fallbacks() > 0 || columns == FIXED,
        Share => !has_bars,
        _ => true,
    };
    columns.iter().copied().filter(is_shown).collect()
}

impl Column {
    /// Returns what stands above it.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Requests => "Requests",
            Input => "Input",
            Output => "Output",
            CacheWrite => "Cache write",
            CacheRead => "Cache read",
            Cache => "Cache",
            Tokens => "Tokens",
            Share => "Share",
            Fallbacks => "Fallbacks",
            Cost => "Cost",
        }
    }

    /// Returns what stands in it for one of the groups that add up to `all`.
    #[must_use]
    pub fn cell(
        self,
        of: &Summary,
        all: &Summary,
        sort: Option<Sort>,
        options: &TextOptions,
    ) -> String {
        let count = |number: fn(&Summary) -> u64| tokens_in_unit_of(number(of), number(all));
        // Where only totals were stated, nobody knows how many of them were of a kind: that is not none.
        let are_known = of.tokens() == 0 || of[Measure::Unclassified] < of.tokens();
        let kind = |number| if are_known { count(number) } else { "-".to_owned() };
        match self {
            Requests => format_count(of.requests),
            Fallbacks => format_count(of.fallbacks()),
            Input => kind(|of| of[Measure::Input]),
            Output => kind(|of| of[Measure::Output]),
            CacheWrite => kind(|of| of[Measure::CacheWrite]),
            CacheRead => kind(|of| of[Measure::CacheRead]),
            Cache => kind(|of| of[Measure::CacheWrite].saturating_add(of[Measure::CacheRead])),
            Tokens => count(Summary::tokens),
            Share if sort == Some(Sort::Cost) && all.cost != Money::ZERO => {
                // As fine as a share is shown, and within what it is reckoned in.
                let thousandths = of.cost.picos() / (all.cost.picos() / 1_000_000).max(1);
                share(u64::try_from(thousandths).unwrap_or(u64::MAX).min(1_000_000), 1_000_000)
            }
            Share => share(of.tokens(), all.tokens()),
            Cost => cost(of, all, options),
        }
    }
}

fn share(part: u64, whole: u64) -> String {
    if part == 0 { "0%".to_owned() } else { format_share(part, whole) }
}

/// A number of tokens as exact as its column has them: whole below ten millions in all, else in millions, from a hundred
/// billions on in billions.
pub(super) fn tokens_in_unit_of(tokens: u64, all: u64) -> String {
    const MILLION: u64 = 1_000_000;
    let (unit, name) = match all {
        0..10_000_000 => return format_count(tokens),
        10_000_000..100_000_000_000 => (MILLION, 'M'),
        _ => (1_000 * MILLION, 'B'),
    };
    let tenth = unit / 10;
    match tokens / tenth + u64::from(tokens % tenth >= tenth / 2) {
        0 if tokens == 0 => "0".to_owned(),
        0 => format!("<0.1{name}"),
        tenths => format!("{}.{}{name}", format_count(tenths / 10), tenths % 10),
    }
}

/// A cost with as many decimals as its column has: two where the total is a dollar or more.
fn cost(of: &Summary, all: &Summary, options: &TextOptions) -> String {
    if all.cost.picos() < super::money::DOLLAR || of[Measure::Priced] == 0 {
        return super::money::cost_cell(of, options);
    }
    let cost = super::money::in_cents(of.cost);
    match (of.is_cost_whole(), options.ascii) {
        (true, _) => cost,
        (false, true) => format!(">= {cost}"),
        (false, false) => format!("≥ {cost}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_one_unit() {
        for (tokens, all, shown) in [
            (281_219, 9_999_999, "281,219"),
            (0, 10_000_000, "0"),
            (49_999, 10_000_000, "<0.1M"),
            (50_000, 10_000_000, "0.1M"),
            (912_000_000, 2_000_000_000, "912.0M"),
            (1_112_000_000, 2_000_000_000, "1,112.0M"),
            (912_000_000, 200_000_000_000, "0.9B"),
        ] {
            assert_eq!(tokens_in_unit_of(tokens, all), shown);
        }
    }

    #[test]
    fn kinds_that_nobody_stated_are_not_none() {
        let options = TextOptions::default();
        let of = |kind, tokens| Summary::new(1, [0; Measure::COUNT]).with(kind, tokens);
        let all = of(Measure::Input, 9);
        for (summary, cells) in [
            (of(Measure::Unclassified, 5), ["-", "-", "-", "5"]),
            (of(Measure::Unclassified, 5).with(Measure::Output, 1), ["0", "1", "0", "6"]),
            (of(Measure::Input, 5), ["5", "0", "0", "5"]),
            (Summary::default(), ["0", "0", "0", "0"]),
        ] {
            let shown = [Input, Output, Cache, Tokens]
                .map(|column: Column| column.cell(&summary, &all, None, &options));
            assert_eq!(shown, cells);
        }
    }

    #[test]
    fn what_does_not_fit_goes_step_by_step() {
        let mut summary = Summary::new(1, [0; Measure::COUNT]).with(Measure::Input, 5);
        let options = TextOptions::default().with_width(80);
        let names =
            |columns: &[Column]| columns.iter().map(|of| of.header()).collect::<Vec<_>>().join(" ");
        let all = column_choices(&summary, false, &options);
        assert_eq!(names(&all[0]), "Requests Input Output Cache write Cache read Tokens Share");
        assert_eq!(names(all.last().unwrap()), "Tokens");
        summary[Measure::Fallbacks] = 1;
        summary.add_cost(Money::from_picos(5));
        let all = column_choices(&summary, true, &options);
        let widest = "Requests Input Output Cache write Cache read Tokens Cost Fallbacks";
        assert_eq!(names(&all[0]), widest);
        // Without a width always the same.
        let fixed = column_choices(&summary, true, &TextOptions::default());
        assert_eq!(
            fixed.iter().map(|of| names(of)).collect::<Vec<_>>(),
            ["Requests Tokens Fallbacks Cost"]
        );
    }
}
