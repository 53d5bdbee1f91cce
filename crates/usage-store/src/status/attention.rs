//! What needs a look: rules over a status.

use serde::Serialize;

use super::{Status, StatusLimits};
use crate::retention::Age;
use usage_core::Timestamp;

/// Something that needs a look. Serialises as its code, which stays the same from version to version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Attention {
    /// Records wait in journals of stopped programs: the next program that writes stores them.
    Backlog,
    /// Files of journals cannot be read, or not be looked into.
    Journals,
    /// The write-ahead log cannot be brought into the file.
    Checkpoint,
    /// The write-ahead log is large: somebody has been reading for long.
    LargeLog,
    /// The disk is nearly full.
    DiskSpace,
    /// Records are refused up to an instant that is still to come.
    HorizonAhead,
    /// There are records of a time that is still to come.
    FarAhead,
    /// Records were refused and kept, or found no room there.
    Quarantine,
    /// No copy is as new as it has to be.
    Backup,
    /// No record is as new as it has to be.
    Silence,
    /// Forgetting was stopped before the file was wiped.
    Forgetting,
}

impl Attention {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Backlog,
        Self::Journals,
        Self::Checkpoint,
        Self::LargeLog,
        Self::DiskSpace,
        Self::HorizonAhead,
        Self::FarAhead,
        Self::Quarantine,
        Self::Backup,
        Self::Silence,
        Self::Forgetting,
    ];

    /// Returns the code, such as `horizon-ahead`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Journals => "journals",
            Self::Checkpoint => "checkpoint",
            Self::LargeLog => "large-log",
            Self::DiskSpace => "disk-space",
            Self::HorizonAhead => "horizon-ahead",
            Self::FarAhead => "far-ahead",
            Self::Quarantine => "quarantine",
            Self::Backup => "backup",
            Self::Silence => "silence",
            Self::Forgetting => "forgetting",
        }
    }
}

/// A log is recycled at about four megabytes where nobody is in the middle of reading.
const LARGE_LOG: u64 = 64 << 20;
/// Less is soon used up.
const LITTLE_SPACE: u64 = 100 << 20;

pub(super) fn of(status: &Status, limits: &StatusLimits) -> Vec<Attention> {
    let is_so = |attention| match attention {
        Attention::Backlog => status.backlog.of_stopped > 0,
        Attention::Journals => {
            status.backlog.unreadable + status.backlog.inaccessible + status.backlog.newer > 0
        }
        Attention::Checkpoint => status.failing_checkpoint.is_some(),
        Attention::LargeLog => status.size.log_bytes > LARGE_LOG,
        Attention::DiskSpace => status.size.disk_free_bytes.is_some_and(|free| free < LITTLE_SPACE),
        Attention::HorizonAhead => status.retention.records_from > Some(limits.now),
        Attention::FarAhead => status.content.far_ahead.is_some(),
        Attention::Quarantine => status.quarantine.records + status.quarantine.overflow > 0,
        Attention::Backup => is_older(
            limits.backup_within,
            limits.now,
            status.last_backup.as_ref().map(|last| last.at),
        ),
        Attention::Silence => is_older(limits.record_within, limits.now, status.content.newest),
        Attention::Forgetting => status.is_forgetting,
    };
    Attention::ALL.into_iter().filter(|attention| is_so(*attention)).collect()
}

/// Returns whether something is missing or older than it may be.
fn is_older(within: Option<Age>, now: Timestamp, at: Option<Timestamp>) -> bool {
    let Some(oldest) = within.and_then(|age| age.before(now)) else { return false };
    at.is_none_or(|at| at < oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_what_serialises() {
        for attention in Attention::ALL {
            let json = serde_json::to_string(&attention).unwrap();
            assert_eq!(json, format!("\"{}\"", attention.as_str()));
        }
    }
}
