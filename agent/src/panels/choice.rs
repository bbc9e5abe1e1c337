//! Which panel a device has: as a technician writes it in `[screen]`, and as it is opened.

use serde::Deserialize;
use std::path::{Path, PathBuf};
use touchpoint_display::{
    Glass, Size, Turned,
    panel::{MemoryPanel, PngPanel},
};

use super::{Facts, OpenError, Opened, SpiSection, SpiWiring, drm, fbdev};
use crate::chain;

/// `screen.panel` as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelKind {
    /// DRM if it has a panel, or else fbdev.
    Auto,
    /// DRM/KMS.
    Drm,
    /// The older framebuffer.
    Fbdev,
    /// A small one on a serial bus.
    Spi,
    /// A file, `screen.picture`.
    Png,
    /// No glass.
    None,
}

/// The keys of `[screen]` that say which panel it is.
#[derive(Debug, Default)]
pub struct PanelKeys {
    /// `screen.panel`
    pub panel: Option<PanelKind>,
    /// `screen.device`
    pub device: Option<PathBuf>,
    /// `screen.connector`
    pub connector: Option<String>,
    /// `screen.rotate`
    pub rotate: Option<Turned>,
    /// `screen.spi`
    pub spi: Option<SpiSection>,
    /// `screen.picture`
    pub picture: Option<PathBuf>,
}

/// The panel, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PanelChoice {
    /// DRM if it has a panel, or else fbdev.
    Auto(Turned),
    /// DRM/KMS: the card, and the connector; the first if not said.
    Drm(Option<PathBuf>, Option<String>, Turned),
    /// The older framebuffer; the first if not said.
    Fbdev(Option<PathBuf>, Turned),
    /// A small one on a serial bus.
    Spi(SpiWiring),
    /// A file that is replaced with each view.
    Png(PathBuf),
    /// Nobody looks.
    None,
}

