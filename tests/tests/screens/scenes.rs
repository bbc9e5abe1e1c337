//! What is shown in the golden screens: one offer in many languages, on many panels, for many eyes, and the views around it.

use crate::logos;
use std::sync::{Arc, LazyLock};
use touchpoint_display::{
    AnswerButton, Answering, Emphasis, Glass, Keys, Limits, Mode, Offer, Picture, Size, Theme, View,
};
use touchpoint_hub::Trial;
use touchpoint_sim::preview::{Attributes, Preview};
use touchpoint_tests::workspace;

/// The demo's grocer, whose look travelled as every look does.
static RETAILER: LazyLock<Preview> =
    LazyLock::new(|| Preview::open(&workspace::root().join("sim/demo/retailer"), Trial::default()).unwrap());

/// One screen.
pub(crate) struct Scene {
    pub(crate) name: String,
    pub(crate) view: View,
    pub(crate) glass: Glass,
    pub(crate) theme: Theme,
    pub(crate) mode: Mode,
}

const STANDARD: Mode = Mode { large_text: false, high_contrast: false };
const LARGE: Mode = Mode { large_text: true, high_contrast: false };
const CONTRAST: Mode = Mode { large_text: false, high_contrast: true };
const BOTH: Mode = Mode { large_text: true, high_contrast: true };

/// A message: its language, title, body, and answers.
type Message = (&'static str, &'static str, &'static str, [&'static str; 3]);

/// A savings offer, as people say it.
const SAVINGS: [Message; 12] = [
    (
        "en",
        "Your savings can earn 3.1 %",
        "Anna, move them to Gold Savings today. No fees, and yours again at any time.",
        ["Yes, please", "Tell me more", "No, thank you"],
    ),
    (
        "de",
        "Mehr Zinsen für Ihr Erspartes",
        "Anna, mit Gold-Sparen erhalten Sie 3,1 % für zwölf Monate – auf jeden Euro.",
        ["Ja, gerne", "Mehr erfahren", "Nein, danke"],
    ),
    (
        "fr",
        "Votre épargne à 3,1 % dès aujourd’hui",
        "Anna, avec l’Épargne Or : sans frais, et disponible à tout moment.",
        ["Oui, volontiers", "En savoir plus", "Non, merci"],
    ),
    (
        "el",
        "Οι αποταμιεύσεις σας με 3,1 %",
        "Άννα, μεταφέρετέ τες σήμερα στον λογαριασμό Χρυσή Αποταμίευση.",
        ["Ναι, παρακαλώ", "Περισσότερα", "Όχι, ευχαριστώ"],
    ),
    (
        "uk",
        "Ваші заощадження під 3,1 %",
        "Анно, перекажіть їх сьогодні на рахунок «Золотий». Без комісій.",
        ["Так, охоче", "Дізнатися більше", "Ні, дякую"],
    ),
    (
        "ar",
        "مدخراتك تربح 3.1% من اليوم",
        "يا آنا، انقليها إلى حساب الادخار الذهبي بدون رسوم، وهي متاحة لك في أي وقت.",
        ["نعم، من فضلك", "أخبرني المزيد", "لا، شكرًا"],
    ),
    (
        "he",
        "החיסכון שלך מרוויח 3.1%",
        "אנה, העבירי אותו היום לחיסכון הזהב (Gold). בלי עמלות, וזמין בכל עת.",
        ["כן, בבקשה", "ספרו לי עוד", "לא, תודה"],
    ),
    (
        "hi",
        "आपकी बचत पर 3.1 % ब्याज",
        "अन्ना, इसे आज ही गोल्ड सेविंग्स में डालें। कोई शुल्क नहीं, और पैसा कभी भी निकालें।",
        ["हाँ, ज़रूर", "और जानें", "नहीं, धन्यवाद"],
    ),
    (
        "th",
        "เงินออม\u{200b}ของคุณ\u{200b}รับ\u{200b}ดอกเบี้ย 3.1%",
        "ย้าย\u{200b}เงิน\u{200b}เข้า\u{200b}บัญชี\u{200b}โกลด์\u{200b}วันนี้ \u{200b}ไม่มี\u{200b}ค่าธรรมเนียม \u{200b}ถอน\u{200b}ได้\u{200b}ทุก\u{200b}เวลา",
        ["ตกลง", "ดู\u{200b}เพิ่มเติม", "ไม่ ขอบคุณ"],
    ),
    (
        "zh",
        "您的储蓄可享3.1%利率",
        "安娜，今天就转入黄金储蓄账户。免手续费，随时可取。",
        ["好的", "了解更多", "不用，谢谢"],
    ),
    (
        "ja",
        "普通預金を年3.1%に",
        "アンナ様、ゴールド預金なら手数料なしで、いつでもお引き出しいただけます。",
        ["申し込む", "詳しく見る", "いいえ、結構です"],
    ),
    (
        "ko",
        "고객님의 예금에 3.1% 이자를",
        "안나 님, 오늘 골드 예금으로 옮기세요. 수수료가 없고 언제든지 찾을 수 있습니다.",
        ["네, 할게요", "더 알아보기", "아니요, 괜찮아요"],
    ),
];

