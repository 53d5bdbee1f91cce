//! Real requests of Claude Code, as its telemetry and its log tell of them.

use usage_core::record::line;
use usage_core::{LabelInterner, Measure, Record, Timestamp};
use usage_store::doctor::{Depth, examine};

use super::support::{Place, records};

/// A request of one version: what the log says, in its last row, and what the server answered.
struct Request {
    /// The last characters of both ids.
    id: &'static str,
    /// The input, tokens read from the cache, tokens written to it, and of those the ones that stay longer.
    counts: [u32; 4],
    /// What the log says of the output, and whether the row was written while it was streamed.
    logged: (u32, &'static str),
    /// The output.
    answered: u32,
}

const REQUESTS: [Request; 3] = [
    // 2.1.31 never writes the end of a streamed answer.
    Request {
        id: "e000005",
        counts: [8, 20_500, 1_005, 1_005],
        logged: (6, "partial"),
        answered: 215,
    },
    // 2.1.74 does, in another row of the same message.
    Request {
        id: "f000001",
        counts: [4, 20_100, 1_001, 1_001],
        logged: (2, "partial"),
        answered: 163,
    },
    // 2.1.328 writes the whole in every row.
    Request {
        id: "7000006",
        counts: [9, 20_600, 746, 40],
        logged: (228, "reported"),
        answered: 228,
    },
];

impl Request {
    /// The row of the log.
    fn logged(&self) -> Record {
        let ([input, read, write, long], (output, quality)) = (self.counts, self.logged);
        parsed(&format!(
            r#"{{"instance_id":"claude-code","route":"default","model":"claude-sonnet-4-5","project":"proj",
            "session_id":"8b02ea1b","input_tokens":{input},"output_tokens":{output},"cache_read_tokens":{read},
            "cache_write_tokens":{write},"cache_write_long_tokens":{long},"quality":"{quality}","revision":10,
            "timestamp":"2026-11-28T11:26:31.694Z","event_id":"msg_{id}","alias_id":"req_{id}"}}"#,
            id = self.id
        ))
    }

    /// The event of its telemetry: it knows the request by its own id alone, and no project.
    fn telemetry(&self) -> Record {
        let ([input, read, write, _], output) = (self.counts, self.answered);
        parsed(&format!(
            r#"{{"instance_id":"claude-code","route":"default","model":"claude-sonnet-4-5","session_id":"8b02ea1b",
            "input_tokens":{input},"output_tokens":{output},"cache_read_tokens":{read},"cache_write_tokens":{write},
            "stated_cost_usd":"0.015","revision":30,"timestamp":"2026-11-28T11:26:33.001Z","event_id":"req_{id}"}}"#,
            id = self.id
        ))
    }
}

fn parsed(text: &str) -> Record {
    let text = text.replace('\n', "");
    line::parse(text.as_bytes(), Timestamp::MIN_RECORD, &mut LabelInterner::new(8)).unwrap()
}

#[test]
fn telemetry_and_log_come_to_one_record_in_either_order() {
    for request in REQUESTS {
        let mut found = Vec::new();
        for turned in [false, true] {
            let place = Place::new();
            let store = place.open();
            let mut told = [request.logged(), request.telemetry()];
            if turned {
                told.reverse();
            }
            let outcomes =
                told.each_ref().map(|told| store.insert_batch(std::slice::from_ref(told)).unwrap());
            assert_eq!(outcomes.each_ref().map(|of| (of.stored, of.amended)), [(1, 0), (0, 1)]);
            assert_eq!(store.insert_batch(&told).unwrap().duplicates, 2, "no news");
            let [record] = records(&store).try_into().unwrap();
            let [input, read, write, long] = request.counts;
            for (measure, count) in [
                (Measure::Input, input),
                (Measure::Output, request.answered),
                (Measure::CacheRead, read),
                (Measure::CacheWrite, write),
                (Measure::CacheWriteLong, long),
                (Measure::Partial, 0),
            ] {
                assert_eq!(record.counts().get(measure), count, "{measure}");
            }
            assert_eq!(record.labels().names().get(usage_core::Label::Project), "proj");
            assert_eq!(record.context().session_id(), "8b02ea1b");
            assert_eq!(
                record.event_id(),
                told.iter().find_map(|told| told.alias_id().and(told.event_id()))
            );
            assert_eq!(record.timestamp(), request.logged().timestamp(), "the earlier one");
            assert!(record.counts().stated_cost().is_some());
            assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
            found.push(record);
        }
        assert_eq!(found[0], found[1]);
    }
}
