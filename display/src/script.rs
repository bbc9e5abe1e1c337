//! Which script a text is written in: it decides the font, the direction, and the room between lines.

/// A script that has a font of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Script {
    /// Latin, Greek, Cyrillic, and everything not named here.
    European,
    Arabic,
    Hebrew,
    Devanagari,
    Thai,
    /// Chinese, Japanese and Korean.
    Han,
}

/// Whose shapes Han characters have. Unicode gives one number to what four countries write differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Han {
    Japanese,
    Korean,
    #[default]
    Simplified,
    Traditional,
}

/// How the texts of one view are written, all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Writing {
    /// Lines begin at the right, and so does the layout.
    pub(crate) right_to_left: bool,
    pub(crate) han: Han,
    /// Letters reach above and below those of European scripts, and need more room between lines.
    pub(crate) tall: bool,
}

impl Script {
    /// The script of a character; `None` for digits, signs and spaces, which follow their neighbours.
    pub(crate) fn of(character: char) -> Option<Self> {
        match character {
            '\0'..='@' | '['..='`' | '{'..='©' | '«'..='¹' | '»'..='¿' | '×' | '÷' => None,
            '\u{590}'..='\u{5ff}' | '\u{fb1d}'..='\u{fb4f}' => Some(Self::Hebrew),
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' => Some(Self::Arabic),
            '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' => Some(Self::Arabic),
            '\u{900}'..='\u{97f}' | '\u{a8e0}'..='\u{a8ff}' => Some(Self::Devanagari),
            '\u{e00}'..='\u{e7f}' => Some(Self::Thai),
            // Jamo, radicals to ideographs, syllables, compatibility and full-width forms, and the planes beyond.
            '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}' => Some(Self::Han),
            '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' => Some(Self::Han),
            '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}' => Some(Self::Han),
            // General punctuation, currency, arrows, mathematics, shapes.
            '\u{2000}'..='\u{2bff}' => None,
            _ => Some(Self::European),
        }
    }

    const fn right_to_left(self) -> bool {
        matches!(self, Self::Arabic | Self::Hebrew)
    }
}

impl Writing {
    /// How these texts are written: the direction of most of their letters, and the Han shapes their other characters
    /// point to.
    pub(crate) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let (mut leftwards, mut rightwards, mut tall) = (0_u32, 0_u32, false);
        let (mut kana, mut hangul, mut traditional) = (false, false, false);
        for character in texts.flat_map(str::chars) {
            let Some(script) = Script::of(character) else { continue };
            *if script.right_to_left() { &mut leftwards } else { &mut rightwards } += 1;
            tall |= !matches!(script, Script::European | Script::Hebrew);
            kana |= matches!(character, '\u{3040}'..='\u{30ff}');
            hangul |= matches!(character, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7ff}');
            // Bopomofo is only written beside traditional characters.
            traditional |= matches!(character, '\u{3100}'..='\u{312f}') || TRADITIONAL.contains(character);
        }
        let han = match (kana, hangul, traditional) {
            (true, _, _) => Han::Japanese,
            (_, true, _) => Han::Korean,
            (_, _, true) => Han::Traditional,
            _ => Han::Simplified,
        };
        Self { right_to_left: leftwards > rightwards, han, tall }
    }
}

/// Frequent characters that simplified Chinese does not have; one of them stands in nearly every sentence.
const TRADITIONAL: &str = "們個來說時會對過還這裡嗎為與從點請開關問間電話機號錢銀帳戶貸優惠儲財務險業選擇讓後見謝";

/// Divides a text into pieces of one script. Characters of none go with what precedes them, or with what follows at
/// the beginning.
pub(crate) fn pieces(text: &str) -> Vec<(&str, Script)> {
    let mut pieces = Vec::new();
    let (mut start, mut current) = (0, None);
    for (at, character) in text.char_indices() {
        let Some(script) = Script::of(character) else { continue };
        if let Some(before) = current.filter(|before| *before != script) {
            pieces.push((&text[start..at], before));
            start = at;
        }
        current = Some(script);
    }
    pieces.push((&text[start..], current.unwrap_or(Script::European)));
    pieces
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn writing(text: &str) -> Writing {
        Writing::of(std::iter::once(text))
    }

    #[test]
    fn direction_is_that_of_most_letters() {
        assert!(writing("iPhone 17 متاح الآن في فرعك").right_to_left);
        assert!(writing("שלום לך, Anna").right_to_left);
        assert!(!writing("The word سلام means peace").right_to_left);
        assert!(!writing("12:30 %").right_to_left);
    }

    #[test]
    fn han_shapes_follow_the_characters_around_them() {
        assert_eq!(writing("口座を開設").han, Han::Japanese);
        assert_eq!(writing("계좌 開設").han, Han::Korean);
        assert_eq!(writing("开立账户").han, Han::Simplified);
        assert_eq!(writing("開立帳戶").han, Han::Traditional);
    }

    #[test]
    fn signs_and_digits_stay_with_the_words_before_them() {
        let expected = [("3,1 % mit ", Script::European), ("口座 100円", Script::Han)];
        assert_eq!(pieces("3,1 % mit 口座 100円"), expected);
        assert_eq!(pieces("100"), [("100", Script::European)]);
        assert_eq!(pieces("«ไทย»"), [("«ไทย»", Script::Thai)]);
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole_text_in_order(text in any::<String>()) {
            prop_assert_eq!(pieces(&text).into_iter().map(|(piece, _)| piece).collect::<String>(), text);
        }
    }
}
