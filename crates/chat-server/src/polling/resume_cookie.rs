//! The resume cookie: what a polling client shows with each request to be the member it was, its resume token
//! and the life of the room it belongs to, as `token.epoch`. Browsers carry it in a cookie that no
//! script can read, one for each room and client id, so that several members of one browser do not meet;
//! a program may send it as `Authorization: Bearer`. Never in a URL. A cookie goes only where polling sessions
//! ask, for as long as it is good for something, and a browser has at most [`PLACES`] of them: however many
//! members a page makes it, no request's head grows too long to be read.

use std::time::{Duration, Instant};

use chat_protocol::{ClientId, Epoch, ResumeToken, RoomId, RoomKey};
use http::{HeaderMap, HeaderValue, header};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

/// Most cookies that one browser has: more members than anybody is in one browser, and 4 KiB of a request's
/// head. One more takes the place of another, who then joins anew.
const PLACES: usize = 32;

/// How long a browser keeps the cookie of a stream, under which nothing can renew it.
const STREAM_AGE: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ResumeCookie {
    pub(crate) token: ResumeToken,
    /// The life of the room it is good in.
    pub(crate) epoch: Epoch,
}

/// What a request shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// To be this member, if it shows something that can be such.
    pub(crate) resume: Option<ResumeCookie>,
    /// Whether it is a browser that shows it, as a cookie.
    pub(crate) is_cookie: bool,
    /// The place in which a browser keeps this member's cookie.
    place: usize,
}

impl Shown {
    /// What the request shows for this client id in this room.
    pub(crate) fn of(headers: &HeaderMap, room: &RoomId, client: &ClientId) -> Self {
        let mark = mark(room, client);
        let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut places: [Option<&str>; PLACES] = [None; PLACES];
        for (name, value) in pairs {
            let place = name.strip_prefix(COOKIE).and_then(|place| place.parse::<usize>().ok());
            if let Some(place) = place.and_then(|place| places.get_mut(place)) {
                *place = Some(value);
            }
        }
        let own = |value: &str| {
            let (of, value) = value.split_once('.')?;
            if of == mark { ResumeCookie::read(value) } else { None }
        };
        let kept = places.iter().enumerate().find_map(|(at, value)| Some((at, own((*value)?)?)));
        // Each begins at another place, so that two that come at the same time take two.
        let first = usize::from_str_radix(&mark[..4], 16).unwrap_or_default() % PLACES;
        let free = || (0..PLACES).map(|n| (first + n) % PLACES).find(|at| places[*at].is_none());
        let place = kept.as_ref().map(|(at, _)| *at).or_else(free).unwrap_or(first);
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match bearer.and_then(|value| value.strip_prefix("Bearer ")) {
            Some(bearer) => Self { resume: ResumeCookie::read(bearer.trim()), is_cookie: false, place },
            None => Self { is_cookie: kept.is_some(), resume: kept.map(|(_, resume)| resume), place },
        }
    }

    /// The cookie that a browser keeps from now on, in the place of the one it showed, if it did: for the
    /// addresses under `path`, for this site, and for no script.
    pub(crate) fn renewed(
        &self,
        resume: &ResumeCookie,
        room: &RoomId,
        client: &ClientId,
        path: &str,
        age: Duration,
    ) -> HeaderValue {
        let (place, mark, age) = (self.place, mark(room, client), age.as_secs());
        let (token, epoch) = (resume.token.as_str(), resume.epoch.as_str());
        let cookie = format!(
            "{COOKIE}{place}={mark}.{token}.{epoch}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Strict"
        );
        HeaderValue::from_str(&cookie).expect("ids of the server's own making are ASCII")
    }
}

/// What the names of these cookies begin with.
const COOKIE: &str = "otagh-";

impl ResumeCookie {
    fn read(value: &str) -> Option<Self> {
        let (token, epoch) = value.split_once('.')?;
        Some(Self { token: ResumeToken::parse(token).ok()?, epoch: Epoch::parse(epoch).ok()? })
    }
}

