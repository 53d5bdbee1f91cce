//! The settings file: what a person would otherwise say with each command.
//!
//! An option goes before a variable of the environment, that before the file, and that before the default. The file is
//! read by commands that need a setting, when they need it; whatever is wrong with it stops no others.

mod edit;
mod file;
mod key;

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use etcetera::BaseStrategy as _;
use etcetera::base_strategy::choose_native_strategy;
use usage_core::period::CycleDay;

pub(crate) use self::edit::{set, unset};
pub(crate) use self::key::Key;
use crate::error::CliError;

/// The variable that names another settings file.
pub(crate) const VARIABLE: &str = "USAGE_CONFIG";

/// The settings as the file has them, read when one is asked for.
#[derive(Default)]
pub(crate) struct Settings(OnceLock<Result<Values, CliError>>);

/// Each setting that is there, or what is wrong with it.
type Values = BTreeMap<Key, Result<String, CliError>>;

impl Settings {
    /// Returns what the file says, if it says anything.
    pub(crate) fn get(&self, key: Key) -> Result<Option<&str>, CliError> {
        let read = || file::read(path()?.as_deref());
        match self.0.get_or_init(read).as_ref().map_err(CliError::clone)?.get(&key) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(None),
        }
    }

    /// Returns the day of the month that billing cycles begin on.
    pub(crate) fn cycle_day(&self) -> Result<Option<CycleDay>, CliError> {
        let day = self.get(Key::CycleDay)?;
        Ok(day.and_then(|day| day.parse().ok()).and_then(CycleDay::new))
    }
}

/// Returns where the file is, or would be; nothing where there is no home folder to look in.
pub(crate) fn path() -> Result<Option<PathBuf>, CliError> {
    if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return match path.is_dir() {
            true => Err(wrong(&path, None, "it is a folder")),
            false => Ok(Some(path)),
        };
    }
    let folders = choose_native_strategy().ok();
    Ok(folders.map(|folders| folders.config_dir().join("usage").join("config.toml")))
}

/// The error of a file that is wrong in a line.
fn wrong(path: &Path, line: Option<usize>, why: impl std::fmt::Display) -> CliError {
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    CliError::usage(format!("the settings file is wrong: {}{line}: {why}", path.display()))
}
