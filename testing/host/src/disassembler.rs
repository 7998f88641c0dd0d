// SPDX-License-Identifier: GPL-2.0-only

//! Compares the policy's decoding of a built kernel's machine code with a disassembler, and checks
//! that the handlers call nothing that can be probed. Does not use the code under test.

use crate::{
    image::Image,
    policy::{
        code::{callees, x86::X86, Architecture as _},
        image::{Cold, Image as _},
    },
};
use iced_x86::{Decoder, DecoderOptions, FlowControl};
use object::{Object, ObjectSection, ObjectSymbol};
use proptest::{prelude::*, sample::select};
use std::{collections::BTreeSet, env, fs, ops::Range, path::PathBuf};

/// The branches in `range` that leave `body`, by target.
fn branches(image: &Image, range: &Range<usize>, body: &Range<usize>, found: &mut BTreeSet<usize>) {
    let bytes = image.bytes(range).unwrap();

    for instruction in Decoder::with_ip(64, bytes, range.start as u64, DecoderOptions::NONE) {
        let is_branch = matches!(
            instruction.flow_control(),
            FlowControl::Call | FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch
        );
        let target = instruction.near_branch_target() as usize;

        if is_branch && target != 0 && !body.contains(&target) {
            found.insert(target);
        }
    }
}

/// The function that a branch to `target` enters: at its start, after an ENDBR64 there, or in the
/// padding before it.
fn entered(image: &Image, target: usize) -> Option<usize> {
    let symbol = image.extent(target)?;
    let names = image.names(symbol.start);
    let is_padding = names
        .iter()
        .any(|name| name.starts_with("__pfx_") || name.starts_with("__cfi_"));

    match target - symbol.start {
        _ if is_padding => Some(symbol.end),
        0..=4 => Some(symbol.start),
        _ => None,
    }
}

