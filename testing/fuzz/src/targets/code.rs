// SPDX-License-Identifier: GPL-2.0-only

//! Properties of any machine code: a function makes access decisions if its branches and those of
//! its callees, examined one by one, show it, and its callers are counted correctly.

use super::{Input, ERRORS};
use crate::policy::{
    code::{x86::X86, Architecture as _, Called, Evidence, Reader},
    image::{Cold, Function, Image},
    judge, AddressSet, Asked, Cause, Facts, InModule, Kernel, Members, Prototype, Rule, Symbol,
    TaggedSet, Type, Value,
};
use iced_x86::{Decoder, DecoderOptions, FlowControl, OpKind};
use std::{collections::BTreeSet, ops::Range};

/// Maximum number of functions, and of their bytes, which exceeds the limit for one function.
const MAX_FUNCTIONS: usize = 16;
const MAX_TEXT: usize = 192 << 10;
/// Maximum size of a function's code that is checked.
const MAX_BODY: usize = 128 << 10;
/// Maximum number of facts about the functions.
const MAX_NOTES: usize = 96;
/// Number of functions that are checked.
const MAX_ASKED: usize = 3;
/// Size of the text in which calls are counted.
const MAX_COUNTED: usize = 4 << 10;
/// Maximum offset of a function's entry.
const ENTRY: usize = 4;

/// A kernel generated from the input.
#[derive(Default)]
struct MadeUp {
    base: usize,
    padding: usize,
    text: Vec<u8>,
    functions: Vec<Range<usize>>,
    cold: Vec<(usize, Cold)>,
    unreadable: Vec<usize>,
    deciders: Vec<usize>,
    more_deciders: Vec<usize>,
    hubs: Vec<usize>,
    named_padding: Vec<usize>,
    asked: Vec<usize>,
    returns: bool,
    value: i64,
}

impl MadeUp {
    /// First the functions, then facts about them.
    fn new(mut input: Input<'_>) -> Self {
        let flags = input.u8();
        let mut made = Self {
            padding: [0, 16, 7, 64][usize::from(flags & 3)],
            returns: flags & 4 != 0,
            value: input.i64(),
            ..Self::default()
        };
        let mut lengths = Vec::new();
        let mut total = 0;

        for _ in 0..usize::from(input.u8()) % MAX_FUNCTIONS + 1 {
            let (shape, length) = (input.u8(), usize::from(input.u16()));
            let length = match shape & 3 {
                0 => length % 64,
                1 | 2 => length % 2048,
                _ if flags & 32 != 0 => length * 4,
                _ => length % 600,
            };
            let gap = usize::from(shape >> 2) % 8;

            if total + length + gap > MAX_TEXT {
                break;
            }
            lengths.push((total + gap, length));
            total += length + gap;
        }
        made.text = vec![0x90; total];
        made.base = match flags >> 3 & 3 {
            0 => 0x1_0000,
            1 => 0,
            2 => 0xffff_ffff_8100_0000,
            _ => usize::MAX - total,
        };
        made.functions = lengths
            .iter()
            .map(|(start, length)| made.base + start..made.base + start + length)
            .collect();
        if made.functions.is_empty() {
            return made;
        }
        for _ in 0..MAX_NOTES {
            if input.is_empty() {
                break;
            }
            made.note(&mut input);
        }
        if made.asked.is_empty() {
            made.asked.push(made.functions[0].start);
        }
        made
    }

    fn function(&self, input: &mut Input<'_>) -> Range<usize> {
        self.functions[usize::from(input.u8()) % self.functions.len()].clone()
    }

    /// At the start of a function, or near it.
    fn entry(&self, input: &mut Input<'_>) -> usize {
        let start = self.function(input).start;
        start.wrapping_add_signed(isize::from(input.u8() as i8))
    }

    /// In a function, relative to its start or its end.
    fn place(&self, input: &mut Input<'_>) -> usize {
        let (function, offset) = (self.function(input), input.u16() as i16);
        match offset {
            0.. => function.start.wrapping_add(offset as usize),
            _ => function.end.wrapping_add_signed(isize::from(offset)),
        }
    }

