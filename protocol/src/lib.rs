//! What head office and devices must agree on, and nothing else.
//!
//! Documents, topics, signatures and tokens, each in one file with its limits. The package is pure: bytes in, typed values
//! or a named refusal out. It opens no file and no socket and reads no clock, so that a device, head office, a simulator and
//! a fuzzer all run exactly the same code.
//!
//! Reading order: the words ([`name`], [`utc`], [`card`], [`token`]), the wire ([`topic`], [`signed`], [`digest`]), what travels
//! down ([`customer`], [`block`], [`shard`], [`delta`], [`contacts`], [`campaign`], [`bundle`], [`group`], [`confirmation`]) and what
//! travels up ([`presence`], [`hello`], [`request`], [`interaction`], [`contact`], [`batch`]).

pub mod limits;

pub mod card;
pub mod name;
pub mod token;
pub mod utc;

pub mod digest;
pub mod signed;
pub mod topic;

pub mod block;
pub mod bundle;
pub mod campaign;
pub mod confirmation;
pub mod contacts;
pub mod customer;
pub mod delta;
pub mod group;
pub mod shard;

pub mod batch;
pub mod contact;
pub mod hello;
pub mod interaction;
pub mod presence;
pub mod request;
