//! From a Kafka record to a CloudEvent and back, by CloudEvents' Kafka protocol binding
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md>).

use event_log::Position;
use rdkafka::message::{Header, Headers as _, Message, OwnedHeaders, OwnedMessage};
use serde_json::{Map, Value};

/// The header that tells what the value is.
const CONTENT_TYPE: &str = "content-type";
/// What is in front of an attribute's name in a header, in binary mode.
const ATTRIBUTE: &str = "ce_";
/// A CloudEvent in JSON format.
pub const STRUCTURED: &str = "application/cloudevents+json; charset=utf-8";

/// What a dead letter's headers say.
pub struct Cause<'a> {
    /// Why it is given up.
    pub reason: &'a str,
    /// How often it was tried.
    pub attempts: u32,
    /// Where the original is.
    pub origin: &'a Position,
    /// The group that gave it up, without the prefix.
    pub group: &'a str,
    /// When, in RFC 3339.
    pub time: &'a str,
}

/// Headers of dead letters, which are the attributes that the event log gives to its own.
const REASON: &str = "dlqreason";
const ATTEMPTS: &str = "dlqattempts";
const ORIGIN: &str = "dlqorigin";
const GROUP: &str = "dlqgroup";
const TIME: &str = "dlqtime";

/// The headers of a record that we publish.
pub fn headers() -> OwnedHeaders {
    OwnedHeaders::new().insert(Header {
        key: CONTENT_TYPE,
        value: Some(STRUCTURED),
    })
}

/// The envelope of a record, in CloudEvents' JSON format.
///
/// # Errors
/// Why it is no CloudEvent that a consumer could take.
pub fn envelope(message: &impl Message) -> Result<Value, String> {
    let value = message.payload().ok_or("the record has no value")?;
    let content_type = header(message, CONTENT_TYPE);
    let media_type = content_type.as_deref().map(media_type).unwrap_or_default();
    if media_type.starts_with("application/cloudevents") {
        if media_type != "application/cloudevents+json" {
            return Err(format!(
                "the record is a CloudEvent in the format {media_type}, which is not read here"
            ));
        }
        return structured(value);
    }
    if header(message, "ce_specversion").is_some() {
        return binary(message, &media_type, value);
    }
    // Some clients write the JSON format and leave its content type out.
    structured(value).ok().filter(|envelope| envelope.get("specversion").is_some()).ok_or_else(|| {
        "the record is no CloudEvent: it has neither a header `ce_specversion` nor the content type \
         application/cloudevents+json, and its value is no JSON object with `specversion`"
            .to_owned()
    })
}

fn structured(value: &[u8]) -> Result<Value, String> {
    match serde_json::from_slice(value) {
        Ok(envelope @ Value::Object(_)) => Ok(envelope),
        Ok(_) => Err("a CloudEvent is a JSON object".into()),
        Err(error) => Err(format!("the CloudEvent is not JSON: {error}")),
    }
}

fn binary(message: &impl Message, media_type: &str, value: &[u8]) -> Result<Value, String> {
    let mut envelope = Map::new();
    for header in message
        .headers()
        .into_iter()
        .flat_map(|headers| headers.iter())
    {
        let Some(name) = header.key.strip_prefix(ATTRIBUTE) else {
            continue;
        };
        let value = std::str::from_utf8(header.value.unwrap_or_default())
            .map_err(|_| format!("the header `{}` is not UTF-8", header.key))?;
        envelope.insert(name.to_ascii_lowercase(), value.into());
    }
    if !media_type.is_empty() {
        envelope.insert("datacontenttype".into(), media_type.into());
    }
    let is_json =
        media_type.is_empty() || media_type.ends_with("/json") || media_type.ends_with("+json");
    if !is_json {
        return Err(format!("the event's data is not JSON but {media_type}"));
    }
    if !value.is_empty() {
        let data = serde_json::from_slice(value)
            .map_err(|error| format!("the event's data is not JSON: {error}"))?;
        envelope.insert("data".into(), data);
    }
    Ok(Value::Object(envelope))
}

/// What keeps a record's place among others: its key, or the event's `partitionkey`, or itself alone.
pub fn key(message: &impl Message) -> String {
    if let Some(key) = message.key().filter(|key| !key.is_empty()) {
        return String::from_utf8_lossy(key).into_owned();
    }
    let of_event = envelope(message).ok().and_then(|envelope| {
        let attribute = |name| {
            envelope
                .get(name)?
                .as_str()
                .filter(|it| !it.is_empty())
                .map(str::to_owned)
        };
        attribute("partitionkey").or_else(|| attribute("id"))
    });
    of_event.unwrap_or_else(|| message.offset().to_string())
}

/// The headers of the record that a dead letter is: its own, unless they are left out, and those that say why.
pub fn dead_letter_headers(message: &OwnedMessage, cause: &Cause, with_own: bool) -> OwnedHeaders {
    let headers = if with_own {
        without_cause(message)
    } else {
        OwnedHeaders::new()
    };
    let (attempts, origin) = (cause.attempts.to_string(), cause.origin.to_string());
    [
        (REASON, cause.reason),
        (ATTEMPTS, attempts.as_str()),
        (ORIGIN, origin.as_str()),
        (GROUP, cause.group),
        (TIME, cause.time),
    ]
    .into_iter()
    .fold(headers, |headers, (key, value)| {
        headers.insert(Header {
            key,
            value: Some(value),
        })
    })
}

