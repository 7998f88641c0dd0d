// SPDX-License-Identifier: GPL-2.0-only

//! The table of facts, values and expected verdicts that the host tests and the KUnit suite share.

use super::{
    code::{
        Code,
        Cold, //
    },
    judge,
    AddressSet,
    Cause,
    Evidence,
    Facts,
    InModule,
    Kernel,
    Member,
    Rule,
    Symbol,
    Tagged,
    TaggedSet,
    Type,
    Value,
    MANY, //
};
use core::ops::Range;

/// The distance between the functions of the imaginary kernel that the cases speak of. Each is as
/// long, with the padding of the next at its end.
const LENGTH: usize = 0x100;
/// Where its code lies.
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
const LSM_CODE: Range<usize> = 0x1_0100..0x1_0700;
const CORE: [usize; 1] = [0x1_0a00];

/// Calls one of which another: caller, offset, instruction, callee.
const BRANCHES: &[(usize, usize, &[u8], usize)] = &[
    // Decides itself: by a call, a jump, a conditional jump, a call behind ENDBR64 and one into the
    // padding.
    (0x1_1000, 0x20, &[0xe8], 0x1_0100),
    (0x1_1100, 0xeb, &[0xe9], 0x1_0200),
    (0x1_1200, 0x00, &[0x0f, 0x84], 0x1_0800),
    (0x1_1300, 0x00, &[0xe8], 0x1_0804),
    (0x1_1400, 0x10, &[0xe8], 0x1_0800 - 16),
    // Through another, by its beginning or by its padding, and through two others.
    (0x1_2600, 0x10, &[0xe8], 0x1_1000 - 16),
    (0x1_1500, 0x10, &[0xe8], 0x1_1000),
    (0x1_1600, 0x10, &[0xe8], 0x1_1500),
    // Through a hub only.
    (0x1_0900, 0x10, &[0xe8], 0x1_0100),
    (0x1_1700, 0x10, &[0xe8], 0x1_0900),
    // Beside a function that decides, and into the middle of one.
    (0x1_1800, 0x10, &[0xe8], 0x1_0105),
    (0x1_1800, 0x20, &[0xe8], 0x1_1020),
    // Another instruction with the same bytes behind it.
    (0x1_1900, 0x10, &[0xe0], 0x1_0100),
    (0x1_1900, 0x20, &[0x0f, 0x74], 0x1_0100),
    // An entry point that does not decide.
    (0x1_1a00, 0x10, &[0xe8], 0x1_0300),
    // In the part that its compiler moved out of the way.
    (0x1_1d00, 0x10, &[0xe8], 0x1_0100),
    // Through one that is as short as padding, and beside such a one.
    (SHORT[0], 0x00, &[0xe8], 0x1_0100),
    (0x1_2900, 0x10, &[0xe8], SHORT[0]),
    (SHORT[1] + 14, 0x10, &[0xe8], 0x1_0100),
    (0x1_2a00, 0x10, &[0xe8], SHORT[1]),
];
/// Have 14 bytes, with another function right behind them.
const SHORT: [usize; 2] = [0x1_2700, 0x1_2800];
/// Calls itself, and others that decide nothing.
const PLAIN: usize = 0x1_2000;
/// Its cold part is 0x1_1d00.
const WITH_COLD_PART: usize = 0x1_1b00;
/// Nobody knows which its cold part is.
const WITH_UNKNOWN_PART: usize = 0x1_1c00;
/// Its code cannot be read.
const UNREADABLE: usize = 0x1_2100;
/// Is called from so many places that it is a primitive, and the next just from fewer.
const PRIMITIVE: usize = 0x1_2200;
const NO_PRIMITIVE: usize = 0x1_2300;

/// The code of the imaginary kernel.
pub(crate) struct Imaginary;

