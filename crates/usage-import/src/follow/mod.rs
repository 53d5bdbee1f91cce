//! A log that grows, and is rotated in whatever way: each whole line of it, once.
//!
//! A file is known by device and inode, and by what was read of it: the hashes of its beginning and of what
//! lies before the place up to which it is read. So it is found again under another name; what was copied and
//! then cut is found in the copy; and a file that was cut and written anew is no longer taken for what it was.
//! The cursor holds this for every file that may still hold lines.

mod cursor;
mod file;
mod fnv;
mod listing;
mod log;
mod look;

use std::fmt;
use std::path::{Path, PathBuf};

use self::cursor::State;
use self::file::{FileId, Followed, Place, is_deleted};
pub(crate) use self::fnv::fnv;
pub use self::listing::may_be_of_log;
use self::listing::{Found, Listing, modified};
pub use self::log::{Log, Take, Taken};
pub use self::look::{Entry, Look};

/// The number of files of a log that are remembered.
const MOST_FILES: usize = 32;

/// So often the files of a log are listed at one look, where they get other names meanwhile.
const MOST_LISTINGS: u32 = 20;

/// Nobody writes to a file any more that was last written so long before the one in its place: in nanoseconds.
const LEFT: i64 = 60 * 1_000_000_000;

/// Lines that were written and cannot be found any more, as far as anybody can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Behind so many bytes of a file of the log.
    pub offset: u64,
    /// The reason why it is a gap.
    pub why: GapReason,
}

/// The reason why lines cannot be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// The file was cut or written anew, and no copy of what it was is there.
    Cut,
    /// The file is gone, and none beside the log is it.
    Gone,
    /// A file was compressed before it was read.
    Compressed,
    /// More files wait for the ends of their last lines than are remembered.
    TooManyFiles,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, why } = self;
        let why = match why {
            GapReason::Cut => "it was cut or written anew, and there is no copy",
            GapReason::Gone => "its file is gone",
            GapReason::Compressed => "its file was compressed before it was read",
            GapReason::TooManyFiles => "too many files of the log end within a line",
        };
        write!(f, "what came behind byte {offset} cannot be found: {why}")
    }
}

/// Follows a log.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let log = folder.path().join("log");
/// use usage_import::follow::{Entry, Follower};
///
/// std::fs::write(&log, "one\ntwo\nthr")?;
/// let mut follower = Follower::new(&log, None);
/// let look = follower.look()?;
/// assert_eq!(look.entries, [Entry::line(1, "one"), Entry::line(2, "two")]);
/// // To be stored with what was made of the lines.
/// let cursor = follower.cursor(&look, 1);
///
/// // Another process, later.
/// std::fs::rename(&log, folder.path().join("log.1"))?;
/// let mut follower = Follower::new(&log, Some(&cursor));
/// assert_eq!(follower.look()?.entries, [Entry::line(2, "two")]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    /// In the order of reading, the one that is written last.
    files: Vec<Followed>,
    /// Those of the cursor, until they are looked for.
    known: Vec<Place>,
    /// The number of lines that were taken, in all runs.
    lines: u64,
    /// The time when any of the files was written last, as far as was seen: what is older was there before.
    newest: i64,
    /// Says whether nothing of the log was ever read.
    is_new: bool,
}

impl Follower {
    /// Goes on behind a cursor, or from the start of the file that is at the path; what lies beside it by
    /// then was never asked for.
    #[must_use]
    pub fn new(path: impl AsRef<Path>, cursor: Option<&[u8]>) -> Self {
        let state = cursor.and_then(State::read);
        let is_new = state.is_none();
        let State { newest, lines, places } = state.unwrap_or_default();
        let path = path.as_ref().to_owned();
        Self { path, files: Vec::new(), known: places, lines, newest, is_new }
    }

