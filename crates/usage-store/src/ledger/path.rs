//! The places where the ledger lives when nobody says otherwise.

use std::env;
use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};

use crate::{Result, StoreError};

/// The environment variable that names another ledger.
pub const DB_ENV: &str = "USAGE_DB";

/// The place where the ledger lives: what the environment variable `USAGE_DB` names, or `usage/usage.db` in
/// the platform's per-user data folder (`~/.local/share` on Linux unless `XDG_DATA_HOME` says
/// otherwise).
///
/// Reading the environment is this function's job; nothing else in this crate does.
///
/// # Errors
/// When there is no home folder to look in.
pub fn db_path() -> Result<PathBuf> {
    if let Some(path) = env::var_os(DB_ENV).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let folders = choose_native_strategy()
        .map_err(|error| StoreError::NoDataFolder { reason: error.to_string() })?;
    Ok(folders.data_dir().join("usage").join("usage.db"))
}
