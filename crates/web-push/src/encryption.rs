//! Message encryption for Web Push (RFC 8291): one record of `aes128gcm` (RFC 8188).

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;

const SALT_BYTES: usize = 16;
const AUTH_SECRET_BYTES: usize = 16;
const PUBLIC_KEY_BYTES: usize = 65;
/// Salt, record size, length of the key's id and the key itself (RFC 8188, section 2.1).
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + PUBLIC_KEY_BYTES;
const TAG_BYTES: usize = 16;
/// What ends the last record's plaintext (RFC 8188, section 2).
const LAST_RECORD: u8 = 2;
/// What every push service takes (RFC 8030, section 7.2), and the record's size.
const MAX_MESSAGE_BYTES: usize = 4096;
/// The longest text that can be sent.
pub const MAX_PLAINTEXT_BYTES: usize = MAX_MESSAGE_BYTES - HEADER_BYTES - 1 - TAG_BYTES;

/// What must be random, and new for each message.
pub struct Randomness {
    /// The salt.
    pub salt: [u8; SALT_BYTES],
    /// The sender's private key for this message.
    pub private_key: [u8; 32],
}

/// Why a message cannot be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// `p256dh` is no uncompressed P-256 point in base64url.
    #[error("the subscription's p256dh is no P-256 key")]
    PublicKey,
    /// `auth` is not 16 bytes in base64url.
    #[error("the subscription's auth is not 16 bytes")]
    AuthSecret,
    /// The random bytes are no private key; that takes about 2^32 tries. Others will do.
    #[error("the random bytes are no private key")]
    PrivateKey,
    /// The text is longer than [`MAX_PLAINTEXT_BYTES`].
    #[error("the message is too long")]
    TooLong,
}

/// The body of a push message with `Content-Encoding: aes128gcm`, for the subscription with the keys
/// `p256dh` and `auth`, both in base64url.
///
/// # Errors
/// The subscription's keys are none, or the text is too long.
pub fn encrypt(
    plaintext: &[u8],
    p256dh: &str,
    auth: &str,
    randomness: &Randomness,
) -> Result<Vec<u8>, EncryptionError> {
    if plaintext.len() > MAX_PLAINTEXT_BYTES {
        return Err(EncryptionError::TooLong);
    }
    let receiver_point = decode(p256dh).ok_or(EncryptionError::PublicKey)?;
    let receiver = Some(receiver_point.as_slice())
        .filter(|point| point.len() == PUBLIC_KEY_BYTES)
        .and_then(|point| PublicKey::from_sec1_bytes(point).ok())
        .ok_or(EncryptionError::PublicKey)?;
    let auth_secret = decode(auth)
        .filter(|secret| secret.len() == AUTH_SECRET_BYTES)
        .ok_or(EncryptionError::AuthSecret)?;
    let sender =
        SecretKey::from_slice(&randomness.private_key).map_err(|_| EncryptionError::PrivateKey)?;
    let sender_point = sender.public_key().to_sec1_bytes();
    let shared = sender.diffie_hellman(&receiver);

    // RFC 8291, section 3.3.
    let key_info = [b"WebPush: info\0", &receiver_point[..], &sender_point].concat();
    let mut key_material = [0; 32];
    expand(
        &auth_secret,
        shared.raw_secret_bytes(),
        &key_info,
        &mut key_material,
    );
    // RFC 8188, sections 2.2 and 2.3.
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    let salt = &randomness.salt;
    expand(
        salt,
        &key_material,
        b"Content-Encoding: aes128gcm\0",
        &mut key,
    );
    expand(
        salt,
        &key_material,
        b"Content-Encoding: nonce\0",
        &mut nonce,
    );

    let record = [plaintext, &[LAST_RECORD]].concat();
    let ciphertext = Aes128Gcm::new(&key.into())
        .encrypt(&Nonce::from(nonce), record.as_slice())
        .map_err(|_| EncryptionError::TooLong)?;
    Ok([
        &salt[..],
        &(MAX_MESSAGE_BYTES as u32).to_be_bytes(),
        &[PUBLIC_KEY_BYTES as u8],
        &sender_point,
        &ciphertext,
    ]
    .concat())
}

