//! What a visit and a synchronisation decide, and nothing that does anything: no clock, no file, no network.

pub mod asking;
pub mod contact;
pub mod customer;
pub mod decide;
pub mod discard;
pub mod moment;
pub mod update;
pub mod words;
