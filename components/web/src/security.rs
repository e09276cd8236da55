//! What every answer tells the browser not to do.

use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const FIXED: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Adds the headers that every answer has. HSTS only `is_secure`: over plain HTTP it means nothing (RFC
/// 6797, section 7.2).
pub fn write(is_secure: bool, headers: &mut HeaderMap) {
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert_with(|| policy(&[], &[]).unwrap_or(HeaderValue::from_static(NOTHING)));
    if is_secure {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}

const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// A content security policy for a page with inline scripts and styles of these hashes (`sha256-…`); none
/// where one of them is no hash.
///
/// `connect-src 'self'` covers WebSockets of the same host (CSP 3; WebKit, the last to follow, since 2022).
pub fn policy(scripts: &[String], styles: &[String]) -> Option<HeaderValue> {
    let mut policy = "default-src 'none'; script-src 'self'".to_owned();
    add(&mut policy, scripts)?;
    policy.push_str("; style-src 'self'");
    add(&mut policy, styles)?;
    policy.push_str(
        "; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
         worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    );
    HeaderValue::from_str(&policy).ok()
}

fn add(policy: &mut String, hashes: &[String]) -> Option<()> {
    for hash in hashes {
        let digest = hash.strip_prefix("sha256-")?;
        let is_base64 =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        if !digest.bytes().all(is_base64) {
            return None;
        }
        policy.push_str(" '");
        policy.push_str(hash);
        policy.push('\'');
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_scripts_of_its_page_and_nothing_unsafe() {
        let hashes = ["sha256-AAAA=".to_owned(), "sha256-b+/1".to_owned()];
        let policy = policy(&hashes, &[]).unwrap();
        let policy = policy.to_str().unwrap();
        assert!(
            policy.contains("script-src 'self' 'sha256-AAAA=' 'sha256-b+/1'; style-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for bad in [
            "",
            "unsafe-inline",
            "sha256-a'; script-src *",
            "sha512-abc",
            "sha256-a\n",
        ] {
            assert_eq!(policy(&[bad.to_owned()], &[]), None, "{bad}");
        }
    }

    #[test]
    fn every_answer_has_a_policy_and_https_is_remembered() {
        let mut headers = HeaderMap::new();
        write(false, &mut headers);
        assert!(headers.contains_key(CONTENT_SECURITY_POLICY));
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
        write(true, &mut headers);
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }
}
