//! The diagnosis as a page for people.

use chrono_tz::Tz;
use usage_core::format::{display_width, format_count, printable};
use usage_core::record::Field;
use usage_store::doctor::{Check, CheckResult, Content, Diagnosis, Dimension, Finding, NameCount};

use super::quarantine;
use super::words::Words;
use crate::amounts;

pub(super) fn page(diagnosis: &Diagnosis, zone: Tz, width: Option<usize>) -> String {
    let (file, path) = (&diagnosis.file, diagnosis.path.display().to_string());
    let words = Words::of(&path);
    let mut lines = vec![
        format!("Ledger {}", printable(&path)),
        row("schema version", &file.schema_version.to_string()),
        row("file", &amounts::bytes(file.bytes)),
        row("write-ahead log", &amounts::bytes(file.log_bytes)),
        row(
            "free pages",
            &format!(
                "{} of {}, {}",
                format_count(file.free_pages),
                format_count(file.pages),
                amounts::bytes(file.free_bytes())
            ),
        ),
    ];
    if let Some(content) = &diagnosis.content {
        lines.extend(content_lines(content, zone, width));
    }
    lines.extend(quarantine::journals(&diagnosis.backlog));
    lines.extend(quarantine::quarantine(&diagnosis.quarantine, width));
    lines.extend([String::new(), "Checks".to_owned()]);
    for check in &diagnosis.checks {
        lines.push(row(check.name, &result(check)));
        lines.extend(check.findings.iter().map(|finding| found(finding, &words)));
        if check.more > 0 {
            lines.push(format!("    and {} more", format_count(check.more)));
        }
    }
    if !diagnosis.advice.is_empty() {
        lines.extend([String::new(), "Advice".to_owned()]);
        let advice = diagnosis.advice.iter();
        lines.extend(advice.map(|advice| format!("  {}", words.advice(advice))));
    }
    lines.join("\n") + "\n"
}

fn content_lines(content: &Content, zone: Tz, width: Option<usize>) -> Vec<String> {
    let mut lines = vec![row("records", &format_count(content.records))];
    for (name, timestamp) in [("oldest", content.oldest), ("newest", content.newest)] {
        lines.extend(timestamp.map(|at| row(name, &amounts::instant(at, zone))));
    }
    let unused = match content.unused_label_sets {
        0 => String::new(),
        unused => format!(", {} of them unused", format_count(unused)),
    };
    lines.push(row("label sets", &(format_count(content.label_sets) + &unused)));
    if content.folded_label_sets > 0 {
        let folded = format_count(content.folded_label_sets);
        lines.push(row(
            "folded",
            &format!("{folded} label sets count as (other) in their month's sums"),
        ));
    }
    for import in &content.imports {
        let rows = import.imported.saturating_add(import.already_there).unsigned_abs();
        let of = format!("{} rows of {}", format_count(rows), printable(&import.source));
        lines.push(row("imported", &of));
    }
    if content.records > 0 {
        lines.extend([String::new(), "Records by".to_owned()]);
        for dimension in content.dimensions.iter().filter(|dimension| says_something(dimension)) {
            let mut names: Vec<String> = Vec::new();
            for NameCount { name, records, .. } in &dimension.top {
                let name = if name.is_empty() { "(none)" } else { name };
                names.push(format!("{} {}", printable(name), format_count(*records)));
            }
            let more = dimension.distinct - dimension.top.len() as u64;
            if more > 0 {
                names.push(format!("and {} more", format_count(more)));
            }
            lines.extend(rows(dimension.name, &names, width));
        }
    }
    lines
}

/// Returns whether any record has a name that few have, such as a project. Of the names that all have, `(none)` says
/// something.
fn says_something(dimension: &Dimension) -> bool {
    let is_rare = Field::named(dimension.name).is_some_and(|field| !field.is_usual());
    !(is_rare && dimension.top.iter().all(|count| count.name.is_empty()))
}

pub(super) fn row(name: &str, value: &str) -> String {
    format!("  {name:<16} {value}")
}

/// As [`row`], of several values: none is broken at the end of a line.
fn rows(name: &str, values: &[String], width: Option<usize>) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), row(name, ""));
    let indent = line.len();
    for (index, value) in values.iter().enumerate() {
        let comma = if index + 1 < values.len() { "," } else { "" };
        let is_first = display_width(&line) <= indent;
        let gap = if is_first { "" } else { " " };
        let longer = format!("{line}{gap}{value}{comma}");
        if !is_first && width.is_some_and(|width| display_width(&longer) > width) {
            lines.push(line);
            line = format!("{:indent$}{value}{comma}", "");
        } else {
            line = longer;
        }
    }
    lines.push(line);
    lines
}

fn result(check: &Check) -> String {
    match check.result() {
        CheckResult::NotDone => "not done: see above".to_owned(),
        CheckResult::Ok => "ok".to_owned(),
        _ => format!("{} wrong", format_count(check.wrong())),
    }
}

/// One line: where, what, and what to do.
fn found(finding: &Finding, words: &Words) -> String {
    let Finding { place, what, remedy, .. } = finding;
    let line = format!("    {place}: {what}; {}", words.remedy(remedy));
    printable(&line).into_owned()
}
