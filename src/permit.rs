// SPDX-License-Identifier: GPL-2.0-only

//! The one way from a request to an engagement: a [`Permit`] that authority and policy produce.

use crate::{
    authority::Authority,
    command::Target,
    policy::{
        self,
        AddressSet,
        Allowed,
        Facts,
        Hook,
        HookSet,
        Value, //
    },
    refusal::Refusal,
    security::{
        ftrace,
        kallsyms,
        lsm,
        module::Loaded, //
    }, //
};
use kernel::{
    prelude::*,
    str::CString, //
};

/// What the policy protects in the running kernel.
pub(crate) struct Protected {
    lsm_entries: AddressSet<KVec<usize>>,
    lsm_hooks: HookSet<KVec<Hook>>,
}

impl Protected {
    /// Finds out. To be called after the LSMs were initialized. Sleeps; fails with ENOMEM only.
    pub(crate) fn of_this_kernel() -> Result<Self> {
        Ok(Self {
            lsm_entries: AddressSet::new(kallsyms::functions_of_kernel(policy::is_entry_name)?),
            lsm_hooks: HookSet::new(lsm::registered_hooks()?),
        })
    }

    fn judge(&self, addresses: &[usize], value: Value) -> Result<Allowed, policy::Refusal> {
        let facts = Facts {
            addresses,
            lsm_entries: self.lsm_entries.borrow(),
            lsm_hooks: self.lsm_hooks.borrow(),
        };
        policy::judge(&facts, value)
    }
}

/// Proof that the function at an address may return a value: that whoever asked may ask, and that
/// the policy allows it.
pub(crate) struct Permit {
    address: usize,
    value: Value,
    /// The function's module, which does not go as long as the permit is there.
    module: Option<Loaded>,
    _allowed: Allowed,
}

impl Permit {
    /// Judges whether the function called `target` may return `value`. Sleeps.
    pub(crate) fn grant<'a>(
        authority: &Authority,
        protected: &Protected,
        target: Target<'a>,
        value: Value,
    ) -> Result<Self, Refusal<'a>> {
        let symbol = CString::try_from_fmt(fmt!("{}", target.symbol))?;
        let module = match target.module {
            Some(module) => Some(CString::try_from_fmt(fmt!("{module}"))?),
            None => None,
        };
        let addresses = kallsyms::addresses_of(module.as_deref(), &symbol)?;
        let Some(address) = addresses.first() else {
            return Err(match target.module {
                Some(module) => Refusal::NotInModule(module),
                None => Refusal::NoFunction,
            });
        };

        // Where there is more than one address, the policy refuses.
        let mut permit = Self::judge(authority, protected, &addresses, *address, value)?;

        if !ftrace::is_function(*address) {
            return Err(Refusal::NotProbeable);
        }
        // A module could have gone since, and another one come: the judged function is there for
        // certain only if it is still found now that its module cannot go.
        permit.module = Loaded::owner_of(*address)?;
        if kallsyms::addresses_of(module.as_deref(), &symbol)?[..] != addresses[..] {
            return Err(Refusal::NoFunction);
        }
        Ok(permit)
    }

    /// Judges whether the function at `address`, which is engaged, may return `value` instead.
    pub(crate) fn grant_again<'a>(
        authority: &Authority,
        protected: &Protected,
        address: usize,
        value: Value,
    ) -> Result<Self, Refusal<'a>> {
        Self::judge(authority, protected, &[address], address, value)
    }

    fn judge<'a>(
        _: &Authority,
        protected: &Protected,
        addresses: &[usize],
        address: usize,
        value: Value,
    ) -> Result<Self, Refusal<'a>> {
        let allowed = protected.judge(addresses, value).map_err(Refusal::Policy)?;

        Ok(Self {
            address,
            value,
            module: None,
            _allowed: allowed,
        })
    }

    /// Where the function is.
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    /// What it may return.
    pub(crate) fn value(&self) -> Value {
        self.value
    }
}
