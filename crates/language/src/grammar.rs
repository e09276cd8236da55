//! What people say to change tasks, as patterns; the first that matches and makes sense counts.

use std::sync::LazyLock;

use crate::pattern::Pattern;

/// What a pattern asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Undo,
    Help,
    Confirm,
    Deny,
    Hello,
    Thanks,
    Bye,
    ChooseNamed,
    Complete,
    Reopen,
    Start,
    Cancel,
    Delete,
    /// Everything on a list: the target is the whole range of what is said.
    DeleteAll,
    CompleteAll,
    Rename,
    Describe,
    SetDue,
    ClearDue,
    /// By `<d>`; earlier when a word says so.
    SnoozeBy,
    SnoozeUntil,
    /// By nothing that was said.
    SnoozeIt,
    RemindAgain,
    SetPriority,
    Prioritize,
    Deprioritize,
    Tag,
    Untag,
    UntagAll,
    AddReminder,
    MoveReminder,
    DropReminders,
    Repeat,
    StopRepeat,
    /// After `<x>` times, or with `<w>` or `<d>`.
    EndRepeat,
    CountFromCompletion,
    CountFromDueDate,
    Skip,
    /// `<b>` or `<d>` before; without either, when it is due.
    DefaultReminders,
    NoDefaultReminders,
    Show,
    Search,
    LookBack,
    LookAhead,
    /// A reminder about a task, at a time.
    RemindAbout,
    /// `<x>` becomes a task.
    Add,
    /// `<x>` becomes a task that is said as a reminder.
    Remind,
    /// A task without a name yet.
    AddUnnamed,
    /// "I need to …": a task unless it is something only another service can do.
    AddDuty,
    /// A reminder without a name yet.
    RemindUnnamed,
    /// Reminders, asked for by what one "wanted to remember".
    ListReminders,
    /// "My list", which people say of their reminders when they want it back.
    ReadBack,
}

/// Small talk and answers: the whole message, pleasantries included.
#[rustfmt::skip]
const TALK: &[(Act, &[&str])] = &[
    (
        Act::Undo,
        &[
            "undo <x>?", "revert that|it|this|change?", "revert the|my last? change|action|thing", "take that|it|this back", "take back that|it|the_last_one", "oops|whoops|oopsie undo?", "roll back|that_back|it_back the? last? change?",
            "rollback", "unto that", "i didnt mean that|to_do_that|it|to", "bring|put it|that|them back", "go back", "that was a mistake", "i made a mistake", "wrong one", "that was wrong", "reverse that|it|the_last_change", "cancel the? last change|action|command",
            "oops wrong one", "no|nope|wait|actually|sorry|oh undo that|it|this?", "i take that|it back",
            "thats|that_was|this_is|it_is|its|that_is wrong|incorrect|not_right|not_what_i_meant|not_what_i_wanted|a_mistake undo|revert|take|reverse|rollback that|it|this? back?", "undo|revert|reverse that|it|this thats|that_was|its|it_was wrong|incorrect|a_mistake",
        ],
    ),
    (
        Act::Help,
        &[
            "help me?", "what|wat can|do|could you do for_me?", "what can i say|ask|do|type|tell_you|ask_you|do_here", "what are you able to do", "how do|does|can i|you|this use|work you|this|it?", "how do i use you|this|it", "commands", "what are your|the commands|features|abilities|capabilities|skills",
            "what kind|kinds|sort|sorts|type|types of things|questions|stuff can i ask|say|tell|do you?", "what things can|may i ask|say you?", "help with what", "show me? help|the_help|commands|what_you_can_do", "i need help", "what do you do", "how does this work", "tell me what things? i|you can|may ask|do|say you?",
            "what else can you do", "what should i say", "what all can you do", "what are my options",
        ],
    ),
    (
        Act::Confirm,
        &[
            "yes|yeah|yep|yup|ya|yea|yess|y|sure|ok|okay|confirm|confirmed|correct|right|definitely|absolutely|affirmative|exactly|indeed|certainly|totally|yas|👍 please|thanks|thank_you|do|it_is|that_is|thats_right|thats_correct|that_is_correct|of_course|sure|do_it|do_that|go_ahead|delete_it|delete_them|delete_all|remove_them|remove_it|all_of_them|i_am|im_sure|i_am_sure|i_do|right|ok|sir?",
            "do it|that|so", "go ahead|for_it|on", "sounds good|great|right|fine", "thats|that_is|thatd_be|that_would_be right|correct|fine|good|it|okay|ok|true|great", "of course", "please do", "im|i_am sure|positive|certain", "i do|confirm|agree", "you got it|that", "perfect|great|good|fine|cool",
            "make it so", "i believe that to be true|right|correct", "that appears|seems|is|looks true|right|correct", "thats definitely|totally|absolutely right|correct|true",
        ],
    ),
    (
        Act::Deny,
        &[
            "no|nope|nah|n|negative|nay|👎 wait|thanks|thank_you|way|please|dont|sir|not_that|not_now|leave_it|stop|it_isnt|thats_wrong|never_mind|nevermind|i_dont|cancel|keep_it|keep_them|dont_do_it|dont_do_that?", "never mind|that|mind_that", "nevermind that?", "forget it|that|about_it|about_that", "cancel|stop|abort|quit|exit|skip that|this?",
            "dont|do_not do? that|it|this?", "not now|yet|really|today|that|that_one|this_one", "leave|keep it|them|that|as_is alone|as_is?", "thats|that_is definitely|totally? wrong|false|incorrect|not_right|not_true|not_it", "none of them|these|those", "neither", "absolutely|definitely|certainly not", "stop it|that", "hold on", "wait",
            "i believe that to be false", "that would be no", "i changed my mind",
        ],
    ),
    (
        Act::Hello,
        &["hello|hi|hey|hiya|howdy|greetings|yo|aloha|hola|heya|sup|morning there|bot|again|everyone|assistant|buddy|friend?", "good morning|afternoon|evening|day bot|there?", "whats up", "how are you doing|today?", "nice to meet you"],
    ),
    (
        Act::Thanks,
        &[
            "thanks|thx|ty|cheers|tysm|thankyou|kudos a_lot|so_much|again|much|bot|very_much|for_that|for_your_help|for_the_help|for_everything|for_helping|man|mate|buddy|👍?", "thank you|ya|u|yo so_much|very_much|again|bot|kindly|for_that|for_your_help|for_the_help|for_everything|for_helping|for_helping_me?", "many thanks",
            "i|we really? appreciate it|that|the_help|your_help|you", "much appreciated", "great|good|nice|awesome|well job|work|done", "awesome|nice|wonderful|brilliant|excellent|super|amazing|lovely thanks|thank_you?", "perfect|great|ok|okay|cool thanks|thank_you|thx",
        ],
    ),
    (
        Act::Bye,
        &["thanks|thx|thank_you|ok|okay bye|goodbye|cya", "bye|goodbye|cya|ciao|farewell|adios|later|bye-bye bye|bot|now|for_now?", "see you|ya|u later|soon|tomorrow|around|next_time?", "good night", "talk|speak to_you? later|soon", "have a good|nice|great one|day|night|evening|weekend", "thats all|it for_now|for_today?", "take care", "until next time"],
    ),
    (
        Act::ChooseNamed,
        &["i mean|meant <t>", "no? i mean|meant <t>", "no? not that one? i? mean|meant? <t>", "no the? <t> one", "the <t> one"],
    ),
];

