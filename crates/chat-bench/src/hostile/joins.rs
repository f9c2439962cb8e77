//! What one who joins costs the server: by one request of a polling client, beside by a WebSocket of their own.
//! Both come one after the other into rooms of the same size, and stay.

use std::{fmt::Write as _, io};

use super::source::Source;
use crate::{
    options::SERVER_CORE,
    peer::{Kind, Programs},
};

/// One address plays everybody.
const UNLIMITED: &[&str] = &[
    "--connections-per-address=0",
    "--rooms-per-address=0",
    "--messages-per-address=0",
    "--requests-per-address=0",
];

/// How many members a room has, how many such rooms there are for each way, and how many join each.
const ROOMS: [(usize, usize, usize); 3] = [(1, 600, 1), (50, 60, 5), (200, 15, 20)];

/// How many times as much processor time a polling join may cost.
const RATIO_MAX: f64 = 3.0;

#[derive(Clone, Copy)]
enum Way {
    Polling,
    WebSocket,
}

/// The table, and whether the goal is reached.
///
/// # Errors
/// When a server cannot be started, or refuses somebody.
pub(super) fn measure(programs: &Programs) -> io::Result<(String, bool)> {
    let mut table = String::from(
        "| members | letters of an id | µs a join by polling | µs a join by WebSocket | ratio |\n|--:|--:|--:|--:|--:|\n",
    );
    let mut is_good = true;
    for (members, rooms, joins) in ROOMS {
        for letters in [8, 64] {
            let [polling, websocket] = [Way::Polling, Way::WebSocket]
                .map(|way| cost(programs, way, (members, rooms, joins), letters));
            let (polling, websocket) = (polling?, websocket?);
            let ratio = polling / websocket;
            is_good &= ratio <= RATIO_MAX;
            let verdict = if ratio <= RATIO_MAX { "" } else { " DEAR" };
            let row =
                format!("| {members} | {letters} | {polling:.0} | {websocket:.0} | {ratio:.2}{verdict} |");
            eprintln!("{row}");
            writeln!(table, "{row}").map_err(io::Error::other)?;
        }
    }
    Ok((table, is_good))
}

/// Microseconds of the server's processor for a join.
#[tokio::main(flavor = "current_thread")]
async fn cost(
    programs: &Programs,
    way: Way,
    (members, rooms, joins): (usize, usize, usize),
    letters: usize,
) -> io::Result<f64> {
    let server = programs.start(Kind::Otagh, &[SERVER_CORE], UNLIMITED)?;
    let source = Source::new(server.address(), [127, 0, 0, 1]);
    let id = |number: usize| format!("{number:0>letters$}");
    let mut here = Vec::new();
    for room in 0..rooms {
        for member in 0..members {
            here.push(source.join(&format!("room{room}"), &id(member)).await?);
        }
    }
    let mut polling = source.connect().await?;
    let before = server.usage().threads_time()?;
    for join in 0..joins {
        for room in 0..rooms {
            let (room, id) = (format!("room{room}"), id(members + join));
            match way {
                Way::WebSocket => here.push(source.join(&room, &id).await?),
                Way::Polling => {
                    let answer = polling.get(&format!("/rooms/{room}/messages?client={id}"), "").await?;
                    if answer.status != 200 {
                        return Err(io::Error::other(String::from_utf8_lossy(&answer.body)));
                    }
                }
            }
        }
    }
    let spent = server.usage().threads_time()? - before;
    Ok(spent.as_secs_f64() * 1e6 / (joins * rooms) as f64)
}
