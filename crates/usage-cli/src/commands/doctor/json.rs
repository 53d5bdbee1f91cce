//! The diagnosis as JSON, schema version 1: as it serialises itself, with instants in a zone and with this
//! command's words.

use chrono_tz::Tz;
use serde::Serialize;
use usage_core::Timestamp;
use usage_core::format::escape_hidden;
use usage_store::JournalSegment;
use usage_store::doctor::{
    Check, CheckResult, Content, Diagnosis, Dimension, FileFacts, Finding, Import,
    QuarantineContents,
};

use super::words::Words;
use crate::amounts;

/// Schema version 1; what is added comes at the end.
#[derive(Serialize)]
struct JsonDiagnosis<'a> {
    schema: u32,
    ledger: String,
    sound: bool,
    #[serde(flatten)]
    file: &'a FileFacts,
    content: Option<JsonContent<'a>>,
    checks: Vec<JsonCheck<'a>>,
    advice: Vec<String>,
    journals: &'a [JournalSegment],
    #[serde(rename = "set_aside")]
    quarantine: &'a QuarantineContents,
}

#[derive(Serialize)]
struct JsonContent<'a> {
    records: u64,
    oldest: Option<String>,
    newest: Option<String>,
    label_sets: u64,
    unused_label_sets: u64,
    folded_label_sets: u64,
    dimensions: &'a [Dimension],
    imports: &'a [Import],
}

#[derive(Serialize)]
struct JsonCheck<'a> {
    name: &'a str,
    result: CheckResult,
    wrong: u64,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    remedy: String,
}

pub(super) fn object(diagnosis: &Diagnosis, zone: Tz) -> String {
    let path = diagnosis.path.display().to_string();
    let words = Words::of(&path);
    let whole = JsonDiagnosis {
        schema: 1,
        sound: diagnosis.is_sound(),
        file: &diagnosis.file,
        content: diagnosis.content.as_ref().map(|content| json_content(content, zone)),
        checks: diagnosis.checks.iter().map(|check| json_check(check, &words)).collect(),
        advice: diagnosis.advice.iter().map(|advice| words.advice(advice)).collect(),
        journals: &diagnosis.backlog.segments,
        quarantine: &diagnosis.quarantine,
        ledger: path,
    };
    // Texts and integers always serialise.
    escape_hidden(serde_json::to_string(&whole).unwrap_or_default()) + "\n"
}

fn json_content(content: &Content, zone: Tz) -> JsonContent<'_> {
    let at = |timestamp: Option<Timestamp>| timestamp.map(|at| amounts::instant(at, zone));
    JsonContent {
        records: content.records,
        oldest: at(content.oldest),
        newest: at(content.newest),
        label_sets: content.label_sets,
        unused_label_sets: content.unused_label_sets,
        folded_label_sets: content.folded_label_sets,
        dimensions: &content.dimensions,
        imports: &content.imports,
    }
}

fn json_check<'a>(check: &'a Check, words: &Words) -> JsonCheck<'a> {
    let findings = check.findings.iter();
    let findings =
        findings.map(|finding| JsonFinding { finding, remedy: words.remedy(&finding.remedy) });
    JsonCheck {
        name: check.name,
        result: check.result(),
        wrong: check.wrong(),
        findings: findings.collect(),
    }
}
