//! What a class has beyond a chat: a [`Stage`] that stands at one slide, and a vote. Who shows the room's
//! [`ClassKey`] in `join` turns the pages and opens votes; every member votes. The room page's program is
//! built without this module: what a class says is read by a script of its own (`assets/class-strip.js`), where
//! there is a class.

use serde::{Deserialize, Serialize};

use crate::{
    ClassKey, ClientId, ErrorCode, Invalid, Text,
    json::{Json, Read, required},
    limits::{
        ANSWER_MAX_CHARS, ANSWERS_MAX, ANSWERS_MIN, QUESTION_MAX_CHARS, ROUND_TRIP_MAX_US, SLIDES, STEP_MAX,
    },
    read_fields,
};

/// Proof of being the teacher, in `join`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Teacher {
    /// The room's key. Named as every secret of the protocol is, so that a recording covers it.
    pub token: ClassKey,
}

/// Where the stage stands: a slide, and how much of it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!try_from))]
#[serde(try_from = "RawStage")]
pub struct Stage {
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = SLIDES)))]
    slide: u32,
    #[cfg_attr(feature = "schema", schemars(range(max = STEP_MAX)))]
    step: u32,
}

impl Stage {
    /// The beginning.
    pub const FIRST: Self = Self { slide: 1, step: 0 };

    /// # Errors
    /// [`ErrorCode::BadField`] beyond the [`SLIDES`] that there are, or [`STEP_MAX`].
    pub fn new(slide: u32, step: u32) -> Result<Self, Invalid> {
        let bad = |detail: String| Err(Invalid::new(ErrorCode::BadField, detail));
        match (slide, step) {
            (1..=SLIDES, 0..=STEP_MAX) => Ok(Self { slide, step }),
            (1..=SLIDES, _) => bad(format!("step: {step}; must be 0 to {STEP_MAX}")),
            _ => bad(format!("slide: {slide}; must be 1 to {SLIDES}")),
        }
    }

    /// From 1.
    pub fn slide(self) -> u32 {
        self.slide
    }

    /// From 0.
    pub fn step(self) -> u32 {
        self.step
    }
}

/// What is voted on: a question, and the answers to choose from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!try_from))]
#[serde(try_from = "RawBallot")]
pub struct Ballot {
    /// At most [`QUESTION_MAX_CHARS`].
    question: Text,
    /// Each at most [`ANSWER_MAX_CHARS`].
    #[cfg_attr(feature = "schema", schemars(length(min = ANSWERS_MIN, max = ANSWERS_MAX)))]
    answers: Vec<Text>,
}

impl Ballot {
    /// # Errors
    /// [`ErrorCode::BadField`] for too few or too many answers; for a text, what its rule says.
    pub fn parse(question: &str, answers: &[impl AsRef<str>]) -> Result<Self, Invalid> {
        let count = answers.len();
        if !(ANSWERS_MIN..=ANSWERS_MAX).contains(&count) {
            let detail = format!("answers: {count}; must be {ANSWERS_MIN} to {ANSWERS_MAX}");
            return Err(Invalid::new(ErrorCode::BadField, detail));
        }
        let answer = |raw: &_| Text::parse_within(AsRef::as_ref(raw), ANSWER_MAX_CHARS);
        Ok(Self {
            question: Text::parse_within(question, QUESTION_MAX_CHARS)?,
            answers: answers.iter().map(answer).collect::<Result<_, _>>()?,
        })
    }

    /// What is asked.
    pub fn question(&self) -> &Text {
        &self.question
    }

    /// What may be answered.
    pub fn answers(&self) -> &[Text] {
        &self.answers
    }
}

/// A vote as everybody sees it. Whole each time, so that it takes the place of what one had.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Vote {
    /// What is asked.
    pub question: Text,
    /// What may be answered.
    pub answers: Vec<Text>,
    /// How many members chose each of them.
    pub counts: Vec<u32>,
    /// Whether answers are still taken.
    pub open: bool,
}

/// The class, as a connection finds it that has just joined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Class {
    /// Where the stage stands.
    pub stage: Stage,
    /// Whether this connection may turn its pages, because it showed the room's key; left out when not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub teacher: bool,
    /// The vote, if there was one: the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vote: Option<Vote>,
    /// The place of one's own answer among its answers, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<u32>,
}

