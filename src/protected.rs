// SPDX-License-Identifier: GPL-2.0-only

//! What the policy protects in the running kernel: its names, resolved to addresses.

use crate::{
    policy::{
        self,
        AddressSet,
        Catalogue,
        Kernel,
        Member,
        Members,
        Name,
        Rule,
        Set,
        Tagged,
        TaggedSet,
        MANY, //
    },
    security::{
        btf,
        callbacks::{
            self,
            Calls, //
        },
        code,
        kallsyms, //
    },
    text::{
        hash,
        Text, //
    }, //
};
use core::{
    fmt::{
        self,
        Write, //
    },
    ops::Range, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Mutex,
        SetOnce, //
    }, //
};

/// The number of hash buckets for names: several for each function with variants.
const HASHES: usize = 1 << 14;

static PROTECTED: SetOnce<Protected> = SetOnce::new();

/// Serializes the collection. Only administrators' tasks take it.
static COLLECTING: SetOnce<Pin<KBox<Mutex<()>>>> = SetOnce::new();

/// What the policy protects in the running kernel. Collected once; it is constant.
pub(crate) struct Protected {
    /// What each rule covers, for the file `policy`.
    description: Text,
    lsm_entries: AddressSet<KVVec<usize>>,
    lsm_hooks: TaggedSet<KVec<Tagged<&'static str>>, &'static str>,
    lsm_trampolines: Range<usize>,
    base: Members<KVVec<usize>>,
    deciders: AddressSet<KVVec<usize>>,
    hubs: AddressSet<KVVec<usize>>,
    security: Range<usize>,
    processor: Range<usize>,
    core: AddressSet<KVVec<usize>>,
    /// A bit for each hash of a name, set if the compiler may have made variants or a cold part of
    /// the function.
    varied: KVVec<u64>,
}

/// Prepares for the functions below. Called once.
pub(crate) fn create() -> Result {
    COLLECTING.populate(KBox::pin_init(new_mutex!(()), GFP_KERNEL)?);
    Ok(())
}

/// What is protected in this kernel. The first call collects it, which reads all symbols of the
/// kernel: a boot without engagements does not pay for that. To be called after the LSMs were
/// initialized. May sleep. Fails with ENOMEM.
pub(crate) fn in_this_kernel() -> Result<&'static Protected> {
    if PROTECTED.as_ref().is_none() {
        let _collecting = COLLECTING.as_ref().ok_or(ENOMEM)?.lock();

        if PROTECTED.as_ref().is_none() {
            let mut found = Protected::collect()?;
            let mut description = Text::new();

            found.describe(&mut description).map_err(|_| ENOMEM)?;
            found.description = description;
            PROTECTED.populate(found);
        }
    }
    PROTECTED.as_ref().ok_or(ENOMEM)
}

/// What each rule covers, for the file `policy`, if that is known. Any context.
pub(crate) fn description() -> &'static str {
    PROTECTED.as_ref().map_or(
        "not known yet: collected when an administrator reads this file or makes a request\n",
        |protected| protected.description.as_str(),
    )
}

/// Whether the kernel itself may have variants or a cold part of the function `original`. Any
/// context.
pub(crate) fn may_have_variants(original: &str) -> bool {
    let (word, bit) = bit_of(original);

    PROTECTED
        .as_ref()
        .is_none_or(|protected| protected.varied[word] & bit != 0)
}

/// The word and the bit of a name in [`Protected::varied`].
fn bit_of(name: &str) -> (usize, u64) {
    let hash = hash(name) % HASHES;

    (hash / 64, 1 << (hash % 64))
}

impl Protected {
    /// Collects it. Sleeps. Fails with ENOMEM only.
    fn collect() -> Result<Self> {
        let mut names = KVVec::new();
        for name in Name::all() {
            names.push(name, GFP_KERNEL)?;
        }
        let catalogue = Catalogue::new(names);
        let mut entries = KVVec::new();
        let mut base = KVVec::new();
        let mut deciders = KVVec::new();
        let mut hubs = KVVec::new();
        let mut core = KVVec::new();
        let mut varied = KVVec::from_elem(0, HASHES / 64, GFP_KERNEL)?;
        let Calls { hooks, trampolines } = callbacks::registered_calls()?;
        let text = code::text();
        let nothing = Range {
            start: usize::MAX,
            end: 0,
        };
        let (mut security, mut processor) = (nothing.clone(), nothing);
        let widen = |range: &mut Range<usize>, address: usize| {
            let end = kallsyms::extent(address).map_or(address, |function| function.end);

            *range = range.start.min(address)..range.end.max(end);
        };

        kallsyms::for_each_in_kernel(&mut |symbol, address| {
            // The policy has no names that are not UTF-8.
            let symbol = core::str::from_utf8(symbol).unwrap_or_default();
            let original = policy::original(symbol);

            if original != symbol {
                let (word, bit) = bit_of(original);

                varied[word] |= bit;
            }
            catalogue.sets(symbol, |set| -> Result {
                match set {
                    Set::LsmEntry => entries.push(address, GFP_KERNEL)?,
                    // Init code, which is freed, is outside of this range.
                    Set::LsmCode | Set::ProcessorCode
                        if symbol.ends_with(".cold") || !text.contains(&address) => {}
                    Set::LsmCode => widen(&mut security, address),
                    Set::ProcessorCode => widen(&mut processor, address),
                    // Only functions can be engaged, and init code has been freed.
                    Set::Base(_) if !text.contains(&address) => {}
                    Set::Base(member) => base.push(member.at(address), GFP_KERNEL)?,
                    Set::Decider => deciders.push(address, GFP_KERNEL)?,
                    Set::Hub => hubs.push(address, GFP_KERNEL)?,
                    Set::Core => core.push(address, GFP_KERNEL)?,
                }
                Ok(())
            })
        })?;
        // The callbacks of BPF are outside of security/.
        for hook in hooks.iter().filter(|hook| hook.tag != "bpf") {
            widen(&mut security, hook.address);
        }
        Ok(Self {
            description: Text::new(),
            lsm_entries: AddressSet::new(fitted(entries)?),
            lsm_hooks: TaggedSet::new(hooks),
            lsm_trampolines: trampolines,
            base: Members::new(fitted(base)?),
            deciders: AddressSet::new(fitted(deciders)?),
            hubs: AddressSet::new(fitted(hubs)?),
            security,
            processor,
            core: AddressSet::new(fitted(core)?),
            varied,
        })
    }

