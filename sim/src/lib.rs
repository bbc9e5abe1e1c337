//! A developer's desk: simulated screen, reader, line, clock and head office around the real agent.
//!
//! Start with [`demo`], which plays by itself, or with [`desk`], at which a person sits; [`web`] is its page, and `window` its window. [`preview`] is
//! a campaign folder without any device around it, and [`shot`] a picture of it. Below them stand the parts: the two ends ([`machine`],
//! [`office`], [`campaigns`]), what lies between them ([`broker`], [`mod@line`], [`tape`]), what the machine is made of ([`screen`],
//! [`clock`]), and the people ([`cast`], [`customers`], [`cards`], [`random`], [`secrecy`]).

pub mod demo;
pub mod desk;
pub mod web;
#[cfg(feature = "window")]
pub mod window;

pub mod campaigns;
pub mod machine;
pub mod office;

pub mod preview;
pub mod shot;

pub mod broker;
pub mod line;
pub mod tape;

pub mod clock;
pub mod screen;

pub mod cast;
pub mod customers;

pub mod cards;
pub mod random;
pub mod secrecy;
