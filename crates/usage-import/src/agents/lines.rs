//! Logs that are made of lines, read from where they were read to.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use memchr::{memchr, memrchr};

use super::frames::{Frames, most_of};
use super::progress::{Progress, hash};
use super::skipped::SkipReason;
use super::told::Told;
use super::walk::is_compressed;

/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 16 * 1024 * 1024;

/// So much is read at a time.
const CHUNK: usize = 256 * 1024;

/// So much before the place up to which a log is read tells that it is still what was read.
const MARK: usize = 1_024;

/// The reading of an agent's log, line by line.
pub trait Lines {
    /// Takes a whole line, without its end; `number` counts from 1.
    fn line(&mut self, line: &[u8], number: u64, told: &mut Told<'_>);

    /// Takes what an earlier reader has remembered of a log that is not what it was any more, and is read anew from its
    /// start: what was lost of it may have been told already.
    fn read_before(&mut self, _memory: &[u8]) {}

    /// Returns what is to be remembered of the lines until now, for the next reader of this log.
    fn memory(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// Reads the lines of a log from where it was read to; from its start where it is not what was read any more. A last
/// line without its end is read as it is, if it can be, and again when its end has come. A log whose name ends in
/// `.zst` is decompressed on the way.
///
/// `begin` makes the reader of the lines, of what the one before has remembered, nothing at the start.
///
/// # Errors
/// When the file cannot be read.
pub fn read_lines<L: Lines>(
    path: &Path,
    progress: &mut Progress,
    told: &mut Told<'_>,
    begin: impl FnOnce(&[u8]) -> L,
) -> io::Result<()> {
    let (mut file, mut lines) = match open_at(path, progress)? {
        Some(file) => (file, begin(&progress.memory)),
        None => {
            let file = open(path)?;
            let before = std::mem::take(progress);
            let mut lines = begin(&[]);
            lines.read_before(&before.memory);
            (file, lines)
        }
    };
    let (mut buffer, mut filled) = (vec![0; CHUNK], 0);
    loop {
        if filled == buffer.len() {
            if buffer.len() >= MAX_LINE {
                // Its end comes later, perhaps in another run.
                if !progress.in_long {
                    told.skip(SkipReason::LongLine);
                }
                pass(progress, &buffer);
                progress.in_long = true;
                filled = 0;
            } else {
                buffer.resize((buffer.len() * 2).min(MAX_LINE), 0);
            }
        }
        let read = match file.read(&mut buffer[filled..]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                progress.memory = lines.memory();
                return Err(error);
            }
        };
        if read == 0 {
            break;
        }
        filled += read;
        if progress.offset == 0 && is_foreign(&buffer[..filled]) {
            told.skip(SkipReason::Foreign);
            return Ok(());
        }
        // Only what is new may hold an end.
        let Some(end) = memrchr(b'\n', &buffer[filled - read..filled]) else { continue };
        let end = filled - read + end + 1;
        take_lines(&buffer[..end], progress, &mut lines, told);
        pass(progress, &buffer[..end]);
        buffer.copy_within(end..filled, 0);
        filled -= end;
        if buffer.len() > CHUNK && filled < CHUNK {
            buffer.truncate(CHUNK);
            buffer.shrink_to_fit();
        }
        if told.is_full() {
            progress.memory = lines.memory();
            told.hand_over(progress);
            if told.is_over() {
                break;
            }
        }
    }
    if progress.in_long && filled > 0 {
        // What is there of a line that nobody reads.
        pass(progress, &buffer[..filled]);
    }
    progress.memory = lines.memory();
    if !progress.in_long && filled > 0 {
        // It may be whole without its end, and nobody may ever write that; else it is read again.
        told.doubtfully(|told| {
            lines.line(behind_bom(&buffer[..filled], progress), progress.lines + 1, told);
        });
    }
    Ok(())
}

/// Returns whether what a log begins with is no text that can be read: what compresses, and other encodings, begin with
/// bytes of their own.
fn is_foreign(head: &[u8]) -> bool {
    const HEADS: [&[u8]; 7] = [
        b"\x1f\x8b",
        b"\x28\xb5\x2f\xfd",
        b"\xfd7zXZ\0",
        b"BZh",
        b"PK\x03\x04",
        b"\xff\xfe",
        b"\xfe\xff",
    ];
    HEADS.iter().any(|with| head.starts_with(with))
}

/// Returns a line without the byte order mark with which some editors begin a file.
fn behind_bom<'l>(line: &'l [u8], progress: &Progress) -> &'l [u8] {
    let bom = if progress.offset == 0 { "\u{feff}".as_bytes() } else { b"" };
    line.strip_prefix(bom).unwrap_or(line)
}

