//! The patterns by which a book tells which names of models it means.

use std::fmt;

/// A comparison of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Equals,
    Starts,
    Ends,
    Contains,
    Without,
}

const MARKS: [(char, Test); 5] = [
    ('=', Test::Equals),
    ('^', Test::Starts),
    ('$', Test::Ends),
    ('~', Test::Contains),
    ('!', Test::Without),
];

/// Conditions that a name meets all together: `^gemini-2.5-pro&!-tts`. A `#` in a book stands for a digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    conditions: Vec<(Test, Box<str>)>,
}

/// The amount of a name that a pattern pins down: who says the whole of it knows best, then who says more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Weight {
    whole: bool,
    letters: usize,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let conditions: Option<Vec<_>> = text.split('&').map(condition).collect();
        let conditions = conditions?;
        // One that says only what is not in a name would take nearly everything.
        conditions.iter().any(|(test, _)| *test != Test::Without).then_some(Self { conditions })
    }

    /// A pattern as the user's file writes it: the name, or a piece of it with `*` at one end or both.
    pub(crate) fn glob(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let (start, end) = (text.starts_with('*'), text.ends_with('*'));
        let middle = text.trim_matches('*');
        let test = match (start, end) {
            _ if middle.is_empty() || middle.contains('*') => return None,
            (false, false) => Test::Equals,
            (false, true) => Test::Starts,
            (true, false) => Test::Ends,
            (true, true) => Test::Contains,
        };
        Some(Self { conditions: vec![(test, middle.into())] })
    }

    /// Says how well it fits a name in small letters.
    pub(crate) fn weight(&self, name: &str) -> Option<Weight> {
        let fits = self.conditions.iter().all(|(test, text)| fits(*test, text, name));
        let said = || self.conditions.iter().filter(|(test, _)| *test != Test::Without);
        fits.then(|| Weight {
            whole: said().any(|(test, _)| *test == Test::Equals),
            letters: said().map(|(_, text)| text.len()).sum(),
        })
    }
}

fn condition(text: &str) -> Option<(Test, Box<str>)> {
    let mark = text.chars().next()?;
    let (_, test) = MARKS.iter().find(|(sign, _)| *sign == mark)?;
    let text = &text[mark.len_utf8()..];
    (!text.is_empty()).then(|| (*test, text.into()))
}

fn fits(test: Test, text: &str, name: &str) -> bool {
    let (text, name) = (text.as_bytes(), name.as_bytes());
    let Some(room) = name.len().checked_sub(text.len()) else { return test == Test::Without };
    let contained = || name.windows(text.len()).any(|piece| same(text, piece));
    match test {
        Test::Equals => room == 0 && same(text, name),
        Test::Starts => same(text, &name[..text.len()]),
        Test::Ends => same(text, &name[room..]),
        Test::Contains => contained(),
        Test::Without => !contained(),
    }
}

fn same(text: &[u8], piece: &[u8]) -> bool {
    text.iter()
        .zip(piece)
        .all(|(sign, byte)| if *sign == b'#' { byte.is_ascii_digit() } else { sign == byte })
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (test, text)) in self.conditions.iter().enumerate() {
            let (mark, _) = MARKS[MARKS.iter().position(|(_, other)| other == test).unwrap_or(0)];
            write!(f, "{}{mark}{text}", if at == 0 { "" } else { "&" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_what_they_say() {
        let cases = [
            ("=gpt-5", "gpt-5", true),
            ("=gpt-5", "gpt-5-mini", false),
            ("=o#-####", "o3-2026", true),
            ("=o#-####", "o3-202x", false),
            ("=o#", "o#", false),
            ("^claude-2", "claude-2.1", true),
            ("^claude-2", "my-claude-2", false),
            ("$-mini", "gpt-5-mini", true),
            ("~nova-lite", "us.amazon.nova-lite-v1:0", true),
            ("^gemini-3.8-flash&!-tts", "gemini-3.8-flash-001", true),
            ("^gemini-3.8-flash&!-tts", "gemini-3.8-flash-tts", false),
            ("^long-one", "long", false),
            ("=modèle", "modèle", true),
        ];
        for (pattern, name, fits) in cases {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!(parsed.weight(name).is_some(), fits, "{pattern} {name}");
            assert_eq!(parsed.to_string(), pattern);
        }
        for wrong in ["", "gpt", "=", "=a&", "!tts", "=a&b"] {
            assert_eq!(Pattern::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_whole_name_weighs_most_and_then_the_longest_piece() {
        let weight = |pattern: &str| Pattern::parse(pattern).unwrap().weight("gpt-5-mini").unwrap();
        assert!(weight("=gpt-5-mini") > weight("^gpt-5-mini"));
        assert!(weight("^gpt-5-m") > weight("~gpt-5"));
        assert_eq!(weight("^gpt-5"), weight("^gpt-5&!nano"));
    }

    #[test]
    fn a_user_writes_stars() {
        for (text, pattern) in
            [("My-GPT", "=my-gpt"), ("llama*", "^llama"), ("*-eu", "$-eu"), ("*x*", "~x")]
        {
            assert_eq!(Pattern::glob(text).unwrap().to_string(), pattern);
        }
        for wrong in ["", "*", "**", "a*b"] {
            assert_eq!(Pattern::glob(wrong), None, "{wrong:?}");
        }
    }
}
