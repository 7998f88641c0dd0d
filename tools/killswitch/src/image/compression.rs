// SPDX-License-Identifier: GPL-2.0-only

//! Compression formats of kernels and modules.

use super::{bytes::u32_at, error::Problem};
use std::{
    io::Read,
    sync::atomic::{AtomicU64, Ordering},
};

/// Maximum size of a block in the legacy LZ4 format, in bytes.
const LZ4_BLOCK: usize = 8 << 20;
/// Number of bytes to decompress between checks of the budget.
const STEP: u64 = 1 << 20;

/// A budget for memory whose size files determine.
pub(super) struct Budget {
    /// The remaining bytes.
    left: AtomicU64,
    /// The window limit of each decompressor, in KiB.
    window: u32,
}

impl Budget {
    /// A budget of `bytes`, with a window limit in KiB.
    pub(super) fn new(bytes: u64, window: u32) -> Self {
        Self {
            left: AtomicU64::new(bytes),
            window,
        }
    }

    /// Takes `bytes`, or fails if fewer remain.
    pub(super) fn take(&self, bytes: u64) -> Result<(), Problem> {
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            })
            .map(|_| ())
            .map_err(|_| "it exceeds the size limit of kernels and modules".into())
    }
}

/// A compression format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Bzip2,
    Gzip,
    Lz4,
    Lzma,
    Lzo,
    Xz,
    Zlib,
    Zstd,
}

/// The compression format of `bytes`, if any.
fn format(bytes: &[u8]) -> Option<Format> {
    const MAGICS: [(&[u8], Format); 8] = [
        (b"BZh", Format::Bzip2),
        (&[0x1f, 0x8b], Format::Gzip),
        (&[0x02, 0x21, 0x4c, 0x18], Format::Lz4),
        (&[0x5d, 0, 0], Format::Lzma),
        (&[0x89, b'L', b'Z', b'O'], Format::Lzo),
        (&[0xfd, b'7', b'z', b'X', b'Z'], Format::Xz),
        (&[0x78], Format::Zlib),
        (&[0x28, 0xb5, 0x2f, 0xfd], Format::Zstd),
    ];

    MAGICS
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, format)| *format)
}

/// Decompresses `bytes`, whose start determines the format. Ignores trailing data.
pub(super) fn decompress(bytes: &[u8], budget: &Budget) -> Result<Vec<u8>, Problem> {
    match format(bytes).ok_or("it is neither an ELF file nor compressed in a known way")? {
        Format::Bzip2 => read(bzip2::read::BzDecoder::new(bytes), budget),
        Format::Gzip => read(flate2::read::GzDecoder::new(bytes), budget),
        Format::Lz4 => lz4(bytes, budget),
        Format::Lzma => lzma_rust2::LzmaReader::new_mem_limit(bytes, budget.window, None)
            .map_err(damaged)
            .and_then(|reader| read(reader, budget)),
        Format::Lzo => Err("it is compressed with LZO, which is not supported".into()),
        Format::Xz => read(
            lzma_rust2::XzReader::new_mem_limit(bytes, false, budget.window),
            budget,
        ),
        Format::Zlib => read(flate2::read::ZlibDecoder::new(bytes), budget),
        Format::Zstd => ruzstd::decoding::StreamingDecoder::new_with_max_window_size(
            bytes,
            u64::from(budget.window) << 10,
        )
        .map_err(damaged)
        .and_then(|reader| read(reader, budget)),
    }
}

fn damaged(error: impl std::fmt::Display) -> Problem {
    format!("it cannot be decompressed: {error}").into()
}

/// Reads to the end of `reader`.
fn read(mut reader: impl Read, budget: &Budget) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();

    loop {
        let count = reader
            .by_ref()
            .take(STEP)
            .read_to_end(&mut bytes)
            .map_err(damaged)?;

        budget.take(count as u64)?;
        if (count as u64) < STEP {
            return Ok(bytes);
        }
    }
}

/// The format of `lz4 -l`: blocks, each after its compressed size. The kernel appends the total
/// size.
fn lz4(bytes: &[u8], budget: &Budget) -> Result<Vec<u8>, Problem> {
    let mut all = Vec::new();
    let mut block = vec![0; LZ4_BLOCK];
    let mut at = 4;

    while let Some(length) = u32_at(bytes, at) {
        let start = at + 4;

        if start == bytes.len() {
            break;
        }
        let compressed = bytes
            .get(start..start + length as usize)
            .ok_or("its LZ4 data is truncated")?;
        let count = lz4_flex::block::decompress_into(compressed, &mut block).map_err(damaged)?;

        budget.take(count as u64)?;
        all.extend_from_slice(&block[..count]);
        at = start + length as usize;
    }
    Ok(all)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use flate2::{write::GzEncoder, Compression};
    use proptest::prelude::*;
    use std::io::Write;

    /// Compresses `bytes` with gzip.
    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());

        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// `text`, repeated, in the formats that the kernel's build produces.
    pub(crate) fn samples() -> Vec<(Format, Vec<u8>)> {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
                .collect()
        };

        vec![
            (Format::Gzip, gzip(TEXT)),
            (Format::Bzip2, hex(BZIP2)),
            (Format::Lz4, hex(LZ4)),
            (Format::Lzma, hex(LZMA)),
            (Format::Xz, hex(XZ)),
            (Format::Zstd, hex(ZSTD)),
        ]
    }

    const BZIP2: &str = "425a683931415926535918efff3f00000991804000086c0c80200031064c405520c1d8b3\
        c4987e628b1c30d17724538509018efff3f02b000000";
    const LZ4: &str = "02214c1815000000bf6b696c6c737769746368200b00085077697463682b000000";
    const LZMA: &str = "5d00000004ffffffffffffffff00359a49eb069b194ab920842961627e2a7fffff989800\
        002b000000";
    const XZ: &str = "fd377a585a0000016922de360201040021011e00050cecd7e0002a00115d00359a49eb06\
        9b194ab92084296161a2380000000000405760200001292b80d37cc89042990d01000000\
        0001595a2b000000";
    const ZSTD: &str = "28b52ffd04888d0000586b696c6c737769746368200100c68b1732da96492b000000";
    /// Larger than a compression window of the kernel's build.
    const WINDOW: u32 = 160 << 10;
    const TEXT: &[u8] = b"killswitch killswitch killswitch killswitch";

    #[test]
    fn formats_are_decompressed() {
        for (expected, bytes) in samples() {
            let got = decompress(&bytes, &Budget::new(1 << 20, WINDOW));

            assert_eq!(format(&bytes), Some(expected));
            assert_eq!(got.as_deref(), Ok(TEXT), "{expected:?}");
        }
    }

    #[test]
    fn budget_is_enforced() {
        let bytes = gzip(&vec![0; 3 << 20]);

        assert!(decompress(&bytes, &Budget::new(3 << 20, WINDOW)).is_ok());
        assert!(decompress(&bytes, &Budget::new((3 << 20) - 1, WINDOW)).is_err());
    }

    #[test]
    fn other_formats_are_refused() {
        let budget = Budget::new(100, WINDOW);

        assert!(decompress(b"\x89LZO\0", &budget).is_err());
        assert!(decompress(b"", &budget).is_err());
        assert!(decompress(b"text", &budget).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_panics(which in 0usize..6, cut in 0usize..200, at in 0usize..200, flip: u8) {
            let (_, mut bytes) = samples().swap_remove(which);

            bytes.truncate(cut);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= flip;
            }
            let _ = decompress(&bytes, &Budget::new(1 << 20, WINDOW));
        }
    }
}
