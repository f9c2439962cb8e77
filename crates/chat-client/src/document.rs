//! The HTML document around a page, drawn on the server only: head, font, style, the script that
//! brings the page to life, and the theme this browser chose. It knows no page by name.

use leptos::{either::EitherOf3, nonce::use_nonce, prelude::*};

use crate::{Page, browser::cookie, fa::words, page::Program, xray};

/// The whole document. Reads the theme from the request's cookie, where leptos_axum provides the
/// request.
pub fn document(page: Page, options: LeptosOptions) -> impl IntoView {
    let (kind, [room, key, share_url, problem]) = page.attributes();
    let title = page.title();
    let theme = chosen_theme();
    let style = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    let nonce = use_nonce();
    view! {
        <!DOCTYPE html>
        <html lang="fa" dir="rtl" data-theme=theme>
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <title>{title}</title>
                <meta name="description" content=words::DESCRIPTION />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#161f1d" media="(prefers-color-scheme: dark)" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="preload" href="/fonts/vazirmatn.woff2" r#as="font" r#type="font/woff2" crossorigin="" />
                <link rel="stylesheet" href=style nonce=nonce />
                <AutoReload options=options.clone() />
                {match page.program() {
                    Program::Page => EitherOf3::A(view! { <HydrationScripts options /> }),
                    Program::Shown => EitherOf3::B(
                        view! {
                            <link rel="stylesheet" href=xray::STYLE />
                            <script r#type="module" src=xray::SCRIPT></script>
                        },
                    ),
                    Program::None => EitherOf3::C(view! { <link rel="stylesheet" href=xray::STYLE /> }),
                }}
            </head>
            <body data-page=kind data-room=room data-room-key=key data-share-url=share_url data-problem=problem>
                {page.view()}
            </body>
        </html>
    }
}

/// `light` or `dark` when this browser chose one, else none: then the device decides.
fn chosen_theme() -> Option<&'static str> {
    let request = use_context::<http::request::Parts>()?;
    let cookies = request.headers.get(http::header::COOKIE)?.to_str().ok()?;
    let theme = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == cookie::THEME)?
        .1;
    ["light", "dark"].into_iter().find(|known| *known == theme)
}
