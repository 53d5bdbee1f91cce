use std::collections::BTreeSet;
use std::io::ErrorKind::PermissionDenied;

use rusqlite::ffi;
use usage_core::error::{causes, chain};
use usage_core::pricing::BookError;
use usage_core::{ErrorKind, Hint};

use super::*;

fn of_sqlite(code: i32) -> StoreError {
    let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
    StoreError::sqlite("read the ledger", Path::new("/x"), source)
}

/// One of each variant.
fn all() -> Vec<StoreError> {
    let path = || PathBuf::from("/x");
    let at = Timestamp::from_micros(0);
    let denied = || PermissionDenied.into();
    vec![
        StoreError::NotFound { path: path() },
        StoreError::OthersHome { path: path() },
        StoreError::NotALedger { path: path(), what: "a text" },
        StoreError::NewerVersion { path: path(), found: 99 },
        StoreError::OlderVersion { path: path(), found: 1 },
        StoreError::NoSpace { path: path(), needed: 2, free: 1 },
        StoreError::Linked { path: path(), links: 2 },
        StoreError::Find { path: path(), source: denied() },
        StoreError::Exists { path: path() },
        StoreError::Create { path: path(), source: denied() },
        StoreError::NoDataFolder { reason: "no home".to_owned() },
        StoreError::OldSqlite { version: 3_051_002 },
        of_sqlite(ffi::SQLITE_BUSY),
        of_sqlite(ffi::SQLITE_CORRUPT),
        of_sqlite(ffi::SQLITE_IOERR),
        StoreError::ReadersBusy { path: path() },
        StoreError::Stopped { path: path() },
        StoreError::sqlite("read the ledger", Path::new("/x"), RollupError::Torn.into()),
        StoreError::sqlite("read the ledger", Path::new("/x"), Damaged::names(1).into()),
        StoreError::VersionChanged { path: path(), found: 99 },
        StoreError::RowsGone { edge: at, nearest: [at, at] },
        StoreError::NamesFolded { names: 2, before: at },
        StoreError::NotAnAge,
        StoreError::NotABook { source: BookError::new(3, "not a price") },
        StoreError::WithoutPricing { path: path() },
        StoreError::UnreadableBooks { path: path() },
        StoreError::RollupsBeforeRows { rows: "30d".to_owned(), rollups: "8d".to_owned() },
        StoreError::SessionsBeforeRows { rows: "30d".to_owned(), sessions: "8d".to_owned() },
        StoreError::NothingKept,
        StoreError::Doubtful { doubt: Doubt::NowBehind { now: at, latest: at } },
        StoreError::Unfinished {
            records: 1,
            rollups: 0,
            requests: 0,
            source: Box::new(of_sqlite(ffi::SQLITE_FULL)),
        },
        StoreError::Replaced { path: path(), what: "was deleted" },
        StoreError::Sync { path: path(), source: denied() },
        StoreError::Journal { doing: "look into", folder: path(), source: "a lock".into() },
    ]
}

#[test]
fn no_message_holds_the_text_of_its_cause() {
    for error in all() {
        let general = usage_core::Error::from(error);
        let texts: Vec<_> = causes(&general).map(ToString::to_string).collect();
        for pair in texts.windows(2) {
            assert!(!pair[0].contains(&pair[1]), "{texts:?}");
        }
        assert!(texts.iter().all(|text| !text.is_empty() && !text.contains('\n')), "{texts:?}");
        let text = chain(&general);
        assert!(!text.contains("usage ") || text.contains("usage ledger"), "no command: {text}");
        assert!(!text.contains('`') && !text.contains("--"), "no command: {text}");
    }
}

#[test]
fn what_went_wrong_and_why_are_one_line() {
    let locked = chain(&of_sqlite(ffi::SQLITE_BUSY));
    assert_eq!(locked, "cannot read the ledger /x: it is locked by another process");
    let source = Box::new(of_sqlite(ffi::SQLITE_FULL));
    let error = StoreError::Unfinished { records: 1, rollups: 0, requests: 0, source };
    assert_eq!((error.kind(), error.hint()), (ErrorKind::Full, Some(Hint::FreeSpace)));
    let torn = StoreError::sqlite("read the ledger", Path::new("/x"), RollupError::Torn.into());
    let text = "the ledger /x is damaged: sums that do not belong together (ledger/sums-torn)";
    assert_eq!(chain(&torn), text);
    assert_eq!(
        (torn.damage(), torn.hint()),
        (Some(DamageCode::RollupsTorn), Some(Hint::RebuildRollups))
    );
}

/// Who asks for the kind alone must know that all damage is damage, and nothing else is.
#[test]
fn damage_is_what_is_corrupt() {
    for error in all() {
        assert_eq!(error.is_damage(), error.kind() == ErrorKind::Corrupt, "{error:?}");
        assert_eq!(error.damage().is_some(), error.is_damage());
    }
    let codes: BTreeSet<_> = DamageCode::ALL.into_iter().map(DamageCode::as_str).collect();
    assert_eq!(codes.len(), DamageCode::ALL.len());
    assert!(codes.iter().all(|code| code.starts_with("ledger/")));
}
