//! Bodies of several JSON values: a list of them, one a line, or one alone.

/// Splits a body into its values, each with its number from 1. A list is split at its commas; else each line that is not
/// empty is a value. Whether they are JSON is for the one to say who reads them.
///
/// An error where a list does not end, or goes on behind its end.
pub(crate) fn split(body: &[u8]) -> Result<Vec<(usize, &[u8])>, &'static str> {
    let start = body.trim_ascii();
    // A byte order mark says nothing.
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    if start.first() == Some(&b'[') {
        return list(start);
    }
    let lines = start.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.map(|(at, line)| (at + 1, line.trim_ascii()));
    Ok(lines.filter(|(_, line)| !line.is_empty()).collect())
}

/// Splits a list that begins with its bracket.
fn list(body: &[u8]) -> Result<Vec<(usize, &[u8])>, &'static str> {
    let mut elements = Vec::new();
    let (mut depth, mut from, mut in_text, mut is_escaped) = (0_usize, 1, false, false);
    for (at, byte) in body.iter().enumerate() {
        if in_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => {
                elements.push(body[from..at].trim_ascii());
                from = at + 1;
            }
            b']' if depth == 1 => {
                let last = body[from..at].trim_ascii();
                if !last.is_empty() || !elements.is_empty() {
                    elements.push(last);
                }
                if !body[at + 1..].trim_ascii().is_empty() {
                    return Err("something stands behind the end of the list");
                }
                return Ok(elements.into_iter().enumerate().map(|(at, it)| (at + 1, it)).collect());
            }
            b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Err("the list does not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Vec<(usize, String)> {
        let values = split(body.as_bytes()).unwrap();
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        values.into_iter().map(|(at, value)| (at, text(value))).collect()
    }

    #[test]
    fn a_list_is_split_at_its_own_commas() {
        let body = r#" [ {"a":"x,]\"","b":[1,2]} , {"c":{"d":1}} ] "#;
        let expected = [(1, r#"{"a":"x,]\"","b":[1,2]}"#), (2, r#"{"c":{"d":1}}"#)];
        assert_eq!(of(body), expected.map(|(at, text)| (at, text.to_owned())));
        assert_eq!(of("[]"), []);
        assert_eq!(of("[1,]").len(), 2, "the second one is nothing, which its reader says");
    }

    #[test]
    fn lines_keep_their_numbers() {
        let expected = [(1, "{}".to_owned()), (3, "{\"a\":1}".to_owned())];
        assert_eq!(of("{}\n\n{\"a\":1}\r\n"), expected);
        assert_eq!(of("\u{feff}{}"), [(1, "{}".to_owned())]);
        assert_eq!(of(""), []);
    }

    #[test]
    fn half_a_list_is_an_error() {
        for body in ["[", "[{}", "[\"]", "[{},", "[] x"] {
            assert!(split(body.as_bytes()).is_err(), "{body}");
        }
    }
}
