//! A small generator of numbers (SplitMix64): integers only, so that every machine agrees.

pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    /// Mostly small, sometimes large: the smallest of two, so that the mean is a third of the way.
    pub(crate) fn skewed(&mut self, least: u64, most: u64) -> u64 {
        self.between(least, most).min(self.between(least, most))
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }

    /// One of the values, as often as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(u64, T)]) -> Option<T> {
        let mut rest = self.next() % choices.iter().map(|(weight, _)| weight).sum::<u64>().max(1);
        for (weight, value) in choices {
            if rest < *weight {
                return Some(*value);
            }
            rest -= weight;
        }
        None
    }
}
