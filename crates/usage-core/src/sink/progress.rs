//! How far records that were handed over have got.

/// Tells how many of the records that a writer was given have come to their end, in the order in which it got them.
///
/// Who counts records from the moment they are handed over, and reads sums of what is stored too, knows by it from
/// when on the sums have them.
pub trait Progress {
    /// Returns how many records were accepted so far: those that were handed over before the call are among them.
    fn accepted(&self) -> u64;

    /// Returns how many of the accepted ones are stored, or are known never to be: the first so many.
    fn ended(&self) -> u64;
}

/// Of a sink that stores what it is given before it answers.
impl Progress for () {
    fn accepted(&self) -> u64 {
        0
    }

    fn ended(&self) -> u64 {
        0
    }
}
