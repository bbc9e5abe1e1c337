//! The local HTTP API, for the transaction application beside the agent and for a technician with `curl`.
//!
//! Loopback or a Unix socket only, and a bearer token (RFC 6750) from a file that only its owner can read. Version 1:
//!
//! | request | does |
//! | --- | --- |
//! | `POST /v1/visits` | a customer is there: a card or a token, and the seconds they will wait |
//! | `GET /v1/visit` | the visit that is going on, or the last one: what was decided, and why |
//! | `POST /v1/visit/answer` | the customer answered |
//! | `POST /v1/visit/press` | the customer touched the glass or pressed a function key; which answer that is, the screen knows |
//! | `POST /v1/visit/event` | the customer asks for their balance, or chooses another language |
//! | `PUT /v1/visit/pin-entry` | PIN entry begins or is over |
//! | `DELETE /v1/visit` | the customer left, or pressed the cancel key |
//! | `PUT /v1/out-of-order` | the machine serves nobody from now on, or somebody again |
//! | `POST /v1/explain` | why somebody would be shown what they would be shown, or nothing |
//! | `GET /v1/screen.png` | what is on the glass |
//! | `GET /v1/status` | the agent, its line and its journal |
//!
//! No answer, and no log line, repeats anything of a request's body: it may hold a card number.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::{delete, get, post, put},
};
use std::{future::Future, io, path::PathBuf, sync::Arc};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::{mpsc, watch},
};

use crate::{
    config::Listen,
    explain::Explainer,
    identify::Event,
    journal::JournalState,
    keys::ApiToken,
    status::{LineStatus, VisitLoop},
};

mod explain;
mod press;
mod problem;
mod screen;
mod status;
mod visit;

use problem::Problem;

/// Largest request body, in bytes: a track has 80.
const BODY: usize = 64 * 1024;

/// What the API speaks to.
#[derive(Debug, Clone)]
pub struct Api {
    /// The visit loop.
    pub events: mpsc::Sender<Event>,
    /// What the visit loop says of itself.
    pub visits: watch::Receiver<VisitLoop>,
    /// What the loops on the line say of themselves.
    pub line: watch::Receiver<LineStatus>,
    /// How far the journal is.
    pub journal: watch::Receiver<JournalState>,
    /// What decisions are explained with.
    pub explainer: Explainer,
    /// What a caller must show.
    pub token: Arc<ApiToken>,
}

/// Why the API is not there.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The address or socket cannot be used.
    #[error("cannot listen on {listen}")]
    Listen {
        /// Which.
        listen: Listen,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A place where the API listens already, so that whoever reads "ready" can call it.
#[derive(Debug)]
pub struct Listener(Socket);

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// Listens.
    ///
    /// # Errors
    /// The address or socket cannot be used.
    pub async fn bind(listen: &Listen) -> Result<Listener, ApiError> {
        let failed = |source| ApiError::Listen { listen: listen.clone(), source };
        match listen {
            Listen::Tcp(address) => TcpListener::bind(address).await.map(Socket::Tcp).map(Listener).map_err(failed),
            Listen::Unix(path) => {
                // A socket left behind by an agent that was killed is nobody's; a live one answers, and stays.
                if tokio::net::UnixStream::connect(path)
                    .await
                    .is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
                {
                    std::fs::remove_file(path).map_err(failed)?;
                }
                let listener = UnixListener::bind(path).map_err(failed)?;
                Ok(Listener(Socket::Unix(listener, path.clone())))
            }
        }
    }

    /// Where it listens; the port is the real one even if the configuration said 0.
    pub fn place(&self) -> String {
        match &self.0 {
            Socket::Tcp(listener) => match listener.local_addr() {
                Ok(address) => format!("http://{address}"),
                Err(error) => error.to_string(),
            },
            Socket::Unix(_, path) => format!("unix:{}", path.display()),
        }
    }

    /// Serves the API until `stop` resolves.
    ///
    /// # Errors
    /// The socket failed.
    pub async fn serve(self, api: Api, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let router = router(api);
        match self.0 {
            Socket::Tcp(listener) => axum::serve(listener, router).with_graceful_shutdown(stop).await,
            Socket::Unix(listener, path) => {
                let served = axum::serve(listener, router).with_graceful_shutdown(stop).await;
                std::fs::remove_file(path).and(served)
            }
        }
    }
}

fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/visits", post(visit::arrive))
        .route("/v1/visit", get(visit::show))
        .route("/v1/visit", delete(visit::leave))
        .route("/v1/visit/answer", post(visit::answer))
        .route("/v1/visit/press", post(press::press))
        .route("/v1/visit/event", post(visit::event))
        .route("/v1/visit/pin-entry", put(visit::pin_entry))
        .route("/v1/out-of-order", put(visit::out_of_order))
        .route("/v1/explain", post(explain::explain))
        .route("/v1/screen.png", get(screen::png))
        .route("/v1/status", get(status::show))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn_with_state(api.clone(), authorise))
        .with_state(api)
}

async fn authorise(State(api): State<Api>, request: Request, next: Next) -> Result<Response, Problem> {
    let offered = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match offered.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|token| api.token.is(token)) {
        true => Ok(next.run(request).await),
        false => {
            Err(Problem::new(StatusCode::UNAUTHORIZED, "show the token of keys/api.token: Authorization: Bearer ..."))
        }
    }
}
