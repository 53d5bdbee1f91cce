//! The faults of a real day: lines delivered twice, a reused id, lines that are no records.

use super::line::{Request, Tokens};
use crate::random::Random;

/// The number of lines that are delivered a second time.
const REPEATED: usize = 12;

/// Lines that are refused, each for a reason of its own. `TIME` stands for that of a neighbour.
const REFUSED: [&str; 7] = [
    r#"{"instance_id":"team-gateway","provider":"anthropic","route":"default","model":"claude-sonn"#,
    r#"{"instance_id":"laptop-anna","profile":"work","provider":"openai","route":"default","model":"gpt-5.1-codex","input_tokens":-812,"output_tokens":240,"timestamp":"2026-05-03T10:41:07.120+02:00"}"#,
    r#"{"instance_id":"desk-jun","profile":"cheap","provider":"deepseek","route":"default","model":"deepseek-v3.2","input_tokens":901,"output_tokens":77,"price_usd":0.0031,"timestamp":"2026-05-03T04:12:44.003-07:00"}"#,
    r#"{"instance_id":"ci-runner-2","profile":"cheap","provider":"ollama","route":"background","model":"","tokens":1044,"timestamp":"2026-05-03T11:30:00.500Z"}"#,
    r#"{"instance_id":"ci-runner-2","profile":"cheap","provider":"deepseek","route":"default","model":"deepseek-v3.2","tokens":20133,"timestamp":"99999-01-01T00:00:00Z"}"#,
    r#"{"instance_id":"desk-jun","profile":"experiments","provider":"openrouter","route":"default","model":"z-ai/glm-4.6","input_tokens":1204.5,"output_tokens":310,"timestamp":"2026-05-03T09:02:31.871-07:00"}"#,
    r#"{"instance_id":"team-gateway","provider":"anthropic","route":"think","model":"claude-opus-4-5","tokens":5000,"input_tokens":1200,"output_tokens":450,"timestamp":"2026-05-03T16:20:09.044Z"}"#,
];

/// The lines of the file: the requests roughly in time order, with the faults between them.
pub(super) fn mixed_in(requests: &[Request], random: &mut Random) -> Vec<String> {
    // Routers write when an answer is complete, so a line may come a few places late.
    let mut lines: Vec<(usize, String)> = requests
        .iter()
        .enumerate()
        .map(|(at, request)| (at + as_index(random.skewed(0, 6)), request.line()))
        .collect();

    let with_id: Vec<usize> =
        (0..requests.len()).filter(|at| requests[*at].event_id.is_some()).collect();
    for nth in 1..=REPEATED {
        let at = with_id[with_id.len() * nth / (REPEATED + 2)];
        lines.push((at + as_index(random.between(8, 40)), requests[at].line()));
    }
    let at = with_id[with_id.len() * (REPEATED + 1) / (REPEATED + 2)];
    let changed = Request { tokens: Tokens::Total(4_096), ..requests[at] };
    lines.push((at + 11, changed.line()));
    for (nth, text) in REFUSED.into_iter().enumerate() {
        lines.push((requests.len() * (nth + 1) / (REFUSED.len() + 1), text.to_owned()));
    }
    // Stable: lines of one place stay as they are.
    lines.sort_by_key(|(place, _)| *place);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn as_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
