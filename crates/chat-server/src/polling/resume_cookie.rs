//! The resume cookie: what a polling client shows with each request to be the member it was, its resume token
//! and the life of the room it belongs to, as `token.epoch`. Browsers carry it in a cookie that no
//! script can read, one for each room and client id, so that several members of one browser do not meet;
//! a program may send it as `Authorization: Bearer`. Never in a URL. A cookie goes only where polling sessions ask,
//! and for a day: however many a browser has gathered, the pages of the site are not in their way.

use chat_protocol::{ClientId, Epoch, ResumeToken, RoomId, RoomKey};
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// How long a browser keeps a cookie, in seconds.
const MAX_AGE: u32 = 24 * 60 * 60;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ResumeCookie {
    pub(crate) token: ResumeToken,
    /// The life of the room it is good in.
    pub(crate) epoch: Epoch,
}

impl ResumeCookie {
    /// What the request shows for this client id in this room, if it shows something that can be one.
    pub(crate) fn of(headers: &HeaderMap, room: &RoomId, client: &ClientId) -> Option<Self> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(bearer) = bearer.and_then(|value| value.strip_prefix("Bearer ")) {
            return Self::read(bearer.trim());
        }
        let name = cookie(room, client);
        let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).and_then(|(_, value)| Self::read(value))
    }

    fn read(value: &str) -> Option<Self> {
        let (token, epoch) = value.split_once('.')?;
        Some(Self { token: ResumeToken::parse(token).ok()?, epoch: Epoch::parse(epoch).ok()? })
    }

    /// As a cookie of this client id in this room: for the addresses under `path`, for this site, and for
    /// no script.
    pub(crate) fn to_cookie(&self, room: &RoomId, client: &ClientId, path: &str) -> HeaderValue {
        let (name, token, epoch) = (cookie(room, client), self.token.as_str(), self.epoch.as_str());
        let cookie =
            format!("{name}={token}.{epoch}; Path={path}; Max-Age={MAX_AGE}; HttpOnly; SameSite=Strict");
        HeaderValue::from_str(&cookie).expect("ids of the server's own making are ASCII")
    }
}

/// The name of a cookie: short and ASCII, whatever script the ids are in, and the same for all spellings
/// of a room.
fn cookie(room: &RoomId, client: &ClientId) -> String {
    // Neither key nor id has a line end in it.
    let ids = format!("{}\n{}", RoomKey::of(room).as_str(), client.as_str());
    let mark: [u8; 8] = *Sha256::digest(ids).first_chunk().expect("it has 32 bytes");
    format!("otagh-{:016x}", u64::from_be_bytes(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    #[test]
    fn cookie_binds_to_member_bearer_does_not() {
        let (sara, ali) = (ClientId::parse("سارا").unwrap(), ClientId::parse("ali").unwrap());
        let (class, other) = (RoomId::parse("کلاس").unwrap(), RoomId::parse("other").unwrap());
        let spelt = RoomId::parse("كـلاس").unwrap();
        let given =
            ResumeCookie { token: ResumeToken::from_bytes([7; 32]), epoch: Epoch::parse("e1").unwrap() };
        let cookie = given.to_cookie(&class, &sara, "/rooms");
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.ends_with("; Path=/rooms; Max-Age=86400; HttpOnly; SameSite=Strict"));
        let pair = cookie.split(';').next().unwrap();
        let sent = headers(header::COOKIE, &format!("theme=dark; {pair}; other=x"));
        assert_eq!(ResumeCookie::of(&sent, &class, &sara), Some(given.clone()));
        assert_eq!(ResumeCookie::of(&sent, &spelt, &sara), Some(given.clone()));
        assert_eq!(ResumeCookie::of(&sent, &class, &ali), None);
        assert_eq!(ResumeCookie::of(&sent, &other, &sara), None);
        let (_, value) = pair.split_once('=').unwrap();
        assert_eq!(
            ResumeCookie::of(&headers(header::AUTHORIZATION, &format!("Bearer {value}")), &other, &ali),
            Some(given)
        );
    }

    #[test]
    fn malformed_bearer_gives_no_resume_cookie() {
        let (class, ali) = (RoomId::parse("class").unwrap(), ClientId::parse("ali").unwrap());
        for bad in ["", "Bearer", "Bearer x", "Bearer a.b", "Basic abc", "Bearer ...."] {
            assert_eq!(ResumeCookie::of(&headers(header::AUTHORIZATION, bad), &class, &ali), None, "{bad}");
        }
    }
}
