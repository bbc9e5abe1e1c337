//! Where a frame ends up: the glass, or what stands in for it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

use crate::{
    buffers::Buffers,
    frame::{EncodeError, Frame, encode_png},
    turned::Turned,
};

/// Something that shows a frame.
pub trait Panel: Send {
    /// Width and height in pixels; does not change while the panel is open.
    fn size(&self) -> Size;

    /// Puts the damaged parts of the frame on the glass, and returns when they are really there.
    ///
    /// The frame has the panel's size and `damage` lies within it: whatever changed since the frame was presented last, or
    /// [prepared](Self::prepare).
    ///
    /// # Errors
    /// The panel could not take the picture; the same call may succeed later.
    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError>;

    /// Takes a picture that is likely to be presented next, while nobody waits, and keeps it where the glass does not show it. Returns
    /// whether it could: a panel with one buffer has no such place.
    fn prepare(&mut self, _frame: &Frame) -> bool {
        false
    }

    /// Whether the glass is still there, asked now and then while nothing new is presented. Must be cheap, and change nothing.
    ///
    /// # Errors
    /// It is not, as far as the panel can tell.
    fn check(&mut self) -> Result<(), PanelError> {
        Ok(())
    }
}

/// Why a panel did not take a picture.
#[derive(Debug, thiserror::Error)]
pub enum PanelError {
    /// The picture could not be encoded for `path`.
    #[error("cannot encode the screen for {}", path.display())]
    Encode {
        /// The file that would have been written.
        path: PathBuf,
        #[source]
        /// What the encoder said.
        source: EncodeError,
    },
    /// The file could not be replaced.
    #[error("cannot write the screen to {}", path.display())]
    Write {
        /// The file as named.
        path: PathBuf,
        #[source]
        /// What the operating system said.
        source: io::Error,
    },
    /// The device behind the panel failed.
    #[error("panel {name} failed")]
    Device {
        /// The device as an operator knows it.
        name: String,
        #[source]
        /// What the operating system said.
        source: io::Error,
    },
}

/// A panel without glass, which copies what a real one with two buffers would copy. For headless devices and tests.
#[derive(Debug)]
pub struct MemoryPanel {
    size: Size,
    sides: [Vec<u32>; 2],
    buffers: Buffers,
    glass: usize,
}

/// A panel that is a PNG file, replaced as a whole at each new view, so that a technician can look at it at any moment.
/// The countdown alone does not rewrite it. Writing takes some 10 ms: not for a device that has a real panel.
#[derive(Debug)]
pub struct PngPanel {
    size: Size,
    path: PathBuf,
}

impl MemoryPanel {
    /// A panel that shows nothing yet.
    #[must_use]
    pub fn new(size: Size) -> Self {
        let side = || vec![0; size.width as usize * size.height as usize];
        Self { size, sides: [side(), side()], buffers: Buffers::new(size), glass: 0 }
    }

    /// What is on the glass: XRGB8888, rows from the top left.
    #[must_use]
    pub fn pixels(&self) -> &[u32] {
        &self.sides[self.glass]
    }

    fn paint(&mut self, frame: &Frame, damage: &[Rectangle]) -> usize {
        let (back, areas) = self.buffers.paint(damage);
        for area in areas {
            frame.copy_rows(area, Turned::Not, &mut self.sides[back], self.size.width as usize);
        }
        back
    }
}

impl Panel for MemoryPanel {
    fn size(&self) -> Size {
        self.size
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        self.glass = self.paint(frame, damage);
        self.buffers.flipped();
        Ok(())
    }

    fn prepare(&mut self, frame: &Frame) -> bool {
        self.paint(frame, &[Rectangle::new(Point::zero(), self.size)]);
        true
    }
}

impl PngPanel {
    /// A panel of the given size that writes to `path`. The folder must exist; nothing is written yet.
    #[must_use]
    pub fn new(size: Size, path: impl Into<PathBuf>) -> Self {
        Self { size, path: path.into() }
    }
}

