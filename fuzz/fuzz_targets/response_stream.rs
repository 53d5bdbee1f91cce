//! Any bytes in any pieces: what is read depends on the bytes alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use usage_core::{Counts, Timestamp};
use usage_providers::{End, Hints, Reading, ResponseMeter};

/// Puts the bytes behind some events, so that there is a stream to begin with.
const STREAMS: &[&str] = &[
    "",
    "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{}]}\n\n",
    "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"a\",\"model\":\"m\",\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\r\n\r\n",
    "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"model\":\"m\"}}\n\ndata: {\"a\":1}\n\ndata: {\"a\":1}\n\ndata: {\"a\":1}\n\n",
    "[{\"candidates\":[{}],\"usageMetadata\":{\"promptTokenCount\":1}}\n,",
    "data: {\"id\":\"c\",\"type\":\"message-start\"}\n\n",
];

fn read(bytes: &[u8], cuts: &[usize], end: End) -> Reading {
    let mut meter = ResponseMeter::new(Hints::default());
    let mut from = 0;
    for cut in cuts {
        meter.feed(&bytes[from..*cut]);
        from = *cut;
    }
    meter.feed(&bytes[from..]);
    meter.finish(end)
}

fuzz_target!(|input: (u8, [u16; 3], u8, &[u8])| {
    let (choice, cuts, end, bytes) = input;
    let begin = STREAMS[usize::from(choice) % STREAMS.len()];
    let stream = [begin.as_bytes(), bytes].concat();
    let end = [End::Complete, End::Cancelled, End::Failed][usize::from(end) % 3];
    let mut cuts = cuts.map(|cut| usize::from(cut) % (stream.len() + 1));
    cuts.sort_unstable();
    let whole = read(&stream, &[], end);
    assert_eq!(read(&stream, &cuts, end), whole);
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(read(&stream, &everywhere, end), whole);
    if stream.starts_with(b"data:") && !stream.contains(&b'\r') {
        let text: Vec<u8> = stream
            .iter()
            .flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] })
            .collect();
        assert_eq!(read(&text, &[], end), whole, "with CRLF");
    }
    for part in &whole.parts {
        assert!(part.counts.reasoning <= part.counts.output);
        assert!(part.counts.cache_write_long <= part.counts.cache_write);
        assert!(part.counts.input_audio <= part.counts.input);
        assert!(Counts::try_from(part.usage(Timestamp::MIN_RECORD)).is_ok(), "{part:?}");
    }
});
