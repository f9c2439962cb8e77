//! Every option of the server: a command-line flag and an environment variable each, with default,
//! unit and reason. What is part of the protocol (how long a name may be) is in
//! `chat_protocol::limits` and cannot be chosen; [`Config::text_max`] only tightens it.

use std::{net::IpAddr, time::Duration};

use chat_protocol::{ClassKey, RoomId, RoomKey, limits::TEXT_MAX_CHARS, typed};
use clap::{Parser, builder::FalseyValueParser};
use ipnet::IpNet;

use crate::{
    cores,
    http::web_origin::{self, BadOrigin, WebOrigin},
    limits::{client_ip, fault_access::FaultAccess},
};

/// More than any machine has, and few enough for their threads to be had.
const CORES_MAX: usize = 1_024;

/// A chatroom you can see through. Nothing is stored: when it stops, everything is gone.
#[derive(Clone, Debug, Parser)]
#[allow(rustdoc::bare_urls, reason = "the same words are the text of --help")]
// A flag given twice counts as given last, so that a script's defaults can be overridden.
#[command(name = "otagh", version, about, args_override_self = true)]
pub struct Config {
    /// Address to listen on. The default is every network of this machine, because a room is for
    /// people at other devices: anybody who can reach this machine can then join. Use 127.0.0.1 to
    /// keep it to this machine, and :: to be reached by IPv6, too.
    #[arg(long, env = "OTAGH_HOST", default_value = "0.0.0.0", value_parser = host)]
    pub host: IpAddr,

    /// Port to listen on; 0 takes any free one.
    #[arg(long, env = "OTAGH_PORT", default_value_t = 3000)]
    pub port: u16,

    /// A room that is a class from the start: its address and its QR code are printed in the place of the home
    /// page's, and once, for the teacher alone, the link to its stage with the key that turns the pages and
    /// opens votes. Each start has another key.
    #[arg(long, env = "OTAGH_ROOM", value_parser = room)]
    pub(crate) room: Option<RoomId>,

    /// The teacher's key of --room, 64 lower-case hex digits, for several servers that have the same class; without
    /// it each start draws another. Better in the environment: command lines are seen by everybody on the machine.
    #[arg(long, env = "OTAGH_CLASS_KEY", hide_env_values = true, value_parser = class_key)]
    pub(crate) class_key: Option<ClassKey>,

    /// Members to rehearse a class with: so many come to --room by the real protocol, are quiet at first, then
    /// talk and vote, and are gone after ten minutes; 0 brings nobody. At most 200.
    #[arg(long, env = "OTAGH_DEMO", default_value_t = 0, value_parser = demo, requires = "room")]
    pub(crate) demo: usize,

    /// The address people use, when it is not the one this server sees: behind a proxy, a tunnel or
    /// TLS, as https://chat.example.org. Links and QR codes are made with it, but on a page that was
    /// opened by another name; pages from it may connect, and connections sent to another name are
    /// refused, but for --allow-origin, localhost and IP addresses. It has no path, because Otagh is
    /// served at the root of a host.
    #[arg(long, env = "OTAGH_PUBLIC_URL", value_parser = web_origin::public)]
    pub(crate) public_url: Option<WebOrigin>,

    /// Origins whose pages may connect, besides the server's own host, as https://chat.example.org;
    /// several with commas. Programs that send no Origin may always connect.
    #[arg(long, env = "OTAGH_ALLOW_ORIGIN", value_delimiter = ',', value_parser = pages_origin)]
    pub(crate) allow_origin: Vec<Option<WebOrigin>>,

    /// Proxies in front of this server, as addresses or networks like 10.0.0.0/8; several with
    /// commas. Of a connection from one of these, X-Forwarded-For tells whose it is: of its entries
    /// the last one that is no trusted proxy; and X-Forwarded-Proto and -Host (or Forwarded, RFC 7239)
    /// tell by which address it came, for links. Name only proxies that append to or replace the first
    /// of these. Without this, everybody behind a proxy counts as one address, and the headers of
    /// everybody else are never looked at.
    #[arg(long, env = "OTAGH_TRUSTED_PROXY", value_delimiter = ',', value_parser = client_ip::network)]
    pub(crate) trusted_proxy: Vec<IpNet>,

