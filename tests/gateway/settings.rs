//! The settings that the gateway is told when it is started.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use usage_tracker::Overflow;

pub(crate) struct Settings {
    pub(crate) ledger: PathBuf,
    pub(crate) journal_folder: Option<PathBuf>,
    pub(crate) instance: String,
    /// The number of records a second; nothing for as fast as it goes.
    pub(crate) rate: Option<u64>,
    /// The number of records it makes by itself, and of the threads that it makes them on.
    pub(crate) records: u64,
    pub(crate) threads: u64,
    pub(crate) batched: bool,
    pub(crate) overflow: Overflow,
    pub(crate) capacity: usize,
    pub(crate) buffer_size: usize,
    pub(crate) max_batch: usize,
    pub(crate) segment_bytes: Option<u64>,
    pub(crate) journal_bytes: Option<u64>,
    pub(crate) busy_timeout: Duration,
    pub(crate) file_size_limit: Option<u64>,
}

impl Settings {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut settings = Self {
            ledger: PathBuf::new(),
            journal_folder: None,
            instance: "gateway".to_owned(),
            rate: None,
            records: 0,
            threads: 1,
            batched: false,
            overflow: Overflow::Return,
            capacity: 0,
            buffer_size: 0,
            max_batch: 0,
            segment_bytes: None,
            journal_bytes: None,
            busy_timeout: Duration::from_secs(5),
            file_size_limit: None,
        };
        let mut words = arguments.iter();
        while let Some(name) = words.next() {
            if name == "--batched" {
                settings.batched = true;
                continue;
            }
            let value = words.next().with_context(|| format!("{name} without a value"))?;
            settings.set(name, value).with_context(|| format!("{name} {value}"))?;
        }
        if settings.ledger.as_os_str().is_empty() {
            bail!("--ledger is missing");
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "--ledger" => self.ledger = value.into(),
            "--journal-folder" => self.journal_folder = Some(value.into()),
            "--instance" => value.clone_into(&mut self.instance),
            "--rate" => self.rate = if value == "flat" { None } else { Some(number(value)?) },
            "--records" => self.records = number(value)?,
            "--threads" => self.threads = number(value)?,
            "--overflow" => self.overflow = overflow(value)?,
            "--capacity" => self.capacity = number(value)?,
            "--buffer-size" => self.buffer_size = number(value)?,
            "--max-batch" => self.max_batch = number(value)?,
            "--segment-bytes" => self.segment_bytes = Some(number(value)?),
            "--journal-bytes" => self.journal_bytes = Some(number(value)?),
            "--busy-timeout" => self.busy_timeout = Duration::from_millis(number(value)?),
            "--file-size-limit" => self.file_size_limit = Some(number(value)?),
            _ => bail!("there is no such setting"),
        }
        Ok(())
    }
}

fn number<T: FromStr>(text: &str) -> Result<T> {
    text.parse().ok().with_context(|| format!("{text:?} is not a number"))
}

fn overflow(text: &str) -> Result<Overflow> {
    Ok(match text {
        "return" => Overflow::Return,
        "drop" => Overflow::Drop,
        _ => {
            let millis = text.strip_prefix("wait:").context("return, drop or wait:MS")?;
            Overflow::Wait(Duration::from_millis(number(millis)?))
        }
    })
}