impl Panel for PngPanel {
    fn size(&self) -> Size {
        self.size
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        if !damage.contains(&Rectangle::new(Point::zero(), self.size)) {
            return Ok(());
        }
        let bytes = encode_png(frame).map_err(|source| PanelError::Encode { path: self.path.clone(), source })?;
        replace(&self.path, &bytes).map_err(|source| PanelError::Write { path: self.path.clone(), source })
    }
}

/// Writes beside the file and renames, so that a reader sees the old picture or the new one and never half of one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use embedded_graphics::draw_target::DrawTarget;

    use super::*;
    use crate::{Colour, Limits, Picture};

    #[test]
    fn a_memory_panel_takes_over_the_damaged_parts_and_no_others() {
        let mut frame = Frame::new(Size::new(6, 4));
        let whole = Rectangle::new(Point::zero(), frame.size());
        let mut panel = MemoryPanel::new(frame.size());
        frame.clear(Colour([9, 9, 9]).into()).unwrap();
        // Each of its buffers has had it once.
        panel.present(&frame, &[whole]).unwrap();
        panel.present(&frame, &[]).unwrap();
        frame.clear(Colour([1, 2, 3]).into()).unwrap();
        panel.present(&frame, &[Rectangle::new(Point::new(2, 1), Size::new(3, 2))]).unwrap();
        let taken = panel.pixels().iter().filter(|pixel| **pixel == 0xff01_0203).count();
        assert_eq!((taken, panel.pixels()[6 + 2], panel.pixels()[6 + 1]), (6, 0xff01_0203, 0xff09_0909));
    }

    #[test]
    fn a_picture_that_a_memory_panel_was_given_before_is_shown_by_what_has_changed_since() {
        let mut frame = Frame::new(Size::new(6, 4));
        let whole = Rectangle::new(Point::zero(), frame.size());
        let mut panel = MemoryPanel::new(frame.size());
        let corner = Rectangle::new(Point::zero(), Size::new(2, 2));
        for shade in 1..9 {
            frame.clear(Colour([shade, 0, 0]).into()).unwrap();
            panel.present(&frame, &[whole]).unwrap();
            let invitation = frame.pixels().to_vec();
            frame.clear(Colour([shade, 9, 9]).into()).unwrap();
            assert!(panel.prepare(&frame));
            assert_eq!(panel.pixels(), invitation, "nobody sees it");
            frame.fill_solid(&corner, Colour([shade, 7, 7]).into()).unwrap();
            panel.present(&frame, &[corner]).unwrap();
            assert_eq!(panel.pixels(), frame.pixels());
        }
    }

    #[test]
    fn a_png_panel_replaces_its_file_at_a_new_view_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("screen.png");
        let mut frame = Frame::new(Size::new(6, 4));
        let mut panel = PngPanel::new(frame.size(), &path);
        frame.clear(Colour([1, 2, 3]).into()).unwrap();
        panel.present(&frame, &[Rectangle::new(Point::zero(), Size::new(6, 1))]).unwrap();
        assert!(!path.exists());
        panel.present(&frame, &[Rectangle::new(Point::zero(), frame.size())]).unwrap();
        let picture = Picture::decode(&fs::read(&path).unwrap(), Limits::default()).unwrap();
        assert_eq!(picture.pixels(), frame.pixels());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_png_panel_names_the_file_it_cannot_write() {
        let mut frame = Frame::new(Size::new(2, 2));
        let mut panel = PngPanel::new(frame.size(), "/nowhere/at/all.png");
        frame.clear(Colour([1, 2, 3]).into()).unwrap();
        let error = panel.present(&frame, &[Rectangle::new(Point::zero(), frame.size())]).unwrap_err();
        assert_eq!(error.to_string(), "cannot write the screen to /nowhere/at/all.png");
    }
}