    /// One spelling of each room in every address: for several servers without an engine, behind a proxy that
    /// sends each room to one of them (docs/several-nodes.md). Another spelling is redirected to it where a page
    /// is asked for, and else refused with 400. The price: «کلاس ۱» is shown as «کلاس1».
    #[arg(long, env = "OTAGH_CANONICAL_ROOMS", value_parser = FalseyValueParser::new())]
    pub(crate) canonical_rooms: bool,

    /// Cores that rooms live on: a thread for each, a room and everybody in it on one, beside a thread for pages
    /// and for whoever comes; with 1 a single thread for all. By default as many as this process may use.
    #[arg(long, env = "OTAGH_CORES", default_value_t = cores_here(), value_parser = core_count)]
    pub(crate) cores: usize,

    /// Engines, where several servers are to have the same rooms: Redis (7.0 or later) or Valkey (7.2 or later), as
    /// redis://10.0.0.5:6379 or redis://user:password@10.0.0.5:6379; several with commas, the same in the same
    /// order for all servers. A password had better stand in the environment. Without one this server is alone,
    /// and nothing of it runs.
    #[arg(long, env = "OTAGH_ENGINE", value_delimiter = ',', hide_env_values = true)]
    pub(crate) engine: Vec<String>,

    /// What all keys and channels on the engine begin with, the same for all servers that share rooms.
    #[arg(long, env = "OTAGH_ENGINE_PREFIX", default_value = "otagh")]
    pub(crate) engine_prefix: String,

    /// How long an engine may be out of reach before everybody in its rooms is told to come back later; at a
    /// start, how long it is waited for. Others take a server for gone that the engine has not heard of for two
    /// thirds of it, at most ten seconds.
    #[arg(long, env = "OTAGH_ENGINE_PATIENCE", default_value = "15s", value_parser = humantime::parse_duration)]
    pub(crate) engine_patience: Duration,

    /// Most rooms at once. An empty room is gone when nobody may come back to it; this bounds what
    /// a flood of invented room names can cost.
    #[arg(long, env = "OTAGH_MAX_ROOMS", default_value_t = 10_000)]
    pub(crate) max_rooms: usize,

    /// New rooms one address may create in a minute, and as many at once; 0 sets no limit. More than
    /// a school or a carrier's subscribers open; too few for one address to fill the server. As many more may
    /// be refused; then rooms that exist answer the address's newcomers as if they did not, so that nobody
    /// finds rooms by asking for names.
    #[arg(long, env = "OTAGH_ROOMS_PER_ADDRESS", default_value_t = 120)]
    pub(crate) rooms_per_address: u32,

    /// Most WebSocket connections at once. When there are as many, the network that has most (an IPv4
    /// address, or a /48 of IPv6) gives one up to who has fewer. Each costs a few kilobytes and a file
    /// descriptor; the process's limit of those is raised as far as it may be (ulimit -Hn).
    #[arg(long, env = "OTAGH_MAX_CONNECTIONS", default_value_t = 16_000)]
    pub(crate) max_connections: usize,

    /// Most WebSocket connections of one address (of IPv6, of one /64; of a whole /48 twice as many);
    /// 0 sets no limit. A quarter of all by default, so that one address cannot keep the others out: a
    /// school, or the many subscribers that share a mobile carrier's address, still fit.
    #[arg(long, env = "OTAGH_CONNECTIONS_PER_ADDRESS", default_value_t = 4_000)]
    pub(crate) connections_per_address: usize,

