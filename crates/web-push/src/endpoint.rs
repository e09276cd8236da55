//! Which endpoints may be pushed to: subscriptions come from clients, who could name an address inside.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Names that are resolved on this machine or in its network (RFC 6761, RFC 6762, RFC 8375, RFC 9476).
const LOCAL_SUFFIXES: [&str; 6] = [
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "lan",
    "intranet",
];

/// Whether an endpoint is `https`, without credentials, and at a name or an address of the public Internet.
///
/// A public name may resolve to a private address: only who connects can refuse that. A server there would
/// still have to hold a certificate for the name.
pub fn is_public(endpoint: &Url) -> bool {
    endpoint.scheme() == "https"
        && endpoint.username().is_empty()
        && endpoint.password().is_none()
        && match endpoint.host() {
            Some(Host::Domain(name)) => is_public_name(name),
            Some(Host::Ipv4(address)) => is_public_v4(address),
            Some(Host::Ipv6(address)) => is_public_v6(address),
            None => false,
        }
}

fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.contains('.')
        && !LOCAL_SUFFIXES.iter().any(|suffix| {
            name.strip_suffix(suffix)
                .is_some_and(|rest| rest.ends_with('.'))
        })
}

/// By IANA's registry of special-purpose addresses (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // Shared by carriers (RFC 6598).
        || (a == 100 && (64..128).contains(&b))
        // Protocol assignments.
        || (a, b, c) == (192, 0, 0)
        // Benchmarks (RFC 2544).
        || (a == 198 && (b == 18 || b == 19)))
}

/// Global unicast is 2000::/3; in it are the documentation's addresses and those that carry IPv4 ones.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    first & 0xe000 == 0x2000
        // Protocol assignments, Teredo among them: 2001::/23.
        && !(first == 0x2001 && second < 0x200)
        && (first, second) != (0x2001, 0xdb8)
        // 6to4.
        && first != 0x2002
        // Documentation (RFC 9637): 3fff::/20.
        && !(first == 0x3fff && second < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_services_are_public() {
        for endpoint in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://updates.push.services.mozilla.com/wpush/v2/abc",
            "https://web.push.apple.com/abc",
            "https://wns2-par02p.notify.windows.com/w/?token=abc",
            "https://8.8.8.8/x",
            "https://[2606:4700::1111]/x",
        ] {
            assert!(is_public(&Url::parse(endpoint).unwrap()), "{endpoint}");
        }
    }

    #[test]
    fn what_is_not_public_is_refused_however_it_is_written() {
        for endpoint in [
            "http://fcm.googleapis.com/",
            "ftp://example.com/",
            "data:text/plain,x",
            "https://user@example.com/",
            "https://user:password@example.com/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://router/",
            "https://printer.local/",
            "https://password.spin.internal/",
            "https://metadata.google.internal/",
            "https://nas.home.arpa./",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://１２７.0.0.1/",
            "https://0/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://192.0.0.1/",
            "https://198.18.0.1/",
            "https://203.0.113.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[fc00::1]/",
            "https://[fe80::1]/",
            "https://[ff02::1]/",
            "https://[2001:db8::1]/",
            "https://[2001::1]/",
            "https://[2002:7f00:1::]/",
            "https://[3fff::1]/",
        ] {
            assert!(!is_public(&Url::parse(endpoint).unwrap()), "{endpoint}");
        }
    }
}
