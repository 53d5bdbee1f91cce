//! A resumed or forked session: a new file that begins with the rows of an older one.

use super::version::Version;
use crate::agents_tree::text::{Millis, time};

/// The conversation's rows under another session's id, as the version copies them: the oldest at the time of the
/// copying, later ones at their own.
pub(super) fn copied(text: &str, from: &str, to: &str, version: &Version, at: Millis) -> String {
    let mut copy = String::with_capacity(text.len() + text.len() / 16);
    let rows = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    for line in rows.filter(|line| line.starts_with("{\"parentUuid\"")) {
        let line = line.replace(from, to);
        if version.loses_request_ids {
            without_request_ids(&stamped(&line, &time(at)), &mut copy);
        } else if version.newest && line.contains("\"type\":\"assistant\"") {
            named(&line, from, &mut copy);
        } else {
            copy.push_str(&line);
        }
    }
    copy
}

fn stamped(line: &str, now: &str) -> String {
    const NAME: &str = "\"timestamp\":\"";
    let mut parts = line.split(NAME);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(NAME);
        out.push_str(now);
        out.push_str(part.get(now.len()..).unwrap_or_default());
    }
    out
}

/// A line can hold two rows, so every id of it goes.
fn without_request_ids(mut line: &str, copy: &mut String) {
    while let Some(start) = line.find(",\"requestId\":\"") {
        copy.push_str(&line[..start]);
        let rest = &line[start + ",\"requestId\":\"".len()..];
        line = rest.find('"').map_or("", |end| &rest[end + 1..]);
    }
    copy.push_str(line);
}

/// Names the session that each request was made in.
fn named(line: &str, session: &str, copy: &mut String) {
    let name = format!(",\"requestSessionId\":\"{session}\"}}");
    for (at, row) in line.trim_end().split("}{\"parentUuid\"").enumerate() {
        if at > 0 {
            copy.push_str(&name);
            copy.push_str("{\"parentUuid\"");
        }
        copy.push_str(row);
    }
    copy.pop(); // the last row's brace
    copy.push_str(&name);
    copy.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents_tree::claude::version::VERSIONS;
    use crate::agents_tree::text::FIRST_DAY;

    const ROWS: &str = "{\"parentUuid\":null,\"sessionId\":\"old\",\"requestId\":\"req_1\",\"type\":\"assistant\"}\
                        {\"parentUuid\":null,\"sessionId\":\"old\",\"requestId\":\"req_2\",\"type\":\"assistant\"}\n{\"cut";

    #[test]
    fn the_oldest_lose_request_ids_and_the_newest_name_the_session() {
        let [(_, oldest), .., (_, newest)] = VERSIONS;
        assert_eq!(
            copied(ROWS, "old", "new", oldest, FIRST_DAY),
            "{\"parentUuid\":null,\"sessionId\":\"new\",\"type\":\"assistant\"}\
             {\"parentUuid\":null,\"sessionId\":\"new\",\"type\":\"assistant\"}\n"
        );
        let named = copied(ROWS, "old", "new", newest, FIRST_DAY);
        assert_eq!(named.matches(",\"requestSessionId\":\"old\"}").count(), 2, "{named}");
        assert_eq!(named.matches("\"sessionId\":\"new\"").count(), 2, "{named}");
    }
}
