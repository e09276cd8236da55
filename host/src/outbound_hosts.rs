//! Which network destinations a component may reach: the rules of Spin's `allowed_outbound_hosts`.
//!
//! An entry is `scheme://host[:port]`. Each part may be `*`; a host may be `*.domain`, an address, a
//! CIDR block or `self`; a port may be a range `from..to` (without `to`), and is the scheme's own
//! where it is left out. What no entry allows is refused.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;

use ipnet::IpNet;
use url::Host;

/// Where components call each other: `http://<component>.spin.internal`.
const CHAINING_SUFFIX: &str = ".spin.internal";

/// Everything that one component may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<AllowedHost>);

/// One entry of `allowed_outbound_hosts`, its templates expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    /// Any where absent.
    scheme: Option<String>,
    host: HostPattern,
    port: PortPattern,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostPattern {
    Any,
    /// The application itself, in requests without an authority.
    Application,
    /// Names that end in this, which starts with a dot.
    Subdomain(String),
    Exact(Host),
    Network(IpNet),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PortPattern {
    Any,
    Exact(u16),
    /// Without its end.
    Range(Range<u16>),
}

impl AllowedHosts {
    /// The given entries; `*.spin.internal` stands for `component_ids` and nothing else.
    pub fn new<'a>(
        entries: impl IntoIterator<Item = AllowedHost>,
        component_ids: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let mut hosts = Vec::new();
        for entry in entries {
            if matches!(&entry.host, HostPattern::Subdomain(suffix) if suffix == CHAINING_SUFFIX) {
                hosts.extend(component_ids.clone().into_iter().map(|id| AllowedHost {
                    host: HostPattern::Exact(Host::Domain(format!("{id}{CHAINING_SUFFIX}"))),
                    ..entry.clone()
                }));
            } else {
                hosts.push(entry);
            }
        }
        Self(hosts)
    }

    /// Whether a request or connection may go to `host` (a name, an IPv4 address or an IPv6 one with or
    /// without brackets) at `port`, or at the scheme's own port where that is absent.
    pub fn allows(&self, scheme: &str, host: &str, port: Option<u16>) -> bool {
        let host = match Host::parse(host) {
            Ok(host) => host,
            Err(_) => match host.parse::<Ipv6Addr>() {
                Ok(address) => Host::Ipv6(address),
                Err(_) => return false,
            },
        };
        let scheme = scheme.to_ascii_lowercase();
        let port = port.or_else(|| default_port(&scheme));
        self.0.iter().any(|allowed| {
            allowed.allows_scheme(&scheme)
                && allowed.host.allows(&host)
                && allowed.port.allows(port)
        })
    }

    /// Whether a request without an authority, to the application itself, is allowed.
    pub fn allows_self(&self, scheme: &str) -> bool {
        self.0.iter().any(|allowed| {
            allowed.allows_scheme(scheme)
                && matches!(allowed.host, HostPattern::Any | HostPattern::Application)
        })
    }
}

impl AllowedHost {
    /// Parses an entry that holds no templates.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(entry: &str) -> Result<Self, String> {
        let entry = entry.trim();
        let Some((scheme, rest)) = entry.split_once("://") else {
            return Err(format!(
                "`{entry}` has no scheme (like `https://` or `*://`)"
            ));
        };
        let (host, port) = split_port(rest);
        let port = PortPattern::parse(port, scheme)?;
        Ok(Self {
            scheme: parse_scheme(scheme)?,
            host: HostPattern::parse(host)?,
            port,
        })
    }

    /// The component that the entry names as `<component>.spin.internal`.
    pub fn chained_component(&self) -> Option<&str> {
        match &self.host {
            HostPattern::Exact(Host::Domain(domain)) => chained_component(domain),
            _ => None,
        }
    }

    fn allows_scheme(&self, scheme: &str) -> bool {
        self.scheme
            .as_ref()
            .is_none_or(|allowed| allowed.eq_ignore_ascii_case(scheme))
    }
}

/// The component that a request to `host` is for, if it is a `<component>.spin.internal`.
pub fn chained_component(host: &str) -> Option<&str> {
    host.strip_suffix(CHAINING_SUFFIX)
        .filter(|component| !component.is_empty() && !component.contains('.'))
}

/// Splits `host[:port][/]` where the host may hold colons itself.
fn split_port(rest: &str) -> (&str, &str) {
    if HostPattern::parse(rest).is_ok() {
        return (rest, "");
    }
    match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.strip_suffix('/').unwrap_or(port)),
        None => (rest, ""),
    }
}

