//! The libraries' advice, in words and with the commands that a person can type.

use usage_core::Hint;
use usage_core::period::accepted_forms;
use usage_core::sink::RefusalReason;

/// Returns what to print; nothing for advice that this version does not know.
pub(crate) fn words(hint: Hint) -> Option<String> {
    let words = match hint {
        Hint::CreateLedger => "`usage record FILE` makes one; --db or USAGE_DB names another",
        Hint::NameLedger => "--db or USAGE_DB names a ledger",
        Hint::NameAnotherLedger => "--db or USAGE_DB names another file",
        Hint::NameNewFile => "name another one: no file is ever replaced",
        Hint::NameSource => "PATH names another",
        Hint::UpdateProgram => "update this program",
        Hint::Migrate => {
            "`usage migrate LEDGER` does so, after a copy; --dry-run says what it takes"
        }
        Hint::FreeSpace => "free some space and run the same command again",
        Hint::FreeSpaceOrSkipCopy => "free some space, or `usage migrate --in-place` makes no copy",
        Hint::RemoveHardLinks => {
            "remove the others, which `find FOLDER -samefile LEDGER` lists; a symbolic link does no \
             harm"
        }
        Hint::AwaitOther => "try again when the other process is done",
        Hint::StopOthers => "stop it and run the same command again",
        Hint::MoveLogAway => {
            "move LEDGER-wal and LEDGER-shm to the file that they belong to, or away: nothing was \
             changed"
        }
        Hint::Retry => "try again",
        Hint::Reopen => "the same command works on the file that is there now",
        Hint::CheckClock => "check the clock and the instant; --force carries it out all the same",
        Hint::MoveRangeEnds => {
            "name one of these, or a zone whose days begin on a quarter of an hour"
        }
        Hint::AskForTotals => "ask for a later period, or without these names: totals are complete",
        Hint::AskWithoutTag => {
            "ask for a later period, or without this tag; `usage tags` says from when on reports know a key"
        }
        Hint::UseLongerUnit => "group by a longer unit, such as month, or name a shorter period",
        Hint::UsePeriodForm => {
            return Some(format!("a period is one of: {}", accepted_forms()));
        }
        Hint::SetCycleDay => "`usage config set cycle-day 15` says so, with the day of your bill",
        Hint::RestoreLedger => {
            "`usage restore COPY` puts a backup back, `usage salvage LEDGER NEW` takes out what can \
             be read"
        }
        Hint::RebuildRollups => "`usage doctor --rebuild` remakes them",
        Hint::CheckRecords => "`usage doctor --full` says more",
        Hint::RecoverSource => "try `sqlite3 DATABASE .recover` on a copy",
        Hint::CheckPermissions => {
            "`ls -la FOLDER` says whose files these are; the ledger, its folder and what lies beside it \
             belong to one user, or to a group that may write"
        }
        Hint::UseLocalFileSystem => {
            "a ledger has to lie on a local file system: those of networks and of some containers lack locks or \
             shared memory"
        }
        Hint::AllowMoreFiles => "`ulimit -n` says how many files a program may have open",
        Hint::ShortenPath => "name a shorter path: `-wal` and other endings are added to it",
        Hint::CopyElsewhere => {
            "copy it, with what lies beside it, to where it can be written, and read it there"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

/// Returns what a complaint about a record ends with: where to look for it, if it is kept.
pub(crate) const fn where_kept(reason: RefusalReason) -> &'static str {
    if reason.is_quarantined() { ", see `usage doctor`" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each has words, and the page of errors has these.
    #[test]
    fn every_hint_is_in_the_reference() {
        const REFERENCE: &str = include_str!("../../../docs/reference/errors.md");
        for hint in Hint::ALL {
            let words = words(hint).unwrap_or_else(|| panic!("{hint:?} has no words"));
            let words = words.strip_suffix(&accepted_forms()).unwrap_or(&words);
            assert!(REFERENCE.contains(words), "{hint:?} is not in the reference: {words}");
        }
    }
}
