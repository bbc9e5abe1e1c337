//! A published look, as it reaches the glass.

use super::*;
use touchpoint_display::{Colour, Fonts, Frame, encode_png};
use touchpoint_protocol::{campaign::Campaign, policy::OverallPolicy, theme, zone::Zone};

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
        out_of_order: BTreeMap::new(),
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

#[test]
fn who_asks_for_more_is_shown_the_words_for_that_without_the_picture_and_with_the_other_answers() {
    let json = r#"{"id":"loan","kind":"service","audience":{"customers":{}},"priority":1,"answers":["accept","more"],
        "texts":{"en":{"title":"A loan","body":"For you.","answers":["Yes","Tell me"],"more":"At 3 %, {name|dear customer}."}}}"#;
    let campaign: Campaign = serde_json::from_str(json).unwrap();
    let campaigns = decode(colours(), Vec::new()).unwrap();
    let (language, text) = campaign.texts.first_key_value().unwrap();
    let choice = Choice { campaign: &campaign, variant: None, language, text, seconds: 6 };
    let message = campaigns.message(&choice, None, 25);
    assert!(message.has_more() && matches!(&message.view, View::Offer(offer) if offer.body == "For you."));
    let more = message.more(20);
    let View::Detail(detail) = &more.view else { panic!("{more:?}") };
    assert_eq!((detail.title.as_str(), detail.body.as_str()), ("A loan", "At 3 %, dear customer."));
    assert_eq!((detail.seconds_left, detail.seconds_total, detail.picture.as_ref()), (20, 20, None));
    assert_eq!((&more.answers[..], detail.answers[0].label.as_str()), (&[AnswerKind::Accept][..], "Yes"));
    assert!(!more.has_more(), "there is no more than more");
}

#[test]
fn a_machine_out_of_order_says_so_in_the_words_of_head_office_or_its_own() {
    let mut bundle = bundle(colours());
    let said = |bundle: &Bundle| {
        let stored = StoredCampaigns { revision: 7, bundle: bundle.encode(), media: Vec::new() };
        match Campaigns::decode(&stored, PANEL).unwrap().out_of_order(0).view {
            View::OutOfOrder { title, .. } => title,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(said(&bundle), "Out of order");
    let words = Words { title: "Back soon".to_owned(), body: "The branch is next door.".to_owned() };
    bundle.out_of_order.insert("en".parse().unwrap(), words);
    assert_eq!(said(&bundle), "Back soon");
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
