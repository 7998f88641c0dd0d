// SPDX-License-Identifier: GPL-2.0-only

//! The type information of a kernel and of its modules, as in `include/uapi/linux/btf.h`.

use super::{
    bytes::{before_nul, u16_at, u32_at},
    error::Problem,
    symbols::MAX_NAME,
};
use std::ops::Range;

/// The kind of an integer.
pub const INT: u32 = 1;
/// The kind of a pointer.
pub const POINTER: u32 = 2;
/// The kind of an array.
pub const ARRAY: u32 = 3;
/// The kind of a structure.
pub const STRUCT: u32 = 4;
/// The kind of a union.
pub const UNION: u32 = 5;
/// The kind of an enumeration.
pub const ENUM: u32 = 6;
/// The kind of a forward declaration.
pub const FORWARD: u32 = 7;
/// The kind of a typedef.
pub const TYPEDEF: u32 = 8;
/// The kinds of qualified types.
pub const VOLATILE: u32 = 9;
pub const CONST: u32 = 10;
pub const RESTRICT: u32 = 11;
/// The kind of a function.
pub const FUNC: u32 = 12;
/// The kind of a prototype.
pub const FUNC_PROTO: u32 = 13;
/// The kind of a type with a tag.
pub const TYPE_TAG: u32 = 18;
/// The kind of a 64-bit enumeration.
pub const ENUM64: u32 = 19;

/// The size of a type's header, in bytes.
const HEAD: usize = 12;
/// Maximum number of types, and of bytes, in one file. A distribution's kernel has a tenth of that.
const MAX_TYPES: usize = 2 << 20;
const MAX_BYTES: usize = 64 << 20;

/// The types in one file.
pub struct Btf {
    pub(super) bytes: Vec<u8>,
    strings: Range<usize>,
    /// The offset of each type.
    types: Vec<u32>,
    /// The ID of the first type, and the offset of the first string.
    first: u32,
    first_string: u32,
    /// The IDs of functions, by name.
    functions: Vec<u32>,
}

impl Btf {
    /// Its memory usage in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + (self.types.len() + self.functions.len()) * size_of::<u32>()
    }

    /// Reads a section `.BTF`. For a module, it extends the types in `base`.
    pub(super) fn new(bytes: Vec<u8>, base: Option<&Btf>) -> Result<Self, Problem> {
        const CORRUPT: &str = "its type information is corrupt";
        const MAGIC: u16 = 0xeb9f;

        let field = |at| u32_at(&bytes, at).ok_or(CORRUPT);
        let header = field(4)? as usize;
        let section = |at| -> Result<Range<usize>, Problem> {
            let start = header.checked_add(field(at)? as usize).ok_or(CORRUPT)?;
            let end = start.checked_add(field(at + 4)? as usize).ok_or(CORRUPT)?;

            bytes.get(start..end).ok_or(CORRUPT)?;
            Ok(start..end)
        };

        if bytes.len() > MAX_BYTES {
            return Err("its type information exceeds the limit".into());
        }
        if u16_at(&bytes, 0) != Some(MAGIC) || bytes.get(2) != Some(&1) {
            return Err("its type information has an unknown format".into());
        }
        let (types, strings) = (section(8)?, section(16)?);
        let mut btf = Self {
            types: starts(&bytes, types).ok_or(CORRUPT)?,
            strings,
            bytes,
            first: base.map_or(1, Btf::end),
            first_string: base.map_or(0, Btf::end_of_strings),
            functions: Vec::new(),
        };
        btf.index_functions(base);
        Ok(btf)
    }

    fn index_functions(&mut self, base: Option<&Btf>) {
        let types = Types {
            base: base.unwrap_or(self),
            own: self,
        };
        let mut functions: Vec<(&str, u32)> = (self.first..self.end())
            .filter_map(|id| Some((types.get(id)?, id)))
            .filter(|(it, _)| it.kind() == FUNC)
            .map(|(it, id)| (it.name, id))
            .collect();

        functions.sort_unstable();
        self.functions = functions.into_iter().map(|(_, id)| id).collect();
    }

    /// One past the last ID.
    fn end(&self) -> u32 {
        self.first + self.types.len() as u32
    }

    fn end_of_strings(&self) -> u32 {
        self.first_string.saturating_add(self.strings.len() as u32)
    }

    /// The header and the data of the type with this ID, if it is in this file.
    fn get(&self, id: u32) -> Option<(&[u8], &[u8])> {
        let start = *self.types.get(id.checked_sub(self.first)? as usize)? as usize;
        let info = u32_at(&self.bytes, start + 4)?;
        let length = following(kind(info), count(info))?;

        self.bytes
            .get(start..start + HEAD + length)?
            .split_at_checked(HEAD)
    }

    /// The string at this offset, if it is in this file, and not too long.
    fn string(&self, offset: u32) -> Option<&str> {
        let strings = &self.bytes[self.strings.clone()];
        let string = strings.get(offset.checked_sub(self.first_string)? as usize..)?;
        let string = &string[..string.len().min(MAX_NAME + 1)];

        std::str::from_utf8(before_nul(string)?).ok()
    }
}

