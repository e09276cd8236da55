//! The words that English uses to speak of tasks, as tables.

use crate::dates::ORDINALS;
use task_model::Priority;

/// What may stand before a request without changing it. Longest first where one begins another.
#[rustfmt::skip]
pub(crate) const OPENERS: &[&str] = &[
    "i would appreciate it if you could", "i would really like for you to", "would it be possible for you to",
    "would it be possible to", "is it possible for you to", "is it possible to", "is there a way to",
    "i was wondering if you could", "i am going to need you to", "im going to need you to",
    "i would like for you to", "id like for you to", "i would like you to", "i would love for you to",
    "i would love you to", "i would love to", "i would like to", "id love to", "id like you to",
    "id like to", "i want for you to", "i really want to", "i want you to", "i want to", "i wanna",
    "i need you to", "i need for you to", "you need to", "you should", "you can", "you could",
    "would you be able to", "are you able to", "would you be so kind as to", "would you kindly",
    "would you mind", "would you please", "would you", "will you please", "will you", "do you mind",
    "could you possibly", "could you please", "could you maybe", "could you", "could we", "could i",
    "can you please", "can you kindly", "can you", "can we", "can i please", "can i maybe", "can i",
    "may i", "might i", "please can you", "please could you", "if you could", "if you can", "if possible",
    "be so kind as to", "be so good as to", "kindly", "please", "just", "simply", "quickly", "really",
    "go ahead and", "hurry up and", "go on and", "go now and", "let us go ahead and", "lets go ahead and",
    "i need to go ahead and", "i still need to", "i also need to", "i need to", "i have to", "i gotta", "i must", "i should", "ive got to", "we need to",
    "lets", "let us", "be sure to", "make sure to", "make sure that you", "make sure you", "why dont you",
    "why not", "how about we", "how about you", "what about", "how about", "help me to", "help me", "help",
    "i am asking you to", "im asking you to", "i ask you to", "i am trying to", "im trying to", "try to",
    "hey there", "hi there", "hello there", "good morning", "good afternoon", "good evening", "hey bot",
    "hi bot", "hello bot", "ok bot", "hey", "hi", "hello", "yo", "ok", "okay", "alright", "all right", "so",
    "well", "um", "uh", "umm", "hmm", "oh", "ah", "bot", "chatbot", "assistant", "computer", "ai", "dude", "buddy", "also",
    "then", "and then", "and also", "and", "but", "now", "next", "first", "finally", "lastly", "additionally", "plus", "oh and", "actually",
    "maybe", "perhaps", "i think", "i guess", "right now", "quick question", "real quick", "one more thing", "by the way", "btw",
    "for me", "thanks", "thank you", "sorry", "or rather", "rather", "you know", "like", "basically", "tho", "too", "hurry up",
];

/// Verbs that make "I need to …" a request to the bot: "I need to add milk to my list".
pub(crate) fn is_request_verb(word: &str) -> bool {
    is_one_of(
        word,
        "add put include insert remove delete erase clear take cross check set make create hear \
know see view read remind reschedule postpone rename mark undo snooze list place cancel \
get update move have be wipe empty",
    )
}

/// The command in "would you mind deleting …".
pub(crate) fn verb_of(gerund: &str) -> Option<&'static str> {
    Some(match gerund {
        "adding" => "add",
        "putting" => "put",
        "deleting" => "delete",
        "removing" => "remove",
        "marking" => "mark",
        "moving" => "move",
        "setting" => "set",
        "showing" => "show",
        "telling" => "tell",
        "reading" => "read",
        "listing" => "list",
        "reminding" => "remind",
        "clearing" => "clear",
        "taking" => "take",
        "erasing" => "erase",
        "creating" => "create",
        "making" => "make",
        "checking" => "check",
        "renaming" => "rename",
        "completing" => "complete",
        "giving" => "give",
        _ => return None,
    })
}

/// What may follow a request without changing it.
#[rustfmt::skip]
pub(crate) const CLOSERS: &[&str] = &[
    "i would appreciate it", "id appreciate it", "that would be great", "that would be nice", "if you dont mind",
    "if you would", "if you could", "if you can", "if you will", "if possible", "when you can", "when you get a chance",
    "as well", "for me please", "for me", "for us", "please", "thank you very much", "thank you so much", "thank you",
    "thanks a lot", "thanks so much", "many thanks", "thanks", "thx", "ty", "cheers", "ok", "okay", "will you", "would you", "could you", "can you",
    "right away", "real quick", "quickly", "buddy", "mate", "dude", "bot", "just to be sure", "lol", "haha", "yeah", "too", "also", "already", "tho", "though", "immediately", "then",
];

