// SPDX-License-Identifier: GPL-2.0-only

//! BTF, the kernel's type information.
//!
//! C header: [`include/linux/btf.h`](srctree/include/linux/btf.h)

use super::module::Loaded;
use crate::policy::{
    btf::{
        self,
        Described,
        Layouts,
        Member,
        Types, //
    },
    Prototype, //
};
use core::{
    ops::Range,
    ptr::{
        self,
        NonNull, //
    }, //
};
use kernel::{
    bindings,
    prelude::*,
    str::CStrExt, //
};

/// Whether the kernel has type information. May sleep.
pub(crate) fn is_available() -> bool {
    Information::of(None).is_some()
}

/// The prototype of the function `name`, in `module` or in the kernel itself. It is unknown if
/// there is no type information, or if functions of this name differ. May sleep.
pub(crate) fn prototype(module: Option<&Loaded<'_>>, name: &CStr) -> Prototype {
    let Some(information) = Information::of(module) else {
        return Prototype::UNKNOWN;
    };
    let mut prototypes = information
        .functions(name)
        .map(|function| btf::prototype(&information, function));
    let first = prototypes.next().unwrap_or(Prototype::UNKNOWN);

    if prototypes.all(|other| other == first) {
        first
    } else {
        Prototype::UNKNOWN
    }
}

/// Calls `body` with the type information of the function `name`, in `module` or in the kernel
/// itself, and its type id. Returns `None` if [`prototype()`] does not know it. May sleep.
pub(crate) fn with_function<T>(
    module: Option<&Loaded<'_>>,
    name: &CStr,
    body: impl FnOnce(&dyn Layouts, u32) -> T,
) -> Option<T> {
    let information = Information::of(module)?;
    let function = information.functions(name).next()?;

    if prototype(module, name) == Prototype::UNKNOWN {
        return None;
    }
    Some(body(&information, function))
}

/// Type information of the kernel or of a module.
///
/// # Invariants
///
/// The pointer is to type information to which this holds a reference.
struct Information {
    btf: NonNull<bindings::btf>,
    /// The range of its own type ids.
    first: u32,
    end: u32,
}

impl Information {
    fn of(module: Option<&Loaded<'_>>) -> Option<Self> {
        let module = module.map_or(ptr::null(), |module| module.as_ptr().cast_const());
        // SAFETY: The module is valid, or null, which means the kernel itself.
        let btf = unsafe { bindings::btf_get_module_btf(module) };
        // The result is null, an error, or type information with a reference for us.
        let btf = NonNull::new(kernel::error::from_err_ptr(btf).ok()?)?;
        // SAFETY: The type information is valid, and so is its base.
        let (first, end) = unsafe {
            let base = bindings::btf_base_btf(btf.as_ptr());
            let first = if base.is_null() {
                1
            } else {
                bindings::btf_nr_types(base)
            };
            (first, bindings::btf_nr_types(btf.as_ptr()))
        };

        // INVARIANT: The reference was taken by `btf_get_module_btf()`.
        Some(Self { btf, first, end })
    }

    /// The type ids of its own functions called `name`.
    fn functions<'a>(&'a self, name: &'a CStr) -> impl Iterator<Item = u32> + 'a {
        let btf = self.btf.as_ptr();
        // A fast search finds the first one in the kernel. A module has few.
        let first = match self.first {
            // SAFETY: The type information is valid by the type invariants.
            1 => unsafe {
                bindings::btf_find_by_name_kind(btf, name.as_char_ptr(), btf::FUNC as u8)
            },
            first => first as i32,
        };
        let first = u32::try_from(first).unwrap_or(self.end);
        let is_it = move |id: &u32| {
            // SAFETY: The type information is valid by the type invariants, and has a type with
            // this id, whose name is a string.
            unsafe {
                let described = bindings::btf_type_by_id(btf, *id);

                btf::kind((*described).info) == btf::FUNC
                    && CStr::from_char_ptr(bindings::btf_name_by_offset(btf, (*described).name_off))
                        == name
            }
        };

        // If the kernel's types are sorted, those of one name are adjacent; otherwise there is at
        // most one.
        (first..self.end)
            .take_while(move |id| self.first != 1 || is_it(id))
            .filter(is_it)
    }
}

impl Types for Information {
    fn get(&self, id: u32) -> Option<Described> {
        // SAFETY: The type information is valid by the type invariants.
        let described =
            NonNull::new(unsafe { bindings::btf_type_by_id(self.btf.as_ptr(), id) }.cast_mut())?;

        // SAFETY: Type information was verified when it was loaded: an integer is followed by its
        // encoding. It is constant.
        unsafe {
            let info = (*described.as_ptr()).info;
            let is_integer = btf::kind(info) == btf::INT;

            Some(Described {
                info,
                size_or_type: (*described.as_ptr()).__bindgen_anon_1.size,
                encoding: if is_integer {
                    described.add(1).cast::<u32>().read()
                } else {
                    0
                },
            })
        }
    }

    fn name(&self, id: u32) -> &str {
        // SAFETY: The type information is valid by the type invariants and constant; its names are
        // strings, and any offset may be passed.
        let name = unsafe {
            let described = bindings::btf_type_by_id(self.btf.as_ptr(), id);

            if described.is_null() {
                return "";
            }
            bindings::btf_name_by_offset(self.btf.as_ptr(), (*described).name_off)
        };
        if name.is_null() {
            return "";
        }
        // SAFETY: As above.
        unsafe { CStr::from_char_ptr(name) }.to_str().unwrap_or("")
    }

