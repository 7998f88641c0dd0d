// SPDX-License-Identifier: GPL-2.0-only

//! The function that a target names: what is known about it, and the policy's verdict on a value.

use crate::{
    command::{
        Malformed,
        Scope,
        Target, //
    },
    condition::{
        compile,
        program::Comparison,
        syntax, //
    },
    policy::{
        self,
        alternatives::{
            self,
            Candidate,
            JUDGED, //
        },
        image::Image,
        Asked,
        Callers,
        Facts,
        InModule,
        Kernel,
        Prototype,
        Symbol,
        Type,
        Value, //
    },
    protected,
    refusal::Refusal,
    security::{
        btf,
        code::{
            self,
            RunningCode, //
        },
        condition::Running,
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

/// The module name in a target that means the kernel itself.
pub(crate) const KERNEL: &str = "vmlinux";

/// The function that a target names. Its module is not unloaded as long as this exists.
pub(crate) struct Subject<'a> {
    target: Target<'a>,
    addresses: KVec<usize>,
    module: Option<Loaded<'a>>,
    /// All its names, if it is in a module.
    names: KVec<Symbol>,
    prototype: Prototype,
    entry: Option<Entry<'a>>,
    code: RunningCode,
    /// Its callers, if [`find_callers()`] collected them.
    callers: Option<Callers>,
}

/// A function in type information.
pub(crate) struct Function<'a> {
    module: Option<Loaded<'a>>,
    symbol: CString,
}

impl Function<'_> {
    /// Compiles the condition `text` on calls of the function, and passes its comparisons to `take`
    /// in order. If a name is wrong, the valid ones are written to `choices`. Sleeps.
    pub(crate) fn compile<'a>(
        &self,
        text: &str,
        choices: &mut dyn Write,
        take: &mut dyn FnMut(&Comparison<'_>),
    ) -> Result<(), Refusal<'a>> {
        let mut nodes = KVec::from_elem(None, syntax::MAX_NODES, GFP_KERNEL)?;
        let wrong = |wrong| Refusal::Malformed(Malformed::Condition(wrong));
        let tree = syntax::parse(text, &mut nodes).map_err(wrong)?;

        btf::with_function(self.module.as_ref(), &self.symbol, |types, function| {
            compile::compile(tree, types, function, &Running, choices, &mut |it| take(it))
        })
        .ok_or(Refusal::NoTypes)?
        .map_err(wrong)
    }
}

