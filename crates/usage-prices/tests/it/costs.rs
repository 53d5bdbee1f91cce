//! Costs computed by hand from what providers publish: `costs.txt`, with the arithmetic written out.

use usage_prices::{Answer, Billed, Prices, Query, cost};

use crate::time::micros;

struct Case<'a> {
    line: usize,
    provider: &'a str,
    model: &'a str,
    tier: &'a str,
    time: &'a str,
    counts: &'a str,
    arithmetic: &'a str,
    dollars: &'a str,
}

fn cases() -> Vec<Case<'static>> {
    let lines = include_str!("costs.txt").lines().enumerate();
    let cases =
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(at, line)| {
            let mut fields = line.split('|').map(str::trim);
            let mut next = || fields.next().unwrap_or_else(|| panic!("line {}: too short", at + 1));
            Case {
                line: at + 1,
                provider: next(),
                model: next(),
                tier: next(),
                time: next(),
                counts: next(),
                arithmetic: next(),
                dollars: next(),
            }
        });
    cases.collect()
}

fn billed(counts: &str) -> Billed {
    let mut billed = Billed::default();
    for count in counts.split_whitespace() {
        let (name, number) = count.split_once('=').unwrap();
        let place = match name {
            "input" => &mut billed.input,
            "output" => &mut billed.output,
            "cache_read" => &mut billed.cache_read,
            "cache_write" => &mut billed.cache_write,
            "cache_write_long" => &mut billed.cache_write_long,
            "input_audio" => &mut billed.input_audio,
            "output_audio" => &mut billed.output_audio,
            "cache_read_audio" => &mut billed.cache_read_audio,
            "web_searches" => &mut billed.web_searches,
            "unclassified" => &mut billed.unclassified,
            _ => panic!("{name} is no measure"),
        };
        *place = number.parse().unwrap();
    }
    billed
}

/// A decimal number in steps of 10^-`places`.
fn steps(text: &str, places: usize) -> u128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= places, "{text}");
    format!("{whole}{fraction:0<places$}").parse().unwrap()
}

/// `1000x3 + 2x10000`: numbers of tokens times dollars a million. A search is written as so many dollars a million.
fn worked_out(arithmetic: &str) -> u128 {
    let product = |term: &str| {
        let (count, price) = term.split_once('x').unwrap();
        count.trim().parse::<u128>().unwrap() * steps(price.trim(), 6)
    };
    arithmetic.split('+').map(product).sum()
}

#[test]
fn costs_are_those_computed_by_hand() {
    let prices = Prices::shipped();
    let mut wrong = Vec::new();
    for case in cases() {
        let billed = billed(case.counts);
        let query = Query {
            provider: case.provider,
            model: case.model,
            tier: case.tier,
            micros: micros(case.time),
            total_input: billed.total_input(),
        };
        let found = prices.find(&query);
        let got = match &found {
            Answer::Found(found) => match cost(&found.terms, &billed) {
                Ok(cost) => cost.to_string(),
                Err(error) => error.to_string(),
            },
            Answer::Unknown { why, .. } => why.to_string(),
            Answer::Doubtful { .. } => "doubtful".to_owned(),
        };
        let expected = if case.arithmetic == "-" {
            case.dollars.to_owned()
        } else {
            let worked_out = worked_out(case.arithmetic);
            assert_eq!(worked_out, steps(case.dollars, 12), "line {}: the arithmetic", case.line);
            worked_out.to_string()
        };
        if got != expected {
            wrong.push(format!(
                "line {}: {} {}: {got} and not {expected}",
                case.line, case.model, case.tier
            ));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} wrong", wrong.join("\n"), wrong.len());
}

#[test]
fn there_are_two_hundred_of_them() {
    assert!(cases().len() >= 200, "{}", cases().len());
}
