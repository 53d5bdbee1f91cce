//! This checkout beside another: `cargo xtask bench versus CHECKOUT [PART...] [OPTION...]`.
//!
//! Each side measures with its own build of its own measuring program, in turns; both print their figures as
//! text, and figures under the same name are compared round by round. What both sides measure alike, such as
//! the yardstick, shows how far the machine itself can be trusted: its ratio should be 1.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{path, write_lines};
use crate::insert::fresh;
use crate::{ROWS, child, workload};

/// The first argument by which this program is told to do it.
pub(crate) const VERSUS: &str = "versus";

const PARTS: [&str; 4] = ["insert", "sustained", "report", "record"];
const REPORT: &str = "report";
const ROUNDS: usize = 9;
/// Reports a round.
const REPORTS: u32 = 20;
/// In this ledger of each side.
const LEDGER: &str = "versus.db";
/// The least nearness to the other side.
const AIM: f64 = 0.95;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (other, rest) = arguments.split_first().context("the other checkout is missing")?;
    let other = std::fs::canonicalize(other).with_context(|| other.clone())?;
    let (mut parts, mut options, mut rounds) = (Vec::new(), Vec::new(), ROUNDS);
    let mut rest = rest.iter();
    while let Some(argument) = rest.next() {
        match argument.strip_prefix("--") {
            Some("rounds") => rounds = rest.next().context("--rounds")?.parse()?,
            Some(_) => options.extend([argument.as_str(), rest.next().context("a value")?]),
            None => parts.push(argument.as_str()),
        }
    }
    if parts.is_empty() {
        parts.extend(PARTS);
    }
    build(&other)?;
    let sides = [Side::new(&other)?, Side::new(&std::env::current_dir()?)?];
    for part in parts {
        for side in &sides {
            side.prepare(part)?;
        }
        println!(
            "\n== {part}, {rounds} rounds: the other checkout, this one, how many times as fast this is"
        );
        let mut figures: Vec<Vec<[f64; 2]>> = Vec::new();
        let mut names = Vec::new();
        for round in 0..rounds {
            // Who comes first changes too.
            let [first, second] = [round % 2, 1 - round % 2].map(|side| &sides[side]);
            let measured = [first.measure(part, &options)?, second.measure(part, &options)?];
            let (theirs, ours) = (&measured[round % 2], &measured[1 - round % 2]);
            if names.is_empty() {
                names = ours.iter().map(|figure| figure.name.clone()).collect();
                figures.resize(names.len(), Vec::new());
            }
            for (name, figures) in names.iter().zip(&mut figures) {
                let of = |side: &[Figure]| {
                    side.iter().find(|figure| figure.name == *name).map(|figure| figure.speed)
                };
                figures.extend(of(theirs).zip(of(ours)).map(|(theirs, ours)| [theirs, ours]));
            }
        }
        for (name, figures) in names.iter().zip(&figures).filter(|(_, all)| !all.is_empty()) {
            show(name, figures);
        }
    }
    Ok(())
}