fn parse_scheme(scheme: &str) -> Result<Option<String>, String> {
    if scheme == "*" {
        return Ok(None);
    }
    if scheme.is_empty() || !scheme.chars().all(|c| c.is_ascii_lowercase()) {
        return Err(format!(
            "its scheme `{scheme}` is neither `*` nor lower-case letters"
        ));
    }
    Ok(Some(scheme.to_owned()))
}

impl HostPattern {
    fn parse(host: &str) -> Result<Self, String> {
        let host = host.trim();
        match host {
            "*" => return Ok(Self::Any),
            "self" | "self.alt" => return Ok(Self::Application),
            _ => {}
        }
        if host.contains('/')
            && let Ok(network) = host.parse::<IpNet>()
        {
            return Ok(Self::Network(network.trunc()));
        }
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.contains('/') {
            return Err(format!("its host `{host}` has a path"));
        }
        if let Some(domain) = host.strip_prefix("*.") {
            return match Host::parse(domain) {
                Ok(Host::Domain(name)) if !domain.contains('*') => {
                    Ok(Self::Subdomain(format!(".{name}")))
                }
                _ => Err(format!(
                    "its host `{host}` is not `*.` and the name of a domain"
                )),
            };
        }
        if host.contains('*') {
            return Err(format!(
                "its host `{host}` has a `*` elsewhere than in front, as `*.domain`"
            ));
        }
        Host::parse(host)
            .map(Self::Exact)
            .map_err(|error| format!("its host `{host}` is not one: {error}"))
    }

    fn allows(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Application, _) => false,
            (Self::Subdomain(suffix), Host::Domain(domain)) => domain.ends_with(suffix.as_str()),
            (Self::Subdomain(_), _) => false,
            (Self::Exact(exact), host) => exact == host,
            (Self::Network(network), Host::Ipv4(address)) => {
                network.contains(&IpAddr::V4(*address))
            }
            (Self::Network(network), Host::Ipv6(address)) => {
                network.contains(&IpAddr::V6(*address))
            }
            (Self::Network(_), Host::Domain(_)) => false,
        }
    }
}

impl PortPattern {
    fn parse(port: &str, scheme: &str) -> Result<Self, String> {
        if port == "*" {
            return Ok(Self::Any);
        }
        if port.is_empty() {
            return default_port(scheme).map(Self::Exact).ok_or_else(|| {
                format!("it has no port, and the scheme `{scheme}` has none of its own")
            });
        }
        let parse = |text: &str| {
            text.parse::<u16>()
                .map_err(|_| format!("its port `{port}` is not a number up to 65535, a range of them like `8000..9000`, or `*`"))
        };
        match port.split_once("..") {
            Some((start, end)) => Ok(Self::Range(parse(start)?..parse(end)?)),
            None => parse(port).map(Self::Exact),
        }
    }

    fn allows(&self, port: Option<u16>) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => port == Some(*exact),
            Self::Range(range) => port.is_some_and(|port| range.contains(&port)),
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "mqtt" => Some(1883),
        "mysql" => Some(3306),
        "postgres" => Some(5432),
        "redis" => Some(6379),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows_url(hosts: &AllowedHosts, url: &str) -> bool {
        let url = url::Url::parse(url).unwrap();
        url.host_str()
            .is_some_and(|host| hosts.allows(url.scheme(), host, url.port()))
    }

    fn allowed(entries: &[&str]) -> AllowedHosts {
        AllowedHosts::new(
            entries
                .iter()
                .map(|entry| AllowedHost::parse(entry).unwrap()),
            ["todo-api", "password"],
        )
    }

    fn allows(entry: &str, url: &str) -> bool {
        allows_url(&allowed(&[entry]), url)
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        let none = AllowedHosts::default();
        assert!(!none.allows("http", "example.com", Some(80)));
        assert!(!none.allows("http", "password.spin.internal", None));
        assert!(!none.allows_self("http"));
    }

