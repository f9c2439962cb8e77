//! What the room asks to be shown (see `chat_ui::lab`): the handshake, or the frame that lit a step or carried
//! a message. What is not recorded yet is waited for, until something else is looked at.

use chat_ui::{browser::listen, lab};
use leptos::prelude::*;
use web_sys::HtmlElement;

use super::{
    Tab,
    recording::{Recording, Says},
    recordings::Recordings,
};

/// One thing to be shown, as the room asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    /// `handshake`, `close`, or the type of a message.
    what: String,
    /// Which message.
    id: Option<String>,
}

/// Where it was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// The number of the recording.
    pub recording: usize,
    /// The number of the frame in it; none for the handshake.
    pub frame: Option<usize>,
}

impl Wanted {
    /// Reads the attribute by which it is asked for.
    pub(super) fn read(asked: &str) -> Self {
        let (what, id) = match asked.split_once(' ') {
            Some((what, id)) => (what, Some(id.to_owned())),
            None => (asked, None),
        };
        Self { what: what.to_owned(), id }
    }

    /// Whether it is the handshake rather than a frame.
    pub(super) fn is_handshake(&self) -> bool {
        self.what == "handshake"
    }

    /// Whether every recording has it sooner or later, as it begins with it.
    pub(super) fn will_come(&self) -> bool {
        self.is_handshake() || self.what == "join"
    }

    /// The newest there is of it.
    pub(super) fn find(&self, recordings: &[Recording]) -> Option<Place> {
        let newest = || recordings.iter().enumerate().rev();
        if self.is_handshake() {
            let (recording, _) = newest().find(|(_, one)| one.answer.is_some())?;
            return Some(Place { recording, frame: None });
        }
        let frame_of = |what: &str| {
            newest().find_map(|(recording, one)| {
                let frame = one.frames.iter().rposition(|shown| match &shown.says {
                    Says::Close(_) => what == "close",
                    says => {
                        says.kind() == Some(what)
                            && self.id.as_deref().is_none_or(|id| says.field("id") == Some(id))
                    }
                })?;
                Some(Place { recording, frame: Some(frame) })
            })
        };
        // What was said in another tab came here all the same.
        frame_of(&self.what).or_else(|| frame_of("said").filter(|_| self.id.is_some()))
    }
}

/// Shows what the room notes on its button, as soon as it is recorded: in its tab, and of a frame all of it.
/// Returns what is still waited for.
pub(super) fn follow(
    button: HtmlElement,
    recordings: Recordings,
    tab: RwSignal<Tab>,
    open: RwSignal<Option<(usize, usize)>>,
) -> RwSignal<Option<Wanted>> {
    let wanted = RwSignal::new(None);
    let look = move || wanted.set(button.get_attribute(lab::WANTED).map(|asked| Wanted::read(&asked)));
    look();
    listen(&document(), lab::SHOW, look);
    Effect::new(move || {
        let Some(one) = wanted.get() else { return };
        tab.set(if one.is_handshake() { Tab::Handshake } else { Tab::Frames });
        let Some(place) = one.find(&recordings.all()) else { return };
        wanted.set(None);
        recordings.choose(place.recording);
        if let Some(frame) = place.frame {
            open.set(Some((place.recording, frame)));
        }
    });
    wanted
}

#[cfg(test)]
mod tests {
    use chat_wire::{
        Chunk, Direction, Event,
        frame::{Header, Opcode},
    };

    use super::*;

    /// A recording in which this was heard.
    fn heard(frames: &[(Opcode, &[u8])]) -> Recording {
        let mut recording = Recording::new("t".into());
        let mut data = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        for (opcode, payload) in frames {
            data.extend(Header::new(*opcode, None, payload.len() as u64).write());
            data.extend(*payload);
        }
        let chunk = Chunk { at_us: 1, direction: Direction::Out, offset: 0, data, hidden: vec![] };
        recording.take(Event::Bytes(chunk));
        recording
    }

    const SAID_A: (Opcode, &[u8]) = (Opcode::TEXT, br#"{"type":"said","id":"a"}"#);
    const SAID_B: (Opcode, &[u8]) = (Opcode::TEXT, br#"{"type":"said","id":"b"}"#);
    const CLOSE: (Opcode, &[u8]) = (Opcode::CLOSE, &[3, 232]);

    fn found(asked: &str, recordings: &[Recording]) -> Option<(usize, Option<usize>)> {
        Wanted::read(asked).find(recordings).map(|place| (place.recording, place.frame))
    }

    #[test]
    fn newest_is_found_unless_one_is_named() {
        let all = [heard(&[SAID_A, SAID_B]), heard(&[SAID_B, SAID_B, SAID_A])];
        assert_eq!(found("said", &all), Some((1, Some(2))));
        assert_eq!(found("said b", &all), Some((1, Some(1))));
        assert_eq!(found("said b", &all[..1]), Some((0, Some(1))));
        assert_eq!(found("handshake", &all), Some((1, None)));
    }

    #[test]
    fn close_is_found_in_an_ended_recording() {
        let all = [heard(&[SAID_A, CLOSE]), heard(&[SAID_A])];
        assert_eq!(found("close", &all), Some((0, Some(1))));
        assert_eq!(found("close", &all[1..]), None);
    }

    #[test]
    fn unrecorded_say_is_shown_by_its_echo() {
        let all = [heard(&[SAID_A])];
        assert_eq!(found("say a", &all), Some((0, Some(0))));
        assert_eq!(found("say b", &all), None);
        assert_eq!(found("say", &all), None, "nothing was said by this connection");
        assert_eq!(found("handshake", &[Recording::new("t".into())]), None);
    }
}
