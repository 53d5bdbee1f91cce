//! Text as wide as a terminal shows it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Returns how many columns a terminal gives the text. Wide characters take two.
#[must_use]
pub fn display_width(text: &str) -> usize {
    text.width()
}

/// The text in at most `width` columns: where it is longer, its middle becomes `…`.
///
/// ```
/// use usage_core::format::shorten_middle;
///
/// assert_eq!(shorten_middle("anthropic.claude-sonnet-4-5", 15), "anthrop…net-4-5");
/// assert_eq!(shorten_middle("short", 15), "short");
/// ```
#[must_use]
pub fn shorten_middle(text: &str, width: usize) -> Cow<'_, str> {
    if display_width(text) <= width {
        return Cow::Borrowed(text);
    }
    let Some(budget) = width.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    let tail_columns = budget / 2;
    let head = taken(text.chars(), budget - tail_columns);
    let tail = taken(text.chars().rev(), tail_columns);
    Cow::Owned(format!("{}…{}", &text[..head], &text[text.len() - tail..]))
}

/// The texts in at most `width` columns each, so that those that differ do so still, as far as may be: where their
/// middles made the difference, what they have in common is left out.
#[must_use]
pub fn shorten_apart(texts: &[String], width: usize) -> Vec<String> {
    let mut shortened: Vec<String> =
        texts.iter().map(|text| shorten_middle(text, width).into_owned()).collect();
    let mut alike = BTreeMap::<String, Vec<usize>>::new();
    for (at, text) in shortened.iter().enumerate() {
        alike.entry(text.clone()).or_default().push(at);
    }
    for places in alike.values().filter(|places| places.len() > 1) {
        let Some(first) = places.first().map(|at| texts[*at].as_str()) else { continue };
        let common = places.iter().map(|at| in_common(first, &texts[*at])).min().unwrap_or(0);
        if places.iter().any(|at| texts[*at] != first) {
            for at in places {
                shortened[*at] = from_difference(&texts[*at], common, width);
            }
        }
    }
    shortened
}

/// Returns how many bytes two texts begin with in common.
fn in_common(one: &str, other: &str) -> usize {
    let same = one.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
    same.map_or(one.len().min(other.len()), |((at, _), _)| at)
}

/// The text from where it differs on, with as much before as there is room for.
fn from_difference(text: &str, common: usize, width: usize) -> String {
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let rest = &text[common..];
    if display_width(rest) <= room {
        let tail = taken(text.chars().rev(), room);
        return format!("…{}", &text[text.len() - tail..]);
    }
    let head = taken(rest.chars(), room.saturating_sub(1));
    format!("…{}…", &rest[..head])
}

/// Returns how many bytes of the characters fit into `columns`.
fn taken(characters: impl Iterator<Item = char>, columns: usize) -> usize {
    let mut left = columns;
    let mut bytes = 0;
    for c in characters {
        let Some(rest) = left.checked_sub(c.width().unwrap_or(0)) else {
            break;
        };
        left = rest;
        bytes += c.len_utf8();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_differs_still() {
        let of = |texts: &[&str], width| {
            let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
            shorten_apart(&texts, width)
        };
        let models =
            ["anthropic.claude-opus-4-5-20251101", "anthropic.claude-sonnet-4-5-20251101", "gpt-5"];
        assert_eq!(of(&models, 12), ["…opus-4-5-2…", "…sonnet-4-5…", "gpt-5"]);
        assert_eq!(of(&models, 40), models);
        assert_eq!(of(&["aaaaaaaaaaaax", "aaaaaaaaaaaay"], 6), ["aaa…ax", "aaa…ay"]);
        // The same name twice is no difference to be shown.
        assert_eq!(of(&["aaaaaaaaaaaa", "aaaaaaaaaaaa"], 6), ["aaa…aa", "aaa…aa"]);
        assert_eq!(
            of(&["模型模型模型一模型模型", "模型模型模型二模型模型"], 9),
            ["…一模型…", "…二模型…"]
        );
    }
}
