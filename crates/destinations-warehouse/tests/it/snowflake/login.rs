//! Logins with keys and tokens: what is sent, and that its signature is the key's.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartage_destinations_api::{Destination, ErrorKind, Result};
use cartage_destinations_warehouse::snowflake::connect;
use cartage_test_support::RestServer;
use ring::digest::{SHA256, digest};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::client::{LOGIN, request, welcome};

/// Keys of nobody, made for these tests: one key in its forms, encrypted with "hush" where it is, and its public key.
fn key(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snowflake/keys").join(name)
}

/// The data of the login with these credentials.
fn login(credentials: &Value) -> Result<Value> {
    let server = RestServer::answering(|_| welcome());
    // What comes after the login does not matter.
    let answer = connect(&request(&server, credentials))?.reader().unwrap().tables();
    match server.seen_at(LOGIN).first() {
        Some(seen) => Ok(seen.json()["data"].clone()),
        None => Err(answer.unwrap_err()),
    }
}

fn public_key() -> Vec<u8> {
    let pem = std::fs::read_to_string(key("public.pem")).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

/// The claims of a token, whose signature is that of the key.
fn verified(token: &str) -> Value {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    // The key itself, behind the name of its algorithm.
    let public = &public_key()[24..];
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
        .verify(signed.as_bytes(), &signature)
        .unwrap();
    let parts: Vec<Value> = signed
        .split('.')
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0], json!({"alg": "RS256", "typ": "JWT"}));
    parts[1].clone()
}

#[test]
fn a_key_in_any_form_signs_the_token_of_the_login() {
    let base64 = STANDARD.encode({
        let pem = std::fs::read_to_string(key("plain.p8")).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(body).unwrap()
    });
    for credentials in [
        json!({"private_key_path": key("plain.p8")}),
        json!({"private_key_path": key("pkcs1.pem")}),
        json!({"private_key_path": key("aes.p8"), "private_key_passphrase": "hush"}),
        json!({"private_key_path": key("des3.p8"), "private_key_passphrase": "hush"}),
        json!({"private_key": std::fs::read_to_string(key("plain.p8")).unwrap()}),
        json!({"private_key": base64, "authenticator": "snowflake_jwt"}),
        // A plus sign in the address of a connection is a blank.
        json!({"private_key": base64.replace('+', " ")}),
    ] {
        let data = login(&credentials).unwrap();
        assert_eq!(data["AUTHENTICATOR"], "SNOWFLAKE_JWT");
        let claims = verified(data["TOKEN"].as_str().unwrap());
        let fingerprint = STANDARD.encode(digest(&SHA256, &public_key()));
        assert_eq!(claims["sub"], "ORG-ACCT.LOADER");
        assert_eq!(claims["iss"], format!("ORG-ACCT.LOADER.SHA256:{fingerprint}"));
        let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert!((60..=3600).contains(&lifetime), "{claims}");
        assert!(data.get("PASSWORD").is_none());
    }
}

#[test]
fn keys_that_cannot_be_used_are_refused_with_the_remedy() {
    for (credentials, expected) in [
        (json!({"private_key_path": key("aes.p8")}), "private_key_passphrase"),
        (
            json!({"private_key_path": key("aes.p8"), "private_key_passphrase": "wrong"}),
            "private_key_passphrase",
        ),
        (json!({"private_key": "hush, no key"}), "openssl"),
        (json!({"private_key_path": key("nowhere.p8")}), "private_key_path"),
    ] {
        let error = login(&credentials).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.remedy().unwrap().contains(expected), "{error:?}");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}

#[test]
fn tokens_are_sent_with_their_authenticator() {
    let data = login(&json!({"token": "hush", "authenticator": "oauth"})).unwrap();
    assert_eq!((&data["AUTHENTICATOR"], &data["TOKEN"]), (&json!("OAUTH"), &json!("hush")));
    let data = login(&json!({"token": "hush", "authenticator": "PROGRAMMATIC_ACCESS_TOKEN"})).unwrap();
    assert_eq!(
        (&data["AUTHENTICATOR"], &data["TOKEN"]),
        (&json!("PROGRAMMATIC_ACCESS_TOKEN"), &json!("hush"))
    );
    let data = login(&json!({"password": "hush", "authenticator": "snowflake"})).unwrap();
    assert_eq!(data["PASSWORD"], "hush");
}

#[test]
fn credentials_that_prove_nothing_are_refused_before_anything_is_sent() {
    for (credentials, expected) in [
        (json!({}), "password"),
        (json!({"authenticator": "oauth"}), "token"),
        (json!({"authenticator": "snowflake_jwt"}), "private_key"),
        (json!({"authenticator": "externalbrowser"}), "authenticator"),
        (json!({"private_key": "a", "private_key_path": "b"}), "private_key"),
    ] {
        let error = login(&credentials).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