impl Code for Imaginary {
    fn extent(&self, address: usize) -> Option<Range<usize>> {
        let start = address / LENGTH * LENGTH;
        let padding = start + LENGTH - self.padding();
        let is_short = SHORT.contains(&start);
        let symbol = match address {
            _ if address >= padding => padding..start + LENGTH,
            _ if is_short && address >= start + 14 => start + 14..padding,
            _ if is_short => start..start + 14,
            _ => start..padding,
        };
        TEXT.contains(&address).then_some(symbol)
    }

    fn cold_part(&self, address: usize) -> Cold {
        match address {
            WITH_COLD_PART => Cold::At(0x1_1d00..0x1_1e00),
            WITH_UNKNOWN_PART => Cold::Unknown,
            _ => Cold::None,
        }
    }

    fn read(&self, at: usize, buffer: &mut [u8]) -> bool {
        buffer.fill(0x90);
        for (caller, offset, instruction, callee) in BRANCHES {
            let start = caller + offset;
            let end = start + instruction.len() + 4;
            let displacement = (*callee as i32 - end as i32).to_le_bytes();
            let bytes = instruction.iter().chain(&displacement);

            for (place, byte) in (start..end).zip(bytes) {
                if let Some(to) = place.checked_sub(at).and_then(|i| buffer.get_mut(i)) {
                    *to = *byte;
                }
            }
        }
        !(at..at + buffer.len()).contains(&(UNREADABLE + 8))
    }

    fn callers(&self, addresses: &[usize]) -> usize {
        let callers = |address: &usize| match *address {
            PRIMITIVE => MANY,
            NO_PRIMITIVE => MANY - 1,
            _ => 3,
        };

        addresses.iter().map(callers).max().unwrap_or(0)
    }

    fn padding(&self) -> usize {
        16
    }

    fn is_padding(&self, address: usize) -> bool {
        address % LENGTH == LENGTH - self.padding()
    }
}