    fn parameter(&self, prototype: u32, index: u32) -> Option<u32> {
        // SAFETY: The type information is valid by the type invariants. It was verified when it was
        // loaded: a prototype is followed by its parameters, and `info` has their number.
        unsafe {
            let described = bindings::btf_type_by_id(self.btf.as_ptr(), prototype);

            if described.is_null()
                || btf::kind((*described).info) != btf::FUNC_PROTO
                || index >= (*described).info & 0xffff
            {
                return None;
            }
            let parameters = described.add(1).cast::<bindings::btf_param>();

            Some((*parameters.add(index as usize)).type_)
        }
    }
}

impl Information {
    /// The type with this id, if it is of one of these kinds, with the number of its entries and a
    /// pointer to the first.
    fn listed<T>(&self, id: u32, kinds: &[u32]) -> Option<(&bindings::btf_type, u32, *const T)> {
        // SAFETY: The type information is valid by the type invariants, and constant.
        let described = unsafe { bindings::btf_type_by_id(self.btf.as_ptr(), id).as_ref() }?;

        if !kinds.contains(&btf::kind(described.info)) {
            return None;
        }
        let first = (&raw const *described).wrapping_add(1).cast();
        Some((described, described.info & 0xffff, first))
    }

    /// The name at this offset.
    fn name_at(&self, offset: u32) -> &str {
        // SAFETY: The type information is valid by the type invariants and constant; its names are
        // strings, and any offset may be passed.
        let name = unsafe { bindings::btf_name_by_offset(self.btf.as_ptr(), offset) };

        if name.is_null() {
            return "";
        }
        // SAFETY: As above.
        unsafe { CStr::from_char_ptr(name) }.to_str().unwrap_or("")
    }
}

// In the following, "see above" means: type information was verified when it was loaded, and each
// type is followed by the entries of its kind, as many as its `info` says.
impl Layouts for Information {
    fn parameter_name(&self, prototype: u32, index: u32) -> Option<&str> {
        let (_, count, first) =
            self.listed::<bindings::btf_param>(prototype, &[btf::FUNC_PROTO])?;

        // SAFETY: See above.
        let parameter = (index < count).then(|| unsafe { first.add(index as usize).read() })?;
        Some(self.name_at(parameter.name_off))
    }

    fn member(&self, id: u32, index: u32) -> Option<Member<'_>> {
        let (described, count, first) =
            self.listed::<bindings::btf_member>(id, &[btf::STRUCT, btf::UNION])?;
        // SAFETY: See above.
        let member = (index < count).then(|| unsafe { first.add(index as usize).read() })?;
        // With the flag, the highest byte of an offset is the size of a bit field.
        let (bit_offset, bits) = match described.info >> 31 != 0 {
            true => (member.offset & 0xff_ffff, (member.offset >> 24) as u8),
            false => (member.offset, 0),
        };

        Some(Member {
            name: self.name_at(member.name_off),
            id: member.type_,
            bit_offset,
            bits,
        })
    }

    fn array(&self, id: u32) -> Option<(u32, u32)> {
        let (_, _, first) = self.listed::<bindings::btf_array>(id, &[btf::ARRAY])?;
        // SAFETY: See above; an array is followed by one.
        let array = unsafe { first.read() };

        Some((array.type_, array.nelems))
    }

    fn enumerator(&self, id: u32, index: u32) -> Option<(&str, i128)> {
        if let Some((described, count, first)) = self.listed::<bindings::btf_enum>(id, &[btf::ENUM])
        {
            // SAFETY: See above.
            let it = (index < count).then(|| unsafe { first.add(index as usize).read() })?;
            let value = match described.info >> 31 != 0 {
                true => i128::from(it.val),
                false => i128::from(it.val as u32),
            };

            return Some((self.name_at(it.name_off), value));
        }
        let (described, count, first) = self.listed::<bindings::btf_enum64>(id, &[btf::ENUM64])?;
        // SAFETY: See above.
        let it = (index < count).then(|| unsafe { first.add(index as usize).read() })?;
        let value = u64::from(it.val_hi32) << 32 | u64::from(it.val_lo32);
        let value = match described.info >> 31 != 0 {
            true => i128::from(value as i64),
            false => i128::from(value),
        };

        Some((self.name_at(it.name_off), value))
    }

    fn find(&self, name: &str) -> Option<u32> {
        let is_it = |id: &u32| {
            let kind = self.get(*id).map(|described| btf::kind(described.info));

            matches!(kind, Some(btf::STRUCT | btf::UNION)) && self.name(*id) == name
        };
        let only = |mut ids: Range<u32>| {
            let first = ids.find(is_it)?;
            let size = |id| self.get(id).map(|described| described.size_or_type);

            // Two of one name and size are the same structure, as seen by two files.
            ids.filter(is_it)
                .all(|other| size(other) == size(first))
                .then_some(first)
        };

        // The module's own types first.
        only(self.first..self.end).or_else(|| only(1..self.first))
    }

    fn find_enumerator(&self, name: &str) -> Option<i128> {
        let mut found = (1..self.end).filter_map(|id| {
            let mut all = (0..).map_while(|index| self.enumerator(id, index));

            all.find(|(known, _)| *known == name)
                .map(|(_, value)| value)
        });
        let first = found.next()?;

        found.all(|other| other == first).then_some(first)
    }
}

impl Drop for Information {
    fn drop(&mut self) {
        // SAFETY: The reference is ours by the type invariants.
        unsafe { bindings::btf_put(self.btf.as_ptr()) };
    }
}