/// Determiners and possessives.
pub(crate) fn is_determiner(word: &str) -> bool {
    is_one_of(
        word,
        "my the our a an this that your these those todays their his her its tomorrows",
    )
}

/// What leads to a list: "to my list", "off the list".
pub(crate) fn is_list_preposition(word: &str) -> bool {
    is_one_of(
        word,
        "to on onto from off of in into at under among for out",
    )
}

/// Words that a noun phrase does not hold: a list phrase ends before them.
pub(crate) fn ends_noun_phrase(word: &str) -> bool {
    is_one_of(
        word,
        "to on onto from off of in into at for and or is are was that which i you it me my the a \
an add put read show tell have has do did delete clear remove please what whats with \
about by be check see so then",
    )
}

/// Adjectives of a list of ours: "my whole list", "pending tasks".
pub(crate) fn is_list_adjective(word: &str) -> bool {
    is_one_of(
        word,
        "whole entire full complete current active open pending daily weekly own personal work \
home running new long main all household domestic master existing remaining important \
present outstanding",
    )
}

/// What a list of ours is made of: "list of things to do".
pub(crate) fn is_list_noun(word: &str) -> bool {
    is_one_of(
        word,
        "things tasks task chores chore stuff shit crap items housework errands todos todo jobs \
activities work duties projects goals what",
    )
}

/// Lists that are not ours.
pub(crate) fn is_foreign_list(word: &str) -> bool {
    is_one_of(
        word,
        "shopping grocery groceries playlist wish guest contact contacts friends mailing song \
music market supermarket store favorites reading watch bucket gift christmas packing \
price food blocked waiting play travel",
    )
}

/// Places that something is added to or taken from, and that are not our list.
#[rustfmt::skip]
pub(crate) const FOREIGN_CONTAINERS: &[&str] = &[
    "calendar", "calender", "calendars", "playlist", "playlists", "cart", "basket", "bag", "schedule", "contacts", "library", "queue", "phonebook",
    "account", "accounts", "checking", "checkings", "savings", "favorites", "planner", "wishlist",
];

/// What a to-do bot is not for, whatever else is said.
#[rustfmt::skip]
pub(crate) const FOREIGN_THINGS: &[&str] = &[
    "shopping list", "shopping lists", "shop list", "grocery list", "groceries list", "shopping cart", "shopping bag", "set a timer", "a timer", "timer for", "new timer", "the timer",
    "my timer", "set timer", "an alarm", "alarm for", "set alarm", "my alarm", "my alarms", "the alarm", "any alarms", "wake me", "direct deposit", "credit score", "credit limit", "credit card",
    "exchange rate", "interest rate", "routing number", "travel alert", "travel alerts", "whisper mode", "factory settings", "original settings",
    "a coin", "coin flip", "a die", "a dice", "the dice", "sided die", "meeting room", "conference room", "a flight", "roundtrip flight", "a hotel", "a room", "car rental", "rental car", "an uber", "a cab", "a taxi", "a lyft",
    "a reservation", "reservation for", "my reservation", "the reservation", "dinner reservation", "reservations", "a table for", "table for", "the tv", "the lights", "the volume", "this song", "next song", "the song", "the music", "my phone", "my location",
    "my name", "your name", "time off", "paid time off", "pto", "vacation days", "vacation request", "401k", "w2", "w-2", "my pin", "my card", "new card", "my account", "my bank", "bank account", "my luggage", "my insurance", "spending history",
    "my salary", "my paycheck", "my credit", "my balance", "my bills", "my cable", "cable bill", "my rewards", "visa card", "new checks", "checkbooks", "checkbook", "fraud", "voice", "accent", "language", "speak", "the weather",
];

/// Nouns of other businesses: alone they do not forbid a task ("pay the visa bill on friday"), but a
/// request without a time and without a word about tasks is not ours when it has one.
#[rustfmt::skip]
pub(crate) const FOREIGN_NOUNS: &[&str] = &[
    "account", "accounts", "alarm", "alarms", "apr", "bank", "bill", "bills", "balance", "calendar", "card", "cards", "calories", "checking", "checkings", "credit", "flight", "flights",
    "coin", "dice", "deposit", "exchange", "fraud", "gas", "hotel", "hotels", "income", "insurance", "interest", "joke", "jokes", "language", "limit", "location", "luggage", "meeting", "meetings", "mpg",
    "music", "song", "songs", "playlist", "passport", "pin", "pto", "vacation", "vacations", "rates", "recipe", "recipes", "reservation", "reservations", "restaurant", "restaurants", "rewards", "ringtone",
    "salary", "savings", "settings", "taxi", "temperature", "timer", "timers", "timezone", "tires", "tire", "traffic", "transaction", "transactions", "transfer", "translate", "travel",
    "uber", "lyft", "visa", "visas", "volume", "weather", "w2", "paycheck", "rollover", "table", "tv", "lights", "spell", "holiday", "bot", "money", "payment", "bus", "trip", "directions", "map", "cab", "ride", "oil",
    "car", "history", "navigation", "emails", "package", "order", "phone", "garage", "mastercard", "amex", "usaa", "chase", "paypal", "$", "voice", "accent", "name", "speed", "weight", "distance", "shopping", "news", "jump", "engine", "flip", "jetblue", "delta", "shots", "vaccines", "immunizations", "application",
];

