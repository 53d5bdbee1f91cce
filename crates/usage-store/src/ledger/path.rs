//! The places where the ledger lives when nobody says otherwise.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

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
        return in_home(Path::new(&path));
    }
    let folders = choose_native_strategy()
        .map_err(|error| StoreError::NoDataFolder { reason: error.to_string() })?;
    Ok(folders.data_dir().join("usage").join("usage.db"))
}

/// Returns a path in which `~` as the first folder stands for the user's own, as shells have it: files of variables,
/// units and values such as `--db=~/usage.db` come here without a shell having seen them.
///
/// ```
/// # use std::path::Path;
/// assert_eq!(usage_store::in_home(Path::new("/a/~/usage.db"))?, Path::new("/a/~/usage.db"));
/// # Ok::<(), usage_store::StoreError>(())
/// ```
///
/// # Errors
/// When there is no home folder to look in, or it is another user's (`~anna/usage.db`), which only shells know.
pub fn in_home(path: &Path) -> Result<PathBuf> {
    let Ok(rest) = path.strip_prefix("~") else {
        return match path.iter().next().filter(|first| is_of_another(first, path)) {
            Some(_) => Err(StoreError::OthersHome { path: path.to_owned() }),
            None => Ok(path.to_owned()),
        };
    };
    let home = etcetera::home_dir()
        .map_err(|error| StoreError::NoDataFolder { reason: error.to_string() })?;
    Ok(home.join(rest))
}

/// Returns whether a path begins with another user's home folder, and not with a folder of such a name.
fn is_of_another(first: &OsStr, path: &Path) -> bool {
    first.as_encoded_bytes().starts_with(b"~")
        && path != Path::new(first)
        && !Path::new(first).is_dir()
}
