//! The things that are not among the ledger's records: what waits in journals, and the quarantine.

use usage_core::format::{display_width, format_count, printable};
use usage_store::doctor::{Kind, QuarantineContents, Reason};
use usage_store::{JournalBacklog, JournalSegment, SegmentState};

use super::text::row;
use crate::amounts;

/// The states of a journal's files, as a person calls them, and whether the files are named.
const STATES: [(SegmentState, &str, bool); 6] = [
    (SegmentState::Abandoned, "of stopped", false),
    (SegmentState::Live, "of running", false),
    (SegmentState::Foreign, "of others", true),
    (SegmentState::Newer, "newer", true),
    (SegmentState::Unreadable, "unreadable", false),
    (SegmentState::Inaccessible, "not opened", true),
];

/// The number of files, or of damaged pieces, that are named.
const NAMED: usize = 20;

/// Nothing where there are none.
pub(super) fn journals(backlog: &JournalBacklog) -> Vec<String> {
    if backlog.segments.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "Journals".to_owned()];
    for (state, name, is_named) in STATES {
        let segments: Vec<_> = backlog.of(state).collect();
        if segments.is_empty() {
            continue;
        }
        lines.push(row(name, &summary(state, &segments)));
        if state == SegmentState::Inaccessible {
            let why = segments.iter().map(|segment| {
                format!("{}: {}", segment.path.display(), segment.damage.join(", "))
            });
            lines.extend(named(&why.collect::<Vec<_>>()));
            continue;
        }
        if is_named {
            let paths = segments.iter().map(|segment| segment.path.display().to_string());
            lines.extend(named(&paths.collect::<Vec<_>>()));
        }
        let damage: Vec<_> =
            segments.iter().flat_map(|segment| segment.damage.iter().cloned()).collect();
        if !damage.is_empty() {
            lines.push(row("damaged", &counted(damage.len() as u64, "piece", "pieces")));
            lines.extend(named(&damage));
        }
    }
    lines
}

fn summary(state: SegmentState, segments: &[&JournalSegment]) -> String {
    let bytes = segments.iter().map(|segment| segment.bytes).sum();
    let files = counted(segments.len() as u64, "file", "files");
    let size = format!("{files}, {}", amounts::bytes(bytes));
    match state {
        SegmentState::Abandoned | SegmentState::Live => {
            let records = segments.iter().map(|segment| segment.records).sum();
            format!("{} in {size}", amounts::records(records))
        }
        SegmentState::Newer => format!("{size}, written by a newer program and left alone"),
        _ => size,
    }
}

fn named(texts: &[String]) -> Vec<String> {
    let more = texts.len().saturating_sub(NAMED);
    let mut lines: Vec<_> =
        texts.iter().take(NAMED).map(|text| format!("    {}", printable(text))).collect();
    if more > 0 {
        lines.push(format!("    and {} more", format_count(more as u64)));
    }
    lines
}

/// Nothing where there is none.
pub(super) fn quarantine(quarantine: &QuarantineContents, width: Option<usize>) -> Vec<String> {
    if quarantine.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "Set aside".to_owned()];
    if quarantine.records > 0 {
        lines.push(row("records", &format_count(quarantine.records)));
    }
    if quarantine.overflow > 0 {
        lines.push(row("without room", &format!("{} lost", amounts::records(quarantine.overflow))));
    }
    if quarantine.pieces > 0 {
        let pieces = counted(quarantine.pieces, "piece", "pieces");
        let lost = match (quarantine.lost, quarantine.unknown) {
            (0, 1..) => "an unknown number of records".to_owned(),
            (lost, 0) => amounts::records(lost),
            (lost, _) => format!("at least {}", amounts::records(lost)),
        };
        lines.push(row("of journals", &format!("{pieces}, {lost} lost")));
    }
    for reason in &quarantine.reasons {
        lines.push(format!("  {}", headed(reason)));
        let first = reason.first.iter().map(|text| cut(&format!("    {}", printable(text)), width));
        lines.extend(first);
        let more = reason.count.saturating_sub(reason.first.len() as u64);
        if more > 0 {
            lines.push(format!("    and {} more", format_count(more)));
        }
    }
    if quarantine.more > 0 {
        let reasons = counted(quarantine.more, "other reason", "other reasons");
        lines.push(format!("  and more, for {reasons}"));
    }
    lines
}

fn headed(reason: &Reason) -> String {
    let count = match reason.kind {
        Kind::Journal => counted(reason.count, "piece", "pieces"),
        _ => amounts::records(reason.count),
    };
    format!("{count}: {}", printable(&reason.reason))
}

/// As much of a line as fits.
fn cut(line: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| display_width(line) > *width) else {
        return line.to_owned();
    };
    let mut short = String::new();
    for c in line.chars() {
        short.push(c);
        if display_width(&short) >= width {
            short.pop();
            break;
        }
    }
    short + "…"
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", format_count(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_it_is_too_wide() {
        assert_eq!(cut("abcdef", None), "abcdef");
        assert_eq!(cut("abcdef", Some(6)), "abcdef");
        assert_eq!(cut("abcdef", Some(5)), "abcd…");
        // Wide characters take two columns.
        assert_eq!(cut("模模模", Some(5)), "模模…");
        assert_eq!(cut("模模模", Some(4)), "模…");
    }
}