/// Browsers give keys without padding, some libraries add it.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// HKDF with SHA-256 into `output`, of at most 32 bytes.
fn expand(salt: &[u8], input: &[u8], info: &[u8], output: &mut [u8]) {
    Hkdf::<Sha256>::new(Some(salt), input)
        .expand(info, output)
        .expect("HKDF-SHA-256 gives up to 8160 bytes");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // The values of RFC 8291, section 5 and appendix A.
    const PLAINTEXT: &[u8] = b"When I grow up, I want to be a watermelon";
    const SENDER_PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const RECEIVER_PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    const RECEIVER_PUBLIC: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const SALT: &str = "DGv6ra1nlYgDCS1FRnbzlw";
    const MESSAGE: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    fn array<const N: usize>(text: &str) -> [u8; N] {
        decode(text).unwrap().try_into().unwrap()
    }

    fn of_the_rfc() -> Randomness {
        Randomness {
            salt: array(SALT),
            private_key: array(SENDER_PRIVATE),
        }
    }

    /// What a browser does with a message of one record.
    fn decrypt(message: &[u8], private_key: &[u8], auth: &[u8]) -> Option<Vec<u8>> {
        let (header, ciphertext) = message.split_at_checked(HEADER_BYTES)?;
        let (salt, rest) = header.split_at(SALT_BYTES);
        let record_size = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        assert!(ciphertext.len() <= record_size);
        assert_eq!(rest[4] as usize, PUBLIC_KEY_BYTES);
        let sender_point = &rest[5..];
        let receiver = SecretKey::from_slice(private_key).unwrap();
        let shared = receiver.diffie_hellman(&PublicKey::from_sec1_bytes(sender_point).ok()?);
        let receiver_point = receiver.public_key().to_sec1_bytes();
        let info = [b"WebPush: info\0", &receiver_point[..], sender_point].concat();
        let (mut key_material, mut key, mut nonce) = ([0; 32], [0; 16], [0; 12]);
        expand(auth, shared.raw_secret_bytes(), &info, &mut key_material);
        expand(
            salt,
            &key_material,
            b"Content-Encoding: aes128gcm\0",
            &mut key,
        );
        expand(
            salt,
            &key_material,
            b"Content-Encoding: nonce\0",
            &mut nonce,
        );
        let mut record = Aes128Gcm::new(&key.into())
            .decrypt(&Nonce::from(nonce), ciphertext)
            .ok()?;
        assert_eq!(record.pop(), Some(LAST_RECORD));
        Some(record)
    }

    #[test]
    fn the_example_of_the_rfc_comes_out_byte_for_byte() {
        let message = encrypt(PLAINTEXT, RECEIVER_PUBLIC, AUTH, &of_the_rfc()).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(message), MESSAGE);
        let message = decode(MESSAGE).unwrap();
        let (key, auth) = (decode(RECEIVER_PRIVATE).unwrap(), decode(AUTH).unwrap());
        assert_eq!(decrypt(&message, &key, &auth).as_deref(), Some(PLAINTEXT));
    }

    #[test]
    fn the_longest_message_is_as_long_as_every_push_service_takes() {
        let longest = vec![b'x'; MAX_PLAINTEXT_BYTES];
        let message = encrypt(&longest, RECEIVER_PUBLIC, AUTH, &of_the_rfc()).unwrap();
        assert_eq!(message.len(), MAX_MESSAGE_BYTES);
        let longer = vec![b'x'; MAX_PLAINTEXT_BYTES + 1];
        assert_eq!(
            encrypt(&longer, RECEIVER_PUBLIC, AUTH, &of_the_rfc()),
            Err(EncryptionError::TooLong)
        );
    }

    #[test]
    fn keys_that_are_none_are_named() {
        // Not on the curve: the last byte changed.
        let mut off_curve: [u8; PUBLIC_KEY_BYTES] = array(RECEIVER_PUBLIC);
        off_curve[64] ^= 1;
        let off_curve = URL_SAFE_NO_PAD.encode(off_curve);
        let compressed = URL_SAFE_NO_PAD.encode([[2].as_slice(), &[1; 32]].concat());
        for p256dh in ["", "AA", "not base64!", &off_curve, &compressed] {
            assert_eq!(
                encrypt(PLAINTEXT, p256dh, AUTH, &of_the_rfc()),
                Err(EncryptionError::PublicKey),
                "{p256dh}"
            );
        }
        for auth in ["", "AA", "BTBZMqHH6r4Tts7J_aSIggAA"] {
            assert_eq!(
                encrypt(PLAINTEXT, RECEIVER_PUBLIC, auth, &of_the_rfc()),
                Err(EncryptionError::AuthSecret),
                "{auth}"
            );
        }
        let zero = Randomness {
            private_key: [0; 32],
            ..of_the_rfc()
        };
        assert_eq!(
            encrypt(PLAINTEXT, RECEIVER_PUBLIC, AUTH, &zero),
            Err(EncryptionError::PrivateKey)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn what_was_encrypted_is_read_by_its_receiver_alone(
            plaintext in prop::collection::vec(any::<u8>(), 0..200),
            salt: [u8; 16],
            private_key in prop::array::uniform32(1u8..=254),
            receiver in prop::array::uniform32(1u8..=254),
            auth: [u8; 16],
            flipped in any::<prop::sample::Index>(),
        ) {
            let public = SecretKey::from_slice(&receiver).unwrap().public_key();
            let mut message = encrypt(
                &plaintext,
                &URL_SAFE_NO_PAD.encode(public.to_sec1_bytes()),
                &URL_SAFE_NO_PAD.encode(auth),
                &Randomness { salt, private_key },
            )
            .unwrap();
            prop_assert_eq!(decrypt(&message, &receiver, &auth), Some(plaintext));
            let mut other = auth;
            other[0] ^= 1;
            prop_assert_eq!(decrypt(&message, &receiver, &other), None);
            let at = HEADER_BYTES + flipped.index(message.len() - HEADER_BYTES);
            message[at] ^= 1;
            prop_assert_eq!(decrypt(&message, &receiver, &auth), None);
        }

        #[test]
        fn no_keys_panic(p256dh in ".{0,100}", auth in ".{0,40}") {
            let _ = encrypt(PLAINTEXT, &p256dh, &auth, &of_the_rfc());
        }
    }
}
