//! Base64 in pieces, as Bedrock wraps the events of a model's own stream.

/// Bytes that are decoded at once.
const BLOCK: usize = 192;

/// The bits left over of the characters so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Base64 {
    bits: u32,
    count: u32,
    /// Says whether a character was none of base64's.
    pub(super) broken: bool,
}

impl Base64 {
    /// Decodes a piece, and hands over what it holds, block by block.
    pub(super) fn decode(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        for block in piece.chunks(BLOCK) {
            let mut decoded = [0; BLOCK];
            let mut length = 0;
            for byte in block {
                let value = match byte {
                    b'A'..=b'Z' => byte - b'A',
                    b'a'..=b'z' => byte - b'a' + 26,
                    b'0'..=b'9' => byte - b'0' + 52,
                    b'+' => 62,
                    b'/' => 63,
                    // The end's padding, and a slash as JSON may escape it.
                    b'=' | b'\\' => continue,
                    _ => {
                        self.broken = true;
                        continue;
                    }
                };
                self.bits = self.bits << 6 | u32::from(value);
                self.count += 6;
                if self.count >= 8 {
                    self.count -= 8;
                    let [.., byte] = (self.bits >> self.count).to_be_bytes();
                    if let Some(place) = decoded.get_mut(length) {
                        *place = byte;
                        length += 1;
                    }
                }
            }
            take(decoded.get(..length).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_standard_however_they_are_cut() {
        for (encoded, plain) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYmFy", "foobar"),
            ("eyJhIjoiPz8\\/In0=", "{\"a\":\"???\"}"),
        ] {
            for cut in 0..=encoded.len() {
                let (mut base64, mut decoded) = (Base64::default(), Vec::new());
                base64.decode(&encoded.as_bytes()[..cut], |bytes| decoded.extend(bytes));
                base64.decode(&encoded.as_bytes()[cut..], |bytes| decoded.extend(bytes));
                assert_eq!(std::str::from_utf8(&decoded), Ok(plain));
                assert!(!base64.broken);
            }
        }
        let mut base64 = Base64::default();
        base64.decode(b"Zm9*", |_| {});
        assert!(base64.broken);
    }
}
