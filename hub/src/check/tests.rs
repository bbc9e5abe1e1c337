//! Every refusal and every warning, each with its file, line and key: a sound folder, one change to it, and what is said.

use super::*;
use tempfile::TempDir;

const BUNDLE_FILE: &str = r##"fallback_language = "en"
languages = ["en", "de"]
zone = "Europe/Berlin"
panels = ["1024x768", "800x600"]
[policy]
caps = [{ showings = 2, within = "1d" }]
[theme]
background = "#ffffff"
surface = "#ffffff"
outline = "#cccccc"
text = "#101010"
muted = "#505050"
accent = "#0b4f8c"
on_accent = "#ffffff"
[attract]
en = { title = "Welcome", body = "Please insert your card." }
de = { title = "Willkommen", body = "Bitte führen Sie Ihre Karte ein." }
[thanks]
en = { title = "Thank you", body = "Please take your card." }
de = { title = "Vielen Dank", body = "Bitte entnehmen Sie Ihre Karte." }
"##;

const SAVINGS: &str = r#"id = "savings"
kind = "offer"
priority = 60
picture = "savings.png"
answers = ["more", "opt_out"]
[schedule]
from = 2026-12-01
until = 2027-03-31
[audience]
customers = ["gold"]
except = ["staff"]
[[when.all]]
score = "churn"
at_least = 40
[[when.all]]
customer = "language"
in = ["en", "de"]
[policy]
caps = [{ showings = 1, within = "1d" }]
[text.en]
title = "More for your savings"
body = "Good day, {first-name|dear customer}."
answers = ["Tell me more", "No more offers"]
[text.de]
title = "Mehr für Ihr Erspartes"
body = "Guten Tag, {first-name|liebe Kundin}."
answers = ["Mehr dazu", "Keine Angebote mehr"]
[[next]]
after = "more"
campaign = "savings-call"
"#;

const CALL: &str = r#"id = "savings-call"
kind = "offer"
priority = 61
qr = "https://bank.example/s?c={reference}"
answers = ["call_me", "opt_out"]
[audience]
customers = []
[text]
en = { title = "Shall we call you?", body = "We will explain it in two minutes.", answers = ["Yes", "No more offers"] }
de = { title = "Dürfen wir anrufen?", body = "Wir erklären es in zwei Minuten.", answers = ["Ja", "Keine Angebote mehr"] }
"#;

const WELCOME: &str = r#"id = "welcome"
kind = "service"
priority = 1
answers = []
[audience]
strangers = true
[text]
en = { title = "Good to see you", body = "Every card is welcome." }
de = { title = "Schön, dass Sie da sind", body = "Jede Karte ist willkommen." }
"#;

const FILES: [(&str, &str); 4] =
    [("bundle.toml", BUNDLE_FILE), ("savings.toml", SAVINGS), ("savings-call.toml", CALL), ("welcome.toml", WELCOME)];

/// In the campaign's time.
const NOW: &str = "2027-01-15T10:00:00Z";

/// One change to one file of the folder: what it is replaced by stands in place of what it is.
type Change = (&'static str, &'static str, &'static str);

fn folder(changes: &[Change]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut files: BTreeMap<&str, String> = FILES.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    for (name, from, to) in changes {
        let text = files.entry(name).or_default();
        assert!(text.contains(from), "{name} has no {from}");
        *text = if from.is_empty() { (*to).to_owned() } else { text.replacen(from, to, 1) };
    }
    files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
    fs::write(folder.path().join("savings.png"), png(2, 1)).unwrap();
    fs::write(folder.path().join("wide.png"), png(801, 1)).unwrap();
    fs::write(folder.path().join("wide-logo.png"), png(2_049, 1)).unwrap();
    fs::write(folder.path().join("heavy-logo.png"), vec![0; limits::LOGO + 1]).unwrap();
    folder
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&vec![7; (width * height) as usize]).unwrap();
    bytes
}

fn checked(changes: &[Change]) -> (TempDir, Result<Checked, CheckError>) {
    let folder = folder(changes);
    let checked = check_at(folder.path(), &[], NOW.parse().unwrap());
    (folder, checked)
}

fn said(folder: &TempDir, problems: &[Problem]) -> Vec<String> {
    let prefix = format!("{}/", folder.path().display());
    problems.iter().map(|problem| problem.to_string().replace(&prefix, "")).collect()
}

