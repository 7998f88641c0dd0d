// SPDX-License-Identifier: GPL-2.0-only

//! Test tables of facts, values and verdicts, shared by the host tests and the KUnit suite.

#[cfg(any(CONFIG_ARM64, not(CONFIG_SECURITY_KILLSWITCH)))]
mod arm64;
#[cfg(any(CONFIG_X86_64, not(CONFIG_SECURITY_KILLSWITCH)))]
mod x86;

use super::{
    code::Reader,
    image::{
        Cold,
        Function,
        Image, //
    },
    judge,
    objects::Object,
    zone::{
        Zone,
        FILTERS, //
    },
    AddressSet,
    Asked,
    Cause,
    Evidence,
    Facts,
    InModule,
    Kernel,
    Member,
    Members,
    Prototype,
    Symbol,
    Tagged,
    TaggedSet,
    Type,
    Value,
    MANY, //
};
use core::ops::Range;

/// The distance between the functions of the imaginary kernel. Each is this long, with the padding
/// of the next at its end.
const LENGTH: usize = 0x100;
/// The range of its code.
const TEXT: Range<usize> = 0x1_0000..0x1_4000;

/// Its entry points, unsorted and with an alias.
const ENTRIES: [usize; 4] = [0x1_0300, 0x1_0100, 0x1_0200, 0x1_0100];
/// Its callbacks. 0x1_0200 is an entry point as well.
const HOOKS: [Tagged<&str>; 3] = [
    Tagged {
        address: 0x1_0500,
        tag: "yama",
    },
    Tagged {
        address: 0x1_0400,
        tag: "landlock",
    },
    Tagged {
        address: 0x1_0200,
        tag: "capability",
    },
];
const TRAMPOLINES: Range<usize> = 0x1_0600..0x1_0700;
/// The entry point 0x1_0300 does not decide.
const DECIDERS: [usize; 3] = [0x1_0100, 0x1_0200, 0x1_0800];
const HUBS: [usize; 1] = [0x1_0900];
const SECURITY: Range<usize> = 0x1_0100..0x1_0700;
const PROCESSOR: Range<usize> = 0x1_3d00..0x1_3e00;
const CORE: [usize; 1] = [0x1_0a00];

/// Functions that can fail: callers ignore the result, use it, or both.
const UNUSED: usize = 0x1_3600;
const USED: usize = 0x1_3a00;
const PARTLY_USED: usize = 0x1_3800;
/// A function that can fail, followed by two more.
const FAILS: usize = 0x1_3000;
/// A function that cannot fail.
const SUCCEEDS: usize = 0x1_3400;
/// A function that can fail, and is called from security/.
const CALLED_BY_SECURITY: usize = 0x1_3500;
/// Functions of 12 bytes, directly followed by another function.
const SHORT: [usize; 2] = [0x1_2700, 0x1_2800];
const SHORT_LENGTH: usize = 12;
/// A function that calls itself, and others that decide nothing.
const PLAIN: usize = 0x1_2000;
/// A function with a cold part at 0x1_1d00.
const WITH_COLD_PART: usize = 0x1_1b00;
/// A function with an ambiguous cold part.
const WITH_UNKNOWN_PART: usize = 0x1_1c00;
/// A function whose code cannot be read.
const UNREADABLE: usize = 0x1_2100;
/// A function with just enough callers to be a primitive, and one with just too few.
const PRIMITIVE: usize = 0x1_2200;
const NO_PRIMITIVE: usize = 0x1_2300;

type Encode = fn(usize, &[u8], usize) -> ([u8; 8], usize);

/// The code of the imaginary kernel on an architecture.
struct Sample {
    reader: &'static dyn Reader,
    /// The padding in front of functions, in bytes.
    padding: usize,
    /// The largest offset at which a function is entered.
    entry: usize,
    /// What all code is filled with.
    nop: &'static [u8],
    /// Branches: the address, the instruction without the displacement, and the target.
    branches: &'static [(usize, &'static [u8], usize)],
    /// Encodes a branch, and returns its length.
    branch: Encode,
    /// Other instructions, with their addresses.
    others: &'static [(usize, &'static [u8])],
}

