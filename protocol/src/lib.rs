//! What head office and devices must agree on, and nothing else.
//!
//! Documents, topics, signatures and tokens, each in one file with its limits. The package is pure: bytes in, typed values
//! or a named refusal out. It opens no file and no socket and reads no clock, so that a device, head office, a simulator and
//! a fuzzer all run exactly the same code.
//!
//! Reading order: the words ([`name`], [`utc`], [`interval`], [`zone`], [`card`], [`token`]), the wire ([`topic`], [`signed`],
//! [`digest`]), what travels down ([`consent`], [`customer`], [`block`], [`shard`], [`delta`], [`found`], [`contacts`]; [`schedule`],
//! [`predicate`], [`policy`], [`qr`], [`variant`], [`sequence`], [`campaign`], [`theme`], [`bundle`], [`group`]; [`confirmation`]) and what
//! travels up ([`presence`], [`hello`], [`request`], [`interaction`], [`contact`], [`batch`], [`health`]).

pub mod allowance;
pub mod limits;

mod chain;

pub use chain::chain;

pub mod card;
pub mod interval;
pub mod name;
pub mod token;
pub mod utc;
pub mod zone;

mod base64;
pub mod digest;
pub mod signed;
pub mod topic;

pub mod block;
pub mod bundle;
pub mod campaign;
pub mod confirmation;
pub mod consent;
pub mod contacts;
pub mod customer;
pub mod delta;
pub mod found;
pub mod group;
pub mod placeholder;
pub mod policy;
pub mod predicate;
pub mod qr;
pub mod schedule;
pub mod sequence;
pub mod shard;
pub mod theme;
pub mod variant;

pub mod batch;
pub mod contact;
pub mod health;
pub mod hello;
pub mod interaction;
pub mod presence;
pub mod request;
