//! What people ask: their inbox, their browsers, the channels; and the description of that.

use api::{
    AccessToken, ApiError, Claims, ErrorBody, Json, PathId, Query, required_string,
    with_description,
};
use axum::{Json as JsonResponse, Router};
use chrono::{DateTime, Utc};
use http::StatusCode;
use notifications::inbox::{self, Cursor};
use notifications::{Inbox, Notification, Peers, Service, Subscription, subscriptions};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use task_model::{Channel, FieldError, parse_time};
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::database::connection;
use crate::peers::Connected;

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Todo Chatbot: notification service",
        description = "Reminders that were due, and how they reach a person.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ErrorBody)),
    security(("access_token" = [])),
    modifiers(&AccessToken),
)]
struct Description;

/// The service's routes.
pub fn router() -> Router {
    let (router, description) = described().split_for_parts();
    let description = serde_json::to_vec(&description).unwrap_or_default();
    with_description(router, "/api/notifications/openapi.json", description)
}

fn described() -> OpenApiRouter {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(list))
        .routes(routes!(read_all))
        .routes(routes!(read))
        .routes(routes!(browsers, subscribe, unsubscribe))
        .routes(routes!(push_key))
        .routes(routes!(channels))
}

/// Answers that every route can give.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "only described")]
enum Refusal {
    #[response(
        status = 401,
        description = "No access token, or one that is not valid"
    )]
    Unauthorized(ErrorBody),
    #[response(status = 429, description = "Over the rate limit")]
    RateLimited(ErrorBody),
    #[response(
        status = 503,
        description = "Something that this depends on is unavailable"
    )]
    Unavailable(ErrorBody),
}

/// Answers to a body that cannot be used.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "only described")]
enum BodyRefusal {
    #[response(status = 400, description = "The body is not valid JSON")]
    Malformed(ErrorBody),
    #[response(status = 413, description = "The body is larger than 1 MiB")]
    TooLarge(ErrorBody),
    #[response(status = 415, description = "The body is not application/json")]
    NotJson(ErrorBody),
    #[response(status = 422, description = "Values that break a rule")]
    Invalid(ErrorBody),
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described: read from the query's pairs")]
struct ListQuery {
    /// `true`: only those that are not read.
    unread: Option<bool>,
    /// How many, 20 unless told.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The inbox, newest first, each notification with how it was delivered.
#[utoipa::path(
    get,
    path = "/api/notifications",
    tag = "notifications",
    params(ListQuery),
    responses(
        (status = 200, description = "A page of the inbox", body = Inbox),
        (status = 422, description = "Values that break a rule", body = ErrorBody),
        Refusal,
    ),
)]
async fn list(claims: Claims, Query(params): Query) -> Result<JsonResponse<Inbox>, ApiError> {
    let (mut only_unread, mut limit, mut after) = (false, DEFAULT_LIMIT, None);
    let mut errors = Vec::new();
    for (name, value) in params {
        let wrong = match name.as_str() {
            "unread" => match value.as_str() {
                "true" | "false" => {
                    only_unread = value == "true";
                    None
                }
                _ => Some("must be true or false"),
            },
            "limit" => match value.parse() {
                Ok(number) if (1..=MAX_LIMIT).contains(&number) => {
                    limit = number;
                    None
                }
                _ => Some("must be a number from 1 to 100"),
            },
            "cursor" => match value.parse::<Cursor>() {
                Ok(cursor) => {
                    after = Some(cursor);
                    None
                }
                Err(message) => Some(message),
            },
            _ => None,
        };
        errors.extend(wrong.map(|message| FieldError {
            field: name,
            message: message.to_owned(),
        }));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let page = inbox::page(
        connection().await?,
        claims.user_id,
        only_unread,
        limit,
        after,
    )
    .await?;
    Ok(JsonResponse(page))
}

/// Marks a notification as read; one that is read stays as it is.
#[utoipa::path(
    post,
    path = "/api/notifications/{id}/read",
    tag = "notifications",
    params(("id" = uuid::Uuid, Path, description = "The notification")),
    responses(
        (status = 200, description = "The notification", body = Notification),
        (status = 404, description = "Not there, or not yours", body = ErrorBody),
        Refusal,
    ),
)]
async fn read(claims: Claims, PathId(id): PathId) -> Result<JsonResponse<Notification>, ApiError> {
    let read = inbox::mark_read(connection().await?, claims.user_id, id, Utc::now()).await?;
    announce_soon();
    read.map(JsonResponse).ok_or(ApiError::NotFound)
}

