//! A published look, as it reaches the glass.

use super::*;
use touchpoint_display::{Colour, Fonts, Frame, encode_png};
use touchpoint_protocol::{policy::OverallPolicy, theme, zone::Zone};

const PANEL: Size = Size::new(320, 240);

fn bundle(theme: theme::Theme) -> Bundle {
    let words = Words { title: "Welcome".to_owned(), body: "Please insert your card.".to_owned() };
    let words = BTreeMap::from([("en".parse().unwrap(), words)]);
    Bundle {
        fallback_language: "en".parse().unwrap(),
        zone: Zone::default(),
        policy: OverallPolicy::default(),
        salt: String::new(),
        theme,
        attract: words.clone(),
        thanks: words,
        campaigns: Vec::new(),
    }
}

fn colours() -> theme::Theme {
    let colour = |text: &str| text.parse().unwrap();
    theme::Theme {
        background: colour("#fff6ec"),
        surface: colour("#ffffff"),
        outline: colour("#eed8c2"),
        text: colour("#33170d"),
        muted: colour("#6d4c3d"),
        accent: colour("#b93812"),
        on_accent: colour("#ffffff"),
        corner_radius_mm: None,
        spacing_mm: None,
        fonts: theme::Fonts::default(),
        logo: None,
    }
}

/// A bundle in this look, with these media.
fn decode(theme: theme::Theme, media: Vec<Vec<u8>>) -> Result<Campaigns, CampaignsError> {
    let media = media.into_iter().map(|bytes| (Digest::of(&bytes), bytes)).collect();
    Campaigns::decode(&StoredCampaigns { revision: 7, bundle: bundle(theme).encode(), media }, PANEL)
}

fn png(width: u32, height: u32) -> Vec<u8> {
    encode_png(&Frame::new(Size::new(width, height))).unwrap()
}

fn with_logo(bytes: &[u8]) -> theme::Theme {
    theme::Theme { logo: Some(Digest::of(bytes)), ..colours() }
}

fn refused(result: Result<Campaigns, CampaignsError>) -> String {
    crate::chain(&result.unwrap_err()).to_string()
}

#[test]
fn colours_alone_are_a_theme_in_the_displays_own_measures_and_fonts() {
    let theme = decode(colours(), Vec::new()).unwrap().theme();
    let usual = Theme::default();
    assert_eq!((theme.accent, theme.logo), (Colour([0xb9, 0x38, 0x12]), None));
    assert_eq!((theme.corner_radius, theme.spacing, theme.fonts), (usual.corner_radius, usual.spacing, usual.fonts));
}

#[test]
fn a_whole_theme_reaches_the_glass_and_its_logo_is_kept_though_no_campaign_uses_it() {
    let logo = png(300, 80);
    let fonts = theme::Fonts { title: Some("Noto Serif".parse().unwrap()), ..theme::Fonts::default() };
    let campaigns = decode(
        theme::Theme {
            corner_radius_mm: Some(15.0.try_into().unwrap()),
            spacing_mm: Some(9.5.try_into().unwrap()),
            fonts,
            ..with_logo(&logo)
        },
        vec![logo.clone()],
    )
    .unwrap();
    let theme = campaigns.theme();
    assert_eq!((theme.corner_radius, theme.spacing), (150, 95));
    assert_eq!(theme.fonts, Fonts { title: Some("Noto Serif".to_owned()), ..Fonts::default() });
    assert_eq!(theme.logo.as_ref().unwrap().size(), Size::new(300, 80));
    assert_eq!(campaigns.used(), BTreeSet::from([Digest::of(&logo)]));
    // Decoded once: every view shows the same picture.
    assert!(Arc::ptr_eq(&theme.logo.unwrap(), &campaigns.theme().logo.unwrap()));
}

#[test]
fn a_logo_that_is_not_there_or_cannot_be_shown_keeps_the_bundle_out_of_force() {
    let missing = refused(decode(with_logo(b"logo"), Vec::new()));
    assert_eq!(missing, format!("revision 7: the theme names logo {}, which is not there", Digest::of(b"logo")));
    let broken = refused(decode(with_logo(b"GIF89a"), vec![b"GIF89a".to_vec()]));
    assert!(broken.starts_with("revision 7: logo of the theme: picture is not a readable PNG"), "{broken}");
    let wide = png(2_049, 1);
    let wide = refused(decode(with_logo(&wide), vec![wide]));
    assert_eq!(wide, "revision 7: logo of the theme: picture has 2049x1 pixels, at most 2048x512 are allowed");
    let heavy = vec![0; limits::LOGO + 1];
    let heavy = refused(decode(with_logo(&heavy), vec![heavy]));
    assert_eq!(heavy, "revision 7: logo of the theme: picture has 262145 bytes, at most 262144 are allowed");
}