/// Those of [`FOREIGN_NOUNS`] that chores are about too.
#[rustfmt::skip]
pub(crate) const HOUSEHOLD_NOUNS: &[&str] = &[
    "car", "emails", "package", "phone", "garage", "order", "history", "meeting", "meetings", "trip", "movie", "money", "oil", "table", "lights", "map", "name", "news", "bus", "holiday", "vacation", "passport", "gas", "tire", "tires", "recipe", "recipes", "song", "songs", "tv", "application", "joke", "language", "bill", "bills", "calendar", "traffic", "weather", "settings", "engine", "music",
];

/// Chores: a bare "buy milk" is a task, for nothing else can be meant.
#[rustfmt::skip]
pub(crate) const CHORES: &[&str] = &[
    "assemble", "bake", "bathe", "brush", "buy", "clean", "cook", "declutter", "donate", "draft", "dust", "exercise", "feed", "file", "fix", "floss", "fold", "grade", "groom",
    "hang", "hem", "iron", "jog", "knit", "launder", "meditate", "mop", "mow", "organise", "organize", "pack", "paint", "plant", "polish", "practice", "practise", "prepare", "prep", "proofread",
    "prune", "purchase", "rake", "rehearse", "renew", "repair", "replace", "research", "rinse", "rsvp", "scrub", "sew", "shovel", "shred", "sketch", "study", "submit", "sweep", "tidy", "train", "trim", "unclog",
    "unpack", "vacuum", "varnish", "visit", "walk", "wash", "water", "wax", "weed", "workout", "wrap", "write", "finish", "dry", "defrost", "refill", "return", "review", "recycle", "reorganize", "sharpen", "sort", "sand", "sign", "email", "collect",
];

/// Chores of two words.
#[rustfmt::skip]
pub(crate) const CHORE_PHRASES: &[&str] = &[
    "pick up", "drop off", "take out", "do laundry", "do the", "do my", "do dishes", "do homework", "do taxes", "do yoga", "do groceries", "do some", "work out", "follow up", "fill out", "fill in", "clear out", "get milk", "get groceries", "get bread", "get eggs",
    "get gas", "get haircut", "get a haircut", "get an oil change", "get the mail", "get stamps", "hand in", "turn in", "go shopping", "go grocery", "go running", "go jogging", "go for", "go to the gym", "go to the store", "go to the supermarket", "go to the market", "go to the post office", "go to the pharmacy", "go to the library", "go to the doctor", "go to the dentist", "hit the gym", "put away", "throw out", "throw away", "catch up", "check in with", "take the trash",
    "take the garbage", "take my meds", "take meds", "take medicine", "take vitamins", "take the dog", "walk the", "set the table", "make the bed", "make dinner", "make lunch", "make breakfast", "make bed", "schedule dentist", "call mom", "call mum", "call mother", "call my mom", "call dad", "call my dad", "call grandma", "call my mother", "call my sister", "call my brother",
    "call the plumber", "call plumber", "call the dentist", "call dentist", "call the doctor", "call doctor", "call the vet", "call the landlord", "call landlord", "call the electrician", "pay rent", "pay the rent", "pay taxes", "pay my taxes", "empty the", "clear the table", "read chapter", "start the essay",
];

/// Verbs that make a task when a time, tag or priority stands beside them: "call Bob at 5".
#[rustfmt::skip]
pub(crate) const MARKED_CHORES: &[&str] = &[
    "analyze", "apply", "arrange", "ask", "attend", "back", "backup", "borrow", "bring", "build", "call", "cancel", "change", "charge", "check", "compile", "confirm", "contact", "copy", "create", "debug", "decide", "deliver", "deploy", "design", "discuss", "do", "drive", "drop",
    "empty", "enroll", "fetch", "fill", "follow", "get", "give", "go", "hand", "help", "hire", "install", "interview", "invite", "investigate", "join", "leave", "lend", "learn", "look", "mail", "make", "measure", "meet", "merge", "message", "move", "negotiate", "order", "park", "pay", "phone", "pick", "ping", "plan",
    "post", "present", "press", "print", "publish", "push", "put", "reach", "read", "record", "register", "release", "remove", "reply", "report", "request", "respond", "ring", "run", "scan", "schedule", "see", "sell", "send", "serve", "set", "settle", "setup", "ship", "shop", "skype", "solve", "speak", "start", "stop", "stretch", "swap", "swim",
    "take", "talk", "tell", "test", "text", "throw", "try", "turn", "tutor", "update", "upgrade", "upload", "use", "vote", "watch", "wish", "work", "zoom", "celebrate", "babysit", "book", "complete", "close", "wake", "eat", "drink", "host", "feed", "clear", "congratulate", "apologize", "deposit", "withdraw", "transfer", "return", "download", "sync", "open", "play",
];

