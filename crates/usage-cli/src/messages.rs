//! The look of messages on standard error: one style for all, on a terminal that has colours, and lines that end between
//! words.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};

use clap::ColorChoice;
use clap::builder::Styles;
use usage_core::format::{display_width, printable};

use crate::global::GlobalArgs;

/// Colours messages as `--color` says.
pub(crate) fn choose_color(args: &GlobalArgs) {
    match args.color {
        Some(ColorChoice::Always) => anstream::ColorChoice::Always.write_global(),
        Some(ColorChoice::Never) => anstream::ColorChoice::Never.write_global(),
        Some(ColorChoice::Auto) | None => {}
    }
}

/// Prints one message to standard error. Where that is closed, nobody is left to be told.
pub(crate) fn print(message: &str) {
    let message = printable(message);
    let lines = match width() {
        Some(width) => wrapped(&message, width),
        None => message.into_owned(),
    };
    let _ = writeln!(anstream::stderr().lock(), "{}", styled(&lines));
}

/// Returns the width of the terminal; what goes into a file or a pipe is one line.
fn width() -> Option<usize> {
    let stderr = io::stderr();
    if !stderr.is_terminal() {
        return None;
    }
    let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || Some(terminal_size::terminal_size_of(stderr)?.0.0.into());
    columns.filter(|columns| *columns > 0).or_else(terminal)
}

fn wrapped(text: &str, width: usize) -> String {
    wrapped_below(text, width, 2)
}

/// Breaks a text between words; a word that is longer than a line stays whole, to be copied. What follows the first
/// line stands below its text, so many columns from the left.
pub(crate) fn wrapped_below(text: &str, width: usize, indent: usize) -> String {
    let (mut lines, mut used) = (String::new(), 0);
    for word in text.split(' ') {
        let needed = display_width(word);
        if used > indent && used + 1 + needed > width {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            used = indent;
        } else if !lines.is_empty() {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += needed;
    }
    lines
}

/// Breaks a line of accounts between its parts, where it is wider than a terminal. What follows the first line stands
/// below its text.
pub(crate) fn broken(line: &str, width: Option<usize>) -> String {
    const BETWEEN: &str = "  |  ";
    let Some(width) = width else { return line.to_owned() };
    let mut lines: Vec<String> = Vec::new();
    for part in line.split(BETWEEN) {
        match lines.last_mut() {
            None => lines.extend(wrapped(part, width).lines().map(str::to_owned)),
            Some(last) if display_width(last) + BETWEEN.len() + display_width(part) <= width => {
                last.push_str(BETWEEN);
                last.push_str(part);
            }
            Some(_) => {
                let part = wrapped(part, width.saturating_sub(2));
                lines.extend(part.lines().map(|line| format!("  {line}")));
            }
        }
    }
    lines.join("\n")
}

/// Returns a message with its first word in colour, as the command line's own complaints have it.
fn styled(message: &str) -> String {
    let styles = Styles::styled();
    let style = |word| match word {
        "error" => Some(*styles.get_error()),
        "warning" => Some(*styles.get_invalid()),
        "note" | "hint" => Some(*styles.get_valid()),
        _ => None,
    };
    match message.split_once(": ") {
        Some((word, rest)) => match style(word) {
            Some(style) => format!("{style}{word}:{style:#} {rest}"),
            None => message.to_owned(),
        },
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words() {
        let text = "error: cannot read /a/path/that/is/longer/than/a/line.nd: No such file";
        let expected =
            "error: cannot read\n  /a/path/that/is/longer/than/a/line.nd:\n  No such file";
        assert_eq!(wrapped(text, 20), expected);
        assert_eq!(wrapped(text, 1_000), text);
        assert_eq!(wrapped("a  b", 80), "a  b");
        assert_eq!(wrapped("模型 模型 模型", 9), "模型 模型\n  模型");
        assert_eq!(wrapped("", 5), "");
    }

    #[test]
    fn the_first_word_has_a_style() {
        for word in ["error", "hint", "note", "warning"] {
            let text = styled(&format!("{word}: a: b"));
            assert!(text.contains('\u{1b}') && text.ends_with(" a: b"), "{text:?}");
        }
        for plain in ["a.nd:3: error: x", "error", "no prefix"] {
            assert_eq!(styled(plain), plain);
        }
    }
    #[test]
    fn a_line_of_accounts_is_broken_between_its_parts() {
        let line = "Codex: /a/b  |  Logs: 1  |  Requests: 12  |  Skipped: 1 unreadable, 2 too deep";
        for (width, lines) in [
            (None, line),
            (Some(100), line),
            (
                Some(30),
                "Codex: /a/b  |  Logs: 1\n  Requests: 12\n  Skipped: 1 unreadable, 2 too\n    deep",
            ),
            (
                Some(1),
                "Codex:\n  /a/b\n  Logs:\n    1\n  Requests:\n    12\n  Skipped:\n    1\n    unreadable,\n    2\n    too\n    deep",
            ),
        ] {
            assert_eq!(broken(line, width), lines, "{width:?}");
        }
        assert_eq!(broken("", Some(80)), "");
    }
}
