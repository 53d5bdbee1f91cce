//! The ledger's tables: the only place, with the statements of this crate and the steps from earlier versions, that
//! knows their names.
//!
//! `docs/reference/schema.md` describes them for people with the `sqlite3` shell.

pub(crate) use crate::error::SCHEMA_VERSION;
pub(crate) use crate::ledger::view::views;

/// `PRAGMA application_id` of a ledger: "USGL". Tells a ledger from any other SQLite database.
pub const APPLICATION_ID: i32 = 0x5553_474C;

/// A new ledger, but for the view for people: what the steps from earlier versions come to in an empty database, at
/// once. A test holds the two against each other, to the last word of each statement: quotes and commas stand where
/// SQLite puts them when a table is altered.
pub(crate) const NEWEST: &str = "
CREATE TABLE ledger (
    only_row         INTEGER PRIMARY KEY CHECK (only_row = 1),
    ledger_id        BLOB NOT NULL,
    next_record_id   INTEGER NOT NULL,
    label_generation INTEGER NOT NULL
    , epoch BLOB, rollups BLOB, event_id_key BLOB) STRICT;
INSERT INTO ledger VALUES (1, randomblob(16), 1, 1, randomblob(16), NULL, randomblob(16));

CREATE TABLE records (
    ts           INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    label_set    INTEGER NOT NULL,
    input        INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    cache_read   INTEGER NOT NULL,
    cache_write  INTEGER NOT NULL,
    unclassified INTEGER NOT NULL,
    reasoning    INTEGER NOT NULL,
    fallbacks    INTEGER NOT NULL,
    event_id     TEXT,
    session      INTEGER,
    more         BLOB,
    PRIMARY KEY (ts, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_ids (
    hash   INTEGER NOT NULL,
    record INTEGER NOT NULL,
    ts     INTEGER NOT NULL,
    PRIMARY KEY (hash, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE tellings (
    ts      INTEGER NOT NULL,
    record  INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (ts, record, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE amendments (
    ts  INTEGER NOT NULL,
    id  INTEGER NOT NULL,
    was INTEGER NOT NULL,
    PRIMARY KEY (ts, id, was)
) STRICT, WITHOUT ROWID;

CREATE TABLE \"label_sets\" (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    instance_id TEXT NOT NULL,
    profile     TEXT NOT NULL,
    provider    TEXT NOT NULL,
    route       TEXT NOT NULL,
    model       TEXT NOT NULL,
    tier        TEXT NOT NULL,
    project     TEXT NOT NULL,
    user        TEXT NOT NULL,
    tags        TEXT NOT NULL,
    checksum    INTEGER,
    UNIQUE (instance_id, profile, provider, route, model, tier, project, user, tags)
) STRICT;
INSERT INTO sqlite_sequence VALUES ('label_sets', 0);

CREATE TABLE sessions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    instance_id TEXT NOT NULL,
    session_id  TEXT NOT NULL,
    checksum    INTEGER NOT NULL,
    first       INTEGER,
    last        INTEGER,
    requests    INTEGER NOT NULL DEFAULT 0,
    tokens      INTEGER NOT NULL DEFAULT 0,
    UNIQUE (instance_id, session_id)
) STRICT;
CREATE INDEX sessions_by_last ON sessions (last, first, tokens);

CREATE TABLE session_sums (
    session INTEGER NOT NULL,
    day     INTEGER NOT NULL,
    cells   BLOB NOT NULL,
    PRIMARY KEY (session, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag_sets (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    tags     TEXT NOT NULL UNIQUE,
    checksum INTEGER NOT NULL
) STRICT;

CREATE TABLE rollups_quarter (number INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;
CREATE TABLE rollups_day     (number INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;
CREATE TABLE rollups_month   (number INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;
CREATE TABLE rollups_all     (number INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;

CREATE TABLE rollup_pieces (
    level  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    first  INTEGER NOT NULL,
    cells  BLOB NOT NULL,
    PRIMARY KEY (level, number, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollups_folded (
    month     INTEGER NOT NULL,
    label_set INTEGER NOT NULL,
    into_set  INTEGER NOT NULL,
    PRIMARY KEY (month, label_set)
) STRICT, WITHOUT ROWID;

CREATE TABLE retention (
    only_row     INTEGER PRIMARY KEY CHECK (only_row = 1),
    records_from INTEGER,
    rows_from    INTEGER,
    rows_age     TEXT,
    sums_age     TEXT
    , ids_from INTEGER, latest_now INTEGER, quarantined INTEGER NOT NULL DEFAULT 0,
    quarantined_bytes INTEGER NOT NULL DEFAULT 0, quarantine_overflow INTEGER NOT NULL DEFAULT 0,
    sessions_from INTEGER, sessions_age TEXT) STRICT;
INSERT INTO retention (only_row) VALUES (1);

CREATE TABLE sources (
    name   TEXT PRIMARY KEY NOT NULL,
    cursor BLOB NOT NULL,
    counts BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journal_folders (
    path   BLOB PRIMARY KEY NOT NULL,
    ledger BLOB NOT NULL
    , file BLOB) STRICT, WITHOUT ROWID;

CREATE TABLE set_aside (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('record', 'journal')),
    content    BLOB NOT NULL,
    reason     TEXT NOT NULL,
    records    INTEGER,
    segment    BLOB,
    generation INTEGER,
    place      INTEGER,
    bytes      INTEGER
) STRICT;
CREATE INDEX quarantined_by_content ON set_aside (content) WHERE reason = 'before horizon';

CREATE TRIGGER quarantine_grows AFTER INSERT ON set_aside
WHEN new.kind = 'record' AND new.reason = 'before horizon'
BEGIN
    UPDATE retention SET quarantined = quarantined + 1,
                         quarantined_bytes = quarantined_bytes + length(new.content);
END;
CREATE TRIGGER quarantine_shrinks AFTER DELETE ON set_aside
WHEN old.kind = 'record' AND old.reason = 'before horizon'
BEGIN
    UPDATE retention SET quarantined = quarantined - 1,
                         quarantined_bytes = quarantined_bytes - length(old.content);
END;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE origins (
    first_id    INTEGER PRIMARY KEY,
    last_id     INTEGER NOT NULL,
    epoch       BLOB NOT NULL,
    first_there INTEGER NOT NULL
) STRICT;

CREATE TABLE books (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT NOT NULL,
    rank     INTEGER NOT NULL,
    version  TEXT NOT NULL,
    date     TEXT NOT NULL,
    content  TEXT,
    checksum INTEGER NOT NULL,
    put_at   INTEGER NOT NULL,
    put_by   TEXT NOT NULL
) STRICT;

CREATE TABLE terms (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    prices   TEXT NOT NULL,
    unknown  TEXT NOT NULL,
    rule     TEXT NOT NULL,
    book     TEXT NOT NULL,
    since    TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    UNIQUE (prices, unknown, rule, book, since)
) STRICT;

CREATE TABLE repricings (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    by              TEXT NOT NULL,
    first           INTEGER,
    until           INTEGER,
    what            TEXT NOT NULL,
    books           TEXT NOT NULL,
    records         INTEGER NOT NULL,
    changed         INTEGER NOT NULL,
    priced_before   INTEGER NOT NULL,
    cost_before_usd TEXT NOT NULL,
    priced_after    INTEGER NOT NULL,
    cost_after_usd  TEXT NOT NULL
) STRICT;
";