/// The usual panel of an ATM.
fn fifteen_inches() -> Glass {
    panel(1024, 768, 305, 229)
}

fn panel(width: u32, height: u32, wide: u32, high: u32) -> Glass {
    Glass { millimetres: Some(Size::new(wide, high)), ..Glass::of(Size::new(width, height)) }
}

fn with_keys() -> Glass {
    let rows = vec![330, 500, 670, 840];
    Glass { answering: Answering::Keys(Keys { left: rows.clone(), right: rows }), ..fifteen_inches() }
}

/// A calm bank in blue.
fn bank() -> Theme {
    Theme { logo: Some(logos::bank()), ..Theme::default() }
}

/// A grocer in warm colours, with rounder corners and another hand.
fn shop() -> Theme {
    RETAILER.theme()
}

/// What the grocer shows Jana.
fn shown(language: &str, name: &str) -> View {
    let jana = Attributes::from([("first-name".parse().unwrap(), "Jana".to_owned())]);
    let sights = RETAILER.sights(&language.parse().unwrap(), &jana);
    sights.into_iter().find(|sight| sight.name == name).unwrap().view
}

fn illustration() -> Arc<Picture> {
    let bytes = include_bytes!("../../../sim/demo/campaigns/savings.png");
    Arc::new(Picture::decode(bytes, Limits::default()).unwrap())
}

/// The offer in a language, with twenty of its twenty-five seconds left.
fn offer(language: &str) -> Offer {
    let (_, title, body, labels) = SAVINGS.iter().find(|message| message.0 == language).unwrap();
    let button = |(label, emphasis): (&&str, Emphasis)| AnswerButton { label: (*label).to_owned(), emphasis };
    let emphases = [Emphasis::Primary, Emphasis::Secondary, Emphasis::Quiet];
    Offer {
        title: (*title).to_owned(),
        body: (*body).to_owned(),
        picture: Some(illustration()),
        answers: labels.iter().zip(emphases).map(button).collect(),
        seconds_left: 20,
        seconds_total: 25,
        ..Offer::default()
    }
}

fn with_code(language: &str) -> Offer {
    Offer { picture: None, qr: Some("https://www.example.com/gold?c=4711".to_owned()), ..offer(language) }
}

/// What "tell me more" shows.
fn detail(language: &str) -> View {
    let body = match language {
        "ar" => {
            "يربح حساب الادخار الذهبي 3.1% سنويًا لمدة اثني عشر شهرًا على الأرصدة حتى 50,000 يورو. تُدفع الفائدة كل شهر، ويمكنك \
             السحب في أي يوم دون إشعار مسبق. امسحي الرمز لقراءة الشروط على هاتفك."
        }
        "ja" => {
            "ゴールド預金は、五百万円まで十二か月間、年3.1%の利息が付きます。利息は毎月お支払いし、いつでも事前のご連絡なしでお引き出しいただけます。\
             詳しい条件は、コードを読み取って携帯電話でご覧ください。"
        }
        _ => {
            "Gold Savings pays 3.1 % a year for twelve months, on balances up to 50,000 euros. Interest is paid every month, and \
             you may take money out on any day without notice. Scan the code to read the terms on your phone."
        }
    };
    let mut answers = offer(language).answers;
    answers.remove(1);
    let body = body.to_owned();
    View::Detail(Offer { body, answers, seconds_left: 40, seconds_total: 45, ..with_code(language) })
}

fn words(make: impl Fn(String, String) -> View, title: &str, body: &str) -> View {
    make(title.to_owned(), body.to_owned())
}

fn attract(title: &str, body: &str) -> View {
    words(|title, body| View::Attract { title, body }, title, body)
}

fn thanks(title: &str, body: &str) -> View {
    words(|title, body| View::Thanks { title, body }, title, body)
}

