//! The part of a rollout that is a copy of its parent's.
//!
//! Times do not tell it: some versions stamp copies anew, all within a millisecond, others keep their old times. The
//! ids of turns do, as they hold the time of their making.

/// The beginning of a turn, as a row says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn<'a> {
    pub(super) id: Option<&'a str>,
    /// In seconds since 1970.
    pub(super) started: Option<u64>,
    /// Says whether it is the row with the turn's context.
    pub(super) is_context: bool,
}

impl Turn<'_> {
    /// Returns whether this turn is one of a rollout that was made at a time, in milliseconds since 1970, not one of
    /// its parent's.
    pub(super) fn is_of_own(self, birth: u64) -> bool {
        match (self.id.and_then(millis_of), self.started) {
            (Some(millis), _) => millis >= birth,
            (None, Some(started)) => started >= birth / 1_000,
            // Versions without ids of turns have copied nothing.
            (None, None) => self.is_context && self.id.is_none(),
        }
    }
}

/// Returns the time that a UUID of version 7 holds, in milliseconds since 1970; `None` for any other text.
pub(super) fn millis_of(id: &str) -> Option<u64> {
    let bytes = id.as_bytes();
    let is_shaped = bytes.len() == 36 && [8, 13, 18, 23].iter().all(|at| bytes[*at] == b'-');
    if !is_shaped || bytes[14] != b'7' || !id.is_ascii() {
        return None;
    }
    let high = u64::from_str_radix(&id[..8], 16).ok()?;
    let low = u64::from_str_radix(&id[9..13], 16).ok()?;
    Some(high << 16 | low)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "01a221f2-1a2a-7dd0-a206-a086477c4a8b";

    #[test]
    fn a_turn_is_told_by_the_time_in_its_id() {
        let birth = millis_of(OWN).unwrap();
        assert_eq!(birth / 1_000, 1_795_865_844);
        let turn = |id| Turn { id: Some(id), ..Turn::default() };
        assert!(!turn("01a221f2-1924-7ea3-893e-9249030a87f1").is_of_own(birth));
        assert!(turn("01a221f2-1a71-7491-822d-19307baab500").is_of_own(birth));
        // A copy that was stamped anew.
        let old =
            Turn { started: Some(1_795_865_844), ..turn("01a221f2-1924-7ea3-893e-9249030a87f1") };
        assert!(!old.is_of_own(birth));
    }

    #[test]
    fn a_turn_without_such_an_id_is_told_by_its_start() {
        let birth = millis_of(OWN).unwrap();
        let at = |started| Turn { id: Some("7"), started: Some(started), is_context: false };
        assert!(at(1_795_865_844).is_of_own(birth) && !at(1_795_865_843).is_of_own(birth));
        let context = |id| Turn { id, started: None, is_context: true };
        assert!(context(None).is_of_own(birth) && !context(Some("7")).is_of_own(birth));
        assert!(!Turn::default().is_of_own(birth));
    }

    #[test]
    fn only_version_7_has_a_time() {
        for id in
            ["", "x", "01a221f2-1a2a-4dd0-a206-a086477c4a8b", "éééééééé-1a2a-7dd0-a206-a086477"]
        {
            assert_eq!(millis_of(id), None, "{id}");
        }
    }
}
