//! The one type that builds and parses every topic.
//!
//! Root: `touchpoint/v1/<tenant>/`. A topic that does not parse is not ours, whatever it carries.

use crate::name::{DeviceId, GroupId, NameError, ShardId, Tenant};
use std::fmt;

/// What every topic begins with; the version changes when a document changes in a way old readers cannot take.
const ROOT: &str = "touchpoint/v1";

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic {
    /// Whose machines.
    pub tenant: Tenant,
    /// Which channel of theirs.
    pub channel: Channel,
}

/// The channels of DESIGN's topic table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Channel {
    /// `devices/<id>/...`, one device's own.
    Device(DeviceId, DeviceChannel),
    /// `shards/<shard>/head`, retained: the signed [`crate::shard::ShardHead`].
    ShardHead(ShardId),
    /// `shards/<shard>/deltas`: each signed [`crate::delta::Delta`], once.
    ShardDeltas(ShardId),
    /// `shards/<shard>/contacts`: each signed [`crate::contacts::ContactPage`], once.
    ShardContacts(ShardId),
    /// `groups/<group>/campaigns`, retained: the signed [`crate::group::GroupHead`].
    GroupCampaigns(GroupId),
}

/// One device's channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceChannel {
    /// Up, retained, last will: [`crate::presence::Presence`].
    Presence,
    /// Up: [`crate::hello::Hello`].
    Hello,
    /// Up: [`crate::batch::Batch`].
    Interactions,
    /// Up: [`crate::request::Request`].
    Requests,
    /// Up: [`crate::health::Health`].
    Health,
    /// Down: replies, and signed confirmations.
    Inbox,
}

impl DeviceChannel {
    /// All of them, in the order of the table.
    const ALL: [DeviceChannel; 6] =
        [Self::Presence, Self::Hello, Self::Interactions, Self::Requests, Self::Health, Self::Inbox];

    fn as_str(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Hello => "hello",
            Self::Interactions => "interactions",
            Self::Requests => "requests",
            Self::Health => "health",
            Self::Inbox => "inbox",
        }
    }
}

impl Topic {
    /// A channel of one device.
    pub fn device(tenant: &Tenant, device: &DeviceId, channel: DeviceChannel) -> Topic {
        Topic { tenant: tenant.clone(), channel: Channel::Device(device.clone(), channel) }
    }

    /// Where a shard's head is kept.
    pub fn shard_head(tenant: &Tenant, shard: &ShardId) -> Topic {
        Topic { tenant: tenant.clone(), channel: Channel::ShardHead(shard.clone()) }
    }

    /// Where a shard's changes pass by.
    pub fn shard_deltas(tenant: &Tenant, shard: &ShardId) -> Topic {
        Topic { tenant: tenant.clone(), channel: Channel::ShardDeltas(shard.clone()) }
    }

    /// Where what was said to a shard's customers passes by.
    pub fn shard_contacts(tenant: &Tenant, shard: &ShardId) -> Topic {
        Topic { tenant: tenant.clone(), channel: Channel::ShardContacts(shard.clone()) }
    }

    /// Where a group's campaigns are announced.
    pub fn group_campaigns(tenant: &Tenant, group: &GroupId) -> Topic {
        Topic { tenant: tenant.clone(), channel: Channel::GroupCampaigns(group.clone()) }
    }

    /// The filter that hears this channel of every device, for head office. With a share name, the messages are divided among
    /// the connections that use the same name (MQTT 5, section 4.8.2).
    pub fn every_device(tenant: &Tenant, channel: DeviceChannel, share: Option<&str>) -> String {
        let filter = format!("{ROOT}/{tenant}/devices/+/{}", channel.as_str());
        match share {
            Some(name) => format!("$share/{name}/{filter}"),
            None => filter,
        }
    }

    /// Reads a topic as it came.
    ///
    /// # Errors
    /// Says whether the topic is of another form, or which of its names is none.
    pub fn parse(text: &str) -> Result<Topic, TopicError> {
        let unknown = || TopicError::Form { topic: text.chars().take(SHOWN).collect() };
        let name = |source| TopicError::Name { topic: text.chars().take(SHOWN).collect(), source };
        let rest = text.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('/')).ok_or_else(unknown)?;
        let levels: Vec<&str> = rest.splitn(5, '/').collect();
        let [tenant, family, member, channel] = levels[..] else { return Err(unknown()) };
        let tenant = tenant.parse().map_err(name)?;
        let channel = match (family, channel) {
            ("devices", channel) => {
                let device = member.parse().map_err(name)?;
                let channel = DeviceChannel::ALL.into_iter().find(|c| c.as_str() == channel).ok_or_else(unknown)?;
                Channel::Device(device, channel)
            }
            ("shards", "head") => Channel::ShardHead(member.parse().map_err(name)?),
            ("shards", "deltas") => Channel::ShardDeltas(member.parse().map_err(name)?),
            ("shards", "contacts") => Channel::ShardContacts(member.parse().map_err(name)?),
            ("groups", "campaigns") => Channel::GroupCampaigns(member.parse().map_err(name)?),
            _ => return Err(unknown()),
        };
        Ok(Topic { tenant, channel })
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ROOT}/{}/", self.tenant)?;
        match &self.channel {
            Channel::Device(device, channel) => write!(f, "devices/{device}/{}", channel.as_str()),
            Channel::ShardHead(shard) => write!(f, "shards/{shard}/head"),
            Channel::ShardDeltas(shard) => write!(f, "shards/{shard}/deltas"),
            Channel::ShardContacts(shard) => write!(f, "shards/{shard}/contacts"),
            Channel::GroupCampaigns(group) => write!(f, "groups/{group}/campaigns"),
        }
    }
}

/// How much of a foreign topic an error repeats, in characters.
const SHOWN: usize = 120;

/// Why a text is none of our topics.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// It has another form.
    #[error("topic {topic:?} is none of touchpoint/v1/<tenant>/...")]
    Form {
        /// The topic, shortened.
        topic: String,
    },
    /// One of its names is none.
    #[error("topic {topic:?} holds a wrong name")]
    Name {
        /// The topic, shortened.
        topic: String,
        /// Which, and why.
        #[source]
        source: NameError,
    },
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_is_read_back_as_it_was_written() {
        let (tenant, device) = ("acme".parse().unwrap(), "kiosk-1".parse().unwrap());
        let mut topics = vec![
            Topic::shard_head(&tenant, &"north".parse().unwrap()),
            Topic::shard_deltas(&tenant, &"north".parse().unwrap()),
            Topic::shard_contacts(&tenant, &"north".parse().unwrap()),
            Topic::group_campaigns(&tenant, &"lobby".parse().unwrap()),
        ];
        topics.extend(DeviceChannel::ALL.map(|channel| Topic::device(&tenant, &device, channel)));
        for topic in topics {
            assert_eq!(Topic::parse(&topic.to_string()).unwrap(), topic);
        }
    }

    #[test]
    fn foreign_and_malformed_topics_are_refused() {
        for text in [
            "",
            "touchpoint",
            "touchpoint/v2/acme/devices/k/hello",
            "touchpoint/v1/acme/devices/k",
            "x/touchpoint/v1/a/devices/k/hello",
            "touchpoint/v1/acme/devices/k/unheard-of",
            "touchpoint/v1/acme/devices/K/hello",
            "touchpoint/v1/acme/shards/s/hello",
            "touchpoint/v1/acme/devices/k/hello/more",
            "touchpoint/v1//devices/k/hello",
        ] {
            assert!(Topic::parse(text).is_err(), "{text} was taken");
        }
    }
}
