//! Droid's sessions: what each has come to, in the file of its settings.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use usage_providers::{Counts, Remainder, Source};

use super::agent::Agent;
use super::lenient::{Lax, Scalar, read};
use super::logged::Logged;
use super::places::Places;
use super::progress::{Progress, hash};
use super::tell::By;
use super::told::Told;
use super::totals::Totals;
use super::whole::{read_whole, stem};

/// The ending of the files that are read.
const SETTINGS: &str = ".settings.json";

/// Reads the sessions of Droid.
pub(super) struct Droid;

impl Agent for Droid {
    fn name(&self) -> &'static str {
        "droid"
    }

    fn title(&self) -> &'static str {
        "Droid"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        places.stated_or_below_home("DROID_SESSIONS_DIR", ".factory/sessions").into_iter().collect()
    }

    fn takes(&self, path: &Path) -> bool {
        !stem(path, SETTINGS).is_empty()
    }

    /// A session is one wherever its file lies.
    fn key(&self, path: &Path) -> u64 {
        hash(stem(path, SETTINGS).as_bytes())
    }

    fn tells_totals(&self) -> bool {
        true
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        let Some(text) = read_whole(file, progress, told)? else { return Ok(()) };
        let mut totals = Totals::of(&progress.memory);
        match settings(&text, stem(file, SETTINGS)) {
            Ok(logged) => {
                let session = stem(file, SETTINGS);
                if let Some(growth) = logged.and_then(|logged| totals.book(session, logged)) {
                    By::of(self.name(), Source::Totals, file).tell_growth(1, &growth, told);
                }
            }
            Err(why) => told.malformed(1, why),
        }
        progress.memory = totals.memory();
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings<'a> {
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow, rename = "providerLock")]
    provider: Scalar<'a>,
    #[serde(borrow, rename = "tokenUsage")]
    usage: Lax<Usage<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage<'a> {
    #[serde(borrow, rename = "inputTokens")]
    input: Scalar<'a>,
    #[serde(borrow, rename = "outputTokens")]
    output: Scalar<'a>,
    #[serde(borrow, rename = "cacheReadTokens")]
    cache_read: Scalar<'a>,
    #[serde(borrow, rename = "cacheCreationTokens")]
    cache_write: Scalar<'a>,
    #[serde(borrow, rename = "thinkingTokens")]
    thinking: Scalar<'a>,
}

/// Reads `<session>.settings.json`: what the session has come to, if it has used anything.
fn settings<'a>(text: &'a [u8], session: &'a str) -> Result<Option<Logged<'a>>, serde_json::Error> {
    let settings: Settings<'_> = read(text)?;
    let Some(usage) = settings.usage.get() else { return Ok(None) };
    let mut rule = Remainder::default();
    let output = usage.output.count(&mut rule);
    let counts = Counts {
        input: usage.input.count(&mut rule),
        output,
        cache_read: usage.cache_read.count(&mut rule),
        cache_write: usage.cache_write.count(&mut rule),
        // Whether thoughts lie within the output nobody says; more than it they cannot be.
        reasoning: usage.thinking.count(&mut rule).min(output),
        ..Counts::default()
    };
    let model = settings.model.text().unwrap_or_default();
    let logged = Logged {
        session: session.into(),
        provider: settings.provider.text().unwrap_or_default(),
        model: model_of(&model).into(),
        counts,
        is_inconsistent: rule.is_inconsistent(),
        ..Logged::default()
    };
    Ok(logged.has_tokens().then_some(logged))
}

/// Returns the name of a model without what Droid adds: `custom:Claude-Opus-4.5-[Anthropic]-0` is
/// `claude-opus-4-5`.
fn model_of(name: &str) -> String {
    let Some(custom) = name.strip_prefix("custom:") else { return name.to_owned() };
    let model = custom.split('[').next().unwrap_or_default().trim_matches(['-', ' ']);
    let is_divider = |c: char| c == ' ' || c == '.' || c == '-';
    let words: Vec<_> = model.split(is_divider).filter(|word| !word.is_empty()).collect();
    words.join("-").to_ascii_lowercase()
}
