//! What the client can take, and what it has already (RFC 9110, sections 12.5.3 and 13.1.2).

/// How a file's bytes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As they are.
    Identity,
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
}

impl Encoding {
    /// The name in `Content-Encoding`; none for the bytes as they are.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
        }
    }
}

/// The encoding among `available` that the client prefers by its `accept` header; among equals, Brotli comes
/// before gzip and that before identity. Where the client takes nothing that there is, it gets identity:
/// the header may be disregarded, and an answer is more use than 406.
pub fn choose(accept: &str, available: &[Encoding]) -> Encoding {
    let (mut brotli, mut gzip, mut identity, mut others) = (None, None, None, None);
    for element in accept.split(',') {
        let mut parts = element.split(';');
        let coding = parts.next().unwrap_or_default().trim();
        let weight = parts.next().map_or(Some(1000), weight).unwrap_or(0);
        let slot = match () {
            () if coding.eq_ignore_ascii_case("br") => &mut brotli,
            () if coding.eq_ignore_ascii_case("gzip") => &mut gzip,
            () if coding.eq_ignore_ascii_case("x-gzip") => &mut gzip,
            () if coding.eq_ignore_ascii_case("identity") => &mut identity,
            () if coding == "*" => &mut others,
            () => continue,
        };
        *slot = Some(weight);
    }
    let weight_of = |encoding| match encoding {
        Encoding::Brotli => brotli.or(others).unwrap_or(0),
        Encoding::Gzip => gzip.or(others).unwrap_or(0),
        // Acceptable unless it is ruled out, yet after whatever is asked for.
        Encoding::Identity => identity.unwrap_or(0),
    };
    [Encoding::Gzip, Encoding::Brotli]
        .into_iter()
        .filter(|encoding| available.contains(encoding) && weight_of(*encoding) > 0)
        .fold(Encoding::Identity, |best, encoding| {
            if weight_of(encoding) >= weight_of(best) {
                encoding
            } else {
                best
            }
        })
}

/// `q=0.5` in thousandths.
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, fraction) {
        ("0", fraction) => Some(fraction),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// Whether `if_none_match` names `etag` or anything.
pub fn has_already(if_none_match: &str, etag: &str) -> bool {
    // Our validators hold no comma, so a comma within another's can only make parts that are not ours.
    if_none_match
        .split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Encoding::{Brotli, Gzip, Identity};
    use super::*;

    const ALL: &[Encoding] = &[Identity, Brotli, Gzip];

    #[test]
    fn the_client_says_what_it_prefers() {
        for (accept, expected) in [
            ("", Identity),
            ("gzip, deflate, br, zstd", Brotli),
            ("gzip", Gzip),
            ("x-gzip", Gzip),
            ("GZIP;Q=1", Gzip),
            ("br;q=0.5, gzip;q=0.8", Gzip),
            ("br;q=0.500,gzip;q=0.5", Brotli),
            ("br; q=0, gzip", Gzip),
            ("*", Brotli),
            ("*;q=0.1, br;q=0", Gzip),
            ("identity, gzip;q=0.5", Identity),
            ("identity;q=0.5, gzip", Gzip),
            ("identity;q=0, br;q=0.1", Brotli),
            ("identity;q=0", Identity),
            ("*;q=0", Identity),
            ("br;q=nonsense", Identity),
            ("br;q=1.5", Identity),
            ("br;q=0.0001", Identity),
            ("br;level=3", Identity),
            ("deflate, zstd", Identity),
        ] {
            assert_eq!(choose(accept, ALL), expected, "{accept}");
        }
    }

    #[test]
    fn only_what_there_is_is_chosen() {
        assert_eq!(choose("br, gzip", &[Identity]), Identity);
        assert_eq!(choose("br, gzip", &[Identity, Gzip]), Gzip);
        assert_eq!(choose("br", &[Identity, Gzip]), Identity);
    }

    #[test]
    fn validators_are_compared_weakly() {
        for (header, expected) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("\"b,\"a\"\",\"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("\"a-br\"", false),
            ("", false),
        ] {
            assert_eq!(has_already(header, "\"a\""), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read(accept in "\\PC*", some in "[bgr*i;,=q0-9. ]{0,40}") {
            choose(&accept, ALL);
            prop_assert_eq!(choose(&some, &[Identity]), Identity);
        }

        #[test]
        fn what_is_not_named_is_not_sent(accept in "(identity|deflate|zstd|gzip)(;q=(0|1|0\\.[0-9]{1,3}))?(, ?(identity|deflate|gzip)){0,3}") {
            prop_assert_ne!(choose(&accept, ALL), Brotli);
        }
    }
}
