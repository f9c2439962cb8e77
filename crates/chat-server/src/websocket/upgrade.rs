//! Step 1, **open**. The handshake is that of any WebSocket (see [`handshake`]), to an address with two ids.
//! After the `101` the socket is taken back from the HTTP library, moves to the core that its room lives on, and
//! becomes a [`Connection`] there.

use std::{io, sync::Arc, time::Instant};

use axum::{
    Extension,
    extract::{Path, Request, State, rejection::PathRejection},
    response::Response,
};
use chat_protocol::{ClientId, RoomId, RoomKey, SUBPROTOCOL};
use http::{HeaderMap, Method, Uri, header};
use hyper::upgrade::Parts;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{
    Context, Destination,
    connection::{Connection, Recording},
};
use crate::{
    cores::Core,
    http::{
        handshake::{self, HandshakeError},
        headers::list,
        site::Site,
    },
    limits::client_ip::{ClientIp, Peer},
    net::{
        connections::Connections,
        http_stream::{HttpStream, Passage},
        tap::Ends,
        tasks::Tasks,
    },
    rooms::recorder::Subject,
};

/// `GET /ws/{room_id}/{client_id}`.
pub(crate) async fn upgrade(
    State(site): State<Arc<Site>>,
    State(connections): State<Arc<Connections>>,
    State(context): State<Arc<Context>>,
    State(tasks): State<Tasks>,
    Extension(Peer(peer)): Extension<Peer>,
    ids: Result<Path<(String, String)>, PathRejection>,
    mut request: Request,
) -> Result<Response, HandshakeError> {
    let Ok(Path((room, client_id))) = ids else {
        return Err(HandshakeError::BadRequest("room id and client id must be percent-encoded UTF-8".into()));
    };
    let room = RoomId::parse(&room).map_err(|invalid| HandshakeError::BadRequest(invalid.detail))?;
    let client_id =
        ClientId::parse(&client_id).map_err(|invalid| HandshakeError::BadRequest(invalid.detail))?;
    let now = Instant::now();
    let (method, version, headers) = (request.method(), request.version(), request.headers());
    let accept = handshake::check(method, version, headers).inspect_err(|_| {
        if method == Method::GET {
            site.hints.no_upgrade(version, headers, now);
        }
    })?;
    site.check_and_hint(headers)?;
    let offered = offers_subprotocol(request.headers());
    let on_upgrade = handshake::socket(&mut request)?;
    let client = site.client(peer, request.headers());
    let recorded_for = asks_for_recording(request.uri()).then_some(client);
    let slot = connections.reserve(client, now)?;

    let destination = Destination { home: context.rooms.home(RoomKey::of(&room)), room, client_id };
    tasks.clone().spawn(async move {
        let upgraded = match on_upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => return tracing::debug!(%error, "the client did not wait for the upgrade"),
        };
        let Ok(Parts { io, read_buf, .. }) = upgraded.downcast::<TokioIo<HttpStream>>() else {
            return tracing::error!("the upgraded connection is not the socket that was accepted");
        };
        let (stream, handshake) = io.into_inner().into_parts();
        let recording = match recorded_for {
            Some(client) => record(&site, &context, &stream, handshake, client).unwrap_or(Recording::Refused),
            None => Recording::NotAsked,
        };
        let core = destination.home.core().clone();
        let open =
            move |stream| Connection::open(context, destination, stream, read_buf, slot, recording).run();
        if let Err(error) = settle(stream, &core, tasks, open) {
            tracing::error!(%error, "a socket could not be taken to the core of its room");
        }
    });

    Ok(handshake::accepted(&accept, offered.then_some(SUBPROTOCOL)))
}

/// Runs what is to become of this socket on this core, whose reactor watches the socket from then on.
fn settle<F: Future<Output = ()> + Send + 'static>(
    stream: TcpStream,
    core: &Core,
    tasks: Tasks,
    open: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> io::Result<()> {
    if core.is_here() {
        // A task of its own: the size of the one that calls this is that of what it held before.
        tasks.spawn(Box::pin(open(stream)));
        return Ok(());
    }
    let stream = stream.into_std()?;
    tasks.clone().spawn_on(core.runtime(), async move {
        match TcpStream::from_std(stream) {
            Ok(stream) => tasks.spawn(Box::pin(open(stream))),
            Err(error) => tracing::error!(%error, "a socket could not be watched on the core of its room"),
        }
    });
    Ok(())
}

/// Begins the recording of a connection whose handshake is over; `None` when it cannot be.
fn record(
    site: &Site,
    context: &Context,
    stream: &TcpStream,
    handshake: Option<Vec<Passage>>,
    client: ClientIp,
) -> Option<Recording> {
    let ends = Ends { local: stream.local_addr().ok()?, peer: stream.peer_addr().ok()? };
    let is_proxied = site.proxies.trusts(ends.peer.ip());
    let subject = Subject { handshake: handshake?, ends, is_proxied, client };
    let (token, watch) = context.recorder.as_ref()?.record(subject)?;
    Some(Recording::Begun(token, watch))
}

/// Whether `xray=1` stands in the query.
fn asks_for_recording(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "xray=1"))
}

fn offers_subprotocol(headers: &HeaderMap) -> bool {
    list(headers, header::SEC_WEBSOCKET_PROTOCOL).any(|offered| offered == SUBPROTOCOL)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        sync::oneshot,
    };

    use super::*;
    use crate::cores::Cores;

    #[tokio::test]
    async fn socket_moves_with_what_came_before() {
        for cores in [1, 2] {
            let (cores, _threads) = Cores::start(cores).unwrap();
            let core = cores.least_loaded().clone();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (near, _) = listener.accept().await.unwrap();
            far.write_all(b"early").await.unwrap();
            // Its readiness is known where it was until now.
            near.readable().await.unwrap();
            let (told, heard) = oneshot::channel();
            let there = core.clone();
            let open = |mut near: TcpStream| async move {
                let mut bytes = [0; 9];
                near.read_exact(&mut bytes).await.unwrap();
                near.write_all(b"heard").await.unwrap();
                told.send((there.is_here(), bytes)).unwrap();
            };
            settle(near, &core, Tasks::default(), open).unwrap();
            far.write_all(b"late").await.unwrap();
            assert_eq!(heard.await.unwrap(), (true, *b"earlylate"));
            let mut bytes = [0; 5];
            far.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"heard");
        }
    }
}
