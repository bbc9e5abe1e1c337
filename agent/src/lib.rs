//! The device: three loops over two vaults.
//!
//! ```text
//! visit     card -> token -> look up -> decide -> show -> record      local; no parameter of it can reach the network
//! deliver   journal -> MQTT -> head office confirms -> mark delivered when online
//! follow    MQTT -> verify -> plan -> one transaction -> acknowledge  when online
//! ```
//!
//! Start with [`flow`]: it is the whole story. [`domain`] is what it decides with, pure. [`identify`], [`cache`], [`journal`],
//! [`upstream`] and [`api`] are the rim. The invariants stand at the head of `flow.rs`.

pub mod desk;
pub mod explain;
pub mod flow;
pub mod following;
pub mod guests;
pub mod hearing;

pub mod cache;
pub mod campaigns;
pub mod clock;
pub mod domain;
pub mod identify;
pub mod journal;
pub mod press;
pub mod status;
pub mod upstream;
pub mod visit;

mod happening;
mod health;
mod look;
mod refused;
mod stopped;

pub mod aside;
pub mod disk;
pub mod lot;

pub mod api;
pub mod config;
pub mod device;
pub mod glass;
pub mod input;
pub mod keys;
pub mod log;
pub mod panels;

pub use touchpoint_protocol::chain;
