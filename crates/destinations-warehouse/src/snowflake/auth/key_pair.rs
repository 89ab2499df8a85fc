//! A private key that signs the token of a login: a JWT with RS256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartage_destinations_api::Secret;
use pkcs8::EncryptedPrivateKeyInfoRef;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

/// Seconds that a token is valid; the service allows an hour.
const LIFETIME: i64 = 15 * 60;
/// The object identifier of RSA keys with its null parameter, as the algorithm of a public key in DER.
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// A private key.
pub(crate) struct KeyPair(RsaKeyPair);

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").finish_non_exhaustive()
    }
}

/// Why a private key cannot be used, with the remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnusableKey {
    pub(crate) message: &'static str,
    pub(crate) remedy: &'static str,
}

const NO_KEY: UnusableKey = UnusableKey {
    message: "the private key is neither PEM nor DER in base64",
    remedy: "make one with `openssl genrsa 2048 | openssl pkcs8 -topk8 -nocrypt -out rsa_key.p8`",
};
const NO_PASSPHRASE: UnusableKey =
    UnusableKey { message: "the private key is encrypted", remedy: "set private_key_passphrase" };
const WRONG_PASSPHRASE: UnusableKey = UnusableKey {
    message: "the private key cannot be decrypted",
    remedy: "check private_key_passphrase; keys of other ciphers than AES and 3DES are decrypted with `openssl pkcs8 -in rsa_key.p8 -out plain.p8`",
};
const NO_RSA: UnusableKey = UnusableKey {
    message: "the private key is none of RSA with 2048 to 8192 bits",
    remedy: "make one with `openssl genrsa 2048 | openssl pkcs8 -topk8 -nocrypt -out rsa_key.p8`, and register its public key at the user",
};

/// A key in DER, and what the PEM around it says of its form.
struct Der {
    label: Option<String>,
    bytes: Vec<u8>,
}

impl KeyPair {
    /// Reads a key: PEM, DER in base64, or DER.
    pub(crate) fn read(text: &[u8], passphrase: Option<&Secret>) -> Result<Self, UnusableKey> {
        let Der { label, bytes } = der(text).ok_or(NO_KEY)?;
        let encrypted = EncryptedPrivateKeyInfoRef::try_from(bytes.as_slice()).ok();
        let key = if label.as_deref() == Some("RSA PRIVATE KEY") {
            RsaKeyPair::from_der(&bytes)
        } else if let Some(encrypted) = encrypted {
            let passphrase = passphrase.ok_or(NO_PASSPHRASE)?;
            let plain = encrypted.decrypt(passphrase.expose()).map_err(|_| WRONG_PASSPHRASE)?;
            RsaKeyPair::from_pkcs8(plain.as_bytes())
        } else {
            RsaKeyPair::from_pkcs8(&bytes)
        };
        key.map(Self).map_err(|_| NO_RSA)
    }

    /// The public key in the form that the service takes a hash of (`SubjectPublicKeyInfo` in DER).
    fn public_key(&self) -> Vec<u8> {
        let key = self.0.public_key().as_ref();
        let bits = [&[0], key].concat();
        sequence(0x30, &[&RSA_ALGORITHM[..], &sequence(0x03, &bits)].concat())
    }

    /// What the service shows of the public key as `RSA_PUBLIC_KEY_FP`.
    pub(crate) fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD.encode(digest(&SHA256, &self.public_key())))
    }

    /// A token for a login at `now`, in seconds since 1970.
    pub(crate) fn token(&self, account: &str, user: &str, now: i64) -> Result<String, UnusableKey> {
        // Without the region: the account is known by its first part.
        let account = account.split('.').next().unwrap_or_default().to_uppercase();
        let subject = format!("{account}.{}", user.to_uppercase());
        let claims = json!({
            "iss": format!("{subject}.{}", self.fingerprint()),
            "sub": subject,
            "iat": now,
            "exp": now + LIFETIME,
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&json!({"alg": "RS256", "typ": "JWT"})), encode(&claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| NO_RSA)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// An element of DER.
fn sequence(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        bytes.push(0x80 | digits.len() as u8);
        bytes.extend(digits);
    }
    bytes.extend_from_slice(content);
    bytes
}

fn der(text: &[u8]) -> Option<Der> {
    let Some(text) = std::str::from_utf8(text).ok().map(str::trim) else {
        return Some(Der { label: None, bytes: text.to_vec() });
    };
    let decode = |body: String| STANDARD.decode(body).ok();
    if let Some(rest) = text.strip_prefix("-----BEGIN ") {
        let (label, rest) = rest.split_once("-----")?;
        let body = rest.split("-----END").next()?;
        let bytes = decode(body.split_whitespace().collect())?;
        return Some(Der { label: Some(label.to_owned()), bytes });
    }
    // A key in the address of a connection may have lost its plus signs.
    let lines: String = text.lines().map(str::trim).collect();
    Some(Der { label: None, bytes: decode(lines.replace(' ', "+"))? })
}
