// SPDX-License-Identifier: GPL-2.0-only

//! The function that a target names: what is known about it, and what the policy says to a value.

use crate::{
    command::Target,
    policy::{
        self,
        Facts,
        InModule,
        Kernel,
        Rule,
        Symbol,
        Type,
        Value, //
    },
    protected::Protected,
    refusal::Refusal,
    security::{
        btf,
        code::{
            self,
            RunningCode, //
        },
        entry::Entry,
        kallsyms::{
            self,
            Within, //
        },
        kprobe,
        module::{
            self,
            Loaded,
            Module, //
        }, //
    },
    text::Text, //
};
use core::fmt::{
    self,
    Write, //
};
use kernel::{
    prelude::*,
    str::CString, //
};

/// What stands for the kernel itself where a target names a module.
pub(crate) const KERNEL: &str = "vmlinux";

/// The function that a target names. Its module does not go as long as this is there.
pub(crate) struct Subject<'a> {
    target: Target<'a>,
    addresses: KVec<usize>,
    module: Option<Loaded<'a>>,
    /// All its names, if it is in a module.
    names: KVec<Symbol>,
    returns: Type,
    entry: Option<Entry<'a>>,
    code: RunningCode,
    /// From how many places it is called, if [`count_callers()`] counted.
    callers: Option<usize>,
}