/// Tells the person's other devices, after the answer; what fails is for the next tick.
fn announce_soon() {
    spin_sdk::wasip3::spawn(async {
        let announced = match connection().await {
            Ok(connection) => Service::new(connection, &Connected).announce_read().await,
            Err(error) => Err(error),
        };
        if let Err(error) = announced {
            tracing::warn!(%error, "what was read is announced at the next tick");
        }
    });
}

/// How many notifications are read now that were not.
#[derive(Serialize, ToSchema)]
struct ReadCount {
    read: u64,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described: read from the query's pairs")]
struct ReadAllQuery {
    /// Only those created up to then: what came since stays unread.
    until: Option<DateTime<Utc>>,
}

/// Marks all notifications as read.
#[utoipa::path(
    post,
    path = "/api/notifications/read",
    tag = "notifications",
    params(ReadAllQuery),
    responses(
        (status = 200, description = "How many were not read", body = ReadCount),
        (status = 422, description = "Values that break a rule", body = ErrorBody),
        Refusal,
    ),
)]
async fn read_all(
    claims: Claims,
    Query(params): Query,
) -> Result<JsonResponse<ReadCount>, ApiError> {
    let until = params.iter().rfind(|(name, _)| name == "until");
    let until = until.map(|(_, value)| parse_time(value)).transpose();
    let until = until.map_err(|message| ApiError::invalid("until", message))?;
    let connection = connection().await?;
    let read = inbox::mark_all_read(connection, claims.user_id, until, Utc::now()).await?;
    announce_soon();
    Ok(JsonResponse(ReadCount { read }))
}

/// A browser that is subscribed.
#[derive(Serialize, ToSchema)]
struct Browser {
    /// Where its push messages are posted.
    endpoint: String,
    /// Since when.
    created_at: DateTime<Utc>,
}

/// The person's browsers, the oldest first.
#[derive(Serialize, ToSchema)]
struct Browsers {
    subscriptions: Vec<Browser>,
}

/// Lists the browsers that get push messages.
#[utoipa::path(
    get,
    path = "/api/notifications/push-subscriptions",
    tag = "push",
    responses((status = 200, description = "The browsers", body = Browsers), Refusal),
)]
async fn browsers(claims: Claims) -> Result<JsonResponse<Browsers>, ApiError> {
    let subscriptions = subscriptions::list(connection().await?, claims.user_id).await?;
    let browser = |(subscription, created_at): (Subscription, _)| Browser {
        endpoint: subscription.endpoint,
        created_at,
    };
    Ok(JsonResponse(Browsers {
        subscriptions: subscriptions.into_iter().map(browser).collect(),
    }))
}

/// A browser's subscription, as `PushSubscription.toJSON()` gives it.
#[derive(Deserialize, ToSchema)]
struct SubscriptionInput {
    /// An https address of a public push service.
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    endpoint: Value,
    #[serde(default)]
    #[schema(value_type = SubscriptionKeys, required = true)]
    keys: Value,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "only described: read from the JSON value")]
struct SubscriptionKeys {
    /// 65 bytes in base64url: an uncompressed P-256 point.
    p256dh: String,
    /// 16 bytes in base64url.
    auth: String,
}

