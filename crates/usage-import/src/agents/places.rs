//! The places of a machine where agents keep their logs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The home folder and the environment of whoever ran the agents. Given, never read here: so that a test, or a
/// service for somebody else, says what they are.
pub struct Places<'a> {
    home: Option<PathBuf>,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
}

impl<'a> Places<'a> {
    /// Takes a home folder, where there is one, and a way to look up environment variables.
    #[must_use]
    pub fn new(home: Option<PathBuf>, variable: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { home, variable }
    }

    /// Returns a folder below the home folder.
    #[must_use]
    pub fn below_home(&self, path: impl AsRef<Path>) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(path))
    }

    /// Returns the path that a variable states; `None` where it is not set, or empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<PathBuf> {
        let value = (self.variable)(name).filter(|value| !value.is_empty())?;
        let path = PathBuf::from(value);
        match path.strip_prefix("~") {
            Ok(rest) => self.below_home(rest),
            Err(_) => Some(path),
        }
    }

    /// Returns the folder that a variable states; where it does not, one below the home folder.
    #[must_use]
    pub fn stated_or_below_home(&self, variable: &str, path: &str) -> Option<PathBuf> {
        self.variable(variable).or_else(|| self.below_home(path))
    }

    /// Returns the folder that a variable states; where it does not, one in that of the [user's data](Self::data_home).
    #[must_use]
    pub fn stated_or_in_data(&self, variable: &str, path: &str) -> Option<PathBuf> {
        self.variable(variable).or_else(|| Some(self.data_home()?.join(path)))
    }

    /// Returns the paths of a list, as `CLAUDE_CONFIG_DIR` may hold, divided by commas.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<PathBuf> {
        let Some(list) = self.variable(name) else { return Vec::new() };
        // A path that holds a comma is taken as it is, if it is there.
        if list.exists() {
            return vec![list];
        }
        let list = list.to_string_lossy().into_owned();
        let paths = list.split(',').map(str::trim).filter(|path| !path.is_empty());
        paths
            .filter_map(|path| match path.strip_prefix("~/") {
                Some(rest) => self.below_home(rest),
                None => Some(PathBuf::from(path)),
            })
            .collect()
    }

    /// Returns the folder of a user's data: `XDG_DATA_HOME`, else `~/.local/share`.
    #[must_use]
    pub fn data_home(&self) -> Option<PathBuf> {
        self.variable("XDG_DATA_HOME").or_else(|| self.below_home(".local/share"))
    }

    /// Returns the folder of a user's settings: `XDG_CONFIG_HOME`, else `~/.config`.
    #[must_use]
    pub fn config_home(&self) -> Option<PathBuf> {
        self.variable("XDG_CONFIG_HOME").or_else(|| self.below_home(".config"))
    }

    /// Returns the folders where programs with windows keep their data: of macOS, of Windows, and of other systems.
    #[must_use]
    pub fn application_data(&self) -> Vec<PathBuf> {
        let mac = self.below_home("Library/Application Support");
        [mac, self.variable("APPDATA"), self.variable("LOCALAPPDATA"), self.config_home()]
            .into_iter()
            .flatten()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_go_before_the_home_folder() {
        let none = |_: &str| None;
        let home = || Some(PathBuf::from("/home/dev"));
        assert_eq!(Places::new(home(), &none).data_home(), Some("/home/dev/.local/share".into()));
        let some = |name: &str| (name == "XDG_DATA_HOME").then(|| "/data".into());
        assert_eq!(Places::new(home(), &some).data_home(), Some("/data".into()));
        let empty = |_: &str| Some("".into());
        assert_eq!(Places::new(home(), &empty).config_home(), Some("/home/dev/.config".into()));
        assert_eq!(Places::new(None, &none).data_home(), None);
        let places = Places::new(home(), &some);
        assert_eq!(
            places.stated_or_below_home("CODEX_HOME", ".codex"),
            Some("/home/dev/.codex".into())
        );
        assert_eq!(places.stated_or_below_home("XDG_DATA_HOME", ".codex"), Some("/data".into()));
        assert_eq!(places.stated_or_in_data("AMP_DATA_DIR", "amp"), Some("/data/amp".into()));
    }

    #[test]
    fn a_list_is_divided_by_commas() {
        let list = |_: &str| Some("/a, ~/b,".into());
        let places = Places::new(Some("/home/dev".into()), &list);
        assert_eq!(places.list("X"), [PathBuf::from("/a"), PathBuf::from("/home/dev/b")]);
    }
}
