//! Any text as a time in an origin's database: an instant that its own text means too, or a
//! refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use usage_import::ccrouter::parse_timestamp;

fuzz_target!(|text: &str| {
    match parse_timestamp(text) {
        Ok(instant) => {
            // What is left of it as SQLite writes a time must be read as the same second.
            let seconds = instant.to_string();
            if let Some((date, time)) = seconds.split_once('T')
                && instant.is_recordable()
            {
                let second = format!("{date} {}", &time[..8]);
                let again = parse_timestamp(&second).unwrap();
                assert_eq!(
                    again.as_micros(),
                    instant.as_micros().div_euclid(1_000_000) * 1_000_000
                );
            }
            // The clock as written lies less than a day from the instant.
            let local = parse_timestamp(&text[..19]).unwrap();
            let apart = (local.as_micros() - instant.as_micros()).abs();
            assert!(apart < 86_401_000_000, "{text:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
