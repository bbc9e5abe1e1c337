//! Every bound of the wire in one place, so that both ends refuse the same things.
//!
//! A bound is checked where bytes become a type; behind that line nothing needs to be checked again.

/// Largest MQTT packet a device or head office accepts, in bytes: one 128 KiB block, twice over, with room for its topic and
/// properties. Announced in CONNECT, so that a broker never delivers more.
pub const PACKET_IN: usize = 320 * 1024;

/// Largest payload anyone publishes, in bytes. Smaller than [`PACKET_IN`], so that what one end may send the other may take.
pub const PACKET_OUT: usize = 256 * 1024;

/// Largest block of a snapshot or a medium on the wire, in bytes. At 64 kbit/s, the slowest line in the field, it takes 16 s:
/// short enough that a cut line repeats little.
pub const BLOCK: usize = 128 * 1024;

/// Largest size a snapshot block may have once decompressed, in bytes. Rows compress about 2:1; 32:1 is an attack.
pub const BLOCK_DECODED: usize = 4 * 1024 * 1024;

/// Most blocks in one snapshot: 5 million customers need about 1,300, and the manifest must fit in [`PACKET_OUT`].
pub const BLOCKS: usize = 2_000;

/// Most changes in one delta, rows and erased tokens together: a few tens of KiB signed, and written in a few milliseconds on a kiosk,
/// so that no other write waits long.
pub const DELTA: usize = 1_000;

/// Most entries of a contact log in one page: what a busy shard of a hundred machines says in ten minutes, written in a few milliseconds.
pub const CONTACTS: usize = 1_000;

/// How long a contact counts, in milliseconds: the longest cap is of a year, and a visit a month later should still see all of that. A
/// device's journal and cache and head office's log keep it as long as each other.
pub const CONTACT_AGE_MS: i64 = 400 * 24 * 3_600 * 1_000;

/// Largest signed document, in bytes, in its compact form.
pub const SIGNED: usize = PACKET_OUT;

/// Largest campaign bundle document, in bytes: 500 campaigns in several languages are about 1 MiB.
pub const BUNDLE: usize = 4 * 1024 * 1024;

/// Largest picture file, in bytes.
pub const PICTURE: usize = 2 * 1024 * 1024;

/// Largest logo file, in bytes: drawn shapes of a few colours are a tenth of it, and it is on every screen.
pub const LOGO: usize = 256 * 1024;

/// Most pixels of a logo in width and height: what the largest panel shows of it, twice over.
pub const LOGO_PIXELS: (u32, u32) = (2_048, 512);

/// Largest corner radius, in tenths of a millimetre: more, and a button is no longer the shape of a button.
pub const CORNER_RADIUS: u16 = 200;

/// Distances from the edge of the glass, in tenths of a millimetre, that leave things apart and yet leave room for them.
pub const SPACING: std::ops::RangeInclusive<u16> = 30..=250;

/// Longest name of a font family, in bytes.
pub const FAMILY: usize = 64;

/// Most media one bundle may name.
pub const MEDIA: usize = 500;

/// Most active campaigns in a bundle.
pub const CAMPAIGNS: usize = 500;

/// Most answers a message offers: as many as a person weighs at a glance, and as buttons of 20 mm fit side by side.
pub const ANSWERS: usize = 3;

/// Most variants of a campaign: with more, each is seen too seldom to tell them apart.
pub const VARIANTS: usize = 8;

/// Most campaigns that may follow one.
pub const NEXT: usize = 8;

/// Most parts of the day in a schedule: each day of the week, morning and evening.
pub const DAY_PARTS: usize = 14;

/// Most clauses of a condition.
pub const CLAUSES: usize = 32;

/// Deepest condition, a single clause being 1: what somebody can still explain to somebody else.
pub const CLAUSE_DEPTH: usize = 4;

/// Most caps of a policy: a day, a week, a month and a year.
pub const CAPS: usize = 4;

/// Most languages of one text.
pub const LANGUAGES: usize = 32;

/// Longest title, in characters: read in about 3 s at 12 characters a second.
pub const TITLE: usize = 40;

/// Longest body, in characters: read in 10 s at 12 characters a second.
pub const BODY: usize = 120;

/// Longest body beside a QR code, in characters: taking out a phone needs the time.
pub const BODY_WITH_QR: usize = 80;

/// Longest text for who asks for more, in characters: read in 20 s at 12 characters a second, by somebody who wants to.
pub const MORE: usize = 240;

/// Longest label of an answer, in characters: one line of a button a third of the screen wide.
pub const LABEL: usize = 28;

/// Longest QR target, in bytes: still a code of whole pixels, readable at arm's length, on a small panel.
pub const QR: usize = 120;

/// Most segments one customer belongs to.
pub const SEGMENTS: usize = 16;

/// Most purposes a customer has consented or objected to, marketing apart.
pub const PURPOSES: usize = 16;

/// Most scores of one customer.
pub const SCORES: usize = 32;

/// Most attributes of one customer.
pub const ATTRIBUTES: usize = 32;

/// Longest attribute value, in bytes.
pub const ATTRIBUTE_VALUE: usize = 120;

/// Most interactions in one batch: at about 600 bytes each, a quarter of [`PACKET_OUT`].
pub const BATCH: usize = 100;

/// Largest side of a panel, in pixels: 4K, above which a frame alone would be more memory than the whole agent may use.
pub const PANEL_SIDE: u32 = 4_096;

/// Longest software version in a document, in bytes.
pub const VERSION: usize = 40;

/// Most tokens of one card: under the current token key and, while keys are being changed, the one before it.
pub const TOKENS: usize = 2;

/// Largest health document, in bytes: at its largest it has half of that.
pub const HEALTH: usize = 16 * 1024;

/// Longest text in a health document, in characters: an error with its causes, and not the data it speaks of.
pub const HEALTH_TEXT: usize = 300;
