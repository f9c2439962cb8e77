//! One message for every variant and every shape of it that differs on the wire, and the list of
//! variants as the types themselves give it, so that none can be forgotten.
#![allow(dead_code, reason = "each test uses its own part")]

use chat_protocol::{
    Ballot, CaptureToken, Class, ClassKey, ClientId, ClientMsg, Command, Epoch, ErrorCode, Member,
    MemberRoundTrip, Name, OpenTab, Presence, Resume, ResumeToken, RoomId, RoundTrip, RoundTrips, Said,
    SayId, ServerMsg, Stage, TabId, Teacher, Text, Vote, Welcome,
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

/// The `type` of a message. A new variant does not compile until it stands here, and
/// [`client_variants`] then asks for its golden file.
pub(crate) fn client_tag(message: &ClientMsg) -> &'static str {
    match message {
        ClientMsg::Join { .. } => "join",
        ClientMsg::Command(Command::Say { .. }) => "say",
        ClientMsg::Command(Command::Typing) => "typing",
        ClientMsg::Command(Command::Rename { .. }) => "rename",
        ClientMsg::Command(Command::Tabs) => "tabs",
        ClientMsg::Command(Command::EndTabs) => "end_tabs",
        ClientMsg::Command(Command::Stage(_)) => "stage",
        ClientMsg::Command(Command::OpenVote(_)) => "open_vote",
        ClientMsg::Command(Command::CloseVote) => "close_vote",
        ClientMsg::Command(Command::Vote { .. }) => "vote",
        ClientMsg::Command(Command::RoundTrip(_)) => "round_trip",
        ClientMsg::Ping { .. } => "ping",
    }
}

/// As [`client_tag`].
pub(crate) fn server_tag(message: &ServerMsg) -> &'static str {
    match message {
        ServerMsg::Welcome(_) => "welcome",
        ServerMsg::Presence(_) => "presence",
        ServerMsg::Said(_) => "said",
        ServerMsg::Typing { .. } => "typing",
        ServerMsg::Tabs { .. } => "tabs",
        ServerMsg::Pong { .. } => "pong",
        ServerMsg::Xray { .. } => "xray",
        ServerMsg::Class(_) => "class",
        ServerMsg::Stage(_) => "stage",
        ServerMsg::Vote(_) => "vote",
        ServerMsg::RoundTrips(_) => "round_trips",
        ServerMsg::Error { .. } => "error",
        other => panic!("no tag for {other:?}"),
    }
}

/// What a client may send, by the name of its golden file.
pub(crate) fn client() -> Vec<(&'static str, ClientMsg)> {
    let resume = Resume { token: token(), epoch: epoch(), seq: 41 };
    let teacher = Teacher { token: ClassKey::from_bytes([0x5a; 32]) };
    vec![
        ("join", ClientMsg::join(None, None, None)),
        ("join_with_name", ClientMsg::join(Some(name("سارا")), None, None)),
        ("join_with_tab", ClientMsg::join(Some(name("سارا")), None, Some(tab()))),
        ("join_with_resume", ClientMsg::join(Some(name("سارا")), Some(resume), Some(tab()))),
        (
            "join_as_teacher",
            ClientMsg::Join { name: Some(name("مدرس")), resume: None, tab: None, teacher: Some(teacher) },
        ),
        ("say", ClientMsg::Command(Command::Say { id: say_id("c1-7"), text: text("سلام") })),
        (
            "say_with_escapes",
            ClientMsg::Command(Command::Say {
                id: say_id("c1-8"), text: text("می‌روم\n\t\"\\/ <b> 👩‍💻")
            }),
        ),
        ("typing", ClientMsg::Command(Command::Typing)),
        ("rename", ClientMsg::Command(Command::Rename { name: name("سارا رضایی") })),
        ("tabs", ClientMsg::Command(Command::Tabs)),
        ("end_tabs", ClientMsg::Command(Command::EndTabs)),
        ("stage", ClientMsg::Command(Command::Stage(stage()))),
        ("open_vote", ClientMsg::Command(Command::OpenVote(Box::new(ballot())))),
        ("close_vote", ClientMsg::Command(Command::CloseVote)),
        ("vote", ClientMsg::Command(Command::Vote { answer: 1 })),
        ("round_trip", ClientMsg::Command(Command::RoundTrip(RoundTrip::new(870).unwrap()))),
        ("ping", ClientMsg::Ping { n: u32::MAX }),
    ]
}

