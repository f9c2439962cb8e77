//! Who is here, and the five steps of one's own connection. A column on a wide page, a drawer on a phone. One's
//! own name is changed here.

use chat_protocol::{Name, typed};
use chat_ui::{
    bind::{act, attr, flag, follow, press, submit, text},
    browser::{clock, element, focus, focus_drawn},
    dom::{self, Drawn, draw},
    icon,
    rows::Rows,
};
use leptos::prelude::*;
use web_sys::{HtmlInputElement, KeyboardEvent};

use super::lesson::Lesson;
use crate::{
    chat::Chat,
    person, profile,
    state::roster::Listed,
    words::{
        self, errors,
        people::{self, OtherTabs},
    },
};

/// The column, or drawer.
#[component]
pub(crate) fn People(
    chat: Chat,
    /// Whether the drawer is open; without effect on a wide page.
    open: RwSignal<bool>,
    /// Whether one's own name is being changed.
    renaming: RwSignal<bool>,
) -> impl IntoView {
    let mut rows = Rows::default();
    follow(move || {
        let (me, members, others, told) = chat.with_roster(|room| {
            let me = room.me.as_ref().map(|me| me.id.clone());
            let members = room.roster.in_order(me.as_ref());
            let others = OtherTabs::of(&room.tabs, clock::utc_offset_minutes);
            (me, members, others, room.tabs.iter().fold(0, |told, tab| told ^ tab.since))
        });
        let own = |listed: &Listed| (me.as_ref() == Some(&listed.member.id)).then_some(&others);
        let key = |listed: &Listed| match own(listed) {
            Some(_) => listed.fingerprint(true) ^ told,
            None => listed.fingerprint(false),
        };
        let keys: Vec<u64> = members.iter().map(key).collect();
        rows.follow(&element("roster"), &keys, &mut |at| {
            draw_member(chat, &members[at], own(&members[at]), renaming)
        });
    });

    // Into the drawer and back: what is behind it is out of reach while it is open.
    let mut was_open = false;
    follow(move || {
        if open.get() != was_open {
            was_open = open.get();
            focus_drawn(if was_open { "close-people" } else { "open-people" });
        }
    });
    // Before the welcome nobody knows how many there are.
    let count = move || match chat.with_roster(|room| room.roster.count()) {
        0 => people::PEOPLE.to_owned(),
        count => people::here(count.into()),
    };
    let unlisted = move || chat.with_roster(|room| room.roster.unlisted());
    view! {
        <div class="backdrop" data-open=attr(move || open.get().then_some("")) onclick=press(move || open.set(false))></div>
        <aside id="people" class="people" data-open=attr(move || open.get().then_some("")) aria-label=people::PEOPLE>
            <div class="heading">
                <h2>{text(count)}</h2>
                <button
                    id="close-people"
                    type="button"
                    class="icon-button close-button"
                    aria-label=people::CLOSE
                    title=people::CLOSE
                    onclick=press(move || open.set(false))
                >
                    {icon::view(icon::CLOSE)}
                </button>
            </div>
            <Rename chat open=renaming />
            <div class="roster">
                <ul id="roster" aria-label=people::PEOPLE></ul>
                <p class="more" hidden=flag(move || unlisted() == 0)>
                    {text(move || people::and_others(unlisted().into()))}
                </p>
            </div>
            <Lesson chat />
        </aside>
    }
}

/// A person's circle: a letter on their colour. Says nothing to a screen reader: the name is
/// always beside it.
pub(crate) fn avatar(hue: u8, name: &str) -> Drawn {
    draw("span")
        .class("avatar")
        .attr("data-hue", &hue.to_string())
        .attr("aria-hidden", "true")
        .text(&person::initial(name))
}

/// A row of the list; one's own has the tabs that one is here in, and what one may do.
fn draw_member(
    chat: Chat,
    Listed { member, hue }: &Listed,
    own: Option<&OtherTabs>,
    renaming: RwSignal<bool>,
) -> Drawn {
    let name = member.name.as_str();
    let you = own.map(|_| people::YOU.to_owned());
    let away = member.away.then(|| people::AWAY.to_owned());
    let told = own.map_or("", |others| &others.told);
    let tabs = (told.is_empty() && member.tabs > 1).then(|| people::tabs(member.tabs.into()));
    let detail = [you, away, tabs].into_iter().flatten().collect::<Vec<_>>().join(" · ") + told;
    let mut who = draw("span")
        .class("who")
        .child(draw("span").class("name").attr("title", name).child(dom::name(name)))
        .child(draw("span").class("detail").text(&detail));
    let button = |class| draw("button").class(class).attr("type", "button");
    if let Some(end) = own.and_then(|others| others.end) {
        who = who.child(button("link-button").text(end).on_click(move || chat.end_tabs()));
    }
    let row = draw("li").flag("data-away", member.away).child(avatar(*hue, name)).child(who);
    if own.is_none() {
        return row;
    }
    let rename = button("icon-button")
        .attr("aria-label", people::RENAME)
        .attr("title", people::RENAME)
        .icon(icon::EDIT);
    row.child(rename.on_click(move || renaming.update(|open| *open = !*open)))
}

/// Another name for oneself. One that is taken is told so, and stays to be changed.
#[component]
fn Rename(chat: Chat, open: RwSignal<bool>) -> impl IntoView {
    let problem = RwSignal::new(String::new());
    follow(move || {
        problem.set(String::new());
        if open.get() {
            let field = field();
            let own = chat.own_name();
            field.set_value(own.as_ref().map_or("", Name::as_str));
            field.select();
            focus_drawn("rename");
        }
    });
    // The answer to a rename is that one is called so, or an error.
    let asked = RwSignal::new(String::new());
    follow(move || {
        let own = chat.me().map(|me| me.name);
        if let Some(own) = own.filter(|own| untrack(|| asked.get()) == own.as_str()) {
            asked.set(String::new());
            profile::choose_name(&own);
            open.set(false);
        }
    });
    follow(move || {
        if let Some(refused) = chat.refused()
            && open.get_untracked()
        {
            let free = refused.suggestion.as_ref().map(Name::as_str);
            problem.set(errors::error_until(refused.code, free, refused.free_in).plain());
        }
    });
    let send = move || match typed::name(&field().value()) {
        Ok(name) if chat.own_name().as_ref() == Some(&name) => open.set(false),
        Ok(_) if !chat.link().is_open() => problem.set(people::RENAME_LATER.to_owned()),
        Ok(name) => {
            problem.set(String::new());
            asked.set(name.as_str().to_owned());
            chat.rename(name);
        }
        Err(flaw) => {
            problem.set(errors::name(flaw));
            focus(&field());
        }
    };
    let on_key = act(move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            // And not the drawer around it.
            event.stop_propagation();
            open.set(false);
        }
    });
    view! {
        <form class="rename" novalidate hidden=flag(move || !open.get()) onsubmit=submit(send) onkeydown=on_key>
            <input
                id="rename"
                dir="auto"
                maxlength="256"
                aria-label=people::RENAME_TITLE
                aria-describedby="rename-problem"
            />
            <button class="button small">{words::SAVE}</button>
            <p id="rename-problem" class="problem" role="alert">{text(move || problem.get())}</p>
        </form>
    }
}

fn field() -> HtmlInputElement {
    element("rename")
}