    /// Most sockets at once that are not WebSockets (yet): pages being loaded, event streams, and
    /// whoever connects and says nothing. When there are as many, the network that has most gives one
    /// up to who has fewer, idle ones first. Apart from the connections, so that neither can take the
    /// other's place; each lives for --head-deadline at most without a request.
    #[arg(long, env = "OTAGH_MAX_HTTP_SOCKETS", default_value_t = 3_800, value_parser = at_least_one)]
    pub(crate) max_http_sockets: usize,

    /// Most such sockets of one address; 0 sets no limit, and none holds for --trusted-proxy. Half of
    /// all by default: three hundred browsers that load the page in the same five seconds, with
    /// six sockets each. When there are as many, one that is only kept alive gives way to the next.
    #[arg(long, env = "OTAGH_HTTP_SOCKETS_PER_ADDRESS", default_value_t = 1_900)]
    pub(crate) http_sockets_per_address: usize,

    /// Most members in one room. Every message costs one delivery a member.
    #[arg(long, env = "OTAGH_MEMBERS_PER_ROOM", default_value_t = 10_000)]
    pub(crate) members_per_room: usize,

    /// Most members of one room that come from one address (of IPv6, from one /64), here or away; 0 sets no
    /// limit. Two fifths of a room by default: a school behind one address fits, and cannot fill a room.
    #[arg(long, env = "OTAGH_MEMBERS_PER_ADDRESS", default_value_t = 4_000)]
    pub(crate) members_per_address: usize,

    /// Longest message, in characters; the protocol allows no more than the default.
    #[arg(long, env = "OTAGH_TEXT_MAX", default_value_t = TEXT_MAX_CHARS, value_parser = text_max)]
    pub(crate) text_max: usize,

    /// Rate limit of one person, in frames per second, of whatever kind and in all tabs together; 0 sets
    /// no limit. Nobody types faster.
    #[arg(long, env = "OTAGH_MESSAGES_PER_SECOND", default_value_t = 10)]
    pub(crate) messages_per_second: u32,

    /// Frames one person may send at once, before --messages-per-second holds: what a page resends
    /// after a lost connection fits.
    #[arg(long, env = "OTAGH_MESSAGES_BURST", default_value_t = 50)]
    pub(crate) messages_burst: u32,

    /// Rate limit of one address, in frames per second, all its people together; five times as many may
    /// come at once; 0 sets no limit. Several hundred people in a heated discussion send fewer. Pings, pongs
    /// and fragments count, and so does what is sent to the workbench's echo, which is read no faster.
    #[arg(long, env = "OTAGH_MESSAGES_PER_ADDRESS", default_value_t = 1_000)]
    pub(crate) messages_per_address: u32,

    /// Rate limit of one address, in HTTP requests per second, all its people together, handshakes
    /// included; five times as many may come at once; 0 sets no limit. A page that is drawn counts as ten,
    /// and so does a QR code; of a file each 64 KiB as one more: to load a room costs thirty, so three
    /// hundred people may do it at once and twice. What is over it waits, up to two seconds, and then is
    /// answered 429.
    #[arg(long, env = "OTAGH_REQUESTS_PER_ADDRESS", default_value_t = 4_000)]
    pub(crate) requests_per_address: u32,

    /// Bytes kept for a slow reader: a connection that reads slower than its room speaks. Over that it is
    /// closed, and may reconnect and resume. What it missed meanwhile and is sent then does not count.
    #[arg(long, env = "OTAGH_OUTBOX_BYTES", default_value_t = 256 * 1024)]
    pub(crate) outbox_bytes: usize,

    /// Bytes that wait for all slow readers together, by WebSocket and by polling; what several share counts
    /// once: five hundred slow readers, each in a room of its own, in full. Half is divided evenly among
    /// --max-connections, of the other half a connection may have as much as is still left. Over that it
    /// is closed, and may reconnect and resume.
    #[arg(long, env = "OTAGH_OUTBOX_TOTAL_BYTES", default_value_t = 256 * 1024 * 1024)]
    pub(crate) outbox_total_bytes: usize,

    /// Messages a room keeps for those who come back after a lost connection.
    #[arg(long, env = "OTAGH_HISTORY_MESSAGES", default_value_t = 512)]
    pub(crate) history_messages: usize,

