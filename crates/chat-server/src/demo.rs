//! A rehearsal, `--demo 30`: members who come to the class by the real protocol, over real sockets to this very
//! server, are quiet for a while, then talk and vote, and go away again. Each is one task that sends; what it
//! hears it looks through for an open vote, and for the slide at which members say how far they are, and lets go
//! of. It knows the room's address and nothing of the room.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use chat_protocol::{RoomId, limits::ROUND_TRIP_MAX_US};
use chat_wire::frame::{Header, Opcode, unmask};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    http::links::encode,
    net::{random, tasks::Tasks},
};

/// Between two who come, so that the wall can be seen to fill.
const APART: Duration = Duration::from_millis(100);
/// How long they are quiet first.
const QUIET: Duration = Duration::from_secs(15);
/// How long they stay in all: a lesson's longest block, twice.
const STAY: Duration = Duration::from_secs(10 * 60);
/// How often a member does something, on average: often enough to be no silent connection.
const PAUSE: Duration = Duration::from_secs(6);
/// Of how many times it says something, when they are not quiet any more.
const TALKS: f64 = 0.5;

const NAMES: [&str; 30] = [
    "آرش",
    "آیدا",
    "امیر",
    "باران",
    "بهار",
    "پارسا",
    "پویا",
    "ترانه",
    "حسین",
    "دانیال",
    "رها",
    "رضا",
    "ریحانه",
    "زهرا",
    "سارا",
    "سامان",
    "سپهر",
    "شیما",
    "صدرا",
    "علی",
    "فاطمه",
    "کاوه",
    "کیان",
    "لیلا",
    "مریم",
    "مهدی",
    "مینا",
    "نرگس",
    "نیما",
    "یاسمن",
];
const TEXTS: [&str; 8] = [
    "سلام",
    "من وصل شدم",
    "صدای پرده خوب است؟",
    "۳۰۰ تا",
    "چرا ماسک دارد؟",
    "آهان، فهمیدم",
    "👏",
    "یک بار دیگر لطفاً",
];
/// How many answers a rehearsed vote is taken to have; one that has fewer refuses the rest.
const ANSWERS: u8 = 3;

/// How often a member measures how far it is, while that is to be seen.
const MEASURING: Duration = Duration::from_secs(2);

/// What is heard of an open vote.
const OPEN_VOTE: &[u8] = br#""open":true"#;
/// Of a stage; at the slide that shows how far members are; and of an answer to a ping.
const SLIDE: &[u8] = br#""slide":"#;
const SLIDE_OF_DISTANCES: &[u8] = br#""slide":7,"#;
const PONG: &[u8] = br#""type":"pong""#;

/// What a member makes of what it hears.
#[derive(Clone, Copy, Default)]
struct Heard {
    votes: u64,
    pongs: u64,
    is_measured: bool,
}

/// Brings this many members into the room, and takes them away.
pub(crate) async fn rehearse(count: usize, room: RoomId, bound: SocketAddr, tasks: Tasks) {
    let ip = if bound.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { bound.ip() };
    let (address, began) = (SocketAddr::new(ip, bound.port()), Instant::now());
    for number in 0..count {
        let (room, stopping) = (room.clone(), tasks.stopping().clone());
        tasks.spawn(async move {
            let taking_part = async { take_part(number, &room, address, began).await };
            let ended = tokio::select! {
                ended = taking_part => ended,
                () = stopping.cancelled() => Ok(()),
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a member of the rehearsal is gone");
            }
        });
        sleep(APART).await;
    }
}

