//! How `Sec-WebSocket-Accept` comes from `Sec-WebSocket-Key` (RFC 6455 §1.3, §4.2.2), with every step
//! in between. It is no secret and protects nothing by itself: it shows that the other end read a
//! WebSocket handshake, and is not some other server that answers anything.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

/// What is appended to the key: the one value of the RFC, which nobody would use by chance.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The computation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accept {
    /// The value of `Sec-WebSocket-Key`, as it was sent; its base64 is not decoded for this.
    pub key: String,
    /// The key and `GUID`, one after the other.
    pub joined: String,
    /// The SHA-1 of that.
    pub digest: [u8; 20],
    /// The digest in base64: the value of `Sec-WebSocket-Accept`, 28 characters.
    pub value: String,
}

impl Accept {
    /// For this key, whatever it is.
    pub fn of(key: &str) -> Self {
        let joined = format!("{key}{GUID}");
        let digest: [u8; 20] = Sha1::digest(joined.as_bytes()).into();
        Self { key: key.to_owned(), joined, digest, value: STANDARD.encode(digest) }
    }
}

/// Whether it is a key as the handshake asks for: 16 bytes in base64 (§4.1), which are 22 digits and
/// two paddings.
pub fn is_key(key: &str) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match key.as_bytes().split_last_chunk::<2>() {
        Some((digits, b"==")) => digits.len() == 22 && digits.iter().all(digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_matches_rfc_example_steps() {
        let accept = Accept::of("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept.joined, "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        assert_eq!(
            accept.digest,
            [
                0xb3, 0x7a, 0x4f, 0x2c, 0xc0, 0x62, 0x4f, 0x16, 0x90, 0xf6, 0x46, 0x06, 0xcf, 0x38, 0x59,
                0x45, 0xb2, 0xbe, 0xc4, 0xea
            ]
        );
        assert_eq!(accept.value, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_sixteen_bytes_in_base64() {
        assert!(is_key("dGhlIHNhbXBsZSBub25jZQ=="));
        for bad in ["", "==", "short", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ= ", "سسسسسسسسسسس=="]
        {
            assert!(!is_key(bad), "{bad}");
        }
        assert_eq!(Accept::of("").value.len(), 28);
    }
}
