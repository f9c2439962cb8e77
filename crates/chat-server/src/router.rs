//! Every address of the server, in one table.

use axum::{
    Router, middleware,
    routing::{any, get},
};

use crate::{
    App,
    http::{headers, request_limit, room_spelling},
    pages::{room, source},
    polling::{classic, events, messages, requests},
    ready,
    websocket::upgrade::upgrade,
};

pub(crate) fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/", get(room::home))
        .route("/go", get(room::go))
        .route("/r/{room}", get(room::room))
        .route("/r/{room}/", get(room::room))
        .route("/r/{room}/qr.svg", get(room::qr_code))
        .route("/ws/{room_id}/{client_id}", any(upgrade))
        .route("/http/{room_id}/{client_id}", get(requests::hear).post(requests::say).delete(requests::leave))
        .route("/rooms/{room}/messages", get(messages::poll).post(messages::post))
        .route("/rooms/{room}/events", get(events::events))
        .route("/rooms/{room}/costs", get(messages::costs))
        .route("/classic/{room}", get(classic::page))
        .route("/source/{file}", get(source::source))
        .route("/healthz", get("ok\n"))
        .route("/readyz", get(ready::ready))
        .fallback(room::other);
    #[cfg(feature = "lab")]
    let routes = lab(routes);
    let routes = match app.site.canonical_rooms {
        true => routes.layer(middleware::from_fn(room_spelling::one_spelling)),
        false => routes,
    };
    let limit = middleware::from_fn_with_state(app.clone(), request_limit::limit);
    routes
        .layer(limit)
        .layer(middleware::map_request(headers::host_of_target))
        .layer(middleware::map_response(headers::secure))
        .with_state(app)
}

#[cfg(feature = "lab")]
fn lab(routes: Router<App>) -> Router<App> {
    use axum::routing::post;

    use crate::{
        lab::{
            echo::{endpoint, pipe},
            xray::{export, inject, stream},
        },
        pages::class,
    };

    #[cfg(feature = "pages")]
    let routes = routes.route("/slides/strip", get(class::strip));
    routes
        .route("/ways", get(room::own_ways))
        .route("/ways/{room}", get(room::ways))
        .route("/workbench", get(room::workbench))
        .route("/slides", get(room::slides))
        .route("/class", post(class::open))
        .route("/class/{room}", get(class::stage))
        .route("/ws/echo", any(endpoint::echo))
        .route("/workbench/pipe", any(pipe::pipe))
        .route("/xray/{token}/events", get(stream::events))
        .route("/xray/{token}/otagh.pcapng", get(export::file))
        .route("/xray/{token}/title", get(export::title))
        .route("/xray/{token}/break", post(inject::break_it))
}
