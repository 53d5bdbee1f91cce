//! Lines in which the end of a row is lost: what stands behind it.

use memchr::memmem;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

/// So many places of a line are tried.
const MOST_TRIED: usize = 32;

/// The names with which rows begin, beside that of the first row of the line.
const FIRST_NAMES: [&[u8]; 3] = [b"type", b"timestamp", b"parentUuid"];

/// Returns the whole rows behind one that was cut, when its writer was killed and another one went on in the line:
/// the rest of the line from where it can be read to its end.
///
/// Within a text of JSON quotes are escaped, so a row begins nowhere else but at an object.
pub(super) fn behind_cut(line: &[u8]) -> Option<&[u8]> {
    let own = first_name(line);
    let places = memmem::find_iter(line, b"{\"").skip_while(|at| *at == 0);
    let is_row = |at: &usize| {
        let name = first_name(&line[*at..]);
        name.is_some() && (name == own || FIRST_NAMES.iter().any(|first| name == Some(first)))
    };
    places.filter(is_row).take(MOST_TRIED).map(|at| &line[at..]).find(|rest| is_whole(rest))
}

/// Returns whether a text is rows and nothing else.
fn is_whole(text: &[u8]) -> bool {
    Deserializer::from_slice(text).into_iter::<IgnoredAny>().all(|row| row.is_ok())
}

/// Returns the name of the first field of an object.
fn first_name(text: &[u8]) -> Option<&[u8]> {
    let name = text.strip_prefix(b"{\"")?;
    let end = memchr::memchr(b'"', &name[..name.len().min(64)])?;
    Some(&name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_behind_a_cut_one_are_found() {
        let row = r#"{"id":1,"message":{"type":"message","text":"a {\"id\":2}"}}"#;
        let behind = |text: &str| {
            behind_cut(text.as_bytes()).map(|rest| String::from_utf8_lossy(rest).into_owned())
        };
        for cut in 5..row.len() {
            let line = format!("{}{row}", &row[..cut]);
            // An object within that is whole, and all that is left, seems to be a row: it says nothing.
            assert!(behind(&line).is_some_and(|rest| rest.ends_with(row)), "{cut}");
        }
        assert_eq!(behind(&format!("{}{row}{row}\r", &row[..20])), Some(format!("{row}{row}\r")));
        assert_eq!(behind(&row[..20]), None);
        assert_eq!(behind(row), None);
        assert_eq!(behind("{\"a\":{\"b\":1}"), None, "an object within");
        assert_eq!(behind(&"{\"id\":".repeat(100_000)), None);
        assert_eq!(behind(""), None);
    }
}
