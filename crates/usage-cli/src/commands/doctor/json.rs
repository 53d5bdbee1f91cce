//! The diagnosis as JSON, schema version 1. The only place that knows its names.

use chrono_tz::Tz;
use serde::Serialize;
use usage_core::Timestamp;
use usage_core::format::escape_hidden;
use usage_store::doctor::{Check, Content, Diagnosis, Kind, Place, SetAside};
use usage_store::{SegmentState, WaitingSegment};

use super::with_path;
use crate::amounts;

/// Schema version 1; what is added comes at the end.
#[derive(Serialize)]
struct JsonDiagnosis<'a> {
    schema: u32,
    ledger: String,
    sound: bool,
    schema_version: i32,
    file_bytes: u64,
    log_bytes: u64,
    page_bytes: u64,
    pages: u64,
    free_pages: u64,
    content: Option<JsonContent<'a>>,
    checks: Vec<JsonCheck<'a>>,
    advice: Vec<String>,
    journals: Vec<JsonSegment<'a>>,
    set_aside: JsonSetAside<'a>,
}

#[derive(Serialize)]
struct JsonSegment<'a> {
    path: String,
    state: &'static str,
    records: u64,
    bytes: u64,
    damage: &'a [String],
}

#[derive(Serialize)]
struct JsonSetAside<'a> {
    records: u64,
    pieces: u64,
    lost: u64,
    reasons: Vec<JsonReason<'a>>,
    more: u64,
    unknown: u64,
    quarantined: u64,
    overflow: u64,
}

#[derive(Serialize)]
struct JsonReason<'a> {
    kind: &'static str,
    reason: &'a str,
    count: u64,
    first: &'a [String],
}

#[derive(Serialize)]
struct JsonContent<'a> {
    records: u64,
    oldest: Option<String>,
    newest: Option<String>,
    label_sets: u64,
    unused_label_sets: u64,
    folded_label_sets: u64,
    dimensions: Vec<JsonDimension<'a>>,
    imports: Vec<JsonImport<'a>>,
}

#[derive(Serialize)]
struct JsonDimension<'a> {
    name: &'a str,
    distinct: u64,
    top: Vec<JsonCount<'a>>,
}

#[derive(Serialize)]
struct JsonCount<'a> {
    name: &'a str,
    records: u64,
}

#[derive(Serialize)]
struct JsonImport<'a> {
    source: &'a str,
    imported: i64,
    already_there: i64,
    refused: i64,
}

#[derive(Serialize)]
struct JsonCheck<'a> {
    name: &'a str,
    result: &'static str,
    wrong: u64,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    place: String,
    record_id: Option<i64>,
    what: &'a str,
    remedy: String,
}

pub(super) fn object(diagnosis: &Diagnosis, zone: Tz) -> String {
    let (file, path) = (&diagnosis.file, diagnosis.path.display().to_string());
    let whole = JsonDiagnosis {
        schema: 1,
        sound: diagnosis.is_sound(),
        schema_version: file.schema_version,
        file_bytes: file.bytes,
        log_bytes: file.log_bytes,
        page_bytes: file.page_bytes,
        pages: file.pages,
        free_pages: file.free_pages,
        content: diagnosis.content.as_ref().map(|content| json_content(content, zone)),
        checks: diagnosis.checks.iter().map(|check| json_check(check, &path)).collect(),
        advice: diagnosis
            .advice
            .iter()
            .map(|advice| with_path(&path, &advice.to_string()))
            .collect(),
        journals: diagnosis.waiting.segments.iter().map(json_segment).collect(),
        set_aside: json_set_aside(&diagnosis.set_aside),
        ledger: path,
    };
    // Texts and integers always serialise.
    escape_hidden(&serde_json::to_string(&whole).unwrap_or_default()) + "\n"
}

fn json_content(content: &Content, zone: Tz) -> JsonContent<'_> {
    let at = |timestamp: Option<Timestamp>| timestamp.map(|at| amounts::instant(at, zone));
    let dimensions = content.dimensions.iter().map(|dimension| {
        let top = dimension.top.iter();
        let top = top.map(|(name, records)| JsonCount { name, records: *records }).collect();
        JsonDimension { name: dimension.name, distinct: dimension.distinct, top }
    });
    let imports = content.imports.iter().map(|import| JsonImport {
        source: &import.source,
        imported: import.imported,
        already_there: import.already_there,
        refused: import.refused,
    });
    JsonContent {
        records: content.records,
        oldest: at(content.oldest),
        newest: at(content.newest),
        label_sets: content.label_sets,
        unused_label_sets: content.unused_label_sets,
        folded_label_sets: content.folded_label_sets,
        dimensions: dimensions.collect(),
        imports: imports.collect(),
    }
}

fn json_segment(segment: &WaitingSegment) -> JsonSegment<'_> {
    JsonSegment {
        path: segment.path.display().to_string(),
        state: match segment.state {
            SegmentState::Live => "running",
            SegmentState::Abandoned => "stopped",
            SegmentState::Foreign => "foreign",
            SegmentState::Newer => "newer",
            SegmentState::Inaccessible => "inaccessible",
            _ => "unreadable",
        },
        records: segment.records,
        bytes: segment.bytes,
        damage: &segment.damage,
    }
}

fn json_set_aside(set_aside: &SetAside) -> JsonSetAside<'_> {
    let reasons = set_aside.reasons.iter().map(|reason| JsonReason {
        kind: match reason.kind {
            Kind::Journal => "journal",
            _ => "record",
        },
        reason: &reason.reason,
        count: reason.count,
        first: &reason.first,
    });
    JsonSetAside {
        records: set_aside.records,
        pieces: set_aside.pieces,
        lost: set_aside.lost,
        reasons: reasons.collect(),
        more: set_aside.more,
        unknown: set_aside.unknown,
        quarantined: set_aside.quarantined,
        overflow: set_aside.overflow,
    }
}

fn json_check<'a>(check: &'a Check, path: &str) -> JsonCheck<'a> {
    let findings = check.findings.iter().map(|finding| JsonFinding {
        place: finding.place.to_string(),
        record_id: match finding.place {
            Place::Record { id, .. } => Some(id),
            _ => None,
        },
        what: &finding.what,
        remedy: with_path(path, &finding.remedy.to_string()),
    });
    JsonCheck {
        name: check.name,
        result: match (check.is_done, check.wrong()) {
            (false, _) => "not done",
            (true, 0) => "ok",
            (true, _) => "wrong",
        },
        wrong: check.wrong(),
        findings: findings.collect(),
    }
}
