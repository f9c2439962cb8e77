//! The attacks, as a table of small functions. Each does its worst from its addresses until it is dropped, and
//! whatever the server ends, it begins anew. Those that were measured before the server was built against them
//! are in the form in which they hurt.

use std::{io, pin::Pin, time::Duration};

use tokio::task::JoinSet;

use super::source::{Socket, Source, frame, request, say};

/// How long one waits that was turned away.
const RETRY: Duration = Duration::from_millis(20);

/// How many requests or frames are written at once by who does not wait.
const AT_ONCE: usize = 32;

/// See the module.
#[derive(Debug)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// From how many addresses it comes.
    pub(crate) addresses: usize,
    run: fn(Vec<Source>) -> Running,
}

pub(crate) type Running = Pin<Box<dyn Future<Output = ()>>>;

impl Attack {
    pub(crate) fn run(&self, from: Vec<Source>) -> Running {
        (self.run)(from)
    }
}

pub(crate) const ATTACKS: &[Attack] = &[
    attack("guess", "names of rooms asked for over one socket", |from| sockets(1, from, guess_rooms)),
    attack("fill", "one room filled with polling guests over one socket", |from| sockets(1, from, fill_room)),
    attack("guests", "400 guests a second with long names over one socket", |from| sockets(1, from, guests)),
    attack("joins", "200 who are told of 200 with long names that join, vanish and join", |from| {
        sockets(400, from, join_and_vanish)
    }),
    attack("replays", "2,200 guests to whom a room's history is replayed, twice", |from| {
        sockets(1, from, replays)
    }),
    attack("unread", "600 members who never read, ten of whom say long things", |from| {
        sockets(600, from, never_read)
    }),
    attack("pages", "pages asked for by 1,400 sockets", |from| sockets(1_400, from, ask_for_pages)),
    attack("echoes", "echoes of one byte on 200 sockets", |from| sockets(200, from, echoes)),
    attack("pongs", "pongs on 200 sockets", |from| sockets(200, from, pongs)),
    attack("fragments", "empty fragments on 200 sockets", |from| sockets(200, from, fragments)),
    Attack {
        addresses: 2,
        ..attack("streams", "event streams, of two addresses 1,900 each", |from| {
            sockets(1_900, from, event_stream)
        })
    },
];

/// Those that are also measured four together, each from its own address.
pub(crate) const TOGETHER: [[&str; 4]; 2] =
    [["guests", "pages", "echoes", "pongs"], ["fill", "replays", "unread", "streams"]];

const fn attack(name: &'static str, what: &'static str, run: fn(Vec<Source>) -> Running) -> Attack {
    Attack { name, what, addresses: 1, run }
}

/// So many sockets of each address, each with its number, that do this again and again.
fn sockets<F: Future<Output = io::Result<()>> + 'static>(
    of_each: usize,
    from: Vec<Source>,
    attempt: fn(Source, usize) -> F,
) -> Running {
    Box::pin(async move {
        let mut sockets = JoinSet::new();
        for source in from {
            for number in 0..of_each {
                let source = source.clone();
                sockets.spawn_local(async move {
                    loop {
                        // To be turned away is what an attack must expect.
                        drop(attempt(source.clone(), number).await);
                        tokio::time::sleep(RETRY).await;
                    }
                });
            }
        }
        sockets.join_all().await;
    })
}

/// A request of somebody whom nobody knows. Their id and name begin with this many letters more.
fn newcomer(room: &str, letters: usize) -> Vec<u8> {
    let number = fastrand::u64(..);
    let [id, name] = [letters, letters / 3].map(|letters| "%D8%B3".repeat(letters));
    request(&format!("/rooms/{room}/messages?client={id}{number:016x}&name={name}{number:016x}"), "")
}

async fn guess_rooms(from: Source, _: usize) -> io::Result<()> {
    let guess = || newcomer(&format!("guess{:x}", fastrand::u64(..)), 0);
    from.connect().await?.flood(None, || (0..AT_ONCE).flat_map(|_| guess()).collect()).await
}

async fn fill_room(from: Source, _: usize) -> io::Result<()> {
    let guests = || (0..AT_ONCE).flat_map(|_| newcomer("filled", 0)).collect();
    from.connect().await?.flood(None, guests).await
}

async fn guests(from: Source, _: usize) -> io::Result<()> {
    let guests = || (0..4).flat_map(|_| newcomer("guests", 48)).collect();
    from.connect().await?.flood(Some(Duration::from_millis(10)), guests).await
}

async fn join_and_vanish(from: Source, number: usize) -> io::Result<()> {
    let socket = from.join("joins", &format!("{:0>64x}", fastrand::u64(..))).await?;
    if number.is_multiple_of(2) { Ok(()) } else { socket.drain().await }
}

/// Guests who were there before anything was said may have all of it again.
async fn replays(from: Source, _: usize) -> io::Result<()> {
    const SAID: u64 = 49;
    let room = format!("replays{:x}", fastrand::u64(..));
    let mut socket = from.connect().await?;
    let mut guests = Vec::new();
    for guest in 0..2_200 {
        let path = format!("/rooms/{room}/messages?client=g{guest}");
        let bearer = socket.get(&path, "").await?.bearer();
        guests.extend(bearer.map(|bearer| (path, bearer)));
    }
    let mut speaker = from.join(&room, "speaker").await?;
    let long = "س".repeat(2_500);
    for id in 1..=SAID {
        speaker.send(&say(id, &long)).await?;
    }
    for _ in 0..2 {
        for (path, bearer) in &mut guests {
            socket.get(&format!("{path}&after={}", SAID - 1), bearer).await?;
            if let Some(again) = socket.get(&format!("{path}&after=0"), bearer).await?.bearer() {
                *bearer = again;
            }
        }
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(())
}

async fn never_read(from: Source, number: usize) -> io::Result<()> {
    let mut socket = from.connect_small().await?.joined("unread", &format!("u{number}")).await?;
    if number >= 10 {
        return std::future::pending().await;
    }
    let long = "س".repeat(4_000);
    let mut turn = tokio::time::interval(Duration::from_millis(100));
    for id in 0.. {
        turn.tick().await;
        socket.send(&say(id, &long)).await?;
    }
    Ok(())
}

async fn ask_for_pages(from: Source, _: usize) -> io::Result<()> {
    let mut socket = from.connect().await?;
    loop {
        socket.get("/r/class", "").await?;
    }
}

async fn echoes(from: Source, _: usize) -> io::Result<()> {
    repeat(from.upgrade("/ws/echo").await?, frame(0x82, b"x")).await
}

async fn pongs(from: Source, number: usize) -> io::Result<()> {
    repeat(from.join("pongs", &format!("p{number}")).await?, frame(0x8A, b"")).await
}

async fn fragments(from: Source, number: usize) -> io::Result<()> {
    let mut socket = from.join("fragments", &format!("f{number}")).await?;
    socket.send(&frame(0x01, b"{")).await?;
    repeat(socket, frame(0x00, b"")).await
}

async fn repeat(socket: Socket, frame: Vec<u8>) -> io::Result<()> {
    let frames = frame.repeat(AT_ONCE);
    socket.flood(None, || frames.clone()).await
}

async fn event_stream(from: Source, number: usize) -> io::Result<()> {
    let mut socket = from.connect().await?;
    socket.send(&request(&format!("/rooms/streams/events?client=s{number}"), "")).await?;
    socket.drain().await
}
