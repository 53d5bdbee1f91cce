//! Rows as text with tabs between, which both engines take and give in one spelling.

use std::fmt::{Display, Write as _};

/// Rows that are about to be sent.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    text: String,
    count: u64,
}

impl Rows {
    pub(crate) const fn new() -> Self {
        Self { text: String::new(), count: 0 }
    }

    /// Adds a value to the row that is not ended.
    pub(crate) fn push(&mut self, value: impl Display) {
        let start = self.text.len();
        // To a string this cannot fail.
        let _ = write!(self.text, "{value}");
        if self.text[start..].contains(['\\', '\t', '\n', '\r']) {
            let value = self.text.split_off(start);
            for letter in value.chars() {
                match letter {
                    '\\' => self.text.push_str("\\\\"),
                    '\t' => self.text.push_str("\\t"),
                    '\n' => self.text.push_str("\\n"),
                    '\r' => self.text.push_str("\\r"),
                    other => self.text.push(other),
                }
            }
        }
        self.text.push('\t');
    }

    /// Ends the row.
    pub(crate) fn end(&mut self) {
        self.text.pop();
        self.text.push('\n');
        self.count += 1;
    }

    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Reads rows that were got.
pub(crate) fn parse(text: &str) -> Vec<Vec<String>> {
    text.split_terminator('\n').map(|row| row.split('\t').map(value).collect()).collect()
}

fn value(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let (mut value, mut letters) = (String::with_capacity(text.len()), text.chars());
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            value.push(letter);
            continue;
        }
        value.push(match letters.next() {
            Some('t') => '\t',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('v') => '\u{b}',
            Some('a') => '\u{7}',
            Some('0') => '\0',
            Some(other) => other,
            None => '\\',
        });
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_what_they_were() {
        let values = ["", "a", "a\tb\nc\\d\re", "\\N", "\\t", "模型 🦀\u{b}"];
        let mut rows = Rows::default();
        for _ in 0..2 {
            values.iter().for_each(|value| rows.push(value));
            rows.end();
        }
        assert_eq!(
            (parse(rows.text()), rows.count()),
            (vec![values.map(str::to_owned).to_vec(); 2], 2)
        );
    }
}
