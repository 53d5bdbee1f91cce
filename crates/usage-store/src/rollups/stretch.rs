//! The totals of one stretch of time as pieces: which of them a delta touches, and how they split.

use rusqlite::Connection;

use super::piece::{Cell, Head, Place, Seals, fitting};
use super::table::{Pieces, delete_piece, later_pieces};
use super::{Level, Rollup, RollupError};

/// By how much a stretch has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StretchDelta {
    /// The sum of the checksums of its pieces, modulo 2^32.
    pub(super) checksum: u32,
    pub(super) label_sets: i64,
}

/// Applies totals to some label sets of a stretch, and what its finer rollups come to. `apply` gets the totals that a piece may hold, in
/// the order of their label sets.
pub(super) fn apply<T>(
    pieces: &mut Pieces<'_>,
    number: i64,
    totals: &[(i64, T)],
    seals: Seals,
    apply: impl Fn(&mut Rollup, &[(i64, T)]) -> Result<(), RollupError>,
    buffer: &mut Vec<u8>,
) -> rusqlite::Result<StretchDelta> {
    let (connection, level) = (pieces.connection, pieces.level);
    let place = Place::first_of(level, number);
    let mut label_sets = 0;
    let mut apply = |rollup: &mut Rollup, totals: &[(i64, T)]| {
        label_sets -= rollup.len();
        apply(rollup, totals)?;
        label_sets += rollup.len();
        Ok::<_, RollupError>(())
    };
    let found = pieces.read(place)?;
    let is_there = found.is_some();
    let mut first = found.unwrap_or_default();
    let firsts =
        if first.head.has_more { later_pieces(connection, level, number)? } else { Vec::new() };
    let [of_first, mut rest] = until(totals, firsts.first().copied());
    let (mut sum, mut later) = (0_u32, firsts.len());
    for (at, &begins) in firsts.iter().enumerate() {
        let [of_piece, behind] = until(rest, firsts.get(at + 1).copied());
        rest = behind;
        if of_piece.is_empty() {
            continue;
        }
        let place = Place { level, number, first: begins };
        let mut piece = pieces.read(place)?.ok_or(RollupError::Torn)?;
        apply(&mut piece.rollup, of_piece)?;
        later -= 1;
        let (checksums, written) = if piece.rollup.is_empty() {
            delete_piece(connection, place)?;
            (0, 0)
        } else {
            write_from(pieces, place, Head::default(), piece.rollup.as_slice(), buffer)?
        };
        sum = sum.wrapping_add(checksums).wrapping_sub(piece.checksum);
        later += written;
    }
    apply(&mut first.rollup, of_first)?;
    sum = sum.wrapping_sub(first.checksum);
    if first.rollup.is_empty() && later == 0 {
        if is_there {
            delete_piece(connection, place)?;
        }
        return Ok(StretchDelta { checksum: sum, label_sets });
    }
    let mut head = Head { has_more: later > 0, ..first.head };
    for (seal, by) in head.seals.iter_mut().zip(seals) {
        *seal = seal.wrapping_add(by);
    }
    let (checksums, _) = write_from(pieces, place, head, first.rollup.as_slice(), buffer)?;
    Ok(StretchDelta { checksum: sum.wrapping_add(checksums), label_sets })
}

/// Writes a stretch anew, whatever pieces it had; returns the sum of the checksums of its pieces.
pub(super) fn write(
    connection: &Connection,
    (level, number): (Level, i64),
    rollup: &Rollup,
    seals: Seals,
    buffer: &mut Vec<u8>,
) -> rusqlite::Result<u32> {
    for first in later_pieces(connection, level, number)? {
        delete_piece(connection, Place { level, number, first })?;
    }
    let place = Place::first_of(level, number);
    if rollup.is_empty() {
        delete_piece(connection, place)?;
        return Ok(0);
    }
    let head = Head { has_more: false, seals };
    let pieces = &mut Pieces::of(connection, level)?;
    Ok(write_from(pieces, place, head, rollup.as_slice(), buffer)?.0)
}

/// The totals up to a label set, and the others.
fn until<T>(totals: &[(i64, T)], end: Option<i64>) -> [&[(i64, T)]; 2] {
    let place = end.map(|end| totals.partition_point(|(label_set, _)| *label_set < end));
    let (of_piece, behind) = totals.split_at(place.unwrap_or(totals.len()));
    [of_piece, behind]
}

