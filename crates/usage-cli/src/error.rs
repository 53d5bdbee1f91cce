//! A failure as a person is told of it: what and why, perhaps what to do, and the exit code.
//!
//! `docs/reference/errors.md` has a line for each, with its message and its hint; the stories bring them about,
//! and hold every error that any of them meets against that page.

use std::error::Error;
use std::fmt::Display;

use usage_core::Hint;
use usage_core::error::{causes, chain};
use usage_core::period::PeriodError;
use usage_core::stats::GroupingError;
use usage_import::ImportError;
use usage_store::StoreError;

use crate::amounts;
use crate::exit_codes::ExitClass;
use crate::hints;

/// Why a command did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CliError {
    class: ExitClass,
    /// One line; empty where it was told already.
    pub(crate) message: String,
    /// The advice on what could be done about it.
    pub(crate) hint: Option<String>,
}

impl CliError {
    pub(crate) fn new(class: ExitClass, message: impl Display) -> Self {
        Self { class, message: message.to_string(), hint: None }
    }

    /// The command line asks for something that cannot be done, and nothing was.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(ExitClass::Usage, message)
    }

    pub(crate) fn failed(message: impl Display) -> Self {
        Self::new(ExitClass::Failed, message)
    }

    /// Of the wrong use of the command line, that was told already.
    pub(crate) const fn told() -> Self {
        Self { class: ExitClass::Usage, message: String::new(), hint: None }
    }

    /// Tells of an error of a library's, with its causes.
    fn of(class: ExitClass, error: &(dyn Error + 'static), hint: Option<Hint>) -> Self {
        debug_assert!(!tells_twice(error), "the text of a cause is told twice: {}", chain(error));
        Self { hint: hint.and_then(hints::words), ..Self::new(class, chain(error)) }
    }

    /// Returns it with another hint.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Returns what the process exits with.
    pub(crate) const fn code(&self) -> u8 {
        self.class.code()
    }
}