/// What a target turns out to be.
pub(crate) enum Found<'a> {
    /// A function that is there.
    Function(Subject<'a>),
    /// One in the module of this name, which is not loaded. What the module has built into the
    /// kernel would have been found there.
    NotLoaded(&'a str),
}

impl<'a> Subject<'a> {
    /// Finds the function, or all of them if there are several. Sleeps.
    pub(crate) fn find(target: Target<'a>) -> Result<Found<'a>, Refusal<'a>> {
        let name = match target.module {
            Some(module) => Some(CString::try_from_fmt(fmt!("{module}"))?),
            None => None,
        };
        let within = match &name {
            None => Within::Anywhere,
            Some(_) if target.module == Some(KERNEL) => Within::Kernel,
            Some(name) if target.module.is_some_and(module::is_live) => Within::Module(name),
            Some(_) => Within::Kernel,
        };
        let symbol = CString::try_from_fmt(fmt!("{}", target.symbol))?;
        let addresses = kallsyms::addresses_of(within, &symbol)?;
        let Some(first) = addresses.first() else {
            return match (within, target.module) {
                (_, Some(KERNEL)) => Err(Refusal::NoFunction),
                (Within::Kernel, Some(module)) => Ok(Found::NotLoaded(module)),
                (_, Some(module)) => Err(Refusal::NotInModule(module)),
                (_, None) => Err(Refusal::NoFunction),
            };
        };
        let Ok(module) = Loaded::owner_of(*first) else {
            return match target.module {
                // It is about to go, or to come, and then looks after what is armed.
                Some(module) => Ok(Found::NotLoaded(module)),
                None => Err(Refusal::InBetween),
            };
        };

        // A module could have gone since, and another one come: this is the function for certain
        // only if it is still found now that its module cannot go.
        if module.is_some() && kallsyms::addresses_of(within, &symbol)?[..] != addresses[..] {
            return Err(Refusal::InBetween);
        }
        Ok(Found::Function(Self::new(target, addresses, module)?))
    }

    /// The module that the function is in, if it is in one.
    pub(crate) fn module(&self) -> Option<&str> {
        self.module.as_ref()?.name().to_str().ok()
    }

    /// Finds the function in `module`, which has the name that `target` has for it and is being
    /// loaded. Sleeps. There may be none.
    pub(crate) fn find_in(module: &'a Module, target: Target<'a>) -> Result<Option<Self>> {
        let addresses = addresses_in(module, target.symbol)?;

        if addresses.is_empty() {
            return Ok(None);
        }
        Self::new(target, addresses, Some(Loaded::while_told(module)?)).map(Some)
    }

    /// The function at `address`, which was once named `target`. Sleeps.
    pub(crate) fn at<'b>(address: usize, target: Target<'a>) -> Result<Self, Refusal<'b>> {
        let mut addresses = KVec::new();
        let module = Loaded::owner_of(address).map_err(|_| Refusal::InBetween)?;

        addresses.push(address, GFP_KERNEL)?;
        Ok(Self::new(target, addresses, module)?)
    }

    fn new(target: Target<'a>, addresses: KVec<usize>, module: Option<Loaded<'a>>) -> Result<Self> {
        let names = match (&module, addresses.first()) {
            (Some(module), Some(first)) => kallsyms::names_in_module(module, *first)?,
            _ => KVec::new(),
        };
        let returns = return_type(module.as_ref(), target.symbol)?;
        let entry = match addresses.first() {
            Some(first) => {
                let symbol = CString::try_from_fmt(fmt!("{}", target.symbol))?;
                Entry::of(module.as_ref(), *first, &symbol)
            }
            None => None,
        };

        Ok(Self {
            target,
            addresses,
            module,
            names,
            returns,
            entry,
            code: RunningCode::new(),
            callers: None,
        })
    }

    /// The facts on which verdicts on the function rest. They are gathered when they are needed,
    /// and once.
    pub(crate) fn facts<'b>(&'b self, kernel: &'b Kernel<'b>) -> Facts<'b> {
        let mut facts = Facts::new(kernel, &self.addresses, &self.code);

        facts.module = self.module.as_ref().map(|module| InModule {
            module: module.name().to_str().unwrap_or_default(),
            symbols: &self.names,
        });
        facts.returns = self.returns;
        if let Some(callers) = self.callers {
            facts.set_callers(callers);
        }
        facts
    }

    /// Decides whether the function may be made to return `value`, and says where it begins.
    /// Sleeps.
    pub(crate) fn judge<'b>(
        &self,
        facts: &Facts<'_>,
        value: Value,
    ) -> Result<&Entry<'a>, Refusal<'b>> {
        let verdict = policy::judge(facts, value);

        if let Some(error) = self.code.failure() {
            return Err(Refusal::Failed(error));
        }
        match (verdict, &self.entry) {
            (Ok(()), Some(entry)) if !kprobe::is_blacklisted(entry) => Ok(entry),
            (Ok(()), _) => Err(Refusal::NotProbeable),
            // What is no function has no code to speak of.
            (Err(refusal), None) if !is_by_place(refusal.cause.rule()) => {
                Err(Refusal::NotProbeable)
            }
            (Err(refusal), _) => Err(Refusal::Policy(refusal)),
        }
    }

    /// Writes one line for each thing that an administrator who engages the function should know.
    /// Sleeps.
    pub(crate) fn notes(&self, protected: &Protected, value: Value, out: &mut dyn Write) -> Result {
        let original = policy::original(self.target.symbol);
        let mut note = |symbol: &[u8]| -> Result {
            // All but a few begin differently.
            if !symbol.starts_with(original.as_bytes()) {
                return Ok(());
            }
            let symbol = core::str::from_utf8(symbol).unwrap_or_default();

            if policy::original(symbol) == original
                && symbol != self.target.symbol
                && !symbol.ends_with(".cold")
            {
                writeln!(
                    out,
                    "  note: {symbol}, which is compiled from the same source, keeps running"
                )
                .map_err(|_| ENOMEM)?;
            }
            Ok(())
        };

        match &self.module {
            Some(module) => kallsyms::for_each_in_module(module, &mut |symbol, _| note(symbol))?,
            None if protected.may_have_variants(original) => {
                kallsyms::for_each_in_kernel(&mut |symbol, _| note(symbol))?;
            }
            None => {}
        }
        if self.returns == Type::Unknown {
            writeln!(
                out,
                "  note: there is no type information about it, so it counts as returning int"
            )
            .map_err(|_| ENOMEM)?;
        }
        if self.returns == Type::Void || (value.get() == 0 && self.returns != Type::Bool) {
            writeln!(
                out,
                "  note: its callers will go on as if it had done its work; can they, without it?"
            )
            .map_err(|_| ENOMEM)?;
        }
        match (&self.module, self.target.module) {
            (Some(module), None) => writeln!(
                out,
                "  note: it ends when module {0} goes; {0}:{1} would come back with the module",
                module.name().to_str()?,
                self.target.symbol
            ),
            (None, Some(module)) if module != KERNEL => writeln!(
                out,
                "  note: no module {module} is loaded; it is the kernel's own function"
            ),
            _ => Ok(()),
        }
        .map_err(|_| ENOMEM)
    }

    /// Writes what is known about the function, one line for each thing. Sleeps.
    pub(crate) fn describe(&self, facts: &Facts<'_>, out: &mut dyn Write) -> fmt::Result {
        let callers = facts.callers();

        write!(out, "  function: {} in ", self.target.symbol)?;
        match &facts.module {
            Some(function) => writeln!(out, "module {}", function.module)?,
            None => writeln!(out, "the kernel")?,
        }
        writeln!(out, "  returns: {}", self.returns)?;
        writeln!(
            out,
            "  called from {callers} {}",
            if callers == 1 { "place" } else { "places" }
        )
    }
}