/// What the server may send, by the name of its golden file.
pub(crate) fn server() -> Vec<(&'static str, ServerMsg)> {
    let sara = || Member::new(client_id("sara"), name("سارا"));
    let ali = || Member { tabs: 2, ..Member::new(client_id("ali-2"), name("علی ۲")) };
    let reza = || Member { away: true, ..Member::new(client_id("رضا"), name("رضا")) };
    let error = |code, id, suggestion, free_in| ServerMsg::Error {
        code,
        detail: "what was wrong".into(),
        id,
        suggestion,
        free_in,
    };
    let this = OpenTab { since: 1_795_420_800_000, http: false, elsewhere: false, this: true };
    let other = OpenTab { since: 1_795_420_860_000, http: true, elsewhere: true, this: false };
    vec![
        (
            "welcome",
            ServerMsg::Welcome(Welcome {
                you: sara(),
                room: RoomId::parse("class").unwrap(),
                epoch: epoch(),
                seq: 0,
                token: token(),
                recovered: false,
                members: vec![sara()],
                member_count: 1,
                away_count: 0,
            }),
        ),
        (
            "welcome_to_a_full_room",
            ServerMsg::Welcome(Welcome {
                you: ali(),
                room: RoomId::parse("کلاس-1").unwrap(),
                epoch: epoch(),
                seq: 41,
                token: token(),
                recovered: true,
                members: vec![sara(), ali(), reza()],
                member_count: 240,
                away_count: 0,
            }),
        ),
        (
            "presence",
            ServerMsg::Presence(Presence {
                joined: vec![ali()],
                left: vec![client_id("sara")],
                changed: vec![],
                member_count: 2,
                away_count: 0,
            }),
        ),
        (
            "presence_changed",
            ServerMsg::Presence(Presence { changed: vec![reza()], member_count: 3, ..Presence::default() }),
        ),
        (
            "presence_with_away",
            ServerMsg::Presence(Presence {
                changed: vec![reza()],
                member_count: 3,
                away_count: 1,
                ..Presence::default()
            }),
        ),
        (
            "said",
            ServerMsg::Said(Said {
                seq: 42,
                id: say_id("c1-7"),
                from: client_id("sara"),
                name: name("سارا"),
                text: text("سلام"),
                at: 1_795_420_800_000,
            }),
        ),
        ("typing", ServerMsg::Typing { from: client_id("sara") }),
        ("tabs", ServerMsg::Tabs { tabs: vec![this.clone(), other], token: None }),
        ("tabs_ended", ServerMsg::Tabs { tabs: vec![this], token: Some(token()) }),
        ("pong", ServerMsg::Pong { n: u32::MAX }),
        ("xray", ServerMsg::Xray { token: CaptureToken::from_bytes([0xa5; 32]) }),
        ("class", ServerMsg::Class(Class { stage: stage(), teacher: false, vote: None, answer: None })),
        (
            "class_of_a_teacher",
            ServerMsg::Class(Class { stage: stage(), teacher: true, vote: Some(vote()), answer: Some(1) }),
        ),
        ("stage", ServerMsg::Stage(stage())),
        ("vote", ServerMsg::Vote(vote())),
        (
            "round_trips",
            ServerMsg::RoundTrips(RoundTrips {
                of: vec![
                    MemberRoundTrip { id: client_id("sara"), us: 870 },
                    MemberRoundTrip { id: client_id("ali-2"), us: 42_000 },
                ],
            }),
        ),
        ("error", error(ErrorCode::BadJson, None, None, None)),
        ("error_about_a_say", error(ErrorCode::TextTooLong, Some(say_id("c1-7")), None, None)),
        ("error_with_suggestion", error(ErrorCode::NameTaken, None, Some(name("سارا ۲")), None)),
        ("error_about_who_is_away", error(ErrorCode::NameTaken, None, Some(name("سارا ۲")), Some(87))),
    ]
}

/// Every message a client may send: its `type` and its schema, as a server reads it.
pub(crate) fn client_variants() -> Vec<(String, Value)> {
    variants::<ClientMsg>(&mut reader())
}

/// Every message a server may send: its `type` and its schema, as a server writes it.
pub(crate) fn server_variants() -> Vec<(String, Value)> {
    variants::<ServerMsg>(&mut writer())
}

/// Makes schemas for what is read.
pub(crate) fn reader() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_deserialize().into_generator()
}

/// Makes schemas for what is written.
pub(crate) fn writer() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

/// Takes the schema of a tagged enum apart, and of the enum that one of its variants is. What it refers to
/// stays in the generator.
pub(crate) fn variants<T: JsonSchema>(generator: &mut SchemaGenerator) -> Vec<(String, Value)> {
    fn collect(schema: &Value, generator: &SchemaGenerator, found: &mut Vec<(String, Value)>) {
        if let Some(tag) = schema["properties"]["type"]["const"].as_str() {
            return found.push((tag.to_owned(), schema.clone()));
        }
        let refers = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        if let Some(inner) = refers.and_then(|name| generator.definitions().get(name)) {
            return collect(inner, generator, found);
        }
        let variants = schema["oneOf"].as_array().or(schema["anyOf"].as_array()).expect("a tagged enum");
        variants.iter().for_each(|variant| collect(variant, generator, found));
    }

    let schema = T::json_schema(generator).to_value();
    let mut found = Vec::new();
    collect(&schema, generator, &mut found);
    found
}

fn name(raw: &str) -> Name {
    Name::parse(raw).unwrap()
}

fn client_id(raw: &str) -> ClientId {
    ClientId::parse(raw).unwrap()
}

fn say_id(raw: &str) -> SayId {
    SayId::parse(raw).unwrap()
}

fn text(raw: &str) -> Text {
    Text::parse(raw).unwrap()
}

fn stage() -> Stage {
    Stage::new(4, 2).unwrap()
}

fn ballot() -> Ballot {
    Ballot::parse("ده دقیقه سکوت چند درخواست است؟", &["۳۰", "۳۰۰"]).unwrap()
}

fn vote() -> Vote {
    let ballot = ballot();
    let (question, answers) = (ballot.question().clone(), ballot.answers().to_vec());
    Vote { question, answers, counts: vec![3, 20], open: true }
}

fn tab() -> TabId {
    TabId::parse("t1").unwrap()
}

fn epoch() -> Epoch {
    Epoch::parse("e8f3a1").unwrap()
}

fn token() -> ResumeToken {
    ResumeToken::from_bytes(std::array::from_fn(|i| i as u8))
}
