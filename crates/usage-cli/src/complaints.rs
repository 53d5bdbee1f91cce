//! Complaints about single lines: the first few of a kind are printed, and then how many there are.

use std::collections::HashMap;

use usage_core::format::format_count;

use crate::output;

/// The complaints of a kind that are printed as they come.
const FIRST: u64 = 10;

/// The kinds that are told apart at most.
const MOST_KINDS: usize = 1_000;

/// Complaints, by kind.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    kinds: HashMap<String, Kind>,
}

#[derive(Debug)]
struct Kind {
    count: u64,
    /// The first one, as an example.
    first: String,
    /// Kinds are summed up in the order in which they came.
    place: usize,
}

impl Complaints {
    /// Returns the line to print for a complaint about what lies at a place, if one is to be printed: one of the first of
    /// its kind, or the hundredth, thousandth and so on, so that something is seen of what goes on and on.
    pub(crate) fn add(&mut self, place: &str, why: &str) -> Option<String> {
        let (count, line) = (self.kinds.len(), format!("{place}: {why}"));
        let key = if count < MOST_KINDS { kind_of(why) } else { String::new() };
        let kind = self.kinds.entry(key).or_insert_with(|| Kind {
            count: 0,
            first: line.clone(),
            place: count,
        });
        kind.count += 1;
        let is_round = kind.count >= 100 && kind.count == 10_u64.pow(kind.count.ilog10());
        match kind.count {
            ..=FIRST => Some(line),
            count if is_round => Some(format!("{line} (the {}th like that)", format_count(count))),
            _ => None,
        }
    }

    /// Prints a complaint, unless there were many of its kind.
    pub(crate) fn print(&mut self, place: &str, why: &str) {
        if let Some(line) = self.add(place, why) {
            output::note(&line);
        }
    }

    /// Prints how many there were of the kinds of which not all were printed.
    pub(crate) fn sum_up(&mut self) {
        self.sums().iter().for_each(|line| output::note(line));
    }

    fn sums(&mut self) -> Vec<String> {
        let mut kinds: Vec<_> = self.kinds.drain().map(|(_, kind)| kind).collect();
        kinds.sort_by_key(|kind| kind.place);
        let many = kinds.into_iter().filter(|kind| kind.count > FIRST);
        many.map(|kind| format!("{} in all like {}", format_count(kind.count), kind.first))
            .collect()
    }
}

/// Returns a complaint without its particulars: what stands in quotes, in brackets and in digits.
fn kind_of(why: &str) -> String {
    let (mut kind, mut quote) = (String::new(), None);
    for character in why.chars() {
        match (quote, character) {
            (Some(end), _) if end == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(character),
            (None, '(') => quote = Some(')'),
            (None, '-' | '.' | '0'..='9') => {}
            (None, _) => kind.push(character),
        }
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_few_of_a_kind_are_told_and_then_how_many() {
        let mut complaints = Complaints::default();
        let told: Vec<_> = (1..=20_000)
            .filter_map(|line| {
                complaints.add(&format!("a:{line}"), &format!("tokens is -{line}, no"))
            })
            .collect();
        assert_eq!(told.len(), 10 + 3);
        assert_eq!(
            (told[0].as_str(), told[9].as_str()),
            ("a:1: tokens is -1, no", "a:10: tokens is -10, no")
        );
        assert_eq!(told[12], "a:10000: tokens is -10000, no (the 10,000th like that)");
        assert!(complaints.add("a:7", "unknown field `x` (column 3)").is_some());
        assert_eq!(complaints.sums(), ["20,000 in all like a:1: tokens is -1, no"]);
        assert_eq!(complaints.sums(), [""; 0]);
    }

    #[test]
    fn kinds_differ_by_what_is_wrong_and_not_by_where() {
        for (a, b, same) in [
            ("not JSON: expected value (column 1)", "not JSON: expected value (column 88)", true),
            ("unknown field `a` (column 3)", "unknown field `b` (column 4)", true),
            ("timestamp \"x\" is not RFC 3339", "timestamp \"y\" is not RFC 3339", true),
            ("tokens is 1.5, no", "fallbacks is 1.5, no", false),
            ("not JSON: expected value (column 1)", "not JSON: expected ident (column 1)", false),
        ] {
            assert_eq!(kind_of(a) == kind_of(b), same, "{a} {b}");
        }
    }

    /// Names that come from outside must not fill the memory.
    #[test]
    fn kinds_are_bounded() {
        let mut complaints = Complaints::default();
        let letters = |n: usize| n.to_string().replace(char::is_numeric, "x").repeat(n % 2_000 + 1);
        for n in 0..5_000 {
            complaints.add("a", &letters(n));
        }
        assert!(complaints.kinds.len() <= MOST_KINDS + 1);
    }
}