/// Whose a cookie is: short and ASCII, whatever script the ids are in, and the same for all spellings
/// of a room.
fn mark(room: &RoomId, client: &ClientId) -> String {
    // Neither key nor id has a line end in it.
    let ids = format!("{}\n{}", RoomKey::of(room).as_str(), client.as_str());
    let mark: [u8; 8] = *Sha256::digest(ids).first_chunk().expect("it has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(mark))
}

/// When a session's cookie is given to its browser again.
#[derive(Debug, Default)]
pub(crate) struct Renewal(Mutex<Option<Instant>>);

impl Renewal {
    /// The cookie is given now to who stays so long without a request, and may come back for so long after
    /// that: how long it is kept. Until it is due again it outlives any pause that the session does.
    pub(crate) fn give(&self, stay: Duration, window: Duration, now: Instant) -> Duration {
        *self.0.lock() = Some(now + stay);
        if stay.is_zero() { STREAM_AGE } else { 2 * stay + window }
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.0.lock().is_some_and(|due| due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    fn given() -> ResumeCookie {
        ResumeCookie { token: ResumeToken::from_bytes([7; 32]), epoch: Epoch::parse("e1").unwrap() }
    }

    #[test]
    fn cookie_binds_to_member_bearer_does_not() {
        let (sara, ali) = (ClientId::parse("سارا").unwrap(), ClientId::parse("ali").unwrap());
        let (class, other) = (RoomId::parse("کلاس").unwrap(), RoomId::parse("other").unwrap());
        let spelt = RoomId::parse("کـلاس").unwrap();
        let resume = |sent: &HeaderMap, room, client| Shown::of(sent, room, client).resume;
        let none = Shown::of(&HeaderMap::new(), &class, &sara);
        let cookie = none.renewed(&given(), &class, &sara, "/rooms", Duration::from_secs(270));
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.ends_with("; Path=/rooms; Max-Age=270; HttpOnly; SameSite=Strict"));
        let pair = cookie.split(';').next().unwrap();
        let sent = headers(header::COOKIE, &format!("theme=dark; {pair}; other=x; otagh-99=x; otagh-x=x"));
        assert_eq!(resume(&sent, &class, &sara), Some(given()));
        assert_eq!(resume(&sent, &spelt, &sara), Some(given()));
        assert_eq!(resume(&sent, &class, &ali), None);
        assert_eq!(resume(&sent, &other, &sara), None);
        // The same member's next cookie replaces it.
        let again = Shown::of(&sent, &class, &sara);
        let again = again.renewed(&given(), &class, &sara, "/rooms", Duration::from_secs(270));
        assert_eq!((again.to_str().unwrap(), Shown::of(&sent, &class, &sara).is_cookie), (cookie, true));
        let bearer = format!("Bearer {}.e1", given().token.as_str());
        let shown = Shown::of(&headers(header::AUTHORIZATION, &bearer), &other, &ali);
        assert_eq!((shown.resume, shown.is_cookie), (Some(given()), false));
    }

    #[test]
    fn malformed_bearer_gives_no_resume_cookie() {
        let (class, ali) = (RoomId::parse("class").unwrap(), ClientId::parse("ali").unwrap());
        for bad in ["", "Bearer", "Bearer x", "Bearer a.b", "Basic abc", "Bearer ...."] {
            assert_eq!(Shown::of(&headers(header::AUTHORIZATION, bad), &class, &ali).resume, None, "{bad}");
        }
    }

    #[test]
    fn cookie_outlives_every_pause_of_its_session() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let renewal = Renewal::default();
        assert!(!renewal.is_due(start), "none was given");
        for window in [0, 120] {
            let age = renewal.give(75 * second, window * second, start);
            assert!(!renewal.is_due(start + 74 * second) && renewal.is_due(start + 75 * second));
            assert!(start + (74 + 75) * second < start + age && age < 300 * second);
        }
    }
}
