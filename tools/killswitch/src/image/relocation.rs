// SPDX-License-Identifier: GPL-2.0-only

//! The encoding of references in code and data.

use super::{bytes::u32_at, error::Problem, Architecture};

/// The encoding of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A 64-bit address.
    Address64,
    /// The lower 32 bits of an address.
    Address32,
    /// A 64-bit distance.
    Distance64,
    /// A 32-bit distance.
    Distance32,
    /// A 16-bit distance.
    Distance16,
    /// A distance in instructions, in a bit field of one: width, and first bit.
    Branch { bits: u32, at: u32 },
    /// A distance in bytes, in the two fields of `adr`.
    Near,
    /// A distance in pages, in the fields of `adrp`.
    Page,
    /// The offset in a page, shifted to the right by this number of bits, in an instruction.
    InPage { scale: u32 },
}

/// The page size for `adrp` on arm64, in bytes.
const PAGE: u64 = 1 << 12;
/// The range of direct branches on arm64, in bytes.
const REACH: i64 = 1 << 27;

/// The size of a veneer, in bytes.
pub(super) const VENEER: usize = 12;

impl Kind {
    /// The encoding of a relocation type; `Ok(None)` for types without effect.
    pub(super) fn new(architecture: Architecture, number: u32) -> Result<Option<Self>, Problem> {
        Ok(Some(match (architecture, number) {
            (_, 0) | (Architecture::Arm64, 256) => return Ok(None),
            (Architecture::X86, 1) | (Architecture::Arm64, 257) => Self::Address64,
            (Architecture::X86, 10 | 11) | (Architecture::Arm64, 258) => Self::Address32,
            (Architecture::X86, 24) | (Architecture::Arm64, 260) => Self::Distance64,
            (Architecture::X86, 2 | 4) | (Architecture::Arm64, 261 | 314) => Self::Distance32,
            (Architecture::Arm64, 262) => Self::Distance16,
            (Architecture::Arm64, 282 | 283) => Self::Branch { bits: 26, at: 0 },
            (Architecture::Arm64, 273 | 280) => Self::Branch { bits: 19, at: 5 },
            (Architecture::Arm64, 279) => Self::Branch { bits: 14, at: 5 },
            (Architecture::Arm64, 274) => Self::Near,
            (Architecture::Arm64, 275 | 276) => Self::Page,
            (Architecture::Arm64, 277 | 278) => Self::InPage { scale: 0 },
            (Architecture::Arm64, 284) => Self::InPage { scale: 1 },
            (Architecture::Arm64, 285) => Self::InPage { scale: 2 },
            (Architecture::Arm64, 286) => Self::InPage { scale: 3 },
            (Architecture::Arm64, 299) => Self::InPage { scale: 4 },
            _ => return Err(format!("it has a relocation of the unknown type {number}").into()),
        }))
    }

    /// Whether `target` is out of range of a branch at `place`.
    pub(super) fn needs_veneer(self, place: u64, target: u64) -> bool {
        let distance = target.wrapping_sub(place) as i64;

        matches!(self, Self::Branch { bits: 26, .. }) && !(-REACH..REACH).contains(&distance)
    }

    /// Writes a reference from the address `place` to `target` to the start of `bytes`.
    pub(super) fn write(self, bytes: &mut [u8], place: u64, target: u64) -> Option<()> {
        let distance = target.wrapping_sub(place);
        let field = |bits: u32, at: u32, number: u64| {
            let mask = ((1 << bits) - 1) as u32;

            (mask << at, (number as u32 & mask) << at)
        };
        let two_fields = |number: u64| {
            let (low, high) = (field(2, 29, number), field(19, 5, number >> 2));

            (low.0 | high.0, low.1 | high.1)
        };
        let (mask, number) = match self {
            Self::Address64 => {
                *bytes.first_chunk_mut()? = target.to_le_bytes();
                return Some(());
            }
            Self::Distance64 => {
                *bytes.first_chunk_mut()? = distance.to_le_bytes();
                return Some(());
            }
            Self::Distance16 => {
                *bytes.first_chunk_mut()? = (distance as u16).to_le_bytes();
                return Some(());
            }
            Self::Address32 => (u32::MAX, target as u32),
            Self::Distance32 => (u32::MAX, distance as u32),
            Self::Branch { bits, at } => field(bits, at, distance >> 2),
            Self::Near => two_fields(distance),
            Self::Page => two_fields((target / PAGE).wrapping_sub(place / PAGE)),
            Self::InPage { scale } => field(12, 10, (target % PAGE) >> scale),
        };
        let word = u32_at(bytes, 0)? & !mask | number;

        *bytes.first_chunk_mut()? = word.to_le_bytes();
        Some(())
    }
}

