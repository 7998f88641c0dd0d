// SPDX-License-Identifier: GPL-2.0-only

//! The memory of a loaded kernel, by address.

use super::{
    bytes::{before_nul, u32_at, u64_at},
    symbols::MAX_NAME,
};
use std::ops::Range;

/// Maximum length of a string, in bytes, with its NUL.
const MAX_STRING: usize = MAX_NAME + 1;
/// Maximum number of symbols that one file exports. A distribution's kernel has a quarter of that.
const MAX_EXPORTS: usize = 1 << 17;

/// A piece of memory.
#[derive(Clone, Debug)]
struct Piece {
    range: Range<u64>,
    /// The index of its store, and the range in it.
    store: usize,
    at: usize,
}

/// File contents, by address.
#[derive(Default)]
pub(super) struct Memory {
    stores: Vec<Vec<u8>>,
    /// Sorted by address, without overlaps.
    pieces: Vec<Piece>,
}

impl Memory {
    /// Creates memory from `stores` and pieces of them: the address of each, the index of the
    /// store, and the range in it. If pieces overlap, the first one is used. Ranges are truncated
    /// to the store.
    pub(super) fn new(
        stores: Vec<Vec<u8>>,
        pieces: impl IntoIterator<Item = (u64, usize, Range<usize>)>,
    ) -> Self {
        let mut memory = Self {
            stores,
            pieces: Vec::new(),
        };

        for (address, store, range) in pieces {
            let length = memory.stores.get(store).map_or(0, Vec::len);
            let length = range.end.min(length).saturating_sub(range.start) as u64;

            if let Some(end) = address.checked_add(length).filter(|_| length > 0) {
                memory.pieces.push(Piece {
                    range: address..end,
                    store,
                    at: range.start,
                });
            }
        }
        memory.pieces.sort_by_key(|piece| piece.range.start);
        let mut end = 0;
        memory.pieces.retain(|piece| {
            let is_free = piece.range.start >= end;

            if is_free {
                end = piece.range.end;
            }
            is_free
        });
        memory
    }

    /// Appends the memory `other`, which has higher addresses.
    pub(super) fn append(&mut self, other: Self) {
        let stores = self.stores.len();

        debug_assert!(
            self.end()
                <= other
                    .pieces
                    .first()
                    .map_or(u64::MAX, |piece| piece.range.start)
        );
        self.stores.extend(other.stores);
        self.pieces
            .extend(other.pieces.into_iter().map(|mut piece| {
                piece.store += stores;
                piece
            }));
    }

    /// How many bytes it holds.
    pub(super) fn size(&self) -> usize {
        self.stores.iter().map(Vec::len).sum()
    }

    /// Where it ends.
    pub(super) fn end(&self) -> u64 {
        self.pieces.last().map_or(0, |piece| piece.range.end)
    }

    /// The store that contains `address`, and the range from there to the end of its piece.
    fn find(&self, address: u64) -> Option<(usize, Range<usize>)> {
        let after = self
            .pieces
            .partition_point(|piece| piece.range.start <= address);
        let piece = self.pieces[..after]
            .last()
            .filter(|piece| piece.range.contains(&address))?;
        let skipped = (address - piece.range.start) as usize;
        let length = (piece.range.end - piece.range.start) as usize;

        Some((piece.store, piece.at + skipped..piece.at + length))
    }

    /// The rest of the piece that contains `address`.
    pub(super) fn rest_at(&self, address: u64) -> Option<&[u8]> {
        let (store, range) = self.find(address)?;

        self.stores[store].get(range)
    }

    /// The same, mutable.
    pub(super) fn rest_at_mut(&mut self, address: u64) -> Option<&mut [u8]> {
        let (store, range) = self.find(address)?;

        self.stores[store].get_mut(range)
    }

    /// `length` bytes at `address`.
    pub(super) fn read(&self, address: u64, length: usize) -> Option<&[u8]> {
        self.rest_at(address)?.get(..length)
    }

    /// The bytes in `range`.
    pub(super) fn range(&self, range: Range<u64>) -> Option<&[u8]> {
        self.read(range.start, range.end.checked_sub(range.start)? as usize)
    }

    /// The 32 bits at `address`.
    pub(super) fn u32(&self, address: u64) -> Option<u32> {
        u32_at(self.rest_at(address)?, 0)
    }

    /// The 64 bits at `address`.
    pub(super) fn u64(&self, address: u64) -> Option<u64> {
        u64_at(self.rest_at(address)?, 0)
    }

    /// The string at `address`, if it is valid and not too long.
    pub(super) fn string(&self, address: u64) -> Option<&str> {
        let bytes = self.rest_at(address)?;
        let bytes = &bytes[..bytes.len().min(MAX_STRING)];

        std::str::from_utf8(before_nul(bytes)?).ok()
    }

    /// All pieces with their addresses, sorted.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.pieces
            .iter()
            .filter_map(|piece| Some((piece.range.start, self.rest_at(piece.range.start)?)))
    }

    /// The target of the 32-bit pointer at `address` that is relative to its own place.
    pub(super) fn relative(&self, address: u64) -> Option<u64> {
        Some(address.wrapping_add_signed(i64::from(self.u32(address)? as i32)))
    }
}

/// The symbols exported by `struct kernel_symbol`s in `range`, with their addresses. Stops if their
/// names exceed the size of that memory.
pub(super) fn exports(
    memory: &Memory,
    range: Range<u64>,
) -> impl Iterator<Item = (&str, u64)> + '_ {
    /// The size of a record, in bytes.
    const SIZE: usize = 12;
    let mut left: usize = memory.pieces().map(|(_, bytes)| bytes.len()).sum();

    range
        .step_by(SIZE)
        .take(MAX_EXPORTS)
        .map_while(move |entry| {
            let address = memory.relative(entry)?;
            let name = memory.string(memory.relative(entry.checked_add(4)?)?)?;

            left = left.checked_sub(name.len())?;
            Some((name, address))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_by_address() {
        let memory = Memory::new(
            vec![vec![1, 2, 3, 4, 5, 6, 7, 8], b"text\0".to_vec()],
            [(0x2000, 1, 0..100), (0x1000, 0, 0..8), (0x1004, 0, 0..2)],
        );

        assert_eq!(memory.read(0x1002, 2), Some(&[3, 4][..]));
        assert_eq!(memory.read(0x1007, 2), None);
        assert_eq!(memory.read(0xfff, 1), None);
        assert_eq!(memory.u64(0x1000), Some(0x0807_0605_0403_0201));
        assert_eq!(memory.u64(0x1001), None);
        assert_eq!(memory.string(0x2001), Some("ext"));
        assert_eq!(memory.string(0x1000), None);
        let (start, end) = (0x1000, 0xfff);
        assert_eq!(memory.range(start..end), None);
        assert_eq!(memory.end(), 0x2005);
        assert_eq!(memory.relative(0x2005), None);
    }

    #[test]
    fn pieces_at_the_end_of_the_address_space_are_left_out() {
        let memory = Memory::new(vec![vec![0; 16]], [(u64::MAX - 3, 0, 0..16), (0, 7, 0..1)]);

        assert_eq!(memory.pieces().count(), 0);
    }
}
