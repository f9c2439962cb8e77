//! What this server knows of itself and believes of requests: its addresses, the origins whose pages may
//! connect, the trusted proxies. All handlers share one.

use std::{net::IpAddr, time::Instant};

use chat_protocol::RoomId;
use http::HeaderMap;

use super::{
    handshake::HandshakeError,
    hints::Hints,
    links::{self, Addresses},
    origin,
    web_origin::WebOrigin,
};
use crate::limits::client_ip::{ClientIp, TrustedProxies};

#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) addresses: Addresses,
    /// The origins whose pages may connect, besides the server's own host.
    pub(crate) origins: Vec<WebOrigin>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) hints: Hints,
    /// Whether a room has one spelling in every address.
    pub(crate) canonical_rooms: bool,
}

impl Site {
    /// Whether the request was sent to a name of this server's, by a page that may connect (RFC 6455 §10.2).
    ///
    /// # Errors
    /// [`HandshakeError::Host`] or [`HandshakeError::Origin`].
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), HandshakeError> {
        if self.addresses.public_url.is_some() && !origin::is_own_host(headers, &self.origins) {
            return Err(HandshakeError::Host);
        }
        if !origin::is_allowed(headers, &self.origins) {
            return Err(HandshakeError::Origin);
        }
        Ok(())
    }

    /// The same, with a warning for the operator if they can mend it.
    pub(crate) fn check_and_hint(&self, headers: &HeaderMap) -> Result<(), HandshakeError> {
        self.check(headers).inspect_err(|error| self.hints.refused(error, headers, Instant::now()))
    }

    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientIp {
        self.proxies.client(peer, headers)
    }

    /// Where the request was sent to, as far as it says: see [`links::asked`].
    pub(crate) fn asked(&self, peer: IpAddr, headers: &HeaderMap) -> Option<WebOrigin> {
        links::asked(&self.proxies, peer, headers)
    }

    /// The address of a room for other devices, for a request that was sent to `asked`.
    pub(crate) fn share_url(&self, room: &RoomId, asked: Option<&WebOrigin>) -> String {
        links::share_url(room, asked, &self.addresses)
    }

    /// Whether a code may be drawn for this origin: see [`links::may_be_drawn`].
    pub(crate) fn may_draw(
        &self,
        origin: &WebOrigin,
        asked: Option<&WebOrigin>,
        headers: &HeaderMap,
    ) -> bool {
        links::may_be_drawn(origin, asked, headers, &self.origins, &self.addresses)
    }
}
