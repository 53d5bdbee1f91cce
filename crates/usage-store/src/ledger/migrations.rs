//! The schemas of earlier versions: the steps from each to the next, up to the one of [`schema`](super::schema).

/// The steps from an empty database to [`SCHEMA_VERSION`], a list of statements for each version. A
/// step that has been released is never changed again.
pub(crate) const MIGRATIONS: &[&[&str]] = &[
    &[V1],
    &[V2],
    &[V3],
    &[V4],
    &[V5, V5_NAMES, V5_SOURCES, V5_ROLLUPS, V5_WITHOUT_ROLLUPS, V5_IDS, V5_RETENTION],
    &[V6],
];

/// Before the first step, so that none can trip over the view.
pub(crate) const DROP_VIEWS: &str = "DROP VIEW IF EXISTS usage_records;";

/// Records lie in the order of time and carry the id of their label set; a count of zero takes
/// no space, nor does a missing event id.
const V1: &str = "
CREATE TABLE ledger (
    only_row         INTEGER PRIMARY KEY CHECK (only_row = 1),
    ledger_id        BLOB NOT NULL,
    next_record_id   INTEGER NOT NULL,
    label_generation INTEGER NOT NULL
) STRICT;
INSERT INTO ledger VALUES (1, randomblob(16), 1, 1);

