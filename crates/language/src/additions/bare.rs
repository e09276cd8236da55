//! New tasks that nothing but themselves announces: "buy milk", "dentist on Friday at 3".

use super::{add, addressed, is_chore, is_elsewhere};
use crate::clause::{Clause, Reading};
use crate::details;
use crate::filter::tag_word;
use crate::lexicon::{self, is_one_of};

/// "buy milk #home", "!!! call Anna", "water the plants every 3 days": what it carries says that it is a task.
pub(super) fn labelled(clause: &Clause<'_, '_>) -> Option<Reading> {
    let message = clause.message;
    let range = clause.range.clone();
    if lexicon::is_question_word(clause.word(0)) && !matches!(clause.word(0), "have" | "do")
        || lexicon::is_reading_verb(clause.word(0))
            && !is_chore(clause, range.clone())
            && !lexicon::MARKED_CHORES.contains(&clause.word(0))
    {
        return None;
    }
    let details = details::read(message, range.clone());
    let tagged = range.clone().any(|i| tag_word(message.word(i)).is_some());
    let words = details.title.split_whitespace().count();
    let labelled = tagged
        || details.priority.is_some()
        || details.recurrence.is_some() && !clause.has_foreign_noun(range.clone());
    let person = is_one_of(
        clause.word(0),
        "i im my you it its that this there your they he she we",
    ) && !tagged;
    if !labelled || details.title.is_empty() || words > 40 || person || (clause.foreign && !tagged)
    {
        return None;
    }
    add(clause, range, false)
}

/// "buy milk", "call Anna tomorrow", "dentist on Friday at 3".
pub(super) fn imperative(clause: &Clause<'_, '_>) -> Option<Reading> {
    let message = clause.message;
    let range = clause.range.clone();
    let first = clause.word(0);
    let asks = lexicon::is_question_word(first)
        && (first != "do" || matches!(clause.word(1), "i" | "we" | "you" | "they" | "any"));
    if clause.foreign || asks || addressed(clause, range.clone()) || range.len() > 60 {
        return None;
    }
    let details = details::read(message, range.clone());
    // "from now on" is no time to do something at.
    let now = details.due.is_some_and(|d| d.at == message.now)
        && details.tags.is_empty()
        && details.priority.is_none();
    let mut marked = details.marked() && !now;
    marked |= !clause.lead.is_empty();
    if details.title.is_empty()
        || clause.has(|w| matches!(w, "you" | "your" | "yourself" | "u" | "me"))
    {
        return None;
    }
    let foreign = clause.has_foreign_noun(range.clone());
    let service = is_one_of(
        first,
        "book order play schedule transfer turn set cancel stop change report request open use \
start tell ask help give check text message make move",
    );
    // What only a person can do may be about anything: "prepare the meeting".
    let chore = is_chore(clause, range.clone()) && !is_elsewhere(clause, range.clone(), false);
    let dated = marked
        && !clause.asked
        && !(foreign
            && is_elsewhere(clause, range.clone(), false)
            && !matches!(first, "call" | "pay"))
        && lexicon::MARKED_CHORES.contains(&first)
        && !(foreign && service)
        && !is_money(clause);
    let dated_chore = marked && is_chore(clause, range.clone());
    let noun = marked
        && lexicon::TASK_NOUNS.contains(&first)
        && range.len() <= 14
        && (!foreign || first == "meeting");
    (chore || dated || dated_chore || noun).then(|| add(clause, range, false))?
}

fn is_money(clause: &Clause<'_, '_>) -> bool {
    clause.has(|w| {
        is_one_of(
            w,
            "dollars checking checkings savings account degrees restaurant reservation",
        )
    }) || clause.has(|w| w.starts_with('$')) && clause.word(0) != "pay"
}