/// Returns whether the text of an error holds that of its cause.
fn tells_twice(error: &(dyn Error + 'static)) -> bool {
    let texts: Vec<_> = causes(error).map(ToString::to_string).collect();
    texts.windows(2).any(|pair| pair[0].contains(&pair[1]))
}

impl From<PeriodError> for CliError {
    fn from(error: PeriodError) -> Self {
        Self::of(ExitClass::Usage, &error, Some(error.hint()))
    }
}

impl From<GroupingError> for CliError {
    fn from(error: GroupingError) -> Self {
        Self::of(ExitClass::Usage, &error, None)
    }
}

/// For what an engine says: a ledger, or another one.
impl From<usage_core::Error> for CliError {
    fn from(error: usage_core::Error) -> Self {
        Self::of(error.kind().into(), &error, error.hint())
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let class = error.kind().into();
        match error {
            // As every command tells amounts.
            StoreError::NoSpace { ref path, needed, free } => Self {
                message: format!(
                    "to migrate the ledger {} takes up to {}, its disk has {}",
                    path.display(),
                    amounts::bytes(needed),
                    amounts::bytes(free),
                ),
                ..Self::of(class, &error, error.hint())
            },
            // Which part was deleted is told before.
            StoreError::Unfinished { source, .. } => (*source).into(),
            error => Self::of(class, &error, error.hint()),
        }
    }
}

/// Damage to what is imported is none to the ledger.
impl From<ImportError> for CliError {
    fn from(error: ImportError) -> Self {
        let class = match &error {
            ImportError::Ledger(_) => error.kind().into(),
            _ => ExitClass::Failed,
        };
        Self::of(class, &error, error.hint())
    }
}

#[cfg(test)]
mod tests {
    use usage_core::ErrorKind;
    use usage_core::sink::DamageReason;
    use usage_store::DamageCode;

    use super::*;

    /// Checks that what another engine than a ledger says keeps its words, its hint and its class.
    #[test]
    fn what_an_engine_says_keeps_its_kind() {
        for (kind, class) in [
            (ErrorKind::Busy, ExitClass::Failed),
            (ErrorKind::Io, ExitClass::Failed),
            (ErrorKind::Corrupt, ExitClass::Damaged),
            (ErrorKind::Replaced, ExitClass::Failed),
            (ErrorKind::Invalid, ExitClass::Usage),
            (ErrorKind::NotKept, ExitClass::Failed),
            (ErrorKind::Cancelled, ExitClass::Failed),
            (ErrorKind::Other, ExitClass::Failed),
        ] {
            let error = usage_core::Error::new(kind, "a server says so").with_hint(Hint::Retry);
            let error = CliError::from(error);
            assert_eq!((error.class, error.message.as_str()), (class, "a server says so"));
            assert_eq!(error.hint.as_deref(), Some("try again"));
        }
    }

    /// Those that no story can bring about: the command brings its own SQLite, and uses one
    /// reading connection at a time.
    #[test]
    fn what_no_story_can_bring_about_is_told_as_the_reference_says() {
        let io = || std::io::Error::other("the disk is gone");
        let (path, what) = (|| "/x".into(), "was deleted or moved away");
        for (error, message, hint) in [
            (
                StoreError::OldSqlite { version: 3_051_002 }.into(),
                "SQLite 3.51.2 is linked, at least 3.51.3 is needed: older ones can corrupt a ledger",
                None,
            ),
            (
                StoreError::ReadersBusy { path: path() }.into(),
                "cannot read the ledger /x: all reading connections stayed busy",
                Some("try again when the other process is done"),
            ),
            (
                StoreError::Sync { path: path(), source: io() }.into(),
                "cannot sync /x: the disk is gone",
                None,
            ),
            (
                StoreError::Replaced { path: path(), what }.into(),
                "the ledger /x was deleted or moved away while it was open: nothing more is stored \
                 until it is opened again",
                Some("the same command works on the file that is there now"),
            ),
            (
                ImportError::Unsettled { path: path() }.into(),
                "/x was opened or closed by another program each time it was read",
                Some("try again"),
            ),
        ] {
            let error: CliError = error;
            assert_eq!((error.message.as_str(), error.hint.as_deref()), (message, hint));
            assert_eq!(error.class, ExitClass::Failed);
        }
    }

    #[test]
    fn damage_has_a_code_a_hint_and_its_own_exit_code() {
        for (code, hint) in [
            (DamageCode::RollupsNewer, "update this program"),
            (DamageCode::PricesNewer, "update this program"),
            (DamageCode::Prices, "`usage doctor --full` says more"),
            (DamageCode::RollupsTorn, "`usage doctor --rebuild` remakes them"),
        ] {
            let (path, what) = ("/x".into(), "sums".to_owned());
            let error = CliError::from(StoreError::Damaged { path, code, what });
            assert_eq!(error.message, format!("the ledger /x is damaged: sums ({code})"));
            assert_eq!((error.class, error.hint.as_deref()), (ExitClass::Damaged, Some(hint)));
        }
    }

    /// Each code has a line in the reference.
    #[test]
    fn every_code_is_in_the_reference() {
        const REFERENCE: &str = include_str!("../../../docs/reference/errors.md");
        let of_ledgers = DamageCode::ALL.into_iter().map(DamageCode::as_str);
        for code in of_ledgers.chain(DamageReason::ALL.into_iter().map(DamageReason::code)) {
            assert!(REFERENCE.contains(&format!("| `{code}` |")), "{code}");
        }
    }

    #[test]
    fn what_a_deletion_failed_with_is_told_without_saying_twice_what_it_has_done() {
        let source = Box::new(StoreError::ReadersBusy { path: "/x".into() });
        let error = StoreError::Unfinished { records: 1, rollups: 0, requests: 0, source };
        let of_source = StoreError::ReadersBusy { path: "/x".into() };
        assert_eq!(CliError::from(error), CliError::from(of_source));
    }
}
