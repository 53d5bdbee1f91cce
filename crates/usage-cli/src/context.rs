//! The world as a command needs to know it: the ledger, the zone, now, and the terminal.

use std::env;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use anstream::AutoStream;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::ColorChoice;
use usage_core::format::TextOptions;
use usage_core::period::{PeriodOptions, WeekStart};
use usage_core::query::Limits;
use usage_core::text::is_no_day;
use usage_core::{Engine, Timestamp};
use usage_prices::ShippedPrices;
use usage_store::{Store, StoreOptions};
use usage_tracker::{Clock, SystemClock};

use crate::error::CliError;
use crate::global::GlobalArgs;
use crate::settings::{Key, Settings};
use crate::zone::{self, Zone};
use crate::{amounts, output, progress};

/// The world as a command needs to know it.
pub(crate) struct Context {
    db: Option<PathBuf>,
    zone: Zone,
    /// `--now`, or nothing to read the clock.
    fixed_now: Option<DateTime<Utc>>,
    color: Option<ColorChoice>,
    /// `--width`, or nothing to ask the terminal.
    width: Option<usize>,
    settings: Settings,
    pub(crate) quiet: bool,
}

impl Context {
    /// For a command that tells of days and hours.
    pub(crate) fn new(args: &GlobalArgs) -> Result<Self, CliError> {
        Self::with_zone(args, |settings, now| {
            zone::find(asked(args, settings.get(Key::Timezone))?, now)
        })
    }

    /// Says so where it is not known of which zone days and hours are.
    pub(crate) fn noting_zone(self) -> Self {
        if let Some(why) = self.zone.doubt.as_ref().filter(|_| !self.quiet) {
            output::note(&format!("note: {why}; days and hours are those of UTC"));
        }
        self
    }

    /// For a command to which it makes no difference which zone it is: only an option that names none is an error.
    pub(crate) fn without_zone(args: &GlobalArgs) -> Result<Self, CliError> {
        Self::with_zone(args, |settings, now| {
            let set = settings.get(Key::Timezone).unwrap_or_default();
            match zone::find(asked(args, Ok(set))?, now) {
                Err(_) if !args.is_timezone_an_option => Ok(Zone::UTC),
                zone => zone,
            }
        })
    }

    fn with_zone(
        args: &GlobalArgs,
        find: impl Fn(&Settings, DateTime<Utc>) -> Result<Zone, CliError>,
    ) -> Result<Self, CliError> {
        let settings = Settings::default();
        let fixed_now = args
            .now
            .as_deref()
            .filter(|now| !now.is_empty())
            .map(|now| parse_now(now, args.is_now_an_option))
            .transpose()?;
        Ok(Self {
            db: args.named_db(),
            zone: find(&settings, fixed_now.unwrap_or_else(clock))?,
            fixed_now,
            color: args.color,
            width: args.width.and_then(|width| width.0),
            settings,
            quiet: args.quiet,
        })
    }

    /// Fails where it is not known of which zone a day is: nothing is deleted by the days of another one.
    pub(crate) fn check_zone(&self) -> Result<(), CliError> {
        self.zone.doubt.as_ref().map_or(Ok(()), |why| {
            Err(CliError::usage(format!("nothing is deleted by a day of an unknown zone: {why}"))
                .hint("--timezone names the zone, such as Europe/Berlin or UTC"))
        })
    }

    /// Now, in the zone.
    pub(crate) fn now(&self) -> DateTime<Tz> {
        self.fixed_now.unwrap_or_else(clock).with_timezone(&self.zone.tz)
    }

    /// Returns what tells now, in the zone, for those who go on asking.
    #[cfg(feature = "top")]
    pub(crate) fn local_clock(&self) -> impl Fn() -> DateTime<Tz> + Send + Sync + use<> {
        let (fixed, zone) = (self.fixed_now, self.zone.tz);
        move || fixed.unwrap_or_else(clock).with_timezone(&zone)
    }

    /// Now, as a record's timestamp.
    pub(crate) fn now_timestamp(&self) -> Timestamp {
        self.fixed_now.map_or_else(|| SystemClock::new().now(), Timestamp::from)
    }