/// The imaginary kernel.
pub(crate) struct Imaginary(&'static Sample);

impl Imaginary {
    /// The imaginary kernel on each supported architecture.
    pub(crate) const ALL: &[Self] = &[
        #[cfg(any(CONFIG_X86_64, not(CONFIG_SECURITY_KILLSWITCH)))]
        Self(&x86::SAMPLE),
        #[cfg(any(CONFIG_ARM64, not(CONFIG_SECURITY_KILLSWITCH)))]
        Self(&arm64::SAMPLE),
    ];
}

impl Image for Imaginary {
    fn extent(&self, address: usize) -> Option<Range<usize>> {
        let start = address / LENGTH * LENGTH;
        let padding = start + LENGTH - self.0.padding;
        let is_short = SHORT.contains(&start);
        let symbol = match address {
            _ if address >= padding => padding..start + LENGTH,
            _ if is_short && address >= start + SHORT_LENGTH => start + SHORT_LENGTH..padding,
            _ if is_short => start..start + SHORT_LENGTH,
            _ => start..padding,
        };
        TEXT.contains(&address).then_some(symbol)
    }

    fn name(&self, address: usize) -> Symbol {
        match address % LENGTH == LENGTH - self.0.padding {
            true => Symbol::new(b"__pfx_f"),
            false => Symbol::new(b"f"),
        }
    }

    fn function(&self, _: usize, take: &mut dyn FnMut(Function<'_>)) {
        take(Function {
            module: None,
            prototype: returning(Type::INT),
        });
    }

    fn hot_part(&self, address: usize) -> Option<usize> {
        (address == 0x1_1d00).then_some(WITH_COLD_PART)
    }

    fn cold_part(&self, address: usize) -> Cold {
        match address {
            WITH_COLD_PART => Cold::At(0x1_1d00..0x1_1e00),
            WITH_UNKNOWN_PART => Cold::Unknown,
            _ => Cold::None,
        }
    }

    fn read(&self, at: usize, buffer: &mut [u8]) -> bool {
        let sample = self.0;
        for (place, byte) in (at..).zip(&mut *buffer) {
            *byte = sample.nop[place % sample.nop.len()];
        }
        let mut put = |start: usize, bytes: &[u8]| {
            for (place, byte) in (start..).zip(bytes) {
                if let Some(to) = place.checked_sub(at).and_then(|i| buffer.get_mut(i)) {
                    *to = *byte;
                }
            }
        };

        for (place, instruction, target) in sample.branches {
            let (bytes, length) = (sample.branch)(*place, instruction, *target);

            put(*place, &bytes[..length]);
        }
        for (place, instruction) in sample.others {
            put(*place, instruction);
        }
        !(at..at + buffer.len()).contains(&(UNREADABLE + 8))
    }

    fn callers(&self, functions: &[usize], visit: &mut dyn FnMut(usize, usize)) {
        for function in functions {
            let count = match *function {
                PRIMITIVE => MANY,
                NO_PRIMITIVE => MANY - 1,
                _ => 0,
            };

            (0..count).for_each(|_| visit(PLAIN, *function));
            for (place, _, target) in self.0.branches {
                if (function - self.0.padding..=function + self.0.entry).contains(target) {
                    visit(*place, *function);
                }
            }
        }
    }

    fn reader(&self) -> &'static dyn Reader {
        self.0.reader
    }

    fn padding(&self) -> usize {
        self.0.padding
    }
}

/// A prototype with a return type and nothing else.
const fn returning(returns: Type) -> Prototype {
    Prototype {
        returns,
        ..Prototype::UNKNOWN
    }
}

/// A case: the addresses of the name, its module, the return type, the value, the expected cause of
/// [`judge`], and the value that it must accept instead.
struct Case(
    &'static [usize],
    Option<&'static str>,
    Type,
    i64,
    Option<Cause>,
    Option<i64>,
);

/// A case that is allowed, in this module or in the kernel itself.
const fn allow(
    module: Option<&'static str>,
    addresses: &'static [usize],
    returns: Type,
    value: i64,
) -> Case {
    Case(addresses, module, returns, value, None, None)
}

/// A case that is refused.
const fn refuse(
    module: Option<&'static str>,
    addresses: &'static [usize],
    returns: Type,
    value: i64,
    cause: Cause,
    instead: Option<i64>,
) -> Case {
    Case(addresses, module, returns, value, Some(cause), instead)
}

/// Guards, and another module.
const GUARD: Option<&str> = Some("esp4");
const FILTER: Option<&str> = Some("nf_tables");
const OTHER: Option<&str> = Some("other");

const INT: Type = Type::INT;
const BYTE: Type = Type::Number {
    bytes: 1,
    signed: false,
};
const CHAR: Type = Type::Number {
    bytes: 1,
    signed: true,
};
const UNSIGNED: Type = Type::Number {
    bytes: 4,
    signed: false,
};
const LONG: Type = Type::Number {
    bytes: 8,
    signed: true,
};
const UNSIGNED_LONG: Type = Type::Number {
    bytes: 8,
    signed: false,
};

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Entry points, whatever the value.
    refuse(None, &[0x1_0100], INT, 0, Cause::LsmEntry, None),
    refuse(None, &[0x1_0100], INT, 1, Cause::LsmEntry, None),
    refuse(None, &[0x1_0300], INT, -13, Cause::LsmEntry, None),
    // Callbacks and trampolines, whatever the value, with their owner.
    refuse(None, &[0x1_0400], INT, 0, Cause::LsmHook("landlock"), None),
    refuse(None, &[0x1_0400], INT, -1, Cause::LsmHook("landlock"), None),
    refuse(None, &[0x1_0500], INT, 1, Cause::LsmHook("yama"), None),
    refuse(None, &[0x1_0600], INT, -1, Cause::LsmHook("that is called through it"), None),
    refuse(None, &[0x1_06ff], INT, -1, Cause::LsmHook("that is called through it"), None),
    // Built from security/, or called from there, whatever the value.
    refuse(None, &[0x1_0180], INT, 0, Cause::Security, None),
    refuse(None, &[0x1_0180], INT, -1, Cause::Security, None),
    refuse(None, &[CALLED_BY_SECURITY], INT, -1, Cause::Callee(0x1_0100), None),
    // Low-level code of the architecture, though it can fail.
    refuse(None, &[PROCESSOR.start], INT, -1, Cause::Default(Zone::Processor, INT), None),
    refuse(None, &[PROCESSOR.start], INT, 0, Cause::Default(Zone::Processor, INT), None),
    // Built into the kernel, or in a guard: a refusal, if the function can fail and its callers
    // check for it.
    allow(None, &[FAILS], INT, -1),
    allow(None, &[FAILS], INT, -5),
    allow(None, &[FAILS], INT, -90),
    allow(None, &[FAILS], LONG, -13),
    allow(None, &[FAILS + 0x100], Type::Pointer, -12),
    allow(None, &[FAILS + 0x100], INT, -1),
    refuse(None, &[FAILS], Type::Pointer, -12, core(Type::Pointer), None),
    allow(None, &[FAILS + 0x200], INT, -1),
    allow(None, &[WITH_COLD_PART], INT, -1),
    allow(GUARD, &[FAILS], INT, -1),
    refuse(None, &[FAILS], INT, 0, core(INT), Some(-1)),
    refuse(None, &[FAILS], INT, 1, core(INT), Some(-1)),
    refuse(None, &[FAILS], INT, -2, core(INT), Some(-1)),
    refuse(None, &[FAILS], INT, -11, core(INT), Some(-1)),
    refuse(None, &[FAILS], INT, -95, core(INT), Some(-1)),
    refuse(None, &[FAILS + 0x100], Type::Pointer, 0, core(Type::Pointer), Some(-1)),
    refuse(None, &[FAILS], Type::Void, 0, core(Type::Void), None),
    refuse(None, &[FAILS], Type::Bool, 0, core(Type::Bool), None),
    refuse(None, &[FAILS], UNSIGNED, -1, core(UNSIGNED), None),
    refuse(None, &[FAILS], CHAR, -1, core(CHAR), None),
    refuse(None, &[FAILS], Type::Unknown, -1, core(Type::Unknown), None),
    refuse(None, &[SUCCEEDS], INT, -1, core(INT), None),
    refuse(None, &[UNREADABLE], INT, -1, core(INT), None),
    refuse(None, &[UNUSED], INT, -1, Cause::ResultIgnored(Zone::Core), None),
    refuse(None, &[PARTLY_USED], INT, -1, Cause::ResultIgnored(Zone::Core), None),
    allow(None, &[USED], INT, -1),
    refuse(OTHER, &[UNUSED], INT, -1, Cause::ResultIgnored(Zone::Module), None),
    refuse(GUARD, &[FAILS], INT, 0, guard(INT), Some(-1)),
    refuse(GUARD, &[SUCCEEDS], INT, -1, guard(INT), None),
    refuse(FILTER, &[FAILS], INT, -1, Cause::Request(Zone::Guard(FILTERS)), Some(-1)),
    // The function next to an entry point.
    refuse(None, &[0x1_00ff], INT, 0, core(INT), None),
    refuse(None, &[0x1_0700], INT, 0, core(INT), None),
    // In other modules, a function that can fail may fail, and one that cannot may do nothing.
    allow(OTHER, &[FAILS], INT, -2),
    allow(OTHER, &[FAILS + 0x100], Type::Pointer, -1),
    refuse(OTHER, &[FAILS], INT, 0, other(INT), Some(-1)),
    refuse(OTHER, &[FAILS + 0x100], Type::Pointer, 0, other(Type::Pointer), Some(-1)),
    refuse(OTHER, &[PLAIN], Type::Pointer, -1, other(Type::Pointer), Some(0)),
    refuse(OTHER, &[PLAIN], Type::Bool, 1, other(Type::Bool), Some(0)),
    allow(OTHER, &[PLAIN], INT, 0),
    allow(OTHER, &[PLAIN], INT, -1),
    allow(OTHER, &[PLAIN], INT, 1),
    // A deciding function may deny, if its return type can express that.
    refuse(OTHER, &[0x1_1000], INT, 0, calls(INT, 0x1_0100), Some(-1)),
    refuse(OTHER, &[0x1_1000], INT, 1, calls(INT, 0x1_0100), Some(-1)),
    refuse(OTHER, &[0x1_1000], INT, -135, calls(INT, 0x1_0100), Some(-1)),
    allow(OTHER, &[0x1_1000], INT, -1),
    allow(OTHER, &[0x1_1000], INT, -134),
    allow(OTHER, &[0x1_1000], LONG, -1),
    allow(OTHER, &[0x1_1000], UNSIGNED_LONG, -1),
    refuse(OTHER, &[0x1_1000], Type::Pointer, 0, calls(Type::Pointer, 0x1_0100), None),
    refuse(OTHER, &[0x1_1000], Type::Bool, 0, calls(Type::Bool, 0x1_0100), None),
    refuse(OTHER, &[0x1_1000], Type::Bool, 1, other(Type::Bool), None),
    refuse(OTHER, &[0x1_1000], Type::Void, 0, calls(Type::Void, 0x1_0100), None),
    refuse(OTHER, &[0x1_1000], UNSIGNED, -1, calls(UNSIGNED, 0x1_0100), None),
    refuse(OTHER, &[0x1_1000], CHAR, -1, calls(CHAR, 0x1_0100), None),
    refuse(OTHER, &[0x1_1000], Type::Unknown, -1, calls(Type::Unknown, 0x1_0100), None),
    // By any kind of branch.
    refuse(OTHER, &[0x1_1100], INT, 0, calls(INT, 0x1_0200), Some(-1)),
    refuse(OTHER, &[0x1_1200], INT, 0, calls(INT, 0x1_0800), Some(-1)),
    refuse(OTHER, &[0x1_1300], INT, 0, calls(INT, 0x1_0800), Some(-1)),
    refuse(OTHER, &[0x1_1400], INT, 0, calls(INT, 0x1_0800), Some(-1)),
    refuse(OTHER, &[WITH_COLD_PART], Type::Void, 0, calls(Type::Void, 0x1_0100), None),
    refuse(OTHER, &[WITH_UNKNOWN_PART], INT, 0, unknown(INT), Some(-1)),
    refuse(OTHER, &[UNREADABLE], INT, 0, unknown(INT), Some(-1)),
    allow(OTHER, &[UNREADABLE], INT, -1),
    // Through one other function, but not through two, and not through hubs.
    refuse(OTHER, &[0x1_1500], INT, 0, through(INT, 0x1_1000, 0x1_0100), Some(-1)),
    refuse(OTHER, &[0x1_2600], INT, 0, through(INT, 0x1_1000, 0x1_0100), Some(-1)),
    refuse(OTHER, &[0x1_1500], Type::Void, 0, through(Type::Void, 0x1_1000, 0x1_0100), None),
    allow(OTHER, &[0x1_1600], INT, 0),
    refuse(OTHER, &[0x1_0900], INT, 0, calls(INT, 0x1_0100), Some(-1)),
    allow(OTHER, &[0x1_1700], INT, 0),
    refuse(OTHER, &[0x1_2900], INT, 0, through(INT, SHORT[0], 0x1_0100), Some(-1)),
    allow(OTHER, &[0x1_2a00], INT, 0),
    // Code that only resembles a call.
    allow(OTHER, &[0x1_1800], INT, 0),
    allow(OTHER, &[0x1_1900], INT, 0),
    allow(OTHER, &[0x1_1a00], INT, 0),
    // Primitives.
    refuse(None, &[0x1_0a00], INT, 0, core(INT), None),
    refuse(OTHER, &[0x1_0a00], INT, -1, Cause::Core, None),
    refuse(OTHER, &[PRIMITIVE], INT, -1, Cause::Called(MANY), None),
    allow(OTHER, &[NO_PRIMITIVE], INT, -1),
    // The limits of types.
    allow(OTHER, &[PLAIN], INT, i32::MIN as i64),
    allow(OTHER, &[PLAIN], INT, i32::MAX as i64),
    refuse(OTHER, &[PLAIN], INT, i32::MIN as i64 - 1, Cause::ReturnType(INT), Some(-1)),
    refuse(OTHER, &[PLAIN], INT, i32::MAX as i64 + 1, Cause::ReturnType(INT), Some(-1)),
    allow(OTHER, &[PLAIN], Type::Unknown, -134),
    refuse(OTHER, &[PLAIN], Type::Unknown, 0, Cause::ReturnType(Type::Unknown), Some(-1)),
    refuse(OTHER, &[PLAIN], Type::Unknown, -135, Cause::ReturnType(Type::Unknown), Some(-1)),
    allow(OTHER, &[PLAIN], Type::Void, 0),
    refuse(OTHER, &[PLAIN], Type::Void, 1, Cause::ReturnType(Type::Void), Some(0)),
    refuse(OTHER, &[PLAIN], Type::Void, -1, Cause::ReturnType(Type::Void), Some(0)),
    allow(OTHER, &[PLAIN], Type::Bool, 0),
    refuse(OTHER, &[PLAIN], Type::Bool, -1, other(Type::Bool), Some(0)),
    refuse(OTHER, &[PLAIN], Type::Bool, 2, other(Type::Bool), Some(0)),
    allow(OTHER, &[PLAIN], BYTE, 255),
    refuse(OTHER, &[PLAIN], BYTE, 256, Cause::ReturnType(BYTE), Some(0)),
    refuse(OTHER, &[PLAIN], BYTE, -1, Cause::ReturnType(BYTE), Some(0)),
    allow(OTHER, &[PLAIN], CHAR, -128),
    refuse(OTHER, &[PLAIN], CHAR, 128, Cause::ReturnType(CHAR), Some(-1)),
    allow(OTHER, &[PLAIN], UNSIGNED, u32::MAX as i64),
    refuse(OTHER, &[PLAIN], UNSIGNED, 1 << 32, Cause::ReturnType(UNSIGNED), Some(0)),
    refuse(OTHER, &[PLAIN], UNSIGNED, -1, Cause::ReturnType(UNSIGNED), Some(0)),
    allow(OTHER, &[PLAIN], LONG, i64::MIN),
    allow(OTHER, &[PLAIN], LONG, i64::MAX),
    allow(OTHER, &[PLAIN], UNSIGNED_LONG, i64::MAX),
    allow(OTHER, &[PLAIN], UNSIGNED_LONG, -134),
    refuse(OTHER, &[PLAIN], UNSIGNED_LONG, -135, Cause::ReturnType(UNSIGNED_LONG), Some(-1)),
    allow(OTHER, &[PLAIN], Type::Pointer, 0),
    allow(OTHER, &[FAILS + 0x100], Type::Pointer, -134),
    refuse(OTHER, &[FAILS + 0x100], Type::Pointer, -135, other(Type::Pointer), Some(-1)),
    refuse(OTHER, &[PLAIN], Type::Pointer, 1, other(Type::Pointer), Some(0)),
    refuse(OTHER, &[PLAIN], Type::Other, 0, Cause::ReturnType(Type::Other), None),
    // Ambiguous names.
    refuse(OTHER, &[PLAIN, 0x1_2400], INT, 0, Cause::Ambiguous(2), None),
    refuse(OTHER, &[PLAIN, 0x1_2400, 0x1_2500], INT, -1, Cause::Ambiguous(3), None),
    // The order of rules; one protected address of several is enough.
    refuse(None, &[0x1_0200], INT, 1 << 40, Cause::LsmEntry, None),
    refuse(None, &[0x1_0400, 0x1_0100], INT, 0, Cause::LsmEntry, None),
    refuse(None, &[FAILS, 0x1_0400], INT, 1 << 40, Cause::LsmHook("landlock"), None),
    refuse(None, &[FAILS, SUCCEEDS], INT, -1, core(INT), None),
    refuse(OTHER, &[PLAIN, 0x1_1000], INT, 1 << 40, calls(INT, 0x1_0100), None),
    refuse(OTHER, &[PLAIN, PRIMITIVE], INT, 1 << 40, Cause::Called(MANY), None),
    refuse(OTHER, &[PLAIN, 0x1_2400], INT, 1 << 40, Cause::ReturnType(INT), None),
];