    fn note(&mut self, input: &mut Input<'_>) {
        match input.u8() % 13 {
            0 => self.deciders.push(self.entry(input)),
            1 => self.more_deciders.push(self.entry(input)),
            2 => self.hubs.push(self.function(input).start),
            3 => {
                self.asked.push(self.entry(input));
                self.asked.truncate(MAX_ASKED);
            }
            4 => self.unreadable.push(self.place(input)),
            5 => {
                let bytes = input.bytes::<6>();
                self.write(self.place(input), &bytes);
            }
            6 => {
                let start = self.function(input).start;
                self.cold.push((start, Cold::Unknown));
            }
            7 => {
                let (start, cold) = (self.function(input).start, self.function(input));
                self.cold.push((start, Cold::At(cold)));
            }
            12 => self.named_padding.push(self.function(input).start),
            8 => {
                let (start, from, to) = (
                    self.function(input).start,
                    self.place(input),
                    self.place(input),
                );
                self.cold.push((start, Cold::At(from..to)));
            }
            _ => {
                let instruction: &[u8] = match input.u8() % 8 {
                    0 => &[0xe9],
                    1 => &[0x0f, 0x80],
                    2 => &[0x0f, 0x8f],
                    3 => &[0xcc],
                    4 => &[0xcc, 0x84],
                    5 => &[0x0f, 0x90],
                    _ => &[0xe8],
                };
                let (at, to) = (self.place(input), self.entry(input));
                let displacement = to.wrapping_sub(at.wrapping_add(instruction.len() + 4)) as i32;

                self.write(at, &[instruction, &displacement.to_le_bytes()].concat());
            }
        }
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            let at = at.wrapping_add(index).wrapping_sub(self.base);
            if let Some(place) = self.text.get_mut(at) {
                *place = *byte;
            }
        }
    }

    fn bytes(&self, range: &Range<usize>) -> Option<&[u8]> {
        let (start, end) = (
            range.start.checked_sub(self.base)?,
            range.end.checked_sub(self.base)?,
        );
        let is_unreadable = self.unreadable.iter().any(|at| range.contains(at));
        self.text.get(start..end).filter(|_| !is_unreadable)
    }

    fn counted(&self) -> &[u8] {
        &self.text[..self.text.len().min(MAX_COUNTED)]
    }

    /// The evidence that the function at `address` makes access decisions, given `deciders` and
    /// `hubs`.
    fn evidence(&self, address: usize, deciders: &[usize], hubs: &[usize]) -> Option<Evidence> {
        self.with(deciders, hubs, |kernel| {
            Facts::new(kernel, &[address], self).evidence()
        })
    }

    /// The reason to refuse the value for the functions at `addresses`.
    fn refusal(&self, addresses: &[usize], deciders: &[usize]) -> Option<Cause> {
        self.with(deciders, &self.hubs, |kernel| {
            let value = Value::new(self.value);
            let returns = if self.returns {
                Type::INT
            } else {
                Type::Unknown
            };
            let asked = |value| Asked {
                value,
                spares_root: false,
            };

            let facts = |module| {
                let mut facts = Facts::new(kernel, addresses, self);

                facts.module = module;
                facts.prototype = Prototype {
                    returns,
                    ..Prototype::UNKNOWN
                };
                facts
            };
            // Built-in functions take few values.
            let built_in = facts(None);
            let is_built_in = judge(&built_in, asked(value)).is_ok();
            assert!(!is_built_in || (self.returns && built_in.can_fail()));
            let facts = facts(Some(InModule {
                module: "other",
                symbols: &[],
            }));
            let refusal = judge(&facts, asked(value)).err();
            match refusal {
                None => assert!(returns.holds(value)),
                // Suggested values are accepted.
                Some(refusal) => {
                    assert!(refusal.instead.is_none_or(|it| judge(&facts, it).is_ok()));
                }
            }
            refusal.map(|refusal| refusal.cause)
        })
    }

    fn with<T>(&self, deciders: &[usize], hubs: &[usize], run: impl Fn(&Kernel<'_>) -> T) -> T {
        let nothing = AddressSet::new(Vec::new());
        let deciders = AddressSet::new(deciders.to_vec());
        let hubs = AddressSet::new(hubs.to_vec());
        let hooks = TaggedSet::new(Vec::new());
        let base = Members::new(Vec::new());

        run(&Kernel {
            lsm_entries: nothing.borrow(),
            lsm_hooks: hooks.borrow(),
            lsm_trampolines: 0..0,
            base: base.borrow(),
            deciders: deciders.borrow(),
            hubs: hubs.borrow(),
            security: 0..0,
            processor: 0..0,
            core: nothing.borrow(),
        })
    }
}

