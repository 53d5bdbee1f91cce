//! Texts of JSON that need not be there.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

/// A text, or nothing.
pub(super) type Text<'a> = Option<Cow<'a, str>>;

/// Reads a text without copying it, unless something in it is escaped: serde itself copies each one within an option.
pub(super) fn text<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Text<'a>, D::Error> {
    #[derive(Deserialize)]
    struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
    let text: Option<Borrowed<'a>> = Option::deserialize(from)?;
    Ok(text.map(|text| text.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_escaped_is_not_copied() {
        #[derive(Deserialize)]
        struct Row<'a> {
            #[serde(borrow, default, deserialize_with = "text")]
            text: Text<'a>,
        }
        let read = |row| serde_json::from_str::<Row<'_>>(row).unwrap().text;
        assert!(matches!(read(r#"{"text":"é"}"#), Some(Cow::Borrowed("é"))));
        assert!(matches!(read(r#"{"text":"a\nb"}"#), Some(Cow::Owned(text)) if text == "a\nb"));
        assert_eq!((read("{}"), read(r#"{"text":null}"#)), (None, None));
        assert!(serde_json::from_str::<Row<'_>>(r#"{"text":1}"#).is_err());
    }
}