    /// The sets, in the form for the rules.
    pub(crate) fn kernel(&self) -> Kernel<'_> {
        Kernel {
            lsm_entries: self.lsm_entries.borrow(),
            lsm_hooks: self.lsm_hooks.borrow(),
            lsm_trampolines: self.lsm_trampolines.clone(),
            base: self.base.borrow(),
            deciders: self.deciders.borrow(),
            hubs: self.hubs.borrow(),
            security: self.security.clone(),
            processor: self.processor.clone(),
            core: self.core.borrow(),
        }
    }

    /// The size of the sets, in bytes.
    fn memory(&self) -> usize {
        let addresses = [&self.lsm_entries, &self.deciders, &self.hubs, &self.core];
        size_of_val(self)
            + size_of_val(&self.varied[..])
            + addresses
                .map(|set| set.len() * size_of::<usize>())
                .iter()
                .sum::<usize>()
            + size_of_val(self.lsm_hooks.members())
            + self.base.len() * size_of::<usize>()
    }

    /// The numbers of the names in the table that the kernel has.
    fn present(&self) -> Result<AddressSet<KVVec<usize>>> {
        let mut numbers = KVVec::with_capacity(self.base.len(), GFP_KERNEL)?;

        for member in self.base.all() {
            numbers.push(member.number(), GFP_KERNEL)?;
        }
        Ok(AddressSet::new(numbers))
    }

    /// Writes what each rule covers, one per line, in the order of the rules. Sleeps.
    fn describe(&self, out: &mut dyn Write) -> fmt::Result {
        let present = self.present().map_err(|_| fmt::Error)?;

        for rule in Rule::ALL {
            write!(out, "{rule} ")?;
            match rule {
                Rule::LsmEntry => writeln!(out, "{} functions", self.lsm_entries.len()),
                Rule::LsmHook => writeln!(out, "{} functions", self.lsm_hooks.members().len()),
                Rule::SecurityBase => writeln!(out, "{} functions", self.base.len()),
                Rule::Mediation => writeln!(
                    out,
                    "callers of {} functions, direct or through one other function",
                    self.deciders.len()
                ),
                Rule::Security => {
                    writeln!(
                        out,
                        "{} bytes of code, and the functions that it calls",
                        self.security.len()
                    )
                }
                Rule::Object => out.write_str("from BTF, and words in names\n"),
                Rule::Default => out.write_str("built-in code and guards accept refusals only\n"),
                Rule::Primitive => writeln!(
                    out,
                    "{} functions, and those called from {MANY} places or more",
                    self.core.len()
                ),
                Rule::ReturnType if btf::is_available() => out.write_str("from BTF\n"),
                Rule::ReturnType => out.write_str(
                    "no BTF: the kernel and guards accept named values only, and other modules \
                     errors only\n",
                ),
                Rule::Ambiguous => out.write_str("names of several functions\n"),
            }?;
        }
        write!(out, "memory: {} bytes", self.memory())?;
        let mut family = "";
        for member in Member::all() {
            let Some(name) = member
                .expected()
                .filter(|_| !present.contains(member.number()))
            else {
                continue;
            };
            if family != member.family().name {
                family = member.family().name;
                write!(out, "\nnot in this kernel, of {family}:")?;
            }
            write!(out, " {name}")?;
        }
        out.write_char('\n')
    }
}

/// Copies the elements to a vector without spare capacity.
fn fitted<T>(mut vector: KVVec<T>) -> Result<KVVec<T>> {
    let mut fitted = KVVec::with_capacity(vector.len(), GFP_KERNEL)?;

    for element in vector.drain_all() {
        fitted.push(element, GFP_KERNEL)?;
    }
    Ok(fitted)
}