/// Whether `bytes` are split into the same instructions.
fn is_split_equally(bytes: &[u8]) -> bool {
    let mut decoder = Decoder::new(64, bytes, DecoderOptions::NONE);
    let mut at = 0;

    while decoder.can_decode() {
        let instruction = decoder.decode();
        let length = X86::decode(&bytes[at..]).map_or(1, |it| it.length);

        // Invalid instructions are data.
        if instruction.is_invalid() {
            return true;
        }
        if length != instruction.len() {
            return false;
        }
        at += length;
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn instruction_lengths_match_a_disassembler(
        prefix in prop::collection::vec(select(vec![0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x65, 0x48, 0x41]), 0..3),
        bytes in prop::collection::vec(any::<u8>(), 15),
    ) {
        let bytes = [prefix, bytes].concat();
        let mut decoder = Decoder::new(64, &bytes, DecoderOptions::NO_INVALID_CHECK);
        let instruction = decoder.decode();

        // Compilers do not use these two of SSE4A, which share an opcode with others.
        let is_known = !matches!(
            instruction.code(),
            iced_x86::Code::Extrq_xmm_imm8_imm8 | iced_x86::Code::Insertq_xmm_xmm_imm8_imm8
        );
        if !instruction.is_invalid() && is_known {
            let got = X86::decode(&bytes).map(|it| it.length);

            prop_assert_eq!(got, Some(instruction.len()), "{:x?} {}", bytes, instruction.code() as u32);
        }
    }
}

#[test]
#[ignore = "needs a built kernel: KS_KERNEL is its directory, KS_PADDING its padding"]
fn decoding_matches_a_disassembler() {
    let directory = PathBuf::from(env::var("KS_KERNEL").unwrap());
    let padding = env::var("KS_PADDING").unwrap().parse().unwrap();
    let mut image = Image::new(&directory.join("vmlinux"), padding);
    let modules = fs::read_to_string(directory.join("modules.order")).unwrap();
    let (mut calls, mut wrong) = (0, Vec::new());

    for module in modules.lines() {
        image.add(&directory.join(module.replace(".o", ".ko")));
    }
    for (address, name) in &image.functions {
        let body = image.extent(*address).unwrap();
        let mut targets = BTreeSet::new();
        let mut got = BTreeSet::new();

        branches(&image, &body, &body, &mut targets);
        match image.cold_part(*address) {
            Cold::At(cold) => branches(&image, &cold, &body, &mut targets),
            Cold::None => {}
            // It is not read.
            Cold::Unknown => continue,
        }
        let read = callees::<X86, _>(&image, *address, &mut |callee| {
            got.insert(callee);
            None::<()>
        });
        let expected: BTreeSet<_> = targets
            .iter()
            .filter_map(|target| entered(&image, *target))
            .filter(|callee| callee != address)
            .collect();

        calls += expected.len();
        if !is_split_equally(image.bytes(&body).unwrap()) {
            wrong.push(format!("{name} is split into other instructions"));
        }
        if read.is_err() || got != expected {
            let names = |set: &BTreeSet<usize>, other: &BTreeSet<usize>| -> Vec<String> {
                set.difference(other)
                    .map(|at| image.names(*at).join("="))
                    .collect()
            };

            wrong.push(format!(
                "{name}: additional {:?}, missing {:?}",
                names(&got, &expected),
                names(&expected, &got)
            ));
        }
    }
    println!("{} functions call {calls} others", image.functions.len());
    assert!(image.functions.len() > 10_000);
    assert!(
        wrong.is_empty(),
        "{} are wrong: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(50)]
    );
}

/// Whether the kprobe layer refuses an address, because of its section or of the blacklist.
fn blacklist(file: &object::File<'_>) -> impl Fn(usize) -> bool {
    let address = |name: &str| {
        let symbol = file
            .symbol_by_name(name)
            .unwrap_or_else(|| panic!("{name} is missing"));

        symbol.address() as usize
    };
    let texts = ["kprobes", "noinstr", "entry"].map(|name| {
        address(&format!("__{name}_text_start"))..address(&format!("__{name}_text_end"))
    });
    let (start, end) = (
        address("__start_kprobe_blacklist"),
        address("__stop_kprobe_blacklist"),
    );
    let listed: BTreeSet<usize> = file
        .sections()
        .find_map(|section| {
            section
                .data_range(start as u64, (end - start) as u64)
                .ok()?
        })
        .unwrap()
        .chunks(8)
        .map(|entry| usize::from_le_bytes(entry.try_into().unwrap()))
        .collect();

    move |address| listed.contains(&address) || texts.iter().any(|text| text.contains(&address))
}

#[test]
#[ignore = "needs a built kernel: KS_KERNEL is its directory"]
fn handlers_call_nothing_that_can_be_probed() {
    let directory = PathBuf::from(env::var("KS_KERNEL").unwrap());
    let data = fs::read(directory.join("vmlinux")).unwrap();
    let file = object::File::parse(&*data).unwrap();
    let image = Image::new(&directory.join("vmlinux"), 0);
    let is_blacklisted = blacklist(&file);
    let is_handler = |name: &&str| {
        name.starts_with("killswitch_on_")
            || *name == "killswitch_after_call"
            || name.starts_with("killswitch_stub_")
    };
    let handlers: Vec<_> = file
        .symbols()
        .filter(|symbol| symbol.name().ok().as_ref().is_some_and(is_handler))
        .collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    let mut bodies: Vec<_> = handlers
        .iter()
        .map(|handler| {
            let start = handler.address() as usize;

            start..start + handler.size() as usize
        })
        .collect();

    assert!(handlers.len() > 3);
    while let Some(body) = bodies.pop() {
        let start = body.start;
        let mut targets = BTreeSet::new();
        let name = image.names(start).join("=");

        if !seen.insert(start) {
            continue;
        }
        assert!(!body.is_empty(), "{name} is empty");
        if !is_blacklisted(start) {
            wrong.push(format!("{name} can be probed"));
        }
        // They call functions that can be probed, but prevent recursion.
        if matches!(&*name, "killswitch_wake" | "killswitch_trace") {
            continue;
        }
        branches(&image, &body, &body, &mut targets);
        for target in targets {
            let symbol = image.extent(target);
            let called = image.names(symbol.as_ref().map_or(target, |symbol| symbol.start));
            // All code returns through the one, including breakpoint handling; the other does not
            // return.
            let is_end = |name: &str| matches!(name, "__x86_return_thunk" | "__stack_chk_fail");
            let is_return = called.iter().any(|name| is_end(name));

            if !is_blacklisted(target) && !is_return {
                let called = called.join("=");

                wrong.push(format!("{name} calls {called}, which can be probed"));
            } else if !is_return {
                bodies.extend(symbol);
            }
        }
        // An indirect call can have any target.
        let code = image.bytes(&body).unwrap();
        let calls = Decoder::with_ip(64, code, start as u64, DecoderOptions::NONE)
            .into_iter()
            .filter(|it| {
                matches!(
                    it.flow_control(),
                    FlowControl::IndirectCall | FlowControl::IndirectBranch
                )
            });

        wrong.extend(calls.map(|_| format!("{name} makes an indirect call")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