/// What a target resolves to.
pub(crate) enum Found<'a> {
    /// A function in the kernel or a live module.
    Function(Subject<'a>),
    /// A function in the module of this name, which is not loaded, and is not built in either.
    NotLoaded(&'a str),
}

impl<'a> Subject<'a> {
    /// Finds the function, or all functions of the name. Sleeps.
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
                // It is being loaded or unloaded, and its notifier handles armed engagements.
                Some(module) => Ok(Found::NotLoaded(module)),
                None => Err(Refusal::ModuleBusy),
            };
        };

        // The module may have been replaced before the reference was taken, so check the addresses
        // again.
        if module.is_some() && kallsyms::addresses_of(within, &symbol)?[..] != addresses[..] {
            return Err(Refusal::ModuleBusy);
        }
        Ok(Found::Function(Self::new(target, addresses, module)?))
    }

    /// The module that the function is in, if it is in one.
    pub(crate) fn module(&self) -> Option<&str> {
        self.module.as_ref()?.name().to_str().ok()
    }

    /// Finds the function in `module`, which is the module of `target` and is being loaded. Sleeps.
    pub(crate) fn find_in(module: &'a Module, target: Target<'a>) -> Result<Option<Self>> {
        let addresses = addresses_in(module, target.symbol)?;

        if addresses.is_empty() {
            return Ok(None);
        }
        Self::new(
            target,
            addresses,
            Some(Loaded::during_notification(module)?),
        )
        .map(Some)
    }

    /// The function at `address`, which was once named `target`. Sleeps.
    pub(crate) fn at<'b>(address: usize, target: Target<'a>) -> Result<Self, Refusal<'b>> {
        let mut addresses = KVec::new();
        let module = Loaded::owner_of(address).map_err(|_| Refusal::ModuleBusy)?;

        addresses.push(address, GFP_KERNEL)?;
        Ok(Self::new(target, addresses, module)?)
    }

    fn new(target: Target<'a>, addresses: KVec<usize>, module: Option<Loaded<'a>>) -> Result<Self> {
        let names = match (&module, addresses.first()) {
            (Some(module), Some(first)) => kallsyms::names_in_module(module, *first)?,
            _ => KVec::new(),
        };
        let prototype = code::prototype(module.as_ref(), target.symbol)?;
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
            prototype,
            entry,
            code: RunningCode::new(protected::may_have_variants),
            callers: None,
        })
    }

    /// The function in type information.
    pub(crate) fn function(&self) -> Result<Function<'a>> {
        Ok(Function {
            module: self.module.clone(),
            symbol: CString::try_from_fmt(fmt!("{}", self.target.symbol))?,
        })
    }

    /// The facts for verdicts on the function. Each is computed on first use.
    pub(crate) fn facts<'b>(&'b self, kernel: &'b Kernel<'b>) -> Facts<'b> {
        let mut facts = Facts::new(kernel, &self.addresses, &self.code);

        facts.module = self.module.as_ref().map(|module| InModule {
            module: module.name().to_str().unwrap_or_default(),
            symbols: &self.names,
        });
        facts.prototype = self.prototype;
        if let Some(callers) = self.callers {
            facts.set_callers(callers);
        }
        facts
    }

    /// Decides whether the function may be made to return `value` to callers in `scope`, or be
    /// observed without a value, and returns its entry. Sleeps.
    pub(crate) fn judge<'b>(
        &self,
        facts: &Facts<'_>,
        value: Option<Value>,
        scope: Scope,
    ) -> Result<&Entry<'a>, Refusal<'b>> {
        let verdict = judge(facts, value, scope);

        if let Some(error) = self.code.failure() {
            return Err(Refusal::Failed(error));
        }
        match (verdict, &self.entry) {
            (Ok(()), Some(entry)) if !kprobe::is_blacklisted(entry) => Ok(entry),
            (Ok(()), _) => Err(Refusal::NotProbeable),
            // A symbol that is not a function has no code to judge.
            (Err(refusal), None)
                if self.addresses.len() == 1 && !refusal.cause.rule().is_by_place() =>
            {
                Err(Refusal::NotProbeable)
            }
            (Err(refusal), _) => Err(Refusal::Policy(refusal)),
        }
    }

    /// Writes notes for an administrator who engages the function, one per line. Sleeps.
    pub(crate) fn notes(&self, value: Option<Value>, out: &mut dyn Write) -> Result {
        let original = policy::original(self.target.symbol);
        let mut note = |symbol: &[u8]| -> Result {
            // A fast check that rejects nearly all symbols.
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
                    "  note: {symbol}, compiled from the same source, keeps running"
                )
                .map_err(|_| ENOMEM)?;
            }
            Ok(())
        };

        match &self.module {
            Some(module) => kallsyms::for_each_in_module(module, &mut |symbol, _| note(symbol))?,
            None if protected::may_have_variants(original) => {
                kallsyms::for_each_in_kernel(&mut |symbol, _| note(symbol))?;
            }
            None => {}
        }
        let returns = self.prototype.returns;
        if returns == Type::Unknown {
            writeln!(
                out,
                "  note: it has no type information; check its source for what it returns"
            )
            .map_err(|_| ENOMEM)?;
        }
        let is_success =
            |value: Value| returns == Type::Void || (value.get() == 0 && returns != Type::Bool);
        if value.is_some_and(is_success) {
            writeln!(
                out,
                "  note: its callers will assume success; check that they cope"
            )
            .map_err(|_| ENOMEM)?;
        }
        match (&self.module, self.target.module) {
            (Some(module), None) => writeln!(
                out,
                "  note: it ends when module {0} is unloaded; {0}:{1} would be engaged again when \
                 it is loaded",
                module.name().to_str()?,
                self.target.symbol
            ),
            (None, Some(module)) if module != KERNEL => writeln!(
                out,
                "  note: module {module} is not loaded; this is the kernel's own function"
            ),
            _ => Ok(()),
        }
        .map_err(|_| ENOMEM)
    }

    /// Writes which callers could be engaged instead. Sleeps.
    pub(crate) fn alternatives(
        &self,
        facts: &Facts<'_>,
        asked: Asked,
        out: &mut dyn Write,
    ) -> Result {
        let mut scratch = KVec::from_elem(Candidate::default(), JUDGED, GFP_KERNEL)?;
        let mut functions = KVec::from_elem(0, JUDGED, GFP_KERNEL)?;
        let mut result = Ok(());

        alternatives::find(facts, asked, (&mut scratch, &mut functions), &mut |found| {
            let name = target_of(found.function);
            let scope = if found.asked.spares_root {
                " scope=nonroot"
            } else {
                ""
            };
            let mut line = || {
                let name = name.as_ref().map_err(|_| fmt::Error)?.as_str();

                write!(
                    out,
                    "  instead: {name} {}{scope}, which ",
                    found.asked.value
                )?;
                match found.through {
                    None => out.write_str("calls it"),
                    Some(through) => write!(out, "calls it through {}", self.code.name(through)),
                }?;
                writeln!(out, " and returns {}", found.returns)
            };

            result = result.and(line());
        });
        self.code.failure().map_or(Ok(()), Err)?;
        result.map_err(|_| ENOMEM)
    }

    /// Writes what is known about the function, one property per line. Sleeps.
    pub(crate) fn describe(&self, facts: &Facts<'_>, out: &mut dyn Write) -> fmt::Result {
        let callers = facts.callers().count;

        write!(out, "  function: {} in ", self.target.symbol)?;
        match &facts.module {
            Some(function) => writeln!(out, "module {}", function.module)?,
            None => writeln!(out, "the kernel")?,
        }
        writeln!(out, "  zone: {}", facts.zone())?;
        writeln!(out, "  returns: {}", self.prototype.returns)?;
        writeln!(
            out,
            "  called from {callers} {}",
            if callers == 1 { "place" } else { "places" }
        )?;
        match callers {
            0 => out.write_str(
                "  note: it has no direct callers; for those that call it through a pointer, see \
                 killswitch explain\n",
            ),
            _ => Ok(()),
        }
    }
}