/// How long a question and its answer took, by the clock of whoever asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!try_from))]
#[serde(try_from = "RawRoundTrip")]
pub struct RoundTrip {
    /// In microseconds.
    #[cfg_attr(feature = "schema", schemars(range(max = ROUND_TRIP_MAX_US)))]
    us: u32,
}

impl RoundTrip {
    /// # Errors
    /// [`ErrorCode::BadField`] for more than [`ROUND_TRIP_MAX_US`].
    pub fn new(us: u32) -> Result<Self, Invalid> {
        if us > ROUND_TRIP_MAX_US {
            let detail = format!("us: {us}; must be 0 to {ROUND_TRIP_MAX_US}");
            return Err(Invalid::new(ErrorCode::BadField, detail));
        }
        Ok(Self { us })
    }

    /// In microseconds.
    pub fn us(self) -> u32 {
        self.us
    }
}

/// Round trips of the class, to its teacher alone: those that came since the last time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoundTrips {
    /// The latest of each member who measured one since.
    pub of: Vec<MemberRoundTrip>,
}

/// How far a member is from the server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberRoundTrip {
    /// Whose.
    pub id: ClientId,
    /// In microseconds.
    pub us: u32,
}

// As written, the values still unchecked.

#[derive(Deserialize)]
pub(crate) struct RawStage {
    slide: u32,
    step: u32,
}

#[derive(Deserialize)]
pub(crate) struct RawRoundTrip {
    us: u32,
}

#[derive(Deserialize)]
pub(crate) struct RawBallot {
    question: String,
    answers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with token")]
pub(crate) struct RawTeacher {
    token: String,
}

impl RawTeacher {
    pub(crate) fn check(self) -> Result<Teacher, Invalid> {
        Ok(Teacher { token: ClassKey::parse(&self.token)? })
    }
}

impl TryFrom<RawStage> for Stage {
    type Error = Invalid;

    fn try_from(raw: RawStage) -> Result<Self, Invalid> {
        Self::new(raw.slide, raw.step)
    }
}

impl TryFrom<RawRoundTrip> for RoundTrip {
    type Error = Invalid;

    fn try_from(raw: RawRoundTrip) -> Result<Self, Invalid> {
        Self::new(raw.us)
    }
}

impl TryFrom<RawBallot> for Ballot {
    type Error = Invalid;

    fn try_from(raw: RawBallot) -> Result<Self, Invalid> {
        Self::parse(&raw.question, &raw.answers)
    }
}

impl Read for Stage {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Self::new(required(json, "slide")?, required(json, "step")?)
    }
}

read_fields! {
    Vote { question, answers, counts, open }
    RoundTrips { of }
    MemberRoundTrip { id, us }
    Class { stage, teacher or false, vote or None, answer or None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_beyond_the_slides_is_refused() {
        assert!(Stage::new(SLIDES, STEP_MAX).is_ok());
        for (slide, step, named) in [(0, 0, "slide: 0"), (99, 0, "slide: 99"), (1, 16, "step: 16")] {
            let invalid = Stage::new(slide, step).unwrap_err();
            assert_eq!(invalid.code, ErrorCode::BadField);
            assert!(invalid.detail.starts_with(named), "{}", invalid.detail);
        }
    }

    #[test]
    fn round_trip_of_hours_is_none() {
        assert_eq!(RoundTrip::new(ROUND_TRIP_MAX_US).map(RoundTrip::us), Ok(ROUND_TRIP_MAX_US));
        let invalid = RoundTrip::new(ROUND_TRIP_MAX_US + 1).unwrap_err();
        assert_eq!(invalid.code, ErrorCode::BadField);
        assert!(invalid.detail.starts_with("us: 60000001"), "{}", invalid.detail);
    }

    #[test]
    fn ballot_has_two_to_six_answers() {
        let parse = |count| Ballot::parse("چند درخواست؟", &vec!["۳۰"; count]).map_err(|invalid| invalid.code);
        assert_eq!([1, 7].map(|count| parse(count).unwrap_err()), [ErrorCode::BadField; 2]);
        assert!(parse(2).is_ok() && parse(6).is_ok());
        assert_eq!(Ballot::parse(" ", &["a", "b"]).unwrap_err().code, ErrorCode::EmptyText);
        let long = "ا".repeat(ANSWER_MAX_CHARS + 1);
        assert_eq!(Ballot::parse("؟", &["a", &long]).unwrap_err().code, ErrorCode::TextTooLong);
    }
}
