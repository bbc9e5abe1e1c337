//! The MQTT client, and the only file that names it. Another client is another version of this file.
//!
//! What the client does not do is done here or in `exchange.rs`: it reports a publish as sent and an acknowledgement
//! as received, but never which publish was acknowledged; it logs refusals instead of returning them; it asserts on
//! short keep-alives; it truncates long fields; it takes a server keep-alive of zero as "ping without pause".

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectProperties, ConnectReturnCode, Filter, LastWill, LastWillProperties, Packet, PubAckReason, Publish,
    PublishProperties, SubscribeReasonCode,
};
use rumqttc::v5::{
    AsyncClient, ClientError, ConnectionError, Event as ClientEvent, EventLoop, MqttOptions, StateError,
};
use rumqttc::{NetworkOptions, Outgoing, TlsConfiguration, Transport};

use crate::{ConnectError, Lost, Message, Options};

/// What became of a publish that the broker accepted (MQTT 5, section 3.4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// It was passed on, or kept.
    Taken,
    /// Nobody has subscribed to its topic.
    NobodyListens,
}

/// Shortest keep-alive the client accepts; it panics below.
const SHORTEST_KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Longest keep-alive MQTT can express: seconds in 16 bits (MQTT 5.0, section 3.1.2.10).
const LONGEST_KEEP_ALIVE: Duration = Duration::from_secs(u16::MAX as u64);

/// Requests in the client's queue besides publishes and acknowledgements: one subscribe, one disconnect.
const OTHER_REQUESTS: usize = 2;

/// The receiving side of the client; polling it is what makes the client work.
pub(crate) struct Wire {
    events: EventLoop,
    keep_alive: Duration,
    /// Why the client stopped, until what it had received before has been handed on.
    failure: Option<WireError>,
}

/// The sending side of the client. Nothing here waits: the client's queue has room for all that may be in flight.
#[derive(Clone)]
pub(crate) struct WireSender {
    client: AsyncClient,
}

/// What happened on the wire.
pub(crate) enum Event {
    /// The broker accepted the connection, on these terms.
    Connected(Terms),
    /// The broker's verdict on each filter, in order.
    Subscribed(Vec<Result<(), String>>),
    /// The oldest publish without a packet id was sent under this one.
    Sent(u16),
    /// The broker's verdict on the publish sent under this packet id.
    Acknowledged(u16, Result<Delivered, String>),
    /// A message; at QoS 1 with the receipt that is due for it.
    Arrived(Message, Option<Receipt>),
    /// The receipt for the message with this packet id was sent.
    AcknowledgementSent(u16),
    /// Our DISCONNECT was sent.
    DisconnectSent,
    /// The broker said something else.
    Heard,
    /// We said something else.
    Spoke,
}

/// What the broker demands of us.
pub(crate) struct Terms {
    /// Largest packet it takes, in bytes.
    pub(crate) max_packet: usize,
    /// Unacknowledged publishes it takes at once.
    pub(crate) receive_max: u16,
}

/// The acknowledgement that is due for a message: its packet id.
#[derive(Debug)]
pub(crate) struct Receipt(pub(crate) u16);

/// Why there is no further event.
pub(crate) enum WireError {
    /// The broker refused the connection with this reason.
    Refused(String),
    /// The connection is lost.
    Lost(Lost),
}

/// Prepares a connection; the first [`Wire::next`] makes it.
pub(crate) fn open(options: &Options) -> Result<(Wire, WireSender), ConnectError> {
    let invalid = |part| ConnectError::Invalid { endpoint: options.endpoint.clone(), part };
    let limits = &options.limits;
    if !(SHORTEST_KEEP_ALIVE..=LONGEST_KEEP_ALIVE).contains(&options.keep_alive) {
        return Err(invalid("the keep-alive interval"));
    }
    if options.client_id.len() > usize::from(u16::MAX) {
        return Err(invalid("the client identifier"));
    }
    let mut client = MqttOptions::new(&options.client_id, options.endpoint.host(), options.endpoint.port());
    let mut network = NetworkOptions::new();
    // Acknowledgements are small, and each must not wait for the next.
    network.set_tcp_nodelay(true);
    client
        .set_transport(transport(options)?)
        .set_network_options(network)
        .set_keep_alive(options.keep_alive)
        .set_clean_start(true)
        .set_manual_acks(true)
        // One more than the window: the client stops sending acknowledgements when this is reached.
        .set_outgoing_inflight_upper_limit(limits.window + 1)
        // `connect` has the real one, which covers the subscriptions too.
        .set_connection_timeout(limits.connect_timeout.as_secs() + 1)
        .set_connect_properties(ConnectProperties {
            session_expiry_interval: Some(0),
            receive_maximum: Some(limits.receive),
            max_packet_size: u32::try_from(limits.max_in).ok(),
            // With aliases, messages would arrive without their topic.
            topic_alias_max: None,
            ..ConnectProperties::new()
        });
    if let Some(will) = &options.last_will {
        will.check_will().map_err(|_| invalid("the last will"))?;
        client.set_last_will(last_will(will));
    }
    let queue = usize::from(limits.window) + limits.most_unacknowledged() + OTHER_REQUESTS;
    let (client, events) = AsyncClient::new(client, queue);
    Ok((Wire { events, keep_alive: options.keep_alive, failure: None }, WireSender { client }))
}