/// The offset of each type in `range`, if they fill it.
fn starts(bytes: &[u8], range: Range<usize>) -> Option<Vec<u32>> {
    let mut starts = Vec::new();
    let mut at = range.start;

    while at < range.end {
        let info = u32_at(bytes, at.checked_add(4)?)?;

        starts.push(u32::try_from(at).ok()?);
        at = at.checked_add(HEAD + following(kind(info), count(info))?)?;
    }
    starts.shrink_to_fit();
    (at == range.end && starts.len() <= MAX_TYPES).then_some(starts)
}

/// The kind in a type's `info`.
pub fn kind(info: u32) -> u32 {
    info >> 24 & 0x7f
}

/// The number of elements of a type.
fn count(info: u32) -> usize {
    (info & 0xff_ffff) as usize
}

/// The size of the data of a type of this kind, after its header.
fn following(kind: u32, count: usize) -> Option<usize> {
    match kind {
        // An integer, a variable, or a declaration tag.
        1 | 14 | 17 => Some(4),
        // An array.
        3 => Some(12),
        // A structure, a union, a section, or a 64-bit enumeration.
        4 | 5 | 15 | 19 => Some(12 * count),
        // An enumeration, or a prototype.
        6 | 13 => Some(8 * count),
        2 | 7..=12 | 16 | 18 => Some(0),
        _ => None,
    }
}

/// The types of the kernel, or those of a module and of its base.
#[derive(Clone, Copy)]
pub struct Types<'a> {
    base: &'a Btf,
    own: &'a Btf,
}

/// A type.
#[derive(Clone, Copy, Debug)]
pub struct Type<'a> {
    /// Its name; empty if it has none.
    pub name: &'a str,
    /// Its kind, number of elements, and a flag, as in `struct btf_type`.
    pub info: u32,
    /// Its size in bytes, or the ID of the type that it refers to.
    pub size_or_type: u32,
    /// Its data.
    pub rest: &'a [u8],
    types: Types<'a>,
}

/// A member of a structure, or a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name; empty if it has none.
    pub name: &'a str,
    /// The ID of its type. 0 for `...`, the last parameter.
    pub id: u32,
    /// Its offset, in bits. 0 for a parameter.
    pub offset: u32,
    /// The width of a bit field; 0 for others.
    pub bits: u8,
}

impl std::fmt::Debug for Types<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Types({:?})", self.own())
    }
}

impl<'a> Types<'a> {
    /// Those in `own`, which extends `base`.
    pub(super) fn new(own: &'a Btf, base: Option<&'a Btf>) -> Self {
        Self {
            base: base.unwrap_or(own),
            own,
        }
    }

