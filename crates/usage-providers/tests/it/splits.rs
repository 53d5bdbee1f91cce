//! However a response is cut into chunks, it reads the same.

use proptest::prelude::*;
use usage_providers::{End, Hints, Reading, ResponseMeter, read_response};

use crate::fixtures::all;

/// Reads a response in pieces.
pub(crate) fn in_pieces(response: &[u8], cuts: &[usize], end: End) -> Reading {
    let mut meter = ResponseMeter::new(Hints::default());
    let mut from = 0;
    for cut in cuts {
        meter.feed(&response[from..*cut]);
        from = *cut;
    }
    meter.feed(&response[from..]);
    meter.finish(end)
}

#[test]
fn every_cut_of_every_fixture() {
    for fixture in all() {
        let body = &fixture.body;
        let whole = read_response(body, Hints::default());
        let everywhere: Vec<usize> = (1..body.len()).collect();
        assert_eq!(in_pieces(body, &everywhere, End::Complete), whole, "{}", fixture.name);
        for cut in 0..=body.len() {
            let reading = in_pieces(body, &[cut], End::Complete);
            assert_eq!(reading, whole, "{} cut at {cut}", fixture.name);
        }
    }
}

#[test]
fn every_ending_of_lines() {
    for fixture in all() {
        let Ok(text) = std::str::from_utf8(&fixture.body) else { continue };
        if !text.contains("data:") {
            continue;
        }
        let whole = read_response(text.as_bytes(), Hints::default());
        let plain = text.replace("\r\n", "\n");
        for ending in ["\n", "\r\n", "\r"] {
            let body = plain.replace('\n', ending);
            let reading = read_response(body.as_bytes(), Hints::default());
            assert_eq!(reading, whole, "{} with {ending:?}", fixture.name);
            for cut in 0..=body.len() {
                let reading = in_pieces(body.as_bytes(), &[cut], End::Complete);
                assert_eq!(reading, whole, "{} with {ending:?} cut at {cut}", fixture.name);
            }
        }
        let marked = [b"\xEF\xBB\xBF", plain.as_bytes()].concat();
        assert_eq!(read_response(&marked, Hints::default()), whole, "{} with a BOM", fixture.name);
    }
}

proptest! {
    #[test]
    fn random_cuts_of_streams_in_a_row(
        picks in prop::collection::vec(0..1_000_usize, 1..4),
        cuts in prop::collection::vec(0..1_000_000_usize, 0..12),
        crlf in any::<bool>(),
        ends_early in 0..3_usize,
    ) {
        let streams: Vec<String> = all()
            .into_iter()
            .filter_map(|fixture| String::from_utf8(fixture.body).ok())
            .filter(|body| body.contains("data:"))
            .collect();
        let text: String = picks.iter().map(|pick| streams[pick % streams.len()].as_str()).collect();
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let body = &text.as_bytes()[..text.len() - text.len() * ends_early / 7];
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
        cuts.sort_unstable();
        for end in [End::Complete, End::Cancelled, End::Failed] {
            prop_assert_eq!(in_pieces(body, &cuts, end), in_pieces(body, &[], end));
        }
    }
}