impl PanelChoice {
    /// What is written, each key with the panels it belongs to, for a panel of this size.
    ///
    /// # Errors
    /// The first key that does not belong to this panel or that it lacks, and what is wrong.
    pub fn parse(keys: PanelKeys, size: Size) -> Result<PanelChoice, (&'static str, String)> {
        use PanelKind::{Auto, Drm, Fbdev, None as Nothing, Png, Spi};
        let PanelKeys { panel, device, connector, rotate, spi, picture } = keys;
        // A picture alone says it all.
        let panel = panel.unwrap_or(if picture.is_some() { Png } else { Nothing });
        let strays = [
            ("screen.device", device.is_some(), &[Drm, Fbdev, Spi][..], "\"drm\", \"fbdev\" and \"spi\""),
            ("screen.connector", connector.is_some(), &[Drm], "\"drm\""),
            ("screen.rotate", rotate.is_some(), &[Auto, Drm, Fbdev], "\"auto\", \"drm\" and \"fbdev\""),
            ("screen.spi", spi.is_some(), &[Spi], "\"spi\""),
            ("screen.picture", picture.is_some(), &[Png], "\"png\""),
        ];
        if let Some((key, .., whose)) = strays.into_iter().find(|(_, given, of, _)| *given && !of.contains(&panel)) {
            return Err((key, format!("is for panel = {whose}")));
        }
        let turned = rotate.unwrap_or_default();
        Ok(match panel {
            Auto => PanelChoice::Auto(turned),
            Drm => PanelChoice::Drm(device, connector, turned),
            Fbdev => PanelChoice::Fbdev(device, turned),
            Spi => {
                let spi = spi.ok_or(("screen.spi", "is missing: how the panel is wired".to_owned()))?;
                PanelChoice::Spi(spi.wiring(device, size)?)
            }
            Png => {
                let missing = || ("screen.picture", "is missing: the file for panel = \"png\"".to_owned());
                PanelChoice::Png(picture.ok_or_else(missing)?)
            }
            Nothing => PanelChoice::None,
        })
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
            PanelChoice::Auto(turned) => drm::open(None, None, size, *turned).or_else(|error| {
                let neither = |fbdev| OpenError::Neither { drm: chain(&error), fbdev: Box::new(fbdev) };
                fbdev::open(None, size, *turned).map_err(neither)
            }),
            PanelChoice::Drm(device, connector, turned) => {
                drm::open(device.as_deref(), connector.as_deref(), size, *turned)
            }
            PanelChoice::Fbdev(device, turned) => fbdev::open(device.as_deref(), size, *turned),
            PanelChoice::Spi(wiring) => wiring.open(size),
            PanelChoice::Png(picture) => {
                // It writes beside the file first.
                let folder = picture.parent().filter(|folder| !folder.as_os_str().is_empty());
                if let Some(missing) = folder.filter(|folder| !folder.is_dir()) {
                    return Err(OpenError::NoDevice { what: missing.to_owned() });
                }
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
        panel: Option<PanelKind>,
        device: Option<PathBuf>,
        connector: Option<String>,
        rotate: Option<u16>,
        spi: Option<SpiSection>,
        picture: Option<PathBuf>,
    }

    fn read(text: &str) -> Result<PanelChoice, (&'static str, String)> {
        let Section { panel, device, connector, rotate, spi, picture } = toml::from_str(text).unwrap();
        let rotate = rotate.map(|degrees| degrees.try_into().unwrap());
        PanelChoice::parse(PanelKeys { panel, device, connector, rotate, spi, picture }, Size::new(320, 240))
    }

    #[test]
    fn each_panel_is_chosen_by_its_name_and_a_picture_alone_is_one() {
        assert_eq!(read(""), Ok(PanelChoice::None));
        assert_eq!(read("picture = \"a.png\""), Ok(PanelChoice::Png("a.png".into())));
        assert_eq!(read("panel = \"auto\"\nrotate = 90"), Ok(PanelChoice::Auto(Turned::Right)));
        assert_eq!(
            read("panel = \"drm\"\ndevice = \"/dev/dri/card1\"\nconnector = \"DP-1\""),
            Ok(PanelChoice::Drm(Some("/dev/dri/card1".into()), Some("DP-1".to_owned()), Turned::Not))
        );
        assert_eq!(read("panel = \"fbdev\""), Ok(PanelChoice::Fbdev(None, Turned::Not)));
    }

    #[test]
    fn a_key_of_another_panel_is_refused() {
        let key = |text| read(text).unwrap_err().0;
        assert_eq!(key("panel = \"png\""), "screen.picture");
        assert_eq!(key("panel = \"drm\"\npicture = \"a.png\""), "screen.picture");
        assert_eq!(key("panel = \"auto\"\ndevice = \"/dev/fb0\""), "screen.device");
        assert_eq!(key("panel = \"fbdev\"\nconnector = \"DP-1\""), "screen.connector");
        assert_eq!(key("panel = \"spi\""), "screen.spi");
        assert_eq!(key("picture = \"a.png\"\nrotate = 90"), "screen.rotate");
        assert_eq!(key("panel = \"drm\"\nspi = { controller = \"st7789\", data = 25 }"), "screen.spi");
    }

    #[test]
    fn a_panel_that_is_not_there_is_named() {
        let glass = Glass::of(Size::new(1024, 768));
        let error = PanelChoice::Fbdev(Some("/nowhere/fb0".into()), Turned::Not).open(&glass).err().unwrap();
        assert_eq!(chain(&error), "there is no /nowhere/fb0");
        let error = PanelChoice::Drm(Some("/nowhere/card0".into()), None, Turned::Not).open(&glass).err().unwrap();
        assert_eq!(chain(&error), "there is no /nowhere/card0");
        // A device, and no card and no framebuffer.
        let error = PanelChoice::Fbdev(Some("/dev/null".into()), Turned::Not).open(&glass).err().unwrap();
        assert!(chain(&error).starts_with("/dev/null cannot ask for its size: "), "{}", chain(&error));
        let error = PanelChoice::Drm(Some("/dev/null".into()), None, Turned::Not).open(&glass).err().unwrap();
        assert!(chain(&error).starts_with("/dev/null cannot list connectors: "), "{}", chain(&error));
    }
}
