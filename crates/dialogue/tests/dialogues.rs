//! Conversations from `dialogues.txt`, sentence by sentence, against real SQLite.

mod chat;

use chat::Chat;

#[test]
fn every_dialogue_goes_as_written() {
    let mut failures = Vec::new();
    let mut dialogues = 0;
    for dialogue in include_str!("dialogues.txt").split("\n== ").skip(1) {
        dialogues += 1;
        let (name, lines) = dialogue.split_once('\n').unwrap();
        if let Err(failure) = run(lines, false) {
            failures.push(format!("{name}: {failure}"));
        }
    }
    assert!(dialogues > 15);
    assert!(
        failures.is_empty(),
        "{} of {dialogues}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The blocks of docs/chat.md are conversations too; nothing in them is not understood.
#[test]
fn the_page_about_the_chat_is_true() {
    let page = include_str!("../../../docs/chat.md");
    let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
    assert!(blocks.len() >= 8, "{} blocks", blocks.len());
    let failures: Vec<String> = blocks
        .into_iter()
        .filter_map(|block| run(block, true).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn run(lines: &str, understood: bool) -> Result<(), String> {
    let mut chat = Chat::new();
    let (mut said, mut reply) = (String::new(), String::new());
    let mut lines = lines.lines().filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        let (mark, rest) = line.split_at(2);
        match mark {
            "> " => {
                said = rest.to_owned();
                reply = chat.say(rest).reply;
                let offers = reply.contains("Should I add");
                if understood && !offers && reply.contains("did not understand") {
                    return Err(format!("\"{said}\" was not understood"));
                }
            }
            "< " if reply.contains(rest) => {}
            "< " => {
                return Err(format!(
                    "\"{said}\" was answered with \"{reply}\", without \"{rest}\""
                ));
            }
            "@ " => chat.now = rest.parse().map_err(|error| format!("{rest}: {error}"))?,
            "= " => {
                let mut expected = vec![rest.to_owned()];
                while let Some(next) = lines.peek().and_then(|line| line.strip_prefix("= ")) {
                    expected.push(next.to_owned());
                    lines.next();
                }
                expected.retain(|line| line != "none");
                let found = chat.told_tasks();
                if found != expected {
                    return Err(format!(
                        "after \"{said}\" (\"{reply}\") there is {found:?} and not {expected:?}"
                    ));
                }
            }
            _ => return Err(format!("what is \"{line}\"?")),
        }
    }
    Ok(())
}