#[test]
fn a_sound_folder_has_neither_problem_nor_warning() {
    let (folder, checked) = checked(&[]);
    let checked = checked.unwrap();
    assert_eq!(said(&folder, &checked.warnings), [""; 0]);
    let names: Vec<&str> = checked.bundle.campaigns.iter().map(|campaign| campaign.id.as_str()).collect();
    assert_eq!((names, checked.media.len()), (vec!["savings-call", "savings", "welcome"], 1));
    assert_eq!(checked.bundle.zone, "CET-1CEST,M3.5.0,M10.5.0/3".parse().unwrap());
}

#[test]
fn what_would_disappoint_on_the_glass_is_refused_with_file_line_and_key() {
    let refusals: &[(&[Change], &str)] = &[
        // The file.
        (&[("savings.toml", "priority", "priorty")], "savings.toml:3:1: priorty: unknown field"),
        (&[("bundle.toml", "[theme]", "[theme]\nfont = \"x\"")], "bundle.toml:8:1: theme.font: unknown field"),
        (&[("savings.toml", "kind = \"offer\"", "kind = ")], "savings.toml:2:"),
        (
            &[("savings.toml", "id = \"savings\"", "id = \"saving\"")],
            "savings.toml:1:1: id: is saving, so the file must",
        ),
        (
            &[("welcome.toml", "id = \"welcome\"", "id = \"savings\"")],
            "welcome.toml:1:1: id: is savings, as that of savings.toml is already",
        ),
        // Conditions.
        (
            &[("savings.toml", "at_least = 40", "at_least = \"much\"")],
            "savings.toml:13:1: when.all[0].score.churn: is compared",
        ),
        (&[("savings.toml", "at_least", "over")], "savings.toml:14:1: when.all[0].over: unknown field `over`"),
        // Time.
        (
            &[("savings.toml", "until = 2027-03-31", "until = 2026-11-29")],
            "savings.toml:8:1: schedule.until: 2026-11-29T23:00:00.000Z is not after 2026-11-30T23:00:00.000Z",
        ),
        (
            &[("savings.toml", "until = 2027-03-31", "zone = \"Mars\"")],
            "savings.toml:8:1: schedule.zone: \"Mars\" is no zone like Europe/Berlin",
        ),
        (&[("bundle.toml", "Europe/Berlin", "Berlin")], "bundle.toml:3:1: zone: \"Berlin\" is no zone"),
        // How often.
        (
            &[("savings.toml", "showings = 1", "showings = 0")],
            "savings.toml:19:1: policy.caps: a cap of zero shows nothing: say never = true",
        ),
        (
            &[("bundle.toml", "showings = 2", "showings = 0")],
            "bundle.toml:6:1: policy.caps: a cap of zero shows nothing",
        ),
        // Answers.
        (
            &[("savings.toml", "\"more\", \"opt_out\"", "\"more\", \"decline\"")],
            "savings.toml:5:1: answers: a marketing message must let the customer object: add opt_out",
        ),
        (
            &[("savings.toml", "campaign = \"savings-call\"", "campaign = \"x\"")],
            "savings.toml:28:3: next: x is not in the bundle",
        ),
        // Words.
        (
            &[("bundle.toml", "[\"en\", \"de\"]", "[\"en\", \"de\", \"fr\"]")],
            "bundle.toml:15:2: attract: there is none in fr",
        ),
        (
            &[("welcome.toml", "de = ", "fr = ")],
            "welcome.toml:7:2: text: there is none in de, a language of bundle.toml",
        ),
        (&[("welcome.toml", "en = ", "fr = ")], "welcome.toml:7:2: text: there is none in the fallback language en"),
        (
            &[("savings.toml", "Good day, {first-name|dear customer}.", "Please have your PIN ready.")],
            "savings.toml:22:1: text.en.body: names \"pin\": no message asks for a secret",
        ),
        (
            &[
                (
                    "savings.toml",
                    "answers = [\"Tell me more\", ",
                    "more = \"Your PIN.\"\nanswers = [\"Tell me more\", ",
                ),
                ("savings.toml", "answers = [\"Mehr dazu\", ", "more = \"Alles.\"\nanswers = [\"Mehr dazu\", "),
            ],
            "savings.toml:23:1: text.en.more: names \"pin\": no message asks for a secret",
        ),
        (
            &[(
                "savings.toml",
                "answers = [\"Tell me more\", ",
                "more = \"All of it.\"\nanswers = [\"Tell me more\", ",
            )],
            "savings.toml:25:7: text.de.more: there is none, and other languages have one",
        ),
        (&[("savings.toml", "Mehr dazu", "Ziffern eingeben")], "savings.toml:27:1: text.de.answers: names \"ziffern\""),
        (
            &[("savings.toml", "{first-name|dear customer}", "{first-name|dear customer")],
            "savings.toml:22:1: text.en.body: has a { without a }",
        ),
        (
            &[("bundle.toml", "[policy]", "window_seconds = 7\n[policy]")],
            "savings.toml:20:7: text.en: needs 8 s to be read, and a visit leaves 7 s",
        ),
        // The glass.
        (
            &[("savings.toml", "More for your savings", "Rindfleischetikettierungsüberwachung")],
            "savings.toml:21:1: text.en.title: on a panel of ",
        ),
        (
            &[("savings.toml", "Tell me more", "Wwwwwwwwwwwwwwwwwwwwwwwwwwww")],
            "savings.toml:23:1: text.en.answers: on a panel of 1024x768 pixels, label of answer 1 does not fit its place",
        ),
        (
            &[("savings.toml", "Good day", "Good \u{1f980} day")],
            "savings.toml:22:1: text.en.body: on a panel of 1024x768 pixels, body has the character",
        ),
        (
            &[("savings.toml", "savings.png", "wide.png")],
            "savings.toml:4:1: picture: wide.png: picture has 801x1 pixels",
        ),
        (&[("savings.toml", "savings.png", "none.png")], "savings.toml:4:1: picture: none.png cannot be read"),
        (
            &[("savings.toml", "savings.png", "welcome.toml")],
            "savings.toml:4:1: picture: welcome.toml: picture is not a readable PNG",
        ),
        (
            &[("bundle.toml", "#505050", "#808080")],
            "bundle.toml:12:1: theme.muted: contrast of muted on surface is 3.94, at least 4.5 is needed",
        ),
        (
            &[("bundle.toml", "Willkommen", "Rindfleischetikettierungsüberwachung")],
            "bundle.toml:17:8: attract.de.title: on a panel of 1024x768 pixels, title does not fit its place",
        ),
        // The look.
        (
            &[("bundle.toml", "[attract]", "corner_radius_mm = 20.1\n[attract]")],
            "bundle.toml:15:20: theme.corner_radius_mm: corner radius is 20.1 mm, not 0 to 20",
        ),
        (
            &[("bundle.toml", "[attract]", "spacing_mm = 2\n[attract]")],
            "bundle.toml:15:14: theme.spacing_mm: spacing is 2 mm, not 3 to 25",
        ),
        (
            &[("bundle.toml", "[attract]", "fonts.title = \"Comic Sans\"\n[attract]")],
            "bundle.toml:15:7: theme.fonts.title: no device has Comic Sans; there are DejaVu Sans, Noto Sans,",
        ),
        (
            &[("bundle.toml", "[attract]", "fonts.body = \"../Noto\"\n[attract]")],
            "bundle.toml:15:14: theme.fonts.body: a font family is 1 to 64 letters, digits and spaces",
        ),
        (
            &[("bundle.toml", "[attract]", "logo = \"none.png\"\n[attract]")],
            "bundle.toml:15:1: theme.logo: none.png cannot be read",
        ),
        (
            &[("bundle.toml", "[attract]", "logo = \"../logo.png\"\n[attract]")],
            "bundle.toml:15:1: theme.logo: \"../logo.png\" is not the name of a file beside this one",
        ),
        (
            &[("bundle.toml", "[attract]", "logo = \"welcome.toml\"\n[attract]")],
            "bundle.toml:15:1: theme.logo: welcome.toml: picture is not a readable PNG",
        ),
        (
            &[("bundle.toml", "[attract]", "logo = \"wide-logo.png\"\n[attract]")],
            "bundle.toml:15:1: theme.logo: wide-logo.png: picture has 2049x1 pixels, at most 2048x512 are allowed",
        ),
        (
            &[("bundle.toml", "[attract]", "logo = \"heavy-logo.png\"\n[attract]")],
            "bundle.toml:15:1: theme.logo: heavy-logo.png has 262145 bytes, over 262144",
        ),
    ];
    for (changes, expected) in refusals {
        let (folder, checked) = checked(changes);
        let Err(CheckError::Problems { problems, .. }) = checked else { panic!("taken: {changes:?}") };
        let said = said(&folder, &problems);
        assert!(said.iter().any(|problem| problem.starts_with(expected)), "{expected} is not in {said:#?}");
    }
}

