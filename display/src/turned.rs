//! A panel that is not mounted upright: which of its pixels shows which of the picture.
//!
//! Most machines that stand upright have an ordinary panel, turned by a quarter. Few of them have a driver that turns the picture back.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

/// How a panel, or a touch screen, is turned against the picture on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Turned {
    /// It is not.
    #[default]
    Not,
    /// By a quarter to the right: its own top left lies at the top right of the picture.
    Right,
    /// Upside down.
    Over,
    /// By a quarter to the left: its own top left lies at the bottom left of the picture.
    Left,
}

impl Turned {
    /// Width and height as the panel itself has them, of something that has these in the picture; and the other way round.
    #[must_use]
    pub const fn across(self, size: Size) -> Size {
        match self {
            Self::Not | Self::Over => size,
            Self::Right | Self::Left => Size::new(size.height, size.width),
        }
    }

    /// Where an area of a picture of this size lies on the panel.
    #[must_use]
    pub fn area(self, area: Rectangle, picture: Size) -> Rectangle {
        // From the far sides of the picture to those of the area.
        let end = Point::zero() + picture - area.size;
        let (left, top) = (area.top_left.x, area.top_left.y);
        let (right, bottom) = (end.x - left, end.y - top);
        let top_left = match self {
            Self::Not => Point::new(left, top),
            Self::Right => Point::new(top, right),
            Self::Over => Point::new(right, bottom),
            Self::Left => Point::new(bottom, left),
        };
        Rectangle::new(top_left, self.across(area.size))
    }
}

/// From degrees to the right, as technicians write it.
impl TryFrom<u16> for Turned {
    type Error = String;

    fn try_from(degrees: u16) -> Result<Self, String> {
        match degrees {
            0 => Ok(Self::Not),
            90 => Ok(Self::Right),
            180 => Ok(Self::Over),
            270 => Ok(Self::Left),
            _ => Err(format!("{degrees} is not 0, 90, 180 or 270 degrees to the right")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_a_panel_lie_where_a_technician_sees_them() {
        let (picture, corner) = (Size::new(768, 1024), Size::new(3, 2));
        let top_left = Rectangle::new(Point::zero(), corner);
        for (degrees, at) in [(0, (0, 0)), (90, (0, 765)), (180, (765, 1022)), (270, (1022, 0))] {
            let turned = Turned::try_from(degrees).unwrap();
            let expected = Rectangle::new(Point::new(at.0, at.1), turned.across(corner));
            assert_eq!(turned.area(top_left, picture), expected, "{degrees}");
        }
        assert!(Turned::try_from(45).is_err());
    }
}
