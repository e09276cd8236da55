//! Conversations as people have them, over HTTP, from the sentence to the task, on each stack.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone as _, Utc};
use serde_json::{Value, json};
use tests::{Client, TestApp, User, shared};

/// A person in one conversation.
struct Talk {
    person: User,
    conversation: Option<String>,
}

impl Talk {
    fn new() -> Self {
        Self {
            person: shared().user(),
            conversation: None,
        }
    }

    /// Says something; answers the whole turn.
    fn turn(&mut self, message: &str) -> Value {
        let turn = self.person.chat(message, self.conversation.as_deref());
        self.conversation = turn["conversation_id"].as_str().map(str::to_owned);
        assert!(
            turn["reply"]
                .as_str()
                .is_some_and(|reply| !reply.trim().is_empty()),
            "{message}: {turn}"
        );
        turn
    }

    /// Says something; answers the reply.
    fn say(&mut self, message: &str) -> String {
        self.turn(message)["reply"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// All tasks, oldest first.
    fn tasks(&self) -> Vec<Value> {
        let page = self
            .person
            .get("/api/tasks?sort=created_at&limit=100")
            .expect(200);
        page["tasks"].as_array().cloned().unwrap_or_default()
    }

    /// Each task's title and status, oldest first.
    fn state(&self) -> Vec<(String, String)> {
        let text = |task: &Value, field: &str| task[field].as_str().unwrap_or_default().to_owned();
        self.tasks()
            .iter()
            .map(|task| (text(task, "title"), text(task, "status")))
            .collect()
    }

    #[track_caller]
    fn assert_state(&self, expected: &[(&str, &str)]) {
        let state = self.state();
        let state: Vec<(&str, &str)> = state
            .iter()
            .map(|(title, status)| (title.as_str(), status.as_str()))
            .collect();
        assert_eq!(state, expected);
    }

    /// The one task that there is.
    #[track_caller]
    fn only(&self) -> Value {
        let tasks = self.tasks();
        assert_eq!(tasks.len(), 1, "{tasks:?}");
        tasks[0].clone()
    }
}

#[test]
fn the_same_suite_passes_on_the_distributed_stack() {
    tests::passes_on_the_distributed_stack();
}

fn due(task: &Value) -> DateTime<Utc> {
    let text = task["due_date"]
        .as_str()
        .unwrap_or_else(|| panic!("no due date: {task}"));
    text.parse().expect("RFC 3339")
}

/// Today in UTC, the time zone of a new account. Waits out the last seconds of a day.
fn today() -> NaiveDate {
    loop {
        let now = Utc::now();
        if now.time() < NaiveTime::from_hms_opt(23, 59, 0).expect("a time") {
            return now.date_naive();
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

#[test]
fn the_first_conversation() {
    let (today, mut talk) = (today(), Talk::new());
    let reply = talk.say("add buy milk tomorrow at 5pm high priority #groceries");
    assert!(reply.to_lowercase().contains("buy milk"), "{reply}");
    let task = talk.only();
    assert_eq!(task["title"], "buy milk");
    assert_eq!(task["priority"], "high");
    assert_eq!(task["tags"], json!(["groceries"]));
    let expected = (today + Days::new(1))
        .and_hms_opt(17, 0, 0)
        .expect("a time");
    assert_eq!(due(&task), Utc.from_utc_datetime(&expected));

    assert!(
        talk.say("what do I have tomorrow?")
            .to_lowercase()
            .contains("buy milk")
    );
    assert!(
        talk.say("do I have milk on my list?")
            .to_lowercase()
            .contains("milk")
    );
    talk.say("mark it as done");
    talk.assert_state(&[("buy milk", "completed")]);
}

#[test]
fn a_conversation_goes_on_after_a_restart() {
    let mut app = TestApp::start();
    let person = app.user();
    person.chat(
        "add buy milk tomorrow at 5pm high priority #groceries",
        None,
    );
    let turn = person.chat("add call mom", None);
    let conversation = turn["conversation_id"].as_str().expect("an id").to_owned();
    app.signal("TERM");
    app.exit_within(std::time::Duration::from_secs(10))
        .expect("it ends");

    let app = app.restart();
    let client = Client {
        base: app.base(),
        ..person.client.clone()
    };
    client.chat("set it to urgent", Some(&conversation));
    let tasks = client.get("/api/tasks?sort=created_at").expect(200);
    assert_eq!(tasks["tasks"][0]["title"], "buy milk");
    assert_eq!(
        (&tasks["tasks"][1]["title"], &tasks["tasks"][1]["priority"]),
        (&json!("call mom"), &json!("urgent"))
    );
}

#[test]
fn dates_are_in_the_persons_time_zone() {
    let mut talk = Talk::new();
    talk.person
        .patch("/api/users/me", &json!({ "timezone": "America/New_York" }))
        .expect(200);
    talk.say("add new year's toast on December 31st 2030 at 11:30pm");
    assert_eq!(due(&talk.only()).to_rfc3339(), "2031-01-01T04:30:00+00:00");
    talk.say("move it to July 4th 2030 at noon");
    assert_eq!(
        due(&talk.only()).to_rfc3339(),
        "2030-07-04T16:00:00+00:00",
        "daylight saving time"
    );
}

#[test]
fn several_things_in_one_sentence() {
    let mut talk = Talk::new();
    talk.say("add buy milk and call the dentist");
    assert_eq!(talk.state().len(), 2, "{:?}", talk.state());
    let turn = talk.turn("complete buy milk and delete call the dentist");
    assert_eq!(turn["actions"].as_array().map(Vec::len), Some(2), "{turn}");
    talk.assert_state(&[("buy milk", "completed")]);
}

#[test]
fn politeness_filler_and_typos_do_not_matter() {
    let mut talk = Talk::new();
    talk.say("hey there, could you please add a task to water the plants, thanks!");
    talk.assert_state(&[("water the plants", "pending")]);
    talk.say("plz mark watre the plnats as done");
    talk.assert_state(&[("water the plants", "completed")]);
}

#[test]
fn it_refers_back_to_what_was_shown() {
    let mut talk = Talk::new();
    for title in ["apples", "bananas", "cherries"] {
        talk.say(&format!("add buy {title}"));
    }
    let shown = talk.turn("list my tasks");
    let listed: Vec<&str> = shown["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .filter_map(|task| task["title"].as_str())
        .collect();
    assert_eq!(listed.len(), 3, "{shown}");
    let second = listed[1];
    talk.say("complete the second one");
    assert_eq!(talk.person.titles(&[("status", "completed")]), [second]);
    talk.say("move it to 2030-05-05");
    let moved = talk
        .person
        .query("/api/tasks", &[("status", "completed")])
        .expect(200);
    assert_eq!(
        due(&moved["tasks"][0]).date_naive().to_string(),
        "2030-05-05"
    );
}

#[test]
fn it_asks_which_task_is_meant() {
    let mut talk = Talk::new();
    talk.say("add call the dentist");
    talk.say("add pay the dentist");
    let reply = talk.say("delete the dentist");
    assert!(reply.contains('?'), "it asks: {reply}");
    assert_eq!(talk.state().len(), 2, "and does nothing yet");
    talk.say("the second one");
    assert_eq!(talk.state().len(), 1, "{:?}", talk.state());
}

#[test]
fn it_confirms_before_it_deletes_several() {
    let mut talk = Talk::new();
    for title in ["apples", "bananas", "cherries"] {
        talk.say(&format!("add buy {title}"));
    }
    let reply = talk.say("delete all my tasks");
    assert!(reply.contains('?'), "it asks: {reply}");
    assert_eq!(talk.state().len(), 3);
    talk.say("no");
    assert_eq!(talk.state().len(), 3);
    talk.say("delete all my tasks");
    talk.say("yes");
    assert!(talk.state().is_empty(), "{:?}", talk.state());
    // A confirmation counts once.
    talk.say("add buy dates");
    talk.say("yes");
    talk.assert_state(&[("buy dates", "pending")]);
}

#[test]
fn it_takes_back_what_it_did() {
    let mut talk = Talk::new();
    talk.say("add buy milk #dairy");
    let before = talk.only();
    talk.say("delete buy milk");
    assert!(talk.state().is_empty());
    talk.say("undo");
    let after = talk.only();
    for field in ["id", "title", "tags", "status"] {
        assert_eq!(after[field], before[field]);
    }
    talk.say("mark buy milk as done");
    talk.say("undo that");
    talk.assert_state(&[("buy milk", "pending")]);
    talk.say("rename buy milk to buy oat milk");
    talk.assert_state(&[("buy oat milk", "pending")]);
    talk.say("undo");
    talk.assert_state(&[("buy milk", "pending")]);
}

#[test]
fn every_field_can_be_changed_in_words() {
    let mut talk = Talk::new();
    talk.say("add write report");
    talk.say("set the priority of write report to urgent");
    assert_eq!(talk.only()["priority"], "urgent");
    talk.say("tag write report with work");
    assert_eq!(talk.only()["tags"], json!(["work"]));
    talk.say("remove the tag work from write report");
    assert_eq!(talk.only()["tags"], json!([]));
    talk.say("move write report to March 3rd 2031 at 9am");
    assert_eq!(due(&talk.only()).to_rfc3339(), "2031-03-03T09:00:00+00:00");
    talk.say("remind me about write report 2 hours before");
    assert!(
        talk.only()["reminders"]
            .as_array()
            .is_some_and(|all| all.contains(&json!("PT2H"))),
        "{}",
        talk.only()
    );
    talk.say("snooze write report by 1 day");
    assert_eq!(due(&talk.only()).to_rfc3339(), "2031-03-04T09:00:00+00:00");
    talk.say("start working on write report");
    assert_eq!(talk.only()["status"], "in_progress");
    talk.say("complete write report");
    assert_eq!(talk.only()["status"], "completed");
    talk.say("reopen write report");
    assert_eq!(talk.only()["status"], "pending");
}

#[test]
fn tasks_repeat_as_said() {
    for (sentence, pattern) in [
        ("take out the trash every day", "daily"),
        ("stand-up every weekday at 9", "weekdays"),
        ("water plants every week", "weekly"),
        ("pay rent every month", "monthly"),
    ] {
        let mut talk = Talk::new();
        talk.say(&format!("add {sentence}"));
        let task = talk.only();
        assert_eq!(task["recurrence_pattern"], pattern, "{sentence}: {task}");
    }
    for (sentence, part) in [
        ("add gym every other Tuesday", "INTERVAL=2"),
        ("add review budget on the last Friday of each month", "-1FR"),
    ] {
        let mut talk = Talk::new();
        talk.say(sentence);
        let rule = talk.only()["recurrence_pattern"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(rule.contains(part), "{sentence}: {rule}");
    }
}

#[test]
fn a_series_is_changed_skipped_and_ended_in_words() {
    let mut talk = Talk::new();
    talk.say("water the plants every 3 days after I finish, 5 times");
    let task = talk.only();
    assert_eq!(task["recurrence_from"], "completion", "{task}");
    assert_eq!(task["recurrence_pattern"], "FREQ=DAILY;INTERVAL=3;COUNT=5");
    let first = due(&task);

    let turn = talk.turn("skip the next water the plants");
    assert_eq!(turn["actions"][0]["tool"], "update_task", "{turn}");
    let skipped = talk.only();
    assert_eq!(skipped["status"], "pending", "{turn}");
    assert!(due(&skipped) > first, "{turn}");
    assert_eq!(
        skipped["recurrence_pattern"], "FREQ=DAILY;INTERVAL=3;COUNT=4",
        "{turn}"
    );
    talk.say("undo");
    assert_eq!(due(&talk.only()), first);

    talk.say("make water the plants repeat from the due date");
    assert_eq!(talk.only()["recurrence_from"], "due_date");
    talk.say("change water the plants to every 5 days");
    assert_eq!(talk.only()["recurrence_pattern"], "FREQ=DAILY;INTERVAL=5");
    let reply = talk.say("end the series water the plants");
    assert_eq!(talk.only()["recurrence_pattern"], Value::Null, "{reply}");
    talk.say("undo");
    assert_eq!(talk.only()["recurrence_pattern"], "FREQ=DAILY;INTERVAL=5");
    let reply = talk.say("delete water the plants");
    assert!(talk.tasks().is_empty(), "{reply}");
    talk.say("undo");
    assert_eq!(talk.only()["recurrence_pattern"], "FREQ=DAILY;INTERVAL=5");
    let reply = talk.say("complete it");
    assert!(reply.contains("Next: "), "{reply}");
}

#[test]
fn default_reminders_are_set_in_words() {
    let mut talk = Talk::new();
    let preferences = |talk: &Talk| {
        let me = talk.person.get("/api/users/me").expect(200);
        me["notification_preferences"].clone()
    };
    let before = preferences(&talk);
    talk.say("remind me 10 minutes before by default");
    let after = preferences(&talk);
    assert_eq!(after["default_reminders"], json!(["PT10M"]));
    for (field, value) in before.as_object().into_iter().flatten() {
        if field != "default_reminders" {
            assert_eq!(after[field], *value, "{field}");
        }
    }
    talk.say("add call mom tomorrow at 6pm");
    assert_eq!(talk.only()["reminders"], json!(["PT10M"]));
    talk.say("undo");
    talk.say("undo");
    assert_eq!(preferences(&talk), before);
}

#[test]
fn it_counts_and_sums_up() {
    let mut talk = Talk::new();
    for title in ["apples", "bananas", "cherries"] {
        talk.say(&format!("add buy {title} #fruit"));
    }
    talk.say("complete buy apples");
    let reply = talk.say("how many tasks do I have?");
    assert!(
        reply.contains('2') || reply.to_lowercase().contains("two"),
        "{reply}"
    );
    let reply = talk.say("how many have I completed?");
    assert!(
        reply.contains('1') || reply.to_lowercase().contains("one"),
        "{reply}"
    );
    let turn = talk.turn("show tasks tagged fruit");
    assert_eq!(turn["tasks"].as_array().map(Vec::len), Some(2), "{turn}");
    talk.say("what's on my plate?");
    talk.say("how did I do this week?");
    talk.assert_state(&[
        ("buy apples", "completed"),
        ("buy bananas", "pending"),
        ("buy cherries", "pending"),
    ]);
}

#[test]
fn what_it_does_not_understand_changes_nothing() {
    let mut talk = Talk::new();
    talk.say("add buy milk");
    let before = talk.only();
    for message in [
        "what is the capital of France",
        "asdf qwer zxcv",
        "🦀🦀🦀",
        "tell me a joke",
        "thanks",
        "hello",
        "help",
        "'; DROP TABLE tasks; --",
        "delete the thing that does not exist",
        "mark unicorn training as done",
        "move walk the dragon to friday",
        "?",
        "((((((((",
        "yes",
        "no",
        "the second one",
    ] {
        let turn = talk.turn(message);
        assert_eq!(talk.only(), before, "{message}: {turn}");
    }
}

#[test]
fn conversations_are_separate() {
    let person = shared().user();
    let one = person.chat("add buy apples", None);
    person.chat("add buy bananas", None);
    let id = one["conversation_id"].as_str().expect("an id");
    person.chat("complete it", Some(id));
    assert_eq!(person.titles(&[("status", "completed")]), ["buy apples"]);
}

#[test]
fn a_long_conversation_stays_quick_and_bounded() {
    let mut talk = Talk::new();
    for n in 0..60 {
        talk.say(&format!("add wrap gift {n}"));
    }
    let id = talk.conversation.clone().expect("a conversation");
    let answer = talk.person.get(&format!("/api/chat/{id}"));
    let messages = answer.expect(200)["messages"].as_array().map(Vec::len);
    assert!(
        messages.is_some_and(|count| count > 0 && count <= 120),
        "{messages:?}"
    );
    assert!(answer.body.len() < 256 * 1024);
    talk.say("complete it");
    assert_eq!(
        talk.person.titles(&[("status", "completed")]),
        ["wrap gift 59"]
    );
}