const fn core(returns: Type) -> Cause {
    Cause::Default(Zone::Core, returns)
}

const fn other(returns: Type) -> Cause {
    Cause::Default(Zone::Module, returns)
}

const fn guard(returns: Type) -> Cause {
    Cause::Default(
        Zone::Guard("encrypts, authenticates or isolates traffic"),
        returns,
    )
}

const fn calls(returns: Type, decider: usize) -> Cause {
    Cause::Mediation(
        Evidence::Calls {
            through: None,
            decider,
        },
        returns,
    )
}

const fn through(returns: Type, between: usize, decider: usize) -> Cause {
    Cause::Mediation(
        Evidence::Calls {
            through: Some(between),
            decider,
        },
        returns,
    )
}

const fn unknown(returns: Type) -> Cause {
    Cause::Mediation(Evidence::Unknown, returns)
}

/// Values of one verdict.
type Values = &'static [i64];

/// Names in the table, with the return type, and the values that are accepted and refused for all
/// calls and if root is spared.
#[rustfmt::skip]
const LINES: &[(&str, Type, [Values; 2], [Values; 2])] = &[
    ("copy_creds", INT, [&[], &[]], [&[-1, 0, 1], &[-1, 0, 1]]),
    ("skb_try_coalesce", Type::Bool, [&[0], &[0]], [&[1, -1], &[1, -1]]),
    ("bpf_prog_load", INT, [&[], &[-1]], [&[-1, 0], &[0, -22]]),
];

