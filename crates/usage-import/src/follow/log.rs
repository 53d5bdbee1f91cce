//! A log as an importer gives it: a record a line, or as the one who asks takes it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use usage_core::Record;

use super::cursor::State;
use super::{Entry, Follower, Look};
use crate::error::ImportError;
use crate::importer::{Batch, Importer, Item, Place, Refusal};

/// The outcome of an entry of a log.
#[derive(Debug)]
pub enum Taken {
    /// A record.
    Record(Record),
    /// It is none.
    Refused(Refusal),
    /// It is none, and that was told of already.
    Told,
    /// Nothing, and nothing is missing.
    Nothing,
}

/// A function that makes something of each entry of a log, where the type must have a name.
pub type Take = Box<dyn FnMut(&Entry) -> Result<ControlFlow<Taken, Taken>, ImportError>>;

/// Reads a log: whatever files it was and is, each of its lines once.
///
/// `take` makes something of each entry; nothing behind it is read for now where it says
/// [`Break`](ControlFlow::Break).
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let log = folder.path().join("log");
/// use std::ops::ControlFlow;
/// use usage_core::{LabelInterner, Timestamp, record::line};
/// use usage_import::follow::{Entry, Log, Taken};
/// use usage_import::{ImportOptions, Refusal, run};
/// use usage_store::Store;
///
/// std::fs::write(&log, "{\"instance_id\":\"a\",\"route\":\"r\",\"model\":\"m\",\"tokens\":1}\noops\n")?;
/// let store = Store::open(folder.path().join("usage.db"))?;
/// let mut names = LabelInterner::new(100);
/// let mut lines = Log::new("lines", &log, |entry| {
///     let Entry::Line { text, .. } = entry else { return Ok(ControlFlow::Continue(Taken::Nothing)) };
///     let record = line::parse(text, Timestamp::from_micros(0), &mut names);
///     let taken = record.map_or_else(|why| Taken::Refused(Refusal::new(why)), Taken::Record);
///     Ok(ControlFlow::Continue(taken))
/// })?;
/// let summary = run(&store, &mut lines, &ImportOptions::default(), &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!((summary.imported, summary.refused), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Log<F> {
    source: String,
    path: PathBuf,
    follower: Follower,
    /// The place where the follower stands.
    at: Option<Vec<u8>>,
    /// The entries that were given last, of which it is not known whether they are stored.
    given: Option<Given>,
    take: F,
}

struct Given {
    look: Look,
    entries: usize,
    /// The cursor behind it.
    cursor: Vec<u8>,
}

impl<F: FnMut(&Entry) -> Result<ControlFlow<Taken, Taken>, ImportError>> Log<F> {
    /// Reads the log at a path. A ledger remembers it by its kind and its absolute path.
    ///
    /// # Errors
    /// When the path cannot be made absolute.
    pub fn new(kind: &str, path: impl AsRef<Path>, take: F) -> Result<Self, ImportError> {
        let path = path.as_ref().to_owned();
        let absolute = std::path::absolute(&path).map_err(|error| unreadable(&path, error))?;
        let source = format!("{kind}:{}", absolute.to_string_lossy());
        let follower = Follower::new(&path, None);
        Ok(Self { source, path, follower, at: None, given: None, take })
    }

    /// Goes where the ledger says that the log is stored to: behind what was given last if that is it.
    fn go_to(&mut self, cursor: Option<&[u8]>) {
        if let Some(given) = self.given.take().filter(|given| cursor == Some(&given.cursor)) {
            self.follower.advance(&given.look, given.entries);
            self.at = Some(given.cursor);
        } else if self.at.as_deref() != cursor {
            self.follower = Follower::new(&self.path, cursor);
            self.at = cursor.map(<[u8]>::to_vec);
        }
    }
}

impl<F: FnMut(&Entry) -> Result<ControlFlow<Taken, Taken>, ImportError>> Importer for Log<F> {
    fn source(&self) -> Option<String> {
        Some(self.source.clone())
    }

    fn resume(&mut self, cursor: &[u8]) -> Result<Option<Place>, ImportError> {
        Ok(State::read(cursor).map(|state| Place::Line(state.lines)))
    }

    fn read(&mut self, after: Option<&[u8]>) -> Result<Batch, ImportError> {
        self.go_to(after);
        let look = self.follower.look().map_err(|error| unreadable(&self.path, error))?;
        let mut batch = Batch { is_last: look.is_last, ..Batch::default() };
        batch.gaps = look.gaps.iter().map(ToString::to_string).collect();
        let mut entries = 0;
        for entry in &look.entries {
            let taken = (self.take)(entry)?;
            entries += 1;
            let (is_end, taken) = match taken {
                ControlFlow::Continue(taken) => (false, taken),
                ControlFlow::Break(taken) => (true, taken),
            };
            let place = Place::Line(entry.number());
            match taken {
                Taken::Record(record) => batch.items.push(Item { place, record: Ok(record) }),
                Taken::Refused(why) => batch.items.push(Item { place, record: Err(why) }),
                Taken::Told => batch.refused += 1,
                Taken::Nothing => {}
            }
            if is_end {
                batch.is_last = true;
                break;
            }
        }
        let cursor = self.follower.cursor(&look, entries);
        if self.at.as_ref() != Some(&cursor) {
            batch.cursor = Some(cursor.clone());
            self.given = Some(Given { look, entries, cursor });
        }
        Ok(batch)
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> ImportError {
    ImportError::Io { doing: "read", path: path.to_owned(), source }
}
