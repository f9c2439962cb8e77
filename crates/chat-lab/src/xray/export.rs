//! What can be taken home: the file for Wireshark, which the server writes, and a page that shows the
//! same without a server, which is put together here from what this page was loaded from. The server knows
//! what both are called.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use chat_ui::{browser::random, dom::draw, lab::STYLE};
use gloo_net::http::Request;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, BlobPropertyBag, Url};

use super::{address::address, recordings::Recordings};
use crate::xray::words::export as words;

/// What the page is made of, in the order in which [`page`] takes it, behind what the server calls the recording
/// that is looked at.
const PARTS: [&str; 6] =
    ["/pkg/otagh.css", STYLE, "/pkg/print.css", "/fonts/vazirmatn.woff2", "/pkg/xray.js", "/pkg/xray.wasm"];

/// How long the made page is kept for the browser to save it: Safari and Firefox begin after the click,
/// and some ask where to put it first.
const KEPT: Duration = Duration::from_secs(60);

#[component]
pub(super) fn Export(recordings: Recordings) -> impl IntoView {
    let token = Memo::new(move |_| recordings.with(|one| one.token.clone()));
    let said = RwSignal::new(None::<&'static str>);
    let make = move |_| {
        said.set(Some(words::MAKING));
        spawn_local(async move {
            let made = make(recordings).await;
            if let Err(error) = &made {
                leptos::logging::warn!("the page could not be made: {error:?}");
            }
            said.set(made.err().map(|_| words::FAILED));
        });
    };
    view! {
        <div class="take-home">
            <p>{words::INTRO}</p>
            {move || token.get().map(|token| view! {
                <section>
                    <a class="button" href=address(&token, "otagh.pcapng") download="">{words::PCAPNG}</a>
                    <p class="small">{words::PCAPNG_WHAT}</p>
                </section>
            })}
            <section>
                <button type="button" class="button" id="take-page-home" on:click=make>{words::PAGE}</button>
                <p class="small">{words::PAGE_WHAT}</p>
                <p role="status">{move || said.get()}</p>
            </section>
        </div>
    }
}

async fn make(recordings: Recordings) -> Result<(), JsValue> {
    let token = untrack(|| recordings.with(|one| one.token.clone())).unwrap_or_default();
    let mut parts = Vec::new();
    let title = address(&token, "title");
    for part in std::iter::once(&*title).chain(PARTS) {
        let answer = Request::get(part).send().await.map_err(failed)?;
        parts.push(answer.binary().await.map_err(failed)?);
    }
    let events: Vec<_> = recordings.write().iter().map(|one| one.events.clone()).collect();
    let events = serde_json::to_string(&events).map_err(failed)?;
    let theme = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
    let (name, html) = page(&parts, &events, theme.as_deref(), &random::id());
    let kind = BlobPropertyBag::new();
    kind.set_type("text/html");
    let blob = Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&html.into()), &kind)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    draw("a").attr("href", &url).attr("download", &(name + ".html")).0.click();
    let forget = move || {
        if Url::revoke_object_url(&url).is_err() {
            leptos::logging::warn!("the page that was taken home is still in memory");
        }
    };
    set_timeout(forget, KEPT);
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> JsValue {
    error.to_string().into()
}

/// Its name, and the page: style, font and program within it. `events` are the recordings, in JSON. It has a policy of its
/// own, because no server sends one with it: it asks nobody for anything, whoever wrote what it shows, and runs
/// only what has the `nonce`, and the program that this fetches from itself.
fn page(parts: &[&[u8]], events: &str, theme: Option<&str>, nonce: &str) -> (String, String) {
    let [title, style, more_style, print, font, script, wasm] = parts else { return Default::default() };
    let font = format!("url(data:font/woff2;base64,{})", STANDARD.encode(font));
    let style = String::from_utf8_lossy(style).replace("url(/fonts/vazirmatn.woff2)", &font);
    let style = style.replace("url(\"/fonts/vazirmatn.woff2\")", &font);
    let theme = theme.map(|theme| format!(" data-theme=\"{theme}\"")).unwrap_or_default();
    let (script, wasm) = (STANDARD.encode(script), STANDARD.encode(wasm));
    let [title, more_style, print] = [title, more_style, print].map(|part| String::from_utf8_lossy(part));
    // A recording that the server does not know any more has no name.
    let (name, head) =
        title.split_once('\n').filter(|(_, head)| !head.is_empty()).unwrap_or(("otagh", words::PAGE_HEAD));
    // Within a script `<` could begin its end.
    let events = events.replace('<', "\\u003c");
    let html = format!(
        r#"<!DOCTYPE html>
<html lang="fa" dir="rtl"{theme}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-{nonce}' data: 'wasm-unsafe-eval'; style-src 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>{style}</style>
<style>{more_style}</style>
<style>{print}</style>
</head>
<body class="taken-home">
{head}
<div id="panel" data-taken-home="recordings"></div>
<script type="application/json" id="recordings">{events}</script>
<script type="module" nonce="{nonce}">
onbeforeprint = () => {{ for (let n = 60; n--;) document.querySelector('#xray-tab>.filters~.button')?.click() }};
const shown = await import('data:text/javascript;base64,{script}');
shown.initSync({{ module: Uint8Array.from(atob('{wasm}'), c => c.charCodeAt(0)) }});
shown.show(document.getElementById('panel'));
</script>
</body>
</html>
"#
    );
    (name.to_owned(), html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_is_self_contained_and_script_safe() {
        let style = b"@font-face{src:url(/fonts/vazirmatn.woff2)format(\"woff2\")}".as_slice();
        let parts = [b"otagh-class\n<h1>x</h1>", style, b"", b"@media print{}", b"font", b"js", b"wasm"];
        let (name, html) = page(&parts, r#"[["</script><b>"]]"#, Some("dark"), "abc");
        assert_eq!(name, "otagh-class");
        assert!(html.contains("url(data:font/woff2;base64,Zm9udA==)format"), "{html}");
        assert!(html.contains("<title>otagh-class</title>") && html.contains("<h1>x</h1>"), "{html}");
        assert!(html.contains(r#"<html lang="fa" dir="rtl" data-theme="dark">"#));
        assert_eq!(html.matches("</script>").count(), 2, "{html}");
        // A policy holds for what comes after it.
        let policy =
            html.find("\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'nonce-abc'");
        assert!(policy.is_some() && policy < html.find("<style"), "{html}");
        assert!(html.contains("<script type=\"module\" nonce=\"abc\">"), "{html}");
        assert!(html.contains(r#"[["\u003c/script>\u003cb>"]]"#));
        for elsewhere in ["src=", "href=", "http:", "https:"] {
            assert!(!html.replace("src:url", "").contains(elsewhere), "{elsewhere}");
        }
    }
}