/// A case: the addresses of the name, what the function returns, the value, the cause that
/// [`judge`] must give, and the value that it must say is accepted.
struct Case(&'static [usize], Type, i64, Option<Cause>, Option<i64>);

/// A case that is allowed.
const fn allow(addresses: &'static [usize], returns: Type, value: i64) -> Case {
    Case(addresses, returns, value, None, None)
}

/// A case that is refused.
const fn refuse(
    addresses: &'static [usize],
    returns: Type,
    value: i64,
    cause: Cause,
    instead: Option<i64>,
) -> Case {
    Case(addresses, returns, value, Some(cause), instead)
}

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
    // A function that nothing protects.
    allow(&[PLAIN], INT, 0),
    allow(&[PLAIN], INT, -1),
    allow(&[PLAIN], INT, 1),
    // The neighbour of an entry point is another function.
    allow(&[0x1_00ff], INT, 0),
    // Entry points, whatever the value.
    refuse(&[0x1_0100], INT, 0, Cause::LsmEntry, None),
    refuse(&[0x1_0100], INT, 1, Cause::LsmEntry, None),
    refuse(&[0x1_0300], INT, -13, Cause::LsmEntry, None),
    // Callbacks and trampolines, whatever the value, with their owner.
    refuse(&[0x1_0400], INT, 0, Cause::LsmHook("landlock"), None),
    refuse(&[0x1_0400], INT, -1, Cause::LsmHook("landlock"), None),
    refuse(&[0x1_0500], INT, 1, Cause::LsmHook("yama"), None),
    refuse(&[0x1_0600], INT, -1, Cause::LsmHook("that is called through it"), None),
    refuse(&[0x1_06ff], INT, -1, Cause::LsmHook("that is called through it"), None),
    // What decides may deny, if it returns what says so.
    refuse(&[0x1_1000], INT, 0, calls(INT, 0x1_0100), Some(-1)),
    refuse(&[0x1_1000], INT, 1, calls(INT, 0x1_0100), Some(-1)),
    refuse(&[0x1_1000], INT, -4096, calls(INT, 0x1_0100), Some(-1)),
    allow(&[0x1_1000], INT, -1),
    allow(&[0x1_1000], INT, -4095),
    allow(&[0x1_1000], LONG, -1),
    allow(&[0x1_1000], UNSIGNED_LONG, -1),
    allow(&[0x1_1000], Type::Pointer, -1),
    refuse(&[0x1_1000], Type::Pointer, 0, calls(Type::Pointer, 0x1_0100), Some(-1)),
    refuse(&[0x1_1000], Type::Bool, 0, calls(Type::Bool, 0x1_0100), None),
    refuse(&[0x1_1000], Type::Bool, 1, calls(Type::Bool, 0x1_0100), None),
    refuse(&[0x1_1000], Type::Void, 0, calls(Type::Void, 0x1_0100), None),
    refuse(&[0x1_1000], UNSIGNED, -1, calls(UNSIGNED, 0x1_0100), None),
    refuse(&[0x1_1000], CHAR, -1, calls(CHAR, 0x1_0100), None),
    refuse(&[0x1_1000], Type::Unknown, -1, calls(Type::Unknown, 0x1_0100), None),
    // However it calls.
    refuse(&[0x1_1100], INT, 0, calls(INT, 0x1_0200), Some(-1)),
    refuse(&[0x1_1200], INT, 0, calls(INT, 0x1_0800), Some(-1)),
    refuse(&[0x1_1300], INT, 0, calls(INT, 0x1_0800), Some(-1)),
    refuse(&[0x1_1400], INT, 0, calls(INT, 0x1_0800), Some(-1)),
    refuse(&[WITH_COLD_PART], INT, 0, calls(INT, 0x1_0100), Some(-1)),
    refuse(&[WITH_UNKNOWN_PART], INT, 0, unknown(INT), Some(-1)),
    refuse(&[UNREADABLE], INT, 0, unknown(INT), Some(-1)),
    allow(&[UNREADABLE], INT, -1),
    // Through one other function, and no further; not through hubs.
    refuse(&[0x1_1500], INT, 0, through(INT, 0x1_1000, 0x1_0100), Some(-1)),
    refuse(&[0x1_2600], INT, 0, through(INT, 0x1_1000, 0x1_0100), Some(-1)),
    refuse(&[0x1_1500], Type::Void, 0, through(Type::Void, 0x1_1000, 0x1_0100), None),
    allow(&[0x1_1600], INT, 0),
    refuse(&[0x1_0900], INT, 0, calls(INT, 0x1_0100), Some(-1)),
    allow(&[0x1_1700], INT, 0),
    refuse(&[0x1_2900], INT, 0, through(INT, SHORT[0], 0x1_0100), Some(-1)),
    allow(&[0x1_2a00], INT, 0),
    // What only looks like a call.
    allow(&[0x1_1800], INT, 0),
    allow(&[0x1_1900], INT, 0),
    allow(&[0x1_1a00], INT, 0),
    // Amid the LSMs.
    refuse(&[0x1_0180], INT, 0, Cause::LsmInternal(INT), Some(-1)),
    allow(&[0x1_0180], INT, -1),
    refuse(&[0x1_0180], Type::Bool, 0, Cause::LsmInternal(Type::Bool), None),
    refuse(&[0x1_0180], Type::Unknown, -1, Cause::LsmInternal(Type::Unknown), None),
    allow(&[0x1_0700], INT, 0),
    // What the kernel is built on.
    refuse(&[0x1_0a00], INT, 0, Cause::Core, None),
    refuse(&[0x1_0a00], INT, -1, Cause::Core, None),
    refuse(&[PRIMITIVE], INT, -1, Cause::Called(MANY), None),
    allow(&[NO_PRIMITIVE], INT, -1),
    // The edges of types.
    allow(&[PLAIN], INT, i32::MIN as i64),
    allow(&[PLAIN], INT, i32::MAX as i64),
    refuse(&[PLAIN], INT, i32::MIN as i64 - 1, Cause::ReturnType(INT), Some(-1)),
    refuse(&[PLAIN], INT, i32::MAX as i64 + 1, Cause::ReturnType(INT), Some(-1)),
    allow(&[PLAIN], Type::Unknown, i32::MIN as i64),
    refuse(&[PLAIN], Type::Unknown, 1 << 31, Cause::ReturnType(Type::Unknown), Some(-1)),
    allow(&[PLAIN], Type::Void, 0),
    refuse(&[PLAIN], Type::Void, 1, Cause::ReturnType(Type::Void), Some(0)),
    refuse(&[PLAIN], Type::Void, -1, Cause::ReturnType(Type::Void), Some(0)),
    allow(&[PLAIN], Type::Bool, 0),
    allow(&[PLAIN], Type::Bool, 1),
    refuse(&[PLAIN], Type::Bool, -1, Cause::ReturnType(Type::Bool), Some(0)),
    refuse(&[PLAIN], Type::Bool, 2, Cause::ReturnType(Type::Bool), Some(0)),
    allow(&[PLAIN], BYTE, 255),
    refuse(&[PLAIN], BYTE, 256, Cause::ReturnType(BYTE), Some(0)),
    refuse(&[PLAIN], BYTE, -1, Cause::ReturnType(BYTE), Some(0)),
    allow(&[PLAIN], CHAR, -128),
    refuse(&[PLAIN], CHAR, 128, Cause::ReturnType(CHAR), Some(-1)),
    allow(&[PLAIN], UNSIGNED, u32::MAX as i64),
    refuse(&[PLAIN], UNSIGNED, 1 << 32, Cause::ReturnType(UNSIGNED), Some(0)),
    refuse(&[PLAIN], UNSIGNED, -1, Cause::ReturnType(UNSIGNED), Some(0)),
    allow(&[PLAIN], LONG, i64::MIN),
    allow(&[PLAIN], LONG, i64::MAX),
    allow(&[PLAIN], UNSIGNED_LONG, i64::MAX),
    allow(&[PLAIN], UNSIGNED_LONG, -4095),
    refuse(&[PLAIN], UNSIGNED_LONG, -4096, Cause::ReturnType(UNSIGNED_LONG), Some(-1)),
    allow(&[PLAIN], Type::Pointer, 0),
    allow(&[PLAIN], Type::Pointer, -1),
    allow(&[PLAIN], Type::Pointer, -4095),
    refuse(&[PLAIN], Type::Pointer, -4096, Cause::ReturnType(Type::Pointer), Some(-1)),
    refuse(&[PLAIN], Type::Pointer, 1, Cause::ReturnType(Type::Pointer), Some(-1)),
    refuse(&[PLAIN], Type::Other, 0, Cause::ReturnType(Type::Other), None),
    // A name that stands for several functions.
    refuse(&[PLAIN, 0x1_2400], INT, 0, Cause::Ambiguous(2), None),
    refuse(&[PLAIN, 0x1_2400, 0x1_2500], INT, -1, Cause::Ambiguous(3), None),
    // The order; one protected address of several is enough.
    refuse(&[0x1_0200], INT, 1 << 40, Cause::LsmEntry, None),
    refuse(&[0x1_0400, 0x1_0100], INT, 0, Cause::LsmEntry, None),
    refuse(&[PLAIN, 0x1_0400], INT, 1 << 40, Cause::LsmHook("landlock"), None),
    refuse(&[PLAIN, 0x1_1000], INT, 1 << 40, calls(INT, 0x1_0100), None),
    refuse(&[PLAIN, PRIMITIVE], INT, 1 << 40, Cause::Called(MANY), None),
    refuse(&[PLAIN, 0x1_2400], INT, 1 << 40, Cause::ReturnType(INT), None),
];

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

