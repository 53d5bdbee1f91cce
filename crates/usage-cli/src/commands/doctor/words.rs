//! The remedies for a ledger, in this command's words: the library finds them, and knows no command.

use chrono::SecondsFormat;
use usage_core::Timestamp;
use usage_core::format::{format_count, printable};
use usage_store::SCHEMA_VERSION;
use usage_store::doctor::{Advice, Remedy};

/// Puts what the doctor says of a ledger into words, each on one line.
pub(super) struct Words {
    /// The path of the ledger, quoted for a shell where it has to be.
    ledger: String,
}

impl Words {
    pub(super) fn of(path: &str) -> Self {
        let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
        let ledger = if path.chars().all(is_plain) {
            path.to_owned()
        } else {
            format!("'{}'", path.replace('\'', r"'\''"))
        };
        Self { ledger }
    }

    /// Says what to do about something that is wrong.
    pub(super) fn remedy(&self, remedy: &Remedy) -> String {
        let ledger = &self.ledger;
        let text = match remedy {
            Remedy::Restore => {
                format!(
                    "`usage restore COPY` puts a backup back, `usage salvage {ledger} NEW` takes \
                     out what can be read"
                )
            }
            Remedy::Reindex => format!("on a copy, try `sqlite3 {ledger} REINDEX`"),
            Remedy::MakeAgain(sql) => format!("`sqlite3 {ledger} \"{sql}\"`"),
            Remedy::RemoveRecord { id, timestamp } => format!(
                "restore a backup, or remove it: `sqlite3 {ledger} \"DELETE FROM records WHERE ts = \
                 {} AND id = {id}\"`, then `usage doctor --rebuild`",
                timestamp.as_micros()
            ),
            Remedy::Rebuild => "`usage doctor --rebuild` remakes them".to_owned(),
            Remedy::SetNextRecordId(id) => {
                format!("`sqlite3 {ledger} \"UPDATE ledger SET next_record_id = {id}\"`")
            }
            Remedy::ForgetImport => format!(
                "`sqlite3 {ledger} \"DELETE FROM sources WHERE name GLOB 'ccrouter:*'\"`, then import \
                 again"
            ),
            Remedy::PutBookAgain => {
                "put your own in again: `usage prices --set FILE`; the next program that stores a record \
                 puts in a shipped one"
                    .to_owned()
            }
            Remedy::PriceAgain => "`usage doctor --rebuild` makes such records ones that are not priced yet, \
                                   and `usage reprice --missing` prices them again"
                .to_owned(),
            Remedy::Update => "update this program".to_owned(),
            Remedy::MoveAway => "move it elsewhere".to_owned(),
        };
        printable(&text).into_owned()
    }

    /// Says what could be better.
    pub(super) fn advice(&self, advice: &Advice) -> String {
        let ledger = &self.ledger;
        let text = match advice {
            Advice::OlderVersion(version) => format!(
                "the schema is of version {version}; `usage migrate {ledger}` makes it \
                 {SCHEMA_VERSION}, after a copy"
            ),
            Advice::NotShrinkable => format!(
                "free pages cannot be given back until, with nobody using the ledger, `sqlite3 \
                 {ledger} \"PRAGMA auto_vacuum = INCREMENTAL; VACUUM\"` has made it anew"
            ),
            Advice::FreeSpace(bytes) => format!("`usage vacuum` gives {bytes} bytes back"),
            Advice::LargeLog(bytes) => format!(
                "the write-ahead log has {bytes} bytes: some program has been in the middle of \
                 reading for long"
            ),
            Advice::FailingCheckpoint(why) => format!(
                "the write-ahead log cannot be brought into the ledger's file, so it grows: {why}. \
                 Nothing is lost as long as it can grow; make room, or move both to a sound disk"
            ),
            Advice::Forgetting => {
                "a name was not forgotten to the end, and may be in the file's bytes: \
                 `usage forget --resume` goes on"
                    .to_owned()
            }
            Advice::JournalElsewhere { folder, ledger: was } => format!(
                "{} holds a journal of this ledger from when it was {}; if it was moved here, and this \
                 is no copy, move the files of that folder to {ledger}.journal",
                folder.display(),
                was.display()
            ),
            Advice::Backlog(1) => {
                "1 record waits in a journal; `usage vacuum` stores it".to_owned()
            }
            Advice::Backlog(records) => {
                format!("{records} records wait in a journal; `usage vacuum` stores them")
            }
            Advice::HorizonAhead(from) => format!(
                "records older than {} are refused, and that is still to come: a clock was wrong, and \
                 `usage retain --reset-horizon` takes it back",
                utc(*from)
            ),
            Advice::Quarantined(records) => format!(
                "{} quarantined, being older than the ledger takes (`usage retain` says from when): \
                 `usage doctor --retry-quarantine` tries them again, where that was wrong after `usage \
                 retain --reset-horizon`; `usage delete --quarantine` forgets them",
                are(*records)
            ),
            Advice::QuarantineOverflow(records) => format!(
                "{} lost, being older than the ledger takes when the quarantine was full; `usage delete \
                 --quarantine` empties it",
                are(*records)
            ),
            Advice::FarAhead { records, first, last } => format!(
                "{} still to come: if a clock was wrong, {}",
                are(*records),
                removal(*first, *last)
            ),
            Advice::FarBehind { records, first, last } => format!(
                "{} from before the year 2000: if a clock was wrong, {}",
                are(*records),
                removal(*first, *last)
            ),
        };
        printable(&text).into_owned()
    }
}

fn are(records: u64) -> String {
    format!("{} {}", format_count(records), if records == 1 { "record is" } else { "records are" })
}

/// Returns the words on how the records from one to another are removed.
fn removal(first: Timestamp, last: Timestamp) -> String {
    let end = Timestamp::from_micros(last.as_micros().saturating_add(1));
    format!("`usage delete --from {} --to {} --dry-run` shows what would go", utc(first), utc(end))
}

/// An instant in UTC, or as a number where no calendar has it.
fn utc(instant: Timestamp) -> String {
    let micros = instant.as_micros();
    instant.to_utc().map_or_else(
        || format!("{micros} us"),
        |at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path stands where it is meant, and nowhere else.
    #[test]
    fn a_path_is_quoted_for_a_shell() {
        let restore = |path: &str| Words::of(path).remedy(&Remedy::Restore);
        let expected = "`usage restore COPY` puts a backup back, `usage salvage /a/b.db NEW` takes out \
                        what can be read";
        assert_eq!(restore("/a/b.db"), expected);
        assert!(restore("/a b/it's.db").contains(r"`usage salvage '/a b/it'\''s.db' NEW`"));
        let (folder, ledger) = ("/LEDGER/j".into(), "/old.db".into());
        let advice = Words::of("/new.db").advice(&Advice::JournalElsewhere { folder, ledger });
        assert!(advice.starts_with("/LEDGER/j holds a journal"), "{advice}");
        assert!(advice.ends_with("move the files of that folder to /new.db.journal"), "{advice}");
    }
}
