//! Changing the settings file. Comments and the order of what is there stay as they are.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, value};

use super::{Key, path, wrong};
use crate::error::CliError;

/// Writes a setting; returns where.
pub(crate) fn set(key: Key, text: &str) -> Result<PathBuf, CliError> {
    key.check(text).map_err(CliError::usage)?;
    let path = place()?;
    let mut document = read(&path)?;
    let item = match text.parse::<i64>() {
        Ok(number) if key.is_number() => value(number),
        _ => value(text),
    };
    document.insert(key.name(), item);
    write(&path, &document)?;
    Ok(path)
}

/// Takes a setting out, whatever its value or its name; returns where it was, or nothing where it was not.
pub(crate) fn unset(name: &str) -> Result<Option<PathBuf>, CliError> {
    let path = place()?;
    let mut document = read(&path)?;
    if document.remove(name).is_none() {
        Key::named(name)?;
        return Ok(None);
    }
    write(&path, &document)?;
    Ok(Some(path))
}

fn place() -> Result<PathBuf, CliError> {
    path()?.ok_or_else(|| {
        CliError::failed("the per-user folder of settings is unknown: there is no home folder")
            .hint("USAGE_CONFIG names a file")
    })
}

fn read(path: &Path) -> Result<DocumentMut, CliError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(wrong(path, None, error)),
    };
    text.parse().map_err(|error: toml_edit::TomlError| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text[..at].matches('\n').count() + 1;
        let what: Vec<_> = error.message().lines().collect();
        wrong(path, Some(line), what.join(", ")).hint("mend the line, or move the file away")
    })
}

/// Writes the file as a whole, or leaves it as it was. Where its name is a link, it is what the link leads to.
fn write(path: &Path, document: &DocumentMut) -> Result<(), CliError> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let failed = |error: std::io::Error| {
        CliError::failed(format!("cannot write {}: {error}", path.display()))
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let part = folder.join(format!(".usage-config-{}.part", std::process::id()));
    let written = fs::File::create(&part)
        .and_then(|mut file| file.write_all(document.to_string().as_bytes()).map(|()| file))
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&part, &path));
    written.map_err(|error| {
        let _ = fs::remove_file(&part);
        failed(error)
    })
}