    /// Reads what is new, not more than may be stored at a time. Moves nothing: see
    /// [`advance`](Self::advance).
    ///
    /// # Errors
    /// When a file that was opened cannot be read now.
    pub fn look(&mut self) -> std::io::Result<Look> {
        let mut listing = Listing::of(&self.path);
        let mut look = self.find(&mut listing)?;
        self.add_current(&listing)?;
        self.add_rotated(&listing, &mut look)?;
        self.is_new = false;
        self.newest = listing.all().map(|found| found.modified).fold(self.newest, i64::max);

        let current = listing.current.as_ref().map(|found| found.id);
        self.files.sort_by_key(|followed| Some(followed.id) == current);
        let mut gone = Vec::new();
        for (index, followed) in self.files.iter_mut().enumerate() {
            let file = followed.file.metadata()?;
            let is_nameless = is_deleted(&file);
            let is_left = listing.current.as_ref().is_some_and(|current| {
                current.id != followed.id
                    && current.modified.saturating_sub(modified(&file)) >= LEFT
            });
            let is_at_end = look.read(index, followed, is_nameless || is_left)?;
            followed.seen = file.len();
            if is_at_end && Some(followed.id) != current {
                followed.is_drained = followed.partial.is_empty();
                if is_nameless {
                    gone.push(followed.id);
                }
            }
        }
        if look.entries.is_empty() {
            self.files.retain(|followed| !gone.contains(&followed.id));
        }
        if look.entries.is_empty() {
            self.forget_oldest(current, &mut look);
        }
        Ok(look)
    }

    /// Forgets files beyond as many as are remembered: those that are read to their ends first, the oldest of
    /// them before others. Tells what nobody will read then.
    fn forget_oldest(&mut self, current: Option<FileId>, look: &mut Look) {
        while self.files.len() > MOST_FILES {
            let is_done = |followed: &Followed| followed.is_drained && followed.partial.is_empty();
            let is_other = |followed: &Followed| Some(followed.id) != current;
            let done =
                self.files.iter().position(|followed| is_other(followed) && is_done(followed));
            let index = done.unwrap_or(0);
            let forgotten = self.files.remove(index);
            if !is_done(&forgotten) {
                look.gaps.push(Gap { offset: forgotten.offset, why: GapReason::TooManyFiles });
            }
        }
    }

    /// Returns the cursor behind the first entries of a look.
    #[must_use]
    pub fn cursor(&self, look: &Look, entries: usize) -> Vec<u8> {
        let mut files = self.files.clone();
        let lines = look.apply(&mut files, entries);
        let places = files.iter().map(Followed::place).collect();
        State { newest: self.newest, lines, places }.write()
    }

    /// Goes on behind the first entries of a look, once they are stored.
    pub fn advance(&mut self, look: &Look, entries: usize) {
        self.lines = look.apply(&mut self.files, entries);
    }

    fn is_followed(&self, found: &Found) -> bool {
        self.files.iter().any(|followed| followed.id == found.id)
    }

    /// Looks for all files that are read. One that gets another name between being listed and being opened would be
    /// taken for gone, and for a new one at the next look: where one is missing, the listing is taken again until it
    /// stays as it is.
    fn find(&mut self, listing: &mut Listing) -> std::io::Result<Look> {
        let (files, known) = (self.files.clone(), self.known.clone());
        let mut tries = MOST_LISTINGS;
        loop {
            let mut look = Look::new(self.lines);
            self.find_known(listing, &mut look)?;
            self.find_copies(listing, &mut look)?;
            tries -= 1;
            if self.files.len() == files.len() + known.len() || tries == 0 {
                return Ok(look);
            }
            let again = Listing::of(&self.path);
            if again.is_as(listing) {
                return Ok(look);
            }
            *listing = again;
            (self.files, self.known) = (files.clone(), known.clone());
        }
    }

    /// Looks for the files of the cursor: under their inodes, else by what was read of them.
    fn find_known(&mut self, listing: &Listing, look: &mut Look) -> std::io::Result<()> {
        let mut known = std::mem::take(&mut self.known);
        // The longer what was read, the surer a file is; one of which nothing was is known by its inode
        // alone, which a new file may have got since.
        known.sort_by_key(|place| std::cmp::Reverse(place.offset));
        let mut others = Vec::new();
        for place in known {
            let itself = listing.all().find(|found| found.id == place.id);
            let is_known = match itself {
                Some(found) if place.offset > 0 => self.resume(found, &place)?,
                _ => false,
            };
            if !is_known {
                others.push((place, itself));
            }
        }
        for (place, itself) in others {
            let mut is_found = false;
            for found in listing.all() {
                let may_be = place.offset > 0 || found.id == place.id;
                is_found = is_found || may_be && self.resume(found, &place)?;
            }
            if !is_found && !place.is_drained {
                let why = if itself.is_some() { GapReason::Cut } else { GapReason::Gone };
                look.gaps.push(Gap { offset: place.offset, why });
            }
        }
        Ok(())
    }

