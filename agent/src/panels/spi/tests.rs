//! A bus that decodes what it is sent, as a controller does: what it would show is what was drawn.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use embedded_hal::{
    digital,
    spi::{self, Operation},
};
use touchpoint_display::{AnswerButton, Glass, Offer, Screen, Theme, View};

use super::*;

/// What a controller has of the commands it was sent.
#[derive(Default)]
struct Memory {
    columns: usize,
    pixels: Vec<u16>,
    is_data: bool,
    command: u8,
    parameters: Vec<u8>,
    columns_of_window: [usize; 2],
    rows_of_window: [usize; 2],
    /// The next pixel's place in the window, and the half of it that has come.
    next: usize,
    half: Option<u8>,
    commands: Vec<u8>,
    writes: usize,
    fails: bool,
}

#[derive(Clone)]
struct FakeBus(Arc<Mutex<Memory>>);

#[derive(Clone)]
struct FakePin(Arc<Mutex<Memory>>);

#[derive(Debug)]
struct Broken;

struct NoDelay;

impl spi::Error for Broken {
    fn kind(&self) -> spi::ErrorKind {
        spi::ErrorKind::Other
    }
}

impl spi::ErrorType for FakeBus {
    type Error = Broken;
}

impl SpiDevice for FakeBus {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Broken> {
        let mut memory = self.0.lock().unwrap();
        if memory.fails {
            return Err(Broken);
        }
        for operation in operations {
            let Operation::Write(bytes) = operation else { panic!("a controller answers nothing") };
            assert!(bytes.len() <= CHUNK);
            memory.writes += 1;
            bytes.iter().for_each(|byte| memory.take(*byte));
        }
        Ok(())
    }
}

impl digital::ErrorType for FakePin {
    type Error = Infallible;
}

impl OutputPin for FakePin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.lock().unwrap().is_data = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.lock().unwrap().is_data = true;
        Ok(())
    }
}

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}

impl Memory {
    fn new([columns, rows]: [u16; 2]) -> Memory {
        // Noise, as after a cold start.
        let pixels = vec![0x5aa5; usize::from(columns) * usize::from(rows)];
        Memory { columns: columns.into(), pixels, ..Memory::default() }
    }

    fn take(&mut self, byte: u8) {
        if !self.is_data {
            self.command = byte;
            self.commands.push(byte);
            self.parameters.clear();
            (self.next, self.half) = (0, None);
            return;
        }
        self.parameters.push(byte);
        match (self.command, &self.parameters[..]) {
            (command::SET_COLUMN_ADDRESS, [a, b, c, d]) => self.columns_of_window = place([*a, *b], [*c, *d]),
            (command::SET_PAGE_ADDRESS, [a, b, c, d]) => self.rows_of_window = place([*a, *b], [*c, *d]),
            (command::WRITE_MEMORY_START, _) => match self.half.take() {
                None => self.half = Some(byte),
                Some(high) => self.pixel(u16::from_be_bytes([high, byte])),
            },
            _ => {}
        }
    }

    fn pixel(&mut self, pixel: u16) {
        let ([left, right], [top, bottom]) = (self.columns_of_window, self.rows_of_window);
        let (row, column) = (self.next / (right - left + 1), self.next % (right - left + 1));
        assert!(top + row <= bottom, "more pixels than the window has");
        self.pixels[(top + row) * self.columns + left + column] = pixel;
        self.next += 1;
    }

    /// What is on the glass, which begins at the offset.
    fn glass(&self, size: Size, [column, row]: [u16; 2]) -> Vec<u16> {
        let rows = self.pixels.chunks_exact(self.columns).skip(row.into()).take(size.height as usize);
        rows.flat_map(|pixels| &pixels[column.into()..][..size.width as usize]).copied().collect()
    }
}

fn place(first: [u8; 2], last: [u8; 2]) -> [usize; 2] {
    [first, last].map(|at| u16::from_be_bytes(at).into())
}

fn placing(controller: Controller, turns: u8, offset: [u16; 2]) -> Placing {
    Placing { controller, turns, offset, inverted: None, blue_first: None }
}

fn open(placing: &Placing, size: Size) -> (SpiPanel<FakeBus, FakePin>, Arc<Mutex<Memory>>) {
    let memory = Arc::new(Mutex::new(Memory::new(placing.memory())));
    let wires = (FakeBus(Arc::clone(&memory)), FakePin(Arc::clone(&memory)));
    (SpiPanel::open("/dev/spidev0.0".to_owned(), size, placing, wires, &mut NoDelay).unwrap(), memory)
}

