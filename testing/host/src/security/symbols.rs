// SPDX-License-Identifier: GPL-2.0-only

//! Stand-in for the kernel's symbols, types, code and modules.

use crate::machine::{self, machine, Function};
use kernel::prelude::*;

/// The existing functions.
fn functions() -> Vec<Function> {
    machine(|m| m.world.functions())
}

pub(crate) mod btf {
    use super::{functions, module::Loaded};
    use crate::policy::{btf::Layouts, Prototype};
    use kernel::prelude::*;

    pub(crate) fn is_available() -> bool {
        true
    }

    /// Parameters are not known here.
    pub(crate) fn with_function<T>(
        _: Option<&Loaded<'_>>,
        _: &CStr,
        _: impl FnOnce(&dyn Layouts, u32) -> T,
    ) -> Option<T> {
        None
    }

    pub(crate) fn prototype(module: Option<&Loaded<'_>>, name: &str) -> Prototype {
        functions()
            .iter()
            .find(|function| function.module == module.map(Loaded::as_str) && name == function.name)
            .map_or(Prototype::UNKNOWN, |function| Prototype {
                returns: function.returns,
                ..Prototype::UNKNOWN
            })
    }
}

pub(crate) mod code {
    use super::{btf, kallsyms, module::Loaded};
    use crate::policy::{
        self,
        code::{x86::X86, Reader},
        image::{Cold, Function, Image},
        Prototype, Symbol,
    };
    use kernel::prelude::*;
    use std::ops::Range;

    pub(crate) fn prototype(module: Option<&Loaded<'_>>, symbol: &str) -> Result<Prototype> {
        Ok(btf::prototype(module, policy::typed_name(symbol)))
    }

    /// Covers everything.
    pub(crate) fn text() -> Range<usize> {
        0..usize::MAX
    }

    /// Code without calls.
    pub(crate) struct RunningCode;

    impl RunningCode {
        pub(crate) fn new(_may_be_split: fn(&str) -> bool) -> Self {
            Self
        }

        pub(crate) fn failure(&self) -> Option<Error> {
            None
        }
    }

    impl Image for RunningCode {
        fn extent(&self, address: usize) -> Option<Range<usize>> {
            kallsyms::extent(address)
        }

        fn name(&self, address: usize) -> Symbol {
            kallsyms::name_of(address).unwrap_or(Symbol::new(b"?"))
        }

        fn function(&self, _: usize, _: &mut dyn FnMut(Function<'_>)) {}

        fn hot_part(&self, _: usize) -> Option<usize> {
            None
        }

        fn cold_part(&self, _: usize) -> Cold {
            Cold::None
        }

        /// All functions can fail.
        fn read(&self, _: usize, buffer: &mut [u8]) -> bool {
            buffer.fill(0x90);
            buffer[..5].copy_from_slice(&[0xb8, 0xea, 0xff, 0xff, 0xff]);
            true
        }

        fn callers(&self, _: &[usize], _: &mut dyn FnMut(usize, usize)) {}

        fn reader(&self) -> &'static dyn Reader {
            &X86
        }

        fn padding(&self) -> usize {
            16
        }
    }
}

pub(crate) mod entry {
    use super::{functions, module::Loaded};
    use std::ffi::CStr;

    #[derive(Clone)]
    pub(crate) struct Entry<'m> {
        address: usize,
        _module: Option<Loaded<'m>>,
    }

    impl<'m> Entry<'m> {
        pub(crate) fn of(
            module: Option<&Loaded<'m>>,
            address: usize,
            _: &CStr,
        ) -> Option<Entry<'m>> {
            let name = module.map(Loaded::as_str);

            functions()
                .iter()
                .any(|it| it.address == address && it.module == name && it.is_probeable)
                .then(|| Self {
                    address,
                    _module: module.cloned(),
                })
        }

        pub(crate) fn address(&self) -> usize {
            self.address
        }
    }
}

pub(crate) mod kallsyms {
    use super::{functions, module::Loaded, *};
    use crate::policy::Symbol;
    use std::{fmt, ops::Range};

