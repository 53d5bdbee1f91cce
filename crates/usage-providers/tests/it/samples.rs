//! Samples that are no part of the project: a folder of real responses, named by
//! `USAGE_PROVIDER_SAMPLES`. Without it these tests do nothing, and say so.
#![expect(clippy::print_stderr, reason = "says what was made of each sample, and what was skipped")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use usage_providers::{End, Hints, Part, Quality, read_response};

use crate::splits::in_pieces;

const VARIABLE: &str = "USAGE_PROVIDER_SAMPLES";

/// Tries every cut of every sample; takes minutes even when built for speed.
const ALL_CUTS: &str = "USAGE_PROVIDER_ALL_CUTS";

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os(VARIABLE).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: {VARIABLE} names no folder of samples");
    }
    folder
}

/// Every response below the folder but the licences, with its path for the report.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(dir) = folders.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|end| ["json", "sse", "txt", "bin"].iter().any(|known| end == *known))
                && !path.ends_with("bodies.json")
            {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The total that a usage object states, and the name that it has there.
fn stated_total(value: &Value) -> Option<u64> {
    ["total_tokens", "totalTokens", "totalTokenCount"].iter().find_map(|name| value[name].as_u64())
}

fn show(part: &Part) -> String {
    let counts = part.counts;
    format!(
        "in {} out {} read {} write {} (long {}) reasoning {} audio {}/{} searches {} | {:?} {} {:?}{}",
        counts.input,
        counts.output,
        counts.cache_read,
        counts.cache_write,
        counts.cache_write_long,
        counts.reasoning,
        counts.input_audio,
        counts.output_audio,
        counts.web_searches,
        part.quality,
        part.model.as_deref().unwrap_or("-"),
        part.outcome,
        if part.inconsistent { " INCONSISTENT" } else { "" },
    )
}

#[test]
fn every_usage_body_adds_up_to_its_own_total() {
    let Some(folder) = folder() else { return };
    let text = fs::read(folder.join("usage-bodies/bodies.json")).unwrap();
    let bodies: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let (mut equal, mut silent, mut empty, mut several) = (0, 0, 0, 0);
    let mut differ = Vec::new();
    for body in &bodies {
        if body["usage"].is_null() {
            empty += 1;
            continue;
        }
        let reading = read_response(body.to_string().as_bytes(), Hints::default());
        assert_eq!(reading.malformed, 0, "{body}");
        let main = &reading.parts[0];
        assert_eq!(main.quality, Quality::Reported, "{body}");
        several += usize::from(reading.parts.len() > 1);
        match stated_total(&body["usage"]) {
            None => silent += 1,
            Some(total) if total == main.counts.total() && !main.inconsistent => equal += 1,
            Some(total) => differ.push(format!("{total}: {} {}", show(main), body["usage"])),
        }
    }
    eprintln!(
        "{} bodies: {empty} without usage, {equal} equal to their total, {silent} state none, \
         {several} of several parts, {} differ",
        bodies.len(),
        differ.len()
    );
    assert!(differ.is_empty(), "{differ:#?}");
}

/// All usage objects in a response, in order.
fn usages<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if ["usage", "usageMetadata"].contains(&name.as_str()) && value.is_object() {
                    found.push(value);
                } else if name != "x_groq" || value["usage"].is_object() {
                    usages(value, found);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| usages(value, found)),
        _ => {}
    }
}

/// The last total that a response states.
fn last_total(response: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(response);
    let values: Vec<Value> = match serde_json::from_str(&text) {
        Ok(value) => vec![value],
        Err(_) => text
            .lines()
            .filter_map(|line| {
                serde_json::from_str(line.strip_prefix("data:").unwrap_or(line).trim()).ok()
            })
            .collect(),
    };
    let mut found = Vec::new();
    values.iter().for_each(|value| usages(value, &mut found));
    found.iter().rev().find_map(|usage| stated_total(usage))
}

#[test]
fn every_response_adds_up_to_its_own_total() {
    let Some(folder) = folder() else { return };
    let mut tally: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for (name, response) in files(&folder) {
        let reading = read_response(&response, Hints::default());
        let total = last_total(&response);
        let counts = reading.parts.last().map(|part| part.counts).unwrap_or_default();
        let kind = match total {
            _ if reading.parts.iter().all(|part| part.counts.total() == 0) => 3,
            None => 1,
            Some(total) if total == counts.total() => 0,
            Some(_) => 2,
        };
        let dialect = name.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        let dialect = dialect.split("__").next().unwrap_or_default().to_owned();
        tally.entry(dialect).or_default()[kind] += 1;
        eprintln!("{name}: total {total:?}, malformed {}", reading.malformed);
        reading
            .parts
            .iter()
            .for_each(|part| eprintln!("    {:?} {}", part.response_id, show(part)));
    }
    eprintln!("equal, states none, differs, no counts:");
    tally.iter().for_each(|(dialect, counts)| eprintln!("  {dialect} {counts:?}"));
    assert!(tally.values().all(|counts| counts[2] == 0), "a total that differs");
}

#[test]
fn every_response_reads_the_same_at_every_cut() {
    let Some(folder) = folder() else { return };
    for (name, response) in files(&folder) {
        let whole = read_response(&response, Hints::default());
        let bytes: Vec<usize> = (1..response.len()).collect();
        assert_eq!(in_pieces(&response, &bytes, End::Complete), whole, "{name} byte by byte");
        // Every cut of what is short; of what is long the beginning and the end, unless all are
        // asked for.
        let long = response.len() > 4_000 && std::env::var_os(ALL_CUTS).is_none();
        for cut in
            (0..response.len()).filter(|at| !long || *at < 1_000 || response.len() - at < 1_500)
        {
            assert_eq!(in_pieces(&response, &[cut], End::Complete), whole, "{name} cut at {cut}");
        }
        if name.ends_with(".sse") {
            let crlf = String::from_utf8(response).unwrap().replace('\n', "\r\n");
            assert_eq!(read_response(crlf.as_bytes(), Hints::default()), whole, "{name} with CRLF");
            let cr = crlf.replace("\r\n", "\r");
            assert_eq!(read_response(cr.as_bytes(), Hints::default()), whole, "{name} with CR");
        }
    }
}