/// Lines of the table `security-base`, by name, with values that are accepted and refused.
#[rustfmt::skip]
const LINES: &[(&str, Type, &[i64], &[i64])] = &[
    ("capable", Type::Bool, &[], &[-1, 0, 1]),
    ("*register_kprobe*", INT, &[], &[-1, 0, 1]),
    ("groups_search", INT, &[0], &[-1, 1]),
    ("*_permission", INT, &[-1, -13], &[0, 1]),
];

/// Functions of modules: module, name, and the values that are accepted and refused if it returns
/// an int.
#[rustfmt::skip]
const IN_MODULES: &[(&str, &str, &[i64], &[i64])] = &[
    ("nf_tables", "nft_do_chain", &[0], &[1, -1]),
    ("nf_tables", "nf_tables_newrule", &[0, 1, -1], &[]),
    ("other", "nft_do_chain", &[0, 1, -1], &[]),
];

/// The verdict on a function of the imaginary kernel, in which `base` protects [`PLAIN`].
fn verdict(
    addresses: &[usize],
    module: Option<InModule<'_>>,
    base: Option<Member>,
    returns: Type,
    value: i64,
) -> Option<(Cause, Option<i64>)> {
    let (mut entries, mut hooks, mut deciders) = (ENTRIES, HOOKS, DECIDERS);
    let (mut hubs, mut core) = (HUBS, CORE);
    let mut base = base.map(|tag| Tagged {
        address: PLAIN,
        tag,
    });
    let lsm_entries = AddressSet::new(&mut entries[..]);
    let lsm_hooks = TaggedSet::new(&mut hooks[..]);
    let base = TaggedSet::new(base.as_mut_slice());
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
        lsm_code: LSM_CODE,
        core: core.borrow(),
    };
    let mut facts = Facts::new(&kernel, addresses, &Imaginary);

    facts.module = module;
    facts.returns = returns;
    judge(&facts, Value::new(value))
        .err()
        .map(|refusal| (refusal.cause, refusal.instead.map(Value::get)))
}

