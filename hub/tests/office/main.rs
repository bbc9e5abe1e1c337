//! Head office as its users meet it: files in, devices answered, a report out. SQLite and MQTT are real.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broker;
mod campaigns;
mod commands;
mod customers;
mod desk;
mod exports;
mod serving;