    /// Bytes of such messages that a room keeps; the tighter of the two binds.
    #[arg(long, env = "OTAGH_HISTORY_BYTES", default_value_t = 256 * 1024)]
    pub(crate) history_bytes: usize,

    /// How long a room keeps such a message.
    #[arg(long, env = "OTAGH_HISTORY_AGE", default_value = "2m", value_parser = humantime::parse_duration)]
    pub(crate) history_age: Duration,

    /// How long somebody whose connection was lost is shown as away and may resume. As long as
    /// history reaches back: after it there is nothing to resume to.
    #[arg(long, env = "OTAGH_RESUME_WINDOW", default_value = "2m", value_parser = humantime::parse_duration)]
    pub(crate) resume_window: Duration,

    /// Bytes all rooms keep together for those who come back, sessions and messages, these also as they
    /// are sent: two hundred and fifty busy rooms in full, or more. Half is divided evenly among --max-rooms,
    /// the other half shared by those that need more; a room over its part forgets its own oldest.
    #[arg(long, env = "OTAGH_RESUME_TOTAL_BYTES", default_value_t = 256 * 1024 * 1024)]
    pub(crate) resume_total_bytes: usize,

    /// Bytes kept of one recorded connection (the X-ray), both directions together. A recording that
    /// has as many says so and goes no further.
    #[arg(long, env = "OTAGH_XRAY_BYTES", default_value_t = 512 * 1024)]
    pub(crate) xray_bytes: usize,

    /// Bytes all recordings have together, with what keeping them costs; 0 records nobody.
    #[arg(long, env = "OTAGH_XRAY_TOTAL_BYTES", default_value_t = 64 * 1024 * 1024)]
    pub(crate) xray_total_bytes: usize,

    /// Whether people may break their own recorded connection, to see what happens: cut it, delay it,
    /// lose an answer. It harms nobody else. By default it is on for a class, from this machine and its
    /// private networks, and off where the server is for the public: with --public-url or
    /// --trusted-proxy.
    #[arg(long, env = "OTAGH_LAB", default_value = "auto", num_args = 0..=1, default_missing_value = "on")]
    pub(crate) lab: FaultAccess,

    /// Silence after which a connection is pinged. Below the minute after which many routers and
    /// proxies forget a silent connection.
    #[arg(long, env = "OTAGH_PING_INTERVAL", default_value = "25s", value_parser = humantime::parse_duration)]
    pub(crate) ping_interval: Duration,

    /// How long the answer to a ping may take. Longer than a phone's change of network, mostly.
    #[arg(long, env = "OTAGH_PING_DEADLINE", default_value = "8s", value_parser = humantime::parse_duration)]
    pub(crate) ping_deadline: Duration,

    /// How long a connection may be open before its first join.
    #[arg(long, env = "OTAGH_JOIN_DEADLINE", default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) join_deadline: Duration,

    /// How long a client may take to send the head of an HTTP request, its first byte included, and as
    /// long again for its body, where one is read.
    #[arg(long, env = "OTAGH_HEAD_DEADLINE", default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) head_deadline: Duration,

    /// Longest head of an HTTP request, in bytes: enough for any browser's cookies and headers. Over
    /// it, and over a hundred header lines, the answer is 431.
    #[arg(long, env = "OTAGH_HEAD_MAX", default_value_t = 16 * 1024, value_parser = at_least_one)]
    pub(crate) head_max: usize,

    /// How long the other end may take to finish a close.
    #[arg(long, env = "OTAGH_CLOSE_GRACE", default_value = "3s", value_parser = humantime::parse_duration)]
    pub(crate) close_grace: Duration,

    /// How long a stop may take, until everybody has been told to come back and what was on its way
    /// is sent. Below the ten seconds after which container managers kill.
    #[arg(long, env = "OTAGH_DRAIN_DEADLINE", default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) drain_deadline: Duration,
}

