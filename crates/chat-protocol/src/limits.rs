//! The bounds that are part of the protocol: both ends, and clients in other languages, may rely
//! on them. Bounds an operator may choose (how many rooms, how fast) are the server's own.

/// Longest room id, client id, say id or tab id, in Unicode scalar values. Long enough for a
/// sentence in a link, short enough for a log line.
pub const ID_MAX_CHARS: usize = 64;

/// Longest name, in Unicode scalar values: room for a full Persian name with titles, on one line
/// of a phone.
pub const NAME_MAX_CHARS: usize = 32;

/// Longest message text, in Unicode scalar values (Telegram's own figure). In UTF-8 at most four
/// times as many bytes.
pub const TEXT_MAX_CHARS: usize = 4096;

/// Longest WebSocket message a client may send, in bytes: the longest text with every character
/// escaped (`\ud83d\ude42` is twelve bytes for one emoji, and the default of some JSON libraries),
/// and room for the object around it.
pub const FRAME_MAX_BYTES: usize = 12 * TEXT_MAX_CHARS + 2048;

/// Most members a `welcome` lists. Beyond it only `member_count` grows; whoever speaks is known
/// by the name in `said`.
pub const ROSTER_MAX: usize = 200;

/// Longest reason in a close frame, in bytes: a control frame carries 125, two are the code
/// (RFC 6455 §5.5).
pub const CLOSE_REASON_MAX_BYTES: usize = 123;

/// How many slides the stage of a class has.
#[cfg(feature = "class")]
pub const SLIDES: u32 = 15;

/// The last step of a slide, counted from 0.
#[cfg(feature = "class")]
pub const STEP_MAX: u32 = 15;

/// Longest round trip that is taken for one, in microseconds: a minute.
#[cfg(feature = "class")]
pub const ROUND_TRIP_MAX_US: u32 = 60_000_000;

/// Longest question of a vote, in Unicode scalar values: two lines of a projector.
#[cfg(feature = "class")]
pub const QUESTION_MAX_CHARS: usize = 200;

/// Longest answer to choose, in Unicode scalar values: one line of a phone's button.
#[cfg(feature = "class")]
pub const ANSWER_MAX_CHARS: usize = 80;

/// Fewest answers of a vote.
#[cfg(feature = "class")]
pub const ANSWERS_MIN: usize = 2;

/// Most answers of a vote.
#[cfg(feature = "class")]
pub const ANSWERS_MAX: usize = 6;

/// How long a `typing` notice means "still typing", in milliseconds. A client repeats it no more
/// often than half of this.
pub const TYPING_TTL_MS: u64 = 5_000;
