//! Just enough of Rust's lexer that a rule does not trip over a word in a comment or a text.

use std::iter::repeat_n;

/// Replaces comments and the content of text and character literals by spaces. Lines and columns
/// (in characters) stay.
pub(super) fn blank_literals(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let end = match c {
            '/' if chars.get(at + 1) == Some(&'/') => line_end(&chars, at),
            '/' if chars.get(at + 1) == Some(&'*') => comment_end(&chars, at),
            '"' => text_end(&chars, at),
            'r' if !follows_word(&chars, at) || chars.get(at.wrapping_sub(1)) == Some(&'b') => {
                raw_text_end(&chars, at).unwrap_or(at)
            }
            '\'' => character_end(&chars, at).unwrap_or(at),
            _ => at,
        };
        if end == at {
            out.push(c);
            at += 1;
            continue;
        }
        let is_comment = c == '/';
        out.push(if is_comment { ' ' } else { '"' });
        let inner = chars.get(at + 1..end.saturating_sub(1)).unwrap_or_default();
        out.extend(inner.iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
        if end > at + 1 {
            out.push(if is_comment { ' ' } else { '"' });
        }
        at = end;
    }
    out
}

/// Replaces by empty lines what is under `#[cfg(test)]`: one statement, or a block up to the brace
/// that closes it at the same depth.
pub(super) fn blank_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        let (before, under) = rest.split_at(at);
        let (inside, after) = under.split_at(item_end(under));
        out.push_str(before);
        out.extend(repeat_n('\n', inside.matches('\n').count()));
        rest = after;
    }
    out + rest
}

/// Returns whether the word occurs in the line with no part of a name before it.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The place where the item that the code begins with ends.
fn item_end(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn line_end(chars: &[char], at: usize) -> usize {
    chars[at..].iter().position(|&c| c == '\n').map_or(chars.len(), |length| at + length)
}

fn comment_end(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < chars.len() {
        match chars.get(at..at + 2) {
            Some(['/', '*']) => (at, depth) = (at + 2, depth + 1),
            Some(['*', '/']) if depth == 1 => return at + 2,
            Some(['*', '/']) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    chars.len()
}

fn text_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `r"..."` and `r#"..."#`; `None` if that is not what stands here.
fn raw_text_end(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars[start + 1..].iter().take_while(|&&c| c == '#').count();
    let open = start + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let closes = |at: &usize| {
        chars.get(*at) == Some(&'"')
            && chars.get(at + 1..=at + hashes).is_some_and(|tail| tail.iter().all(|&c| c == '#'))
    };
    Some((open + 1..chars.len()).find(closes).map_or(chars.len(), |at| at + 1 + hashes))
}

/// `'a'` and `'\n'`; `None` for a lifetime.
fn character_end(chars: &[char], start: usize) -> Option<usize> {
    if chars.get(start + 1) == Some(&'\\') {
        let quote = chars.get(start + 3..)?.iter().position(|&c| c == '\'')?;
        return Some(start + 4 + quote);
    }
    (chars.get(start + 2) == Some(&'\'')).then_some(start + 3)
}

fn follows_word(chars: &[char], at: usize) -> bool {
    at.checked_sub(1).and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric() || *c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        let cases = [
            ("a(); // b();\nc();", "a();        \nc();"),
            ("a(/* b /* c */ d */);", "a(                 );"),
            (r#"a("b\"c", d);"#, r#"a("    ", d);"#),
            ("a(r#\"b\"c\"#, d);", "a(\"      \", d);"),
            (r"a('\'', '{', 'x: loop)", "a(\"  \", \" \", 'x: loop)"),
            ("for r in bar {}", "for r in bar {}"),
        ];
        for (text, blanked) in cases {
            assert_eq!(blank_literals(text), blanked, "{text}");
        }
    }

    #[test]
    fn tests_are_blanked_to_their_end() {
        let code = "a\n#[cfg(test)]\nmod tests;\nb\n#[cfg(test)]\nmod t {\n  { }\n}\nc\n";
        assert_eq!(blank_tests(code), "a\n\n\nb\n\n\n\n\nc\n");
    }

    #[test]
    fn a_word_begins_where_a_name_does() {
        assert!(has_word("  print!(x)", "print!("));
        assert!(!has_word("  eprint!(x)", "print!("));
    }
}