/// The target for the function at `address`: with its module, or [`KERNEL`], if its name is not
/// unique. Sleeps.
fn target_of(address: usize) -> Result<Text> {
    let name = kallsyms::name_of(address).ok_or(ENOENT)?;
    let symbol = CString::try_from_fmt(fmt!("{}", name.as_str()))?;
    let mut text = Text::new();

    if kallsyms::addresses_of(Within::Anywhere, &symbol)?.len() > 1 {
        match Loaded::owner_of(address).map_err(|_| ENOENT)? {
            Some(module) => write!(text, "{}:", module.name().to_str()?),
            None => write!(text, "{KERNEL}:"),
        }
        .map_err(|_| ENOMEM)?;
    }
    write!(text, "{}", name.as_str()).map_err(|_| ENOMEM)?;
    Ok(text)
}

/// Writes the valid choices for a wrong condition on calls of the function that `target` names.
/// Sleeps.
pub(crate) fn write_choices(target: Target<'_>, condition: &str, out: &mut dyn Write) -> Result {
    if let Ok(Found::Function(subject)) = Subject::find(target) {
        // The error is already known.
        let _ = subject.function()?.compile(condition, out, &mut |_| {});
    }
    Ok(())
}

/// Writes which callers of the function that `target` names could be engaged instead. Sleeps.
pub(crate) fn write_alternatives(target: Target<'_>, asked: Asked, out: &mut dyn Write) -> Result {
    let protected = protected::in_this_kernel()?;
    let kernel = protected.kernel();

    match Subject::find(target) {
        Ok(Found::Function(subject)) => subject.alternatives(&subject.facts(&kernel), asked, out),
        _ => Ok(()),
    }
}