#[test]
fn what_is_only_doubtful_is_a_warning_with_file_line_and_key() {
    let warnings: &[(&[Change], &[&str])] = &[
        (
            &[("savings.toml", "until = 2027-03-31", "until = 2026-12-31")],
            &[
                "savings-call.toml:1:1: id: is a follow-up that nobody will earn: savings is over",
                "savings.toml:8:1: schedule.until: was over at 2026-12-31T23:00:00.000Z",
            ],
        ),
        (
            &[("welcome.toml", "strangers = true", "customers = []")],
            &["FOLDER: no campaign is for strangers, who will see nothing"],
        ),
        (
            &[(
                "savings.toml",
                "[[when.all]]\ncustomer",
                "[[when.all]]\nscore = \"churn\"\nat_most = 39\n[[when.all]]\ncustomer",
            )],
            &[
                "savings.toml:15:1: when.all[1]: \"score churn at most 39\" can never hold together with \"score churn at least 40\"",
            ],
        ),
        (
            &[("savings.toml", "score = \"churn\"\nat_least = 40", "consent = \"marketing\"\nis = \"refused\"")],
            &["savings.toml:12:1: when.all[0]: \"consent to marketing is refused\" never holds of who may be shown it"],
        ),
        (
            &[("welcome.toml", "[text]", "[when]\ncustomer = \"segment\"\nis = \"gold\"\n[text]")],
            &["welcome.toml:7:2: when: \"segment is gold\" never holds of strangers"],
        ),
        (
            &[("savings.toml", "[\"staff\"]", "[\"staff\", \"gold\"]")],
            &["savings.toml:11:1: audience.except: leaves out every segment that is addressed"],
        ),
        (
            &[("savings.toml", "[policy]", "[policy]\nnever = true")],
            &["savings-call.toml:1:1: id: is a follow-up that nobody will earn: savings is never shown"],
        ),
        (
            &[("savings-call.toml", "customers = []", "customers = []\nexcept = [\"gold\"]")],
            &[
                "savings-call.toml:1:1: id: is a follow-up that nobody will earn: savings addresses those whom it leaves out",
            ],
        ),
        (
            &[("savings-call.toml", "[text]", "[schedule]\nuntil = 2026-11-30\n[text]")],
            &[
                "savings-call.toml:9:1: schedule.until: was over at 2026-11-30T23:00:00.000Z",
                "savings-call.toml:1:1: id: is a follow-up that nobody will earn: savings begins when it is over",
            ],
        ),
        (
            &[
                ("savings.toml", "More for your savings", "More for your savings, and less to do."),
                ("savings.toml", "Good day, {first-name|dear customer}.", "Good day."),
            ],
            &[],
        ),
        (
            &[
                ("savings.toml", "More for your savings", "More for your savings, and less to do.."),
                ("savings.toml", "Good day, {first-name|dear customer}.", "Good day."),
            ],
            &["savings.toml:21:1: text.en.title: has 39 characters, nearly all of 40"],
        ),
        (
            &[
                ("welcome.toml", "answers = []", "answers = [\"more\", \"later\", \"accept\"]"),
                ("welcome.toml", "welcome.\" }", "welcome.\", answers = [\"More\", \"Later\", \"Incomprehensible\"] }"),
                ("welcome.toml", "willkommen.\" }", "willkommen.\", answers = [\"Mehr\", \"Nein\", \"Ja\"] }"),
            ],
            &[
                "welcome.toml:8:68: text.en.answers: on a panel of 1024x768 pixels in large text, label of answer 3 does not fit its place",
            ],
        ),
        (
            &[
                (
                    "savings.toml",
                    "answers = [\"Tell me more\", ",
                    "more = \"All of it.\"\nanswers = [\"Tell me more\", ",
                ),
                ("savings.toml", "answers = [\"Mehr dazu\", ", "more = \"Alles.\"\nanswers = [\"Mehr dazu\", "),
            ],
            &["savings.toml:28:1: text.de.more: is never said: whoever wants to know more is shown savings-call"],
        ),
        (
            &[("savings.toml", "priority = 60", "priority = 60\nsmallest_panel = \"1280x1024\"")],
            &["savings.toml:4:1: smallest_panel: no panel in use is as large"],
        ),
    ];
    for (changes, expected) in warnings {
        let (folder, checked) = checked(changes);
        let checked = checked.unwrap_or_else(|error| panic!("{changes:?}: {error:#?}"));
        let said: Vec<String> = said(&folder, &checked.warnings);
        let said: Vec<String> =
            said.iter().map(|warning| warning.replace(&folder.path().display().to_string(), "FOLDER")).collect();
        assert_eq!(said, *expected);
    }
}

