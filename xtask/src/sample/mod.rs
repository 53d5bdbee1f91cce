//! `cargo xtask sample`: the day of records that the demo and the documentation use. The same
//! bytes every time, on every machine.

mod day;
mod faults;
mod line;
mod routes;

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};

use crate::process;

const PATH: &str = "data/day.ndjson";
/// Any number; another one is another day.
const SEED: u64 = 20_260_503;

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let path = process::root().join(PATH);
    let text = generate();
    match arguments {
        [] => {
            fs::write(&path, &text).with_context(|| format!("cannot write {PATH}"))?;
            println!("{PATH}: {} lines, {} bytes", text.lines().count(), text.len());
        }
        ["--check"] => {
            let shipped =
                fs::read_to_string(&path).with_context(|| format!("cannot read {PATH}"))?;
            ensure!(shipped == text, "{PATH} is not what `cargo xtask sample` writes");
            println!("{PATH} is what the generator writes");
        }
        _ => bail!("expected nothing or --check, got {arguments:?}"),
    }
    Ok(())
}

fn generate() -> String {
    let mut random = crate::random::Random::new(SEED);
    let requests = day::requests(&mut random);
    let mut text = faults::mixed_in(&requests, &mut random).join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::collections::hash_map::Entry;

    use super::*;
    use usage_core::{Label, LabelInterner, Timestamp, record::line};

    #[test]
    fn the_shipped_day_is_what_the_generator_writes() {
        run(&["--check"]).unwrap();
    }

    #[test]
    fn the_day_is_small_enough_and_its_faults_are_counted() {
        let text = generate();
        assert!(text.len() < 1_600_000, "{} bytes", text.len());
        let mut interner = LabelInterner::new(1_000);
        let mut by_event = HashMap::new();
        let mut refused = Vec::new();
        let (mut new, mut duplicates, mut conflicts) = (0, 0, 0);
        for text in text.lines() {
            let now = Timestamp::from_micros(0);
            let record = match line::parse(text.as_bytes(), now, &mut interner) {
                Ok(record) => record,
                Err(error) => {
                    refused.push(error.to_string());
                    continue;
                }
            };
            let Some(id) = record.event_id().cloned() else {
                new += 1;
                continue;
            };
            let instance = record.labels().names().get(Label::Instance).to_owned();
            match by_event.entry((instance, id)) {
                Entry::Vacant(entry) => {
                    entry.insert(record);
                    new += 1;
                }
                Entry::Occupied(first) if *first.get() == record => duplicates += 1,
                Entry::Occupied(_) => conflicts += 1,
            }
        }
        assert_eq!((new, duplicates, conflicts), (5_580, 12, 1));
        refused.sort();
        refused.dedup();
        assert_eq!(refused.len(), 7, "{refused:#?}");
    }

    #[test]
    fn all_of_it_lies_on_one_local_day() {
        let start = 1_777_759_200_000_000; // 2026-05-03T00:00:00+02:00
        let mut interner = LabelInterner::new(1_000);
        for text in generate().lines() {
            if let Ok(record) =
                line::parse(text.as_bytes(), Timestamp::from_micros(0), &mut interner)
            {
                let since = record.timestamp().as_micros() - start;
                assert!((0..86_400_000_000).contains(&since), "{text}");
            }
        }
    }
}
