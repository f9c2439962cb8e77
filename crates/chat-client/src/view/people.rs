//! Who is here, and the five steps of one's own connection. A column on a wide page, a drawer on a
//! phone. One's own name is changed here.

use chat_protocol::{Member, Name};
use leptos::{ev::SubmitEvent, html::Input, prelude::*};

use super::{icon, lesson::Lesson, names::avatar};
use crate::{
    browser::profile,
    chat::Chat,
    fa::words::{self, errors, people},
};

/// The column, or drawer.
#[component]
pub(crate) fn People(
    chat: Chat,
    /// Whether the drawer is open; without effect on a wide page.
    open: RwSignal<bool>,
) -> impl IntoView {
    let attribute = move || open.get().then_some("");
    let members = move || {
        chat.with_roster(|room| {
            let me = room.me.as_ref().map(|me| me.id.clone());
            let is_me = |member: &Member| me.as_ref() == Some(&member.id);
            let members = room.roster.in_order(me.as_ref());
            members.into_iter().map(|member| (is_me(&member), member)).collect::<Vec<_>>()
        })
    };
    let unlisted = move || chat.with_roster(|room| room.roster.unlisted());
    let key = |(is_me, member): &(bool, Member)| {
        (*is_me, member.id.clone(), member.name.clone(), member.tabs, member.away)
    };
    view! {
        <div class="backdrop" data-open=attribute on:click=move |_| open.set(false)></div>
        <aside id="people" class="people" data-open=attribute aria-label=people::PEOPLE>
            <div class="heading">
                <h2>{move || people::here(chat.with_roster(|room| room.roster.count()).into())}</h2>
                <button
                    type="button"
                    class="icon-button close-button"
                    aria-label=people::CLOSE
                    title=words::CLOSE
                    on:click=move |_| open.set(false)
                >
                    {icon::close()}
                </button>
            </div>
            <ul class="roster" aria-label=people::PEOPLE>
                <For each=members key=key let:entry>
                    {person(chat, entry.0, &entry.1)}
                </For>
                <Show when=move || { unlisted() > 0 }>
                    <li class="more">{move || people::and_others(unlisted().into())}</li>
                </Show>
            </ul>
            <Lesson chat />
        </aside>
    }
}

fn person(chat: Chat, is_me: bool, member: &Member) -> AnyView {
    let name = member.name.as_str().to_owned();
    let detail = detail(is_me, member);
    let circle = avatar(member.id.as_str(), &name);
    if !is_me {
        let shown = name.clone();
        return view! {
            <li data-away=member.away.then_some("")>
                {circle}
                <span class="who">
                    <bdi class="name" title=name>{shown}</bdi>
                    <span class="detail">{detail}</span>
                </span>
            </li>
        }
        .into_any();
    }
    let renaming = RwSignal::new(false);
    let current = name.clone();
    view! {
        <li>
            {circle}
            <Show
                when=move || renaming.get()
                fallback=move || {
                    let name = name.clone();
                    view! {
                        <span class="who">
                            <bdi class="name" title=name.clone()>{name.clone()}</bdi>
                            <span class="detail">{detail.clone()}</span>
                        </span>
                        <button
                            type="button"
                            class="icon-button"
                            aria-label=people::RENAME
                            title=people::RENAME
                            on:click=move |_| renaming.set(true)
                        >
                            {icon::edit()}
                        </button>
                    }
                }
            >
                <Rename chat current=current.clone() renaming />
            </Show>
        </li>
    }
    .into_any()
}

/// What else there is to say of a person, under the name.
fn detail(is_me: bool, member: &Member) -> String {
    let you = is_me.then(|| people::YOU.to_owned());
    let away = member.away.then(|| people::AWAY.to_owned());
    let tabs = (member.tabs > 1).then(|| people::tabs(member.tabs.into()));
    [you, away, tabs].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Another name, in place of the old one. A name that is taken is told so and stays to be changed.
#[component]
fn Rename(chat: Chat, current: String, renaming: RwSignal<bool>) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let problem = RwSignal::new(None::<String>);
    let asked = RwSignal::new(false);
    Effect::new(move || {
        if let Some(field) = field.get()
            && field.focus().is_ok()
        {
            field.select();
        }
    });
    Effect::new(move || {
        if let Some(refused) = chat.refused()
            && asked.get_untracked()
        {
            let free = refused.suggestion.as_ref().map(Name::as_str);
            problem.set(Some(errors::error(refused.code, free).plain()));
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(field) = field.get() else { return };
        match Name::parse(&field.value()) {
            Ok(name) => {
                profile::choose_name(&name);
                asked.set(true);
                chat.rename(name);
            }
            Err(invalid) => problem.set(Some(errors::error(invalid.code, None).plain())),
        }
    };
    view! {
        <form class="rename" novalidate on:submit=submit on:keydown=move |event| if event.key() == "Escape" { renaming.set(false) }>
            <div class="field">
                <input
                    dir="auto"
                    maxlength="64"
                    value=current
                    aria-label=people::RENAME_TITLE
                    aria-invalid=move || problem.with(Option::is_some).to_string()
                    node_ref=field
                />
                <p class="problem" role="alert">{problem}</p>
            </div>
            <button class="button small">{words::SAVE}</button>
        </form>
    }
}
