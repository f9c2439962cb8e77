//! What the handlers share, as cheap clones: each takes of it what it needs (`State<Arc<Rooms>>`), and only
//! this module names every part and reads the options. Nothing below the router knows it.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::extract::FromRef;
use chat_cluster::engine::Engines;
use chat_protocol::RoomKey;
use chat_room::{HistoryLimits, Limits, TokenHash};

#[cfg(feature = "lab")]
use crate::lab::{
    echo,
    xray::recordings::{self, Recordings},
};
use crate::{
    config::Config,
    cores::Cores,
    http::{hints::Hints, lan, links::Addresses, site::Site},
    limits::{
        client_ip::TrustedProxies,
        ip_limits::{self, IpLimits},
    },
    net::{
        clock::Clock, conn_keys::ConnKeys, connections::Connections, outbox_budget::OutboxBudget,
        tasks::Tasks,
    },
    polling::sessions::{self, Sessions},
    rooms::{Rooms, cluster::Cluster, homes::Homes, recorder::Recorder},
    websocket,
};

#[derive(Clone, Debug, FromRef)]
pub(crate) struct App {
    pub(crate) site: Arc<Site>,
    pub(crate) rooms: Arc<Rooms>,
    /// `None` where this server is alone.
    pub(crate) cluster: Option<Arc<Cluster>>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) ips: Arc<IpLimits>,
    pub(crate) websocket: Arc<websocket::Context>,
    pub(crate) sessions: Arc<Sessions>,
    /// The tasks that must end before the process may.
    pub(crate) tasks: Tasks,
    #[cfg(feature = "lab")]
    pub(crate) recordings: Arc<Recordings>,
    #[cfg(feature = "lab")]
    pub(crate) workbench: Arc<echo::Context>,
}

impl App {
    /// With these options and rooms on these cores, for a server that listens at `bound`; where it opens a room
    /// as a class, with that one and the hash of its key; and on these engines, if it shares its rooms.
    pub(crate) fn new(
        config: &Config,
        cores: Arc<Cores>,
        bound: SocketAddr,
        class: Option<(RoomKey, TokenHash)>,
        engines: Option<Engines>,
    ) -> Self {
        let clock = Clock::start();
        let keys = Arc::new(ConnKeys::new(engines.as_ref().map(Engines::number), clock));
        let cluster = engines.map(|engines| Cluster::new(engines, config.engine_patience, keys.clone()));
        let tasks = Tasks::default();
        let site = Arc::new(Site {
            addresses: Addresses { public_url: config.public_url.clone(), bound, lan: lan::find },
            origins: config.origins(),
            proxies: TrustedProxies::new(config.trusted_proxy.clone()),
            hints: Hints::new(Instant::now()),
            canonical_rooms: config.canonical_rooms,
        });
        let outboxes = OutboxBudget::for_threads(
            cores.threads(),
            config.outbox_bytes,
            config.outbox_total_bytes,
            config.max_connections,
        );
        let rooms = Rooms::new(
            config.max_rooms,
            room_limits(config),
            config.resume_total_bytes,
            Homes::new(cores, outboxes),
            clock,
            class,
            cluster.clone(),
        );
        let ips = Arc::new(IpLimits::new(ip_limits(config)));
        let connections = Connections::new(config.max_connections, ips.clone(), keys);
        #[cfg(feature = "lab")]
        let recordings = Recordings::new(recordings_settings(config), clock);
        #[cfg(feature = "lab")]
        let recorder: Option<Arc<dyn Recorder>> = Some(recordings.clone());
        #[cfg(not(feature = "lab"))]
        let recorder: Option<Arc<dyn Recorder>> = None;
        let settings = websocket_settings(config);
        let websocket = Arc::new(websocket::Context { rooms: rooms.clone(), recorder, settings });
        let sessions = Sessions::new(
            rooms.clone(),
            ips.clone(),
            connections.clone(),
            tasks.clone(),
            sessions_settings(config),
        );
        #[cfg(feature = "lab")]
        let workbench = Arc::new(echo::Context {
            site: site.clone(),
            connections: connections.clone(),
            ips: ips.clone(),
            tasks: tasks.clone(),
            settings: echo_settings(config),
        });
        Self {
            site,
            rooms,
            cluster,
            connections,
            ips,
            websocket,
            sessions,
            tasks,
            #[cfg(feature = "lab")]
            recordings,
            #[cfg(feature = "lab")]
            workbench,
        }
    }
}

/// How long a tab's previous resume token is good once the next was given, at least: by then a connection
/// that its client cannot hear is closed, and a page has kept what it heard.
const PREVIOUS_TOKEN: Duration = Duration::from_secs(60);

fn room_limits(config: &Config) -> Limits {
    let previous_token = PREVIOUS_TOKEN.max(config.ping_interval + config.ping_deadline);
    Limits {
        members: config.members_per_room,
        members_per_address: config.members_per_address,
        history: HistoryLimits {
            messages: config.history_messages,
            bytes: config.history_bytes,
            age: config.history_age.as_millis() as u64,
        },
        resume_window: config.resume_window.as_millis() as u64,
        previous_token: previous_token.as_millis() as u64,
    }
}

fn ip_limits(config: &Config) -> ip_limits::Limits {
    ip_limits::Limits {
        connections: config.connections_per_address,
        http_sockets: config.http_sockets_per_address,
        rooms: config.rooms_per_address,
        frames: config.messages_per_address,
        requests: config.requests_per_address,
    }
}

fn websocket_settings(config: &Config) -> websocket::Settings {
    websocket::Settings {
        text_max: config.text_max,
        messages_per_second: config.messages_per_second,
        messages_burst: config.messages_burst,
        join_deadline: config.join_deadline,
        ping_interval: config.ping_interval,
        ping_deadline: config.ping_deadline,
        close_grace: config.close_grace,
    }
}

fn sessions_settings(config: &Config) -> sessions::Settings {
    sessions::Settings {
        text_max: config.text_max,
        queue_bytes: config.outbox_bytes + config.history_bytes,
        messages_per_second: config.messages_per_second,
        messages_burst: config.messages_burst,
        body_deadline: config.head_deadline,
        resume_window: config.resume_window,
    }
}

#[cfg(feature = "lab")]
fn recordings_settings(config: &Config) -> recordings::Settings {
    recordings::Settings {
        bytes: config.xray_bytes,
        total_bytes: config.xray_total_bytes,
        fault_access: config.lab,
        is_public: config.is_public(),
        body_deadline: config.head_deadline,
    }
}

#[cfg(feature = "lab")]
fn echo_settings(config: &Config) -> echo::Settings {
    echo::Settings {
        ping_interval: config.ping_interval,
        ping_deadline: config.ping_deadline,
        close_grace: config.close_grace,
        head_max: config.head_max,
        messages_per_second: config.messages_per_second,
        messages_burst: config.messages_burst,
    }
}