/// Finds the callers of all functions in `found` in one pass, if there are several. Those of a
/// single function are found when a rule needs them. Sleeps. Fails with ENOMEM, and with EINTR if
/// the task was killed.
pub(crate) fn find_callers<'s, 'a: 's>(found: impl Iterator<Item = &'s mut Found<'a>>) -> Result {
    let mut subjects = KVec::new();
    let mut addresses = KVec::new();

    for found in found {
        if let Found::Function(subject) = found {
            addresses.extend_from_slice(&subject.addresses, GFP_KERNEL)?;
            subjects.push(subject, GFP_KERNEL)?;
        }
    }
    if subjects.len() < 2 {
        return Ok(());
    }
    for subject in subjects.iter_mut() {
        subject.callers = Some(Callers::default());
    }
    let protected = protected::in_this_kernel()?;
    let kernel = protected.kernel();
    let code = RunningCode::new(protected::may_have_variants);

    code.callers(&addresses, &mut |place, function| {
        for subject in subjects.iter_mut() {
            if subject.addresses.contains(&function) {
                if let Some(callers) = &mut subject.callers {
                    callers.add(&code, &kernel, function, place);
                }
            }
        }
    });
    code.failure().map_or(Ok(()), Err)
}

/// The policy's verdict on a function that shall return `value` to callers in `scope`, or be
/// observed without a value: what cannot be engaged cannot be observed.
fn judge(facts: &Facts<'_>, value: Option<Value>, scope: Scope) -> Result<(), policy::Refusal> {
    match value {
        Some(value) => policy::judge(facts, scope.asks(value)),
        None => policy::judge_any(facts, scope == Scope::Nonroot),
    }
}

/// Does the same for the function that `target` names in `module`, which is not loaded, by their
/// names. Sleeps.
pub(crate) fn judge_unloaded<'b>(
    module: &str,
    target: Target<'_>,
    value: Option<Value>,
    scope: Scope,
) -> Result<(), Refusal<'b>> {
    let protected = protected::in_this_kernel()?;
    let kernel = protected.kernel();
    let code = RunningCode::new(protected::may_have_variants);
    let mut facts = Facts::new(&kernel, &[], &code);
    let symbols = [Symbol::new(target.symbol.as_bytes())];

    facts.module = Some(InModule {
        module,
        symbols: &symbols,
    });
    judge(&facts, value, scope).map_err(Refusal::Policy)
}

fn addresses_in(module: &Module, symbol: &str) -> Result<KVec<usize>> {
    let name = CString::try_from_fmt(fmt!("{}", module.name()))?;
    let symbol = CString::try_from_fmt(fmt!("{symbol}"))?;

    kallsyms::addresses_of(Within::Module(&name), &symbol)
}

/// The name of a loaded module that has a symbol called `symbol`. Sleeps.
pub(crate) fn find_module_with(symbol: &str) -> Result<Option<Text>> {
    let symbol = CString::try_from_fmt(fmt!("{symbol}"))?;

    for address in kallsyms::addresses_of(Within::Anywhere, &symbol)? {
        if let Ok(Some(module)) = Loaded::owner_of(address) {
            return Text::try_from(module.name().to_str()?).map(Some);
        }
    }
    Ok(None)
}