fn out_of_order(title: &str, body: &str) -> View {
    words(|title, body| View::OutOfOrder { title, body }, title, body)
}

/// All screens, in the order in which a person looks at them.
pub(crate) fn all() -> Vec<Scene> {
    let mut scenes = Vec::new();
    let mut add = |name: &str, view: View, glass: Glass, theme: Theme, mode: Mode| {
        scenes.push(Scene { name: name.to_owned(), view, glass, theme, mode });
    };
    for (language, ..) in SAVINGS {
        add(&format!("offer-{language}"), View::Offer(offer(language)), fifteen_inches(), bank(), STANDARD);
    }

    let plain = || Offer { picture: None, ..offer("en") };
    add("offer-words", View::Offer(plain()), fifteen_inches(), bank(), STANDARD);
    add("offer-code", View::Offer(with_code("en")), fifteen_inches(), bank(), STANDARD);
    add("offer-shop", shown("fr", "breakfast-points"), fifteen_inches(), shop(), STANDARD);
    add("offer-keys-en", View::Offer(offer("en")), with_keys(), bank(), STANDARD);
    add("offer-keys-ar", View::Offer(offer("ar")), with_keys(), shop(), STANDARD);
    add("offer-keys-code", View::Offer(with_code("de")), with_keys(), bank(), STANDARD);

    for (width, height) in [(320, 240), (480, 800), (800, 480)] {
        let glass = Glass::of(Size::new(width, height));
        add(&format!("offer-{width}x{height}"), View::Offer(offer("en")), glass, bank(), STANDARD);
    }
    for (width, height, wide, high) in [(768, 1366, 193, 344), (1920, 1080, 476, 268)] {
        let glass = panel(width, height, wide, high);
        add(&format!("offer-{width}x{height}"), View::Offer(offer("en")), glass, bank(), STANDARD);
    }
    add("offer-768x1366-code", shown("en", "join-us"), panel(768, 1366, 193, 344), shop(), STANDARD);
    add("offer-768x1366-shop", shown("de", "fresh-bread"), panel(768, 1366, 193, 344), shop(), LARGE);

    add("offer-large-de", View::Offer(offer("de")), fifteen_inches(), bank(), LARGE);
    add("offer-large-hi", View::Offer(offer("hi")), fifteen_inches(), bank(), LARGE);
    add("offer-contrast", View::Offer(offer("en")), fifteen_inches(), bank(), CONTRAST);
    add("offer-contrast-large-he", View::Offer(offer("he")), fifteen_inches(), bank(), BOTH);

    add("detail-en", detail("en"), fifteen_inches(), bank(), STANDARD);
    add("detail-ar", detail("ar"), fifteen_inches(), shop(), STANDARD);
    add("detail-ja", detail("ja"), panel(1920, 1080, 476, 268), bank(), STANDARD);
    add("detail-768x1366-contrast", detail("en"), panel(768, 1366, 193, 344), bank(), CONTRAST);

    let welcome = ("Welcome", "Insert your card to begin.");
    add("attract-bank", attract(welcome.0, welcome.1), fifteen_inches(), bank(), STANDARD);
    add("attract-shop", shown("fr", "attract"), fifteen_inches(), shop(), STANDARD);
    add("attract-ar", attract("أهلًا وسهلًا", "أدخل بطاقتك للبدء."), fifteen_inches(), bank(), STANDARD);
    add("attract-768x1366", attract(welcome.0, welcome.1), panel(768, 1366, 193, 344), shop(), LARGE);
    add("attract-contrast", attract(welcome.0, welcome.1), fifteen_inches(), bank(), CONTRAST);

    add("thanks-bank", thanks("Thank you, Anna", "We will call you tomorrow."), fifteen_inches(), bank(), STANDARD);
    add(
        "thanks-shop-th",
        thanks("ขอบคุณ\u{200b}ค่ะ", "เรา\u{200b}จะ\u{200b}ติดต่อ\u{200b}กลับ\u{200b}พรุ่งนี้"),
        fifteen_inches(),
        shop(),
        LARGE,
    );
    let closed = ("Out of order", "The nearest machine is in Station Road 4.");
    add("out-of-order", out_of_order(closed.0, closed.1), fifteen_inches(), bank(), STANDARD);
    add("out-of-order-contrast", out_of_order(closed.0, closed.1), panel(800, 480, 154, 86), bank(), CONTRAST);
    scenes
}
