//! The memory that a meter keeps while it reads.

use usage_providers::{End, Hints, ResponseMeter};

/// The most that a response may take.
const MOST: u64 = 64 << 10;

/// Returns the most bytes that were allocated at once while a response was read, and the size of
/// the meter itself.
fn taken(chunks: &[&[u8]], times: usize) -> u64 {
    let info = allocation_counter::measure(|| {
        let mut meter = ResponseMeter::new(Hints::default());
        for _ in 0..times {
            chunks.iter().for_each(|chunk| meter.feed(chunk));
        }
        std::hint::black_box(meter.finish(End::Complete));
    });
    info.bytes_max + size_of::<ResponseMeter>() as u64
}

#[test]
fn a_response_takes_64_kib_whatever_it_holds() {
    let long = "x".repeat(1 << 20);
    let text = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{long}\"}}}}]}}\n\n");
    let model = format!("data: {{\"model\":\"{long}\",\"usage\":{{\"prompt_tokens\":1}}}}\n\n");
    let deep = "[".repeat(1 << 20);
    let deep = format!("{{\"usage\":{{\"x\":{deep}");
    let name = "m".repeat(256);
    let entry = format!("{{\"type\":\"compaction\",\"model\":\"{name}\",\"input_tokens\":1}},");
    let entries = entry.repeat(10_000);
    let iterations = format!(
        "{{\"id\":\"{name}\",\"model\":\"{name}\",\"usage\":{{\"input_tokens\":1,\"iterations\":[{entries}{{}}]}}}}"
    );
    let restarted = format!(
        "data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{name}\",\"model\":\"{name}\",\"usage\":{{\"input_tokens\":1}}}}}}\n\n\
         data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"x\"}},\"usage\":{{\"output_tokens\":1}}}}\n\n\
         data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"b{}\",\"model\":\"{name}\",\"usage\":{{\"input_tokens\":1}}}}}}\n\n\
         data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"x\"}},\"usage\":{{\"output_tokens\":1}}}}\n\n",
        &name[1..]
    );
    let everything = format!("{}data: {iterations}\n\n", restarted.repeat(200));
    for (what, response, times) in [
        ("a long text", &text, 3),
        ("a long name", &model, 3),
        ("depth", &deep, 1),
        ("iterations", &iterations, 2),
        ("responses in a row", &restarted, 200),
        ("all of them", &everything, 2),
    ] {
        let taken = taken(&[response.as_bytes()], times);
        assert!(taken <= MOST, "{what}: {taken} bytes");
    }
}

#[test]
fn a_usual_stream_allocates_next_to_nothing() {
    let first =
        b"data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let last =
        b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n";
    let mut meter = ResponseMeter::new(Hints::default());
    (0..4).for_each(|_| meter.feed(first));
    let info = allocation_counter::measure(|| {
        (0..1_000).for_each(|_| meter.feed(first));
        meter.feed(last);
    });
    assert_eq!(info.count_total, 0, "neither for text nor for counts");
}
