//! The survey: a look at a journal's folder that changes nothing.

use std::io;
use std::path::{Path, PathBuf};

use usage_core::sink::{LedgerId, Position, SegmentId};

use crate::disk::{Disk, DiskFile};
use crate::error::Found;
use crate::format::{Headers, HeadersError};
use crate::replay::{is_blank, read_headers};
use crate::scan::{Batch, End, Scanner, Source};
use crate::segment::SegmentName;

const AT_ONCE: usize = 4096;

/// The segments in a journal's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// All of them, in the order of their paths.
    pub segments: Vec<SurveyedSegment>,
}

/// A segment as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SurveyedSegment {
    /// Its file.
    pub path: PathBuf,
    /// Its owner, or why it has none.
    pub state: SegmentState,
    /// The number of whole records in it that the ledger does not have yet; 0 where it cannot be read.
    pub records: u64,
    /// The length of its file.
    pub bytes: u64,
    /// The pieces of it that cannot be read and were not handed to the ledger yet.
    pub damage: Vec<Found>,
    /// The reason that it could not be looked into, where it is [`SegmentState::Inaccessible`].
    pub error: Option<String>,
}

/// The state of a segment: who owns it, and whether this program can store it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SegmentState {
    /// A running process owns it, and stores it.
    Live,
    /// Its owner is gone: a replay stores it.
    Abandoned,
    /// It belongs to another ledger.
    Foreign,
    /// A newer program wrote it, or what comes next in it: it is left alone.
    Newer,
    /// Both of its headers are damaged.
    Unreadable,
    /// It cannot be opened or read: it is another user's, or something else than a file. The path may
    /// be that of a whole folder.
    Inaccessible,
}

/// Looks at what this folder holds for this ledger, and changes nothing; it may be read-only.
/// `position` answers how far the ledger has stored a segment. A missing folder has nothing in it, and
/// what cannot be looked into is reported as [`SegmentState::Inaccessible`].
pub fn survey<D: Disk>(
    disk: &D,
    folder: &Path,
    ledger: LedgerId,
    position: &mut dyn FnMut(SegmentId) -> Option<Position>,
) -> Survey {
    let mut survey = Survey::default();
    let mut names = match disk.list(folder) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return survey,
        Err(error) => {
            survey.segments.push(inaccessible(folder.to_owned(), &error));
            return survey;
        }
    };
    names.sort();
    for name in names {
        let Some(SegmentName::Segment(id)) = SegmentName::of(&name) else { continue };
        let path = folder.join(&name);
        let looked = disk
            .open_read(&path)
            .and_then(|file| look(disk.boot(), path.clone(), &file, id, ledger, position));
        match looked {
            Ok(surveyed) => survey.segments.push(surveyed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => survey.segments.push(inaccessible(path, &error)),
        }
    }
    survey
}

fn inaccessible(path: PathBuf, error: &io::Error) -> SurveyedSegment {
    let (state, error) = (SegmentState::Inaccessible, Some(error.to_string()));
    SurveyedSegment { path, state, records: 0, bytes: 0, damage: Vec::new(), error }
}

fn look<F: DiskFile>(
    boot: u32,
    path: PathBuf,
    file: &F,
    id: SegmentId,
    ledger: LedgerId,
    position: &mut dyn FnMut(SegmentId) -> Option<Position>,
) -> io::Result<SurveyedSegment> {
    // Held while it is read; where there are no locks, nobody can own it.
    let free = file.try_lock_shared().unwrap_or(true);
    let (headers, bytes) = read_headers(file)?;
    let mut surveyed = SurveyedSegment {
        path,
        state: SegmentState::Abandoned,
        records: 0,
        bytes,
        damage: Vec::new(),
        error: None,
    };
    let Headers { header, damage } = match headers {
        Ok(headers) => headers,
        Err(error) => {
            surveyed.state = match error {
                HeadersError::Newer => SegmentState::Newer,
                // Nothing was ever written to it: nothing is lost with it.
                HeadersError::Unreadable if is_blank(file, bytes)? => SegmentState::Abandoned,
                HeadersError::Unreadable => SegmentState::Unreadable,
            };
            return Ok(surveyed);
        }
    };
    if header.ledger != ledger || header.segment != id {
        surveyed.state = SegmentState::Foreign;
        return Ok(surveyed);
    }
    let stands = Position::stands(position(id), header.generation);
    if stands.generation > header.generation {
        return Ok(surveyed);
    }
    let mut scanner = Scanner::new(Source::of(&header, boot));
    let mut batch = Batch::new();
    batch.place(id, surveyed.path.clone(), stands);
    if let Some(damage) = damage.filter(|_| stands.sequence == 0) {
        batch.add_damage(damage);
    }
    let end = End::Unknown { len: bytes, size: header.size };
    loop {
        let ended = batch.fill(&mut scanner, file, end, AT_ONCE)?;
        surveyed.records += batch.records().len() as u64;
        surveyed.damage.extend(batch.found());
        if ended {
            if batch.is_newer_behind() {
                surveyed.state = SegmentState::Newer;
            }
            break;
        }
        batch.next(batch.end());
    }
    if !free && surveyed.state == SegmentState::Abandoned {
        surveyed.state = SegmentState::Live;
        // A frame that is just being written looks like a torn end.
        surveyed.damage.retain(|found| found.damage.records.is_some());
    }
    Ok(surveyed)
}