/// The size of the packet that carries `message`, in bytes.
pub(crate) fn packet_size(message: &Message) -> usize {
    let mut packet = Publish::new(&message.topic, QoS::AtLeastOnce, message.payload.clone(), Some(properties(message)));
    // The client counts the packet id only once there is one.
    packet.pkid = 1;
    packet.size()
}

impl Wire {
    /// The next event; everything that was received before a failure comes before it. Not safe to cancel: once polled,
    /// poll it to its end or drop the wire. Not to be called again after an error: the client would connect again.
    pub(crate) async fn next(&mut self) -> Result<Event, WireError> {
        if self.failure.is_none() {
            match self.events.poll().await {
                Ok(event) => return self.event(event),
                Err(error) => self.failure = Some(self.error(error)),
            }
        }
        // The client reads ahead, and on an error leaves what it has read, acknowledgements among it.
        match self.events.state.events.pop_front() {
            Some(event) => self.event(event),
            None => Err(self.failure.take().unwrap_or(WireError::Lost(Lost::Ended))),
        }
    }

    /// How often the line is tested: our own interval, or the broker's once connected.
    pub(crate) fn keep_alive(&self) -> Duration {
        self.events.options.keep_alive()
    }

    fn event(&mut self, event: ClientEvent) -> Result<Event, WireError> {
        match event {
            ClientEvent::Incoming(packet) => self.incoming(packet),
            ClientEvent::Outgoing(Outgoing::Publish(id)) => Ok(Event::Sent(id)),
            ClientEvent::Outgoing(Outgoing::PubAck(id)) => Ok(Event::AcknowledgementSent(id)),
            ClientEvent::Outgoing(Outgoing::Disconnect) => Ok(Event::DisconnectSent),
            ClientEvent::Outgoing(_) => Ok(Event::Spoke),
        }
    }

    fn incoming(&mut self, packet: Packet) -> Result<Event, WireError> {
        Ok(match packet {
            Packet::ConnAck(connack) => Event::Connected(self.terms(&connack)?),
            Packet::SubAck(suback) => Event::Subscribed(suback.return_codes.into_iter().map(granted).collect()),
            Packet::PubAck(puback) => Event::Acknowledged(
                puback.pkid,
                match puback.reason {
                    PubAckReason::Success => Ok(Delivered::Taken),
                    PubAckReason::NoMatchingSubscribers => Ok(Delivered::NobodyListens),
                    reason => Err(words(reason)),
                },
            ),
            Packet::Publish(publish) => {
                let receipt = (publish.qos == QoS::AtLeastOnce).then_some(Receipt(publish.pkid));
                Event::Arrived(message(publish), receipt)
            }
            _ => Event::Heard,
        })
    }

    fn terms(&mut self, connack: &ConnAck) -> Result<Terms, WireError> {
        if self.events.options.keep_alive().is_zero() {
            // The broker needs no test of the line, but we do, and the client would test it without pause.
            self.events.options.set_keep_alive(self.keep_alive);
        }
        let properties = connack.properties.as_ref();
        if properties.and_then(|p| p.max_qos) == Some(0) {
            return Err(WireError::Refused("it takes no QoS 1".to_owned()));
        }
        if properties.and_then(|p| p.retain_available) == Some(0) {
            return Err(WireError::Refused("it takes no retained messages".to_owned()));
        }
        let max_packet = properties.and_then(|p| p.max_packet_size);
        Ok(Terms {
            max_packet: max_packet.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX),
            receive_max: properties.and_then(|p| p.receive_max).unwrap_or(u16::MAX),
        })
    }

    fn error(&self, error: ConnectionError) -> WireError {
        match error {
            ConnectionError::ConnectionRefused(code) => WireError::Refused(refusal(code)),
            ConnectionError::MqttState(StateError::AwaitPingResp) => {
                WireError::Lost(Lost::Silent { after: self.keep_alive() * 2 })
            }
            // The client's own text would show the whole packet, and with it a payload.
            ConnectionError::NotConnAck(_) => WireError::Lost(Lost::Broken("its first packet was no CONNACK".into())),
            // As text: the client's errors repeat their source in their message, so a printed chain would stutter.
            error => WireError::Lost(Lost::Broken(error.to_string().into())),
        }
    }
}

