//! The six pictures of the presentation, in the page itself: there their letters are set in the page's own
//! font, and their colours follow its theme. Alone, as a file or in the README, a picture brings its colours with
//! it; they have the names of the page's own (`style/tokens.css`), so that here its style is left out, and so is
//! its title, which is the slide's.

/// The files, by the names that the presentation calls them.
const PICTURES: [(&str, &str); 6] = [
    ("images/chatroom-architecture.svg", include_str!("../../../../docs/images/chatroom-architecture.svg")),
    ("images/several-nodes.svg", include_str!("../../../../docs/images/several-nodes.svg")),
    ("images/websocket-handshake.svg", include_str!("../../../../docs/images/websocket-handshake.svg")),
    ("images/websocket-history.svg", include_str!("../../../../docs/images/websocket-history.svg")),
    ("images/websocket-osi.svg", include_str!("../../../../docs/images/websocket-osi.svg")),
    ("images/websocket-pros-cons.svg", include_str!("../../../../docs/images/websocket-pros-cons.svg")),
];

/// How much of a picture is shown by itself, and on a slide.
const WHOLE: &str = "viewBox=\"0 0 1600 900\"";
const BELOW_TITLE: &str = "viewBox=\"20 106 1560 784\"";

/// The picture of that name, as part of a page; `None` when there is none.
pub(super) fn inline(name: &str) -> Option<String> {
    let (_, file) = PICTURES.iter().find(|(known, _)| *known == name)?;
    let (before, rest) = file.split_once("<style>")?;
    let (_, after) = rest.split_once("</style>")?;
    Some(format!("{before}{after}").replacen(WHOLE, BELOW_TITLE, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a picture brings with it and the slides have of the page: the style of its shapes.
    fn shapes(css: &str) -> String {
        let from = css.find(".picture ").expect("rules of shapes");
        css[from..].chars().filter(|c| !c.is_whitespace()).collect()
    }

    #[test]
    fn pictures_look_alike_alone_and_within() {
        let page = include_str!("../../../../style/picture.css");
        for (name, file) in PICTURES {
            let style = file.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
            assert_eq!(shapes(style.expect("a style").0), shapes(page), "{name}");
        }
    }

    #[test]
    fn every_picture_says_what_it_shows() {
        for (name, file) in PICTURES {
            let id = name.trim_start_matches("images/").trim_end_matches(".svg");
            assert!(file.contains(&format!("<title id=\"{id}-title\">")), "{name}");
            assert!(file.contains(WHOLE), "{name}");
            assert!(file.contains(&format!("<desc id=\"{id}-desc\">")), "{name}");
        }
    }
}
