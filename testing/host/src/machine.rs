// SPDX-License-Identifier: GPL-2.0-only

//! A simulated machine: a kernel of a few functions, modules, probes, and other events for
//! Killswitch. `security` is its view for Killswitch, and tests change it from outside.

use crate::{
    attribution::Attribution,
    policy::Type,
    security::{directory::Content, securityfs::Operations},
};
use kernel::{host, prelude::*, sync::Arc};
use std::{cell::RefCell, collections::BTreeMap};

/// Small, so that they run out.
pub(crate) const SLOTS: usize = 5;

/// A function of the kernel, or of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) module: Option<&'static str>,
    pub(crate) address: usize,
    pub(crate) returns: Type,
    pub(crate) is_probeable: bool,
}

const fn function(name: &'static str, address: usize, returns: Type) -> Function {
    Function {
        name,
        module: None,
        address,
        returns,
        is_probeable: true,
    }
}

/// The functions of the kernel itself. Two have the same name.
pub(crate) const KERNEL: [Function; 8] = [
    function("alpha", 0x1000, Type::INT),
    function("beta", 0x1100, Type::Void),
    function("gamma", 0x1200, Type::Bool),
    function("both", 0x1300, Type::INT),
    function("twice", 0x1400, Type::INT),
    function("twice", 0x1500, Type::INT),
    function("security_one", 0x1600, Type::INT),
    Function {
        is_probeable: false,
        ..function("label", 0x1700, Type::INT)
    },
];

/// The existing modules.
pub(crate) const MODULES: [&str; 2] = ["m1", "m2"];

/// Addresses of modules; the first free one is used.
const PLACES: [usize; 2] = [0x10_0000, 0x20_0000];

/// The size of a function, and of a module.
const FUNCTION: usize = 0x100;
const MODULE: usize = 0x1000;

/// A variant of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    Whole,
    /// Without the function `one`.
    Lacking,
    /// `one` returns a `bool`.
    Bool,
    /// `one` is freed after initialization.
    Init,
}

/// A loaded module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loaded {
    pub(crate) name: &'static str,
    pub(crate) build: Build,
    /// Whether it is initialized.
    pub(crate) is_live: bool,
    /// Whether the notifier has been called for that.
    pub(crate) is_told: bool,
    base: usize,
}

impl Loaded {
    pub(crate) fn contains(&self, address: usize) -> bool {
        (self.base..self.base + MODULE).contains(&address)
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = Function> + '_ {
        let is_whole = self.build != Build::Lacking;
        let one = Function {
            is_probeable: self.build != Build::Init,
            ..function(
                "one",
                self.base,
                match self.build {
                    Build::Bool => Type::Bool,
                    _ => Type::INT,
                },
            )
        };
        // Each has a function that the other does not have.
        let own = match self.name {
            "m1" => function("both", self.base + FUNCTION, Type::INT),
            _ => function("two", self.base + FUNCTION, Type::Bool),
        };

        [Some(one).filter(|_| is_whole), Some(own)]
            .into_iter()
            .flatten()
            .map(|function| Function {
                module: Some(self.name),
                ..function
            })
    }
}

/// The lockdown level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) enum Lockdown {
    None,
    Integrity,
    Confidentiality,
}

/// The externally visible state of the machine.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The newest is first.
    pub(crate) modules: Vec<Loaded>,
    /// The content of the file in debugfs.
    pub(crate) kprobes_on: bool,
    pub(crate) ftrace_killed: bool,
    pub(crate) opener_may: bool,
    pub(crate) writer_may: bool,
    pub(crate) lockdown: Lockdown,
}

impl World {
    pub(crate) fn module(&self, name: &str) -> Option<&Loaded> {
        self.modules.iter().find(|module| module.name == name)
    }

    /// Loads a module, without initializing it.
    pub(crate) fn load(&mut self, name: &'static str, build: Build) {
        let is_free = |place: &usize| self.modules.iter().all(|module| module.base != *place);
        let base = PLACES.into_iter().find(is_free).unwrap();
        let module = Loaded {
            name,
            build,
            is_live: false,
            is_told: false,
            base,
        };

        self.modules.insert(0, module);
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Loaded)) {
        let module = self.modules.iter_mut().find(|module| module.name == name);

        change(module.unwrap());
    }

    /// Whether the module called `name` has `address`.
    pub(crate) fn is_in(&self, name: &str, address: usize) -> bool {
        self.module(name)
            .is_some_and(|module| module.contains(address))
    }

    pub(crate) fn is_live(&self, name: &str) -> bool {
        self.module(name).is_some_and(|module| module.is_live)
    }

    /// All functions, first those of the kernel itself.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let of_modules = self.modules.iter().flat_map(Loaded::functions);

        KERNEL.into_iter().chain(of_modules).collect()
    }

    pub(crate) fn can_arm(&self) -> bool {
        self.kprobes_on && !self.ftrace_killed
    }
}