    /// The clock that says so, for those who ask again and again.
    #[cfg(feature = "server")]
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        match self.fixed_now {
            Some(now) => Arc::new(usage_tracker::ManualClock::new(now.into())),
            None => Arc::new(SystemClock::new()),
        }
    }

    /// The zone that times are told in.
    pub(crate) const fn zone(&self) -> Tz {
        self.zone.tz
    }

    /// Returns whether the ledger was named, or lies where it does by default.
    pub(crate) const fn is_named(&self) -> bool {
        self.db.is_some()
    }

    /// Returns the path of the ledger that there is, or would be.
    pub(crate) fn db_path(&self) -> Result<PathBuf, CliError> {
        #[cfg(feature = "ship")]
        if self.engine_url().is_some() {
            return Err(CliError::usage("this needs a ledger, and --db names an engine")
                .hint("from engines come `usage report`, `usage sessions`, `usage blocks` and `usage top`"));
        }
        match &self.db {
            Some(path) if path.to_string_lossy().contains("://") => {
                Err(CliError::usage(format!("{} is a URL, and this needs a file", path.display()))
                    .hint("--db or USAGE_DB names a ledger on this machine"))
            }
            Some(path) => Ok(usage_store::in_home(path)?),
            None => Ok(usage_store::db_path()?),
        }
    }

    /// The ledger, made if it is missing. Says so if it was of an earlier version.
    pub(crate) fn open_or_create(&self) -> Result<Store, CliError> {
        let path = self.db_path()?;
        tracing::info!("the ledger is {}", path.display());
        let is_new = !path.exists();
        let store = options().open(path)?;
        // Who has not named it learns where it is, in a script's log too.
        let is_told = std::io::stderr().is_terminal() || !self.is_named();
        if is_new && !self.quiet && is_told {
            output::note(&format!("note: this ledger was made: {}", store.path().display()));
        }
        if let Some(migrated) = store.migrated().filter(|_| !self.quiet) {
            let copy = migrated.copy.as_ref().map_or_else(String::new, |copy| {
                format!("; as it was, it lies in {}", copy.display())
            });
            let (from, to) = (migrated.from, migrated.to);
            output::note(&format!(
                "note: the ledger was migrated from schema version {from} to {to}{copy}"
            ));
        }
        Ok(store)
    }

    /// The ledger, which must exist: reading commands make none.
    pub(crate) fn open_existing(&self) -> Result<Store, CliError> {
        let path = self.db_path()?;
        tracing::info!("the ledger is {}", path.display());
        Ok(options().open_existing(path)?)
    }

    /// What answers: a ledger, or an engine that ledgers were shipped to.
    pub(crate) fn open_engine(&self) -> Result<Box<dyn Engine>, CliError> {
        #[cfg(feature = "ship")]
        if let Some(url) = self.engine_url() {
            let target: usage_ship::Target = url.parse().map_err(CliError::usage)?;
            tracing::info!("the engine is {}", target.name());
            return Ok(Box::new(
                usage_ship::Remote::open(target).map_err(usage_core::Error::from)?,
            ));
        }
        Ok(Box::new(self.open_existing()?))
    }

    /// Returns whether an engine was named in place of a ledger.
    #[cfg(feature = "top")]
    pub(crate) fn is_engine(&self) -> bool {
        #[cfg(feature = "ship")]
        return self.engine_url().is_some();
        #[cfg(not(feature = "ship"))]
        false
    }

    /// The URL that was named in place of a ledger.
    #[cfg(feature = "ship")]
    fn engine_url(&self) -> Option<&str> {
        self.db.as_ref()?.to_str().filter(|url| usage_ship::Target::is_meant(url))
    }

    /// Stores what stopped programs have left in journals, as each command does that writes, and
    /// says so.
    pub(crate) fn recover(&self, store: &Store) -> Result<(), CliError> {
        self.note_forgetting(store)?;
        let bar = progress::bar("{human_pos} recovered from a journal, {elapsed}", self.quiet);
        let recovered = store.journals().recover_notifying(&mut |count| bar.set_position(count));
        bar.finish_and_clear();
        let recovered = recovered?;
        if self.quiet {
            return Ok(());
        }
        if recovered.stored > 0 {
            let were = if recovered.stored == 1 { "was" } else { "were" };
            output::note(&format!(
                "note: {} {were} recovered from a journal that a stopped program had left",
                amounts::records(recovered.stored)
            ));
        }
        if recovered.refused > 0 {
            output::note(&format!(
                "note: {} of that journal cannot be stored: refused by the ledger; `usage doctor` \
                 shows what is kept of them",
                amounts::records(recovered.refused)
            ));
        }
        if recovered.damaged > 0 {
            output::note(&format!(
                "note: a journal was damaged, {} lost; `usage doctor` shows what was set aside",
                match (recovered.lost, recovered.unknown) {
                    (0, 0) => "no record is".to_owned(),
                    (0, _) => "an unknown number of records is".to_owned(),
                    (1, 0) => "1 record is".to_owned(),
                    (lost, 0) => format!("{} are", amounts::records(lost)),
                    (lost, _) => format!("at least {} are", amounts::records(lost)),
                }
            ));
        }
        for path in &recovered.unreadable {
            output::note(&format!("note: nothing in {} can be read", path.display()));
        }
        for skipped in &recovered.skipped {
            output::note(&format!(
                "note: {skipped}; what waits there, if anything does, stays there"
            ));
        }
        for path in &recovered.newer {
            let path = path.display();
            output::note(&format!("note: only a newer version of this program can read {path}"));
        }
        Ok(())
    }

    /// Says so if a report is about to lack what stopped programs have left in journals.
    pub(crate) fn note_waiting(&self, engine: &dyn Engine, shown: &str) {
        // A journal that cannot be looked into is for the doctor to tell: the report is right as far
        // as the ledger goes.
        let freshness = engine.freshness(&Limits::none());
        let waiting = freshness.map_or(0, |freshness| freshness.backlog_of_stopped);
        if self.quiet || waiting == 0 {
            return;
        }
        let (wait, are, them) =
            if waiting == 1 { ("waits", "is", "it") } else { ("wait", "are", "them") };
        output::note(&format!(
            "note: {} {wait} in a journal and {are} not in this {shown}; the next command that \
             writes stores {them}, such as `usage vacuum`",
            amounts::records(waiting)
        ));
    }

    /// Says so if forgetting a name was stopped before its end.
    fn note_forgetting(&self, store: &Store) -> Result<(), CliError> {
        if !self.quiet && store.is_forgetting()? {
            output::note(
                "note: forgetting a name was stopped before its end: the file's bytes may hold it; \
                 `usage forget --resume` goes on",
            );
        }
        Ok(())
    }

    /// Says so if the ledger refuses records up to an instant that is still to come.
    pub(crate) fn note_horizon(&self, engine: &dyn Engine) -> Result<(), CliError> {
        let from = engine.horizon(&Limits::none())?;
        if let Some(from) = from.filter(|from| !self.quiet && *from > self.now_timestamp()) {
            output::note(&format!(
                "note: records older than {} are refused, and that is still to come; `usage doctor` \
                 says what to do",
                amounts::instant(from, self.zone.tz)
            ));
        }
        Ok(())
    }

    /// Returns the day that weeks begin on: as an option says, else as the settings do.
    pub(crate) fn week_start(&self, asked: Option<WeekStart>) -> Result<WeekStart, CliError> {
        if let Some(asked) = asked {
            return Ok(asked);
        }
        Ok(match self.settings.get(Key::WeekStart)? {
            Some("sunday") => WeekStart::Sunday,
            _ => WeekStart::Monday,
        })
    }

    /// Returns the calendar that periods are read by, with weeks that begin as an option says, or else the settings.
    pub(crate) fn period_options(
        &self,
        week_start: Option<WeekStart>,
    ) -> Result<PeriodOptions, CliError> {
        Ok(PeriodOptions::default()
            .with_week_start(self.week_start(week_start)?)
            .with_cycle_day(self.settings.cycle_day()?))
    }

    /// The settings of the file.
    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the layout of text on standard output.
    pub(crate) fn text_options(&self) -> TextOptions {
        let options = TextOptions::default().colored(self.is_colored()).in_ascii(is_ascii());
        let options = options.at(self.now_timestamp());
        self.width().map_or(options, |width| options.with_width(width))
    }

    /// Returns how wide pages are, where they are not fixed.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width.or_else(terminal_width)
    }

    pub(crate) fn is_colored(&self) -> bool {
        match self.color {
            Some(ColorChoice::Always) => true,
            Some(ColorChoice::Never) => false,
            // Knows NO_COLOR, CLICOLOR, TERM and whether a terminal is there at all.
            Some(ColorChoice::Auto) => is_color_wanted(),
            // What is wrong with the settings is for those to say who need them.
            None => match self.settings.get(Key::Color) {
                Ok(Some("always")) => env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
                Ok(Some("never")) => false,
                _ => is_color_wanted(),
            },
        }
    }
}

