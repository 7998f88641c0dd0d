// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's type information: the prototypes of functions.
//!
//! C header: [`include/linux/btf.h`](srctree/include/linux/btf.h)

use super::module::Loaded;
use crate::policy::{
    btf::{
        self,
        Described,
        Types, //
    },
    Prototype, //
};
use core::ptr::{
    self,
    NonNull, //
};
use kernel::{
    bindings,
    prelude::*,
    str::CStrExt, //
};

/// Whether the kernel has type information. May sleep.
pub(crate) fn is_there() -> bool {
    Information::of(None).is_some()
}

/// The prototype of the function called `name`, in `module` or in the kernel itself. It is unknown
/// if there is no type information about it, or several functions of this name differ. May sleep.
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

/// Type information of the kernel or of a module.
///
/// # Invariants
///
/// The pointer is to type information of which this holds a reference.
struct Information {
    btf: NonNull<bindings::btf>,
    /// The numbers of the types that are its own.
    first: u32,
    end: u32,
}

impl Information {
    fn of(module: Option<&Loaded<'_>>) -> Option<Self> {
        let module = module.map_or(ptr::null(), |module| module.as_ptr().cast_const());
        // SAFETY: The module is there, or it is null, which stands for the kernel itself.
        let btf = unsafe { bindings::btf_get_module_btf(module) };
        // The result is null, an error, or type information with a reference for us.
        let btf = NonNull::new(kernel::error::from_err_ptr(btf).ok()?)?;
        // SAFETY: The type information is there, and so is what it builds on.
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

    /// The numbers of all functions called `name` that are its own.
    fn functions<'a>(&'a self, name: &'a CStr) -> impl Iterator<Item = u32> + 'a {
        let btf = self.btf.as_ptr();
        // The kernel's own are found quickly, the first of them first. A module has few.
        let first = match self.first {
            // SAFETY: The type information is there by the type invariants.
            1 => unsafe {
                bindings::btf_find_by_name_kind(btf, name.as_char_ptr(), btf::FUNC as u8)
            },
            first => first as i32,
        };
        let first = u32::try_from(first).unwrap_or(self.end);
        let is_it = move |id: &u32| {
            // SAFETY: The type information is there by the type invariants, and it has a type with
            // this number, whose name is a string.
            unsafe {
                let described = bindings::btf_type_by_id(btf, *id);

                btf::kind((*described).info) == btf::FUNC
                    && CStr::from_char_ptr(bindings::btf_name_by_offset(btf, (*described).name_off))
                        == name
            }
        };

        // Types of one name are neighbours where the kernel's own are sorted, and where they are
        // not there is one at most.
        (first..self.end)
            .take_while(move |id| self.first != 1 || is_it(id))
            .filter(is_it)
    }
}

impl Types for Information {
    fn get(&self, id: u32) -> Option<Described> {
        // SAFETY: The type information is there by the type invariants.
        let described =
            NonNull::new(unsafe { bindings::btf_type_by_id(self.btf.as_ptr(), id) }.cast_mut())?;

        // SAFETY: Type information was checked when it was loaded: each type is followed by what
        // its kind asks for, which is its encoding for an integer. It does not change.
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
        // SAFETY: The type information is there by the type invariants and does not change; its
        // names are strings, and any offset may be asked for.
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
        // SAFETY: The type information is there by the type invariants. It was checked when it was
        // loaded: a prototype is followed by its parameters, of which `info` has the number.
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

impl Drop for Information {
    fn drop(&mut self) {
        // SAFETY: The reference is ours by the type invariants.
        unsafe { bindings::btf_put(self.btf.as_ptr()) };
    }
}
