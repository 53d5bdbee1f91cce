//! Reading what is compressed with Zstandard, of one frame or of several behind each other.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::StreamingDecoder;

/// The most bytes that a frame may want to look back: more than any usual level does.
const MOST_WINDOW: u64 = 32 * 1024 * 1024;

/// The most bytes that a byte may become, beyond what is left to small files: what agents write becomes a tenth, and
/// a file that was made to do harm a thirty-thousandth.
const MOST_GROWTH: u64 = 1_000;
const LEFT_TO_SMALL: u64 = 64 * 1024 * 1024;

/// Returns how many bytes may come of so many on a disk.
pub(super) const fn most_of(bytes: u64) -> u64 {
    bytes.saturating_mul(MOST_GROWTH).saturating_add(LEFT_TO_SMALL)
}

/// Decompresses frame after frame.
pub(super) struct Frames<R: BufRead> {
    state: State<R>,
    /// How many bytes more may come of it.
    left: u64,
}

enum State<R: BufRead> {
    Between(R),
    Within(Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
    Over,
}

impl<R: BufRead> Frames<R> {
    /// Decompresses a source of so many bytes.
    pub(super) const fn new(source: R, bytes: u64) -> Self {
        Self { state: State::Between(source), left: most_of(bytes) }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return Ok(0),
                State::Between(mut source) => {
                    if source.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new_with_max_window_size(source, MOST_WINDOW)
                        .map_err(io::Error::other)?;
                    self.state = State::Within(Box::new(decoder));
                }
                State::Within(mut decoder) => {
                    let read = decoder.read(to)?;
                    let too_many =
                        || io::Error::other("it becomes more than a thousand times its size");
                    self.left = self.left.checked_sub(read as u64).ok_or_else(too_many)?;
                    if read > 0 || to.is_empty() {
                        self.state = State::Within(decoder);
                        return Ok(read);
                    }
                    self.state = State::Between(decoder.into_inner());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that a file of 2 KB that would become 80 MB is left before it has, and one of half as much is read.
    #[test]
    fn what_becomes_more_than_any_log_is_left() {
        let read = |blocks: usize| {
            let mut file = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
            for at in 1..=blocks {
                // A byte 128 Ki times; a bit tells the last block.
                file.extend([2 | u8::from(at == blocks), 0, 0x10, b'x']);
            }
            let bytes = file.len() as u64;
            io::copy(&mut Frames::new(file.as_slice(), bytes), &mut io::sink()).map_err(drop)
        };
        assert_eq!(read(300), Ok(300 * 128 * 1024));
        assert_eq!(read(600), Err(()));
    }
}
