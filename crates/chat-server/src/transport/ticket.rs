//! What a member without a socket shows with each request to be the one they were: the resume token
//! and the life of the room it belongs to, as `token.epoch`. Browsers carry it in a cookie that no
//! script can read, one for each client id, so that several members of one browser do not meet; a
//! program may send it as `Authorization: Bearer`. Never in a URL.

use chat_protocol::{ClientId, Epoch, ResumeToken};
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ticket {
    /// Proves who it is.
    pub token: ResumeToken,
    /// The life of the room it is good in.
    pub epoch: Epoch,
}

impl Ticket {
    /// What the request shows for this client id, if it shows something that can be one.
    pub fn of(headers: &HeaderMap, client: &ClientId) -> Option<Self> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(bearer) = bearer.and_then(|value| value.strip_prefix("Bearer ")) {
            return Self::read(bearer.trim());
        }
        let name = cookie(client);
        let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).and_then(|(_, value)| Self::read(value))
    }

    fn read(value: &str) -> Option<Self> {
        let (token, epoch) = value.split_once('.')?;
        Some(Self { token: ResumeToken::parse(token).ok()?, epoch: Epoch::parse(epoch).ok()? })
    }

    /// As a cookie of this client id: for this browser session, for this site, and for no script.
    pub fn to_cookie(&self, client: &ClientId) -> Option<HeaderValue> {
        let (name, token, epoch) = (cookie(client), self.token.as_str(), self.epoch.as_str());
        let cookie = format!("{name}={token}.{epoch}; Path=/; HttpOnly; SameSite=Strict");
        HeaderValue::from_str(&cookie).ok()
    }
}

fn cookie(client: &ClientId) -> String {
    format!("otagh-{}", utf8_percent_encode(client.as_str(), NON_ALPHANUMERIC))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    #[test]
    fn what_is_given_comes_back_by_cookie_or_by_bearer_for_its_own_id_only() {
        let (sara, ali) = (ClientId::parse("سارا").unwrap(), ClientId::parse("ali").unwrap());
        let ticket = Ticket { token: ResumeToken::from_bytes([7; 32]), epoch: Epoch::parse("e1").unwrap() };
        let cookie = ticket.to_cookie(&sara).unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"));
        let pair = cookie.split(';').next().unwrap();
        let sent = headers(header::COOKIE, &format!("theme=dark; {pair}; other=x"));
        assert_eq!(Ticket::of(&sent, &sara), Some(ticket.clone()));
        assert_eq!(Ticket::of(&sent, &ali), None);
        let (_, value) = pair.split_once('=').unwrap();
        assert_eq!(
            Ticket::of(&headers(header::AUTHORIZATION, &format!("Bearer {value}")), &ali),
            Some(ticket)
        );
    }

    #[test]
    fn what_cannot_be_one_is_none() {
        let ali = ClientId::parse("ali").unwrap();
        for bad in ["", "Bearer", "Bearer x", "Bearer a.b", "Basic abc", "Bearer ...."] {
            assert_eq!(Ticket::of(&headers(header::AUTHORIZATION, bad), &ali), None, "{bad}");
        }
    }
}