/// Verbs with which a person asks the bot rather than sets themself a task.
#[rustfmt::skip]
pub(crate) const ASKING: &[&str] = &[
    "know", "find", "hear", "see", "locate", "apply", "check", "speak", "tell", "ask", "learn", "transfer", "book", "reserve", "look", "order", "report", "change", "increase", "listen", "freeze", "set", "activate", "reset",
    "understand", "be", "have", "understand", "convert", "turn", "cancel", "use", "rent", "say", "talk", "switch", "go", "travel", "pay", "see", "apply", "request", "update", "schedule", "get", "take",
    "rollover", "withdraw", "deposit", "play", "share", "stop", "spell", "translate", "cash",
];

/// Things to do that are named without a verb: "dentist tomorrow at 3".
#[rustfmt::skip]
pub(crate) const TASK_NOUNS: &[&str] = &[
    "appointment", "assignment", "babysitting", "bakery", "barber", "birthday", "book", "checkup", "chemistry", "class", "coffee", "deadline", "dentist", "dinner", "dishes", "doctor", "doctors", "dry", "errands", "essay", "exam", "gardening", "groceries", "gym", "haircut", "hairdresser", "homework", "interview",
    "laundry", "lecture", "lunch", "mechanic", "meds", "medication", "mum", "optician", "paperwork", "party", "physio", "pickup", "piano", "plumber", "presentation", "project", "quiz", "recital", "rehearsal", "rent", "report", "standup", "swimming", "taxes", "therapy", "trash", "tutoring", "vet", "vitamins", "wedding", "yoga", "yardwork", "meeting", "breakfast", "soccer", "football", "practice", "training", "review",
];

/// Words that ask.
pub(crate) fn is_question_word(word: &str) -> bool {
    is_one_of(
        word,
        "what whats which is are do does did have has when whens how hows will am was were where \
wheres whatre who whos why isnt arent hasnt whatve any anything had should shouldnt",
    )
}

/// Verbs with which one asks to be shown something.
pub(crate) fn is_reading_verb(word: &str) -> bool {
    is_one_of(
        word,
        "tell show read list display view see give recite repeat say hear check look let inform \
iterate go walk run describe confirm know wonder speak recall instruct print pull bring \
open get fetch review verify enumerate state find summarize relay share present scan \
examine name dictate announce report reveal detail outline remember reiterate output \
provide search send explain count",
    )
}

/// A word of priority.
pub(crate) fn priority_word(word: &str) -> Option<Priority> {
    Some(match word {
        "urgent" | "urgently" | "critical" | "highest" | "asap" | "top" | "max" | "maximum"
        | "emergency" => Priority::Urgent,
        "high" | "important" | "higher" | "hi" => Priority::High,
        "medium" | "normal" | "med" | "default" | "regular" | "moderate" | "mid" => {
            Priority::Medium
        }
        "low" | "lowest" | "lower" | "minor" | "unimportant" | "lo" => Priority::Low,
        "p0" | "p1" => Priority::Urgent,
        "p2" => Priority::High,
        "p3" => Priority::Medium,
        "p4" | "p5" => Priority::Low,
        _ => return None,
    })
}

/// An ordinal in words or digits: "second", "2nd".
pub(crate) fn ordinal(word: &str) -> Option<i32> {
    if let Some(at) = ORDINALS.iter().position(|w| *w == word) {
        return i32::try_from(at + 1).ok();
    }
    let digits = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|end| word.strip_suffix(end))?;
    small_number(digits)
}

/// A count in words or digits, up to 999: "two", "2".
pub(crate) fn cardinal(word: &str) -> Option<i32> {
    const WORDS: &[&str] = &[
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    if let Some(at) = WORDS.iter().position(|w| *w == word) {
        return i32::try_from(at + 1).ok();
    }
    small_number(word)
}

/// One to three digits, more than zero.
pub(crate) fn small_number(word: &str) -> Option<i32> {
    if word.is_empty() || word.len() > 3 || !word.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    word.parse().ok().filter(|n| *n > 0)
}

/// Whether a word is in a table of words that are separated by blanks.
pub(crate) fn is_one_of(word: &str, table: &str) -> bool {
    table.split_ascii_whitespace().any(|entry| entry == word)
}
