//! One offer with all that an offer can have, in every script there is: as a campaign, as a view, and as a page's data.

use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::{Map, Value, json};
use std::{fs, path::Path, sync::Arc};
use touchpoint_display::{AnswerButton, Emphasis, Limits, Offer, Picture, View};
use touchpoint_tests::workspace;

/// What the code says.
const CODE: &str = "https://bank.example/gold-savings";

/// How long it is shown, in seconds.
pub(crate) const SECONDS: u32 = 25;

/// Light modules around a code (ISO/IEC 18004, 6.3.8).
const QUIET_ZONE: i32 = 4;

/// A language, and the offer's title, body after the name, and answers in it.
type Message = (&'static str, &'static str, &'static str, [&'static str; 3]);

/// The first is everybody's who speaks none of the others.
const MESSAGES: [Message; 12] = [
    (
        "en",
        "Your savings can earn 3.1 %",
        "move them to Gold Savings today. No fees.",
        ["Yes, please", "Tell me more", "No, thank you"],
    ),
    (
        "de",
        "Mehr Zinsen für Ihr Erspartes",
        "mit Gold-Sparen erhalten Sie 3,1 %.",
        ["Ja, gerne", "Mehr erfahren", "Nein, danke"],
    ),
    (
        "fr",
        "Votre épargne à 3,1 % dès aujourd’hui",
        "avec l’Épargne Or, sans frais.",
        ["Oui, volontiers", "En savoir plus", "Non, merci"],
    ),
    (
        "el",
        "Οι αποταμιεύσεις σας με 3,1 %",
        "με τη Χρυσή Αποταμίευση.",
        ["Ναι, παρακαλώ", "Περισσότερα", "Όχι, ευχαριστώ"],
    ),
    (
        "uk",
        "Ваші заощадження під 3,1 %",
        "на рахунку «Золотий», без комісій.",
        ["Так, охоче", "Дізнатися більше", "Ні, дякую"],
    ),
    (
        "ar",
        "مدخراتك تربح 3.1% من اليوم",
        "في حساب الادخار الذهبي بدون رسوم.",
        ["نعم، من فضلك", "أخبرني المزيد", "لا، شكرًا"],
    ),
    ("he", "החיסכון שלך מרוויח 3.1%", "בחיסכון הזהב, בלי עמלות.", ["כן, בבקשה", "ספרו לי עוד", "לא, תודה"]),
    ("hi", "आपकी बचत पर 3.1 % ब्याज", "इसे आज ही गोल्ड सेविंग्स में डालें।", ["हाँ, ज़रूर", "और जानें", "नहीं, धन्यवाद"]),
    (
        "th",
        "เงินออม\u{200b}ของคุณ\u{200b}รับ\u{200b}ดอกเบี้ย 3.1%",
        "ไม่มี\u{200b}ค่าธรรมเนียม",
        ["ตกลง", "ดู\u{200b}เพิ่มเติม", "ไม่ ขอบคุณ"],
    ),
    ("zh", "您的储蓄可享3.1%利率", "今天就转入黄金储蓄账户。", ["好的", "了解更多", "不用，谢谢"]),
    ("ja", "普通預金を年3.1%に", "ゴールド預金なら手数料なし。", ["申し込む", "詳しく見る", "いいえ、結構です"]),
    (
        "ko",
        "고객님의 예금에 3.1% 이자를",
        "오늘 골드 예금으로 옮기세요.",
        ["네, 할게요", "더 알아보기", "아니요, 괜찮아요"],
    ),
];

/// The languages it speaks.
pub(crate) fn languages() -> impl Iterator<Item = &'static str> {
    MESSAGES.iter().map(|(language, ..)| *language)
}

/// Writes it as a folder of campaigns, in the demo's look: for everybody, and as often as they come.
pub(crate) fn campaigns(folder: &Path) {
    let demo = workspace::demo_campaigns();
    let look = fs::read_to_string(demo.join("bundle.toml")).expect("the demo's bundle");
    let theme = look.parse::<toml::Table>().expect("TOML").remove("theme").expect("the demo's look");
    let words = each(|(_, title, body, _)| json!({ "title": title, "body": body }));
    let bundle = json!({
        "fallback_language": MESSAGES[0].0,
        "languages": languages().collect::<Vec<_>>(),
        "zone": "Europe/Berlin",
        "panels": ["1024x768", "1920x1080"],
        "theme": theme,
        "attract": words.clone(),
        "thanks": words,
    });
    let campaign = json!({
        "id": "gold-savings",
        "kind": "service",
        "priority": 50,
        "picture": "savings.png",
        "qr": CODE,
        "answers": ["accept", "more", "decline"],
        "audience": { "customers": [] },
        "text": each(|(_, title, body, answers)| {
            json!({ "title": title, "body": format!("{{first-name|Anna}}, {body}"), "answers": answers })
        }),
    });
    fs::create_dir(folder).expect("a folder");
    for (name, file) in [("bundle", bundle), ("gold-savings", campaign)] {
        fs::write(folder.join(format!("{name}.toml")), toml::to_string(&file).expect("TOML")).expect("a file");
    }
    let pictures = workspace::files(&demo).into_iter().filter(|path| path.extension().is_some_and(|own| own == "png"));
    for picture in pictures {
        fs::copy(&picture, folder.join(picture.file_name().expect("a file"))).expect("a copy");
    }
}

/// As the device draws it for somebody of this name.
pub(crate) fn view(name: &str, picture: &Arc<Picture>) -> View {
    let (_, title, body, answers) = MESSAGES[0];
    let button = |(label, emphasis): (&str, Emphasis)| AnswerButton { label: label.to_owned(), emphasis };
    let emphases = [Emphasis::Primary, Emphasis::Secondary, Emphasis::Secondary];
    View::Offer(Offer {
        title: title.to_owned(),
        body: format!("{name}, {body}"),
        picture: Some(Arc::clone(picture)),
        qr: Some(CODE.to_owned()),
        answers: answers.into_iter().zip(emphases).map(button).collect(),
        seconds_left: SECONDS,
        seconds_total: SECONDS,
    })
}

/// What a page is told to show somebody of this name.
pub(crate) fn data(name: &str) -> Value {
    let (_, title, body, answers) = MESSAGES[0];
    json!({ "title": title, "body": format!("{name}, {body}"), "answers": answers, "seconds": SECONDS })
}

/// Its picture, as a PNG file.
pub(crate) fn picture() -> Vec<u8> {
    fs::read(workspace::demo_campaigns().join("savings.png")).expect("the demo's picture")
}

/// The same, decoded.
pub(crate) fn decoded() -> Arc<Picture> {
    Arc::new(Picture::decode(&picture(), Limits::default()).expect("a picture"))
}

/// Its code, as an SVG file.
pub(crate) fn code() -> String {
    let code = QrCode::encode_text(CODE, QrCodeEcc::Medium).expect("a short text");
    let side = code.size() + 2 * QUIET_ZONE;
    let dark =
        (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y));
    let path: String = dark.map(|(x, y)| format!("M{},{}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE)).collect();
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {side} {side}' shape-rendering='crispEdges'>\
         <rect width='{side}' height='{side}' fill='#fff'/><path d='{path}'/></svg>"
    )
}

/// Something of each message, by its language.
fn each(text: fn(&Message) -> Value) -> Map<String, Value> {
    MESSAGES.iter().map(|message| (message.0.to_owned(), text(message))).collect()
}
