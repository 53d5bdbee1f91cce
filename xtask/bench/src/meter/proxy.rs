//! A proxy that copies from one socket to another, and what the meter adds to its time on the
//! processor.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use nix::sys::resource::{UsageWho, getrusage};
use usage_providers::{End, Hints, ResponseMeter};

use super::megabytes;
use super::streams::{self, Stream};
use crate::Setup;
use crate::figures::{aim, float};
use crate::rounds::{Times, interleaved, ratio};

/// Responses that go through in a round.
const RESPONSES: usize = 100;
const PACED_RESPONSES: usize = 20;

/// Percent more than a proxy that only copies.
const AIM: f64 = 2.0;

pub(super) fn run(setup: &Setup) -> Result<()> {
    let stream = streams::chat();
    println!("  a proxy of {}, its time on the processor:", stream.name);
    let mut worst = f64::MIN;
    for (name, paced, responses) in
        [("each event by itself", true, PACED_RESPONSES), ("as fast as it goes", false, RESPONSES)]
    {
        let mut reads = 1;
        let mut copying = || Ok(pass(&stream, paced, responses, false)?.0);
        let mut metering = || {
            let (took, count) = pass(&stream, paced, responses, true)?;
            reads = count;
            Ok(took)
        };
        let sides: &mut [crate::rounds::Side<'_>] = &mut [&mut copying, &mut metering];
        let times = interleaved(setup.rounds.max(9), sides)?;
        let bytes = (responses * stream.bytes()) as u64;
        let rate = |times: &Times| megabytes(bytes, times.median());
        let beside = ratio(&times[1], &times[0]);
        let more = |ratio: f64| (ratio - 1.0) * 100.0;
        println!(
            "  {name:<22} {:>6.0} MB/s copying, {:>6.0} MB/s with the meter, {:>6.0} bytes a read: {:.1}% more ({:.1} to {:.1})",
            rate(&times[0]),
            rate(&times[1]),
            float(bytes) / float(reads),
            more(beside.median),
            more(beside.min),
            more(beside.max),
        );
        worst = worst.max(if paced { more(beside.median) } else { worst });
    }
    aim("at most 2% more than a proxy that copies", worst <= AIM, &format!("{worst:.1}% more"));
    Ok(())
}

/// Lets the responses pass, and returns the proxy's time on the processor and how often it read.
/// Paced, each event is sent when the one before it has arrived, as a model writes them.
fn pass(stream: &Stream, paced: bool, responses: usize, metered: bool) -> Result<(Duration, u64)> {
    let (mut server, mut upstream) = pair()?;
    let (mut downstream, mut client) = pair()?;
    let chunks: Vec<Vec<u8>> = stream.chunks(None).iter().map(|chunk| chunk.to_vec()).collect();
    let (arrived, arrivals) = sync_channel(1);
    let sender = thread::spawn(move || -> Result<()> {
        for chunk in chunks.iter().cycle().take(responses * chunks.len()) {
            server.write_all(chunk)?;
            let mut left = chunk.len();
            while paced && left > 0 {
                left = left.saturating_sub(arrivals.recv()?);
            }
        }
        Ok(())
    });
    let receiver = thread::spawn(move || -> Result<()> {
        let mut buffer = [0; 1 << 16];
        loop {
            let length = client.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            if paced {
                // The sender may have ended.
                let _ = arrived.send(length);
            }
        }
    });
    let proxy = thread::spawn(move || -> Result<(Duration, u64)> {
        let mut buffer = [0; 16 << 10];
        let mut meter = metered.then(|| ResponseMeter::new(Hints::default()));
        let mut reads = 0;
        let before = on_processor()?;
        loop {
            let length = upstream.read(&mut buffer)?;
            if length == 0 {
                break;
            }
            reads += 1;
            let chunk = buffer.get(..length).unwrap_or_default();
            if let Some(meter) = &mut meter {
                meter.feed(chunk);
            }
            downstream.write_all(chunk)?;
        }
        std::hint::black_box(meter.map(|meter| meter.finish(End::Complete)));
        Ok((on_processor()?.saturating_sub(before), reads))
    });
    let panicked = |_| anyhow!("a thread panicked");
    sender.join().map_err(panicked)??;
    let measured = proxy.join().map_err(panicked)??;
    receiver.join().map_err(panicked)??;
    Ok(measured)
}

/// Two ends of a connection on this machine.
fn pair() -> Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let one = TcpStream::connect(listener.local_addr()?)?;
    let (other, _) = listener.accept()?;
    one.set_nodelay(true)?;
    other.set_nodelay(true)?;
    Ok((one, other))
}

/// This thread's time on the processor, in the system too.
fn on_processor() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).context("getrusage")?;
    let micros = |time: nix::sys::time::TimeVal| {
        u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0)
    };
    Ok(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
}
