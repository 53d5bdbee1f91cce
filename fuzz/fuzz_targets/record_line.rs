//! Any bytes: a record that comes back equal from the line written for it, or a refusal of one line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use usage_core::record::line;
use usage_core::{LabelInterner, Timestamp};

fuzz_target!(|bytes: &[u8]| {
    let now = Timestamp::from_micros(1_777_787_761_000_000);
    let mut interner = LabelInterner::new(16);
    match line::parse(bytes, now, &mut interner) {
        Ok(record) => {
            let written = line::write(&record);
            assert!(!written.contains('\n'), "{written}");
            let again = line::parse(written.as_bytes(), Timestamp::from_micros(0), &mut interner);
            assert_eq!(again.as_ref(), Ok(&record), "{written}");
            assert_eq!(line::write(&record), written);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
