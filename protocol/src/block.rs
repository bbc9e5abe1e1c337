//! Customer rows in blocks: one row for each token, sorted by token.
//!
//! A customer with two cards has two rows that say the same: a device finds either with one look-up and never joins. A block is
//! CBOR rows one after the other in one zstd frame (RFC 8878) of its own, so that a device takes each by itself: fetched, its
//! digest checked, decompressed within a bound, written. Sorted, because a sorted table loads 40 times faster.

use crate::{
    customer::{CustomerId, Profile},
    limits,
    token::Token,
};
use minicbor::{Decoder, Encoder, decode};
use std::{io::Read, ops::Range};

/// How much a block may hold before compression, in bytes: at the 1.85:1 that rows reach, about 100 KiB on the wire, so that
/// hardly any block comes out over [`limits::BLOCK`] and must be divided.
const FILL: usize = 192 * 1024;

/// zstd's default: levels above it cost head office time and gain 2 %, as tokens do not compress.
const LEVEL: i32 = 3;

/// Largest zstd window a device allocates, as a power of two: 4 MiB, the largest a block decodes to.
const WINDOW_LOG: u32 = 22;

/// One row: one of a customer's tokens and what is known of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// The token; rows are sorted by it, and it stands once.
    pub token: Token,
    /// Whose token.
    pub customer: CustomerId,
    /// Their [`Profile`] in CBOR.
    pub profile: &'a [u8],
}

/// A block as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// How many rows it holds.
    pub rows: u32,
    /// One zstd frame.
    pub bytes: Vec<u8>,
}

/// Packs sorted rows into blocks.
#[derive(Debug, Default)]
pub struct Packer {
    rows: Vec<u8>,
    ends: Vec<usize>,
    last: Option<Token>,
}

impl Packer {
    /// Takes the next row, and returns the blocks that are full by it.
    ///
    /// # Errors
    /// The row is not after the one before it, or cannot be packed.
    pub fn push(&mut self, row: Row<'_>) -> Result<Vec<Block>, PackError> {
        if self.last.is_some_and(|last| last >= row.token) {
            return Err(PackError::Order);
        }
        self.last = Some(row.token);
        write(row, &mut self.rows);
        self.ends.push(self.rows.len());
        if self.rows.len() < FILL { Ok(Vec::new()) } else { self.finish() }
    }

    /// Packs what is left.
    ///
    /// # Errors
    /// A single row is larger than a block.
    pub fn finish(&mut self) -> Result<Vec<Block>, PackError> {
        let (rows, ends) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.ends));
        let mut blocks = Vec::new();
        pack(&rows, 0, &ends, &mut blocks)?;
        Ok(blocks)
    }
}

/// The rows of a block: decompressed, every one of them read, and in order.
#[derive(Debug)]
pub struct Rows {
    bytes: Vec<u8>,
    rows: Vec<Place>,
}

/// A row, and where in the bytes its profile is.
#[derive(Debug)]
struct Place {
    token: Token,
    customer: CustomerId,
    profile: Range<usize>,
}

impl Rows {
    /// Decompresses a block within its bounds and reads its rows. Its digest must have been checked before.
    ///
    /// # Errors
    /// Not a zstd frame, or one that would grow beyond [`limits::BLOCK_DECODED`]; a row that is none, or not after the one
    /// before it.
    pub fn decompress(bytes: &[u8]) -> Result<Rows, UnpackError> {
        let bytes = decompress(bytes)?;
        let mut rows: Vec<Place> = Vec::new();
        let mut decoder = Decoder::new(&bytes);
        while decoder.position() < bytes.len() {
            let row = read(&mut decoder).map_err(UnpackError::Row)?;
            if rows.last().is_some_and(|last| last.token >= row.token) {
                return Err(UnpackError::Order);
            }
            rows.push(row);
        }
        Ok(Rows { bytes, rows })
    }

    /// The rows in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|Place { token, customer, profile }| Row {
            token: *token,
            customer: *customer,
            profile: &self.bytes[profile.clone()],
        })
    }
}

/// Compresses what is to travel, as one zstd frame.
pub(crate) fn compress(bytes: &[u8]) -> Result<Vec<u8>, PackError> {
    zstd::bulk::compress(bytes, LEVEL).map_err(PackError::Zstd)
}