/// Writes a piece, and what does not fit into it as pieces behind it; returns the sum of their
/// checksums, and how many they are.
fn write_from(
    pieces: &mut Pieces<'_>,
    mut place: Place,
    mut head: Head,
    mut rollup: &[Cell],
    buffer: &mut Vec<u8>,
) -> rusqlite::Result<(u32, usize)> {
    let mut checksum = place.encode(head, rollup, buffer);
    let (mut sum, mut count) = (0_u32, 1);
    if buffer.len() > place.most() {
        loop {
            let (own, others) = rollup.split_at(fitting(place, rollup, buffer));
            let Some((first, _)) = others.first() else { break };
            head.has_more |= place.first == 0;
            sum = sum.wrapping_add(place.encode(head, own, buffer));
            pieces.write(place, buffer)?;
            (place, head, rollup) = (Place { first: *first, ..place }, Head::default(), others);
            count += 1;
        }
        checksum = place.encode(head, rollup, buffer);
    }
    pieces.write(place, buffer)?;
    Ok((sum.wrapping_add(checksum), count))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use usage_core::Measure;
    use usage_core::stats::Summary;

    use super::super::counts::MEASURES;
    use super::super::table::{each_checksum, each_head, read};
    use super::*;
    use crate::ledger::schema::NEWEST;

    const STRETCH: (Level, i64) = (Level::Month, 24_000);

    fn ledger() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(NEWEST).unwrap();
        connection
    }

    fn one(requests: u64) -> Summary {
        Summary::new(requests, [0; MEASURES]).with(Measure::Fallbacks, 70_000 * requests)
    }

    /// The same by hand, and what has to be true of the pieces.
    fn check(connection: &Connection, model: &BTreeMap<i64, u64>, sum: u32, seal: u32) {
        let found = read(connection, STRETCH.0, STRETCH.1).unwrap();
        let expected: Rollup = model.iter().map(|(id, requests)| (*id, one(*requests))).collect();
        assert!(found == expected);
        let mut checksums = 0_u32;
        each_checksum(connection, STRETCH.0, &(0..i64::MAX), |number, checksum| {
            assert_eq!(number, STRETCH.1);
            checksums = checksums.wrapping_add(checksum);
        })
        .unwrap();
        assert_eq!(checksums, sum);
        let later = later_pieces(connection, STRETCH.0, STRETCH.1).unwrap();
        each_head(connection, STRETCH.0, &(0..i64::MAX), |_, head| {
            assert_eq!(head, Ok(Head { has_more: !later.is_empty(), seals: [seal, 0] }));
        })
        .unwrap();
        let large: i64 = connection
            .query_row(
                "SELECT (SELECT count(*) FROM rollup_pieces WHERE length(cells) > 950)
                      + (SELECT count(*) FROM rollups_month WHERE length(cells) > 3900)",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(large, 0);
    }

    /// A step: how many label sets, where they begin, how far they are apart, and whether they come.
    fn steps() -> impl Strategy<Value = Vec<(usize, i64, i64, bool)>> {
        let step = (1..400_usize, 1..3_000_i64, 1..9_i64, prop::bool::weighted(0.7));
        prop::collection::vec(step, 1..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pieces_hold_what_a_map_holds(steps in steps()) {
            let connection = ledger();
            let (mut model, mut sum, mut seal) = (BTreeMap::new(), 0_u32, 0_u32);
            let (mut label_sets, mut buffer) = (0, Vec::new());
            for (count, first, apart, is_in) in steps {
                let ids = (0..).map(|n| first + n * apart).take(count);
                let totals: Vec<_> = if is_in {
                    ids.map(|id| (id, one(2))).collect()
                } else {
                    // Those that are there, with all that is there.
                    ids.filter_map(|id| model.get(&id).map(|there| (id, one(*there)))).collect()
                };
                for (id, by) in &totals {
                    if is_in {
                        *model.entry(*id).or_default() += by.requests;
                    } else {
                        model.remove(id);
                    }
                }
                let with = |rollup: &mut Rollup, totals: &[(i64, Summary)]| {
                    let totals = totals.iter().map(|(id, totals)| (*id, totals));
                    if is_in { rollup.add(totals); Ok(()) } else { rollup.take_away(totals) }
                };
                let pieces = &mut Pieces::of(&connection, STRETCH.0).unwrap();
                let by = apply(pieces, STRETCH.1, &totals, [5, 0], with, &mut buffer).unwrap();
                sum = sum.wrapping_add(by.checksum);
                label_sets += by.label_sets;
                prop_assert_eq!(usize::try_from(label_sets), Ok(model.len()));
                seal = if model.is_empty() { 0 } else { seal + 5 };
                check(&connection, &model, sum, seal);
            }
            let rollup = read(&connection, STRETCH.0, STRETCH.1).unwrap();
            let sum = write(&connection, STRETCH, &rollup, [seal, 0], &mut buffer).unwrap();
            check(&connection, &model, sum, seal);
            let nothing = Rollup::default();
            prop_assert_eq!(write(&connection, STRETCH, &nothing, [0, 0], &mut buffer).unwrap(), 0);
            check(&connection, &BTreeMap::new(), 0, 0);
        }
    }

    /// A batch that changes a few names of very many rewrites a few pieces.
    #[test]
    fn what_is_not_changed_is_not_written() {
        let connection = ledger();
        let mut buffer = Vec::new();
        let all: Rollup = (1..20_000).map(|id| (id, one(3))).collect();
        write(&connection, STRETCH, &all, [0, 0], &mut buffer).unwrap();
        let written = |connection: &Connection| -> i64 {
            connection.query_row("SELECT total_changes()", [], |row| row.get(0)).unwrap()
        };
        let before = written(&connection);
        let with = |rollup: &mut Rollup, totals: &[(i64, Summary)]| {
            rollup.add(totals.iter().map(|(id, totals)| (*id, totals)));
            Ok(())
        };
        let totals = [(9_000, one(1)), (9_001, one(1)), (15_000, one(1)), (30_000, one(1))];
        let pieces = &mut Pieces::of(&connection, STRETCH.0).unwrap();
        apply(pieces, STRETCH.1, &totals, [1, 0], with, &mut buffer).unwrap();
        // Three pieces, one of which may split, and the first with the seals.
        assert!((4..=6).contains(&(written(&connection) - before)));
    }
}