/// Changes to tasks that exist; `<t>` is the task.
#[rustfmt::skip]
const CHANGES: &[(Act, &[&str])] = &[
    (
        Act::DefaultReminders,
        &[
            "remind me always? <b> always|by_default|every_time|for_everything|for_all_tasks|for_every_task|for_all_my_tasks|for_new_tasks|for_all_new_tasks|of_everything|of_every_task", "always|generally remind me of|about|for? everything|tasks|all_tasks|every_task|all_my_tasks? <b> its_due|theyre_due|it_is_due|they_are_due|due?", "by default remind me <b>", "default reminder|reminders : <b>", "be|get reminded <b> by_default|always|every_time|for_everything|for_all_tasks", "remind me at? the due time|date by_default|always|for_everything|for_all_tasks", "set|change|make|update|move my|the|a? default reminder|reminders|reminder_time to|at|as|be? <b>", "set|change|make|update|move my|the|a? default reminder|reminders|reminder_time to|at|as|be? <d>", "my|the default reminder|reminders is|are|should_be <b>", "use <b> as my|the? default reminder|reminders?",
            "always? remind me when its|it_is|theyre|they_are|tasks_are|something_is|everything_is due by_default|always?",
        ],
    ),
    (
        Act::NoDefaultReminders,
        &["no default reminder|reminders", "@delete|drop|clear|turn_off|disable|stop|unset my|the|any? default reminder|reminders", "dont|do_not|never|stop remind|reminding me by_default|unless_i_say_so|unless_i_ask", "no reminder|reminders by default"],
    ),
    (
        Act::DropReminders,
        &[
            "@delete|cancel|drop|clear|stop|disable|turn_off|dismiss|kill all? the|my|any? <t> reminder|reminders", "@delete|cancel|drop|clear|stop|disable|turn_off|dismiss all? the|my|any|all_the? @reminder from|for|on|of|about|to <t>", "turn the|my @reminder for|on|of <t> off", "dont|do_not|stop remind|reminding me about|of|to|for <t> anymore|again?", "no reminder|reminders for|on <t>",
            "@delete|cancel|drop|clear|dismiss|turn_off|stop the|its|that|this? @reminder", "stop|dont|quit remind|reminding me", "unremind <t>", "take the? @reminder off|off_of|from <t>",
        ],
    ),
    (
        Act::MoveReminder,
        &[
            "@move|edit|adjust|remind the|my|its? <t> @reminder to|at|for|until|by? <w>", "@move|edit|adjust the|my|its|that? @reminder for|of|on|about|to <t> to|at|for|until|by <w>", "@move|edit|adjust the|my|its|that? @reminder for|of|on|about <t> to|at? <b>", "@move|edit|adjust the|my|its|that? @reminder to|at|for|until? <w>", "@move|edit|adjust the|my|its|that? @reminder to|at? <b>",
            "@move the|my <t> @reminder to|at? <b>", "remind me at? <w> instead", "remind me <b> instead",
        ],
    ),
    (
        Act::AddReminder,
        &[
            "remind me <b>", "remind me <b> it|its|due|that|its_due|it_is_due|it_starts?", "remind me <b> <t> is_due|are_due|starts|begins|due", "remind me <b> <t>", "remind me <b> of|about|for <t>", "remind me of|about|for <t> <b>", "@new|set|give|put|schedule me? a|an|another|the? @reminder for|of|on|to|about <t> <b>", "@new|set|give|put me? a|an|another? @reminder <b> for|of|on|to|about <t>", "@new|set|give|put me? a|an|another? @reminder <b>", "@new|set|put a|another? <b> @reminder for|on|to <t>",
            "@new|set|put a|another? <d> @reminder for|on|to <t>", "@new|set|give me? a|an|another? @reminder <b> <t>", "remind me of|about? it|that|this|them at|on? <w>", "remind me at|on? <w> of|about? it|that|this|them",
        ],
    ),
    (Act::AddReminder, &["remind me at|on? <w>", "ping|alert|notify me at|on? <w>", "ping|alert|notify me <b>", "ping|alert|notify me <b> <t>", "add|set another reminder at|for|on? <w>"]),
    (
        Act::RemindAbout,
        &["remind me about|of|for|regarding <t> at|on|by? <w>", "remind me at|on? <w> about|of|regarding <t>", "notify|alert|ping me about|of|for <t> at|on? <w>"],
    ),
    (
        Act::RemindAgain,
        &["remind me|us later|again|later_on|again_later|at_a_later_time|some_other_time|another_time|about_it_later|about_this_later|of_this_later|of_it_later|in_a_bit|in_a_while", "remember to remind me of this|it|that later"],
    ),
    (
        Act::EndRepeat,
        &[
            "make|let|have <t> repeat|recur|happen only|just? <x> more? times", "repeat <t> only|just? <x> more? times", "<t> should|must|can|will only|just? repeat|recur|happen only|just? <x> more? times", "stop|end|finish repeating? the? series? of|for? <t> after <x> more? times|occurrences", "make|let|have <t> repeat|recur|happen <w>", "repeat <t> <w>", "<t> should|must|can|will only? repeat|recur|happen <w>", "stop|end|finish repeating <t> <w>",
            "end|stop the? series of|for? <t> <w>", "end|stop the <t> series <w>", "make|let|have <t> repeat|recur|happen <d>", "repeat <t> <d>",
        ],
    ),
    (
        Act::StopRepeat,
        &[
            "stop|quit repeating|recurring it|that|this?", "i dont|do_not want|need <t> to repeat|recur|be_repeated anymore|any_more|any_longer?", "i dont|do_not want|need to repeat <t> anymore|any_more|any_longer?", "stop|end|quit repeating|recurring <t> anymore|any_more|any_longer?", "dont|do_not|never|no_longer repeat|recur <t> anymore|any_more|any_longer|again|ever_again?", "make|let|have <t> happen|repeat only|just? once", "make <t> not|non repeat|recur|recurring|repeating|repeat_anymore", "make|set|turn <t> to|into|as? a|an? non-recurring|one-time|one_time|onetime|one-off|one_off|once|single task|thing|event?", "stop <t> from? repeating|recurring", "@delete|cancel|clear|stop|end the|any|its? recurrence|repeat|repetition|repeating|schedule_repeat|series from|of|for|on|called|named? <t>", "end|stop|cancel|finish the|my? <t> series|recurrence|repetition",
            "@delete|clear|end|stop|cancel|finish the|its|this|that series|recurrence|repetition", "<t> should|does not|no_longer repeat|recur anymore|any_more?", "<t> no longer repeats|recurs", "<t> is not|no_longer|now recurring|repeating|a_recurring_task|a_repeating_task|one-time|one_time|one-off|a_one-time_task|a_one_time_task|a_one-off anymore|any_more?", "<t> doesnt|shouldnt|wont|neednt repeat|recur anymore|any_more?", "turn off repeat|recurrence|repeating for|on <t>", "unrepeat <t>",
        ],
    ),
    (
        Act::Skip,
        &[
            "skip|omit the|my? next|current|upcoming occurrence|instance|one|time|round of|for|on <t>", "skip|omit|cancel|delete|remove one|an|the|this|my next|current|upcoming? occurrence|instance of|for <t>", "skip|omit one|an|the|this|its next|current|upcoming? occurrence|instance", "skip|omit|leave_out <w> the|my? <t>", "skip|omit for|on|just? <w>", "skip|omit <t> for|on|in|just? <w>", "skip|omit the|my? next|current|upcoming <t>", "skip|omit <t> just? once|this_once|this_time|next_time|one_time|for_now", "skip|omit <t>",
        ],
    ),
    (
        Act::Repeat,
        &[
            "set|change|update|switch the|its? recurrence|repetition|repeat|rhythm of|for|on <t> to <r>", "set|change|update|switch the|its recurrence|repetition to <r>", "repeat|recur <r> instead?", "make|let|have|set|get|change <t> to|as|a|be? repeat|recur|recurring|repeating|happen|occur|repeated to|on|for|task? <r> instead|now?", "repeat|recur <t> on|for? <r> instead|now?", "<t> should|must|needs_to|has_to|will|can repeat|recur|happen|be|be_done|be_repeated on? <r> instead|now?", "make|set|change|switch|update <t> to|be|a|for? <r> task|instead|now?", "<t> repeats|recurs <r>", "schedule <t> to|for repeat|recur? <r>", "add recurrence|repeat <r> to <t>", "set up? <t> as|to? recurring? <r>", "@move <t> to <r> instead|now?",
        ],
    ),
    (
        Act::CountFromCompletion,
        &["make|let|have <t> repeat|recur|count from|after|since completion|its_done|it_is_done|i_finish|i_finish_it|i_complete_it|i_did_it|i_do_it|completing_it|finishing_it|the_last_time|the_completion_date", "repeat|count|recur <t> from|after|since completion|its_done|it_is_done|i_finish|i_finish_it|i_complete_it|i_did_it|i_do_it|completing_it|finishing_it|the_last_time|the_completion_date", "<t> should repeat|recur|count from|after|since completion|its_done|it_is_done|i_finish|i_finish_it|i_complete_it|the_last_time|the_completion_date"],
    ),
    (
        Act::CountFromDueDate,
        &["make|let|have <t> repeat|recur|count from|after the|its? due|due_date", "repeat|count|recur <t> from|after the|its? due|due_date", "<t> should repeat|recur|count from|after the|its? due|due_date"],
    ),
    (
        Act::Describe,
        &[
            "add a|the|this? note|notes|description|details|comment|info to|for|on <t> : <x>", "add a|the|this? note|notes|description|details|comment|info to|for|on <t> saying|that_says|that|with <x>", "add a|the|this? note|notes|description|details|comment|info : <x> to|for|on <t>", "add a|the|this? note|description|detail|details|comment <x> to|for|on <t>", "note|notes|description|details|comment on|for|to|of <t> : <x>", "note|notes|description|details : <x>", "set|change|update|edit|make the|its? description|notes|note|details of|for|on <t> to|as|: <x>", "describe <t> as|: <x>",
            "add the|these|this? notes|details <x> to <t>", "set|change|update the|its? description|note|notes to <x>", "add a? note|description|comment : <x>", "add a? note|description|comment that|saying <x>",
        ],
    ),
    (
        Act::Rename,
        &[
            "rename|retitle|reword|relabel|rephrase <t> to|as|into|with <x>", "change|edit|update|modify|set the|its|my? title|name|text|wording|label of|for|on|to? <t> to|into|as <x>", "change|edit|update|modify <t> to|so_it|so_that_it|such_that_it say|says|read|reads|be_called|be_named <x>", "change|update|edit|set the|its? title|name|text to|into|as <x>", "call|name it|that|this|that_one <x> instead?", "rename|retitle <t> : <x>", "change|edit|update|replace <t> to|into|with <x>", "it|that should say|be_called|read <x>", "make|have <t> say|read <x>",
        ],
    ),
    (
        Act::ClearDue,
        &[
            "@delete|clear|drop|unset|cancel|take_off|scrap the|its|my|any? due_date|deadline|date|due|due_time|duedate from|of|for|on|off <t>", "@delete|clear|drop|unset the|its? due_date|deadline|date|due|duedate", "@delete|clear|drop <t> due_date|deadline", "unschedule <t>", "<t> has|needs|have no due_date|deadline|date|longer_a_due_date|due_date_anymore", "<t> doesnt|does_not have|need a due_date|deadline|date anymore?", "no|without due_date|deadline for|on <t>", "take the? due_date|deadline|date off|from|off_of|of <t>", "make <t> undated|dateless|have_no_due_date|have_no_deadline",
        ],
    ),
    (
        Act::SnoozeBy,
        &[
            "snooze|postpone|delay|defer|sleep|pause <t> for|by|another|an_extra|about? <d>", "snooze|postpone|delay|defer|sleep for|by|another|it_for|it? <d>", "push|move|bump|shift|put|set|bring|pull|reschedule <t> back|out|off|forward|ahead|up|earlier|later|down|forwards|backwards? by|for|another? <d> later|earlier|back|out|forward|up|ahead|sooner?", "push|bump|put back|off|out|up <t> by|for? <d>", "move|bring|pull up|forward|back|earlier <t> by|for? <d>", "give me|it another? <d> more|for_it|longer?", "postpone|push|move|bump|delay|shift <t> <b>",
            "give me another <d> for|on|to_do <t>", "extend <t> by <d>", "extend the deadline|due_date of|for|on <t> by <d>", "make <t> <d> later|earlier",
        ],
    ),
    (Act::SnoozeUntil, &["snooze|sleep|pause|hide <t> till|until|to|for|till_the|by? <w>", "snooze|sleep|pause till|until|to|for? <w>", "remind me|us again at|on|in? <w>", "remind me <w> again", "not now remind me <w>", "ask me again? <w>"]),
    (
        Act::SetDue,
        &[
            "@move|adjust|edit|modify|add|give the|its|a|my? due_date|deadline|date|due|time|due_time|duedate of|for|on|to <t> to|as|for|on|at|be|of|: <w>", "@move|adjust|edit|modify|add the|its|a? due_date|deadline|date|due|time|due_time to|as|for|on|at|of|: <w>",
            "@move|adjust|edit|modify the|my <t> due_date|deadline|date|due|time|due_time to|as|for|on|at <w>", "@move <t> back|forward|out|up|over|off|earlier|later|ahead|it? to|till|until|for|by|on|onto|at|as|from? <w> instead?", "move|push|put back|off|up|over|forward <t> to|till|until|for? <w>", "give <t> a|the due_date|deadline|date of|for|on? <w>", "<t> due_date|deadline is|was? now|actually? <w>", "<t> is|are|was now|actually|really? due|to_be_done|to_be_finished? at|on|by|for? <w>", "<t> is|are due|needed by|on? <w>", "the? due_date|deadline of|for|on <t> is|should_be|should_become <w>", "set|make|change <t> due|to_be_due at|on|by|for|to? <w>", "make|change it|that|this|that_one <w> instead?", "its|it_is|thats? <w>", "do <t> on|at? <w> instead", "<t> is|should_be|has_been moved|postponed|rescheduled|pushed|delayed to|until|till? <w>",
            "i|ill|we will? do? it|that|this at|on? <w> instead?", "extend <t> to|until|till <w>", "extend the deadline|due_date of|for|on <t> to|until|till <w>", "make <t> <w>", "<t> should be? due|done by|on|at? <w>", "add a? due_date|deadline of|on|for? <w> to <t>",
        ],
    ),
    (Act::SnoozeIt, &["snooze|postpone|delay|defer|push_back|put_off <t>", "snooze", "push <t> back|out|off", "postpone|delay|snooze|defer", "put <t> off"]),
    (
        Act::SetPriority,
        &[
            "set|change|update|raise|lower|make|adjust|bump|increase|decrease the|its|a? priority of|for|on|to <t> to|as|at? <p>", "set|change|update|raise|lower|make|bump|increase|decrease the|its? priority to|as? <p>", "make|set|mark|flag|change|put|label|rank|bump|raise|lower|move|upgrade|downgrade|drop|update <t> up|down? as|to|a|at|to_a|on|to_be|of|with? <p> task|please|one?", "give <t> a? <p>", "<t> is|are|has|have|should_be|needs_to_be|became|got now|actually|really|very|super|pretty|quite|most|of? <p> task|now?", "assign a? <p> to <t>", "<p> for|on <t>", "change|set|update|make <t> priority to|: <p>", "set|change|update <t> to|: <p>", "treat <t> as <p>", "priority of <t> is <p>",
        ],
    ),
    (Act::Prioritize, &["prioritize|prioritise <t>", "flag|star|pin|highlight <t>", "raise|increase|up|bump_up|bump|boost the|its? priority of|for|on <t>", "raise|increase|boost the|its priority", "<t> matters|matters_most"]),
    (Act::Deprioritize, &["deprioritize|deprioritise|unflag|unstar|unpin <t>", "lower|decrease|reduce|drop the|its? priority of|for|on <t>", "lower|decrease|reduce the|its priority", "<t> can wait", "<t> is not|no_longer urgent|important|that_important|so_important|a_priority anymore?", "<t> isnt urgent|important|that_important|so_important|a_priority anymore?"]),
    (Act::UntagAll, &["@delete|clear|strip|drop all? the|my|its|all_the? tags|labels from|of|off|on <t>", "untag <t>", "clear|remove|delete all? the|its? tags", "@delete all tags from <t>"]),
    (
        Act::Untag,
        &["@delete|drop|take|clear the? tag|tags|label|labels <x> from|off|off_of|of|on <t>", "@delete|drop|take|clear the? <x> tag|tags|label from|off|off_of|of|on <t>", "untag|unlabel <t> from|as|with <x>", "untag|unlabel <x> from|off <t>", "@delete|drop|take <x> from|off|off_of <t>", "@delete|drop|clear the? tag|tags|label <x>", "@delete|drop|clear|take the|its? <x> tag|tags|label|labels off?", "remove|drop <x>", "<t> is not|no_longer tagged as|with? <x>"],
    ),
    (
        Act::Tag,
        &[
            "tag|label <t> with|as|under|: <x>", "add|put|attach|apply|set the|a? tag|tags|label|labels of? <x> to|on|for <t>", "add|put|attach|apply|set the|a? <x> tag|tags|label to|on|for <t>", "add|put|attach|apply <x> to|on <t>", "tag|label <t> <x>", "add|attach|give tags|tag|label <x>", "give <t> the|a|tags? tag|tags|label <x>", "give <t> the|a <x> tag|label", "file|categorize|put <t> under <x>", "add|attach|apply <x>", "<t> is|are tagged|labelled|labeled with|as? <x>", "mark|flag <t> with|as <x>",
        ],
    ),
    (
        Act::Reopen,
        &[
            "reopen|re-open|uncheck|untick|uncomplete|un-complete|unfinish|restore|reactivate|unmark|un-check|revive|resurrect|undelete|uncancel|resume <t>", "uncheck|untick|unmark <t> as done|complete|completed|finished?", "mark|set|flag|change|move <t> back? as|to|from_done_to|as_being? not_done|undone|incomplete|unfinished|not_complete|not_completed|not_finished|pending|open|todo|to_do|uncompleted|unchecked|still_open|not_done_yet again|yet?", "its|it_is|that_is|thats not|still_not actually|really? done|finished|completed|complete yet?", "<t> isnt|wasnt|is_not|was_not|arent|is_still_not actually|really? done|finished|completed|complete yet|after_all|anymore?",
            "i|we didnt|did_not|havent|have_not|hadnt|never actually|really|yet? finish|finished|complete|completed|do|done <t> yet|after_all?", "<t> is still? not|to_be|still_to_be done|finished|complete yet?", "open <t> again", "move|put <t> back to|on my|the|our? todo|list|todos", "mark <t> as? un-done", "<t> needs to be redone", "i need to redo <t>", "<t> is not done|finished|complete yet?", "mark <t> as? not started",
        ],
    ),
    (
        Act::Start,
        &["start|begin|started|begun working_on|on|with|work_on <t>", "im|i_am|ive_been|i_have_been|were|currently|now now|currently|already|just? working_on|doing|starting|busy_with|on_to|tackling|beginning <t> now?", "i|ive|i_have|we just|already|now? started|begun|began working_on|on|with|doing? <t>", "mark|set|flag|move|change <t> as|to|to_be? in_progress|started|in-progress|inprogress|ongoing|underway|begun|doing|wip", "start|begin <t>", "<t> is in_progress|underway|in_the_works|started|ongoing", "im on it", "working on <t>", "ill start <t> now"],
    ),
    (
        Act::Complete,
        &[
            "im|i_am|were|we_are|am|all just|already|finally|all|now|also? done|finished|through with|doing|on? <t>", "done|finished with|doing : <t>", "done : <t>", "i|we|ive|just? got <t> done|finished|sorted", "i|ive|i_have|we|weve|we_have|just|already just|already|finally|also|now|have|successfully|actually? finished|completed|accomplished|done|did|wrapped_up|ticked_off|checked_off|crossed_off|knocked_out with|up|doing|off? <t> already|today|just_now|now|yesterday?", "done|finished|completed|accomplished with|up|doing? <t>", "i|ive|i_have|we just|already|finally? took_care_of|taken_care_of|dealt_with|handled|got_done|gotten_done|got_through <t>", "i got <t> done|finished|sorted",
            "tick|check|cross|mark|strike|scratch|knock <t> off|done_from|out @off? <l>", "tick|check|cross|mark|strike|scratch|knock off|out <t> from|off|off_of|on|of|in|off_of_of <l>", "tick|check|cross|strike|scratch|mark|knock <t> off for_me?", "tick|check|cross|strike|scratch|mark|knock off|out <t>", "tick|check|cross|strike|scratch|mark <t> off|out of|on|from? <l> as? @done?", "tick <t>", "mark|set|flag as? @done", "mark|set|flag|put|change|make|record|log|note|count|move|register <t> down? as|to|is|as_being|that_is|to_be? @done on|in|off? <l>?", "mark|set as? done|complete|completed|finished : <t>", "mark as? done|complete|completed|finished <t>", "complete|done|fulfill|finish|close_out|close <t>", "done|complete|finished",
            "<t> is|are|has_been|have_been|was|were|got|is_all|gets|its now|already|all|finally|totally|fully|100%? @done now|already|today?", "<t> is|are|has|have been? taken_care_of|sorted|handled|dealt_with|out_of_the_way|off_my_plate", "<t> done|finished|completed|complete|✓|✅|✔", "✓|✅|✔ <t>", "i just? checked|ticked|crossed <t> off|off_of_my_list", "consider|call <t> done|finished|complete", "got <t> done",
        ],
    ),
    (
        Act::CompleteAll,
        &["im|i_am|ive|i_have|i all|just|already|now|am? done|finished|completed|through with|up|off? <l>", "complete|finish|check_off|tick_off|cross_off everything|all|all_of_it|all_items|all_tasks|the_items|all_the_items on|in|from|off <l>", "mark everything|all|all_items|all_tasks|the_items on|in|from? <l> as? @done", "<l> is @done|all_done"],
    ),
    (
        Act::DeleteAll,
        &[
            "@wipe my|the|our|all|all_of|everything|off|out|up? <l> now|completely|out|clean|off|please|for_me|clear|empty|today|up|entirely|to_blank?", "make|get|leave|have|want|need|set|turn|keep <l> to|is|be|all? completely|totally|entirely|all|to? blank|clear|cleared|empty|emptied|clean|wiped|deleted|erased|removed out|off?", "make sure|certain that? <l> is|gets completely|totally? clear|cleared|empty|blank|clean|wiped|deleted out?", "take|get|throw|knock|cross|scratch|strike|check|wipe|pull|clean|clear|@wipe everything|all|all_items|all_tasks|all_of_the_items|the_items|all_the_items|all_the_tasks|items|every_item|every_task|every_single_thing|every_single_item|each_item|all_things|all_the_things|all_my_tasks|all_my_items|it_all|all_entries|the_contents|all_contents|any_items|anything|the_tasks|the_entire_contents|the_whole_thing|all_of_my_tasks|my_tasks off|from|of|on|in|out|off_of|out_of|that_is_on|that_are_on|thats_on|currently_on|i_have_on|listed_on @off? <l>",
            "take|throw|cross|get|wipe|clear off|out everything|all|all_items|all_tasks|the_items from|on|of|off|in <l>", "@wipe the? items|tasks|chores|entries|contents off|from|on|of|in <l>", "start a? over|new|fresh|clean|blank with|on <l>", "get|throw|do rid|away of|with <l>", "@wipe everything on|from|off|in <l> and_start_over|and_start_fresh", "<l> needs|should|must to? be cleared|deleted|erased|emptied|wiped|blank|empty|blanked|reset out|clean|off?", "i|we want|need|would_like|dont_need|no_longer_need|no_longer_want|dont_want a? <l> anymore|cleared|deleted|erased|emptied|wiped|blank|empty|blanked|gone|removed|any_more out|clean?", "give me a? blank|empty|clean|fresh <l>", "clear|delete|erase|wipe|remove all|everything|it_all|them_all", "clear|delete|erase|wipe everything|all of|the? tasks|todos|items", "i dont need|want anything on <l> anymore?", "there should be nothing on <l>", "remove|delete|erase|take|clear away? every|each|everything|all single? one|thing|item|task|chore|of_the_items|of_the_tasks|items|tasks? of? on|from|off|in|that_is_on|off_of <l>",
        ],
    ),
    (
        Act::Delete,
        &[
            "take|pull|get|knock|leave|cut|pluck|drop|throw|kick <t> @off <l> now|please|for_me|instead|today?", "take|pull|throw|get|leave off|out|away <t> from|off|of|on|off_of|out_of|in <l>", "@wipe|take_out|take_off|pull_off <t> @off <l> now|please|for_me|instead|today?", "on|from|off|off_of <l> please? @wipe|take_off <t>", "@delete the|a|my? task|todo|item|reminder|chore called|named|to|titled|about|for|: <t>", "@delete <t>", "delete|remove|erase", "trash|scrap|drop|dump|clear|wipe|purge|clear_out|clear_off|toss|nuke <t>", "i|we no_longer|dont need|want|have|wish to? <t> on|in <l> anymore?", "<t> is|are|can|should|needs|does no_longer|be|to_be|not removed|deleted|needed|taken_off|erased|cleared|gone from|off|on? <l>",
            "<t> doesnt|does_not|shouldnt|should_not|no_longer need|needs|have|belong|belongs|be to? be? on <l> anymore?", "@wipe from <l> <t>", "take <t> off", "dont|do_not include|have|put|keep|list <t> on <l> anymore?",
        ],
    ),
    (
        Act::Cancel,
        &["cancel|abandon|call_off|scrap <t>", "mark|set|flag <t> as|to? cancelled|canceled|abandoned|dropped", "i|we no_longer|dont|do_not|wont need|have|needs|want to do? <t> anymore|any_more|any_longer|now?", "i|we no_longer|dont|wont have|need to <t>", "forget about <t>", "<t> is|was|has_been|got cancelled|canceled|off|called_off", "never mind about? the <t>", "wont|will_not do <t>", "im not doing|going_to_do <t> anymore?"],
    ),
];