impl Config {
    /// How long the other end of a TCP connection may take nothing of what is sent to it: twice what a
    /// ping may take, so that who can still be told why is told.
    pub(crate) fn silence_max(&self) -> Duration {
        2 * (self.ping_interval + self.ping_deadline)
    }

    /// Most files there can be open at once: sockets of whatever kind, and what cores have.
    pub fn files(&self) -> usize {
        self.max_connections.saturating_add(self.max_http_sockets).saturating_add(cores::files(self.cores))
    }

    /// The engines; none where a variable is set to nothing, as files of environments often do.
    pub(crate) fn engines(&self) -> Vec<String> {
        self.engine.iter().filter(|url| !url.is_empty()).cloned().collect()
    }

    /// The room of --room, as addresses here spell it.
    pub(crate) fn class_room(&self) -> Option<RoomId> {
        let room = self.room.clone()?;
        // What has no such spelling is refused by every address, which says why.
        let folded = self.canonical_rooms.then(|| RoomKey::of(&room).id().ok()).flatten();
        Some(folded.unwrap_or(room))
    }

    /// Whether the server is for the public: it has a public address, or stands behind a proxy.
    pub(crate) fn is_public(&self) -> bool {
        self.public_url.is_some() || !self.trusted_proxy.is_empty()
    }

    /// The origins whose pages may connect, besides the server's own host.
    pub(crate) fn origins(&self) -> Vec<WebOrigin> {
        self.allow_origin.iter().flatten().chain(&self.public_url).cloned().collect()
    }
}

impl Default for Config {
    /// As without arguments: the defaults above, or what the environment says.
    fn default() -> Self {
        Self::parse_from(["otagh"])
    }
}

/// One of `--allow-origin`; none where a variable is set to nothing, as files of environments often do.
fn pages_origin(raw: &str) -> Result<Option<WebOrigin>, BadOrigin> {
    if raw.is_empty() { Ok(None) } else { WebOrigin::parse_pages(raw).map(Some) }
}

fn room(raw: &str) -> Result<RoomId, String> {
    typed::room_name(raw).map_err(|flaw| format!("{flaw}; choose another name, such as class or کلاس"))
}

/// Says nothing of what was given, which may be a key with one digit too few.
fn class_key(raw: &str) -> Result<ClassKey, String> {
    ClassKey::parse(raw).map_err(|_| "must be 64 lower-case hex digits, as of openssl rand -hex 32".into())
}

fn demo(raw: &str) -> Result<usize, String> {
    match raw.parse() {
        Ok(count) if count <= 200 => Ok(count),
        _ => Err("must be 0 to 200".into()),
    }
}

/// A machine that does not say how many it has has one.
fn cores_here() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(CORES_MAX)
}

fn core_count(raw: &str) -> Result<usize, String> {
    match raw.parse() {
        Ok(count) if (1..=CORES_MAX).contains(&count) => Ok(count),
        _ => Err(format!("must be 1 to {CORES_MAX}")),
    }
}

fn host(raw: &str) -> Result<IpAddr, String> {
    let bare = raw.strip_prefix('[').and_then(|raw| raw.strip_suffix(']')).unwrap_or(raw);
    bare.parse().map_err(|_| {
        "must be an IP address without a port: 0.0.0.0 for every network, :: for those of IPv6 as well, \
         127.0.0.1 for this machine only; the port is --port, and the name that people use --public-url"
            .to_owned()
    })
}

fn at_least_one(raw: &str) -> Result<usize, String> {
    match raw.parse() {
        Ok(0) => Err("must be at least 1".into()),
        Ok(number) => Ok(number),
        Err(_) => Err("must be a whole number".into()),
    }
}