#[test]
fn a_variant_is_tried_like_the_campaign_itself() {
    let variant = |extra: &str| {
        format!("[variants.a]\nweight = 1\n[variants.b]\nweight = 1\npicture = \"savings.png\"\n{extra}[[next]]")
    };
    let with = |extra: &str| {
        let folder = folder(&[]);
        fs::write(folder.path().join("savings.toml"), SAVINGS.replace("[[next]]", &variant(extra))).unwrap();
        let checked = check_at(folder.path(), &[], NOW.parse().unwrap());
        checked.map_err(|error| match error {
            CheckError::Problems { problems, .. } => said(&folder, &problems),
            CheckError::Read { .. } => panic!("{error:?}"),
        })
    };
    let bundle = with("").unwrap().bundle;
    assert!(bundle.campaigns[1].variants[1].picture.is_some());
    let en = "[variants.b.text.en]\ntitle = \"Nice\"\nbody = \"Your PIN, please\"\nanswers = [\"a\", \"b\"]\n";
    let found = with(en).unwrap_err();
    assert_eq!(found, ["savings.toml:33:13: variants.b.text: has other languages than the campaign"]);
    let de = en.replace(".en]", ".de]").replace("PIN", "Karte");
    let found = with(&format!("{en}{de}")).unwrap_err();
    assert!(found[0].starts_with("savings.toml:35:1: variants.b.text.en.body: names \"pin\""), "{found:?}");
}

