//! A message that was not understood, but may be about the person's tasks after all.

use language::{Command, Target};
use storage::{Result, Storage};

use crate::matching::Match;
use crate::operation::Operation;
use crate::question::{Draft, Question};
use crate::session::Session;
use crate::wording;

impl<S: Storage + Sync> Session<'_, S> {
    /// What was not understood, but may be about a task that there is or should be.
    pub(crate) async fn try_guess(&mut self, guess: Command) -> Result<()> {
        if let Command::Add { .. } = &guess {
            match self.drafted(guess, Draft::default()) {
                Ok((title, draft)) => {
                    self.say(wording::NOT_ON_THE_LIST);
                    self.ask(Question::Add { title, draft });
                }
                Err(_) => self.say(wording::NOT_UNDERSTOOD),
            }
            return Ok(());
        }
        let known = match Operation::of(&guess) {
            Some((Target::Named(words), operation)) => match self.find(&words, &operation).await? {
                Match::Clear { task, .. } if operation.expects(&task) => Some((operation, *task)),
                _ => None,
            },
            Some((Target::It, operation)) => match self.fetch(&self.state.spoken).await? {
                spoken if spoken.len() == 1 => spoken
                    .into_iter()
                    .find(|task| operation.expects(task))
                    .map(|task| (operation, task)),
                _ => None,
            },
            _ => None,
        };
        match known {
            Some((operation, task)) => self.perform(&operation, vec![task], 1).await?,
            None => self.say(wording::NOT_UNDERSTOOD),
        }
        Ok(())
    }
}
