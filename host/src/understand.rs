//! `todo understand`: what sentences mean, line by line.

use std::io::{self, BufRead, Write};

use anyhow::{Context as _, Result, bail};
use chrono::DateTime;
use chrono_tz::Tz;
use language::{Understanding, understand};
use serde::{Deserialize, Serialize};

use crate::cli::UnderstandArgs;

#[derive(Deserialize)]
struct Question {
    text: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    text: &'a str,
    #[serde(flatten)]
    understanding: Understanding,
}

/// Answers each line of standard input on standard output. A line that is not `{"text": …}` is
/// reported on standard error, and the others are answered all the same.
///
/// # Errors
/// A line was wrong, or a stream failed.
pub fn run(args: &UnderstandArgs) -> Result<()> {
    let now = args.now.with_timezone(&args.timezone);
    let bad = answer_lines(
        now,
        io::stdin().lock(),
        &mut io::stdout().lock(),
        |problem| {
            eprintln!("{problem}");
        },
    )?;
    if bad > 0 {
        bail!("{bad} of the lines are not JSON objects with a \"text\"");
    }
    Ok(())
}

/// How many lines were wrong.
fn answer_lines(
    now: DateTime<Tz>,
    mut input: impl BufRead,
    output: &mut impl Write,
    mut report: impl FnMut(String),
) -> Result<usize> {
    let mut bad = 0;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        if read.context("cannot read standard input")? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let question: Question = match serde_json::from_slice(&line) {
            Ok(question) => question,
            Err(error) => {
                bad += 1;
                report(format!("line {number}: {error}"));
                continue;
            }
        };
        let answer = Answer {
            text: &question.text,
            understanding: understand(&question.text, now),
        };
        serde_json::to_writer(&mut *output, &answer)?;
        writeln!(output).context("cannot write to standard output")?;
    }
    output.flush()?;
    Ok(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_is_counted_and_the_others_are_answered() {
        let now = DateTime::parse_from_rfc3339("2026-03-02T10:00:00Z")
            .unwrap()
            .with_timezone(&Tz::Europe__Berlin);
        let input = b"{\"text\": \"add buy milk tomorrow\"}\nnonsense\n\n{\"text\": 1}\n\xff\n{\"text\": \"hello\"}";
        let mut output = Vec::new();
        let mut problems = Vec::new();
        let bad = answer_lines(now, &input[..], &mut output, |problem| {
            problems.push(problem)
        });
        assert_eq!(bad.unwrap(), 3);
        assert!(problems[0].starts_with("line 2: "), "{problems:?}");
        assert!(problems[1].starts_with("line 4: "), "{problems:?}");
        let lines: Vec<serde_json::Value> = output
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["text"], "add buy milk tomorrow");
        assert_eq!(lines[0]["category"], "update");
        assert!(lines[0]["commands"].is_array() && lines[0]["dates"].is_array());
    }
}