/// Tells what is wrong with a line of JSON: where a line is one, only the column says anything.
pub(super) fn fault_of(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

/// Goes through whole lines.
fn take_lines(
    mut rest: &[u8],
    progress: &mut Progress,
    lines: &mut impl Lines,
    told: &mut Told<'_>,
) {
    let mut is_first = true;
    while let Some(end) = memchr(b'\n', rest) {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        progress.lines += 1;
        if std::mem::take(&mut progress.in_long) {
            continue;
        }
        let line = if std::mem::take(&mut is_first) { behind_bom(line, progress) } else { line };
        lines.line(line, progress.lines, told);
    }
}

/// Goes behind bytes that are dealt with.
fn pass(progress: &mut Progress, bytes: &[u8]) {
    let tail = &bytes[bytes.len().saturating_sub(MARK)..];
    progress.offset += bytes.len() as u64;
    progress.mark = mark(tail);
    progress.marked = u16::try_from(tail.len()).unwrap_or(0);
}

fn mark(bytes: &[u8]) -> u32 {
    let [_, _, _, _, low @ ..] = hash(bytes).to_be_bytes();
    u32::from_be_bytes(low)
}

/// Opens a file, if it is one that comes to an end.
fn open_file(path: &Path) -> io::Result<(File, Metadata)> {
    let file = File::open(path)?;
    // It may have become something else since it was found: a pipe would wait for ever.
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::from(io::ErrorKind::NotFound));
    }
    if metadata.len() > most_of(bytes_on_disk(&metadata)) {
        return Err(io::Error::other("there is next to nothing in it"));
    }
    Ok((file, metadata))
}

/// Returns the bytes that a file takes: fewer than it is long, where there are holes in it.
#[cfg(unix)]
fn bytes_on_disk(file: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    file.blocks().saturating_mul(512)
}

#[cfg(not(unix))]
fn bytes_on_disk(file: &Metadata) -> u64 {
    file.len()
}

/// Opens a log at its start.
fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let (file, metadata) = open_file(path)?;
    Ok(match is_compressed(path) {
        true => Box::new(Frames::new(BufReader::with_capacity(CHUNK, file), metadata.len())),
        false => Box::new(file),
    })
}

/// Opens a log where it was read to; `None` where it does not hold what was read.
fn open_at(path: &Path, progress: &Progress) -> io::Result<Option<Box<dyn Read>>> {
    if progress.offset == 0 {
        return open(path).map(Some);
    }
    let bytes = u64::from(progress.marked);
    let Some(before) = progress.offset.checked_sub(bytes) else { return Ok(None) };
    let mut file: Box<dyn Read> = if is_compressed(path) {
        let mut file = open(path)?;
        if io::copy(&mut file.by_ref().take(before), &mut io::sink())? < before {
            return Ok(None);
        }
        file
    } else {
        let (mut file, _) = open_file(path)?;
        file.seek(SeekFrom::Start(before))?;
        Box::new(file)
    };
    let mut tail = Vec::new();
    file.by_ref().take(bytes).read_to_end(&mut tail)?;
    let is_same = tail.len() as u64 == bytes && progress.mark == mark(&tail);
    Ok(is_same.then_some(file))
}
