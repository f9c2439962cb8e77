//! What a room decides, as a file: `decisions.jsonl` has wishes, one a line, and what came of each. Where a change
//! makes it differ, rooms of before and after that change decide differently, and two nodes of the two versions
//! must not run one room: [`RULES`] gets another number, and the file is written anew with
//! `OTAGH_WRITE_DECISIONS=1 cargo nextest run -p chat-room --test decisions`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fmt::Write, path::Path};

use chat_protocol::{ClientId, Command, Epoch, Name, RoomId, SayId, ServerMsg, TabId, Text};
use chat_room::{
    AddressKey, Claim, ConnKey, Departure, Effect, FreshToken, HistoryLimits, Join, Limits, Opening, RULES,
    Room, TokenHash, Way, Wish,
};
use serde_json::{Value, json};

const DECISIONS: &str = include_str!("decisions.jsonl");
const WISHES: u64 = 600;
const NODES: u64 = 3;

fn room() -> Room {
    let limits = Limits {
        members: 12,
        members_per_address: 6,
        history: HistoryLimits { messages: 20, bytes: 1 << 16, age: 60_000 },
        resume_window: 120_000,
        previous_token: 60_000,
    };
    let class = Some(TokenHash::of_secret("the teacher's"));
    let opening = Opening { room: RoomId::parse("کلاس").unwrap(), limits, class };
    Room::new(opening, Epoch::parse("e1").unwrap())
}

/// What comes of it, for whom it concerns; a welcome is known by the token that it gives.
fn decided(room: &mut Room, at: u64, wish: Wish) -> Value {
    let mut effects = Vec::new();
    let refused = room.take(wish, at, &mut effects).err().map(ServerMsg::from);
    room.tick(at, &mut effects);
    let effect = |effect: &Effect| match effect {
        Effect::Broadcast(message) => json!({"all": message}),
        Effect::Send(conn, message) => json!({"to": conn, "message": message}),
        Effect::Replay(conn, missed) => json!({"to": conn, "missed": missed}),
        Effect::Close(conn, code) => json!({"close": conn, "code": code.code()}),
    };
    let effects: Vec<Value> = effects.iter().map(effect).collect();
    json!({"refused": refused, "effects": effects, "due": room.next_deadline()})
}

#[test]
fn rooms_decide_as_written() {
    assert_eq!(RULES, 1, "with other rules: write the decisions anew, and this number");
    if std::env::var_os("OTAGH_WRITE_DECISIONS").is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decisions.jsonl");
        return std::fs::write(file, written()).unwrap();
    }
    let mut room = room();
    let mut lines = 0;
    for (n, line) in DECISIONS.lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        let wish = serde_json::from_value(line["wish"].clone()).unwrap();
        let decided = decided(&mut room, line["at"].as_u64().unwrap(), wish);
        assert_eq!(decided, line["decided"], "line {}: {}", n + 1, line["wish"]);
        lines += 1;
    }
    assert_eq!(lines, WISHES);
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn of(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.of(of.len() as u64) as usize].clone()
    }
}

/// Wishes of a busy room, by a seed, and what is decided today.
fn written() -> String {
    let (mut dice, mut room, mut at, mut conns, mut file) = (Dice(18), room(), 1_000, 0_u64, String::new());
    for n in 0..WISHES {
        at += [0, 1, 40, 900, 30_000][dice.of(5) as usize] * u64::from(dice.of(8) < 5);
        let conn = |n: u64| ConnKey((n << ConnKey::NODE_BITS) | (n % NODES));
        let somebody = conn(conns.saturating_sub(dice.of(10)));
        let command = |command| Wish::Command { conn: somebody, command, fresh: None };
        let fresh = |n: u64| FreshToken::from(TokenHash::of_secret(&n.to_string()));
        let wish = match dice.of(20) {
            0..=4 => {
                conns += 1;
                let claim = (dice.of(2) == 0).then(|| Claim {
                    proof: TokenHash::of_secret(&conns.saturating_sub(1 + dice.of(9)).to_string()),
                    epoch: Epoch::parse(dice.one(&["e1", "e1", "e0"])).unwrap(),
                    seq: dice.of(60),
                });
                let names = ["سارا", "علي", "علی", "Ali", "ali", "Sara ۲"];
                Wish::Join(Box::new(Join {
                    conn: conn(conns),
                    client_id: ClientId::parse(dice.one(&["ali", "sara", "مریم"])).unwrap(),
                    name: (dice.of(3) > 0).then(|| Name::parse(dice.one(&names)).unwrap()),
                    tab: (dice.of(2) == 0).then(|| TabId::parse(dice.one(&["t1", "t2"])).unwrap()),
                    address: AddressKey(dice.of(3)),
                    way: dice.one(&[Way::Socket, Way::Socket, Way::Http]),
                    claim,
                    teacher: (dice.of(6) == 0).then(|| TokenHash::of_secret("the teacher's")),
                    token: fresh(conns),
                    rate_limit: None,
                }))
            }
            5..=9 => command(Command::Say {
                id: SayId::parse(&format!("s-{}", n - dice.of(n.min(20) + 1))).unwrap(),
                text: Text::parse(dice.one(&["سلام", "hello", "✋"])).unwrap(),
            }),
            10 => command(Command::Rename {
                name: Name::parse(dice.one(&["رضا", "سارا", "Reza"])).unwrap()
            }),
            11 => command(Command::Typing),
            12 => Wish::Command {
                conn: somebody,
                command: Command::EndTabs,
                fresh: Some(Box::new(fresh(n + 1_000_000))),
            },
            13 => command(Command::Tabs),
            14 => {
                let class = [
                    r#"{"type":"stage","slide":4,"step":2}"#,
                    r#"{"type":"open_vote","question":"کدام؟","answers":["یک","دو","سه"]}"#,
                    r#"{"type":"close_vote"}"#,
                ];
                command(serde_json::from_str(dice.one(&class)).unwrap())
            }
            15 => command(dice.one(&[Command::Vote { answer: 0 }, Command::Vote { answer: 2 }])),
            16..=17 => {
                let hows = [Departure::Clean, Departure::Lost, Departure::Lost, Departure::Forgotten];
                Wish::Leave { conn: somebody, how: dice.one(&hows) }
            }
            18 => Wish::Gone { node: dice.of(NODES) as u32, before: conn(conns - dice.of(3).min(conns)) },
            _ => dice.one(&[Wish::Tick, Wish::Tick, Wish::Forget { bytes: 4_000 }]),
        };
        let written = serde_json::to_value(&wish).unwrap();
        let decided = decided(&mut room, at, wish);
        writeln!(file, "{}", json!({"at": at, "wish": written, "decided": decided})).unwrap();
    }
    file
}