/// Subscribes a browser; at most ten a person, a new one takes the place of the oldest.
#[utoipa::path(
    put,
    path = "/api/notifications/push-subscriptions",
    tag = "push",
    request_body = SubscriptionInput,
    responses((status = 204, description = "It is subscribed"), Refusal, BodyRefusal),
)]
async fn subscribe(
    claims: Claims,
    Json(input): Json<SubscriptionInput>,
) -> Result<StatusCode, ApiError> {
    let mut errors = Vec::new();
    let mut keys = input.keys;
    let mut key = |name| keys.get_mut(name).map(Value::take).unwrap_or_default();
    let endpoint = required_string(&mut errors, "endpoint", input.endpoint);
    let p256dh = required_string(&mut errors, "keys.p256dh", key("p256dh"));
    let auth = required_string(&mut errors, "keys.auth", key("auth"));
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let private_origin = provider::setting("push_private_origin").await;
    let private_origin = private_origin.map_err(ApiError::Unavailable)?;
    let subscription =
        Subscription::validated(&endpoint, &p256dh, &auth, private_origin.as_deref())
            .map_err(ApiError::Invalid)?;
    let connection = connection().await?;
    subscriptions::add(connection, claims.user_id, &subscription, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described: read from the query's pairs")]
struct EndpointQuery {
    /// The subscription's endpoint.
    endpoint: String,
}

/// Unsubscribes a browser; one that is not subscribed stays so.
#[utoipa::path(
    delete,
    path = "/api/notifications/push-subscriptions",
    tag = "push",
    params(EndpointQuery),
    responses(
        (status = 204, description = "It is not subscribed"),
        (status = 422, description = "Values that break a rule", body = ErrorBody),
        Refusal,
    ),
)]
async fn unsubscribe(claims: Claims, Query(params): Query) -> Result<StatusCode, ApiError> {
    let endpoint = params.into_iter().find(|(name, _)| name == "endpoint");
    let (_, endpoint) = endpoint.ok_or_else(|| ApiError::invalid("endpoint", "is required"))?;
    subscriptions::remove(connection().await?, claims.user_id, &[endpoint]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a browser subscribes with.
#[derive(Serialize, ToSchema)]
struct PushKey {
    /// `applicationServerKey` of `PushManager.subscribe()`, in unpadded base64url.
    public_key: String,
}

/// The key that a browser needs to subscribe.
#[utoipa::path(
    get,
    path = "/api/notifications/push-key",
    tag = "push",
    responses(
        (status = 200, description = "The key", body = PushKey),
        (status = 404, description = "Push is not set up", body = ErrorBody),
        Refusal,
    ),
)]
async fn push_key(_: Claims) -> Result<JsonResponse<PushKey>, ApiError> {
    let capabilities = Connected.describe(Channel::Push).await;
    let public_key = capabilities.ok().and_then(|it| it.public_key);
    let public_key = public_key.ok_or(ApiError::NotFound)?;
    Ok(JsonResponse(PushKey { public_key }))
}

/// A channel of this installation.
#[derive(Serialize, ToSchema)]
struct ChannelState {
    channel: Channel,
    /// Whether it can be used, given the person's address for it.
    available: bool,
}

/// The channels there are.
#[derive(Serialize, ToSchema)]
struct Channels {
    channels: Vec<ChannelState>,
}

/// Which channels are set up.
#[utoipa::path(
    get,
    path = "/api/notifications/channels",
    tag = "notifications",
    responses((status = 200, description = "The channels", body = Channels), Refusal),
)]
async fn channels(_: Claims) -> Result<JsonResponse<Channels>, ApiError> {
    let mut channels = Vec::new();
    for channel in Channel::ALL {
        channels.push(ChannelState {
            channel: *channel,
            available: Connected.describe(*channel).await.is_ok(),
        });
    }
    Ok(JsonResponse(Channels { channels }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_has_every_route_and_refusal() {
        let (_, description) = described().split_for_parts();
        let json = serde_json::to_value(&description).unwrap();
        let paths = json["paths"].as_object().unwrap();
        assert_eq!(paths.len(), 6, "{:?}", paths.keys());
        let subscribe = &paths["/api/notifications/push-subscriptions"]["put"]["responses"];
        for status in ["204", "400", "401", "413", "415", "422", "429", "503"] {
            assert!(subscribe[status].is_object(), "{status}: {subscribe}");
        }
        assert!(json["components"]["schemas"]["DeliveryState"].is_object());
    }
}