fn offer() -> View {
    let answers = vec![AnswerButton { label: "Yes, please".to_owned(), emphasis: Default::default() }];
    let (title, body) = ("A savings account".to_owned(), "3 % for a year.".to_owned());
    View::Offer(Offer { title, body, answers, seconds_left: 20, seconds_total: 20, ..Offer::default() })
}

#[test]
fn the_controller_shows_every_pixel_that_was_drawn_countdown_included() {
    let placings = [
        (placing(Controller::Ili9341, 1, [0, 0]), Size::new(320, 240)),
        (placing(Controller::St7789, 0, [0, 0]), Size::new(240, 320)),
        // A glass of 240x135 somewhere in the memory.
        (placing(Controller::St7789, 1, [40, 53]), Size::new(240, 135)),
    ];
    for (placing, size) in placings {
        let (panel, memory) = open(&placing, size);
        assert!(memory.lock().unwrap().glass(size, placing.offset).iter().all(|pixel| *pixel == 0), "dark at first");
        let mut screen = Screen::on(Glass::of(size), Box::new(panel), Theme::default());
        let as_drawn = |screen: &mut Screen| {
            let drawn: Vec<u16> = screen.frame().pixels().iter().map(|pixel| rgb565(*pixel)).collect();
            memory.lock().unwrap().glass(size, placing.offset) == drawn
        };
        screen.show(&offer()).unwrap();
        assert!(as_drawn(&mut screen), "{placing:?}");
        memory.lock().unwrap().writes = 0;
        screen.tick(Duration::from_secs(7)).unwrap();
        assert!(as_drawn(&mut screen), "{placing:?}");
        let writes = memory.lock().unwrap().writes;
        assert!(writes < 12, "a tick took {writes} writes");
    }
}

#[test]
fn beside_the_glass_the_controllers_memory_is_left_alone() {
    let (placing, size) = (placing(Controller::St7789, 0, [52, 40]), Size::new(135, 240));
    let (mut panel, memory) = open(&placing, size);
    let mut frame = Frame::new(size);
    let mask = vec![255; 135 * 240];
    frame.blend_mask(Point::zero(), size, &mask, touchpoint_display::Colour([255; 3]));
    panel.present(&frame, &[Rectangle::new(Point::zero(), size)]).unwrap();
    let memory = memory.lock().unwrap();
    assert_eq!(memory.pixels.iter().filter(|pixel| **pixel == 0xffff).count(), 135 * 240);
    assert!(memory.glass(size, placing.offset).iter().all(|pixel| *pixel == 0xffff));
}

#[test]
fn each_controller_is_woken_in_order_and_lit_last() {
    let (_, memory) = open(&placing(Controller::St7789, 0, [0, 0]), Size::new(240, 320));
    let commands = memory.lock().unwrap().commands.clone();
    assert_eq!(commands, [0x01, 0x11, 0x3a, 0x36, 0x21, 0x13, 0x2a, 0x2b, 0x2c, 0x29]);
    let (_, memory) = open(&placing(Controller::Ili9341, 0, [0, 0]), Size::new(240, 320));
    assert_eq!(memory.lock().unwrap().commands[4], 0x20);
}

#[test]
fn a_turned_picture_is_turned_by_the_controller() {
    let modes = |controller| [0, 1, 2, 3].map(|turns| placing(controller, turns, [0, 0]).address_mode());
    assert_eq!(modes(Controller::St7789), [0x00, 0x60, 0xc0, 0xa0]);
    // As its makers' examples have it: 0x48, 0x28, 0x88, 0xe8.
    assert_eq!(modes(Controller::Ili9341), [0x48, 0x28, 0x88, 0xe8]);
    let unusual = Placing { blue_first: Some(true), inverted: Some(false), ..placing(Controller::St7789, 0, [0, 0]) };
    assert_eq!((unusual.address_mode(), unusual.inversion()), (0x08, 0x20));
}

#[test]
fn a_bus_that_fails_is_named() {
    let size = Size::new(240, 320);
    let (mut panel, memory) = open(&placing(Controller::St7789, 0, [0, 0]), size);
    memory.lock().unwrap().fails = true;
    let error = panel.present(&Frame::new(size), &[Rectangle::new(Point::zero(), size)]).unwrap_err();
    assert_eq!(error.to_string(), "panel /dev/spidev0.0 failed");
}
