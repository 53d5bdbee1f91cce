//! Giving a label set other names, where it is.

use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension, ToSql, params_from_iter};
use usage_core::{Label, Labels};

use super::FIND_SET;
use super::checksum::checksum;

static UPDATE_SET: LazyLock<String> = LazyLock::new(|| {
    let columns = Label::ALL.into_iter().map(Label::field).chain(["tags", "checksum"]);
    let columns = columns.map(|column| format!("{column} = ?")).collect::<Vec<_>>().join(", ");
    format!("UPDATE label_sets SET {columns} WHERE id = ?")
});

/// Gives a label set other names under its id, so that no row and no rollup changes. Where another set has them
/// already the two stay apart, told by spaces behind the tags, which say nothing: reports add up what has the same
/// names.
pub(crate) fn rename(
    connection: &Connection,
    id: i64,
    labels: &Labels,
    tags: &str,
) -> rusqlite::Result<()> {
    let names = labels.names();
    let mut tags = tags.to_owned();
    let is_taken = |tags: &String| {
        let texts = names.all().iter().chain([&tags.as_str()]).copied().collect::<Vec<_>>();
        let mut find = connection.prepare_cached(&FIND_SET)?;
        let found = find.query_row(params_from_iter(texts), |row| row.get::<_, i64>(0));
        Ok::<_, rusqlite::Error>(found.optional()?.is_some_and(|found| found != id))
    };
    while is_taken(&tags)? {
        apart(&mut tags);
    }
    let checksum = checksum(id, &names, &tags);
    let names = names.all().iter().map(|text| text as &dyn ToSql);
    connection
        .prepare_cached(&UPDATE_SET)?
        .execute(params_from_iter(names.chain([&tags as &dyn ToSql, &checksum, &id])))
        .map(drop)
}

/// Makes the text of tags another one that says the same.
pub(crate) fn apart(tags: &mut String) {
    if tags.is_empty() {
        tags.push_str("{}");
    } else {
        tags.push(' ');
    }
}
