//! `Grip-…` headers of a component's answer: what the gateway is to do with it
//! (<https://pushpin.org/docs/protocols/grip/>).

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::parameters::Parameters;

/// How long a response is held, at least and where nothing else is said, in seconds. Pushpin's.
const MIN_TIMEOUT: u64 = 5;
const DEFAULT_TIMEOUT: u64 = 55;
/// How long a stream goes on without asking at its link, where nothing else is said, in seconds. Pushpin's.
const DEFAULT_LINK_TIMEOUT: u64 = 120;
/// The most channels of one connection. Pushpin's default.
pub const MAX_CHANNELS: usize = 20;

/// What is to be done with an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruct {
    /// Whether and how it is held.
    pub hold: Hold,
    /// What it is subscribed to.
    pub channels: Vec<Channel>,
    /// How long a response is held.
    pub timeout: Duration,
    /// What a stream gets from time to time.
    pub keep_alive: Option<StreamKeepAlive>,
    /// Where a stream goes on, relative to the request.
    pub next: Option<Link>,
    /// Replaces the answer's status.
    pub status: Option<StatusCode>,
}

/// Whether an answer is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It goes to the client.
    No,
    /// Until something is published, which then is the answer.
    Response,
    /// It is sent, and what is published is added to it.
    Stream,
}

/// A channel that an answer is subscribed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// The id of the item that the answer already has.
    pub prev_id: Option<String>,
}

/// What a stream gets from time to time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamKeepAlive {
    /// What it gets.
    pub content: Bytes,
    /// How often.
    pub timeout: Duration,
    /// In every such time; else only after so long without anything else.
    pub always: bool,
}

/// Where a stream goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The reference, perhaps relative.
    pub uri: String,
    /// How long it may go without being asked at.
    pub timeout: Duration,
}

/// Whether a header is for the gateway only.
pub fn is_instruction(name: &str) -> bool {
    name.starts_with("grip-")
}

/// Takes the instructions out of an answer's headers.
///
/// # Errors
/// What is wrong with them.
pub fn take(headers: &mut HeaderMap) -> Result<Instruct, String> {
    let instruct = read(headers);
    let names: Vec<_> = headers
        .keys()
        .filter(|name| is_instruction(name.as_str()))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
    instruct
}

fn read(headers: &HeaderMap) -> Result<Instruct, String> {
    let text = |name: &'static str| {
        headers
            .get(name)
            .map(|value| as_text(value, name))
            .transpose()
    };
    let all = |name: &'static str| {
        let mut all = Vec::new();
        for value in headers.get_all(name) {
            all.extend(Parameters::list(as_text(value, name)?));
        }
        Ok::<_, String>(all)
    };
    let hold = match text("grip-hold")? {
        None => Hold::No,
        Some("response") => Hold::Response,
        Some("stream") => Hold::Stream,
        Some(_) => return Err("Grip-Hold must be set to either 'response' or 'stream'".into()),
    };
    let mut channels = Vec::new();
    for channel in all("grip-channel")? {
        if channel.value.is_empty() {
            return Err("failed to parse Grip-Channel".into());
        }
        if channel.get("filter").is_some() {
            return Err("Grip-Channel has a filter, which is not supported".into());
        }
        channels.push(Channel {
            prev_id: channel.get("prev-id").map(str::to_owned),
            name: channel.value,
        });
    }
    if channels.len() > MAX_CHANNELS {
        return Err(format!(
            "there are more than {MAX_CHANNELS} of Grip-Channel"
        ));
    }
    let timeout = match text("grip-timeout")? {
        None => DEFAULT_TIMEOUT,
        Some(seconds) => whole(seconds, "Grip-Timeout")?.max(MIN_TIMEOUT),
    };
    let keep_alive = text("grip-keep-alive")?.map(read_keep_alive).transpose()?;
    let mut next = None;
    for link in all("grip-link")? {
        if link.get("rel") != Some("next") {
            continue;
        }
        let uri = link
            .value
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'));
        let uri = uri
            .filter(|uri| !uri.is_empty())
            .ok_or("failed to parse Grip-Link value")?;
        let seconds = match link.get("timeout") {
            None => DEFAULT_LINK_TIMEOUT,
            Some(seconds) => whole(seconds, "Grip-Link timeout")?,
        };
        next = Some(Link {
            uri: uri.to_owned(),
            timeout: Duration::from_secs(seconds),
        });
    }
    let follows = channels.iter().find(|channel| channel.prev_id.is_some());
    if let Some(channel) = follows
        && hold == Hold::Stream
        && next.is_none()
    {
        let name = &channel.name;
        return Err(format!(
            "channel '{name}' specifies prev-id, but no next link found"
        ));
    }
    let status = text("grip-status")?.map(|status| {
        let code = status.split(' ').next().unwrap_or_default();
        let code = code
            .parse::<StatusCode>()
            .ok()
            .filter(|code| !code.is_informational());
        code.ok_or("Grip-Status contains invalid status code")
    });
    Ok(Instruct {
        hold,
        channels,
        timeout: Duration::from_secs(timeout),
        keep_alive,
        next,
        status: status.transpose()?,
    })
}

fn as_text<'a>(value: &'a HeaderValue, name: &str) -> Result<&'a str, String> {
    std::str::from_utf8(value.as_bytes()).map_err(|_| format!("{name} is not UTF-8"))
}

/// A number of seconds, at most a day.
fn whole(text: &str, what: &str) -> Result<u64, String> {
    let seconds: u64 = text
        .parse()
        .map_err(|_| format!("failed to parse {what}"))?;
    Ok(seconds.min(86_400))
}

