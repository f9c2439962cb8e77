//! Which of the encodings we have a client takes best (RFC 9110 §12.5.3). It knows the header, not
//! the files.

use http::{HeaderMap, header};

use crate::http::headers::list;

/// A way to compress, made beforehand; never while serving.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Encoding {
    /// Brotli: the smallest. Browsers offer it over HTTPS and on localhost.
    Brotli,
    /// Gzip: for the rest, such as a phone on a LAN.
    Gzip,
}

impl Encoding {
    /// As in `Content-Encoding`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What the name of the compressed file ends in.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }
}

/// The encodings that the client takes, best first; of two it likes alike, ours. Not compressed at
/// all is always an answer, so it is not in the list.
pub(crate) fn accepted(headers: &HeaderMap) -> Vec<Encoding> {
    let mut accepted: Vec<(f32, Encoding)> = [Encoding::Brotli, Encoding::Gzip]
        .into_iter()
        .map(|encoding| (quality(headers, encoding.name()), encoding))
        .filter(|(quality, _)| *quality > 0.0)
        .collect();
    accepted.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    accepted.into_iter().map(|(_, encoding)| encoding).collect()
}

/// The quality that the client gives to this encoding by name, or else to any.
fn quality(headers: &HeaderMap, name: &str) -> f32 {
    let offers = || list(headers, header::ACCEPT_ENCODING).map(offer);
    let by = |name: &str| offers().find(|(offered, _)| offered.eq_ignore_ascii_case(name));
    by(name).or_else(|| by("*")).map_or(0.0, |(_, quality)| quality)
}

fn offer(raw: &str) -> (&str, f32) {
    let mut parts = raw.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    // A weight that is none is a client's mistake; uncompressed is the safe reading of it.
    (name, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_encoding_header_decides_encoding() {
        use Encoding::{Brotli, Gzip};
        for (offer, expected) in [
            ("gzip, deflate, br, zstd", &[Brotli, Gzip][..]),
            ("gzip, deflate", &[Gzip]),
            ("GZIP", &[Gzip]),
            ("br;q=0.5, gzip;q=0.8", &[Gzip, Brotli]),
            ("br;q=0, gzip", &[Gzip]),
            ("br; q=0.000", &[]),
            ("*", &[Brotli, Gzip]),
            ("*;q=0.1, br;q=0", &[Gzip]),
            ("*;q=0", &[]),
            ("identity", &[]),
            ("br;q=nonsense", &[]),
            ("", &[]),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, offer.parse().unwrap());
            assert_eq!(accepted(&headers), expected, "{offer:?}");
        }
        assert!(accepted(&HeaderMap::new()).is_empty());
    }
}