/// One member, from the handshake to the close.
async fn take_part(number: usize, room: &RoomId, address: SocketAddr, began: Instant) -> io::Result<()> {
    let (reading, mut writing) = open(number, room, address).await?.into_split();
    let name = match NAMES.get(number) {
        Some(name) => (*name).to_owned(),
        None => format!("{} {}", NAMES[number % NAMES.len()], number / NAMES.len() + 1),
    };
    let (hears, mut votes) = watch::channel(Heard::default());
    let mut distance = votes.clone();
    let hearing = listen(reading, hears);
    let speaking = async {
        say(&mut writing, &serde_json::json!({"type": "join", "name": name})).await?;
        let (mut said, mut voted) = (0, 0);
        let mut next = Instant::now() + pause();
        let mut measures = Instant::now();
        while began.elapsed() < STAY {
            tokio::select! {
                () = sleep_until(next) => {
                    next = Instant::now() + pause();
                    said += 1;
                    let text = TEXTS[usize::from(random::bytes::<1>()[0]) % TEXTS.len()];
                    let talks = began.elapsed() > QUIET && fraction() < TALKS;
                    let message = match talks {
                        true => serde_json::json!({"type": "say", "id": said.to_string(), "text": text}),
                        false => serde_json::json!({"type": "ping", "n": said}),
                    };
                    say(&mut writing, &message).await?;
                }
                opened = told(&mut votes, |heard| heard.votes > voted) => {
                    if !opened {
                        return Ok(());
                    }
                    sleep(Duration::from_secs(2).mul_f64(fraction())).await;
                    let answer = random::bytes::<1>()[0] % ANSWERS;
                    say(&mut writing, &serde_json::json!({"type": "vote", "answer": answer})).await?;
                    sleep(PAUSE).await;
                    // Its own answer is told to it, too, and is no new vote.
                    voted = votes.borrow().votes;
                }
                asked = async { told(&mut distance, |heard| heard.is_measured).await && { sleep_until(measures).await; true } } => {
                    measures = Instant::now() + MEASURING;
                    let (before, sent) = (distance.borrow().pongs, Instant::now());
                    if !asked || say(&mut writing, &serde_json::json!({"type": "ping", "n": said})).await.is_err() {
                        return Ok(());
                    }
                    if told(&mut distance, |heard| heard.pongs > before).await {
                        let us = sent.elapsed().as_micros().min(ROUND_TRIP_MAX_US.into()) as u32;
                        say(&mut writing, &serde_json::json!({"type": "round_trip", "us": us})).await?;
                    }
                }
            }
        }
        send(&mut writing, Opcode::CLOSE, &1000_u16.to_be_bytes()).await
    };
    tokio::select! {
        ended = hearing => ended,
        ended = speaking => ended,
    }
}

async fn open(number: usize, room: &RoomId, address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let room = encode(room.as_str());
    let request = format!(
        "GET /ws/{room}/demo-{number} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if head.starts_with(b"HTTP/1.1 101") { Ok(stream) } else { Err(io::Error::other("no upgrade")) }
}

/// Waits for something to be heard; false when nothing will be any more.
async fn told(heard: &mut watch::Receiver<Heard>, what: impl FnMut(&Heard) -> bool) -> bool {
    heard.wait_for(what).await.is_ok()
}

/// How long until a member does something again.
fn pause() -> Duration {
    PAUSE.mul_f64(0.5 + fraction())
}

/// Lets go of what comes, but for what is to be [`Heard`]; of that, what two reads divide is missed.
async fn listen(mut reading: OwnedReadHalf, hears: watch::Sender<Heard>) -> io::Result<()> {
    let mut bytes = vec![0; 4096];
    loop {
        let count = reading.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        let has = |what: &[u8]| bytes[..count].windows(what.len()).any(|part| part == what);
        hears.send_modify(|heard| {
            heard.votes += u64::from(has(OPEN_VOTE));
            heard.pongs += u64::from(has(PONG));
            if has(SLIDE) {
                heard.is_measured = has(SLIDE_OF_DISTANCES);
            }
        });
    }
}

async fn say(writing: &mut OwnedWriteHalf, message: &serde_json::Value) -> io::Result<()> {
    send(writing, Opcode::TEXT, message.to_string().as_bytes()).await
}

async fn send(writing: &mut OwnedWriteHalf, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
    let key = random::bytes();
    let mut frame = Header::new(opcode, Some(key), payload.len() as u64).write();
    let mut payload = payload.to_vec();
    unmask(&mut payload, key, 0);
    frame.append(&mut payload);
    writing.write_all(&frame).await
}

/// From 0 to 1.
fn fraction() -> f64 {
    f64::from(random::bytes::<1>()[0]) / 255.0
}
