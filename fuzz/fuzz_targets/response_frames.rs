//! Frames of AWS's event stream with any payload and right checksums, then some bytes changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use usage_providers::{End, Hints, Reading, ResponseMeter};

const LAST: &[u8] = br#"{"metrics":{},"usage":{"inputTokens":7,"outputTokens":3,"totalTokens":10}}"#;

fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = u32::try_from(16 + headers.len() + payload.len()).unwrap_or(u32::MAX);
    let mut frame = total.to_be_bytes().to_vec();
    frame.extend(u32::try_from(headers.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(headers);
    frame.extend(payload);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

fn read(bytes: &[u8], cuts: &[usize]) -> Reading {
    let mut meter = ResponseMeter::new(Hints::default());
    let mut from = 0;
    for cut in cuts {
        meter.feed(&bytes[from..*cut]);
        from = *cut;
    }
    meter.feed(&bytes[from..]);
    meter.finish(End::Complete)
}

fuzz_target!(|input: (Vec<(&[u8], &[u8])>, Option<(u16, u8)>, [u16; 2])| {
    let (frames, change, cuts) = input;
    let mut stream: Vec<u8> = frames.iter().flat_map(|(head, body)| frame(head, body)).collect();
    let before = stream.len();
    stream.extend(frame(b"", LAST));
    let mut cuts = cuts.map(|cut| usize::from(cut) % (stream.len() + 1));
    cuts.sort_unstable();
    let sound = read(&stream, &[]);
    assert_eq!(read(&stream, &cuts), sound);
    if let Some((at, bits)) = change.filter(|(_, bits)| *bits != 0) {
        // Changed within the last frame: it says nothing any more.
        let at = before + usize::from(at) % (stream.len() - before);
        stream[at] ^= bits;
        let broken = read(&stream, &[]);
        assert_eq!(read(&stream, &cuts), broken);
        // A changed length of the first frame makes it another kind of stream.
        assert!(before == 0 || broken.malformed > read(&stream[..before], &[]).malformed);
    }
});