/// Writes a veneer for `target`, placed at the address `place`, to the start of `bytes`: `adrp x16;
/// add x16, x16; br x16`.
pub(super) fn write_veneer(bytes: &mut [u8], place: u64, target: u64) -> Option<()> {
    const CODE: [u32; VENEER / 4] = [0x9000_0010, 0x9100_0210, 0xd61f_0200];
    let bytes: &mut [u8; VENEER] = bytes.first_chunk_mut()?;

    for (at, word) in CODE.iter().enumerate() {
        bytes[4 * at..][..4].copy_from_slice(&word.to_le_bytes());
    }
    Kind::Page.write(bytes, place, target)?;
    Kind::InPage { scale: 0 }.write(&mut bytes[4..], place + 4, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::code::{arm64::Arm64, Architecture as _};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn branches_and_veneers_reach_their_targets(
            place in (0u32..1 << 30).prop_map(|at| 0xffff_8000_8000_0000 + u64::from(at & !3)),
            distance in (-(1i64 << 27)..1 << 27).prop_map(|distance| distance & !3),
            far in -(1i64 << 31)..1 << 31,
        ) {
            let target = place.wrapping_add_signed(distance);
            let mut bytes = 0x9400_0000_u32.to_le_bytes();
            let kind = Kind::new(Architecture::Arm64, 283).unwrap().unwrap();
            let mut found = None;

            kind.write(&mut bytes, place, target).unwrap();
            Arm64::find_branches(&bytes, place as usize, 0, usize::MAX, |from, to| {
                found = Some((from as u64, to as u64));
            });
            prop_assert_eq!(found, Some((place, target)));
            prop_assert!(!kind.needs_veneer(place, target));
            prop_assert_eq!(
                kind.needs_veneer(place, place.wrapping_add_signed(far)),
                !(-(1 << 27)..1 << 27).contains(&far)
            );

            let target = place.wrapping_add_signed(far);
            let mut veneer = [0; VENEER];

            write_veneer(&mut veneer, place, target).unwrap();
            prop_assert_eq!(Arm64::behind_veneer(&veneer, place as usize), Some(target as usize));
        }
    }

    #[test]
    fn immediates_are_encoded() {
        let place = 0xffff_8000_8000_1004;
        let written = |number, word: u32, target| {
            let mut bytes = word.to_le_bytes();
            let kind = Kind::new(Architecture::Arm64, number).unwrap().unwrap();

            kind.write(&mut bytes, place, target).unwrap();
            u32::from_le_bytes(bytes)
        };

        // Assembled from: ldr x1, 8 ahead; adr x1, 5 ahead; b.eq and tbz w1, #0, 4 back; add x1,
        // x1; ldr w1, [x1]; ldr x1, [x1]; ldr q1, [x1].
        assert_eq!(written(273, 0x5800_0001, place + 8), 0x5800_0041);
        assert_eq!(written(274, 0x1000_0001, place + 5), 0x3000_0021);
        assert_eq!(written(280, 0x5400_0000, place - 4), 0x54ff_ffe0);
        assert_eq!(written(279, 0x3600_0001, place - 4), 0x3607_ffe1);
        assert_eq!(written(277, 0x9100_0021, 0x7123), 0x9104_8c21);
        assert_eq!(written(285, 0xb940_0021, 0x7124), 0xb941_2421);
        assert_eq!(written(286, 0xf940_0021, 0x7128), 0xf940_9421);
        assert_eq!(written(299, 0x3dc0_0021, 0x7120), 0x3dc0_4821);
        // x86-64 uses other types.
        assert!(Kind::new(Architecture::X86, 283).is_err());
        assert_eq!(Kind::new(Architecture::Arm64, 256), Ok(None));
    }
}
