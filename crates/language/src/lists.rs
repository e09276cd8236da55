//! Phrases that speak of a list: "my to-do list", "the list of things to do", "my reminders".

use std::ops::Range;

use crate::lexicon::{self, is_one_of};
use crate::text::{Kind, Token};

/// Which list a phrase speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// "my to-do list", "the list of things to do".
    Todo,
    /// "my reminders", "the list of reminders".
    Reminder,
    /// "my list".
    Bare,
    /// "the shopping list": not ours.
    Foreign,
}

/// A list phrase, in tokens, without its preposition.
#[derive(Debug, Clone)]
pub(crate) struct ListAt {
    /// The tokens that say it.
    pub(crate) tokens: Range<usize>,
    /// Which list.
    pub(crate) kind: ListKind,
}

/// In order, none overlapping.
pub(crate) fn find(tokens: &[Token]) -> Vec<ListAt> {
    let mut lists = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((end, kind)) = list_phrase(tokens, at) {
            lists.push(ListAt {
                tokens: at..end,
                kind,
            });
            at = end;
        } else {
            at += 1;
        }
    }
    lists
}

/// The list phrase that starts at `start`: "my spring cleaning to-do list", "list of things to do",
/// "the list", "my reminders" after a preposition.
fn list_phrase(tokens: &[Token], start: usize) -> Option<(usize, ListKind)> {
    let word = |i: usize| tokens.get(i).map_or("", |t| t.norm.as_str());
    let owned = lexicon::is_determiner(word(start));
    let after_preposition = start > 0 && lexicon::is_list_preposition(word(start - 1));
    let mut at = start + usize::from(owned);
    let first = at;
    // Modifiers: "spring cleaning", "whole"; they may not hold anything that ends a noun phrase.
    let modifiers = if owned { 4 } else { 1 };
    let mut kind = None;
    while at < tokens.len() && at - first <= modifiers {
        match word(at) {
            "list" | "lists" => {
                kind = kind.or(Some(ListKind::Bare));
                break;
            }
            "todo" | "task" | "tasks" | "todos" | "chore" | "chores" | "errand" | "errands"
            | "housework" | "agenda" | "things" => {
                if kind != Some(ListKind::Foreign) {
                    kind = Some(ListKind::Todo);
                }
                if !matches!(word(at + 1), "list" | "lists") {
                    let is_container = match word(at) {
                        "todo" | "todos" => owned || after_preposition,
                        "tasks" | "chores" | "errands" | "agenda" => owned && after_preposition,
                        _ => false,
                    };
                    return is_container.then_some((at + 1, ListKind::Todo));
                }
            }
            "reminder" | "reminders" => {
                kind = Some(ListKind::Reminder);
                if !matches!(word(at + 1), "list" | "lists") {
                    let is_container = word(at) == "reminders" && owned && after_preposition;
                    return is_container.then_some((at + 1, ListKind::Reminder));
                }
            }
            modifier if lexicon::is_foreign_list(modifier) => kind = Some(ListKind::Foreign),
            "" => return None,
            modifier if lexicon::ends_noun_phrase(modifier) => return None,
            _ if tokens[at].kind != Kind::Word => return None,
            _ => {}
        }
        at += 1;
    }
    if !matches!(word(at), "list" | "lists") || at - first > modifiers {
        return None;
    }
    let mut kind = kind?;
    if kind == ListKind::Bare && at > first + 1 && !lexicon::is_list_adjective(word(at - 1)) {
        kind = ListKind::Foreign;
    }
    let verb = !owned && at == start && !after_preposition && word(at + 1) != "of";
    if verb {
        return None;
    }
    at += 1;
    // "list to do", "list of pending tasks to accomplish", "list of things i have to do".
    if word(at) == "to" && word(at + 1) == "do" {
        return Some((at + 2, ListKind::Todo));
    }
    if word(at) == "of" {
        let mut noun = at + 1;
        while lexicon::is_determiner(word(noun)) || lexicon::is_list_adjective(word(noun)) {
            noun += 1;
        }
        let of = match word(noun) {
            "reminder" | "reminders" => Some(ListKind::Reminder),
            word if lexicon::is_list_noun(word) => Some(ListKind::Todo),
            _ => None,
        };
        if let Some(of) = of {
            kind = of;
            at = noun + 1;
            let mut tail = at;
            if matches!(word(tail), "that") {
                tail += 1;
            }
            if matches!(word(tail), "i" | "ive" | "we" | "left") {
                tail += 1;
                while is_one_of(
                    word(tail),
                    "have need want wanted got must should am still supposed",
                ) {
                    tail += 1;
                }
            }
            if word(tail) == "to" {
                tail += 1;
                if word(tail) == "get" || word(tail) == "be" {
                    tail += 1;
                }
                match word(tail) {
                    "do" | "complete" | "accomplish" | "done" | "finish" | "finished"
                    | "completed" => at = tail + 1,
                    "remember" => {
                        kind = ListKind::Reminder;
                        at = tail + 1;
                    }
                    _ => {}
                }
            }
        } else if !word(noun).is_empty() {
            kind = ListKind::Foreign;
        }
    }
    Some((at, kind))
}