    #[test]
    fn entries_allow_what_they_say() {
        for (entry, url, expected) in [
            ("http://example.com", "http://example.com/path?q", true),
            ("http://example.com", "http://example.com:80/", true),
            ("http://example.com", "http://example.com:81/", false),
            ("http://example.com", "https://example.com/", false),
            ("http://example.com:443", "https://example.com/", false),
            ("*://example.com:443", "https://example.com/", true),
            ("*://example.com:*", "redis://example.com:1/", true),
            ("https://*", "https://anything.at.all/", true),
            ("https://*", "https://anything.at.all:8443/", false),
            ("https://*:*", "https://anything.at.all:8443/", true),
            ("*://*:*", "http://[::1]:1/", true),
            (
                "http://example.com:8000..9000",
                "http://example.com:8000/",
                true,
            ),
            (
                "http://example.com:8000..9000",
                "http://example.com:8999/",
                true,
            ),
            (
                "http://example.com:8000..9000",
                "http://example.com:9000/",
                false,
            ),
            (
                "http://example.com:9000..8000",
                "http://example.com:8500/",
                false,
            ),
            ("redis://cache", "redis://cache:6379", true),
            ("redis://cache", "redis://cache", true),
            ("postgres://db", "postgres://db:5432/app", true),
            ("mysql://db", "mysql://db:5432/app", false),
        ] {
            assert_eq!(allows(entry, url), expected, "{entry} for {url}");
        }
    }

    #[test]
    fn subdomains_are_whole_labels() {
        for (url, expected) in [
            ("http://a.example.com", true),
            ("http://a.b.example.com", true),
            ("http://A.EXAMPLE.com", true),
            ("http://example.com", false),
            ("http://notexample.com", false),
            ("http://a.example.com.evil.net", false),
            ("http://a.example.com.", false),
        ] {
            assert_eq!(allows("http://*.Example.COM", url), expected, "{url}");
        }
    }

    #[test]
    fn what_only_looks_like_an_allowed_host_is_refused() {
        for url in [
            "http://example.com@evil.net/",
            "http://example.com:80@evil.net/",
            "http://user:password@evil.net/example.com",
            "http://evil.net/?http://example.com",
            "http://evil.net#example.com",
            "http://example.com.",
            "http://example.com.evil.net",
            "http://xample.com",
        ] {
            assert!(!allows("http://example.com", url), "{url}");
        }
        for url in [
            "http://EXAMPLE.com",
            "HTTP://example.com",
            "http://user:password@example.com/",
            "http://ex%61mple.com/",
        ] {
            assert!(allows("http://example.com", url), "{url}");
        }
    }

    #[test]
    fn addresses_match_however_they_are_written() {
        for (entry, url, expected) in [
            ("http://127.0.0.1", "http://127.0.0.1/", true),
            ("http://127.0.0.1", "http://127.1/", true),
            ("http://127.0.0.1", "http://2130706433/", true),
            ("http://127.0.0.1", "http://localhost/", false),
            ("http://[::1]", "http://[0:0:0:0:0:0:0:1]/", true),
            ("http://[::1]", "http://[::1]:81/", false),
            ("http://[::1]:81", "http://[::1]:81/", true),
            ("http://[::1]:*", "http://[::1]:81/", true),
            ("http://[::1]", "http://[::2]/", false),
            ("http://[::1]", "http://127.0.0.1/", false),
            ("http://10.0.0.0/8", "http://10.200.3.4/", true),
            ("http://10.1.2.3/8", "http://10.200.3.4/", true),
            ("http://10.0.0.0/8", "http://11.0.0.1/", false),
            ("http://10.0.0.0/8", "http://ten.example.com/", false),
            ("http://10.0.0.0/8:8080", "http://10.0.0.1:8080/", true),
            ("http://2001:db8::/32", "http://[2001:db8::1]/", true),
            (
                "http://2001:db8::/32:8080",
                "http://[2001:db8::1]:8080/",
                true,
            ),
            ("http://2001:db8::/32", "http://[2001:db9::1]/", false),
        ] {
            assert_eq!(allows(entry, url), expected, "{entry} for {url}");
        }
        let local = allowed(&["http://[::1]"]);
        assert!(local.allows("http", "::1", None));
        assert!(local.allows("http", "[::1]", Some(80)));
        assert!(!local.allows("http", "::2", None));
    }

    #[test]
    fn hosts_that_are_none_are_refused() {
        let all = allowed(&["*://*:*"]);
        for host in ["", " ", "a b", "a/b", "[::1", "a@b", "a:80"] {
            assert!(!all.allows("http", host, None), "{host}");
        }
    }

    #[test]
    fn an_unknown_scheme_without_a_port_needs_any_port() {
        assert!(allowed(&["*://*:*"]).allows("gopher", "example.com", None));
        assert!(!allowed(&["*://*:80"]).allows("gopher", "example.com", None));
    }

