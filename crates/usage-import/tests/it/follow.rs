//! Histories of a log beside a model: written, rotated in every way, cut, its follower killed and started again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use usage_import::follow::{Entry, Follower, GapReason};

/// Random numbers that follow from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}

/// A log, its follower, and a ledger that keeps lines and cursor together.
struct World {
    folder: TempDir,
    random: Random,
    follower: Option<Follower>,
    cursor: Option<Vec<u8>>,
    stored: BTreeMap<String, u32>,
    /// Says whether lines were lost in files of which the follower knew and that are no more, while it was not running.
    destroyed: bool,
    gaps: usize,
    next: u64,
    /// The file that is written, held open across a rotation by some writers.
    writer: Option<File>,
    told: Vec<String>,
}

impl World {
    fn new(seed: u64) -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            random: Random(seed),
            follower: None,
            cursor: None,
            stored: BTreeMap::new(),
            destroyed: false,
            gaps: 0,
            next: 0,
            writer: None,
            told: Vec::new(),
        };
        File::create(world.path("log")).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&mut self, text: &str) {
        if self.writer.is_none() {
            let file = File::options().append(true).create(true).open(self.path("log")).unwrap();
            self.writer = Some(file);
        }
        self.writer.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Every whole line that lies in the log or beside it.
    fn findable(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut lines = Vec::new();
        for entry in entries {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            lines.extend(whole.lines().filter(|line| !line.is_empty()).map(str::to_owned));
        }
        lines
    }

    /// Shifts the files that were rotated before.
    fn shift(&self) {
        for at in (1..6).rev() {
            let from = self.path(&format!("log.{at}"));
            if from.exists() {
                fs::rename(from, self.path(&format!("log.{}", at + 1))).unwrap();
            }
        }
    }

    /// Notes that what is in the log now goes, unless it is stored.
    fn destroy(&mut self) {
        let text = fs::read_to_string(self.path("log")).unwrap_or_default();
        // Of a file of which nothing was read, nobody can tell another that has got its inode.
        let is_stored = |line: &str| line.starts_with("line") && self.stored.contains_key(line);
        let is_known = text.lines().any(is_stored);
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let is_unread = whole.lines().any(|line| !self.stored.contains_key(line));
        self.destroyed |= self.follower.is_none() && is_known && is_unread;
    }

    fn step(&mut self) {
        let log = self.path("log");
        match self.random.below(16) {
            0..=4 => {
                for _ in 0..=self.random.below(4) {
                    let long = "x".repeat(usize::try_from(self.random.below(3) * 300).unwrap());
                    let line = format!("line {} {long}\n", self.next);
                    self.next += 1;
                    self.append(&line);
                }
            }
            5 => {
                let line = format!("half {}", self.next);
                self.next += 1;
                self.append(&line);
            }
            6 if log.exists() => {
                self.told.push("renamed".to_owned());
                self.shift();
                fs::rename(&log, self.path("log.1")).unwrap();
                match self.random.below(3) {
                    // The next to write makes the new one.
                    0 => self.writer = None,
                    1 => {
                        self.writer = None;
                        File::create(&log).unwrap();
                    }
                    // Whoever has it open goes on in it.
                    _ => drop(File::create(&log).unwrap()),
                }
            }
            7 if log.exists() => {
                self.told.push("copied and cut".to_owned());
                self.shift();
                fs::copy(&log, self.path("log.1")).unwrap();
                // Who appends goes on at the start; what is written between is nowhere.
                File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
                self.append("\n");
            }
            8 if log.exists() && self.random.below(3) == 0 => {
                self.told.push("deleted".to_owned());
                self.destroy();
                fs::remove_file(&log).unwrap();
                self.writer = None;
                if self.random.below(2) == 0 {
                    File::create(&log).unwrap();
                }
            }
            9 if log.exists() && self.random.below(3) == 0 => {
                self.told.push("cut".to_owned());
                self.destroy();
                File::create(&log).unwrap();
            }
            10 => {
                // The writer finds out that its file was rotated.
                self.writer = None;
            }
            11 if self.follower.is_some() => {
                self.told.push("killed".to_owned());
                // Perhaps between a look and what was to be stored of it.
                if self.random.below(2) == 0 {
                    self.follower.as_mut().unwrap().look().unwrap();
                }
                self.follower = None;
            }
            12 => drop(fs::remove_file(self.path("log.6"))),
            _ => self.look(),
        }
    }

    fn look(&mut self) {
        self.told.push("looks".to_owned());
        let cursor = self.cursor.clone();
        let path = self.path("log");
        let mut follower =
            self.follower.take().unwrap_or_else(|| Follower::new(path, cursor.as_deref()));
        loop {
            let look = follower.look().unwrap();
            self.gaps += look.gaps.len();
            // As a refused line that ends a run does, storing may stop within a look.
            let entries = match self.random.below(4) {
                0 => look.entries.len() / 2,
                _ => look.entries.len(),
            };
            for entry in &look.entries[..entries] {
                if let Entry::Line { text, .. } = entry {
                    let text = String::from_utf8(text.clone()).unwrap();
                    *self.stored.entry(text).or_default() += 1;
                }
            }
            self.cursor = Some(follower.cursor(&look, entries));
            follower.advance(&look, entries);
            if look.is_last && entries == look.entries.len() {
                break;
            }
        }
        self.follower = Some(follower);
        for line in self.findable() {
            let times = self.stored.get(&line).copied().unwrap_or(0);
            assert_eq!(times, 1, "{line:.20}: {:?}", self.told);
        }
        for (line, times) in self.stored.iter().filter(|(line, _)| line.starts_with("line ")) {
            assert_eq!(*times, 1, "{line:.20}: {:?}", self.told);
        }
    }
}

