//! `usage top`

use std::env;
use std::io::{IsTerminal as _, stdout};
use std::sync::Arc;
use std::time::Instant;

use chrono_tz::Tz;
use clap::ValueEnum;
use usage_core::budget::{Amount, BudgetState, Standing, state};
use usage_core::format::format_dollars;
use usage_core::query::{Cancel, Limits};
use usage_core::stats::Sort;
use usage_core::{Engine, Timestamp};
use usage_store::Store;
use usage_store::status::StatusLimits;
use usage_tui::{Background, By, Depth, Fact, Level, Options, Panel, Tab, Theme, TopError};

use super::filter::FilterArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::interrupts::on_interrupt;
use crate::{exit_codes, output};

/// Watch usage as it comes: today, week, month, year, sessions and status, on a whole screen
///
/// It draws when something has changed, from sums, and takes a hundredth of one processor at most. Press ? for its
/// keys and q to leave. Where standard output is no terminal, and with --once, it prints one frame as plain text.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to begin with
    #[arg(value_name = "TAB", value_enum, default_value = "today")]
    tab: TabArg,

    /// What to group by
    #[arg(long, value_name = "DIM", value_enum, default_value = "model")]
    by: ByArg,

    /// What to sort by
    #[arg(long, value_name = "ORDER", value_enum, default_value = "tokens")]
    sort: SortArg,

    /// Print one frame as plain text, and end
    #[arg(long)]
    once: bool,

    /// How many lines that frame has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(5..=1_000))]
    lines: Option<u16>,

    /// The background that colours are chosen for
    #[arg(long, value_name = "BACKGROUND", value_enum, default_value = "auto")]
    background: BackgroundArg,

    // Last: its heading would be that of whatever follows.
    #[command(flatten)]
    filter: FilterArgs,
}