/// Functions of modules by name: module, name, return type, and the values that are accepted and
/// refused.
#[rustfmt::skip]
const IN_MODULES: &[(&str, &str, Type, Values, Values)] = &[
    ("other", "send_data", INT, &[-1], &[0, 1]),
    ("other", "check_data", INT, &[-1], &[0, 1]),
    ("other", "is_enabled", INT, &[-1], &[0, 1]),
    ("other", "is_enabled", Type::Bool, &[0], &[1]),
    ("other", "is_blocked", Type::Bool, &[], &[0, 1]),
    ("other", "encrypt_data", Type::Void, &[], &[0]),
    ("other", "br_handle_frame", UNSIGNED, &[], &[0, 3]),
    ("other", "data_is_valid", Type::Bool, &[0], &[1]),
    ("other", "data_get_acl", INT, &[], &[0, -1, -5, -13, -95]),
    ("other", "set_key", Type::Void, &[], &[0]),
    ("other", "check_data", Type::Void, &[0], &[]),
    ("ksmbd", "smb2_is_sign_req", Type::Bool, &[1], &[0]),
    ("xt_tcpmss", "tcpmss_mt", Type::Bool, &[0], &[1]),
    ("drm", "drm_dropmaster_ioctl", INT, &[], &[0, -1]),
];