/// A case whose verdict is not the expected one: where it stands, and the verdict.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong(&'static str, usize, Option<(Cause, Option<i64>)>);

/// The first case whose verdict is not the expected one.
pub(crate) fn first_wrong() -> Option<Wrong> {
    for (index, Case(addresses, returns, value, cause, instead)) in CASES.iter().enumerate() {
        let got = verdict(addresses, None, None, *returns, *value);

        if got != cause.map(|cause| (cause, *instead)) {
            return Some(Wrong("CASES", index, got));
        }
    }
    for (index, (name, returns, accepted, refused)) in LINES.iter().enumerate() {
        let Some(line) = Member::all().find(|member| member.symbol() == *name) else {
            return Some(Wrong("LINES", index, None));
        };
        let values = accepted.iter().map(|v| (v, None));
        let values = values.chain(refused.iter().map(|v| (v, Some(Rule::SecurityBase))));

        for (value, rule) in values {
            let got = verdict(&[PLAIN], None, Some(line), *returns, *value);

            if got.map(|(cause, _)| cause.rule()) != rule {
                return Some(Wrong("LINES", index, got));
            }
        }
    }
    for (index, (module, symbol, accepted, refused)) in IN_MODULES.iter().enumerate() {
        let symbols = [Symbol::new(b"alias"), Symbol::new(symbol.as_bytes())];
        let function = InModule {
            module,
            symbols: &symbols,
        };
        let values = accepted.iter().map(|v| (v, None));
        let values = values.chain(refused.iter().map(|v| (v, Some(Rule::SecurityBase))));

        for (value, rule) in values {
            let got = verdict(&[PLAIN], Some(function), None, Type::INT, *value);

            if got.map(|(cause, _)| cause.rule()) != rule {
                return Some(Wrong("IN_MODULES", index, got));
            }
        }
    }
    None
}