    /// The IDs of the module's own types; for the kernel, of all.
    pub fn own(&self) -> Range<u32> {
        self.own.first..self.own.end()
    }

    /// The type with this ID.
    pub fn get(&self, id: u32) -> Option<Type<'a>> {
        let (head, rest) = self.base.get(id).or_else(|| self.own.get(id))?;

        Some(Type {
            name: self.string(u32_at(head, 0)?),
            info: u32_at(head, 4)?,
            size_or_type: u32_at(head, 8)?,
            rest,
            types: *self,
        })
    }

    /// The string at this offset; empty if there is none.
    fn string(&self, offset: u32) -> &'a str {
        self.base
            .string(offset)
            .or_else(|| self.own.string(offset))
            .unwrap_or_default()
    }

    fn name(&self, id: u32) -> &'a str {
        self.get(id).map_or("", |found| found.name)
    }

    /// The IDs of the module's or the kernel's own functions called `name`, ascending.
    pub fn functions(self, name: &str) -> impl Iterator<Item = u32> + use<'_, 'a> {
        let all = &self.own.functions;
        let first = all.partition_point(|id| self.name(*id) < name);

        all[first..]
            .iter()
            .copied()
            .take_while(move |id| self.name(*id) == name)
    }

    /// The structure called `name`, if it exists.
    pub fn structure(&self, name: &str) -> Option<Type<'a>> {
        self.own()
            .filter_map(|id| self.get(id))
            .find(|found| found.kind() == STRUCT && found.name == name)
    }
}

impl<'a> Type<'a> {
    /// Its kind.
    pub fn kind(&self) -> u32 {
        kind(self.info)
    }

    /// The flag in its `info`.
    pub fn flag(&self) -> bool {
        self.info >> 31 != 0
    }

