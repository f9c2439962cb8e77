//! Rules that hold for any input, not only for the examples next to the code.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use chat_protocol::{
    Ballot, ClientId, ClientMsg, Command, Epoch, Name, Resume, ResumeToken, RoomId, RoundTrip, SayId,
    ServerMsg, Stage, TabId, Text,
    json::Read,
    limits::{ID_MAX_CHARS, NAME_MAX_CHARS, ROUND_TRIP_MAX_US, SLIDES, STEP_MAX, TEXT_MAX_CHARS},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::Value;

/// Strings that rules disagree about. Short ones of few characters, so that a letter meets every
/// mark, blank and control often; longer ones of any character, for what nobody thought of.
fn chars() -> impl Strategy<Value = String> {
    let letters: Vec<char> = "aHeیكۀ۱ـ".chars().collect();
    let marks: Vec<char> = "\u{301}\u{331}\u{34F}\u{64E}\u{654}".chars().collect();
    let others: Vec<char> =
        "- .\n\t\u{200C}\u{200D}\u{202E}\u{200F}\u{FEFF}\u{3164}\u{958}\u{2800}🙂".chars().collect();
    let notable = || prop_oneof![select(letters.clone()), select(marks.clone()), select(others.clone())];
    prop_oneof![
        3 => vec(notable(), 0..6).prop_map(String::from_iter),
        1 => vec(prop_oneof![4 => notable().boxed(), 1 => any::<char>().boxed()], 0..80).prop_map(String::from_iter),
    ]
}

/// Raw values a rule accepts, as the rule leaves them.
fn parsed<T: std::fmt::Debug + 'static, E: 'static>(
    parse: impl Fn(&str) -> Result<T, E> + 'static,
) -> BoxedStrategy<T> {
    chars().prop_filter_map("breaks the rule", move |raw| parse(&raw).ok()).boxed()
}

fn opaque() -> impl Strategy<Value = String> {
    vec(select(('!'..='~').collect::<Vec<_>>()), 1..=ID_MAX_CHARS).prop_map(String::from_iter)
}

fn client_msg() -> impl Strategy<Value = ClientMsg> {
    let name = || {
        prop_oneof![Just("سارا".to_owned()), chars()]
            .prop_filter_map("breaks the rule", |raw| Name::parse(&raw).ok())
    };
    let resume = (any::<[u8; 32]>(), opaque(), any::<u64>()).prop_map(|(token, epoch, seq)| Resume {
        token: ResumeToken::from_bytes(token),
        epoch: Epoch::parse(&epoch).unwrap(),
        seq,
    });
    let tab = opaque().prop_map(|raw| TabId::parse(&raw).unwrap());
    prop_oneof![
        (option::of(name()), option::of(resume), option::of(tab))
            .prop_map(|(name, resume, tab)| ClientMsg::join(name, resume, tab)),
        (1..=SLIDES, 0..=STEP_MAX)
            .prop_map(|(slide, step)| Command::Stage(Stage::new(slide, step).unwrap()).into()),
        (parsed(Text::parse), vec(parsed(Text::parse), 2..=6)).prop_filter_map(
            "breaks the rule",
            |(question, answers)| {
                Ballot::parse(question.as_str(), &answers)
                    .ok()
                    .map(|ballot| Command::OpenVote(Box::new(ballot)).into())
            }
        ),
        prop_oneof![
            Just(Command::CloseVote),
            any::<u32>().prop_map(|answer| Command::Vote { answer }),
            (0..=ROUND_TRIP_MAX_US).prop_map(|us| Command::RoundTrip(RoundTrip::new(us).unwrap())),
        ]
        .prop_map(ClientMsg::Command),
        (opaque(), parsed(Text::parse))
            .prop_map(|(id, text)| ClientMsg::Command(Command::Say { id: SayId::parse(&id).unwrap(), text })),
        Just(ClientMsg::Command(Command::Typing)),
        name().prop_map(|name| ClientMsg::Command(Command::Rename { name })),
        select(vec![Command::Tabs, Command::EndTabs]).prop_map(ClientMsg::Command),
        any::<u32>().prop_map(|n| ClientMsg::Ping { n }),
    ]
}

/// What a server sends, as the golden files have it.
fn golden() -> Vec<Value> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/server");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()).collect()
}

fn odd_json() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        chars().prop_map(Value::from),
        vec(chars(), 0..3).prop_map(Value::from),
        Just(serde_json::json!({ "type": [] })),
    ]
}

/// The value that comes at this place when all of a document are counted, the document itself first.
fn nth_value<'a>(value: &'a mut Value, at: &mut usize) -> Option<&'a mut Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Array(values) => values.iter_mut().find_map(|value| nth_value(value, at)),
        Value::Object(fields) => fields.values_mut().find_map(|value| nth_value(value, at)),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn parsing_is_idempotent(raw in chars()) {
        if let Ok(room) = RoomId::parse(&raw) {
            prop_assert_eq!(RoomId::parse(room.as_str()).unwrap(), room);
        }
        if let Ok(id) = ClientId::parse(&raw) {
            prop_assert_eq!(ClientId::parse(id.as_str()).unwrap(), id);
        }
        if let Ok(name) = Name::parse(&raw) {
            prop_assert_eq!(Name::parse(name.as_str()).unwrap(), name);
        }
        if let Ok(text) = Text::parse(&raw) {
            prop_assert_eq!(Text::parse(text.as_str()).unwrap(), text);
        }
    }

    #[test]
    fn derived_ids_and_names_stay_valid(raw in chars(), n in 2_usize..) {
        if let Ok(id) = ClientId::parse(&raw) {
            let (numbered, name) = (id.numbered(n), Name::from(&id));
            prop_assert!(numbered.as_str().chars().count() <= ID_MAX_CHARS);
            prop_assert_eq!(ClientId::parse(numbered.as_str()).unwrap(), numbered);
            prop_assert_eq!(Name::parse(name.as_str()).unwrap(), name);
        }
        if let Ok(name) = Name::parse(&raw) {
            let numbered = name.numbered(n);
            prop_assert!(numbered.as_str().chars().count() <= NAME_MAX_CHARS);
            prop_assert_eq!(Name::parse(numbered.as_str()).unwrap(), numbered.clone());
            prop_assert!(!numbered.is_like(&name.numbered(n - 1)));
        }
    }

    #[test]
    fn client_message_round_trips_over_wire(message in client_msg()) {
        prop_assert_eq!(ClientMsg::parse(&message.to_json(), TEXT_MAX_CHARS).unwrap(), message);
    }

    #[test]
    fn nothing_a_client_sends_panics(raw in ".{0,200}", cut in 0_usize..200, message in client_msg()) {
        drop(ClientMsg::parse(&raw, TEXT_MAX_CHARS));
        let json: String = message.to_json().chars().take(cut).collect();
        drop(ClientMsg::parse(&(json + &raw), TEXT_MAX_CHARS));
    }

    #[test]
    fn nothing_a_server_sends_panics((mut json, at) in (select(golden()), 0_usize..60), odd in odd_json()) {
        // A message in which one value is another, so that what reads it gets to every field.
        if let Some(value) = nth_value(&mut json, &mut at.clone()) {
            *value = odd;
        }
        let by_serde = serde_json::from_value::<ServerMsg>(json.clone()).ok();
        let by_page = ServerMsg::read(&json).ok();
        // The page is content with less than serde is; what both read is the same.
        if let (Some(one), Some(other)) = (by_serde, by_page) {
            prop_assert_eq!(one, other);
        }
    }
}