/// The headers of a record but for those of a dead letter.
fn without_cause(message: &impl Message) -> OwnedHeaders {
    let mut kept = OwnedHeaders::new();
    for header in message
        .headers()
        .into_iter()
        .flat_map(|headers| headers.iter())
    {
        if ![REASON, ATTEMPTS, ORIGIN, GROUP, TIME].contains(&header.key) {
            kept = kept.insert(header);
        }
    }
    kept
}

/// The first header of this name, whatever its case.
fn header(message: &impl Message, name: &str) -> Option<String> {
    let headers = message.headers()?;
    let found = headers
        .iter()
        .find(|header| header.key.eq_ignore_ascii_case(name))?;
    Some(String::from_utf8_lossy(found.value?).into_owned())
}

/// A content type without its parameters, in lower case.
fn media_type(content_type: &str) -> String {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use rdkafka::Timestamp;
    use serde_json::json;

    use super::*;

    fn message(key: &str, headers: &[(&str, &str)], value: Option<&str>) -> OwnedMessage {
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| {
                all.insert(Header {
                    key,
                    value: Some(*value),
                })
            });
        OwnedMessage::new(
            value.map(|value| value.as_bytes().to_vec()),
            (!key.is_empty()).then(|| key.as_bytes().to_vec()),
            "t".into(),
            Timestamp::NotAvailable,
            0,
            7,
            Some(headers),
        )
    }

    const EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"/s","type":"x","data":{"a":1},"partitionkey":"p"}"#;

    #[test]
    fn both_modes_are_read_and_plain_json_too() {
        let expected: Value = serde_json::from_str(EVENT).unwrap();
        for headers in [
            &[("content-type", "application/cloudevents+json")][..],
            &[(
                "Content-Type",
                "application/cloudevents+json; charset=UTF-8",
            )],
            &[],
            &[("content-type", "application/json")],
        ] {
            let read = envelope(&message("", headers, Some(EVENT)));
            assert_eq!(read.as_ref(), Ok(&expected), "{headers:?}");
        }
        let attributes = [
            ("ce_specversion", "1.0"),
            ("ce_id", "1"),
            ("ce_source", "/s"),
            ("ce_type", "x"),
            ("ce_partitionkey", "p"),
            ("other", "ignored"),
        ];
        let read = envelope(&message("", &attributes, Some("{\"a\":1}")));
        assert_eq!(read, Ok(expected.clone()));
        let mut with_type = attributes.to_vec();
        with_type.push(("content-type", "application/vnd.x+json; v=1"));
        let read = envelope(&message("", &with_type, Some("{\"a\":1}"))).unwrap();
        assert_eq!(read["datacontenttype"], "application/vnd.x+json");
        assert_eq!(read["data"], json!({"a": 1}));
    }

    #[test]
    fn what_is_no_event_has_a_reason() {
        let binary = [("ce_specversion", "1.0"), ("ce_id", "1")];
        let with = |content_type| [binary[0], binary[1], ("content-type", content_type)];
        for (headers, value, named) in [
            (&[][..], None, "no value"),
            (&[], Some("hello"), "no CloudEvent"),
            (&[], Some("{\"id\":\"1\"}"), "no CloudEvent"),
            (
                &[("content-type", "application/cloudevents+json")],
                Some("{"),
                "not JSON",
            ),
            (
                &[("content-type", "application/cloudevents+json")],
                Some("[]"),
                "JSON object",
            ),
            (
                &[("content-type", "application/cloudevents+avro")],
                Some(""),
                "avro",
            ),
            (
                &[("content-type", "application/cloudevents-batch+json")],
                Some("[]"),
                "batch",
            ),
            (&binary, Some("{"), "not JSON"),
            (&with("text/plain"), Some("1"), "text/plain"),
            (&with("image/png"), Some("1"), "image/png"),
        ] {
            let error = envelope(&message("k", headers, value)).unwrap_err();
            assert!(error.contains(named), "{headers:?} {value:?}: {error}");
        }
    }

    #[test]
    fn the_key_is_the_records_or_the_events_or_its_own() {
        assert_eq!(key(&message("k", &[], Some(EVENT))), "k");
        assert_eq!(key(&message("", &[], Some(EVENT))), "p");
        let without = EVENT.replace("partitionkey", "other");
        assert_eq!(key(&message("", &[], Some(&without))), "1");
        assert_eq!(key(&message("", &[], Some("hello"))), "7");
    }

    #[test]
    fn a_dead_letter_keeps_what_it_was_and_says_why_once() {
        let mut letter = message("k", &[("ce_id", "1"), ("a", "b")], Some("hello"));
        for attempts in [1, 2] {
            let origin = Position {
                topic: "t".into(),
                partition: 0,
                offset: 7,
            };
            let cause = Cause {
                reason: "no",
                attempts,
                origin: &origin,
                group: "g",
                time: "now",
            };
            let headers = dead_letter_headers(&letter, &cause, true);
            letter = letter.replace_headers(Some(headers));
        }
        let get = |name| header(&letter, name).unwrap_or_default();
        let all = letter.headers().map(|headers| headers.count());
        assert_eq!(all, Some(7));
        assert_eq!(
            (get("ce_id"), get("a"), get(REASON)),
            ("1".into(), "b".into(), "no".into())
        );
        assert_eq!(
            (get(ATTEMPTS), get(ORIGIN), get(GROUP)),
            ("2".into(), "t/0/7".into(), "g".into())
        );
    }
}