fn show(name: &str, figures: &[[f64; 2]]) {
    let [theirs, ours] = [0, 1].map(|side| median(figures.iter().map(|figure| figure[side])));
    let ratios = figures.iter().map(|[theirs, ours]| ours / theirs);
    let ratio = median(ratios.clone());
    let (least, most) = (ratios.clone().fold(f64::MAX, f64::min), ratios.fold(0.0, f64::max));
    let verdict = if ratio >= AIM { "" } else { "   BELOW 0.95" };
    println!(
        "  {name:<44} {theirs:>11.3} {ours:>11.3} {ratio:>6.2} ({least:.2} to {most:.2}){verdict}"
    );
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = numbers.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn build(checkout: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments =
        ["build", "--release", "--locked", "--package", "usage-cli", "--package", "usage-bench"];
    // From there, so that its own settings hold, and not what cargo has told this process of ours.
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(checkout);
    for ours in ["CARGO_TARGET_DIR", "LIBSQLITE3_FLAGS"] {
        command.env_remove(ours);
    }
    let status = command.status()?;
    ensure!(status.success(), "{} cannot be built", checkout.display());
    Ok(())
}

/// A checkout whose programs are built.
struct Side {
    checkout: PathBuf,
    program: PathBuf,
}

/// A number that was printed: larger is better.
struct Figure {
    name: String,
    speed: f64,
}

impl Side {
    fn new(checkout: &Path) -> Result<Self> {
        let program = checkout.join("target/release/usage-bench");
        ensure!(program.exists(), "{} is missing", program.display());
        Ok(Self { checkout: checkout.to_owned(), program })
    }

    /// Prepares what a part needs before its first round: both sides report from a ledger of their own, of the same
    /// records.
    fn prepare(&self, part: &str) -> Result<()> {
        if part == REPORT {
            let folder = self.checkout.join("target/bench");
            std::fs::create_dir_all(&folder)?;
            let ledger = fresh(&folder, LEDGER)?;
            let input = write_lines(&folder, "versus.ndjson", &workload::records(ROWS, false)?)?;
            let command = [&self.usage(), "--db", path(&ledger)?, "record", path(&input)?];
            child::measured(&command)?;
            std::fs::remove_file(input)?;
        }
        Ok(())
    }

    /// One round of a part.
    fn measure(&self, part: &str, options: &[&str]) -> Result<Vec<Figure>> {
        if part == REPORT {
            return self.report();
        }
        let output = Command::new(&self.program)
            .args([part, "--rounds", "1"])
            .args(options)
            .current_dir(&self.checkout)
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            bail!("{} {part} failed: {}", self.program.display(), output.status);
        }
        Ok(figures(&String::from_utf8(output.stdout)?))
    }
}

impl Side {
    /// Reports a second, each by a process of its own. What the part prints itself is too coarse for a
    /// comparison.
    fn report(&self) -> Result<Vec<Figure>> {
        let ledger = self.checkout.join("target/bench").join(LEDGER);
        let mut took = Duration::ZERO;
        for _ in 0..REPORTS {
            let command = [&self.usage(), "--db", path(&ledger)?, "report", "--format", "json"];
            took += child::measured(&command)?.wall;
        }
        let name = "usage report, all time".to_owned();
        Ok(vec![Figure { name, speed: f64::from(REPORTS) / took.as_secs_f64() }])
    }

    fn usage(&self) -> String {
        self.checkout.join("target/release/usage").display().to_string()
    }
}

/// The figures in what a part has printed: on each indented line the first number that stands by itself behind
/// the name, as a speed. The heading before it, and which of several it is, are part of the name.
fn figures(text: &str) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    let mut heading = "";
    for line in text.lines() {
        if let Some(new) = line.strip_suffix(':').filter(|line| !line.starts_with(' ')) {
            heading = new;
            continue;
        }
        let Some(line) = line.strip_prefix("  ") else { continue };
        if line.contains('|') {
            figures.extend(row(heading, line));
            continue;
        }
        let Some((name, speed)) = figure(line) else { continue };
        let name = if heading.is_empty() { name.to_owned() } else { format!("{heading}: {name}") };
        let before = figures.iter().filter(|figure| figure.name.split(" #").next() == Some(&name));
        let name = match before.count() {
            0 => name,
            earlier => format!("{name} #{}", earlier + 1),
        };
        figures.push(Figure { name, speed });
    }
    figures
}

/// A row of a table of both sides' nanoseconds: `1,000/s  8 |  190 ns  2400 ns |  113 ns ...`, as calls a second.
fn row(heading: &str, line: &str) -> impl Iterator<Item = Figure> {
    let mut cells = line.split('|');
    let name = cells.next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(", ");
    ["ours", "bare"].into_iter().zip(cells).filter_map(move |(side, cell)| {
        let nanos: f64 = cell.split_whitespace().next()?.parse().ok()?;
        Some(Figure { name: format!("{heading}: {name}: {side}"), speed: 1e9 / nanos })
    })
}

/// Name and speed: `yardstick, FULL     12345 rows/s ...`. Numbers stand to the right, behind at least two
/// blanks.
fn figure(line: &str) -> Option<(&str, f64)> {
    let (name, rest) = line.trim_start().split_once("  ")?;
    let number = rest.split_whitespace().next()?;
    Some((name, number.parse().ok()?))
}
