//! Tokens that the server never made.

use serde_json::{Value, json};
use tests::{jwt, shared};

#[test]
fn only_tokens_that_the_server_signed_open_the_door() {
    let app = shared();
    let person = app.user();
    let token = person.token.clone().expect("a token");
    let (header, claims) = (jwt::header(&token), jwt::claims(&token));
    let secret = app.jwt_secret.as_bytes();
    let status = |token: &str| app.client().with_token(token).get("/api/tasks").status;
    assert_eq!(header["alg"], "HS256");

    // The crafted token is right but for what each case changes.
    assert_eq!(status(&jwt::sign(&header, &claims, secret)), 200);
    let with_algorithm = |algorithm: &str| json!({ "typ": "JWT", "alg": algorithm });
    let changed = |field: &str, value: Value| {
        let mut changed = claims.clone();
        changed[field] = value;
        jwt::sign(&header, &changed, secret)
    };
    let without = |field: &str| {
        let mut fewer = claims.clone();
        fewer.as_object_mut().expect("claims").remove(field);
        jwt::sign(&header, &fewer, secret)
    };
    let mut refused = vec![
        (
            "wrongly signed",
            jwt::sign(&header, &claims, b"another secret, also long enough for it"),
        ),
        ("signed with nothing", jwt::sign(&header, &claims, b"")),
        (
            "signature cut",
            token.trim_end_matches(|c| c != '.').to_owned(),
        ),
        (
            "two parts",
            token.rsplit_once('.').expect("three parts").0.to_owned(),
        ),
        ("four parts", format!("{token}.x")),
        (
            "signature changed",
            format!("{}A", &token[..token.len() - 1]),
        ),
        (
            "HS384 with the secret",
            jwt::sign_384(&with_algorithm("HS384"), &claims, secret),
        ),
        (
            "HS512 with the secret",
            jwt::sign_512(&with_algorithm("HS512"), &claims, secret),
        ),
        ("expired", changed("exp", json!(1_500_000_000))),
        ("no expiry", without("exp")),
        ("no subject", without("sub")),
        ("another person's name", changed("sub", json!("not a uuid"))),
        (
            "from another issuer",
            changed("iss", json!("https://evil.example")),
        ),
        (
            "for another audience",
            changed("aud", json!("https://evil.example")),
        ),
        ("not yet valid", changed("nbf", json!(32_000_000_000_u64))),
        ("expiry of another type", changed("exp", json!("tomorrow"))),
        ("empty", String::new()),
        ("dots", "..".to_owned()),
    ];
    for none in ["none", "None", "NONE", ""] {
        let input = jwt::signing_input(&with_algorithm(none), &claims);
        refused.push(("unsigned", format!("{input}.")));
        refused.push((
            "unsigned, with a signature",
            jwt::sign(&with_algorithm(none), &claims, secret),
        ));
    }
    // Key confusion: what is checked as another algorithm's signature with the same bytes as key.
    for algorithm in [
        "RS256", "RS512", "PS256", "ES256", "EdDSA", "hs256", "HS256 ",
    ] {
        refused.push((
            "confused",
            jwt::sign(&with_algorithm(algorithm), &claims, secret),
        ));
    }
    // A header that brings its own key.
    for (name, value) in [
        ("jwk", json!({ "kty": "oct", "k": "YXR0YWNrZXI" })),
        ("kid", json!("../../../../dev/null")),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/cert")),
    ] {
        let mut own = header.clone();
        own[name] = value;
        refused.push(("its own key", jwt::sign(&own, &claims, b"attacker")));
    }
    for (what, token) in refused {
        if reqwest::header::HeaderValue::from_str(&token).is_ok() {
            let answer = app.client().with_token(&token).get("/api/tasks");
            assert_eq!(answer.status, 401, "{what}: {token}: {answer:?}");
            answer.error(401);
        }
    }
    assert_eq!(status(&"x".repeat(7000)), 401);
}