/// Questions that are not plain lists.
#[rustfmt::skip]
const QUESTIONS: &[(Act, &[&str])] = &[
    (
        Act::LookBack,
        &[
            "how did i|we do <w>?", "how was|were my|the <x>? <w>?", "how productive was|have|were i|been|we <x>?", "what have|did i|we done|accomplished|achieved|finished|completed|accomplish|achieve so_far|lately|recently", "how have i been doing <x>?", "review my|the week|day|month|progress|last_week", "weekly|daily|monthly review|recap|report", "recap|summarize|summarise my|the|last? week|day|month|yesterday|progress <w>?", "give me a? recap of? <x>?", "whats|what_is my progress <x>?", "show me? my? progress|stats|statistics|productivity <x>?", "my? stats|statistics|progress",
            "did i have a productive|good|busy <x>", "how much|many did|have i|we get|gotten|got done <w>?", "how much have i done|finished|completed|accomplished <w>?", "how much did i get|finish|complete|accomplish done? <w>?",
        ],
    ),
    (
        Act::LookAhead,
        &[
            "whats|what_is|what|whats_still on|in my|the|our plate <w>? now|right_now|today|like|looking_like?", "whats|what_is planned|happening for? <w>", "whats <w>", "what do i|we have|got on my plate <w>?", "how am i|we doing so_far|today|this_week|lately? <w>?", "hows|how_is|how_does|how_are my|the|our? day|week|month|schedule|plate|tasks|todos|workload|weekend|list|things look|looking|going|shaping_up <w>?", "hows|how_is|how_does my|the <w> look|looking?", "give me a|an|the|my? quick|short|brief|daily|weekly? summary|overview|rundown|digest|briefing|status|update|status_update|breakdown of? my|the|on? day|week|month|tasks|todos|todo|everything|things|list|plate|progress|my_day <w>?",
            "give|show|tell|get|send me? a|an|the|my? quick|short|brief|daily|weekly? summary|overview|rundown|digest|briefing|status_update|status|breakdown of|for|on? <w>?", "a|my|daily|weekly? summary|overview|briefing|digest <w>?", "summarize|summarise my|the|all? day|week|tasks|todos|list|plate|todo|month <w>?", "brief|update me on_my_day|on_my_tasks|on_my_week <w>?", "catch me up", "whats my day|week|workload|situation|status look? like <w>?", "what does my|the day|week|month|plate|weekend|workload|morning|afternoon|evening look like <w>?", "what does <w> look like", "how busy am i <w>?", "am i busy|free|on_track|behind|swamped <w>?", "do i have a busy <x>", "where do|are i|we|things stand", "how are things looking|going", "what is my plan|agenda|outlook for? the|my? day|week|<w>?", "plan my day", "what's up <w>?", "how's it looking <w>?", "give me the big picture",
        ],
    ),
    (
        Act::ListReminders,
        &[
            "what did|do|had|was|were|have i|it|those_things|the_things i? ever|specifically? want|wanted|ask|asked|tell|told|need|needed|try|trying|say|said <x>? to? remember|recall|keep_in_mind|bear_in_mind|be_reminded_about|be_reminded_of|be_reminded|remind_me_about|remind_me_of|remind_me|not_forget again|earlier|before|today|about|of|for|later|for_me?", "<x>? what <x>? i|you <x>? to? help_me_remember|remember|recall|keep_in_mind|bear_in_mind|forget|not_forget <y>?", "<x>? things|thing|stuff|items|everything|something|somethings|anything that? i|ive|you|id|we <x> remember|recall|mind|forget|remind_me_of|remind_me_about|reminded_of|reminded_about <y>?", "i had|was|wanted <x>? to? remember|recall <x> what|again <y>?", "i wanted to remember|recall|not_forget <x>", "remind me of? what <x> remember|forget|remind_me_of|remind_me_about|reminded <y>?", "what am i|we supposed|meant|trying|wanting to remember|be_reminded_of|be_remembering <y>?", "what should|must|shouldnt i|we remember|not_forget|forget <y>?",
            "what are|were you|u reminding|going_to_remind|supposed_to_remind|to_remind me <x>?", "what do|did you|u have|need to remind me <x>?", "what am i being reminded about|of|to_do <x>?", "what did i|we ask|tell|told|want you to remind|remember <x>?",
        ],
    ),
    (Act::ReadBack, &["read|repeat|describe|say|recite|give|tell|list me|us? my|the list back to? me|us?", "read|repeat|recite back my|the list to? me|us?", "read|repeat my|the list to? me? back"]),
    (
        Act::Show,
        &["when|by_when|at_what_time|what_day|what_time|on_what_day|what_date is|are|was <t> due|scheduled|supposed_to_be_done|happening|again?", "when|by_when|what_day do|does|must|should|did <t> due|need_to_be_done|have_to_be_done|be_done|need_to_happen|repeat|happen", "whens|when_is|when_are <t> due", "when do|must|should|does i|we have|need to? <t>", "when do i have to <t>", "whats|what_is|what_was the due_date|deadline|due_time|priority|status|description|note of|for|on <t>", "more|details|info|information|tell_me|tell_me_more|show_me_details|show_details|give_me_details|details_please|show_me_the_details|what_are_the_details on|about|of|for <t>", "tell me more? about <t>", "what is|was <t>", "whats <t>", "open|show|view|display|pull_up me? <t>", "what is|are|was <t> about", "is <t> @done yet|already?", "is <t> overdue|urgent|important|late|due_today|due_soon|high_priority", "did|have i finish|complete|do|finished|completed|done|already_do|already_finish|already_done <t> yet|already|today?", "what|which tags|tag|priority|reminders does|is|has <t> have?", "how often does <t> repeat|recur"],
    ),
    (
        Act::Search,
        &["is|are there anything|something|tasks|any_tasks about|with|regarding|related_to|involving <x>", "search|look|lookup|search_up for? <x> in|on|from|among|within <l>", "search|find|look_for|look_up|locate|lookup me? all|any|every|my|the? tasks|task|todos|items|chores|reminders|entries|notes|todo|anything|everything|things|item with|about|containing|that_contain|that_contains|that_mention|mentioning|matching|related_to|relating_to|for|named|called|like|regarding|involving|on|to|that_says the_word|the_words? <x>", "search|find|look_for|look_up|locate|lookup me? the|my|a|all? <x> task|tasks|todo|todos|item|items|chore|entry", "search for? : <x>", "search my|the|all|through|in|within? tasks|todos|list|items|todo|<l> for|about <x>", "search for|through? <x>", "find : <x>", "find <x>", "where is|was my|the|that task|todo|item about|with|for|on <x>", "look for <x> in|on|among my|the tasks|todos|list|items"],
    ),
];

