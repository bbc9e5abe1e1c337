//! The look head office publishes, as the glass knows it. Head office compiles this very file, so that what it checks is what a device
//! puts on.

use std::sync::Arc;
use touchpoint_display::{Colour, Fonts, Limits, Picture, PictureError, Size, Theme};
use touchpoint_protocol::{limits, theme};

/// Decodes a logo.
///
/// # Errors
/// It is over [`limits::LOGO`] or [`limits::LOGO_PIXELS`], or no PNG.
pub(crate) fn logo(bytes: &[u8]) -> Result<Arc<Picture>, PictureError> {
    let (width, height) = limits::LOGO_PIXELS;
    Picture::decode(bytes, Limits { bytes: limits::LOGO, size: Size::new(width, height) }).map(Arc::new)
}

/// The theme with its logo, which is decoded once. What it does not say is as the display's own.
pub(crate) fn theme(theme: &theme::Theme, logo: Option<Arc<Picture>>) -> Theme {
    let theme::Theme { background, surface, outline, text, muted, accent, on_accent, .. } = *theme;
    let colour = |colour: theme::Colour| Colour(colour.0);
    let family = |family: &Option<theme::Family>| family.as_ref().map(|family| family.as_str().to_owned());
    let theme::Fonts { title, body, label } = &theme.fonts;
    let usual = Theme::default();
    Theme {
        background: colour(background),
        surface: colour(surface),
        outline: colour(outline),
        text: colour(text),
        muted: colour(muted),
        accent: colour(accent),
        on_accent: colour(on_accent),
        corner_radius: theme.corner_radius_mm.map_or(usual.corner_radius, |radius| radius.tenths().into()),
        spacing: theme.spacing_mm.map_or(usual.spacing, |spacing| spacing.tenths().into()),
        fonts: Fonts { title: family(title), body: family(body), label: family(label) },
        logo,
    }
}
