//! Fingers and keys over the API, where the transaction application owns the touch screen.

use axum::{body::Bytes, extract::State, http::StatusCode};
use serde::Deserialize;
use touchpoint_display::{Point, Side};
use touchpoint_protocol::campaign::PanelSize;

use super::{
    Api, Problem,
    visit::{parse, refused, send},
};
use crate::{glass::MOST_KEYS, identify::Event};

/// A place on the glass, or a key beside it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pressing {
    x: Option<u32>,
    y: Option<u32>,
    side: Option<Beside>,
    key: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Beside {
    Left,
    Right,
}

/// `POST /v1/visit/press`
pub(super) async fn press(State(api): State<Api>, body: Bytes) -> Result<StatusCode, Problem> {
    let event = event(parse(body)?, api.explainer.place.panel).map_err(refused)?;
    send(&api, event)
}

/// What was pressed, on a panel of this size.
fn event(pressing: Pressing, panel: PanelSize) -> Result<Event, String> {
    let on = |key, place: u32, pixels: u32| match i32::try_from(place) {
        Ok(at) if place < pixels => Ok(at),
        _ => Err(format!("{key}: {place} is not 0 to {}", pixels.saturating_sub(1))),
    };
    match pressing {
        Pressing { x: Some(x), y: Some(y), side: None, key: None } => {
            Ok(Event::Touched(Point::new(on("x", x, panel.width)?, on("y", y, panel.height)?)))
        }
        Pressing { x: None, y: None, side: Some(side), key: Some(key) } if key < MOST_KEYS => {
            let side = match side {
                Beside::Left => Side::Left,
                Beside::Right => Side::Right,
            };
            Ok(Event::Pressed(side, key))
        }
        Pressing { x: None, y: None, side: Some(_), key: Some(key) } => {
            Err(format!("key: {key} is not 0 to {}", MOST_KEYS - 1))
        }
        _ => Err("give either x and y, or side and key".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Event, String> {
        event(serde_json::from_str(body).unwrap(), PanelSize { width: 1024, height: 768 })
    }

    #[test]
    fn a_press_is_a_place_on_the_glass_or_a_key_beside_it() {
        assert!(matches!(read(r#"{"x":1023,"y":0}"#), Ok(Event::Touched(point)) if (point.x, point.y) == (1023, 0)));
        assert!(matches!(read(r#"{"side":"right","key":7}"#), Ok(Event::Pressed(Side::Right, 7))));
        for (body, problem) in [
            (r#"{"x":1024,"y":0}"#, "x: 1024 is not 0 to 1023"),
            (r#"{"x":0,"y":4294967295}"#, "y: 4294967295 is not 0 to 767"),
            (r#"{"side":"left","key":8}"#, "key: 8 is not 0 to 7"),
            (r#"{"x":1}"#, "give either x and y, or side and key"),
            (r#"{"x":1,"y":1,"side":"left","key":1}"#, "give either x and y, or side and key"),
            ("{}", "give either x and y, or side and key"),
        ] {
            assert_eq!(read(body).unwrap_err(), problem);
        }
    }
}