/// An operation of the kernel that fails once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Registering a probe.
    Register,
    /// Disarming one.
    Disarm,
    /// Arming one that is disabled.
    Arm,
}

/// A future failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) what: What,
    /// The number of successful operations before.
    pub(crate) after: usize,
    pub(crate) error: Error,
}

/// Whether this operation fails now.
pub(crate) fn strikes(failure: &mut Option<Failure>, what: What) -> Result {
    match failure {
        Some(to_come) if to_come.what == what && to_come.after == 0 => {
            let error = to_come.error;

            *failure = None;
            Err(error)
        }
        Some(to_come) if to_come.what == what => {
            to_come.after -= 1;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A used slot, as in security/stub.rs.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) value: i64,
    pub(crate) hits: u64,
}

/// A probe in the kprobe layer.
pub(crate) struct Probe {
    pub(crate) id: usize,
    pub(crate) address: usize,
    pub(crate) slot: Option<usize>,
    pub(crate) attribution: Arc<Attribution>,
    pub(crate) only_nonroot: bool,
    /// The calls that passed, while they are counted.
    pub(crate) passed: Option<u64>,
    pub(crate) is_disabled: bool,
    /// It is gone with its module.
    pub(crate) is_gone: bool,
}

/// A file in securityfs; directories have no operations.
#[derive(Clone, Copy)]
pub(crate) struct File {
    pub(crate) key: usize,
    pub(crate) operations: Option<&'static Operations>,
}

pub(crate) struct Machine {
    pub(crate) world: World,
    pub(crate) failure: Option<Failure>,
    pub(crate) slots: [Option<Slot>; SLOTS],
    pub(crate) probes: Vec<Probe>,
    pub(crate) next_probe: usize,
    pub(crate) files: BTreeMap<String, File>,
    /// Directories with dynamic content.
    pub(crate) filled: BTreeMap<String, &'static Content>,
    /// The audit log since the last access.
    pub(crate) records: Vec<String>,
    /// The number of lost records.
    pub(crate) lost_records: usize,
    /// References to modules.
    pub(crate) references: usize,
    pub(crate) check_at: Option<i64>,
    pub(crate) is_tainted: bool,
    pub(crate) is_sealed: bool,
    pub(crate) until_confidentiality: bool,
}

thread_local! {
    static MACHINE: RefCell<Option<Machine>> = const { RefCell::new(None) };
}

/// Calls `body` with the machine of this thread. It must not call the code under test.
pub(crate) fn machine<T>(body: impl FnOnce(&mut Machine) -> T) -> T {
    MACHINE.with_borrow_mut(|machine| body(machine.as_mut().unwrap()))
}

/// Starts another machine. The memory of the previous one is gone.
pub(crate) fn switch_on() {
    host::boot();
    MACHINE.set(Some(Machine {
        world: World {
            modules: Vec::new(),
            kprobes_on: true,
            ftrace_killed: false,
            opener_may: true,
            writer_may: true,
            lockdown: Lockdown::None,
        },
        failure: None,
        slots: [None; SLOTS],
        probes: Vec::new(),
        next_probe: 0,
        files: BTreeMap::new(),
        filled: BTreeMap::new(),
        records: Vec::new(),
        lost_records: 0,
        references: 0,
        check_at: None,
        is_tainted: false,
        is_sealed: false,
        until_confidentiality: false,
    }));
}

impl Machine {
    pub(crate) fn fails(&mut self, what: What) -> Result {
        strikes(&mut self.failure, what)
    }

    /// The probe with this number, while it is registered.
    pub(crate) fn probe(&mut self, id: usize) -> Option<&mut Probe> {
        self.probes.iter_mut().find(|probe| probe.id == id)
    }

    fn is_armed(&self, probe: &Probe) -> bool {
        self.world.can_arm() && !probe.is_disabled && !probe.is_gone
    }

    /// The return value of a short-circuited call of the function at `address`. A real call is
    /// counted.
    pub(crate) fn call(&mut self, address: usize, is_root: bool, is_real: bool) -> Option<i64> {
        let can_arm = self.world.can_arm();

        for probe in self.probes.iter_mut().rev() {
            let is_armed = can_arm && !probe.is_disabled && !probe.is_gone;

            if probe.address != address || !is_armed || (probe.only_nonroot && is_root) {
                continue;
            }
            if is_real {
                probe.attribution.callers().count(is_root);
            }
            match &mut probe.passed {
                Some(calls) => *calls += u64::from(is_real),
                None => {
                    let slot = self.slots[probe.slot.unwrap()].as_mut().unwrap();

                    slot.hits += u64::from(is_real);
                    return Some(slot.value);
                }
            }
        }
        None
    }

    /// Disarms or arms all kprobes. That at `address` cannot be armed.
    pub(crate) fn switch_kprobes(&mut self, on: bool, address: Option<usize>) {
        if on && !self.world.kprobes_on && !self.world.ftrace_killed {
            for probe in &mut self.probes {
                probe.is_disabled |= Some(probe.address) == address;
            }
        }
        self.world.kprobes_on = on;
    }

    /// Disarms probes: all, or none if one fails. If one of several fails, it also fails alone.
    pub(crate) fn disable(&mut self, ids: &[usize]) -> Result {
        self.turn(ids, What::Disarm)
    }

    /// Arms them.
    pub(crate) fn enable(&mut self, ids: &[usize]) -> Result {
        if self.world.kprobes_on && self.world.ftrace_killed {
            return Err(ENODEV);
        }
        self.turn(ids, What::Arm)
    }

    fn turn(&mut self, ids: &[usize], what: What) -> Result {
        let can_arm = self.world.can_arm();
        let disabled = what == What::Disarm;
        let mut probes = self.probes.iter_mut();
        let turns = |probe: &&mut Probe| {
            ids.contains(&probe.id) && probe.is_disabled != disabled && !probe.is_gone
        };
        let turned: Vec<_> = probes.by_ref().filter(turns).collect();

        if can_arm {
            let mut failure = self.failure;

            for _ in &turned {
                if let Err(error) = strikes(&mut failure, what) {
                    if turned.len() == 1 {
                        self.failure = failure;
                    }
                    return Err(error);
                }
            }
            self.failure = failure;
        }
        // While kprobes are disarmed, probes to arm stay as they are.
        if can_arm || disabled {
            for probe in turned {
                probe.is_disabled = disabled;
            }
        }
        Ok(())
    }

    pub(crate) fn has_armed(&mut self, id: usize) -> bool {
        let probe = self.probes.iter().find(|probe| probe.id == id);

        probe.is_some_and(|probe| self.is_armed(probe))
    }
}

/// Lets `milliseconds` pass, including due work.
pub(crate) fn pass(milliseconds: i64) {
    let until = host::now() + milliseconds;

    while let Some(due) = machine(|m| m.check_at.take_if(|due| *due <= until)) {
        host::set_now(due);
        crate::check_terms();
        crate::check();
    }
    host::set_now(until);
}

/// Loads a module up to its initialization.
pub(crate) fn module_coming(name: &'static str, build: Build) -> Result {
    machine(|m| m.world.load(name, build));
    let result = crate::module_coming(&crate::security::module::Module(name));

    if result.is_err() {
        module_going(name);
    }
    result
}

/// Its initialization has run.
pub(crate) fn module_is_live(name: &str) {
    machine(|m| m.world.change(name, |module| module.is_live = true));
}

/// The notifier is called for it.
pub(crate) fn module_live(name: &'static str) {
    machine(|m| m.world.change(name, |module| module.is_told = true));
    crate::module_live(&crate::security::module::Module(name));
}

/// Unloads a module, or fails to load it.
pub(crate) fn module_going(name: &'static str) {
    // From now on, no references are given out.
    machine(|m| m.world.change(name, |module| module.is_live = false));
    crate::module_going(&crate::security::module::Module(name));
    machine(|m| {
        let module = *m.world.module(name).unwrap();

        m.world.modules.retain(|other| *other != module);
        for probe in &mut m.probes {
            probe.is_gone |= module.contains(probe.address);
        }
    });
}
