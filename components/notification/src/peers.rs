//! What the service reaches, over the component's imports.

use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use events::{Event, PublishError};
use futures_util::future::{Either, select};
use notifications::{Capabilities, DeliveryError, Message, Peers, Receipt, SEND_SECONDS};
use spin_sdk::time::sleep;
use task_model::{Channel, User};
use uuid::Uuid;

use crate::bindings::todo::events::producer;
use crate::bindings::todo::notify::types;
use crate::bindings::{email, in_app, push, sms};
use crate::people;

events::convert_publish_error!(producer::PublishError);

/// The Todo API, the composed channels, the composed producer and the clock.
pub struct Connected;

impl Peers for Connected {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn person(&self, user_id: Uuid) -> Result<Option<User>, String> {
        people::person(user_id).await
    }

    async fn describe(&self, channel: Channel) -> Result<Capabilities, String> {
        let described = match channel {
            Channel::Email => email::describe().await,
            Channel::Sms => sms::describe().await,
            Channel::Push => push::describe().await,
            Channel::InApp => in_app::describe().await,
        };
        described.map(|it| Capabilities {
            is_repeatable: it.repeatable,
            public_key: it.public_key,
        })
    }

    async fn deliver(&self, channel: Channel, message: Message) -> Result<Receipt, DeliveryError> {
        let message = notification(message);
        let delivering = pin!(async {
            match channel {
                Channel::Email => email::deliver(message).await,
                Channel::Sms => sms::deliver(message).await,
                Channel::Push => push::deliver(message).await,
                Channel::InApp => in_app::deliver(message).await,
            }
        });
        let limit = Duration::from_secs(SEND_SECONDS.into());
        match select(delivering, pin!(sleep(limit))).await {
            Either::Left((Ok(receipt), _)) => Ok(Receipt {
                reference: receipt.reference,
                gone: receipt.gone,
            }),
            Either::Left((Err(error), _)) => Err(delivery_error(error)),
            Either::Right(_) => Err(DeliveryError::NoAnswer),
        }
    }

    async fn publish(&self, events: Vec<Event>) -> Vec<Result<(), PublishError>> {
        let events = events.into_iter().map(producer::Event::from).collect();
        let results = producer::publish(events).await;
        let results = results.into_iter();
        results.map(|it| it.map_err(PublishError::from)).collect()
    }
}

fn notification(message: Message) -> types::Notification {
    let subscriptions = message.recipient.push_subscriptions.into_iter();
    types::Notification {
        id: message.id.to_string(),
        recipient: types::Recipient {
            user_id: message.recipient.user_id.to_string(),
            email: message.recipient.email,
            phone: message.recipient.phone,
            push_subscriptions: subscriptions
                .map(|it| types::PushSubscription {
                    endpoint: it.endpoint,
                    p256dh: it.p256dh,
                    auth: it.auth,
                })
                .collect(),
        },
        title: message.title,
        body: message.body,
        task_id: Some(message.task_id.to_string()),
    }
}

fn delivery_error(error: types::DeliveryError) -> DeliveryError {
    match error {
        types::DeliveryError::NotConfigured(missing) => DeliveryError::NotConfigured(missing),
        types::DeliveryError::Temporary((reason, retry_seconds)) => DeliveryError::Temporary {
            reason,
            retry_seconds,
        },
        types::DeliveryError::Permanent(reason) => DeliveryError::Permanent(reason),
        types::DeliveryError::Gone(endpoints) => DeliveryError::Gone(endpoints),
    }
}