const EXAMPLES: &str = "\
Examples:
  usage top
  usage top month --by project
  usage top --provider anthropic --background light
  usage top week --once";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TabArg {
    Today,
    Week,
    Month,
    Year,
    Sessions,
    Budgets,
    Status,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ByArg {
    Model,
    Route,
    Project,
    Instance,
    Provider,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SortArg {
    Tokens,
    Cost,
    Requests,
    Name,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BackgroundArg {
    /// As COLORFGBG says, else dark
    Auto,
    Dark,
    Light,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let (engine, mut options) = engine(args, context)?;
    if args.once || !stdout().is_terminal() {
        let columns = context.width().and_then(|width| width.try_into().ok()).unwrap_or(80);
        // Wide enough that the smallest frame says something.
        let size = (columns.max(20), args.lines.or_else(terminal_lines).unwrap_or(24));
        output::print(&usage_tui::once(&*engine, options, size)?)?;
        return Ok(exit_codes::DONE);
    }
    let stop = Cancel::default();
    options = options.until(stop.clone());
    on_interrupt(move || stop.cancel())?;
    usage_tui::run(engine, options).map_err(|error| match error {
        TopError::Terminal(why) => CliError::failed(format!("cannot use the terminal: {why}"))
            .hint("--once prints one frame as plain text"),
        other => CliError::failed(other),
    })?;
    Ok(exit_codes::DONE)
}

/// The ledger with its status and budgets, or an engine that ledgers were shipped to, which has neither.
fn engine(args: &Args, context: &Context) -> Result<(Arc<dyn Engine>, Options), CliError> {
    let options = options(args, context)?;
    if context.is_engine() {
        return Ok((context.open_engine()?.into(), options));
    }
    let store = context.open_existing()?;
    let status = LedgerStatus { store: store.clone(), zone: context.zone() };
    let budgets = Arc::new(LedgerBudgets(store.clone()));
    let options = options.with_status(Arc::new(status)).with_budgets(budgets);
    Ok((Arc::new(store), options))
}

/// The ledger's budgets and how they stand.
struct LedgerBudgets(Store);

impl Panel for LedgerBudgets {
    fn facts(
        &self,
        engine: &dyn Engine,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<Vec<Fact>, usage_core::Error> {
        let budgets = self.0.budgets().list()?;
        if budgets.is_empty() {
            return Ok(vec![Fact::new("none is set", "`usage budget set` sets one")]);
        }
        budgets
            .into_iter()
            .map(|budget| Ok(stands(&state(engine, &budget, now, limits)?)))
            .collect()
    }
}

fn stands(state: &BudgetState) -> Fact {
    let least = if state.is_lower_bound() { "≥ " } else { "" };
    let shown = |amount| match amount {
        Amount::Cost(money) => format_dollars(money),
        tokens @ Amount::Tokens(_) => tokens.to_string(),
    };
    let (spent, limit) = (shown(state.spent()), shown(state.budget.limit()));
    let fact = Fact::new(
        format!("{} a {}", state.budget.name(), state.budget.per().name()),
        format!("{least}{spent} of {limit}"),
    );
    let fact = match state.share_permille() {
        Some(share) => fact.with_share(u32::try_from(share).unwrap_or(u32::MAX)),
        None => fact,
    };
    fact.with_level(match state.standing() {
        Standing::Within => Level::Good,
        Standing::Ahead | Standing::Reached => Level::Warning,
        Standing::Past => Level::Bad,
    })
}

/// What `usage status` tells beside what every engine can.
struct LedgerStatus {
    store: Store,
    zone: Tz,
}

impl Panel for LedgerStatus {
    fn facts(
        &self,
        _: &dyn Engine,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<Vec<Fact>, usage_core::Error> {
        limits.check(Instant::now)?;
        let status = self.store.status(&StatusLimits::at(now))?;
        let is_well = status.attention.is_empty();
        // The view has told these of any engine.
        let told = ["Requests", "Newest", "Quality", "Journals"];
        let lines = super::status::lines(&status, now, self.zone).into_iter();
        let facts = lines.filter(|(name, _)| !told.contains(name)).map(|(name, text)| {
            let level = match (name, is_well) {
                ("Attention", true) => Level::Good,
                ("Attention", false) => Level::Warning,
                _ => Level::Plain,
            };
            Fact::new(name, text).with_level(level)
        });
        Ok(facts.collect())
    }
}

fn options(args: &Args, context: &Context) -> Result<Options, CliError> {
    let now = context.local_clock();
    let depth = if context.is_colored() { depth() } else { Depth::None };
    Ok(Options::new(now)
        .with_calendar(context.period_options(None)?)
        .with_theme(Theme::new(depth, background(args.background)))
        .in_ascii(context.text_options().ascii)
        .with_filter(args.filter.filter().clone())
        .on(match args.tab {
            TabArg::Today => Tab::Today,
            TabArg::Week => Tab::Week,
            TabArg::Month => Tab::Month,
            TabArg::Year => Tab::Year,
            TabArg::Sessions => Tab::Sessions,
            TabArg::Budgets => Tab::Budgets,
            TabArg::Status => Tab::Status,
        })
        .by(match args.by {
            ByArg::Model => By::Model,
            ByArg::Route => By::Route,
            ByArg::Project => By::Project,
            ByArg::Instance => By::Instance,
            ByArg::Provider => By::Provider,
        })
        .sorted_by(match args.sort {
            SortArg::Tokens => Sort::Tokens,
            SortArg::Cost => Sort::Cost,
            SortArg::Requests => Sort::Requests,
            SortArg::Name => Sort::Name,
        }))
}

fn terminal_lines() -> Option<u16> {
    let terminal = stdout().is_terminal().then(terminal_size::terminal_size)?;
    terminal.map(|(_, height)| height.0.max(5))
}

/// Returns how many colours the terminal says that it has.
fn depth() -> Depth {
    let said = |name| env::var(name).unwrap_or_default().to_lowercase();
    let (color, term) = (said("COLORTERM"), said("TERM"));
    if ["truecolor", "24bit"].contains(&color.as_str()) || term.contains("direct") {
        Depth::True
    } else if term.contains("256") {
        Depth::Ansi256
    } else {
        Depth::Ansi16
    }
}

/// `COLORFGBG` ends with the number of the background among the 16 colours; 7 and those from 9 on are light.
fn background(asked: BackgroundArg) -> Background {
    let said = || {
        let said = env::var("COLORFGBG").ok()?;
        said.rsplit(';').next()?.parse::<u8>().ok()
    };
    match asked {
        BackgroundArg::Light => Background::Light,
        BackgroundArg::Auto if said().is_some_and(|of| of == 7 || (9..=15).contains(&of)) => {
            Background::Light
        }
        BackgroundArg::Auto | BackgroundArg::Dark => Background::Dark,
    }
}
