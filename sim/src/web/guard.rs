//! Who may ask: the page that came from here, and programs on this machine. Pure but for axum's types.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::SocketAddr, sync::Arc};

/// What a browser may do with what it gets: the page's own script and style, pictures and data from here, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// With every answer. What is on the glass is nobody's to keep.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// The names under which this machine may ask.
#[derive(Debug, Clone)]
pub(super) struct Guard(Arc<[String]>);

impl Guard {
    /// Those of an address on this machine.
    pub(super) fn of(address: SocketAddr) -> Guard {
        Guard([address.to_string(), format!("localhost:{}", address.port())].into())
    }

    /// Why a request is not answered, if it is not.
    fn objects(&self, method: &Method, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let is_ours = |host: &str| self.0.iter().any(|name| name.eq_ignore_ascii_case(host));
        if !text(header::HOST).is_some_and(is_ours) {
            return Some((StatusCode::MISDIRECTED_REQUEST, "this desk has another name\n"));
        }
        let is_ours = |origin: &str| origin.strip_prefix("http://").is_some_and(is_ours);
        if headers.contains_key(header::ORIGIN) && !text(header::ORIGIN).is_some_and(is_ours) {
            return Some((StatusCode::FORBIDDEN, "the desk takes no commands from another page\n"));
        }
        // A form on a foreign page cannot send JSON without asking first, and nobody answers it.
        let is_json = text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
        (*method == Method::POST && !is_json)
            .then_some((StatusCode::UNSUPPORTED_MEDIA_TYPE, "a command is application/json\n"))
    }
}

/// Lets pass what may, and has browsers be careful with the answer.
pub(super) async fn watch(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.objects(request.method(), request.headers()) {
        Some(objection) => objection.into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn status(method: Method, headers: &[(HeaderName, &'static str)]) -> Option<StatusCode> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        Guard::of("127.0.0.1:8080".parse().unwrap()).objects(&method, &headers).map(|(status, _)| status)
    }

    #[test]
    fn our_own_page_is_answered_under_each_of_our_names() {
        for host in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080"] {
            assert_eq!(status(Method::GET, &[(header::HOST, host)]), None, "{host}");
        }
        let ours = [
            (header::HOST, "localhost:8080"),
            (header::ORIGIN, "http://localhost:8080"),
            (header::CONTENT_TYPE, "application/json"),
        ];
        assert_eq!(status(Method::POST, &ours), None);
    }

    #[test]
    fn a_name_that_was_made_to_point_here_is_not_ours() {
        for host in ["evil.example:8080", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil.example:8080", ""] {
            assert_eq!(status(Method::GET, &[(header::HOST, host)]), Some(StatusCode::MISDIRECTED_REQUEST), "{host}");
        }
        assert_eq!(status(Method::GET, &[]), Some(StatusCode::MISDIRECTED_REQUEST));
    }

    #[test]
    fn another_page_can_send_no_command() {
        let host = (header::HOST, "127.0.0.1:8080");
        let json = (header::CONTENT_TYPE, "application/json");
        for origin in ["http://evil.example", "null", "https://127.0.0.1:8080", "http://127.0.0.1:9999"] {
            let headers = [host.clone(), (header::ORIGIN, origin), json.clone()];
            assert_eq!(status(Method::POST, &headers), Some(StatusCode::FORBIDDEN), "{origin}");
        }
        let form = [host, (header::CONTENT_TYPE, "text/plain")];
        assert_eq!(status(Method::POST, &form), Some(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
}
