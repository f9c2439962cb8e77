//! The room as the web was before JavaScript: a page that the server draws and no program brings to
//! life. Its forms do all there is to do.

use chat_ui::said::SaidText;
use leptos::{either::Either, prelude::*};

use crate::words::{self, classic as told};

/// What a classic page shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Classic {
    /// The room, percent-encoded where it stands in an address.
    pub room: String,
    /// Whose page it is.
    pub client: String,
    /// The name they came by.
    pub name: Option<String>,
    /// The address that their messages are sent to.
    pub post: String,
    /// Whether they are in, and not asked for a name.
    pub is_in: bool,
    /// What was said since they came, oldest first.
    pub said: Vec<chat_protocol::Said>,
    /// Why they are not in, in Persian.
    pub problem: Option<String>,
}

#[component]
pub(crate) fn ClassicPage(classic: Classic) -> impl IntoView {
    let Classic { room, client, name, post, is_in, said, problem } = classic;
    let here = format!("/classic/{room}");
    let keep = |name: &'static str, value: String| view! { <input type="hidden" name=name value=value /> };
    let body = if is_in {
        let none = said.is_empty().then(|| view! { <p class="none">{told::EMPTY}</p> });
        let lines = said.into_iter().map(|said| {
            view! {
                <li data-seq=said.seq.to_string() data-id=said.id.as_str().to_owned()>
                    <bdi class="name" translate="no">{said.name.as_str().to_owned()}</bdi>
                    <SaidText said=said.text.as_str().to_owned() />
                </li>
            }
        });
        Either::Left(view! {
            <form method="get" action=here>
                {keep("client", client)}
                {name.map(|name| keep("name", name))}
                <button type="submit" class="button">{told::REFRESH}</button>
            </form>
            {none}
            <ol>{lines.collect_view()}</ol>
            <form method="post" action=post>
                <div class="field">
                    <label for="text">{told::TEXT}</label>
                    <input id="text" name="text" dir="auto" autocomplete="off" required=true />
                </div>
                <button type="submit" class="button">{told::SAY}</button>
            </form>
        })
    } else {
        Either::Right(view! {
            <form method="get" action=here>
                {keep("client", client)}
                <div class="field">
                    <label for="name">{told::YOUR_NAME}</label>
                    <input id="name" name="name" dir="auto" autocomplete="nickname" required=true />
                </div>
                {problem.map(|problem| view! { <p class="problem" role="alert">{problem}</p> })}
                <button type="submit" class="button">{told::ENTER}</button>
            </form>
        })
    };
    view! {
        <main class="classic">
            <h1>{told::TITLE} " " <bdi translate="no">{room.as_str().to_owned()}</bdi></h1>
            <p>{told::INTRO}</p>
            {body}
            <p class="links">
                <a href=format!("/r/{room}")>{told::LIVE}</a>
                " · "
                <a href=format!("/ways/{room}")>{words::WAYS}</a>
                " · "
                <a href="/workbench">{words::WORKBENCH}</a>
                " · "
                <a href="/">{words::GO_HOME}</a>
            </p>
        </main>
    }
}
