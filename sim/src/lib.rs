//! A developer's desk: simulated screen, reader, line, clock and head office around the real agent.
//!
//! Start with [`demo`]. [`preview`] is a campaign folder without any device around it, and [`shot`] a picture of it. Below them stand
//! the parts: what lies between device and head office ([`broker`], [`mod@line`], [`tape`]), what the machine is made of ([`screen`],
//! [`clock`]), and the people ([`cast`], [`customers`], [`cards`], [`random`], [`secrecy`]).

pub mod demo;

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
