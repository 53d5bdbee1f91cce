//! The states of budgets as text for people.

use super::columns::tokens_in_unit_of;
use super::grid::{Columns, Grid, Line, NameColumn};
use super::money::format_dollars;
use super::page::{INDENT, Page, filter_line};
use super::{TextOptions, format_count, shorten_middle};
use crate::budget::{Amount, BudgetState, Standing};
use crate::text::printable;
use crate::{Label, Timestamp};

/// The columns of numbers, those that go first on a narrow page last.
const NUMBERS: [&str; 4] = ["Spent", "Limit", "Share", "Forecast"];

/// So many times a limit is hardly seen in the unit of the whole.
const FAR_MORE: u128 = 100;

/// What is more, in thousandths, says no more and needs room.
const MOST_SHARE: u64 = 99_999;

/// Prints how budgets stand, a line each, with what else there is to say below it: which records count, what has no
/// price, and when the limit is reached at the present pace. Nothing where there are none.
#[must_use]
pub fn format_budgets(states: &[BudgetState], options: &TextOptions) -> String {
    if states.is_empty() {
        return String::new();
    }
    let widths = [NUMBERS.len(), 3, 2];
    let grids = widths.into_iter().flat_map(|numbers| {
        [true, false].map(|has_kind| grid(states, (numbers, has_kind), options))
    });
    let mut grids: Vec<_> = grids.map(|grid| [grid]).collect();
    let fits = |grid: &[Grid; 1]| Columns::fitting(grid, options).fit(grid, false, options);
    let at = grids.iter().position(fits).unwrap_or(grids.len().saturating_sub(1));
    let mut page = Page::bare(options);
    let grid = grids.swap_remove(at);
    let columns = Columns::fitting(&grid, options);
    grid.iter().for_each(|grid| grid.write(&mut page, &columns));
    page.footnotes(&footnotes(states, grid[0].numbers.len() == NUMBERS.len(), options), options);
    page.out
}

fn grid(states: &[BudgetState], (count, has_kind): (usize, bool), options: &TextOptions) -> Grid {
    let column = |header: &str, shortens| NameColumn { header: header.into(), least: 0, shortens };
    let mut names = vec![column("Budget", true), column("Per", false), column("State", false)];
    names.extend(has_kind.then(|| column("Kind", false)));
    let lines = states.iter().flat_map(|state| {
        let mut names = vec![
            printable(state.budget.name()).into_owned(),
            state.budget.per().name().to_owned(),
            standing(state.standing()).to_owned(),
        ];
        let kind = if state.budget.is_hard() { "hard" } else { "soft" };
        names.extend(has_kind.then(|| kind.to_owned()));
        let mut numbers = numbers(state, options);
        numbers.truncate(count);
        let cells = Line::Cells { names, numbers, weight: 0 };
        std::iter::once(cells).chain(remarks(state, options).into_iter().map(Line::Remark))
    });
    let lines = lines.collect();
    let numbers = NUMBERS[..count].to_vec();
    let title = "Budgets:".to_owned();
    Grid { title, names, numbers, has_bars: false, lines, left_out: None, total: None }
}

fn numbers(state: &BudgetState, options: &TextOptions) -> Vec<String> {
    let forecast = state.forecast().map(|forecast| forecast.amount);
    let most = [Some(state.spent()), forecast, Some(state.budget.limit())].into_iter().flatten();
    let most = most.max_by_key(|amount| amount.units()).unwrap_or(state.budget.limit());
    let spent = |amount| at_least(state, short(amount, most), options);
    let limit = state.budget.limit();
    // What somebody has set is to be read, however much more is spent.
    let is_far_less = limit.units().saturating_mul(FAR_MORE) < most.units();
    vec![
        spent(state.spent()),
        short(limit, if is_far_less { limit } else { most }),
        share(state),
        forecast.map_or_else(|| "-".to_owned(), spent),
    ]
}

/// As other columns: all of a line in one unit.
fn short(amount: Amount, most: Amount) -> String {
    match (amount, most) {
        (Amount::Cost(money), _) => format_dollars(money),
        (Amount::Tokens(tokens), Amount::Tokens(most)) => tokens_in_unit_of(tokens, most),
        (Amount::Tokens(tokens), Amount::Cost(_)) => format_count(tokens),
    }
}

fn at_least(state: &BudgetState, text: String, options: &TextOptions) -> String {
    match (state.is_lower_bound(), options.ascii) {
        (false, _) => text,
        (true, true) => format!(">= {text}"),
        (true, false) => format!("≥ {text}"),
    }
}

/// In percent with one decimal, rounded down: what is 100.0% is all of it.
fn share(state: &BudgetState) -> String {
    match state.share_permille() {
        None => "-".to_owned(),
        Some(0) if state.spent().units() > 0 => "<0.1%".to_owned(),
        Some(share) if share > MOST_SHARE => ">9,999%".to_owned(),
        Some(share) => format!("{}.{}%", format_count(share / 10), share % 10),
    }
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Within => "within",
        Standing::Ahead => "ahead",
        Standing::Reached => "reached",
        Standing::Past => "PAST",
    }
}

fn remarks(state: &BudgetState, options: &TextOptions) -> Vec<String> {
    let filter = state.budget.filter();
    let mut remarks = Vec::new();
    if let [_, ..] = filter.kept(Label::Instance) {
        let names: Vec<_> = filter.kept(Label::Instance).iter().map(|of| printable(of)).collect();
        remarks.push(format!("only instance {}", names.join(", ")));
    }
    remarks.extend(filter_line(filter).map(|line| line.replacen("Only: ", "only ", 1)));
    match state.unpriced_requests() {
        0 => {}
        1 => remarks.push("1 request has no price and is not in it".to_owned()),
        count => {
            remarks
                .push(format!("{} requests have no price and are not in it", format_count(count)));
        }
    }
    if let Some(at) = state.forecast().and_then(|forecast| forecast.limit_reached_at) {
        remarks.extend(day(state, at).map(|day| format!("at this pace past it on {day}")));
    }
    let width = options.width.filter(|_| !options.wide);
    let width = width.map_or(usize::MAX, |width| width.saturating_sub(2 * INDENT));
    remarks.iter().map(|text| format!("{:INDENT$}{}", "", shorten_middle(text, width))).collect()
}

fn day(state: &BudgetState, at: Timestamp) -> Option<String> {
    let at = at.to_utc()?.with_timezone(&state.budget.zone());
    Some(at.format("%-d %B, %H:%M").to_string())
}

/// Returns what the columns mean, as far as they need words.
fn footnotes(states: &[BudgetState], has_forecast: bool, options: &TextOptions) -> Vec<String> {
    let mut parts = Vec::new();
    if has_forecast {
        parts.push("Forecast: spent so far, by the time that has passed, to the end".to_owned());
    }
    if states.iter().any(|state| state.budget.limit().is_cost()) {
        parts.push("List price, not what a subscription paid".to_owned());
    }
    if states.iter().any(BudgetState::is_lower_bound) {
        let sign = if options.ascii { ">=" } else { "≥" };
        parts.push(format!("{sign}: lacks prices or sure counts"));
    }
    parts
}
