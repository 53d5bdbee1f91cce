//! Streams of responses through the meter, beside copying the same chunks and beside splitting
//! them into lines; and a proxy that copies, with and without the meter.

mod proxy;
mod streams;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use memchr::memchr;
use usage_providers::{End, Hints, ResponseMeter};

use crate::Setup;
use crate::figures::{aim, float};
use crate::rounds::{Times, as_float, interleaved, ratio};
use streams::Stream;

/// Bytes of each stream and side in a round.
const BYTES: usize = 64 << 20;

/// Gigabytes a minute on one core that are aimed at.
const AIM: f64 = 1.5;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    println!(
        "  {:<22} {:>10} {:>12} {:>12} {:>12} | {:<24}",
        "GB a minute, one core", "chunk", "copy", "lines", "meter", "lines beside the meter"
    );
    let mut slowest = f64::MAX;
    for stream in streams::all() {
        for size in [None, Some(4_096)] {
            let chunks = stream.chunks(size);
            let responses = BYTES.div_ceil(stream.bytes());
            let mut copying = || Ok(copy(&chunks, responses));
            let mut splitting = || Ok(split(&chunks, responses));
            let mut metering = || meter(&stream, &chunks, responses);
            let sides: &mut [crate::rounds::Side<'_>] =
                &mut [&mut copying, &mut splitting, &mut metering];
            let times = interleaved(setup.rounds, sides)?;
            let rate = |times: &Times| times.per_second(responses * stream.bytes()) * 60.0 / 1e9;
            slowest = slowest.min(rate(&times[2]));
            println!(
                "  {:<22} {:>10} {:>12.0} {:>12.0} {:>12.1} | {}",
                stream.name,
                size.map_or_else(|| "an event".to_owned(), |size| format!("{size} B")),
                rate(&times[0]),
                rate(&times[1]),
                rate(&times[2]),
                ratio(&times[1], &times[2]),
            );
        }
    }
    aim("1.5 GB a minute and core", slowest >= AIM, &format!("{slowest:.1} at the slowest"));
    proxy::run(setup)
}

/// Copies each chunk, as the least that a proxy does.
fn copy(chunks: &[&[u8]], responses: usize) -> Duration {
    let mut buffer = Vec::with_capacity(1 << 16);
    let start = Instant::now();
    for _ in 0..responses {
        for chunk in chunks {
            buffer.clear();
            buffer.extend_from_slice(chunk);
            std::hint::black_box(&buffer);
        }
    }
    start.elapsed()
}

/// Splits the chunks into lines and looks what they begin with, keeping what has no end yet.
fn split(chunks: &[&[u8]], responses: usize) -> Duration {
    let start = Instant::now();
    let mut data = 0_usize;
    for _ in 0..responses {
        let mut begun: Vec<u8> = Vec::new();
        for chunk in chunks {
            let mut rest = *chunk;
            while let Some(end) = memchr(b'\n', rest) {
                let (line, after) = rest.split_at(end + 1);
                rest = after;
                if begun.is_empty() {
                    data += usize::from(line.starts_with(b"data:"));
                } else {
                    begun.extend_from_slice(line);
                    data += usize::from(begun.starts_with(b"data:"));
                    begun.clear();
                }
            }
            begun.extend_from_slice(rest);
        }
    }
    std::hint::black_box(data);
    start.elapsed()
}

fn meter(stream: &Stream, chunks: &[&[u8]], responses: usize) -> Result<Duration> {
    let start = Instant::now();
    let mut total = 0;
    for _ in 0..responses {
        let mut meter = ResponseMeter::new(Hints::default());
        for chunk in chunks {
            meter.feed(chunk);
        }
        total += meter.finish(End::Complete).counts().total();
    }
    let took = start.elapsed();
    let expected = stream.total * responses as u64;
    ensure!(total == expected, "{}: {total} tokens in place of {expected}", stream.name);
    Ok(took)
}

/// Bytes a second as megabytes.
fn megabytes(bytes: u64, took: Duration) -> f64 {
    float(bytes) / took.as_secs_f64() / as_float(1_000_000)
}