CREATE TABLE label_sets (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    instance_id TEXT NOT NULL,
    profile     TEXT NOT NULL,
    provider    TEXT NOT NULL,
    route       TEXT NOT NULL,
    model       TEXT NOT NULL,
    UNIQUE (instance_id, profile, provider, route, model)
) STRICT;

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
    PRIMARY KEY (ts, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX records_by_event_id ON records (event_id) WHERE event_id IS NOT NULL;
";

/// The place up to which each origin has been imported: the last row that was looked at, by id and
/// fingerprint, and what became of the rows up to it.
const V2: &str = "
CREATE TABLE imports (
    source        TEXT PRIMARY KEY NOT NULL,
    last_id       INTEGER NOT NULL,
    last_row      INTEGER NOT NULL,
    imported      INTEGER NOT NULL,
    already_there INTEGER NOT NULL,
    refused       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// The place up to which each segment of a journal is stored; where journals were ever kept, other
/// than in the folder beside the ledger; and the quarantine: records that the database itself
/// refuses, and pieces of journals that could not be read.
const V3: &str = "
CREATE TABLE journals (
    segment    BLOB PRIMARY KEY NOT NULL,
    generation INTEGER NOT NULL,
    sequence   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journal_folders (
    path   BLOB PRIMARY KEY NOT NULL,
    ledger BLOB NOT NULL
) STRICT, WITHOUT ROWID;

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
";

/// The rollups of the records of each quarter of an hour, day and month, by label set; and what is
/// kept, since when. The rollups of the records that a ledger has already are made after this step.
const V4: &str = "
CREATE TABLE sums_by_quarter (number INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;
CREATE TABLE sums_by_day     (number INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;
CREATE TABLE sums_by_month   (number INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;
CREATE TABLE sums_of_all     (number INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;

CREATE TABLE retention (
    only_row     INTEGER PRIMARY KEY CHECK (only_row = 1),
    records_from INTEGER,
    rows_from    INTEGER,
    rows_age     TEXT,
    sums_age     TEXT
) STRICT;
INSERT INTO retention (only_row) VALUES (1);
";

/// Room for what comes: columns that stay empty take no space, and tables without rows a page each.
///
/// On a row: its session, and in `more` whatever else there is, packed. (Of a table without row ids that has more than
/// 13 columns SQLite compares keys by a slower way, see `sqlite3VdbeFindCompare`; this one has 13.) In the ledger:
/// the epoch that tells a copy from its original, settings, and where rows came from that another ledger gave (by
/// range of ids). With a folder of journals, which file the ledger was: that tells a ledger that was moved from a
/// copy.
const V5: &str = "
ALTER TABLE records ADD COLUMN session INTEGER;
ALTER TABLE records ADD COLUMN more    BLOB;

ALTER TABLE ledger ADD COLUMN epoch BLOB;
UPDATE ledger SET epoch = randomblob(16);

ALTER TABLE journal_folders ADD COLUMN file BLOB;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
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

CREATE TABLE origins (
    first_id    INTEGER PRIMARY KEY,
    last_id     INTEGER NOT NULL,
    epoch       BLOB NOT NULL,
    first_there INTEGER NOT NULL
) STRICT;
";

/// More names, the declared tags that a label set stands for, and with each a checksum; those that a ledger has
/// already get theirs after this step. A table made anew, since what is unique in one cannot be changed; its ids,
/// those to come included, stay what they are, and so do views of somebody's own that read it. And the dictionaries of
/// sessions and of sets of tags, with what each session comes to by day in UTC: an index over the last instants finds
/// those of a period, and has what they are ordered by.
const V5_NAMES: &str = "
PRAGMA legacy_alter_table = ON;
CREATE TABLE label_sets_5 (
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
INSERT INTO sqlite_sequence SELECT 'label_sets_5', seq FROM sqlite_sequence WHERE name = 'label_sets';
INSERT INTO label_sets_5 (id, instance_id, profile, provider, route, model, tier, project, user, tags)
SELECT id, instance_id, profile, provider, route, model, '', '', '', '' FROM label_sets ORDER BY id;
DROP TABLE label_sets;
ALTER TABLE label_sets_5 RENAME TO label_sets;
PRAGMA legacy_alter_table = OFF;

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
";

/// The place up to which each source is stored, in place of a table for journals and one for imports. Numbers are of
/// eight bytes, the most significant first; a negative one, which only damage can make, stays one.
const V5_SOURCES: &str = "
CREATE TABLE sources (
    name   TEXT PRIMARY KEY NOT NULL,
    cursor BLOB NOT NULL,
    counts BLOB NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sources SELECT 'journal:' || lower(hex(segment)),
                           unhex(printf('%016x%016x', generation, sequence)), x''
FROM journals;
INSERT INTO sources SELECT 'ccrouter:' || source, unhex(printf('%016x%016x', last_id, last_row)),
                           unhex(printf('%016x%016x%016x%016x', imported, already_there, refused, 0))
FROM imports;

DROP TABLE journals;
DROP TABLE imports;
";

/// The first version that keeps how far journals and imports are stored among the sources.
pub(crate) const FIRST_WITH_SOURCES: i32 = 5;

/// Rollups as pieces with a version each, and the root of them all in the ledger's row.
const V5_ROLLUPS: &str = "
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

ALTER TABLE ledger ADD COLUMN rollups BLOB;
";

/// Takes away the rollups of version 4. What is in them has to be elsewhere before.
pub(crate) const V5_WITHOUT_ROLLUPS: &str = "
DROP TABLE sums_by_quarter;
DROP TABLE sums_by_day;
DROP TABLE sums_by_month;
DROP TABLE sums_of_all;
";

/// A hash of each event id, with the record that has it, and the key of the hash; and from when on ids
/// are known. In place of an index on their text. The entries of the records that a ledger has already
/// are made after this step.
const V5_IDS: &str = "
DROP INDEX IF EXISTS records_by_event_id;

CREATE TABLE event_ids (
    hash   INTEGER NOT NULL,
    record INTEGER NOT NULL,
    ts     INTEGER NOT NULL,
    PRIMARY KEY (hash, record)
) STRICT, WITHOUT ROWID;

ALTER TABLE ledger ADD COLUMN event_id_key BLOB;
UPDATE ledger SET event_id_key = randomblob(16);

ALTER TABLE retention ADD COLUMN ids_from INTEGER;
";

/// The first version that finds event ids by their hash.
pub(crate) const FIRST_WITH_EVENT_IDS: i32 = 5;

/// The latest now that a deleting command was given; how much is quarantined, kept by triggers so
/// that a look at it costs nothing however it is changed; and how many records found no room there.
///
/// The index finds one that comes every night, and is kept once.
const V5_RETENTION: &str = "
ALTER TABLE retention ADD COLUMN latest_now          INTEGER;
ALTER TABLE retention ADD COLUMN quarantined         INTEGER NOT NULL DEFAULT 0;
ALTER TABLE retention ADD COLUMN quarantined_bytes   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE retention ADD COLUMN quarantine_overflow INTEGER NOT NULL DEFAULT 0;
ALTER TABLE retention ADD COLUMN sessions_from       INTEGER;
ALTER TABLE retention ADD COLUMN sessions_age        TEXT;

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
";

/// Books of prices as texts, of those that another one took the place of without the text; the terms that rows were
/// priced by; and what was priced anew, when and by whom.
const V6: &str = "
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

/// The first version with books of prices and terms.
pub(crate) const FIRST_WITH_PRICES: i32 = 6;

/// The first version with sessions and sets of tags.
pub(crate) const FIRST_WITH_SESSIONS: i32 = 5;

/// The first version whose label sets have a checksum.
pub(crate) const FIRST_WITH_LABEL_CHECKSUMS: i32 = 5;

/// The first version with a quarantine.
pub(crate) const FIRST_WITH_QUARANTINE: i32 = 5;

/// The first version with rollups.
pub(crate) const FIRST_WITH_ROLLUPS: i32 = 4;

/// The first version whose rollups are pieces.
pub(crate) const FIRST_WITH_PIECES: i32 = 5;
