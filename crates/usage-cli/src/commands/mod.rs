//! The commands, one a file: its arguments, and one function that runs it.

mod about;
mod backup;
mod blocks;
mod budget;
mod completions;
mod config;
mod daily;
mod delete;
mod doctor;
mod export;
mod filter;
mod forget;
mod form;
mod found;
mod import;
mod json;
mod man;
mod migrate;
mod monthly;
mod overview;
mod period;
mod prices;
mod prune;
mod pseudonyms;
mod record;
mod report;
mod reprice;
mod restore;
mod retain;
mod salvage;
#[cfg(feature = "server")]
mod serve;
mod sessions;
#[cfg(feature = "server")]
mod setup;
#[cfg(feature = "ship")]
mod ship;
mod status;
mod statusline;
mod tags;
#[cfg(feature = "top")]
mod top;
mod vacuum;
mod weekly;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CliError;
use crate::global::GlobalArgs;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Record(record::Args),
    Report(report::Args),
    Daily(daily::Args),
    Weekly(weekly::Args),
    Monthly(monthly::Args),
    #[command(visible_alias = "session")]
    Sessions(sessions::Args),
    Blocks(blocks::Args),
    Statusline(statusline::Args),
    #[cfg(feature = "ship")]
    Ship(ship::Args),
    #[cfg(feature = "server")]
    Serve(serve::Args),
    #[cfg(feature = "server")]
    Setup(setup::Args),
    #[cfg(feature = "top")]
    Top(top::Args),
    Period(period::Args),
    Export(export::Args),
    Import(import::Args),
    Tags(tags::Args),
    Budget(budget::Args),
    Prices(prices::Args),
    Reprice(reprice::Args),
    Prune(prune::Args),
    Retain(retain::Args),
    Delete(delete::Args),
    Forget(forget::Args),
    Pseudonyms(pseudonyms::Args),
    Vacuum(vacuum::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Salvage(salvage::Args),
    Status(status::Args),
    Doctor(doctor::Args),
    Migrate(migrate::Args),
    Config(config::Args),
    Completions(completions::Args),
    Complete(completions::LineArgs),
    Man(man::Args),
    About(about::Args),
}

/// The commands that scripts, timers and status bars run again and again. To build the arguments of all commands would
/// take as long as they do.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one a run")]
pub(crate) enum Frequent {
    Record(record::Args),
    Report(report::Args),
    Statusline(statusline::Args),
}

impl From<Frequent> for Command {
    fn from(command: Frequent) -> Self {
        match command {
            Frequent::Record(args) => Self::Record(args),
            Frequent::Report(args) => Self::Report(args),
            Frequent::Statusline(args) => Self::Statusline(args),
        }
    }
}

/// Runs the program without a command.
pub(crate) fn run_without(global: &GlobalArgs) -> Result<u8, CliError> {
    overview::run(&Context::new(global)?.noting_zone())
}

impl Command {
    /// Runs the command; says what the process exits with.
    pub(crate) fn run(&self, global: &GlobalArgs) -> Result<u8, CliError> {
        let context = || Context::new(global).map(Context::noting_zone);
        let without_zone = || Context::without_zone(global);
        match self {
            Self::Record(args) => record::run(args, &without_zone()?),
            Self::Report(args) => report::run(args, &context()?),
            Self::Daily(args) => daily::run(args, &context()?),
            Self::Weekly(args) => weekly::run(args, &context()?),
            Self::Monthly(args) => monthly::run(args, &context()?),
            Self::Sessions(args) => sessions::run(args, &context()?),
            Self::Blocks(args) => blocks::run(args, &context()?),
            // Whatever is wrong with the world, it prints a line.
            Self::Statusline(args) => statusline::run(args, global),
            #[cfg(feature = "ship")]
            Self::Ship(args) => ship::run(args, &context()?),
            #[cfg(feature = "server")]
            Self::Serve(args) => serve::run(args, &context()?),
            #[cfg(feature = "server")]
            Self::Setup(args) => setup::run(args, &context()?),
            #[cfg(feature = "top")]
            Self::Top(args) => top::run(args, &context()?),
            Self::Period(args) => period::run(args, &context()?),
            Self::Export(args) => export::run(args, &context()?),
            Self::Import(args) => import::run(args, &without_zone()?),
            Self::Tags(args) => tags::run(args, &without_zone()?),
            Self::Budget(args) => budget::run(args, &context()?),
            Self::Prices(args) => prices::run(args, &context()?),
            Self::Reprice(args) => reprice::run(args, &context()?),
            Self::Prune(args) => prune::run(args, &context()?),
            Self::Retain(args) => retain::run(args, &context()?),
            Self::Delete(args) => delete::run(args, &context()?),
            Self::Forget(args) => forget::run(args, &without_zone()?),
            Self::Pseudonyms(args) => pseudonyms::run(args, &without_zone()?),
            Self::Vacuum(args) => vacuum::run(args, &without_zone()?),
            Self::Backup(args) => backup::run(args, &without_zone()?),
            Self::Restore(args) => restore::run(args, &without_zone()?),
            Self::Salvage(args) => salvage::run(args, &context()?),
            Self::Status(args) => status::run(args, &context()?),
            Self::Doctor(args) => doctor::run(args, &without_zone()?),
            Self::Migrate(args) => migrate::run(args, &without_zone()?),
            // These need to know nothing of the world.
            Self::Config(args) => config::run(args, global),
            Self::Completions(args) => completions::run(args),
            Self::Complete(args) => completions::run_line(args),
            Self::Man(args) => man::run(args),
            Self::About(args) => about::run(args),
        }
    }

    /// Returns whether libraries may warn on standard error.
    pub(crate) const fn may_warn(&self) -> bool {
        // What is on a whole screen must not be written into.
        #[cfg(feature = "top")]
        if matches!(self, Self::Top(_)) {
            return false;
        }
        !matches!(self, Self::Statusline(_) | Self::Complete(_))
    }

    /// Returns whether it takes anything out of the ledger.
    pub(crate) const fn is_destructive(&self) -> bool {
        matches!(self, Self::Prune(_) | Self::Retain(_) | Self::Delete(_) | Self::Vacuum(_))
    }
}
