//! The reminders that a task gets when it names none: the person's preference.

use serde_json::json;
use storage::{Result, Storage};
use task_model::{NotificationPreferencesPatch, Reminder, UserPatch};

use crate::session::Session;
use crate::undo::{Done, What};
use crate::wording;

impl<S: Storage + Sync> Session<'_, S> {
    /// Does a [`language::Command::SetDefaultReminders`].
    pub(crate) async fn set_default_reminders(&mut self, seconds: &[u32]) -> Result<()> {
        let mut reminders = Vec::new();
        for seconds in seconds {
            match Reminder::before(*seconds) {
                Ok(reminder) => reminders.push(reminder),
                Err(why) => {
                    self.say(format!("I cannot remind you like that: it {why}."));
                    return Ok(());
                }
            }
        }
        let before = self.preferences.default_reminders.clone();
        let told = self.told_defaults(&reminders);
        if before == reminders {
            self.say(format!("That is so already: {told}."));
            return Ok(());
        }
        self.keep_default_reminders(reminders.clone()).await?;
        self.done.push(Done {
            id: self.user.id,
            from: 0,
            to: 0,
            what: What::DefaultReminders {
                before,
                after: reminders,
            },
        });
        self.say(format!(
            "From now on: {told}, unless a task says otherwise."
        ));
        Ok(())
    }

    /// Brings the default reminders back, unless they were changed in between.
    pub(crate) async fn take_back_default_reminders(
        &mut self,
        before: Vec<Reminder>,
        after: &[Reminder],
    ) -> Result<()> {
        let stored = self.storage.user(self.user.id).await?;
        if let Some(user) = stored {
            self.preferences = user.notification_preferences;
        }
        if self.preferences.default_reminders != after {
            self.say("Your default reminders were changed since then, so I left them.");
            return Ok(());
        }
        let told = self.told_defaults(&before);
        self.keep_default_reminders(before).await?;
        self.say(format!("{told}, as before."));
        Ok(())
    }

    async fn keep_default_reminders(&mut self, reminders: Vec<Reminder>) -> Result<()> {
        let patch = UserPatch {
            notification_preferences: Some(NotificationPreferencesPatch {
                default_reminders: Some(reminders.clone()),
                ..NotificationPreferencesPatch::default()
            }),
            ..UserPatch::default()
        };
        self.preferences.default_reminders = reminders;
        let stored = self
            .storage
            .update_user(self.user.id, patch, self.clock.now)
            .await?;
        if let Some(user) = stored {
            let arguments = json!({"default_reminders": self.preferences.default_reminders});
            self.act("update_user", arguments, json!(user));
        }
        Ok(())
    }

    /// "I remind you 10 minutes before".
    fn told_defaults(&self, reminders: &[Reminder]) -> String {
        let told: Vec<String> = reminders
            .iter()
            .map(|reminder| wording::reminder(reminder, &self.clock))
            .collect();
        match told.as_slice() {
            [] => "I remind you of nothing".into(),
            told => format!("I remind you {}", wording::join(told)),
        }
    }
}
