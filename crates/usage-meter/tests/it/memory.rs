//! The memory that a meter keeps, and the cost of a usual stream.

use usage_meter::{End, Meter};

use crate::common::{EVENTS, Ledger, names};

/// The most that a stream may take.
const MOST: u64 = 64 << 10;

#[test]
fn a_request_takes_64_kib_over_all_its_attempts() {
    let ledger = Ledger::new();
    let name = "m".repeat(250);
    let info = allocation_counter::measure(|| {
        let mut meter = ledger.meter();
        for attempt in 0..200 {
            let model = format!("{attempt}{name}");
            let event = EVENTS[0].replace("claude-sonnet-5", &model).replace("msg_01", &model);
            meter.feed(event.as_bytes());
            meter.retry();
        }
        drop(meter);
    });
    let taken = info.bytes_max + size_of::<Meter>() as u64;
    assert!(taken <= MOST, "{taken} bytes");
}

#[test]
fn events_of_a_usual_stream_allocate_nothing() {
    let ledger = Ledger::new();
    let mut meter = Meter::new(&ledger.tracker, names()).unwrap();
    let text = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"Hi\"}}\n\n";
    meter.feed(EVENTS[0].as_bytes());
    (0..4).for_each(|_| meter.feed(text.as_bytes()));
    let info = allocation_counter::measure(|| {
        (0..1_000).for_each(|_| meter.feed(text.as_bytes()));
        EVENTS[1..].iter().for_each(|event| meter.feed(event.as_bytes()));
    });
    assert_eq!(info.count_total, 0, "neither for text nor for counts");
    meter.finish(End::Complete).unwrap();
}