fn is_color_wanted() -> bool {
    AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Every command that stores a record prices it.
fn options() -> StoreOptions {
    StoreOptions::default().with_pricing(Arc::new(ShippedPrices))
}

/// Returns whether the locale says that it has no more than ASCII, as `C` does. What says nothing is taken for UTF-8.
fn is_ascii() -> bool {
    let said = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(said);
    locale.is_some_and(|locale| {
        let locale = locale.to_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

/// Returns how wide the terminal is that standard output goes to: as `COLUMNS` says, which a person may have set, else
/// as the terminal does. What goes to a file or a pipe has no width.
fn terminal_width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns
        .filter(|columns| *columns > 0)
        .or_else(|| terminal_size::terminal_size().map(|(width, _)| width.0.into()))
}

/// Returns the zone that is asked for: by the option or the variable, else by the settings.
fn asked<'a>(
    args: &'a GlobalArgs,
    set: Result<Option<&'a str>, CliError>,
) -> Result<Option<&'a str>, CliError> {
    let named = args.timezone.as_deref().filter(|name| !name.is_empty());
    named.map_or(set, |name| Ok(Some(name)))
}

fn clock() -> DateTime<Utc> {
    // The system's clock is within chrono's range for the next 260,000 years.
    SystemClock::new().now().to_utc().unwrap_or_default()
}

fn parse_now(text: &str, is_now_an_option: bool) -> Result<DateTime<Utc>, CliError> {
    DateTime::parse_from_rfc3339(text).map(|now| now.to_utc()).map_err(|_| {
        let name = if is_now_an_option { "--now" } else { "the variable USAGE_NOW" };
        if is_no_day(text) {
            return CliError::usage(format!("{name} {text:?}: there is no such day"));
        }
        CliError::usage(format!("{name} {text:?} is not RFC 3339"))
            .hint("such as 2026-05-03T13:56:01+08:00")
    })
}