/// Objects by parameter, with the values that are accepted and refused in the kernel itself and in
/// modules, for a function that can fail.
#[rustfmt::skip]
const OBJECTS: &[(Object, [Values; 2], [Values; 2])] = &[
    (Object::Protection(0), [&[], &[-1, -22]], [&[-1, 0], &[0, 1]]),
    (Object::Setting, [&[], &[-1, -22]], [&[-1, 0], &[0, 1]]),
    (Object::Label, [&[], &[]], [&[-1, -5], &[0, -1, -5, -61, -95]]),
];

/// The input of a verdict: a kernel, the addresses of a name, its module and all its names there, a
/// line of the table for [`FAILS`], and the prototype.
#[derive(Clone, Copy)]
struct Judged<'a> {
    image: &'a Imaginary,
    addresses: &'a [usize],
    module: Option<InModule<'a>>,
    base: Option<Member>,
    prototype: Prototype,
}

impl Judged<'_> {
    fn verdict(&self, value: i64, spares_root: bool) -> Option<(Cause, Option<i64>)> {
        let (mut entries, mut hooks, mut deciders) = (ENTRIES, HOOKS, DECIDERS);
        let (mut hubs, mut core) = (HUBS, CORE);
        let mut base = self.base.map(|member| member.at(FAILS));
        let lsm_entries = AddressSet::new(&mut entries[..]);
        let lsm_hooks = TaggedSet::new(&mut hooks[..]);
        let base = Members::new(base.as_mut_slice());
        let deciders = AddressSet::new(&mut deciders[..]);
        let hubs = AddressSet::new(&mut hubs[..]);
        let core = AddressSet::new(&mut core[..]);
        let kernel = Kernel {
            lsm_entries: lsm_entries.borrow(),
            lsm_hooks: lsm_hooks.borrow(),
            lsm_trampolines: TRAMPOLINES,
            base: base.borrow(),
            deciders: deciders.borrow(),
            hubs: hubs.borrow(),
            security: SECURITY,
            processor: PROCESSOR,
            core: core.borrow(),
        };
        let mut facts = Facts::new(&kernel, self.addresses, self.image);
        let asked = Asked {
            value: Value::new(value),
            spares_root,
        };

        facts.module = self.module;
        facts.prototype = self.prototype;
        judge(&facts, asked)
            .err()
            .map(|refusal| (refusal.cause, refusal.instead.map(|it| it.value.get())))
    }

    /// The first unexpected verdict.
    fn first_wrong(&self, accepted: &[i64], refused: &[i64], spares_root: bool) -> Option<Verdict> {
        let accepted = accepted.iter().map(|value| (value, true));
        let mut values = accepted.chain(refused.iter().map(|value| (value, false)));

        values.find_map(|(value, is_accepted)| {
            let got = self.verdict(*value, spares_root);

            (got.is_none() != is_accepted).then_some(got)
        })
    }
}

