//! A line to write in, with its label above and what is wrong with it below, where a screen reader
//! hears it at once. It knows no rule: whoever reads the field says what is wrong.

use chat_ui::bind::{attr, text};
use leptos::prelude::*;

/// The field with this id; empty `problem` is none. `remembers` is what the browser may offer
/// (HTML §"autofill").
pub(crate) fn labelled(
    id: &'static str,
    label: &'static str,
    example: &'static str,
    remembers: &'static str,
    problem: RwSignal<String>,
) -> impl IntoView {
    let problem_id = format!("{id}-problem");
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                name=id
                dir="auto"
                autocomplete=remembers
                placeholder=example
                required
                // In UTF-16 units: a sanity bound, looser than every rule. A message with a room's link in
                // it, percent-encoded, is read, too.
                maxlength="4096"
                aria-invalid=attr(move || (!problem.with(String::is_empty)).then_some("true"))
                aria-describedby=problem_id.clone()
            />
            <p id=problem_id class="problem" role="alert">{text(move || problem.get())}</p>
        </div>
    }
}