/// What one zstd frame holds, decompressed within the bounds of a block.
pub(crate) fn decompress(bytes: &[u8]) -> Result<Vec<u8>, UnpackError> {
    if bytes.len() > limits::BLOCK {
        return Err(UnpackError::TooLarge { size: bytes.len() });
    }
    let mut frame = zstd::Decoder::with_buffer(bytes).map_err(UnpackError::Zstd)?.single_frame();
    frame.window_log_max(WINDOW_LOG).map_err(UnpackError::Zstd)?;
    let mut bytes = Vec::new();
    let most = limits::BLOCK_DECODED as u64;
    frame.by_ref().take(most + 1).read_to_end(&mut bytes).map_err(UnpackError::Zstd)?;
    if bytes.len() as u64 > most {
        return Err(UnpackError::Bomb);
    }
    if !frame.finish().is_empty() {
        return Err(UnpackError::Trailing);
    }
    Ok(bytes)
}

/// Compresses rows as one block, or as two halves if one would be too large to travel.
fn pack(rows: &[u8], start: usize, ends: &[usize], blocks: &mut Vec<Block>) -> Result<(), PackError> {
    let Some(&end) = ends.last() else { return Ok(()) };
    let bytes = compress(&rows[start..end])?;
    if bytes.len() <= limits::BLOCK {
        let rows = u32::try_from(ends.len()).map_err(|_| PackError::Size)?;
        blocks.push(Block { rows, bytes });
        return Ok(());
    }
    let middle = ends.len() / 2;
    if middle == 0 {
        return Err(PackError::Size);
    }
    pack(rows, start, &ends[..middle], blocks)?;
    pack(rows, ends[middle - 1], &ends[middle..], blocks)
}

#[expect(clippy::expect_used, reason = "writing to memory cannot fail")]
fn write(row: Row<'_>, out: &mut Vec<u8>) {
    let mut encoder = Encoder::new(&mut *out);
    encoder
        .array(3)
        .and_then(|e| e.bytes(row.token.as_bytes()))
        .and_then(|e| e.i64(row.customer.into()))
        .expect("encoding to memory");
    out.extend_from_slice(row.profile);
}

/// The next row.
fn read(decoder: &mut Decoder<'_>) -> Result<Place, decode::Error> {
    if decoder.array()? != Some(3) {
        return Err(decode::Error::message("a row is an array of three"));
    }
    let token = decoder.bytes()?.try_into().map_err(|_| decode::Error::message("a token has 16 bytes"))?;
    let customer = CustomerId::try_from(decoder.i64()?).map_err(decode::Error::custom)?;
    let start = decoder.position();
    decoder.decode::<Profile>()?;
    Ok(Place { token: Token::from_bytes(token), customer, profile: start..decoder.position() })
}

/// Why rows were not packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A row is not after the one before it.
    #[error("rows are not sorted by token, or a token stands twice")]
    Order,
    /// One row is larger than a block.
    #[error("a row is larger than a block of {} bytes", limits::BLOCK)]
    Size,
    /// Compression failed.
    #[error("rows cannot be compressed")]
    Zstd(#[source] std::io::Error),
}

