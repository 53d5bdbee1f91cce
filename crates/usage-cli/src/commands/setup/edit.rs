//! Setting values in a JSON text, and leaving all the rest of it as it is.

use std::ops::Range;

use serde::de::IgnoredAny;

/// Sets a value, as JSON, under names that lead to it; objects on the way are made. An error says why it cannot: what is
/// no JSON object, or has something else than an object on the way.
pub(super) fn set(text: &str, names: &[&str], value: &str) -> Result<String, String> {
    let text = if text.trim().is_empty() { "{}" } else { text };
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let not_there = || format!("{} has no place there", names.join("."));
    set_in(text, names, value).ok_or_else(not_there)
}

fn set_in(text: &str, names: &[&str], value: &str) -> Option<String> {
    let start = text.len() - text.trim_start().len();
    let (mut object, mut names) = (start..text.trim_end().len(), names);
    while let Some((name, rest)) = names.split_first() {
        if !text[object.clone()].starts_with('{') {
            return None;
        }
        match member(text, &object, name) {
            Some(found) if rest.is_empty() => return Some(replaced(text, found, value)),
            Some(found) => (object, names) = (found, rest),
            None => return Some(inserted(text, &object, name, &wrapped(rest, value))),
        }
    }
    None
}

/// Puts a value into as many objects as there are names.
fn wrapped(names: &[&str], value: &str) -> String {
    let open: String = names.iter().map(|name| format!("{{{}: ", quoted(name))).collect();
    open + value + &"}".repeat(names.len())
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

fn replaced(text: &str, place: Range<usize>, value: &str) -> String {
    format!("{}{value}{}", &text[..place.start], &text[place.end..])
}

/// Inserts a member at the end of an object, indented as those before it.
fn inserted(text: &str, object: &Range<usize>, name: &str, value: &str) -> String {
    let inside = &text[object.start + 1..object.end - 1];
    let member = format!("{}: {value}", quoted(name));
    let end = object.start + 1 + inside.trim_end().len();
    let first = inside.trim_start();
    if first.is_empty() {
        return replaced(text, object.clone(), &format!("{{\n  {member}\n}}"));
    }
    let before = &inside[..inside.len() - first.len()];
    let before = if before.is_empty() { " " } else { before };
    format!("{},{before}{member}{}", &text[..end], &text[end..])
}

/// Finds the value of a member of an object.
fn member(text: &str, object: &Range<usize>, name: &str) -> Option<Range<usize>> {
    let mut at = object.start + 1;
    while at < object.end {
        let key = value(text, at)?;
        let colon = key.end + text[key.end..].find(':')?;
        let found = value(text, colon + 1)?;
        if serde_json::from_str::<String>(&text[key]).ok()? == name {
            return Some(found);
        }
        let rest = text[found.end..].trim_start();
        at = text.len() - rest.strip_prefix(',')?.len();
    }
    None
}

/// Finds the value that comes next.
fn value(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text[from..].trim_start();
    let start = text.len() - rest.len();
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(start..start + values.byte_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_changes() {
        let names = ["env", "A"];
        for (text, expected) in [
            ("", "{\n  \"env\": {\"A\": 1}\n}"),
            ("{}\n", "{\n  \"env\": {\"A\": 1}\n}\n"),
            ("{\n  \"z\": [1, 2]\n}\n", "{\n  \"z\": [1, 2],\n  \"env\": {\"A\": 1}\n}\n"),
            ("{\"env\": {\"B\": 2}}", "{\"env\": {\"B\": 2, \"A\": 1}}"),
            (
                "{\"x\":{\"A\":0},\"env\":{\"A\": \"},{\", \"B\":2}}",
                "{\"x\":{\"A\":0},\"env\":{\"A\": 1, \"B\":2}}",
            ),
            ("{\"env\":{}}", "{\"env\":{\n  \"A\": 1\n}}"),
        ] {
            assert_eq!(set(text, &names, "1").as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_set_is_left() {
        for (text, why) in [
            ("[]", "env.A has no place"),
            ("{\"env\": 5}", "env.A has no place"),
            ("{ // a remark\n}", "no JSON: key must be a string at line 1"),
            ("{\"a\":1,}", "no JSON: key must be a string at line 1 column 8"),
        ] {
            let refused = set(text, &["env", "A"], "1").unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
