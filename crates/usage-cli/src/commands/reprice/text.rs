//! What pricing anew changes, for people.

use std::io::{self, BufRead as _, Write as _};

use usage_core::Period;
use usage_core::format::{display_width, format_count, format_dollars, printable, shorten_middle};
use usage_store::{ModelCost, PricedSum, RepricePlan, RepriceScope, Repriced};

use crate::amounts;
use crate::commands::prices::title;
use crate::context::Context;
use crate::error::CliError;

/// A name is never shortened to fewer columns than this.
const MIN_NAME: usize = 10;

pub(super) fn plan(plan: &RepricePlan, period: &Period, context: &Context) -> String {
    let which = match plan.scope {
        RepriceScope::Missing => " without a price",
        _ => "",
    };
    let mut text = format!(
        "Pricing anew ({}): {}{which}, {} at other prices\n",
        printable(period.name()),
        amounts::records(plan.records),
        format_count(plan.changed)
    );
    for book in &plan.books {
        text += &format!("  by {}\n", title(&book.book));
    }
    let changed: Vec<_> = plan.models.iter().filter(|of| of.changed > 0).collect();
    if !changed.is_empty() {
        text += &format!("\n{}", table(&changed, context.width()));
        let same = plan.models.len() - changed.len();
        if same > 0 {
            text += &format!("  and {} whose prices stay\n", amounts::models(same));
        }
        text.push('\n');
    }
    text += &format!("Before: {}  |  After: {}\n", sum(plan.before), sum(plan.after));
    if let Some(skipped) = &plan.skipped {
        let at = |at| amounts::instant(at, context.zone());
        text += &format!(
            "Skipped: {}, of which only sums are left\n  from {}\n  to   {}\n  They keep their cost\n",
            amounts::requests(skipped.requests),
            at(skipped.from),
            at(skipped.until)
        );
    }
    text
}

/// Cost and requests together: what has no price is not in the cost.
pub(super) fn sum(sum: PricedSum) -> String {
    format!("{} for {}", cost(sum), amounts::requests(sum.priced))
}

fn cost(sum: PricedSum) -> String {
    if sum.priced == 0 { "-".to_owned() } else { format_dollars(sum.cost) }
}

fn table(models: &[&ModelCost], width: Option<usize>) -> String {
    let mut rows = vec![["Model", "Records", "Before", "After"].map(str::to_owned)];
    rows.extend(models.iter().map(|of| {
        let name = if of.provider.is_empty() {
            of.model.clone()
        } else {
            format!("{}/{}", of.provider, of.model)
        };
        [printable(&name).into_owned(), format_count(of.changed), cost(of.before), cost(of.after)]
    }));
    let widest = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| display_width(cell)).max().unwrap_or(0)
    };
    let [names, records, before, after] = [0, 1, 2, 3].map(widest);
    // Two columns before each.
    let taken = records + before + after + 4 * 2;
    let names = width.map_or(names, |width| names.min(width.saturating_sub(taken).max(MIN_NAME)));
    let mut text = String::new();
    for [name, of, was, is] in &rows {
        let name = shorten_middle(name, names);
        let gap = " ".repeat(names.saturating_sub(display_width(&name)));
        text += &format!("  {name}{gap}  {of:>records$}  {was:>before$}  {is:>after$}\n");
    }
    text
}

pub(super) fn done(done: &Repriced) -> String {
    format!(
        "Priced anew: {}  |  Before: {}  |  After: {}\n",
        format_count(done.changed),
        sum(done.before),
        sum(done.after)
    )
}

/// Asks until the end of the line. Anything but `yes` is a no.
pub(super) fn ask(plan: &RepricePlan) -> Result<bool, CliError> {
    let asked = |error: io::Error| CliError::failed(format!("cannot read the answer: {error}"));
    let mut stderr = io::stderr().lock();
    let records = amounts::records(plan.changed);
    write!(stderr, "Type yes to price {records} anew: ").map_err(asked)?;
    stderr.flush().map_err(asked)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(asked)?;
    Ok(answer.trim() == "yes")
}
