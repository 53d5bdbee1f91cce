//! The checksum of frames: CRC-32 as in zip, four bits at a time. Frames are small and few.

/// A checksum of the bytes so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crc32(u32);

const TABLE: [u32; 16] = table();

const fn table() -> [u32; 16] {
    let mut table = [0; 16];
    let mut at = 0_u32;
    while at < 16 {
        let mut value = at;
        let mut bit = 0;
        while bit < 4 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xEDB8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[at as usize] = value;
        at += 1;
    }
    table
}

impl Default for Crc32 {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc32 {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            self.0 = (self.0 >> 4) ^ TABLE[(self.0 & 15) as usize];
            self.0 = (self.0 >> 4) ^ TABLE[(self.0 & 15) as usize];
        }
    }

    pub(super) const fn value(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_algorithm() {
        let mut crc = Crc32::default();
        crc.update(b"12345");
        crc.update(b"6789");
        assert_eq!(crc.value(), 0xCBF4_3926);
    }
}
