//! The connections to an engine: one for scripts, which all rooms share, and one for what is published.
//! The only module that knows the `redis` crate, whose types do not leave it. It deliberately neither
//! connects again nor asks again: that is the keeper's.

use std::{io, time::Duration};

use futures_util::{FutureExt, StreamExt};
use redis::{
    AsyncConnectionConfig, ErrorKind, IntoConnectionInfo, RedisError, ServerErrorKind,
    aio::{MultiplexedConnection, PubSubSink, PubSubStream},
};

use super::{ConnectError, Fault, scripts};

/// The oldest engine whose scripts may ask the time and write after it.
const OLDEST: u32 = 7;

/// Most channels that are asked for at once.
const CHANNELS_AT_ONCE: usize = 512;

/// Where an engine is, and how to be let in there. Its `Debug` shows no password.
#[derive(Clone, Debug)]
pub(super) struct Client {
    client: redis::Client,
    at: String,
}

/// A script, which is sent once and then named by its hash.
#[derive(Debug)]
pub(super) struct Script {
    name: &'static str,
    script: redis::Script,
}

/// The connection for scripts. A clone is the same connection.
#[derive(Clone, Debug)]
pub(super) struct Connection(MultiplexedConnection);

/// Where channels are asked for. A clone asks on the same connection.
#[derive(Clone, Debug)]
pub(super) struct Subscriptions(PubSubSink);

/// What is published on the channels that were asked for. The crate queues it without a bound: who has this
/// takes it at once.
pub(super) struct Messages(PubSubStream);

/// A message, and where. `None` for what is no text.
pub(super) struct Message {
    pub(super) channel: String,
    pub(super) text: Option<String>,
}

/// Why a script has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The link to the engine is worth nothing any more.
    Link(Fault),
    /// Only this question: what is under these keys is not what this program has written.
    Question(String),
}

impl Script {
    pub(super) fn new(name: &'static str, code: &str) -> Self {
        Self { name, script: redis::Script::new(code) }
    }
}

impl Client {
    pub(super) fn open(url: &str) -> Result<Self, ConnectError> {
        // The crate's own errors may repeat the URL, and with it a password.
        if url.starts_with("rediss://") || url.starts_with("valkeys://") {
            return Err(ConnectError::Tls);
        }
        let info = url.into_connection_info().map_err(|_| ConnectError::Url)?;
        if info.redis_settings().db() != 0 {
            return Err(ConnectError::Database);
        }
        let at = info.addr().to_string();
        let settings = info.tcp_settings().clone().set_nodelay(true);
        let client = redis::Client::open(info.set_tcp_settings(settings)).map_err(|_| ConnectError::Url)?;
        Ok(Self { client, at })
    }

    /// Host and port.
    pub(super) fn at(&self) -> &str {
        &self.at
    }

    /// Both connections, the scripts loaded, and which run of the engine it is.
    pub(super) async fn connect(
        &self,
        answer_within: Duration,
    ) -> Result<(Connection, Subscriptions, Messages, String), ConnectError> {
        let error = |error: RedisError| self.connect_error(&error);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(answer_within))
            .set_response_timeout(Some(answer_within));
        let mut connection =
            self.client.get_multiplexed_async_connection_with_config(&config).await.map_err(error)?;
        let info: String = redis::cmd("INFO").query_async(&mut connection).await.map_err(error)?;
        let run_id = self.check(&info)?;
        for script in scripts::all() {
            script.script.load_async(&mut connection).await.map_err(error)?;
        }
        let (sink, stream) = self.client.get_async_pubsub().await.map_err(error)?.split();
        Ok((Connection(connection), Subscriptions(sink), Messages(stream), run_id))
    }

    /// The engine's run, if it is an engine that rooms can be on.
    fn check(&self, info: &str) -> Result<String, ConnectError> {
        let at = || self.at.clone();
        let field = |name: &str| {
            let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            value.map(str::trim).filter(|value| !value.is_empty())
        };
        let version = field("redis_version").ok_or_else(|| ConnectError::NoEngine { at: at() })?;
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_some_and(|major| major < OLDEST) {
            return Err(ConnectError::TooOld { at: at(), version: version.into() });
        }
        match field("redis_mode").or_else(|| field("server_mode")) {
            Some("standalone") | None => {}
            Some(mode) => return Err(ConnectError::Mode { at: at(), mode: mode.into() }),
        }
        if field("role") == Some("slave") {
            return Err(ConnectError::Replica { at: at() });
        }
        field("run_id").map(Into::into).ok_or_else(|| ConnectError::NoEngine { at: at() })
    }

    pub(super) fn connect_error(&self, error: &RedisError) -> ConnectError {
        let at = self.at.clone();
        match error.kind() {
            ErrorKind::AuthenticationFailed => ConnectError::Auth { at },
            _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS")) => ConnectError::Auth { at },
            _ if error.code() == Some("NOPERM") => ConnectError::Denied { at, reason: error.to_string() },
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => ConnectError::NoEngine { at },
            ErrorKind::Server(ServerErrorKind::MasterDown | ServerErrorKind::ReadOnly) => {
                ConnectError::Replica { at }
            }
            _ if error.code().is_some() => ConnectError::Refused { at, reason: error.to_string() },
            _ => ConnectError::Unreachable { at, reason: error.to_string() },
        }
    }
}

