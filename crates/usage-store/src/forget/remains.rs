//! What of a name is still in the ledger after it was forgotten: as a part of another one, as another kind of name, or
//! where it has to stay.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use memchr::memmem;
use rusqlite::Connection;

use super::words::is_short;

/// Bytes that are looked at a time.
const AT_A_TIME: usize = 1 << 20;

/// Returns whether the bytes of a file hold a text.
pub(super) fn is_in_file(path: &Path, text: &str) -> io::Result<bool> {
    if text.is_empty() {
        return Ok(false);
    }
    let (mut file, finder) = (File::open(path)?, memmem::Finder::new(text));
    let mut buffer = vec![0; AT_A_TIME + text.len()];
    let mut kept = 0;
    loop {
        let read = match file.read(&mut buffer[kept..]) {
            Ok(0) => return Ok(false),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let filled = kept + read;
        if finder.find(&buffer[..filled]).is_some() {
            return Ok(true);
        }
        // What may be the beginning of it.
        kept = filled.min(text.len() - 1);
        buffer.copy_within(filled - kept..filled, 0);
    }
}

/// Returns the columns that hold a text, as `table.column`. A short one is in bytes by chance.
pub(super) fn columns_with(connection: &Connection, text: &str) -> rusqlite::Result<Vec<String>> {
    let columns: Vec<(String, String)> = connection
        .prepare(
            "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c \
             WHERE t.type = 'table' ORDER BY t.name, c.cid",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    for (table, column) in columns {
        let of_bytes = if is_short(text) { "NULL" } else { "instr(c, CAST(?1 AS BLOB)) > 0" };
        let sql = format!(
            "SELECT 1 FROM (SELECT \"{column}\" AS c FROM \"{table}\") WHERE CASE typeof(c) \
             WHEN 'text' THEN instr(c, ?1) > 0 WHEN 'blob' THEN {of_bytes} END LIMIT 1"
        );
        if connection.prepare(&sql)?.exists([text])? {
            found.push(format!("{table}.{column}"));
        }
    }
    Ok(found)
}