fn read_keep_alive(text: &str) -> Result<StreamKeepAlive, String> {
    let parameters = Parameters::one(text);
    let value = &parameters.value;
    if value.is_empty() {
        return Err("Grip-Keep-Alive cannot be empty".into());
    }
    let always = match parameters.get("mode") {
        None | Some("" | "idle") => false,
        Some("interval") => true,
        Some(mode) => return Err(format!("no such Grip-Keep-Alive mode '{mode}'")),
    };
    let seconds = match parameters.get("timeout") {
        None => DEFAULT_TIMEOUT,
        Some(seconds) => whole(seconds, "Grip-Keep-Alive timeout")?.max(1),
    };
    let content = match parameters.get("format") {
        None | Some("" | "raw") => value.clone().into_bytes(),
        Some("cstring") => {
            unescape(value).ok_or("failed to parse Grip-Keep-Alive cstring format")?
        }
        Some("base64") => BASE64_STANDARD
            .decode(value)
            .map_err(|_| "failed to parse Grip-Keep-Alive base64 format")?,
        Some(format) => return Err(format!("no such Grip-Keep-Alive format '{format}'")),
    };
    Ok(StreamKeepAlive {
        content: content.into(),
        timeout: Duration::from_secs(seconds),
        always,
    })
}

/// Replaces `\\`, `\r`, `\n` and `\x00` to `\xff`.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next()? {
                b'\\' => b'\\',
                b'r' => b'\r',
                b'n' => b'\n',
                b'x' => {
                    let digit = |byte: u8| char::from(byte).to_digit(16);
                    let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                    u8::try_from(high * 16 + low).ok()?
                }
                _ => return None,
            },
            byte => byte,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use proptest::prelude::*;

    use super::*;

    fn of(headers: &[(&str, &str)]) -> Result<Instruct, String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let instruct = take(&mut map);
        assert!(
            map.keys().all(|name| !is_instruction(name.as_str())),
            "{map:?}"
        );
        instruct
    }

    #[test]
    fn a_stream_is_held() {
        let instruct = of(&[
            ("content-type", "text/event-stream"),
            ("grip-hold", "stream"),
            ("grip-channel", "a; prev-id=7, b"),
            ("grip-channel", "c"),
            (
                "grip-link",
                "</next?a=1,2>; rel=next; timeout=0, </gone>; rel=gone",
            ),
            (
                "grip-keep-alive",
                r": keep\x41\n\n; format=cstring; timeout=20",
            ),
            ("grip-status", "201 Made"),
            ("grip-set-meta", "user=\"x\""),
        ])
        .unwrap();
        assert_eq!(instruct.hold, Hold::Stream);
        let names: Vec<_> = instruct
            .channels
            .iter()
            .map(|c| (c.name.as_str(), c.prev_id.as_deref()))
            .collect();
        assert_eq!(names, [("a", Some("7")), ("b", None), ("c", None)]);
        let link = instruct.next.unwrap();
        assert_eq!(
            (link.uri.as_str(), link.timeout),
            ("/next?a=1,2", Duration::ZERO)
        );
        let keep_alive = instruct.keep_alive.unwrap();
        assert_eq!(&keep_alive.content[..], b": keepA\n\n");
        assert_eq!(
            (keep_alive.timeout.as_secs(), keep_alive.always),
            (20, false)
        );
        assert_eq!(instruct.status, Some(StatusCode::CREATED));
    }

    #[test]
    fn times_have_pushpins_defaults_and_bounds() {
        let instruct = of(&[("grip-hold", "response"), ("grip-channel", "a; prev-id=1")]).unwrap();
        assert_eq!(
            (instruct.hold, instruct.timeout.as_secs()),
            (Hold::Response, 55)
        );
        assert_eq!(of(&[("grip-timeout", "1")]).unwrap().timeout.as_secs(), 5);
        let link = of(&[("grip-link", "<n>; rel=next")]).unwrap().next.unwrap();
        assert_eq!(link.timeout.as_secs(), 120);
        let keep_alive = of(&[(
            "grip-keep-alive",
            "eA==; format=base64; timeout=0; mode=interval",
        )]);
        let keep_alive = keep_alive.unwrap().keep_alive.unwrap();
        assert_eq!(&keep_alive.content[..], b"x");
        assert_eq!((keep_alive.timeout.as_secs(), keep_alive.always), (1, true));
        assert_eq!(of(&[]).unwrap().hold, Hold::No);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (name, value, named) in [
            ("grip-hold", "yes", "Grip-Hold"),
            ("grip-channel", "; prev-id=1", "Grip-Channel"),
            ("grip-channel", "a; filter=skip-self", "filter"),
            ("grip-timeout", "-1", "Grip-Timeout"),
            ("grip-keep-alive", "; timeout=1", "empty"),
            ("grip-keep-alive", "x; mode=often", "often"),
            ("grip-keep-alive", r"\q; format=cstring", "cstring"),
            ("grip-keep-alive", "x; format=xml", "xml"),
            ("grip-link", "next; rel=next", "Grip-Link"),
            ("grip-status", "101", "Grip-Status"),
        ] {
            let error = of(&[(name, value)]).unwrap_err();
            assert!(error.contains(named), "{name}: {value}: {error}");
        }
        let error = of(&[("grip-hold", "stream"), ("grip-channel", "a; prev-id=1")]).unwrap_err();
        assert!(error.contains("no next link"), "{error}");
        let many = vec!["a"; MAX_CHANNELS + 1].join(",");
        assert!(of(&[("grip-channel", &many)]).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r"[ -~]{0,40}") {
            for name in ["grip-channel", "grip-keep-alive", "grip-link", "grip-status", "grip-timeout"] {
                let _ = of(&[(name, &text)]);
            }
            let _ = unescape(&text);
        }
    }
}
