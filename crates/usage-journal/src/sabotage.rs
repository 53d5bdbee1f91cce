//! Faults on purpose, to prove that the model test would find them. Without the feature `sabotage`
//! there are none, and nothing of this is compiled in.

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "sabotage"), allow(unreachable_pub, reason = "public with the feature"))]
pub enum Sabotage {
    /// A reader believes every frame, whatever its checksums say.
    SkipChecksums,
    /// A segment is given up before the ledger has it durably.
    TrimEarly,
    /// A segment is used again under the generation it had.
    ForgetGeneration,
}

#[cfg(feature = "sabotage")]
std::thread_local! {
    static PLANTED: std::cell::Cell<Option<Sabotage>> = const { std::cell::Cell::new(None) };
}

/// Plants a fault in all journals of this thread, or none.
#[cfg(feature = "sabotage")]
pub fn plant(sabotage: Option<Sabotage>) {
    PLANTED.set(sabotage);
}

/// Whether this fault is planted.
#[cfg(feature = "sabotage")]
pub(crate) fn planted(sabotage: Sabotage) -> bool {
    PLANTED.get() == Some(sabotage)
}

/// Whether this fault is planted.
#[cfg(not(feature = "sabotage"))]
pub(crate) const fn planted(_: Sabotage) -> bool {
    false
}
