//! Where the broker is. Parsed once, so that nothing behind it meets half an address.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The address of a broker: `mqtt://host:port` (plain) or `mqtts://host:port` (TLS).
///
/// The port is always written: a device that silently falls back to 1883 talks to the wrong listener.
/// An IPv6 address stands in brackets and is for `mqtt` only; TLS verifies a host name or an IPv4 address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    host: String,
    port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Mqtt,
    Mqtts,
}

/// Why a text is not an endpoint; names the part that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// It does not begin with `mqtt://` or `mqtts://`.
    #[error("the scheme of a broker endpoint must be mqtt:// or mqtts://")]
    Scheme,
    /// The host is empty or has characters no host name has.
    #[error("the host of a broker endpoint is not a host name or address: {host:?}")]
    Host {
        /// The host as written.
        host: String,
    },
    /// The port is missing or not a number from 1 to 65535.
    #[error("the port of a broker endpoint must be a number from 1 to 65535: {port:?}")]
    Port {
        /// The port as written, empty if there was none.
        port: String,
    },
    /// A user name or password stands in the endpoint. It is not repeated here, because it is a secret.
    #[error("credentials do not belong in a broker endpoint")]
    Credentials,
    /// `mqtts` with an IPv6 address, which the MQTT client cannot verify.
    #[error("mqtts needs a host name or an IPv4 address, not {host}")]
    Ipv6Tls {
        /// The host as written.
        host: String,
    },
}

impl Endpoint {
    /// Whether the connection is encrypted and authenticated by TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.scheme == Scheme::Mqtts
    }

    /// The host: a name, an IPv4 address, or an IPv6 address in brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, address) = match text.split_once("://") {
            Some(("mqtt", address)) => (Scheme::Mqtt, address),
            Some(("mqtts", address)) => (Scheme::Mqtts, address),
            _ => return Err(EndpointError::Scheme),
        };
        if address.contains('@') {
            return Err(EndpointError::Credentials);
        }
        // Without a port, the colon found in a bracketed address is one of its own.
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (address, ""),
        };
        let host = host.to_owned();
        if !is_host(&host) {
            return Err(EndpointError::Host { host });
        }
        let port = match port.parse() {
            Ok(port) if port != 0 => port,
            _ => return Err(EndpointError::Port { port: port.to_owned() }),
        };
        if scheme == Scheme::Mqtts && host.starts_with('[') {
            return Err(EndpointError::Ipv6Tls { host });
        }
        Ok(Self { scheme, host, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Mqtt => "mqtt",
            Scheme::Mqtts => "mqtts",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-' || b == b'_')
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_prints_as_it_was_written() {
        for text in ["mqtt://127.0.0.1:1883", "mqtts://broker.example.com:8883", "mqtt://[::1]:1883"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_error_names_the_part_that_is_wrong() {
        let error = |text: &str| text.parse::<Endpoint>().unwrap_err();
        assert_eq!(error("http://broker:1883"), EndpointError::Scheme);
        assert_eq!(error("broker:1883"), EndpointError::Scheme);
        assert_eq!(error("mqtt://:1883"), EndpointError::Host { host: String::new() });
        assert_eq!(error("mqtt://bro ker:1883"), EndpointError::Host { host: "bro ker".into() });
        assert_eq!(error("mqtt://broker"), EndpointError::Port { port: String::new() });
        assert_eq!(error("mqtt://[::1]"), EndpointError::Port { port: String::new() });
        assert_eq!(error("mqtt://broker:0"), EndpointError::Port { port: "0".into() });
        assert_eq!(error("mqtt://broker:1883/path"), EndpointError::Port { port: "1883/path".into() });
        assert_eq!(error("mqtts://[::1]:8883"), EndpointError::Ipv6Tls { host: "[::1]".into() });
    }

    #[test]
    fn a_password_in_an_endpoint_is_refused_and_not_repeated() {
        let error = "mqtt://user:secret@broker:1883".parse::<Endpoint>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