/// Counts the callers of all functions among `found`, if there are several, in the time that it
/// takes to count those of one; verdicts on them need that number. Sleeps. Fails as
/// [`code::callers()`] does.
pub(crate) fn count_callers<'s, 'a: 's>(found: impl Iterator<Item = &'s mut Found<'a>>) -> Result {
    let mut subjects = KVec::new();
    let mut addresses = KVec::new();

    for found in found {
        if let Found::Function(subject) = found {
            for address in &subject.addresses {
                addresses.push(*address, GFP_KERNEL)?;
            }
            subjects.push(subject, GFP_KERNEL)?;
        }
    }
    if subjects.len() < 2 {
        return Ok(());
    }
    let census = code::callers(&addresses)?;

    for subject in subjects {
        subject.callers = Some(census.of(&subject.addresses));
    }
    Ok(())
}

/// Whether a rule asks only where a function is.
fn is_by_place(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::LsmEntry | Rule::LsmHook | Rule::SecurityBase | Rule::Ambiguous
    )
}

fn addresses_in(module: &Module, symbol: &str) -> Result<KVec<usize>> {
    let name = CString::try_from_fmt(fmt!("{}", module.name()))?;
    let symbol = CString::try_from_fmt(fmt!("{symbol}"))?;

    kallsyms::addresses_of(Within::Module(&name), &symbol)
}

/// The name of the loaded module that has a function called `symbol`, if one has. Sleeps.
pub(crate) fn module_with(symbol: &str) -> Result<Option<Text>> {
    let symbol = CString::try_from_fmt(fmt!("{symbol}"))?;

    for address in kallsyms::addresses_of(Within::Anywhere, &symbol)? {
        if let Ok(Some(module)) = Loaded::owner_of(address) {
            return Text::try_from(module.name().to_str()?).map(Some);
        }
    }
    Ok(None)
}

/// What a function returns. A variant with constant arguments, or with a suffix that only makes its
/// name unique, returns what the original does.
fn return_type(module: Option<&Loaded<'_>>, symbol: &str) -> Result<Type> {
    let name = match symbol.split_once('.') {
        Some((original, suffix))
            if !original.is_empty()
                && (suffix.starts_with("constprop.") || suffix.starts_with("llvm."))
                && !suffix.contains("isra")
                && !suffix.contains("part") =>
        {
            original
        }
        _ => symbol,
    };
    let name = CString::try_from_fmt(fmt!("{name}"))?;

    Ok(btf::returned(module, &name))
}