impl Image for MadeUp {
    fn name(&self, address: usize) -> Symbol {
        match self.named_padding.contains(&address) {
            true => Symbol::new(b"__pfx_f"),
            false => Symbol::new(b"f"),
        }
    }

    fn function(&self, _: usize, _: &mut dyn FnMut(Function<'_>)) {}

    fn hot_part(&self, _: usize) -> Option<usize> {
        None
    }

    fn extent(&self, address: usize) -> Option<Range<usize>> {
        let mut functions = self.functions.iter();
        functions.find(|it| it.contains(&address)).cloned()
    }

    fn cold_part(&self, address: usize) -> Cold {
        let known = self.cold.iter().find(|(start, _)| *start == address);
        known.map_or(Cold::None, |(_, cold)| cold.clone())
    }

    fn read(&self, at: usize, buffer: &mut [u8]) -> bool {
        // Only functions and their cold parts are read.
        let range = at..at.checked_add(buffer.len()).unwrap();
        let cold = self.cold.iter().filter_map(|(_, cold)| match cold {
            Cold::At(range) => Some(range),
            _ => None,
        });
        assert!(self
            .functions
            .iter()
            .chain(cold)
            .any(|it| it.start <= range.start && range.end <= it.end));

        match self.bytes(&range) {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    fn callers(&self, functions: &[usize], visit: &mut dyn FnMut(usize, usize)) {
        Called::new(functions.to_vec()).find::<X86>(self.counted(), self.base, self.padding, visit);
    }

    fn reader(&self) -> &'static dyn Reader {
        &X86
    }

    fn padding(&self) -> usize {
        self.padding
    }
}

/// Tests the answers about the functions of a kernel generated from `data`.
pub fn code(data: &[u8]) {
    let made = MadeUp::new(Input(data));
    let more = [&made.deciders[..], &made.more_deciders].concat();

    for address in &made.asked {
        let found = made.evidence(*address, &made.deciders, &made.hubs);

        is_right(&made, *address, found);
        // More deciders, or fewer hubs, never hide a decision.
        if found.is_some() {
            assert!(made.evidence(*address, &more, &made.hubs).is_some());
            assert!(made.evidence(*address, &made.deciders, &[]).is_some());
        }
        let refusal = made.refusal(&[*address], &made.deciders);
        if found.is_some() && !(made.returns && ERRORS.contains(&made.value)) {
            assert_eq!(refusal.map(|it| it.rule()), Some(Rule::Mediation));
        }
        assert!(refusal.is_none() || made.refusal(&[*address], &more).is_some());
        counts(&made, *address);
    }
    // Of several functions, one decider is enough.
    if made.asked.len() > 1 {
        assert!(made.refusal(&made.asked, &made.deciders).is_some());
    }
}

/// Checks that `found` matches the evidence of all readable branches.
fn is_right(made: &MadeUp, address: usize, found: Option<Evidence>) {
    let targets = Targets::of(made, address);
    let decider = |target: usize| {
        let landing = target.saturating_sub(ENTRY)..=target.saturating_add(made.padding);
        let deciders = made.deciders.iter().copied();
        deciders.filter(|it| landing.contains(it)).min()
    };
    let direct = |targets: &Targets| targets.found.iter().find_map(|target| decider(*target));
    let between = |target: usize| {
        let symbol = made.extent(target)?;
        // Padding is recognized by its name, however short.
        let is_padding = made.named_padding.contains(&symbol.start);
        let (callee, is_entered) = match is_padding && symbol.len() <= made.padding {
            true => (symbol.end, true),
            false => (symbol.start, target - symbol.start <= ENTRY),
        };
        let is_passed = callee == address || made.hubs.contains(&callee);
        (is_entered && !is_passed).then_some(callee)
    };

    if let Some(Evidence::Calls { through, decider }) = found {
        assert!(made.deciders.contains(&decider));
        assert!(through.is_none_or(|it| it != address && !made.hubs.contains(&it)));
    }
    // Invalid instructions are data, which only has to be readable.
    if !targets.is_code {
        return;
    }
    // Unreadable code may decide.
    if !targets.is_all {
        assert!(found.is_some());
        return;
    }
    assert_ne!(found, Some(Evidence::Unknown));
    if let Some(decider) = direct(&targets) {
        let through = None;
        return assert_eq!(found, Some(Evidence::Calls { through, decider }));
    }

    let mut expected = None;
    for callee in targets.found.iter().filter_map(|target| between(*target)) {
        let targets = Targets::of(made, callee);
        // How far it is read before the error is undefined.
        if !targets.is_all || !targets.is_code {
            return;
        }
        if let (Some(decider), None) = (direct(&targets), expected) {
            let through = Some(callee);
            expected = Some(Evidence::Calls { through, decider });
        }
    }
    assert_eq!(found, expected);
}

/// The targets of branches out of a function.
struct Targets {
    found: Vec<usize>,
    /// Whether the whole function is readable.
    is_all: bool,
    /// Whether all readable bytes are instructions.
    is_code: bool,
}

impl Targets {
    fn of(made: &MadeUp, address: usize) -> Self {
        let mut targets = Self {
            found: Vec::new(),
            is_all: false,
            is_code: true,
        };
        let Some(body) = made.extent(address) else {
            return targets;
        };
        let mut parts = vec![body.clone()];
        match made.cold_part(address) {
            Cold::None => (),
            Cold::At(cold) => parts.push(cold),
            Cold::Unknown => return targets,
        }
        for part in parts.iter().filter(|part| !part.is_empty()) {
            let bytes = match made.bytes(part) {
                Some(bytes) if bytes.len() <= MAX_BODY => bytes,
                _ => return targets,
            };

            for instruction in Decoder::with_ip(
                64,
                bytes,
                part.start as u64,
                DecoderOptions::NO_INVALID_CHECK,
            ) {
                let is_branch = matches!(
                    instruction.flow_control(),
                    FlowControl::Call
                        | FlowControl::UnconditionalBranch
                        | FlowControl::ConditionalBranch
                ) && instruction.op0_kind() == OpKind::NearBranch64;
                let target = instruction.near_branch_target() as usize;

                targets.is_code &= !instruction.is_invalid();
                if is_branch && !body.contains(&target) {
                    targets.found.push(target);
                }
            }
        }
        targets.is_all = true;
        targets
    }
}

/// The ends of branches in `bytes` that begin with a byte in `one`, or with a byte in `two` and a
/// condition.
fn ends_of_branches(bytes: &[u8], one: &[u8], two: &[u8]) -> BTreeSet<usize> {
    let mut ends = BTreeSet::new();

    for (index, first) in bytes.iter().enumerate() {
        if one.contains(first) {
            ends.insert(index + 5);
        }
        if two.contains(first) && bytes.get(index + 1).is_some_and(|it| it >> 4 == 8) {
            ends.insert(index + 6);
        }
    }
    ends.split_off(&(bytes.len() + 1));
    ends
}

/// The target of the branch that ends at `end` in `bytes`, which are at `at`.
fn target(bytes: &[u8], at: usize, end: usize) -> usize {
    let displacement = i32::from_le_bytes(bytes[end - 4..end].try_into().unwrap());
    at.wrapping_add(end)
        .wrapping_add_signed(displacement as isize)
}

/// All calls are counted, whether the code is scanned as a whole or in pieces.
fn counts(made: &MadeUp, address: usize) {
    let (text, landing) = (
        made.counted(),
        address.saturating_sub(made.padding)..=address.saturating_add(ENTRY),
    );
    let mut whole = 0;
    made.callers(&[address], &mut |_, _| whole += 1);
    // Any byte may precede the first one.
    let ends = ends_of_branches(text, &[0xe8, 0xe9, 0xcc], &[0x0f, 0xcc]);
    let expected = ends
        .into_iter()
        .filter(|end| *end > X86::OVERLAP && landing.contains(&target(text, made.base, *end)))
        .count();
    assert_eq!(whole, expected);

    let piece = X86::OVERLAP + 1 + made.value as usize % 1024;
    // Among unrelated functions.
    let others = made.asked.iter().filter(|other| **other != address);
    let all = others.chain([&address]).copied();
    let called = Called::new(all.collect::<Vec<_>>());
    let mut sum = 0;
    let mut at = 0;
    while text.len().saturating_sub(at) > X86::OVERLAP {
        let end = text.len().min(at + piece);
        let place = made.base.wrapping_add(at);
        called.find::<X86>(&text[at..end], place, made.padding, &mut |_, function| {
            sum += usize::from(function == address);
        });
        at = end - X86::OVERLAP;
    }
    assert_eq!(sum, whole);
}