impl Connection {
    /// Runs a script. Each part of its answer is a text; what is missing is an empty one.
    pub(super) async fn run(
        &self,
        script: &Script,
        keys: &[String],
        args: &[&str],
    ) -> Result<Vec<String>, Failure> {
        let mut call = script.script.prepare_invoke();
        for key in keys {
            call.key(key);
        }
        for arg in args {
            call.arg(*arg);
        }
        // Loads the script again, once, where it was flushed.
        let answer: Result<Vec<Option<String>>, _> = call.invoke_async(&mut self.0.clone()).await;
        let answer = answer.map_err(|error| failure(script, &error))?;
        Ok(answer.into_iter().map(Option::unwrap_or_default).collect())
    }
}

impl Subscriptions {
    /// Asks for these channels, and waits until they are heard.
    pub(super) async fn subscribe_all(&mut self, channels: &[String]) -> Result<(), Fault> {
        for channels in channels.chunks(CHANNELS_AT_ONCE) {
            self.0.subscribe(channels).await.map_err(|error| fault(&error))?;
        }
        Ok(())
    }

    /// Asks for a channel: asked when this returns, heard when the future is done.
    pub(super) fn subscribe(&self, channel: String) -> impl Future<Output = Result<(), Fault>> + use<> {
        let mut sink = self.0.clone();
        let mut asked = Box::pin(async move { sink.subscribe(channel).await });
        // The crate sends at the first poll.
        let answer = (&mut asked).now_or_never();
        async move {
            let answer = match answer {
                Some(answer) => answer,
                None => asked.await,
            };
            answer.map_err(|error| fault(&error))
        }
    }

    /// Asks for a channel no more. The answer is nobody's concern: a channel that is still heard has no
    /// follower, and of a connection that is gone nothing is heard.
    pub(super) fn unsubscribe(&self, channel: String) {
        let mut sink = self.0.clone();
        drop(async move { sink.unsubscribe(channel).await }.boxed().now_or_never());
    }
}

impl Messages {
    /// The next; `None` when the connection is over.
    pub(super) async fn next(&mut self) -> Option<Message> {
        let message = self.0.next().await?;
        Some(Message { channel: message.get_channel_name().into(), text: message.get_payload().ok() })
    }
}

fn fault(error: &RedisError) -> Fault {
    let reason = error.to_string();
    match error.code() {
        Some("READONLY" | "MASTERDOWN") => Fault::Distrusted(reason),
        Some("NOPERM") => Fault::Denied(reason),
        Some(_) => Fault::Refused(reason),
        None => Fault::Broken(reason),
    }
}

fn failure(script: &Script, error: &RedisError) -> Failure {
    let question = || Failure::Question(format!("{}: {error}", script.name));
    match (error.code(), error.kind()) {
        (Some("ERR" | "WRONGTYPE"), _) => question(),
        (None, ErrorKind::Parse | ErrorKind::UnexpectedReturnType) => question(),
        _ => Failure::Link(fault(error)),
    }
}

/// What a connection that took too long is told as.
pub(super) fn timed_out() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}
