//! The record as CSV: what is written is read back, by this crate and by the other one.

use proptest::prelude::*;

use crate::record::csv::{self, Header, RowScanner, RowWriter};
use crate::record::line;
use crate::record::line::LineError;
use crate::record::tests::{NOW, any_record};
use crate::{Context, Label, LabelInterner, LabelNames, Labels, Record, TokenCounts, Usage};

fn header(text: &str) -> Header {
    Header::parse(text.as_bytes()).unwrap()
}

fn parse(header: &Header, row: &[u8]) -> Result<Record, LineError> {
    header.parse_row(row, NOW, &mut LabelInterner::new(10))
}

/// A row under `instance_id,route,model,` and this.
fn row(columns: &str, fields: &str) -> Result<Record, LineError> {
    let header = header(&format!("instance_id,route,model,{columns}"));
    parse(&header, format!("i,r,m,{fields}").as_bytes())
}

fn complaint(columns: &str, fields: &str) -> String {
    row(columns, fields).unwrap_err().to_string()
}

/// The rows of a file, each without its line break; the last may have none.
fn rows(text: &[u8]) -> Vec<&[u8]> {
    let (mut scanner, mut rest, mut rows) = (RowScanner::default(), text, Vec::new());
    while let Some(end) = scanner.end_of_row(rest) {
        rows.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    if !rest.is_empty() {
        rows.push(rest);
    }
    rows
}

#[test]
fn the_columns_are_the_fields_of_the_line() {
    assert_eq!(
        csv::header(),
        "instance_id,profile,provider,route,model,tokens,input_tokens,output_tokens,\
         cache_read_tokens,cache_write_tokens,reasoning_tokens,fallbacks,timestamp,event_id,tier,\
         project,user,cache_write_long_tokens,input_audio_tokens,output_audio_tokens,\
         cache_read_audio_tokens,web_searches,alias_id,revision,session_id,tags,outcome,quality,\
         inconsistent,stated_cost_usd,time_stated"
    );
    assert!(Header::parse(csv::header().as_bytes()).is_ok());
    let shuffled = header("event_id,timestamp,model,tokens,route,provider,instance_id,profile");
    let record = parse(&shuffled, b"e,2026-05-03T13:56:01+08:00,m,7,r,v,i,p").unwrap();
    assert_eq!(
        record.labels().names(),
        LabelNames::new()
            .with_instance("i")
            .with_profile("p")
            .with_provider("v")
            .with_route("r")
            .with_model("m")
    );
    assert_eq!(record.event_id().unwrap().as_str(), "e");
    assert_eq!(record.timestamp().to_string(), "2026-05-03T05:56:01.000000Z");
}

#[test]
fn a_spreadsheet_s_words_are_taken() {
    for (words, expected) in [("TRUE,FALSE", (true, false)), ("False,True", (false, true))] {
        let fields = format!("1,e,2026-05-03T13:56:01Z,{words}");
        let record = row("tokens,event_id,timestamp,inconsistent,time_stated", &fields).unwrap();
        let counts = record.counts();
        assert_eq!((counts.is_inconsistent(), counts.is_time_stated()), expected, "{words}");
    }
}

#[test]
fn an_empty_field_is_none() {
    let record = row("tokens,input_tokens,fallbacks,timestamp,event_id", "7,,,,").unwrap();
    assert_eq!(record.tokens().unclassified, 7);
    assert_eq!((record.timestamp(), record.event_id()), (NOW, None));
    let record = row("tokens,input_tokens,output_tokens", ",5,").unwrap();
    assert_eq!((record.tokens().input, record.tokens().total()), (5, 5));
}

/// A total beside its kinds may be larger than a count.
#[test]
fn a_large_total_comes_back() {
    let tokens = TokenCounts::new().with_input(1_000_000_000).with_output(1_000_000_000);
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let record = Record::new(Labels::new(names).unwrap(), Usage::new(tokens, NOW)).unwrap();
    let text = csv::write(&record);
    assert!(text.contains(",2000000000,1000000000,1000000000,0,"), "{text}");
    assert_eq!(parse(&header(&csv::header()), text.as_bytes()), Ok(record));
}

#[test]
fn bad_headers_say_what_is_wrong() {
    let long = "x".repeat(101);
    for (text, expected) in [
        (
            "instance_id,route,model",
            "the header has no token counts: tokens, or input_tokens, output_tokens and so on",
        ),
        ("tokens,route", "the header has no instance_id, model"),
        ("instance_id,route,model,tokens,route", "the column route is there twice"),
        ("instance_id,\"route,model", "field 2 begins with a quote that is never closed"),
        (
            "instance_id;route;model",
            "unknown column \"instance_id;route;model\"; its columns are separated by semicolons, and those of CSV by commas",
        ),
        (
            "route\tlatency",
            "unknown column \"route\\tlatency\"; its columns are separated by tabs, and those of CSV by commas",
        ),
        ("instance_id,Route,model,tokens", "unknown column \"Route\"; did you mean route?"),
    ] {
        assert_eq!(Header::parse(text.as_bytes()).unwrap_err().to_string(), expected, "{text}");
    }
    let many = Header::parse(format!("a,b,{long},,e,f,g").as_bytes()).unwrap_err().to_string();
    let expected =
        format!("unknown columns \"a\", \"b\", \"{}...\", \"\", \"e\" and 2 more;", &long[1..]);
    assert!(many.starts_with(&expected), "{many}");
    let error = Header::parse(b"model,\xff").unwrap_err().to_string();
    assert_eq!(error, "not UTF-8 from byte 7 on");
}

#[test]
fn unknown_columns_may_be_passed_over() {
    let row = b"a,instance_id,route,\"b,c\",model,tokens,a";
    let header = Header::parse_ignoring_unknown(row).unwrap();
    assert_eq!(header.unknown(), ["a", "b,c", "a"]);
    let record = parse(&header, b"x,i,r,\"y\nz\",m,7,").unwrap();
    assert_eq!((record.tokens().total(), record.labels().names().get(Label::Model)), (7, "m"));
    let error = parse(&header, b"x,i,r,y,m,7").unwrap_err().to_string();
    assert_eq!(error, "the header has 7 columns, the row 6");
    let known = Header::parse(csv::header().as_bytes()).unwrap();
    assert_eq!(Header::parse_ignoring_unknown(csv::header().as_bytes()), Ok(known));
    assert!(Header::parse_ignoring_unknown(b"a,route,model,tokens").is_err());
    assert!(Header::parse_ignoring_unknown(b"instance_id,route,model,b").is_err());
}

/// The reasons are those of the record line; only what is wrong with a row is said besides.
#[test]
fn bad_rows_say_what_is_wrong() {
    for (columns, fields, expected) in [
        ("tokens", "1,2", "the header has 4 columns, the row 5"),
        ("tokens,fallbacks", "1", "the header has 5 columns, the row 4"),
        ("tokens", "\"1", "field 4 begins with a quote that is never closed"),
        (
            "tokens",
            "\"1\"2",
            "field 4 goes on behind its closing quote; a quote inside is written twice",
        ),
        (
            "tokens",
            "",
            "no token count: tokens, or input_tokens, output_tokens and so on, is needed",
        ),
        ("tokens", "-1", "tokens is -1, whole numbers from 0 to 1000000000 are accepted"),
        ("tokens", "+1", "tokens is +1, whole numbers from 0 to 1000000000 are accepted"),
        ("tokens", "1.5", "tokens is 1.5, whole numbers from 0 to 1000000000 are accepted"),
        ("tokens", "1e3", "tokens is 1e3, whole numbers from 0 to 1000000000 are accepted"),
        (
            "tokens",
            " 7",
            "tokens is the text \" 7\", whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            "tokens",
            "NaN",
            "tokens is the text \"NaN\", whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            "tokens",
            "1000000001",
            "tokens is 1000000001, whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            "tokens",
            "99999999999999999999",
            "tokens is 99999999999999999999, whole numbers from 0 to 1000000000 are accepted",
        ),
        ("tokens,input_tokens", "4,5", "tokens is 4, but the counts by kind add up to 5"),
        ("tokens,alias_id", "1,f", "alias_id needs an event_id"),
        ("tokens,outcome", "1,Ok", "outcome is \"Ok\", ok, error, cancelled are accepted"),
        (
            "tokens,quality",
            "1,good",
            "quality is \"good\", reported, partial, estimated are accepted",
        ),
        ("tokens,inconsistent", "1,yes", "inconsistent is \"yes\", true, false are accepted"),
        ("tokens,time_stated", "1,0", "time_stated is \"0\", true, false are accepted"),
        (
            "tokens,revision",
            "1,x",
            "revision is the text \"x\", whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            "tokens,stated_cost_usd",
            "1,$5",
            "stated_cost_usd is \"$5\": not a decimal number of dollars, as in 12.50",
        ),
        ("tokens,tags", "1,team", "tags is \"team\", no JSON object of texts"),
        (
            "tokens,tags",
            "1,\"{\"\"a\"\":1}\"",
            "tags is \"{\\\"a\\\":1}\", no JSON object of texts",
        ),
        ("tokens,provider", "1,a\0b", "provider holds a NUL character"),
        (
            "tokens,timestamp",
            "1,2026-02-30T10:00:00Z",
            "timestamp \"2026-02-30T10:00:00Z\": there is no such day",
        ),
        (
            "tokens,timestamp",
            "1,yesterday",
            "timestamp \"yesterday\" is not RFC 3339, such as 2026-05-03T13:56:01+08:00",
        ),
    ] {
        assert_eq!(complaint(columns, fields), expected, "{columns}: {fields}");
    }
    let header = header("instance_id,route,model,tokens");
    let of = |row| parse(&header, row).unwrap_err().to_string();
    assert_eq!(of(b",r,m,1"), "instance_id must not be empty");
    assert_eq!(of(b"i,r,\xff,1"), "not UTF-8 from byte 5 on");
    assert_eq!(of(b""), "the header has 4 columns, the row 1");
    assert!(of(format!("i,r,m,{}", "y".repeat(60_000)).as_bytes()).len() < 200);
}

#[test]
fn quotes_and_line_ends_as_others_write_them() {
    let header = header("instance_id,route,tokens,model");
    for (text, model) in [
        ("i,r,1,m\r", "m"),
        ("i,r,1,\"m\"\r", "m"),
        ("\"i\",\"r\",\"1\",\"a \"\"quoted\"\", one\"", "a \"quoted\", one"),
        ("i,r,1,\"two\r\nlines\"", "two\r\nlines"),
        ("i,r,1,mid\"dle", "mid\"dle"),
        ("i,r,1,\"\"\"\"", "\""),
        ("i,r,1, spaces ", " spaces "),
    ] {
        let record = parse(&header, text.as_bytes()).unwrap();
        assert_eq!(record.labels().names().get(Label::Model), model, "{text}");
    }
}

/// For a terminal only: nothing that it would act on.
#[test]
fn printable_rows_are_printable() {
    let names =
        LabelNames::new().with_instance("\u{1b}[2J").with_route("a\nb").with_model("\u{9b}31m");
    let record =
        Record::new(Labels::new(names).unwrap(), Usage::new(TokenCounts::new(), NOW)).unwrap();
    let mut rows = RowWriter::new(Vec::new()).printable();
    rows.write(&record).unwrap();
    assert_eq!(
        String::from_utf8(rows.into_inner().unwrap()).unwrap(),
        "\\u{1b}[2J,,,a\\nb,\\u{9b}31m,0,,,,,,0,2026-05-03T05:56:01.000000Z,,,,,,,,,0,,,,,,,,,\n"
    );
}

/// Returns a text that is hard on CSV: quotes, commas, line breaks, text that looks like something else.
fn odd_text() -> impl Strategy<Value = String> {
    "[,\"\r\n =é\\ta-c]{1,8}"
}

fn odd_record() -> impl Strategy<Value = Record> {
    (any_record(), proptest::array::UniformArrayStrategy::new(odd_text())).prop_map(
        |(record, names)| {
            let names = LabelNames::from_all(names.each_ref().map(String::as_str));
            let context = Context::new(names.get(Label::User), [("k", names.get(Label::Model))]);
            let odd = record.with_labels(Labels::new(names).unwrap());
            odd.with_context(context.unwrap())
        },
    )
}

proptest! {
    /// A line and a row of a record say the same.
    #[test]
    fn a_row_and_a_line_give_equal_records(record in prop_oneof![any_record(), odd_record()]) {
        let by_line = line::parse(line::write(&record).as_bytes(), NOW, &mut LabelInterner::new(1));
        let by_row = parse(&header(&csv::header()), csv::write(&record).as_bytes());
        prop_assert_eq!(by_line.unwrap(), by_row.unwrap());
    }

    #[test]
    fn rows_round_trip(records in proptest::collection::vec(
        prop_oneof![any_record(), odd_record()], 0..8,
    )) {
        let mut writer = RowWriter::new(Vec::new());
        writer.write_header().unwrap();
        for record in &records {
            writer.write(record).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let rows = rows(&text);
        let expected_header = csv::header();
        prop_assert_eq!(rows[0], expected_header.as_bytes());
        let header = Header::parse(rows[0]).unwrap();
        let read: Vec<_> = rows[1..].iter().map(|row| parse(&header, row).unwrap()).collect();
        prop_assert_eq!(&read, &records);
        for (row, record) in rows[1..].iter().zip(&records) {
            let alone = csv::write(record);
            prop_assert_eq!(*row, alone.as_bytes());
        }
    }

    /// The crate reads the same fields from what we write and from what others write, and ends
    /// rows in the same places.
    #[test]
    fn rows_are_those_of_the_csv_crate(fields in proptest::collection::vec(
        proptest::array::uniform3(prop_oneof![odd_text(), "[a-c]{0,3}"]), 1..5,
    ), crlf in any::<bool>()) {
        let terminator =
            if crlf { ::csv::Terminator::CRLF } else { ::csv::Terminator::Any(b'\n') };
        let mut writer =
            ::csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
        for [instance_id, profile, route] in &fields {
            let row = [instance_id, profile, route, "m", "1"];
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let header = header("instance_id,profile,route,model,tokens");
        let rows = rows(&text);
        prop_assert_eq!(rows.len(), fields.len());
        for (row, [instance_id, profile, route]) in rows.iter().zip(&fields) {
            match parse(&header, row) {
                Ok(record) => {
                    let names = record.labels().names();
                    prop_assert_eq!(
                        [names.get(Label::Instance), names.get(Label::Profile), names.get(Label::Route)],
                        [instance_id.as_str(), profile, route]
                    );
                }
                Err(error) => {
                    prop_assert!(error.to_string().ends_with("must not be empty"), "{error}");
                    prop_assert!(instance_id.is_empty() || route.is_empty());
                }
            }
        }
    }

    /// The place where the parts are cut makes no difference to where rows end.
    #[test]
    fn rows_end_in_the_same_place_in_any_parts(
        text in "[,\"\na]{0,40}", cut in any::<proptest::sample::Index>(),
    ) {
        let at = cut.index(text.len() + 1);
        let (first, second) = text.as_bytes().split_at(at);
        let whole = RowScanner::default().end_of_row(text.as_bytes());
        let mut scanner = RowScanner::default();
        let in_parts = scanner
            .end_of_row(first)
            .or_else(|| scanner.end_of_row(second).map(|end| at + end));
        prop_assert_eq!(in_parts, whole);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for row in rows(&bytes) {
            let _ = Header::parse(row);
            let _ = parse(&header("instance_id,route,model,tokens"), row);
        }
    }
}
