//! The setup that the measurements need to know, from the command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// The setup that the measurements need to know.
pub(crate) struct Setup {
    /// The place where ledgers and inputs are made; each part begins with fresh ones.
    pub(crate) folder: PathBuf,
    /// The release build of the command.
    pub(crate) usage: PathBuf,
    /// That of an earlier version, to compare with.
    pub(crate) old: Option<PathBuf>,
    pub(crate) rounds: usize,
    /// The number of times that a process is killed at each rate.
    pub(crate) kills: usize,
    rows: Option<usize>,
    seconds: Option<u32>,
}

impl Setup {
    /// Returns the setup that was asked for, and the parts that were.
    pub(crate) fn parse<'a>(
        arguments: &'a [String],
        parts: &[&str],
    ) -> Result<(Self, Vec<&'a str>)> {
        let mut setup = Self {
            folder: PathBuf::from("target/bench"),
            usage: PathBuf::from("target/release/usage"),
            old: None,
            rounds: 5,
            kills: 200,
            rows: None,
            seconds: None,
        };
        let mut wanted = Vec::new();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--folder" => setup.folder = value()?.into(),
                "--usage" => setup.usage = value()?.into(),
                "--old" => setup.old = Some(value()?.into()),
                "--rows" => setup.rows = Some(value()?.parse().context("--rows")?),
                "--rounds" => setup.rounds = value()?.parse().context("--rounds")?,
                "--seconds" => setup.seconds = Some(value()?.parse().context("--seconds")?),
                "--kills" => setup.kills = value()?.parse().context("--kills")?,
                part if parts.contains(&part) => wanted.push(part),
                other => bail!(
                    "{other:?} is neither an option (--rows, --rounds, --seconds, --kills, \
                     --folder, --usage, --old) nor one of: {}",
                    parts.join(", ")
                ),
            }
        }
        Ok((setup, wanted))
    }

    /// Returns the number of rows that a part works on.
    pub(crate) fn rows(&self, default: usize) -> usize {
        self.rows.unwrap_or(default)
    }

    /// Returns the time for which a part goes on with what takes time.
    pub(crate) fn seconds(&self, default: u32) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(default).into())
    }
}
