//! The desk as a page: for a browser on this machine, with nothing to install and nothing from elsewhere.
//!
//! | request | does |
//! | --- | --- |
//! | `GET /` | the page; its style and its script come from here too |
//! | `GET /v1/state` | what can be seen at the desk |
//! | `GET /v1/events` | the same, again and again as it changes (server-sent events), and a `glass` event for each new picture |
//! | `GET /v1/glass.png` | what is on the glass |
//! | `POST /v1/command` | does something at the desk |
//!
//! Nobody but this machine is spoken to: it listens on loopback alone, answers to no name but its own (a page from elsewhere cannot
//! have its name point here and read along, which is called DNS rebinding), and takes commands from its own page alone.

mod glass;
mod guard;

use crate::desk::{Command, Desk, Refusal, State};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State as Shared},
    http::{HeaderName, StatusCode, header},
    middleware,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::{get, post},
};
use futures_util::{Stream, stream};
use glass::Pictures;
use guard::Guard;
use serde::Serialize;
use std::{convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc};
use tokio::{
    net::TcpListener,
    select,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// Longest command, in bytes.
const COMMAND: usize = 16 * 1024;

/// Most pages that are kept up to date at once.
const PAGES: usize = 16;

/// The page and what belongs to it.
const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/desk.css");
const SCRIPT: &str = include_str!("page/desk.js");
const ICON: &str = include_str!("page/icon.svg");

/// What every request may need.
#[derive(Debug, Clone)]
struct Web {
    desk: Desk,
    pictures: Pictures,
    pages: Arc<Semaphore>,
}

/// Why something was not done, for the page to say.
#[derive(Debug, Serialize)]
struct Problem {
    detail: String,
}

/// What a page is told next.
struct Following {
    state: watch::Receiver<Arc<State>>,
    glass: watch::Receiver<u64>,
    _page: OwnedSemaphorePermit,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address can be reached from elsewhere.
    #[error("{0} is reachable from other machines: use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The address cannot be used.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The socket failed.
    #[error("the page can no longer be served")]
    Serve(#[source] io::Error),
}

/// A place where the page is served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on an address of this machine.
    ///
    /// # Errors
    /// It is none of this machine alone, or is in use.
    pub async fn bind(address: SocketAddr) -> Result<Listener, WebError> {
        if !address.ip().is_loopback() {
            return Err(WebError::NotLoopback(address));
        }
        let failed = |source| WebError::Listen { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Listener { socket, address })
    }

    /// Where it listens; the port is the real one even if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the desk until `stop` resolves.
    ///
    /// # Errors
    /// The socket failed.
    pub async fn serve(self, desk: Desk, stop: impl Future<Output = ()>) -> Result<(), WebError> {
        let router = router(desk, Guard::of(self.address));
        select! {
            served = axum::serve(self.socket, router) => served.map_err(WebError::Serve),
            // Pages are told of changes for ever: nobody waits for that to end.
            () = stop => Ok(()),
        }
    }
}

fn router(desk: Desk, guard: Guard) -> Router {
    let pictures = Pictures::of(desk.glass().clone());
    let web = Web { desk, pictures, pages: Arc::new(Semaphore::new(PAGES)) };
    Router::new()
        .route("/", get(async || file("text/html; charset=utf-8", PAGE)))
        .route("/desk.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/desk.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/icon.svg", get(async || file("image/svg+xml", ICON)))
        .route("/v1/state", get(state))
        .route("/v1/events", get(events))
        .route("/v1/glass.png", get(picture))
        .route("/v1/command", post(command))
        .layer(DefaultBodyLimit::max(COMMAND))
        .layer(middleware::from_fn_with_state(guard, guard::watch))
        .with_state(web)
}

fn file(kind: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, kind)], text)
}

async fn state(Shared(web): Shared<Web>) -> Json<State> {
    let state = Arc::clone(&web.desk.state().borrow());
    Json(Arc::unwrap_or_clone(state))
}

async fn picture(Shared(web): Shared<Web>) -> Result<impl IntoResponse, StatusCode> {
    let png = web.pictures.now().await.ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png))
}

/// Reads the command here, and not in an extractor: what is wrong with it may hold a number, and is not repeated.
async fn command(Shared(web): Shared<Web>, body: Bytes) -> Response {
    let refuse = |status, detail: String| (status, Json(Problem { detail })).into_response();
    let Ok(command) = serde_json::from_slice::<Command>(&body) else {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "that is no command of the desk".to_owned());
    };
    match web.desk.command(command).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal @ Refusal::Closed) => refuse(StatusCode::SERVICE_UNAVAILABLE, refusal.to_string()),
        Err(refusal) => refuse(StatusCode::CONFLICT, refusal.to_string()),
    }
}

async fn events(Shared(web): Shared<Web>) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, StatusCode> {
    let page = Arc::clone(&web.pages).try_acquire_owned().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let (mut state, mut glass) = (web.desk.state(), web.desk.glass().changes());
    // Both are told at once, whatever they are.
    state.mark_changed();
    glass.mark_changed();
    let following = Following { state, glass, _page: page };
    let events = stream::unfold(following, async |mut following| {
        let event = following.next().await?;
        Some((Ok(event), following))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

impl Following {
    /// What is new, once there is something; nothing once the desk is closed.
    async fn next(&mut self) -> Option<Event> {
        select! {
            changed = self.state.changed() => {
                changed.ok()?;
                let state = Arc::clone(&self.state.borrow_and_update());
                // A document of numbers and texts can always be written.
                Event::default().event("state").json_data(&*state).ok()
            }
            changed = self.glass.changed() => {
                changed.ok()?;
                let count = *self.glass.borrow_and_update();
                Some(Event::default().event("glass").data(count.to_string()))
            }
        }
    }
}