impl Event {
    /// Whether it shows that the broker is alive.
    pub(crate) fn is_from_broker(&self) -> bool {
        !matches!(self, Self::Sent(_) | Self::AcknowledgementSent(_) | Self::DisconnectSent | Self::Spoke)
    }
}

impl WireSender {
    /// Subscribes to all `filters` at QoS 1 in one packet.
    pub(crate) fn subscribe(&self, filters: &[String]) -> Result<(), Lost> {
        let filters = filters.iter().map(|filter| Filter::new(filter, QoS::AtLeastOnce));
        self.client.try_subscribe_many(filters).map_err(lost)
    }

    /// Publishes a checked message; an [`Event::Sent`] follows, in the order of the calls.
    pub(crate) fn publish(&self, message: Message) -> Result<(), Lost> {
        let properties = properties(&message);
        self.client
            .try_publish_with_properties(message.topic, QoS::AtLeastOnce, message.retain, message.payload, properties)
            .map_err(lost)
    }

    /// Sends the receipt for a message.
    pub(crate) fn acknowledge(&self, receipt: Receipt) -> Result<(), Lost> {
        // The client looks at the level and the packet id only.
        let mut publish = Publish::new("", QoS::AtLeastOnce, "", None);
        publish.pkid = receipt.0;
        self.client.try_ack(&publish).map_err(lost)
    }

    /// Says goodbye.
    pub(crate) fn disconnect(&self) -> Result<(), Lost> {
        self.client.try_disconnect().map_err(lost)
    }
}

fn transport(options: &Options) -> Result<Transport, ConnectError> {
    let endpoint = || options.endpoint.clone();
    match (&options.tls, options.endpoint.is_tls()) {
        (None, false) => Ok(Transport::tcp()),
        (Some(tls), true) => {
            let config = tls.client_config().map_err(|source| ConnectError::Tls { endpoint: endpoint(), source })?;
            Ok(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(config))))
        }
        // Neither a plain connection for somebody who has credentials, nor TLS that authenticates nobody.
        (Some(_), false) => Err(ConnectError::Invalid { endpoint: endpoint(), part: "mqtt:// with TLS credentials" }),
        (None, true) => Err(ConnectError::Invalid { endpoint: endpoint(), part: "mqtts:// without TLS credentials" }),
    }
}

fn last_will(will: &Message) -> LastWill {
    let properties = LastWillProperties {
        delay_interval: None,
        payload_format_indicator: None,
        message_expiry_interval: None,
        content_type: will.content_type.clone(),
        response_topic: will.response_topic.clone(),
        correlation_data: will.correlation.clone(),
        user_properties: Vec::new(),
    };
    LastWill::new(&will.topic, will.payload.to_vec(), QoS::AtLeastOnce, will.retain, Some(properties))
}

fn properties(message: &Message) -> PublishProperties {
    PublishProperties {
        content_type: message.content_type.clone(),
        response_topic: message.response_topic.clone(),
        correlation_data: message.correlation.clone(),
        ..PublishProperties::default()
    }
}

fn message(publish: Publish) -> Message {
    let properties = publish.properties.unwrap_or_default();
    Message {
        // A topic that is not UTF-8 names nothing we know; it is passed on in a form that still matches nothing.
        topic: String::from_utf8_lossy(&publish.topic).into_owned(),
        payload: publish.payload,
        retain: publish.retain,
        content_type: properties.content_type,
        response_topic: properties.response_topic,
        correlation: properties.correlation_data,
    }
}

fn granted(code: SubscribeReasonCode) -> Result<(), String> {
    match code {
        SubscribeReasonCode::Success(QoS::AtLeastOnce | QoS::ExactlyOnce) => Ok(()),
        SubscribeReasonCode::Success(QoS::AtMostOnce) => Err("only QoS 0 is granted".to_owned()),
        code => Err(words(code)),
    }
}

fn refusal(code: ConnectReturnCode) -> String {
    match code {
        ConnectReturnCode::QoSNotSupported => "QoS not supported".to_owned(),
        code => words(code),
    }
}

/// `NotAuthorized` as "not authorized": the client's names of reason codes are those of the standard, run together.
fn words(reason: impl Debug) -> String {
    let mut words = String::new();
    for letter in format!("{reason:?}").chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Only if the queue were full or the wire gone; the caller proves that neither is so while a connection lasts.
fn lost(error: ClientError) -> Lost {
    Lost::Broken(error.to_string().into())
}
