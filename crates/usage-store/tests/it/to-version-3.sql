-- Makes a ledger of version 6 one of version 3, but for its number.
DROP TABLE books; DROP TABLE terms; DROP TABLE repricings;
DROP VIEW usage_records; DROP TRIGGER quarantine_grows;
DROP TRIGGER quarantine_shrinks; DROP INDEX quarantined_by_content;
DROP TABLE settings; DROP TABLE origins; DROP TABLE tellings; DROP TABLE amendments;
DROP TABLE sources;
CREATE TABLE imports (
    source        TEXT PRIMARY KEY NOT NULL,
    last_id       INTEGER NOT NULL,
    last_row      INTEGER NOT NULL,
    imported      INTEGER NOT NULL,
    already_there INTEGER NOT NULL,
    refused       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE journals (
    segment    BLOB PRIMARY KEY NOT NULL,
    generation INTEGER NOT NULL,
    sequence   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE journal_folders DROP COLUMN file;
ALTER TABLE label_sets RENAME TO label_sets_5;
CREATE TABLE label_sets (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    instance_id TEXT NOT NULL,
    profile     TEXT NOT NULL,
    provider    TEXT NOT NULL,
    route       TEXT NOT NULL,
    model       TEXT NOT NULL,
    UNIQUE (instance_id, profile, provider, route, model)
) STRICT;
INSERT INTO label_sets SELECT id, instance_id, profile, provider, route, model FROM label_sets_5;
DROP TABLE label_sets_5; DROP TABLE sessions; DROP TABLE session_sums; DROP TABLE tag_sets;
ALTER TABLE ledger DROP COLUMN epoch; ALTER TABLE records DROP COLUMN more; ALTER TABLE records DROP COLUMN session;
DROP TABLE event_ids; ALTER TABLE ledger DROP COLUMN event_id_key;
CREATE INDEX records_by_event_id ON records (event_id) WHERE event_id IS NOT NULL;
DROP TABLE rollups_quarter; DROP TABLE rollups_day;
DROP TABLE rollups_month; DROP TABLE rollups_all; DROP TABLE rollup_pieces; DROP TABLE rollups_folded;
ALTER TABLE ledger DROP COLUMN rollups; DROP TABLE retention;
CREATE VIEW usage_records AS SELECT 1;
