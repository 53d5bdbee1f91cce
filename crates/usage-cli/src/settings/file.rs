//! Reading the settings file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use toml_edit::{Document, Item, Value};

use super::{Key, Values, wrong};
use crate::error::CliError;

/// Reads the settings of a file; there are none where there is no file. What is wrong with one of them is told when it
/// is asked for, and what is wrong with the file as a whole at once.
pub(super) fn read(path: Option<&Path>) -> Result<Values, CliError> {
    let Some(path) = path else { return Ok(Values::new()) };
    match fs::read_to_string(path) {
        Ok(text) => parsed(path, &text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Values::new()),
        Err(error) => Err(wrong(path, None, error)),
    }
}

fn parsed(path: &Path, text: &str) -> Result<Values, CliError> {
    let line_of = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let document = Document::parse(text).map_err(|error| {
        let line = error.span().map(|span| line_of(span.start));
        let what: Vec<_> = error.message().lines().collect();
        wrong(path, line, what.join(", ")).hint("mend the line, or move the file away")
    })?;
    let mut values = Values::new();
    for (name, item) in document.as_table() {
        let span = document.as_table().key(name).and_then(toml_edit::Key::span);
        let line = span.or_else(|| item.span()).map(|span| line_of(span.start));
        let unset = || format!("`usage config unset {name}` takes it out");
        let key = Key::named(name).map_err(|error| {
            let hint = error.hint.unwrap_or_default();
            wrong(path, line, error.message).hint(hint)
        })?;
        let value = text_of(key, item).and_then(|value| key.check(&value).map(|()| value));
        values.insert(key, value.map_err(|why| wrong(path, line, why).hint(unset())));
    }
    Ok(values)
}

fn text_of(key: Key, item: &Item) -> Result<String, String> {
    match item.as_value() {
        Some(Value::String(text)) if !key.is_number() => Ok(text.value().clone()),
        Some(Value::Integer(number)) if key.is_number() => Ok(number.value().to_string()),
        _ if key.is_number() => Err(format!("{} is no number", key.name())),
        _ => Err(format!("{} is no text in quotes", key.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        match parsed(Path::new("config.toml"), text) {
            Err(error) => vec![error.message],
            Ok(values) => values
                .into_iter()
                .map(|(key, value)| match value {
                    Ok(value) => format!("{} {value}", key.name()),
                    Err(error) => error.message,
                })
                .collect(),
        }
    }

    #[test]
    fn each_setting_is_right_or_wrong_by_itself() {
        assert_eq!(all(""), [""; 0]);
        assert_eq!(
            all("# mine\ntimezone = \"Europe/Berlin\"\ncycle-day = 15\ncolor = \"blue\"\n"),
            [
                "timezone Europe/Berlin",
                "cycle-day 15",
                "the settings file is wrong: config.toml:4: color is \"blue\", it takes auto, always, never",
            ]
        );
        for (text, why) in [
            (
                "\ncycle-day = 32",
                "2: cycle-day is \"32\", it takes a day of the month, from 1 to 31",
            ),
            ("cycle-day = \"1\"", "1: cycle-day is no number"),
            ("timezone = 1", "1: timezone is no text in quotes"),
            ("color = \"auto\"\n\ntimezon = \"UTC\"\n", "3: there is no setting \"timezon\""),
        ] {
            assert_eq!(all(text), [format!("the settings file is wrong: config.toml:{why}")]);
        }
        let [why] = &all("timezone = \"UTC\"\ncolor = \n")[..] else { panic!("one error") };
        assert!(why.starts_with("the settings file is wrong: config.toml:2: "), "{why}");
    }
}