/// Why a block was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// Larger than any block.
    #[error("a block has {size} bytes, over {}", limits::BLOCK)]
    TooLarge {
        /// Bytes.
        size: usize,
    },
    /// Not a zstd frame, cut, or with too large a window.
    #[error("a block cannot be decompressed")]
    Zstd(#[source] std::io::Error),
    /// It would grow without end.
    #[error("a block grows beyond {} bytes", limits::BLOCK_DECODED)]
    Bomb,
    /// Something follows the frame.
    #[error("a block holds more than one frame")]
    Trailing,
    /// A row is no row.
    #[error("a block holds something that is no row")]
    Row(#[source] decode::Error),
    /// Rows out of order.
    #[error("a block's rows are not sorted by token, or a token stands twice")]
    Order,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        consent::{Consent, Status},
        digest::Digest,
        utc::Utc,
    };

    fn token(number: u64) -> Token {
        // Spread like real tokens, and rising.
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        Token::from_bytes(bytes)
    }

    fn packed(rows: u64) -> Vec<Block> {
        let profile = Profile::default().to_cbor();
        let mut packer = Packer::default();
        let mut blocks = Vec::new();
        for n in 0..rows {
            let customer = CustomerId::try_from(n as i64).unwrap();
            blocks.extend(packer.push(Row { token: token(n), customer, profile: &profile }).unwrap());
        }
        blocks.extend(packer.finish().unwrap());
        blocks
    }

    #[test]
    fn every_row_comes_back_in_order_and_no_block_is_too_large() {
        let blocks = packed(30_000);
        assert!(blocks.len() > 1 && blocks.iter().all(|block| block.bytes.len() <= limits::BLOCK));
        let mut next = 0;
        for block in &blocks {
            let rows = Rows::decompress(&block.bytes).unwrap();
            let before = next;
            for row in rows.iter() {
                assert_eq!(row.token, token(next));
                next += 1;
            }
            assert_eq!(next - before, u64::from(block.rows));
        }
        assert_eq!(next, 30_000);
    }

    #[test]
    fn an_ordinary_customer_takes_no_more_than_forty_bytes_of_the_line() {
        let names: Vec<String> = (0..200_u8).map(|n| Digest::of(&[n]).to_string()[..6].to_owned()).collect();
        let mut packer = Packer::default();
        let (mut size, many) = (0, 20_000_u64);
        for n in 0..many {
            let draw = Digest::of(&n.to_be_bytes());
            let [a, b, c, d, e, f, ..] = *draw.as_bytes();
            let mut token = [0; 16];
            // As far apart as tokens are on average.
            token[..4].copy_from_slice(&u32::try_from(n * (u64::from(u32::MAX) / many)).unwrap().to_be_bytes());
            token[4..].copy_from_slice(&draw.as_bytes()[20..]);
            // Somewhen in the last five years, to the second.
            let said = 1_640_000_000 + i64::from(u32::from_be_bytes([a, b, c, d]) % 157_680_000);
            let segment = |at: u8| ["gold", "saver", "family", "student"][usize::from(at % 4)].parse().unwrap();
            let profile = Profile {
                segments: vec![segment(e), segment(e / 4)],
                language: Some(["en", "de", "fr"][usize::from(f % 3)].parse().unwrap()),
                marketing: Consent {
                    source: Some("branch".parse().unwrap()),
                    at: Some(Utc::from_millis(said * 1_000)),
                    ..Status::Given.into()
                },
                attributes: [("first-name".parse().unwrap(), names[usize::from(a) % names.len()].clone())].into(),
                ..Profile::default()
            };
            let row = Row {
                token: Token::from_bytes(token),
                customer: i64::try_from(n).unwrap().try_into().unwrap(),
                profile: &profile.to_cbor(),
            };
            size += packer.push(row).unwrap().iter().map(|block| block.bytes.len()).sum::<usize>();
        }
        size += packer.finish().unwrap().iter().map(|block| block.bytes.len()).sum::<usize>();
        assert!(size <= 40 * many as usize, "{} bytes each", size as f64 / many as f64);
    }

    #[test]
    fn rows_that_do_not_compress_are_divided_until_they_fit() {
        let mut packer = Packer::default();
        let mut blocks = Vec::new();
        for n in 0..2_000 {
            let noise: String =
                (0..3).map(|part| crate::digest::Digest::of(&[part, n as u8, (n >> 8) as u8]).to_string()).collect();
            let attributes = noise.as_bytes().chunks(96).enumerate();
            let attributes = attributes
                .map(|(at, text)| (format!("a{at}").parse().unwrap(), String::from_utf8(text.to_vec()).unwrap()));
            let profile = Profile { attributes: attributes.collect(), ..Profile::default() }.to_cbor();
            let customer = CustomerId::try_from(n).unwrap();
            blocks.extend(packer.push(Row { token: token(n as u64), customer, profile: &profile }).unwrap());
        }
        blocks.extend(packer.finish().unwrap());
        assert!(blocks.iter().all(|block| block.bytes.len() <= limits::BLOCK));
        assert_eq!(blocks.iter().map(|block| block.rows).sum::<u32>(), 2_000);
    }

    #[test]
    fn unsorted_rows_are_not_packed() {
        let profile = Profile::default().to_cbor();
        let row = Row { token: token(1), customer: CustomerId::try_from(1).unwrap(), profile: &profile };
        let mut packer = Packer::default();
        packer.push(row).unwrap();
        assert!(matches!(packer.push(row), Err(PackError::Order)));
    }

    #[test]
    fn a_bomb_a_cut_block_and_a_foreign_one_are_refused() {
        let bomb = zstd::bulk::compress(&vec![0; limits::BLOCK_DECODED + 1], LEVEL).unwrap();
        assert!(matches!(Rows::decompress(&bomb), Err(UnpackError::Bomb)));
        let block = packed(100).remove(0).bytes;
        assert!(Rows::decompress(&block[..block.len() - 1]).is_err());
        assert!(matches!(Rows::decompress(&[&block[..], b"x"].concat()), Err(UnpackError::Trailing)));
        assert!(Rows::decompress(b"not a frame").is_err());
        let foreign = zstd::bulk::compress(b"\x83\x41x\x01\x80", LEVEL).unwrap();
        assert!(matches!(Rows::decompress(&foreign), Err(UnpackError::Row(_))));
    }
}