    #[derive(Clone, Copy)]
    pub(crate) enum Within<'a> {
        Anywhere,
        Kernel,
        Module(&'a CStr),
    }

    pub(crate) struct Place(pub(crate) usize);

    impl fmt::Display for Place {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0)
        }
    }

    pub(crate) fn addresses_of(within: Within<'_>, symbol: &CStr) -> Result<KVec<usize>> {
        let mut found = KVec::new();

        for function in functions() {
            let is_within = match within {
                Within::Anywhere => true,
                Within::Kernel => function.module.is_none(),
                Within::Module(name) => function.module == name.to_str().ok(),
            };

            if is_within && symbol.to_str() == Ok(function.name) {
                found.push(function.address, GFP_KERNEL)?;
            }
        }
        Ok(found)
    }

    pub(crate) fn names_in_module(module: &Loaded<'_>, address: usize) -> Result<KVec<Symbol>> {
        let mut names = KVec::new();

        for_each_in_module(module, &mut |name, at| {
            if at == address {
                names.push(Symbol::new(name), GFP_KERNEL)?;
            }
            Ok(())
        })?;
        Ok(names)
    }

    pub(crate) fn for_each_in_module(
        module: &Loaded<'_>,
        visit: &mut dyn FnMut(&[u8], usize) -> Result,
    ) -> Result {
        functions()
            .iter()
            .filter(|function| function.module == Some(module.as_str()))
            .try_for_each(|function| visit(function.name.as_bytes(), function.address))
    }

    pub(crate) fn for_each_in_kernel(visit: &mut dyn FnMut(&[u8], usize) -> Result) -> Result {
        machine::KERNEL
            .iter()
            .try_for_each(|function| visit(function.name.as_bytes(), function.address))
    }

    pub(crate) fn extent(address: usize) -> Option<Range<usize>> {
        let start = address / 0x100 * 0x100;

        functions()
            .iter()
            .any(|function| function.address == start)
            .then_some(start..start + 0x100)
    }

    pub(crate) fn name_of(address: usize) -> Option<Symbol> {
        let start = extent(address)?.start;

        functions()
            .iter()
            .find(|function| function.address == start)
            .map(|function| Symbol::new(function.name.as_bytes()))
    }
}

pub(crate) mod module {
    use super::*;
    use std::{ffi::CString, marker::PhantomData};

    /// A reference to a module.
    pub(crate) struct Loaded<'m>(&'static str, CString, PhantomData<&'m Module>);

    impl Loaded<'static> {
        pub(crate) fn owner_of(address: usize) -> Result<Option<Self>> {
            let owner = machine(|m| {
                let mut modules = m.world.modules.iter();

                modules.find(|module| module.contains(address)).copied()
            });

            match owner {
                None => Ok(None),
                Some(module) if module.is_live => Ok(Some(Self::get(module.name))),
                Some(_) => Err(ENOENT),
            }
        }
    }

    impl<'m> Loaded<'m> {
        fn get(name: &'static str) -> Self {
            machine(|m| m.references += 1);
            Self(name, CString::new(name).unwrap(), PhantomData)
        }

        pub(crate) fn during_notification(module: &'m Module) -> Result<Self> {
            Ok(Self::get(module.0))
        }

        pub(crate) fn name(&self) -> &CStr {
            &self.1
        }

        pub(super) fn as_str(&self) -> &'static str {
            self.0
        }
    }

    impl Clone for Loaded<'_> {
        fn clone(&self) -> Self {
            Self::get(self.0)
        }
    }

    impl Drop for Loaded<'_> {
        fn drop(&mut self) {
            machine(|m| m.references -= 1);
        }
    }

    /// A module in the notifier.
    pub(crate) struct Module(pub(crate) &'static str);

    impl Module {
        pub(crate) fn name(&self) -> &str {
            self.0
        }

        pub(crate) fn contains(&self, address: usize) -> bool {
            machine(|m| m.world.is_in(self.0, address))
        }
    }

    pub(crate) fn is_live(name: &str) -> bool {
        machine(|m| m.world.is_live(name))
    }
}
