//! Record lines in: all of them, none twice, and what is wrong with those that are none.

use crate::client::Served;
use usage_server::Config;

fn line(id: u32) -> String {
    format!(
        "{{\"instance_id\":\"a\",\"route\":\"r\",\"model\":\"m\",\"tokens\":{id},\
         \"timestamp\":\"2026-05-03T12:00:00Z\",\"event_id\":\"e{id}\"}}"
    )
}

#[test]
fn lines_and_lists_are_stored_once() {
    let mut served = Served::new();
    let list = format!("[\n{},\n{} ]", line(1), line(2));
    let lines = format!("{}\n\n{}\n", line(2), line(3));
    let pretty = line(4).replace(',', ",\n  ");
    for (body, accepted) in [(list, 2), (lines, 2), (pretty, 1), ("[]".to_owned(), 0)] {
        let answer = served.post("/v1/records", "application/json", body);
        assert_eq!((answer.status, answer.json()["accepted"].as_u64()), (200, Some(accepted)));
    }
    let totals = served.records().iter().map(|record| record.tokens().total()).sum::<u64>();
    assert_eq!(totals, 10);
}

#[test]
fn what_is_no_record_is_named_and_the_rest_is_taken() {
    let mut served = Served::new();
    let wrong = line(7).replace("\"tokens\":7", "\"tokens\":-7");
    let body = [line(1), wrong, line(2), "nonsense".to_owned()].join("\n");
    let answer = served.post("/v1/records", "application/x-ndjson", &body);
    let json = answer.json();
    assert_eq!((answer.status, &json["accepted"], &json["rejected"]), (200, &2.into(), &2.into()));
    let errors = json["errors"].as_array().unwrap();
    assert!(errors[0].as_str().unwrap().starts_with("2: tokens is -7"), "{json}");
    assert!(errors[1].as_str().unwrap().starts_with("4: not JSON"), "{json}");
    let answer = served.post("/v1/records", "application/json", "nonsense");
    assert_eq!((answer.status, &answer.json()["rejected"]), (400, &1.into()));
    assert_eq!(served.post("/v1/records", "application/json", "[{}").status, 400);
    assert_eq!(served.records().len(), 2);
}

#[test]
fn fields_that_no_record_has_are_passed_over_where_that_is_asked() {
    let mut served = Served::new();
    let body = line(1).replace('}', ",\"latency\":5}");
    assert_eq!(served.post("/v1/records", "application/json", &body).status, 400);
    let answer = served.post("/v1/records?ignore_unknown=true", "application/json", &body);
    assert_eq!((answer.status, &answer.json()["unknown_fields"]["latency"]), (200, &1.into()));
    let status = served.get("/v1/status").json();
    assert_eq!(status["received"]["unknown_names"]["by_name"]["latency"], 1);
    assert_eq!(served.records().len(), 1);
}

/// An answer means that the journal has it: also for those who come at the same time, in pieces or compressed.
#[test]
fn many_at_once_are_all_there() {
    let mut served = Served::with({
        let mut config = Config::default();
        config.synced = true;
        config
    });
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let served = &served;
            scope.spawn(move || {
                for at in 0..25 {
                    let body = line(thread * 25 + at);
                    assert_eq!(served.post("/v1/records", "application/json", body).status, 200);
                }
            });
        }
    });
    assert_eq!(served.records().len(), 400);
}

#[test]
fn a_large_body_goes_in_whole() {
    let mut served = Served::new();
    let body: String = (0..20_000).map(|id| line(id) + "\n").collect();
    let answer = served.post("/v1/records", "application/x-ndjson", body);
    assert_eq!((answer.status, &answer.json()["accepted"]), (200, &20_000.into()));
    assert_eq!(served.records().len(), 20_000);
}