type Verdict = Option<(Cause, Option<i64>)>;

/// A case with an unexpected verdict: its position, and the verdict.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong(&'static str, usize, Verdict);

/// The first case with an unexpected verdict.
pub(crate) fn first_wrong() -> Option<Wrong> {
    Imaginary::ALL.iter().find_map(first_wrong_in)
}

fn first_wrong_in(image: &Imaginary) -> Option<Wrong> {
    let plain = Judged {
        image,
        addresses: &[FAILS],
        module: None,
        base: None,
        prototype: returning(INT),
    };
    let other = InModule {
        module: "other",
        symbols: &[],
    };

    for (index, Case(addresses, module, returns, value, cause, instead)) in CASES.iter().enumerate()
    {
        let got = Judged {
            addresses,
            module: module.map(|module| InModule { module, ..other }),
            prototype: returning(*returns),
            ..plain
        }
        .verdict(*value, false);

        if got != cause.map(|cause| (cause, *instead)) {
            return Some(Wrong("CASES", index, got));
        }
    }
    for (index, (name, returns, accepted, refused)) in LINES.iter().enumerate() {
        let Some(line) = Member::all().find(|member| member.symbol() == *name) else {
            return Some(Wrong("LINES", index, None));
        };
        let judged = Judged {
            base: Some(line),
            prototype: returning(*returns),
            ..plain
        };

        for (spares_root, (accepted, refused)) in
            [false, true].into_iter().zip(accepted.iter().zip(refused))
        {
            if let Some(got) = judged.first_wrong(accepted, refused, spares_root) {
                return Some(Wrong("LINES", index, got));
            }
        }
    }
    for (index, (module, symbol, returns, accepted, refused)) in IN_MODULES.iter().enumerate() {
        let symbols = [Symbol::new(b"alias"), Symbol::new(symbol.as_bytes())];
        let judged = Judged {
            module: Some(InModule {
                module,
                symbols: &symbols,
            }),
            prototype: returning(*returns),
            ..plain
        };

        if let Some(got) = judged.first_wrong(accepted, refused, false) {
            return Some(Wrong("IN_MODULES", index, got));
        }
    }
    for (index, (object, accepted, refused)) in OBJECTS.iter().enumerate() {
        let zones = [None, Some(other)].into_iter();

        for (module, (accepted, refused)) in zones.zip(accepted.iter().zip(refused)) {
            let judged = Judged {
                module,
                prototype: Prototype {
                    object: Some(*object),
                    ..returning(INT)
                },
                ..plain
            };

            if let Some(got) = judged.first_wrong(accepted, refused, false) {
                return Some(Wrong("OBJECTS", index, got));
            }
        }
    }
    None
}