    /// Goes on in a file that was found, if it has what was read.
    fn resume(&mut self, found: &Found, place: &Place) -> std::io::Result<bool> {
        let Some(file) = found.open().filter(|_| !self.is_followed(found)) else {
            return Ok(false);
        };
        let resumed = Followed::resume(file, found.id, place)?;
        let is_same = resumed.is_some();
        self.files.extend(resumed);
        Ok(is_same)
    }

    /// Goes on in a copy where a file was cut or written anew.
    fn find_copies(&mut self, listing: &Listing, look: &mut Look) -> std::io::Result<()> {
        let mut cut = Vec::new();
        for followed in std::mem::take(&mut self.files) {
            let is_whole = followed.is_whole()?;
            if is_whole { &mut self.files } else { &mut cut }.push(followed);
        }
        cut.sort_by_key(|followed| std::cmp::Reverse(followed.offset));
        for mut followed in cut {
            let mut copy = None;
            for found in listing.all().filter(|found| found.id != followed.id) {
                if let Some(file) = found.open().filter(|_| !self.is_followed(found))
                    && followed.is_same_as(&file)?
                {
                    copy = Some((file, found.id));
                    break;
                }
            }
            match copy {
                Some((file, id)) => {
                    (followed.file, followed.id) = (file.into(), id);
                    self.files.push(followed);
                }
                None => {
                    let read = followed.offset + followed.partial.len() as u64;
                    if followed.seen > read {
                        look.gaps.push(Gap { offset: read, why: GapReason::Cut });
                    }
                    look.end_without_file(followed.partial);
                }
            }
        }
        Ok(())
    }

    /// Begins with the file that is at the path now.
    fn add_current(&mut self, listing: &Listing) -> std::io::Result<()> {
        let Some(found) = listing.current.as_ref().filter(|found| !self.is_followed(found)) else {
            return Ok(());
        };
        let Some(file) = found.open() else { return Ok(()) };
        for followed in &mut self.files {
            let has_name = listing.all().any(|found| found.id == followed.id);
            if !has_name && followed.offset > 0 && followed.is_same_as(&file)? {
                // Written to another file, and moved here.
                (followed.file, followed.id) = (file.into(), found.id);
                return Ok(());
            }
        }
        self.files.push(Followed::new(file, found.id, 0)?);
        Ok(())
    }

    /// Begins with files that the log was for a while, between two looks.
    fn add_rotated(&mut self, listing: &Listing, look: &mut Look) -> std::io::Result<()> {
        for found in &listing.rotated {
            if self.is_followed(found) || found.modified < self.newest {
                continue;
            }
            if found.is_compressed() {
                if found.modified > self.newest && !self.is_new {
                    look.gaps.push(Gap { offset: 0, why: GapReason::Compressed });
                }
                continue;
            }
            let Some(file) = found.open() else { continue };
            if self.is_new {
                let mut followed = Followed::new(file, found.id, found.bytes)?;
                followed.is_drained = true;
                self.files.push(followed);
                continue;
            }
            let mut is_copy = false;
            for followed in &self.files {
                is_copy |= followed.is_copied_to(&file, found.bytes)?;
            }
            if found.bytes > 0 && !is_copy {
                self.files.push(Followed::new(file, found.id, 0)?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// As two that follow one log do, each from where the other has left off, while it is rotated.
    #[test]
    fn a_file_that_is_renamed_after_it_was_listed_is_still_known() {
        for (is_rotated, is_made) in [(true, true), (true, false), (false, false)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let path_of = |name: &str| folder.path().join(name);
            fs::write(&path, "1\n2\n").unwrap();
            let mut follower = Follower::new(&path, None);
            let look = follower.look().unwrap();
            let cursor = follower.cursor(&look, 2);
            let mut follower = Follower::new(&path, Some(&cursor));
            let mut listing = Listing::of(&path);
            if is_rotated {
                fs::rename(&path, path_of("log.1")).unwrap();
            }
            if is_made {
                fs::write(&path, "").unwrap();
            }
            let look = follower.find(&mut listing).unwrap();
            assert!(look.gaps.is_empty(), "{:?}", look.gaps);
            let offsets: Vec<_> = follower.files.iter().map(|followed| followed.offset).collect();
            assert_eq!(offsets, [4]);
            assert!(follower.look().unwrap().entries.is_empty());
        }
    }
}
