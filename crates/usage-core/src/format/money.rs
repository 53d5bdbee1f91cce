//! Amounts of money for people.

use super::TextOptions;
use crate::stats::Summary;
use crate::text::format_count;
use crate::{Measure, Money};

/// Prints the cost of requests by list price, with a sign before it where it is no more than a lower bound; nothing
/// where none has a price.
#[must_use]
pub fn format_cost(totals: &Summary, options: &TextOptions) -> Option<String> {
    if totals[Measure::Priced] == 0 {
        return None;
    }
    let cost = format_dollars(totals.cost);
    Some(match (totals.is_cost_whole(), options.ascii) {
        (true, _) => cost,
        (false, true) => format!(">= {cost}"),
        (false, false) => format!("≥ {cost}"),
    })
}

/// As [`format_cost`], for a cell.
pub(super) fn cost_cell(totals: &Summary, options: &TextOptions) -> String {
    match format_cost(totals, options) {
        Some(cost) => cost,
        None if totals.requests == 0 => "$0".to_owned(),
        None => "-".to_owned(),
    }
}

/// A US dollar in pico-dollars.
pub(super) const DOLLAR: u128 = 1_000_000_000_000;

/// To the cent, whatever that says of it.
pub(super) fn in_cents(money: Money) -> String {
    const CENT: u128 = DOLLAR / 100;
    match (money.picos() + CENT / 2) / CENT {
        0 if money.picos() == 0 => "$0.00".to_owned(),
        0 => "<$0.01".to_owned(),
        cents => {
            let whole = u64::try_from(cents / 100).unwrap_or(u64::MAX);
            format!("${}.{:02}", format_count(whole), cents % 100)
        }
    }
}

/// US dollars with two decimals from one dollar on, and below that with two figures that count: `$1,487.33`, `$0.0012`.
#[must_use]
pub fn format_dollars(money: Money) -> String {
    const CENT: u128 = DOLLAR / 100;
    let picos = money.picos();
    if picos == 0 {
        return "$0".to_owned();
    }
    // The step that it is rounded to: a cent, or less where a cent would say little.
    let (mut step, mut places) = (CENT, 2_usize);
    while picos < 10 * step && places < 12 {
        (step, places) = (step / 10, places + 1);
    }
    let rounded = picos / step + u128::from(picos % step >= step.div_ceil(2));
    let per_dollar = DOLLAR / step;
    let whole = u64::try_from(rounded / per_dollar).unwrap_or(u64::MAX);
    format!("${}.{:0places$}", format_count(whole), rounded % per_dollar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_amounts_keep_two_figures() {
        for (stated, shown) in [
            ("0", "$0"),
            ("0.000000000001", "$0.000000000001"),
            ("0.00123456", "$0.0012"),
            ("0.0999", "$0.100"),
            ("0.09949", "$0.099"),
            ("0.5", "$0.50"),
            ("0.994", "$0.99"),
            ("0.999", "$1.00"),
            ("1", "$1.00"),
            ("1487.325", "$1,487.33"),
            ("1487.324999", "$1,487.32"),
        ] {
            assert_eq!(format_dollars(stated.parse().unwrap()), shown, "{stated}");
        }
    }
}
