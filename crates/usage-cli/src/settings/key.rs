//! The settings that there are, and the values that they take.

use chrono_tz::Tz;
use usage_core::period::CycleDay;
use usage_core::text::closest;

use crate::error::CliError;
use crate::zone;

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Timezone,
    WeekStart,
    CycleDay,
    Color,
    Projects,
}

impl Key {
    /// All of them, in the order in which they are listed.
    pub(crate) const ALL: [Self; 5] =
        [Self::Timezone, Self::WeekStart, Self::CycleDay, Self::Color, Self::Projects];

    /// Its name in the file and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Timezone => "timezone",
            Self::WeekStart => "week-start",
            Self::CycleDay => "cycle-day",
            Self::Color => "color",
            Self::Projects => "projects",
        }
    }

    /// Says in a few words what it decides.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Timezone => "whose days reports count by",
            Self::WeekStart => "the day that weeks begin on",
            Self::CycleDay => "the day that billing cycles begin on",
            Self::Color => "when to use colour",
            Self::Projects => "how folders name projects",
        }
    }

    /// The words that it takes, where these are few.
    pub(crate) const fn words(self) -> &'static [&'static str] {
        match self {
            Self::WeekStart => &["monday", "sunday"],
            Self::Color => &["auto", "always", "never"],
            Self::Projects => &["name", "full", "hash"],
            Self::Timezone | Self::CycleDay => &[],
        }
    }

    /// Returns whether it is written as a number in the file.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::CycleDay)
    }

    /// Returns the setting of this name; else says which one was meant.
    pub(crate) fn named(name: &str) -> Result<Self, CliError> {
        let found = Self::ALL.into_iter().find(|key| key.name() == name.replace('_', "-"));
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let listed = format!("settings are {}", names.join(", "));
            let hint = match closest(name, names) {
                Some(meant) => format!("did you mean {meant}? {listed}"),
                None => listed,
            };
            CliError::usage(format!("there is no setting {name:?}")).hint(hint)
        })
    }

    /// Says what is wrong with a value, if anything is.
    pub(crate) fn check(self, value: &str) -> Result<(), String> {
        let (is_right, takes) = match self {
            Self::Timezone => {
                let takes = match zone::like(value) {
                    Some(name) => format!("an IANA name: did you mean {name}?"),
                    None => "an IANA name, such as Europe/Berlin or UTC".to_owned(),
                };
                (value.parse::<Tz>().is_ok(), takes)
            }
            Self::CycleDay => (
                value.parse().ok().and_then(CycleDay::new).is_some(),
                "a day of the month, from 1 to 31".into(),
            ),
            _ => (self.words().contains(&value), self.words().join(", ")),
        };
        match is_right {
            true => Ok(()),
            false => Err(format!("{} is {value:?}, it takes {takes}", self.name())),
        }
    }
}