/// What means a task only where the person has one of that name.
#[rustfmt::skip]
const GUESSES: &[(Act, &[&str])] = &[
    (
        Act::Show,
        &["when is|are <t> next due|up|on|scheduled?", "what_is|whats the|my|our? next|upcoming <t>", "when is|are|was the|my|our? next|upcoming? <t> due|scheduled|on?", "whens|when_s the|my|our? next|upcoming? <t> due|scheduled?", "when do|should|must|can i|we next? <t> next?", "how often do|should i|we <t>", "how often is|are|does <t>"],
    ),
    (Act::Skip, &["skip|omit the? next one|time", "skip|omit <t> for|on|in|just? <w>", "skip|omit <t>"]),
];

/// New tasks.
#[rustfmt::skip]
const ADDITIONS: &[(Act, &[&str])] = &[
    (
        Act::AddUnnamed,
        &["add", "@new|add|give|need|want|have me? a|an|another|one|some|the|new? new|more|other|quick? @task|something|entry|tasks|items|todos|chores to|on|onto? <l>?", "@add something|a_task|an_item|a_new_item|a_new_task|tasks|items|something_new|a_chore|things|new_items|new_tasks|one_more_thing|another_item|another_task|stuff to|on|onto|in <l>", "add|put to|on <l>", "@new|add a? new? @task", "i|id want|need|have|like to? add? a|another|new|something? @task|something to|on <l>", "update|edit|change|modify <l>", "add to <l>"],
    ),
    (
        Act::RemindUnnamed,
        &[
            "remind|reminder me|us of|about|to|with? something|do_something|of_something|get_something_done|do_some_things|some_things|things|a_few_things|stuff|do_stuff?", "@new|give|set|get|put|need|want|have|like|make|do|fix|schedule|i_need|id_like|i_want|open_up|start_up|arrange me|us|myself? up? a|an|another|one|some|the|new|my|me_a? more|new|quick|other|little? @reminder for|up|set|made|please|set_up|created|setup|to_be_made|to_be_set|for_me|for_myself|now? me|myself|something|us|later|up|some_things|this|that|a_task|later_on|later_today?", "a|new|another new|quick? reminder please?", "need|want|like|have|i|i_need|i_want|id_like|i_would_like to? be|get reminded|notified|a_reminder about|of|to? something|do_something|later?", "i|we need|want|have|like to? be? reminded", "reminder", "be reminded", "i need reminding", "set reminder",
        ],
    ),
    (
        Act::Add,
        &[
            // A to-do list beats "remind me".
            "add|put|place|stick|write <x> on|in|to|onto <l> at|on|by|for? <w>",
            "remind me|us that|to? i? need|have|want|should to? @add <x> to|on|onto|in|into|down_on <l>", "help? remind me|us to? @add <x> to|on|onto|in|into|down_on <l>", "remind me|us that? i need|have|want|should to @add <x> to|on|onto|in|into <l>", "remind me|us to <x> by|and|, @add|putting|adding it|that|this? down? to|on|onto|in <l> <y>?", "remember|dont_forget to? @add <x> to|on|onto|in|into <l>", "@new|add|set a|another? @reminder on|to|in <l> to|for|about|that|: <x>",
            "i|we need|have|want to <x> so? please|can_you|could_you|will_you? @add it|that|this? down? to|on|onto|in <l>", "i|we need|have|want|must to? <x> so? please|can_you|could_you|will_you? @add it|that|this down? to|on|onto|in <l>",
            "create|make|start|set_up|add|open|new|put|insert|log|enter|give me|us|in? a|an|another|the|one|this|new|some? new|quick|more? task|todo|item|chore|entry|tasks|todos|items|to-do|errand on|to|in|for|onto <l> called|named|titled|to|for|:|that|saying|about|of? <x>", "create|make|start|set_up|add|open|new|put|insert|log|enter|give me|us|in? a|an|another|the|one|this|new|some? new|quick|more|following|recurring|repeating? task|todo|item|chore|entry|tasks|todos|items|errand for_me? called|named|titled|to|for|:|that|saying|that_says|about|of|which_is? <x> @off|onto|to|into? <l>", "create|make|start|set_up|add|open|put|insert|log|enter|give|need|want me|us|in? a|an|another|the|one|this|my|some? new|quick|more|following? <p>? new? task|todo|item|chore|entry|tasks|todos|items|errand for_me? called|named|titled|to|for|that|saying|that_says|about|of|which_is? <x>",
            "to|on|onto|in|under <l> please|can_you|could_you|i_need_to|i_want_to|you_can|would_you|will_you|also|kindly? @add|list <x>", "on|for|to <l> i|we need|want|would_like|have <x> added|put|included|listed|placed|on_there|to_be_added|written_down", "on|for <l> i|we need|have|want to <x>", "on <l> there should be <x>", "@add|move|append|bring|push|schedule|assign|attach|drop|make_a_note_of|make_note_of|leave|keep|have|want|need|get|like|go_down|bring_up|take in|down|up|also|on|me|on_there? to|onto|on|in|into <l> : <x>", "@add|append to|onto|on|in|into <l> <x>",
            "@add|move|append|bring|push|schedule|assign|attach|drop|make_a_note_of|make_note_of|leave|keep|have|want|need|get|like|create|make|start|bring|sneak|squeeze|pencil|add_in|add_on|put_in|put_down|write_down|jot_down|note_down|mark_down|log_in|note|also|type|post|do_add|pop also|down|in|me|on? <x> down|in|up|added|put|placed|included|listed|written_down|to_be|to_be_added|to_be_put|to_be_on|to_go|to_be_included|as_an_item|as_a_task|as_something|as_another_item|as_a_chore|as_one_of_the_things|as_part|back|on_there|on_down|over? to|onto|on|in|into|among|under|at_the_top_of|at_the_end_of|to_the_top_of|to_the_end_of|to_the_bottom_of <l>",
            "make|be sure|certain|it_so that? <x> is|gets|are|goes|be|appears|gets_added|is_added|gets_put on|to|in|onto <l>", "<x> needs|need|should|has|must|ought|is|are|got|will to? go|be|belong|belongs|be_added|be_put|be_placed|be_included|get_added|added|be_written_down|supposed_to_be|be_listed|get_put on|to|onto|in|down_on|in_on <l>", "i|we need|want|have|would_like <x> on|added_to|put_on|to_be_on|in|onto <l>", "<l> should|needs|must|has to? have|include|contain|list|say <x> on|in? it?", "<l> needs <x> added|on_it|in_it|added_to_it?", "i need to <x> put|add|place|stick it|that on|to <l>", "list <x> on|in|onto|under <l>",
            "todo|todos|task|tasks|new_task|new_todo|note_to_self|new|new_item|new_tasks|chore|to-do|action_item|item : <x>", "new task|todo|item|to-do|chore <x>", "todo|task <x>", "note to self <x>", "remember|dont_forget|do_not_forget|must_remember|i_must_remember|never_forget|i_cannot_forget|i_cant_forget|i_mustnt_forget|i_must_not_forget|mustnt_forget|cant_forget to|about|that_i_need_to|that_i_have_to <x>", "add|create|enter|log|jot_down|note_down|write_down|put_down|record|capture|track|schedule_a_task_to|make_a_note_to|make_a_note : <x>", "add|jot_down|note_down|write_down|put_down|capture|enter <x>", "put <x> down", "create|make|log|record a|an? task|todo|note to|for|about|of|: <x>",
        ],
    ),
    (
        Act::Remind,
        &[
            "i|we|id|you|somebody? would|will|really|just|do|should|also? @new|give|set|get|put|need|want|have|like|make|i_need|id_like|i_want|i_would_like|open_up|start_up|schedule|do|fix|arrange|setup me|us|myself|in|out? up|down? a|an|another|one|the|new|me_a|my|some? more|new|quick|other|little|recurring|repeating? @reminder up|set|made|set_up|created|please|in|out? for_me|for_myself|for_us|to_me? to_remind_me|which_says|that_says|saying|reading|so_that|so|because? to|for|about|that|of|:|regarding|on|i_need_to|i_have_to|that_i_need_to|that_i_have_to|that_i? <x>", "set|use|create|make up? an|the|my? alarm|alert|notification to? remind me|that_reminds_me|for_me to|of|about|that? <x>", "@new|give|set|make up? a|an|the|another? alert|notification for|to|about|that <x>",
            "reminder|reminders : to|for? <x>", "reminder to|for|about|of|that|me_to <x>", "a? reminder to|for|about <x>", "remind me|us <w> to|that|i_have|i_need_to|i_have_to|about|of <x>",
            "remind me|us|myself|reminder? please|also|again|kindly|to_please? to|that|about|of|for|when|regarding|i_need_to|i_have_to|that_i_need_to|that_i_have_to|that_i_must? : <x>", "remind me|us|myself please|also|again|kindly? to|that|about|of|for|regarding|i_need_to|i_have_to|that_i_need_to|that_i_have_to|that_i_must? <x>", "remind to|about <x>", "<x> remind me|us to|about|of|that|when <y>", "<x> remind me|us about_it|of_it|of_that|about_that|of_this|to_do_it|to_do_that|to_do_so|to|please?", "dont|do_not|never let me forget|forgot|miss to|about|that|: <x>", "dont|do_not let me forget <x>", "make|be sure|certain that? i dont|do_not|remember|never forget|to|miss to? <x>", "make|be sure i remember to <x>",
            "i|we need|have|want|must|should to? remember|not_forget to|that|about? <x>", "be|get reminded|notified to|about|of|that|when|for <x>", "need|want|have|i|i_need|i_want|id_like|i_would_like|would_like to be|get reminded|notified|alerted|told|pinged to|about|of|that|when|for <x>", "i need reminding to|about|of <x>", "notify|alert|ping|nudge|buzz|poke me to|about|that|when|of|for <x>", "notify|alert|ping|nudge|buzz|poke me <w> to|about|that|of|for <x>", "tell me to <x>", "tell me <w> to <x>", "help me remember|to_remember to|about|that|of? <x>", "remember to remind me to|about|of|that <x>", "dont|do_not|never forget to remind me to|about|of|that <x>", "dont|do_not|never forget to set|make|create a reminder to|about|for <x>", "give me a? heads_up|heads-up|nudge to|about|when|that|for <x>", "i need|want you to remind me <x>", "remind me in|at|on? <w> <x>", "remind me|us <x>", "wake me up to remind me to <x>",
        ],
    ),
    (
        Act::AddDuty,
        &[
            "i|we still|also|really|absolutely|just|definitely|probably|then? need|have|ought|got|am_supposed|was_supposed|are_supposed|needed|am_going to still|also? <x>", "ive|im|weve|i_have got|supposed|gonna|going to <x>", "i|we have|got a|an|my|the|another? <x>", "i|we gotta|must|should|shall|better|hafta|needa <x>", "i cant forget to <x>", "i|we still|also|really? need <x>", "need|gotta|must|hafta to? <x>", "have to <x>", "ive to <x>", "it|its time to|for_me_to <x>", "my task|job|goal today|now|tomorrow? is to <x>", "got to <x>", "should <x>", "id better <x>", "i better <x>", "needs to be done : <x>",
        ],
    ),
];

/// A table made ready to match.
pub(crate) type Grammar = LazyLock<Vec<(Act, Pattern)>>;

fn compile(table: &[(Act, &[&'static str])]) -> Vec<(Act, Pattern)> {
    table
        .iter()
        .flat_map(|(act, patterns)| patterns.iter().map(|p| (*act, Pattern::parse(p))))
        .collect()
}

/// See [`TALK`].
pub(crate) static TALK_PATTERNS: Grammar = LazyLock::new(|| compile(TALK));
/// See [`CHANGES`].
pub(crate) static CHANGE_PATTERNS: Grammar = LazyLock::new(|| compile(CHANGES));
/// See [`QUESTIONS`].
pub(crate) static QUESTION_PATTERNS: Grammar = LazyLock::new(|| compile(QUESTIONS));
/// See [`GUESSES`].
pub(crate) static GUESS_PATTERNS: Grammar = LazyLock::new(|| compile(GUESSES));
/// See [`ADDITIONS`].
pub(crate) static ADDITION_PATTERNS: Grammar = LazyLock::new(|| compile(ADDITIONS));
