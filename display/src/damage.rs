//! Which parts of a frame changed since they were last put on the glass.

use embedded_graphics::{geometry::Point, prelude::Size, primitives::Rectangle};

/// Most rectangles kept. A panel pays per rectangle (a bus transaction, a copy per row), so beyond a few it is cheaper
/// to repaint what lies between them.
const MAX_RECTANGLES: usize = 16;

/// Rectangles that together cover every changed pixel; overlapping ones are merged, and there are never many.
#[derive(Debug, Clone, Default)]
pub(crate) struct Damage(Vec<Rectangle>);

impl Damage {
    /// Adds a changed area. An empty one changes nothing.
    pub(crate) fn add(&mut self, area: Rectangle) {
        if area.is_zero_sized() || self.0.iter().any(|known| contains(known, &area)) {
            return;
        }
        let mut area = area;
        // A union may reach others, so look again until nothing merges; each round removes one rectangle.
        while let Some(index) = self.0.iter().position(|known| worth_merging(known, &area)) {
            area = union(&self.0.swap_remove(index), &area);
        }
        if self.0.len() == MAX_RECTANGLES {
            area = self.0.drain(..).fold(area, |all, known| union(&all, &known));
        }
        self.0.push(area);
    }

    /// Hands the list over and starts a new one.
    pub(crate) fn take(&mut self) -> Vec<Rectangle> {
        std::mem::take(&mut self.0)
    }
}

fn contains(outer: &Rectangle, inner: &Rectangle) -> bool {
    outer.intersection(inner) == *inner
}

/// Two areas that overlap, or whose union repaints no pixel that neither covers.
fn worth_merging(one: &Rectangle, other: &Rectangle) -> bool {
    !one.intersection(other).is_zero_sized() || pixels(&union(one, other)) <= pixels(one) + pixels(other)
}

fn union(one: &Rectangle, other: &Rectangle) -> Rectangle {
    let top_left = one.top_left.component_min(other.top_left);
    let end = (one.top_left + one.size).component_max(other.top_left + other.size);
    Rectangle::new(top_left, size_between(top_left, end))
}

fn size_between(top_left: Point, end: Point) -> Size {
    Size::new((end.x - top_left.x).unsigned_abs(), (end.y - top_left.y).unsigned_abs())
}

fn pixels(area: &Rectangle) -> u64 {
    u64::from(area.size.width) * u64::from(area.size.height)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn area(x: i32, y: i32, width: u32, height: u32) -> Rectangle {
        Rectangle::new(Point::new(x, y), Size::new(width, height))
    }

    #[test]
    fn areas_apart_stay_apart_and_overlapping_ones_merge() {
        let mut damage = Damage::default();
        damage.add(area(0, 0, 10, 10));
        damage.add(area(100, 100, 10, 10));
        damage.add(area(5, 5, 10, 10));
        damage.add(area(2, 2, 3, 3));
        damage.add(area(50, 50, 0, 10));
        let mut list = damage.take();
        list.sort_by_key(|area| area.top_left.x);
        assert_eq!(list, [area(0, 0, 15, 15), area(100, 100, 10, 10)]);
        assert!(damage.take().is_empty());
    }

    #[test]
    fn neighbours_in_one_line_become_one_area() {
        let mut damage = Damage::default();
        for x in 0..5 {
            damage.add(area(x * 10, 4, 10, 8));
        }
        assert_eq!(damage.take(), [area(0, 4, 50, 8)]);
    }

    #[test]
    fn the_list_never_grows_beyond_its_bound_and_still_covers_everything() {
        let mut damage = Damage::default();
        let areas: Vec<_> = (0..40).map(|n| area(n * 20, n * 20, 3, 3)).collect();
        for one in &areas {
            damage.add(*one);
        }
        let list = damage.take();
        assert!(list.len() <= MAX_RECTANGLES);
        assert!(areas.iter().all(|one| list.iter().any(|known| contains(known, one))));
    }
}