#[test]
fn a_whole_look_is_published_with_its_logo_among_the_media() {
    let look =
        "corner_radius_mm = 14\nspacing_mm = 9.5\nfonts.title = \"Noto Serif\"\nlogo = \"savings.png\"\n[attract]";
    let (_folder, checked) = checked(&[("bundle.toml", "[attract]", look)]);
    let Checked { bundle, media, .. } = checked.unwrap();
    // The campaign's picture is the same file.
    assert_eq!(bundle.theme.logo, Some(media[0].sha256));
    assert_eq!(media.len(), 1);
    assert_eq!(bundle.theme.corner_radius_mm.unwrap().tenths(), 140);
    assert_eq!(bundle.theme.fonts.title.unwrap().as_str(), "Noto Serif");
}

#[test]
fn a_draft_shows_what_can_be_shown_and_says_what_is_wrong() {
    let draft = |changes: &[Change], trial: Trial<'_>| {
        let folder = folder(changes);
        let Draft { bundle, media, problems, .. } = draft_at(folder.path(), trial, NOW.parse().unwrap()).unwrap();
        let names: Vec<String> = bundle.campaigns.iter().map(|campaign| campaign.id.to_string()).collect();
        (names.join(" "), media.len(), said(&folder, &problems))
    };
    let usual = Trial::default();
    // What cannot be read is left out, and what is only wrong on the glass is not.
    let (names, _, said) = draft(&[("savings-call.toml", "kind = \"offer\"", "kind = \"gift\"")], usual);
    assert_eq!((names.as_str(), said.len()), ("welcome", 1), "{said:?}");
    let word = [("savings.toml", "More for your savings", "Rindfleischetikettierungsüberwachung")];
    let (names, _, said) = draft(&word, usual);
    assert_eq!((names.as_str(), said.len()), ("savings-call savings welcome", 1), "{said:?}");
    // On a panel that is not the folder's, with a picture that is too large for it.
    let panels = [PanelSize { width: 640, height: 480 }];
    let wide = [("savings.toml", "savings.png", "wide.png")];
    let (names, media, said) = draft(&wide, Trial { panels: &panels, ..usual });
    assert_eq!((names.as_str(), media), ("savings-call savings welcome", 1));
    assert!(said[0].ends_with("wide.png: picture has 801x1 pixels, at most 640x480 are allowed"), "{said:?}");
    // In another's look, which may have problems of its own.
    let other = folder(&[("bundle.toml", "#505050", "#808080")]);
    let (_, _, said) = draft(&[], Trial { look: Some(other.path()), ..usual });
    let expected = format!("{}:12:1: theme.muted: contrast of muted", other.path().join("bundle.toml").display());
    assert!(said[0].starts_with(&expected), "{said:?}");
    // With no bundle around them, there is nothing to show them in.
    let folder = folder(&[("bundle.toml", "#505050", "grey")]);
    assert!(matches!(draft_at(folder.path(), usual, NOW.parse().unwrap()), Err(CheckError::Problems { .. })));
}
