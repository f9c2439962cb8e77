//! A rehearsal, `--demo 30`: members who come to the class by the real protocol, over real sockets to this very
//! server, are quiet for a while, then talk and vote, and go away again. Each is one task that sends; what it
//! hears it looks through for an open vote and lets go of. It knows the room's address and nothing of the room.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use chat_protocol::RoomId;
use chat_wire::frame::{Header, Opcode, unmask};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::{Instant, sleep},
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

/// What is heard of an open vote.
const OPEN_VOTE: &[u8] = br#""open":true"#;

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
    let (vote_opens, mut vote) = watch::channel(());
    let hearing = listen(reading, vote_opens);
    let speaking = async {
        say(&mut writing, &serde_json::json!({"type": "join", "name": name})).await?;
        let mut said = 0;
        while began.elapsed() < STAY {
            tokio::select! {
                () = sleep(PAUSE.mul_f64(0.5 + fraction())) => {
                    said += 1;
                    let text = TEXTS[usize::from(random::bytes::<1>()[0]) % TEXTS.len()];
                    let talks = began.elapsed() > QUIET && fraction() < TALKS;
                    let message = match talks {
                        true => serde_json::json!({"type": "say", "id": said.to_string(), "text": text}),
                        false => serde_json::json!({"type": "ping", "n": said}),
                    };
                    say(&mut writing, &message).await?;
                }
                changed = vote.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    sleep(Duration::from_secs(2).mul_f64(fraction())).await;
                    // Its own answer is told to it, too, and is no new vote.
                    let answer = random::bytes::<1>()[0] % ANSWERS;
                    say(&mut writing, &serde_json::json!({"type": "vote", "answer": answer})).await?;
                    sleep(PAUSE).await;
                    vote.mark_unchanged();
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

/// Lets go of what comes, but for the news that a vote is open.
async fn listen(mut reading: OwnedReadHalf, vote_opens: watch::Sender<()>) -> io::Result<()> {
    let mut bytes = vec![0; 4096];
    loop {
        let count = reading.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        if bytes[..count].windows(OPEN_VOTE.len()).any(|part| part == OPEN_VOTE) {
            vote_opens.send_replace(());
        }
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