    #[test]
    fn self_allows_only_requests_without_authority() {
        let itself = allowed(&["http://self"]);
        assert!(itself.allows_self("http"));
        assert!(!itself.allows_self("https"));
        assert!(!itself.allows("http", "self", None));
        assert!(!itself.allows("http", "localhost", None));
        assert!(allowed(&["http://*"]).allows_self("http"));
        assert!(!allowed(&["http://example.com"]).allows_self("http"));
    }

    #[test]
    fn components_are_reached_by_name() {
        let one = allowed(&["http://password.spin.internal"]);
        assert!(one.allows("http", "password.spin.internal", None));
        assert!(!one.allows("http", "todo-api.spin.internal", None));
        let all = allowed(&["http://*.spin.internal"]);
        assert!(all.allows("http", "password.spin.internal", None));
        assert!(all.allows("http", "todo-api.spin.internal", None));
        assert!(!all.allows("http", "other.spin.internal", None));
        assert!(!all.allows("http", "a.password.spin.internal", None));
        assert!(!all.allows("http", "password.spin.internal", Some(8080)));

        assert_eq!(
            chained_component("password.spin.internal"),
            Some("password")
        );
        for host in [
            "spin.internal",
            ".spin.internal",
            "a.b.spin.internal",
            "a.spin.internal.com",
        ] {
            assert_eq!(chained_component(host), None, "{host}");
        }
        let entry = AllowedHost::parse("http://password.spin.internal").unwrap();
        assert_eq!(entry.chained_component(), Some("password"));
    }

    #[test]
    fn entries_that_mean_nothing_are_refused() {
        for (entry, reason) in [
            ("", "`` has no scheme (like `https://` or `*://`)"),
            ("*", "`*` has no scheme (like `https://` or `*://`)"),
            (
                "example.com:80",
                "`example.com:80` has no scheme (like `https://` or `*://`)",
            ),
            (
                "HTTP://example.com:80",
                "its scheme `HTTP` is neither `*` nor lower-case letters",
            ),
            (
                "://example.com:80",
                "its scheme `` is neither `*` nor lower-case letters",
            ),
            (
                "ftp://example.com",
                "it has no port, and the scheme `ftp` has none of its own",
            ),
            (
                "*://example.com",
                "it has no port, and the scheme `*` has none of its own",
            ),
            (
                "http://example.com/path",
                "its host `example.com/path` has a path",
            ),
            (
                "http://*.*.com",
                "its host `*.*.com` is not `*.` and the name of a domain",
            ),
            (
                "http://*.10.0.0.1",
                "its host `*.10.0.0.1` is not `*.` and the name of a domain",
            ),
            (
                "http://a*.com",
                "its host `a*.com` has a `*` elsewhere than in front, as `*.domain`",
            ),
            ("http://", "its host `` is not one: empty host"),
            (
                "http://user@example.com",
                "its host `user@example.com` is not one: invalid international domain name",
            ),
            (
                "http://example.com:99999",
                "its port `99999` is not a number up to 65535, a range of them like `8000..9000`, or `*`",
            ),
            (
                "http://example.com:1..2..3",
                "its port `1..2..3` is not a number up to 65535, a range of them like `8000..9000`, or `*`",
            ),
        ] {
            assert_eq!(AllowedHost::parse(entry), Err(reason.to_owned()), "{entry}");
        }
        for entry in [
            "http://[::1",
            "http://[::1]junk",
            "http://[::1]/path",
            "http://ff00::/8/x",
            "http://a//",
        ] {
            assert!(AllowedHost::parse(entry).is_err(), "{entry}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(entry in "(http|\\*)?(://)?[a-z0-9.*:/@\\[\\]]{0,20}", host in ".{0,30}", port: Option<u16>) {
            if let Ok(entry) = AllowedHost::parse(&entry) {
                let hosts = AllowedHosts::new([entry], ["a"]);
                hosts.allows("http", &host, port);
            }
        }

        #[test]
        fn an_exact_entry_allows_its_host_alone(
            name in "[a-z]{1,8}(\\.[a-z]{2,5}){1,2}",
            other in "[a-z]{1,8}(\\.[a-z]{2,5}){1,2}",
            port in 1u16..,
        ) {
            let hosts = allowed(&[&format!("http://{name}:{port}")]);
            prop_assert!(hosts.allows("http", &name, Some(port)));
            prop_assert_eq!(hosts.allows("http", &other, Some(port)), name == other);
        }
    }
}
