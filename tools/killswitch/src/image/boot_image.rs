// SPDX-License-Identifier: GPL-2.0-only

//! Boot images of x86-64: the compressed kernel, behind code that decompresses it.
//!
//! The format is described in `Documentation/arch/x86/boot.rst` of the kernel's source.

use super::{
    bytes::{u16_at, u32_at},
    error::Problem,
};

/// Whether `bytes` begin like a boot image.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.get(0x202..0x206) == Some(b"HdrS") && u16_at(bytes, 0x1fe) == Some(0xaa55)
}

/// The compressed kernel in the boot image.
pub(super) fn payload(image: &[u8]) -> Result<&[u8], Problem> {
    /// The size of a sector, in bytes.
    const SECTOR: u64 = 512;
    const TRUNCATED: &str = "it is a truncated boot image";

    // The first version with the offset of the kernel.
    if u16_at(image, 0x206).ok_or(TRUNCATED)? < 0x208 {
        return Err("its boot protocol is too old".into());
    }
    let sectors = match image.get(0x1f1).ok_or(TRUNCATED)? {
        0 => 4,
        sectors => u64::from(*sectors),
    };
    let field = |at| u32_at(image, at).map(u64::from).ok_or(TRUNCATED);
    let start = (sectors + 1) * SECTOR + field(0x248)?;
    let end = start + field(0x24c)?;

    match image.get(start as usize..end as usize) {
        Some([]) => Err("it is a boot image without a kernel".into()),
        Some(payload) => Ok(payload),
        None => Err(TRUNCATED.into()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A boot image with this payload.
    pub(crate) fn sample(payload: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 0x400];

        image[0x1f1] = 1;
        image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
        image[0x202..0x208].copy_from_slice(b"HdrS\x0f\x02");
        image[0x248..0x24c].copy_from_slice(&16u32.to_le_bytes());
        image[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        image.extend_from_slice(&[0x90; 16]);
        image.extend_from_slice(payload);
        image.extend_from_slice(b"behind it");
        image
    }

    #[test]
    fn payload_is_found() {
        let image = sample(b"payload");

        assert!(is_one(&image));
        assert_eq!(payload(&image), Ok(&b"payload"[..]));
    }

    #[test]
    fn truncated_images_are_refused() {
        let image = sample(b"payload");

        for length in 0..image.len() - b"behind it".len() {
            assert!(payload(&image[..length]).is_err());
        }
        assert!(!is_one(&image[..0x203]));
    }

    #[test]
    fn old_images_are_refused() {
        let mut image = sample(b"payload");

        image[0x206] = 7;
        assert!(payload(&image).is_err());
    }
}
