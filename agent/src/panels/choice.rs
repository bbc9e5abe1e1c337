//! Which panel a device has: as a technician writes it in `[screen]`, and as it is opened.

use serde::Deserialize;
use std::path::{Path, PathBuf};
use touchpoint_display::{
    Glass, Size,
    panel::{MemoryPanel, PngPanel},
};

use super::{Facts, OpenError, Opened, drm, fbdev};
use crate::chain;

/// `screen.panel` as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelSection {
    /// DRM if it has a panel, or else fbdev.
    Auto,
    /// DRM/KMS.
    Drm,
    /// The older framebuffer.
    Fbdev,
    /// A file, `screen.picture`.
    Png,
    /// No glass.
    None,
}

/// The panel, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PanelChoice {
    /// DRM if it has a panel, or else fbdev.
    Auto,
    /// DRM/KMS: the card, and the connector; the first if not said.
    Drm(Option<PathBuf>, Option<String>),
    /// The older framebuffer; the first if not said.
    Fbdev(Option<PathBuf>),
    /// A file that is replaced with each view.
    Png(PathBuf),
    /// Nobody looks.
    None,
}

impl PanelChoice {
    /// What is written, each key with the panels it belongs to.
    ///
    /// # Errors
    /// The first key that does not belong to this panel or that it lacks, and what is wrong.
    pub fn parse(
        panel: Option<PanelSection>,
        device: Option<PathBuf>,
        connector: Option<String>,
        picture: Option<PathBuf>,
    ) -> Result<PanelChoice, (&'static str, String)> {
        use PanelSection::{Auto, Drm, Fbdev, None as Nothing, Png};
        // A picture alone says it all.
        let panel = panel.unwrap_or(if picture.is_some() { Png } else { Nothing });
        if device.is_some() && !matches!(panel, Drm | Fbdev) {
            return Err(("screen.device", "is for panel = \"drm\" and \"fbdev\"".to_owned()));
        }
        if connector.is_some() && panel != Drm {
            return Err(("screen.connector", "is for panel = \"drm\"".to_owned()));
        }
        match (panel, picture) {
            (Png, Some(picture)) => Ok(PanelChoice::Png(picture)),
            (Png, None) => Err(("screen.picture", "is missing: the file for panel = \"png\"".to_owned())),
            (_, Some(_)) => Err(("screen.picture", "is for panel = \"png\"".to_owned())),
            (Auto, None) => Ok(PanelChoice::Auto),
            (Drm, None) => Ok(PanelChoice::Drm(device, connector)),
            (Fbdev, None) => Ok(PanelChoice::Fbdev(device)),
            (Nothing, None) => Ok(PanelChoice::None),
        }
    }

    /// Opens the panel, which has to have the pixels of this glass. What is known of its millimetres counts more than what the panel
    /// says. May take a second, or hang.
    ///
    /// # Errors
    /// Names the device, and what is wrong with it.
    pub fn open(&self, glass: &Glass) -> Result<Opened, OpenError> {
        let Opened { panel, facts } = self.open_device(glass.size)?;
        let millimetres = glass.millimetres.map(|size| [size.width, size.height]).or(facts.millimetres);
        Ok(Opened { panel, facts: Facts { millimetres, ..facts } })
    }

    fn open_device(&self, size: Size) -> Result<Opened, OpenError> {
        match self {
            PanelChoice::Auto => drm::open(None, None, size).or_else(|error| {
                let neither = |fbdev| OpenError::Neither { drm: chain(&error), fbdev: Box::new(fbdev) };
                fbdev::open(None, size).map_err(neither)
            }),
            PanelChoice::Drm(device, connector) => drm::open(device.as_deref(), connector.as_deref(), size),
            PanelChoice::Fbdev(device) => fbdev::open(device.as_deref(), size),
            PanelChoice::Png(picture) => {
                Ok(Opened { panel: Box::new(PngPanel::new(size, picture)), facts: software("png", picture) })
            }
            PanelChoice::None => {
                Ok(Opened { panel: Box::new(MemoryPanel::new(size)), facts: software("none", Path::new("-")) })
            }
        }
    }
}

fn software(driver: &'static str, device: &Path) -> Facts {
    let device = device.display().to_string();
    Facts { driver, device, format: "XRGB8888", millimetres: None, refresh_hz: None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Section {
        panel: Option<PanelSection>,
        device: Option<PathBuf>,
        connector: Option<String>,
        picture: Option<PathBuf>,
    }

    fn read(text: &str) -> Result<PanelChoice, (&'static str, String)> {
        let Section { panel, device, connector, picture } = toml::from_str(text).unwrap();
        PanelChoice::parse(panel, device, connector, picture)
    }

    #[test]
    fn each_panel_is_chosen_by_its_name_and_a_picture_alone_is_one() {
        assert_eq!(read(""), Ok(PanelChoice::None));
        assert_eq!(read("picture = \"a.png\""), Ok(PanelChoice::Png("a.png".into())));
        assert_eq!(read("panel = \"auto\""), Ok(PanelChoice::Auto));
        assert_eq!(
            read("panel = \"drm\"\ndevice = \"/dev/dri/card1\"\nconnector = \"DP-1\""),
            Ok(PanelChoice::Drm(Some("/dev/dri/card1".into()), Some("DP-1".to_owned())))
        );
        assert_eq!(read("panel = \"fbdev\""), Ok(PanelChoice::Fbdev(None)));
    }

    #[test]
    fn a_key_of_another_panel_is_refused() {
        let key = |text| read(text).unwrap_err().0;
        assert_eq!(key("panel = \"png\""), "screen.picture");
        assert_eq!(key("panel = \"drm\"\npicture = \"a.png\""), "screen.picture");
        assert_eq!(key("panel = \"auto\"\ndevice = \"/dev/fb0\""), "screen.device");
        assert_eq!(key("panel = \"fbdev\"\nconnector = \"DP-1\""), "screen.connector");
    }

    #[test]
    fn a_panel_that_is_not_there_is_named() {
        let glass = Glass::of(Size::new(1024, 768));
        let error = PanelChoice::Fbdev(Some("/nowhere/fb0".into())).open(&glass).err().unwrap();
        assert_eq!(chain(&error), "there is no /nowhere/fb0");
        let error = PanelChoice::Drm(Some("/nowhere/card0".into()), None).open(&glass).err().unwrap();
        assert_eq!(chain(&error), "there is no /nowhere/card0");
        // A device, and no card and no framebuffer.
        let error = PanelChoice::Fbdev(Some("/dev/null".into())).open(&glass).err().unwrap();
        assert!(chain(&error).starts_with("/dev/null cannot ask for its size: "), "{}", chain(&error));
        let error = PanelChoice::Drm(Some("/dev/null".into()), None).open(&glass).err().unwrap();
        assert!(chain(&error).starts_with("/dev/null cannot list connectors: "), "{}", chain(&error));
    }
}