#[test]
fn two_thousand_histories() {
    for seed in 0..2_000 {
        let told = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            world.look();
            for _ in 0..40 {
                world.step();
            }
            world.look();
            assert!(world.gaps > 0 || !world.destroyed, "nothing was told: {:?}", world.told);
        });
        assert!(told.is_ok(), "seed {seed}");
    }
}

/// A line longer than any may be comes in parts, and those behind it are whole.
#[test]
fn a_line_that_is_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::write(&log, format!("one\n{}", "x".repeat(100_000))).unwrap();
    let mut follower = Follower::new(&log, None);
    let look = follower.look().unwrap();
    assert_eq!(look.entries[0], Entry::line(1, "one"));
    assert_eq!(look.entries[1..], [Entry::part(2, vec![b'x'; 100_000])]);
    let cursor = follower.cursor(&look, 2);
    let mut file = File::options().append(true).open(&log).unwrap();
    file.write_all(b"yy\nthree\n").unwrap();
    let mut follower = Follower::new(&log, Some(&cursor));
    let entries = follower.look().unwrap().entries;
    assert_eq!(entries[0], Entry::part(2, "yy"));
    assert!(matches!(entries[1], Entry::TooLong { number: 2, .. }));
    assert_eq!(entries[2..], [Entry::line(3, "three")]);
}

/// Checks that files from before the log was ever followed are left alone, as nobody asked for them; what was rotated
/// since is read, also when nobody followed it meanwhile.
#[test]
fn files_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::write(folder.path().join("log.1"), "before\n").unwrap();
    fs::write(&log, "one\n").unwrap();
    let mut follower = Follower::new(&log, None);
    let look = follower.look().unwrap();
    assert_eq!(look.entries, [Entry::line(1, "one")]);
    let cursor = follower.cursor(&look, 1);
    drop(follower);
    fs::write(folder.path().join("log-20261127"), "two\n").unwrap();
    fs::rename(&log, folder.path().join("log-20261126")).unwrap();
    fs::write(&log, "three\n").unwrap();
    let look = Follower::new(&log, Some(&cursor)).look().unwrap();
    assert_eq!(look.entries, [Entry::line(2, "two"), Entry::line(3, "three")]);
    assert_eq!(look.gaps, []);
}

/// A last line without its line break waits for the rest of it while somebody may write on. Where the file in its place
/// was written a minute later, nobody will.
#[test]
fn the_last_line_of_a_file_that_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let (log, old) = (folder.path().join("log"), folder.path().join("log.1"));
    fs::write(&log, "one\ntwo").unwrap();
    let mut follower = Follower::new(&log, None);
    let look = follower.look().unwrap();
    assert_eq!(look.entries, [Entry::line(1, "one")]);
    follower.advance(&look, 1);
    fs::rename(&log, &old).unwrap();
    fs::write(&log, "three\n").unwrap();
    let look = follower.look().unwrap();
    assert_eq!(look.entries, [Entry::line(2, "three")]);
    follower.advance(&look, 1);
    let look = follower.look().unwrap();
    let cursor = follower.cursor(&look, 0);
    // Without the follower.
    let copy = folder.path().join("kept");
    fs::rename(&old, &copy).unwrap();
    let gaps = Follower::new(&log, Some(&cursor)).look().unwrap().gaps;
    assert_eq!(gaps.iter().map(|gap| gap.why).collect::<Vec<_>>(), [GapReason::Gone]);
    fs::rename(&copy, &old).unwrap();
    let later = fs::metadata(&old).unwrap().modified().unwrap() + Duration::from_secs(60);
    File::options().append(true).open(&log).unwrap().set_modified(later).unwrap();
    for follower in [follower, Follower::new(&log, Some(&cursor))] {
        let mut follower = follower;
        let look = follower.look().unwrap();
        assert_eq!(look.entries, [Entry::line(3, "two")]);
        follower.advance(&look, 1);
        let look = follower.look().unwrap();
        assert_eq!((look.entries, look.gaps), (Vec::new(), Vec::new()));
    }
}

/// More rotated files than are remembered: those that are read to their ends are forgotten first; of one that
/// ends within a line, and that nobody will read on, that is told.
#[test]
fn many_files_that_end_within_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let (mut cursor, mut lines, mut gaps): (Option<Vec<u8>>, _, _) = (None, 0, Vec::new());
    let mut follower = Follower::new(&log, None);
    for number in 0..80 {
        let end = if number % 2 == 0 { "half" } else { "" };
        fs::write(&log, format!("{number}\n{end}")).unwrap();
        loop {
            let look = follower.look().unwrap();
            lines += look.entries.len();
            gaps.extend(look.gaps.iter().map(|gap| (gap.offset, gap.why)));
            cursor = Some(follower.cursor(&look, look.entries.len()));
            let is_done = look.is_last && look.entries.is_empty();
            follower.advance(&look, look.entries.len());
            if is_done {
                break;
            }
        }
        fs::rename(&log, folder.path().join(format!("log.{number}"))).unwrap();
    }
    assert_eq!(lines, 80);
    assert!(cursor.is_some_and(|cursor| cursor.len() < 64 * 41));
    // 40 of them end within a line.
    assert!((40 - 33..=40 - 31).contains(&gaps.len()), "{gaps:?}");
    assert!(gaps.iter().all(|(_, why)| *why == GapReason::TooManyFiles), "{gaps:?}");
}