fn text_max(raw: &str) -> Result<usize, String> {
    match raw.parse() {
        Ok(chars) if (1..=TEXT_MAX_CHARS).contains(&chars) => Ok(chars),
        _ => Err(format!("must be 1 to {TEXT_MAX_CHARS}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_option_has_flag_variable_and_help() {
        Config::command().debug_assert();
        for arg in Config::command().get_arguments().filter(|arg| arg.get_id() != "help") {
            let flag = arg.get_long().expect("a flag");
            let variable = arg.get_env().expect("a variable").to_str().unwrap();
            assert_eq!(variable, format!("OTAGH_{}", flag.replace('-', "_").to_uppercase()));
            assert!(arg.get_help().is_some(), "{flag}");
        }
    }

    fn parse(option: &str, value: &str) -> Result<Config, String> {
        Config::try_parse_from(["otagh", option, value]).map_err(|error| error.to_string())
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        for bad in [
            ["--public-url", "chat.example.org"],
            ["--public-url", "ftp://chat.example.org"],
            ["--room", "a/b"],
            ["--demo", "30"],
            ["--class-key", "abc"],
            ["--cores", "0"],
            ["--text-max", "0"],
            ["--text-max", "5000"],
            ["--ping-interval", "25 apples"],
            ["--trusted-proxy", "10.0.0.0/8,everybody"],
            ["--max-http-sockets", "0"],
            ["--head-max", "0"],
        ] {
            assert!(parse(bad[0], bad[1]).is_err(), "{bad:?}");
        }
        let config = parse("--public-url", "https://chat.example.org/").unwrap();
        assert_eq!(config.public_url.as_ref().map(WebOrigin::as_str), Some("https://chat.example.org"));
        assert_eq!(config.origins(), config.public_url.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn class_has_canonical_spelling() {
        let room = |options: &[&str]| {
            let config = Config::try_parse_from(["otagh", "--room", "کلاس ۱"].iter().chain(options)).unwrap();
            config.class_room().unwrap()
        };
        assert_eq!(room(&[]).as_str(), "کلاس-۱");
        assert_eq!(room(&["--canonical-rooms"]).as_str(), "کلاس1");
    }

    #[test]
    fn impossible_address_is_refused_with_advice() {
        for (option, value, what_to_do) in [
            ("--public-url", "https://a.example/chat", "give it a name of its own"),
            ("--public-url", "https://a.example?x", "leave out the '?'"),
            ("--public-url", "https://a.example#x", "leave out the '#'"),
            ("--public-url", "https://ali@a.example", "leave out the '@'"),
            ("--public-url", "a.example", "begin with https:// or http://"),
            ("--public-url", "wss://a.example", "write https:// or http://"),
            ("--public-url", "https://a.example ", "leave that out"),
            ("--public-url", "https://a.example:0", "from 1 to 65535"),
            ("--public-url", "http://0.0.0.0:3000", "the one that people use"),
            ("--public-url", "capacitor://localhost", "write https:// or http://"),
            ("--public-url", "", "leave the option out"),
            ("--allow-origin", "https://a.example/chat", "the root of a host"),
            ("--allow-origin", "https://b.example,a.example", "begin with https:// or http://"),
            ("--allow-origin", "https://b.example, https://a.example", "leave that out"),
            ("--allow-origin", "*", "name each origin"),
            ("--allow-origin", "https://*.example.org", "no host name"),
            ("--allow-origin", "wss://a.example", "write https:// or http://"),
            ("--host", "localhost", "127.0.0.1 for this machine only"),
            ("--host", "0.0.0.0:3000", "the port is --port"),
            ("--host", "*", "0.0.0.0 for every network"),
        ] {
            let error = parse(option, value).expect_err(value);
            assert!(error.contains(what_to_do) && error.contains(option), "{option} {value:?}: {error}");
        }
        let several = parse("--allow-origin", "https://A.example/,http://b.example:80").unwrap();
        let several: Vec<String> = several.origins().iter().map(WebOrigin::to_string).collect();
        assert_eq!(several, ["https://a.example", "http://b.example"]);
        assert!(parse("--allow-origin", "").unwrap().origins().is_empty());
        assert_eq!(parse("--host", "[::1]").unwrap().host, IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]));
    }
}
