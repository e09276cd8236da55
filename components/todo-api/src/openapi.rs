//! The OpenAPI 3.1 description: what the routes say, and by rule the answers that many of them share.

use api::{AccessToken, ErrorBody};
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Header, OpenApi, PathItem, Ref, RefOr};

/// What does not come from a route.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Todo Chatbot: Todo API",
        description = "Accounts, tasks, search and chat. Errors have one shape; times are RFC 3339 in UTC.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ErrorBody)),
    security(("access_token" = [])),
    modifiers(&AccessToken),
    tags(
        (name = "auth", description = "Accounts and sign-ins"),
        (name = "users", description = "The profile"),
        (name = "tasks", description = "Tasks, search and numbers"),
        (name = "chat", description = "Tasks in plain words"),
        (name = "health", description = "For those who run it"),
    ),
)]
pub struct Description;

/// The whole description as JSON.
pub fn complete(mut description: OpenApi) -> Vec<u8> {
    for (path, item) in &mut description.paths.paths {
        // Health is answered before everything that the others share.
        let is_limited = path.starts_with("/api/");
        for operation in operations(item) {
            if is_limited {
                add_shared_answers(operation);
            }
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response {
                    let name = "X-Correlation-Id".to_owned();
                    let text = "Names the request in the logs";
                    response.headers.insert(name, header(Type::String, text));
                }
            }
        }
    }
    serde_json::to_vec(&description).unwrap_or_default()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// Adds what an operation can answer because of what it takes, unless it says so itself.
fn add_shared_answers(operation: &mut Operation) {
    let is_public = operation.security.is_some();
    let takes_body = operation.request_body.is_some();
    let takes = |place: &ParameterIn| {
        let parameters = operation.parameters.iter().flatten();
        parameters
            .into_iter()
            .any(|it| matches!(it, RefOr::T(it) if it.parameter_in == *place))
    };
    let (takes_path, takes_query) = (takes(&ParameterIn::Path), takes(&ParameterIn::Query));

    let shared = [
        ("400", takes_body, "The body is not valid JSON"),
        (
            "401",
            !is_public,
            "No access token, or one that is not valid",
        ),
        ("404", takes_path, "Not there, or not yours"),
        ("413", takes_body, "The body is larger than 1 MiB"),
        ("415", takes_body, "The body is not application/json"),
        ("422", takes_body || takes_query, "Values that break a rule"),
        ("429", true, "Over the rate limit"),
        ("503", true, "Something that this depends on is unavailable"),
    ];
    for (status, can_occur, text) in shared {
        if can_occur {
            let responses = &mut operation.responses.responses;
            responses
                .entry(status.to_owned())
                .or_insert_with(|| RefOr::T(error(text)));
        }
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let mut add = |name: &str, kind, text| {
            response.headers.insert(name.to_owned(), header(kind, text));
        };
        match status.as_str() {
            "401" => add("WWW-Authenticate", Type::String, "The challenge (RFC 6750)"),
            "429" | "503" => add("Retry-After", Type::Integer, "Seconds to wait"),
            _ => {}
        }
    }
}

fn error(text: &str) -> utoipa::openapi::Response {
    let schema = Ref::from_schema_name(ErrorBody::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(text)
        .content("application/json", content)
        .build()
}

fn header(kind: Type, text: &str) -> RefOr<Header> {
    let schema = ObjectBuilder::new().schema_type(kind);
    let header = HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(text));
    RefOr::T(header.build())
}