    /// The encoding of an integer: its bits, its offset, and whether it is signed or a `bool`. 0
    /// for other types.
    pub fn encoding(&self) -> u32 {
        match self.kind() {
            INT => u32_at(self.rest, 0).unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether a structure has a member called `name`, including members of anonymous ones.
    pub fn has_member(self, name: &str) -> bool {
        self.members().any(|it| {
            let inner = || self.types.get(it.id).filter(|_| it.name.is_empty());

            it.name == name || inner().is_some_and(|it| it.has_member(name))
        })
    }

    /// The members of a structure or a union, or parameters; none of other types.
    pub fn members(self) -> impl Iterator<Item = Member<'a>> {
        let size = match self.kind() {
            STRUCT | UNION => 12,
            FUNC_PROTO => 8,
            _ => usize::MAX,
        };

        self.rest.chunks_exact(size).filter_map(move |member| {
            let offset = u32_at(member, 8).unwrap_or(0);
            // With the flag, the top bits have its width.
            let (offset, bits) = match self.flag() && size == 12 {
                true => (offset & 0xff_ffff, (offset >> 24) as u8),
                false => (offset, 0),
            };

            Some(Member {
                name: self.types.string(u32_at(member, 0)?),
                id: u32_at(member, 4)?,
                offset,
                bits,
            })
        })
    }

    /// The ID of an array's element type, and its length; `None` for other types.
    pub fn array(&self) -> Option<(u32, u32)> {
        (self.kind() == ARRAY).then_some(())?;
        Some((u32_at(self.rest, 0)?, u32_at(self.rest, 8)?))
    }

    /// The names and values of an enumeration; none of other types.
    pub fn enumerators(self) -> impl Iterator<Item = (&'a str, i128)> {
        let size = match self.kind() {
            ENUM => 8,
            ENUM64 => 12,
            _ => usize::MAX,
        };

        self.rest.chunks_exact(size).filter_map(move |it| {
            let low = u32_at(it, 4)?;
            let wide = || Some(u64::from(u32_at(it, 8)?) << 32 | u64::from(low));
            let value = match (self.kind(), self.flag()) {
                (ENUM, true) => (low as i32).into(),
                (ENUM, false) => low.into(),
                (_, true) => (wide()? as i64).into(),
                (_, false) => wide()?.into(),
            };

            Some((self.types.string(u32_at(it, 0)?), value))
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Builds a section `.BTF`.
    #[derive(Default)]
    pub(crate) struct Builder {
        types: Vec<u8>,
        strings: Vec<u8>,
        /// The offset of the first string.
        base: u32,
    }

    impl Builder {
        /// A builder that extends `base`.
        pub(crate) fn on(base: Option<&Btf>) -> Self {
            Self {
                // Offset 0 is the empty name.
                strings: vec![0; usize::from(base.is_none())],
                base: base.map_or(0, Btf::end_of_strings),
                ..Self::default()
            }
        }

        fn string(&mut self, name: &str) -> u32 {
            if name.is_empty() {
                return 0;
            }
            let offset = self.base + self.strings.len() as u32;

            self.strings.extend_from_slice(name.as_bytes());
            self.strings.push(0);
            offset
        }

        /// Adds a type.
        pub(crate) fn add(
            mut self,
            name: &str,
            info: u32,
            size_or_type: u32,
            rest: &[u32],
        ) -> Self {
            let name = self.string(name);

            for number in [name, info, size_or_type].iter().chain(rest) {
                self.types.extend_from_slice(&number.to_le_bytes());
            }
            self
        }

        /// Adds a structure with members, each with the ID of its type and its offset in bytes.
        pub(crate) fn structure(
            mut self,
            name: &str,
            size: u32,
            members: &[(&str, u32, u32)],
        ) -> Self {
            let rest: Vec<u32> = members
                .iter()
                .flat_map(|(name, id, offset)| [self.string(name), *id, 8 * offset])
                .collect();

            self.add(name, STRUCT << 24 | members.len() as u32, size, &rest)
        }

        /// Adds a prototype with the names and types of parameters, and the return type.
        pub(crate) fn prototype(mut self, returns: u32, parameters: &[(&str, u32)]) -> Self {
            let rest: Vec<u32> = parameters
                .iter()
                .flat_map(|(name, id)| [self.string(name), *id])
                .collect();

            self.add(
                "",
                FUNC_PROTO << 24 | parameters.len() as u32,
                returns,
                &rest,
            )
        }

        /// Adds an enumeration of names with values.
        pub(crate) fn enumeration(mut self, names: &[(&str, u32)]) -> Self {
            let rest: Vec<u32> = names
                .iter()
                .flat_map(|(name, value)| [self.string(name), *value])
                .collect();

            self.add("", ENUM << 24 | names.len() as u32, 4, &rest)
        }

        /// The section.
        pub(crate) fn build(&self) -> Vec<u8> {
            let (types, strings) = (self.types.len() as u32, self.strings.len() as u32);
            let mut bytes = vec![0x9f, 0xeb, 1, 0];

            for number in [24, 0, types, types, strings] {
                bytes.extend_from_slice(&u32::to_le_bytes(number));
            }
            bytes.extend_from_slice(&self.types);
            bytes.extend_from_slice(&self.strings);
            bytes
        }
    }

    /// An `int`, a function `f` of it that returns one, a structure `s` of one, and a function `a`.
    fn base() -> Btf {
        let proto = FUNC_PROTO << 24 | 1;
        let builder = Builder::on(None).add("int", INT << 24, 4, &[0x0100_0020]);
        let bytes = builder
            .add("", proto, 1, &[1, 1])
            .add("f", FUNC << 24, 2, &[])
            .structure("s", 8, &[("first", 1, 0), ("second", 1, 4)])
            .add("a", FUNC << 24, 2, &[])
            .build();

        Btf::new(bytes, None).unwrap()
    }

    #[test]
    fn types_are_read() {
        let base = base();
        let types = Types::new(&base, None);
        let int = types.get(1).unwrap();
        let proto = types.get(2).unwrap();
        let members: Vec<_> = types.structure("s").unwrap().members().collect();

        assert_eq!(types.own().end, 6);
        assert_eq!((int.name, int.kind(), int.size_or_type), ("int", INT, 4));
        assert_eq!(int.encoding(), 0x0100_0020);
        assert_eq!(proto.members().count(), 1);
        assert_eq!(proto.encoding(), 0);
        assert_eq!(members[1].name, "second");
        assert_eq!(members[1].offset, 32);
        assert_eq!(types.functions("f").collect::<Vec<_>>(), [3]);
        assert_eq!(types.functions("a").collect::<Vec<_>>(), [5]);
        assert_eq!(types.functions("s").count(), 0);
        assert!(types.get(0).is_none() && types.get(6).is_none());
    }

    #[test]
    fn arrays_enumerations_and_bit_fields_are_read() {
        let signed = 1 << 31;
        let bytes = Builder::on(None)
            .add("int", INT << 24, 4, &[0x0100_0020])
            .add("", ARRAY << 24, 0, &[1, 1, 7])
            .add("e", ENUM << 24 | signed | 1, 4, &[0, u32::MAX])
            .add("wide", ENUM64 << 24 | 1, 8, &[0, 5, 1])
            .add("bits", STRUCT << 24 | signed | 1, 4, &[0, 1, 3 << 24 | 9])
            .build();
        let btf = Btf::new(bytes, None).unwrap();
        let types = Types::new(&btf, None);
        let values = |id| -> Vec<i128> {
            let all = types.get(id).unwrap().enumerators();

            all.map(|(_, value)| value).collect()
        };
        let field = types.structure("bits").unwrap().members().next().unwrap();

        assert_eq!(types.get(2).unwrap().array(), Some((1, 7)));
        assert_eq!(types.get(1).unwrap().array(), None);
        assert_eq!(values(3), [-1]);
        assert_eq!(values(4), [0x1_0000_0005]);
        assert_eq!(values(1), []);
        assert_eq!((field.offset, field.bits), (9, 3));
    }

    #[test]
    fn module_types_extend_those_of_the_kernel() {
        let base = base();
        let bytes = Builder::on(Some(&base))
            .add("f", FUNC << 24, 2, &[])
            .add("g", FUNC << 24, 2, &[])
            .build();
        let own = Btf::new(bytes, Some(&base)).unwrap();
        let types = Types::new(&own, Some(&base));

        assert_eq!(types.own(), 6..8);
        assert_eq!(types.functions("f").collect::<Vec<_>>(), [6]);
        assert_eq!(types.functions("a").count(), 0);
        assert_eq!(types.get(1).unwrap().name, "int");
        assert_eq!(types.get(7).unwrap().name, "g");
    }

    #[test]
    fn long_names_are_ignored() {
        let name = |length| {
            let bytes = Builder::on(None)
                .add(&"x".repeat(length), INT << 24, 4, &[0x0100_0020])
                .build();
            let types = Btf::new(bytes, None).unwrap();

            Types::new(&types, None).get(1).unwrap().name.len()
        };

        assert_eq!(name(MAX_NAME), MAX_NAME);
        assert_eq!(name(MAX_NAME + 1), 0);
    }

    #[test]
    fn truncated_sections_are_refused() {
        let bytes = base().bytes;

        for length in 0..bytes.len() {
            assert!(Btf::new(bytes[..length].to_vec(), None).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_panics(flips in prop::collection::vec((0usize..200, any::<u8>()), 1..4)) {
            let mut bytes = base().bytes;

            for (at, flip) in flips {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= flip;
                }
            }
            if let Ok(btf) = Btf::new(bytes, None) {
                let types = Types::new(&btf, None);

                for id in 0..types.own().end + 1 {
                    if let Some(it) = types.get(id) {
                        let _ = (it.members().count(), it.enumerators().count(), it.array());
                    }
                }
                let _ = types.functions("f").count();
            }
        }
    }
}
