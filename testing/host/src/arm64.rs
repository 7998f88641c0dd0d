// SPDX-License-Identifier: GPL-2.0-only

//! The policy's decoding of arm64 instructions, compared with a disassembler, yaxpeax-arm.

use crate::policy::code::{arm64::Arm64, Architecture as _, Called, Use};
use proptest::{prelude::*, sample::select};
use yaxpeax_arch::{Arch, Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{ARMv8, Instruction, Opcode, Operand, SizeCode};

/// Common instructions, which are fully decoded. For others, extra reads may be reported.
const USUAL: &[&str] = &[
    "add", "adds", "adr", "adrp", "and", "ands", "asr", "bfi", "bfxil", "bic", "bics", "ccmn",
    "ccmp", "cinc", "cinv", "clz", "cmn", "cmp", "cneg", "csel", "cset", "csetm", "csinc", "csinv",
    "csneg", "eon", "eor", "extr", "hint", "ldp", "ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrsw",
    "ldur", "ldurb", "ldurh", "lsl", "lslv", "lsr", "lsrv", "madd", "mneg", "mov", "movk", "mrs",
    "msub", "mul", "mvn", "neg", "negs", "nop", "orn", "orr", "rbit", "rev", "rev16", "rev32",
    "ror", "sbfiz", "sbfx", "sdiv", "smull", "stp", "str", "strb", "strh", "stur", "sturb",
    "sturh", "sub", "subs", "sxtb", "sxth", "sxtw", "tst", "ubfiz", "ubfx", "udiv", "umull",
    "uxtb", "uxth",
];

fn disassemble(word: u32) -> Option<Instruction> {
    let bytes = word.to_le_bytes();
    // The disassembler accepts some invalid instructions: immediates shifted out of a 32-bit
    // register, other register operations with this bit, and the authentication of return addresses
    // in any register. For system registers it prints the lower half of the general ones (for
    // 0xd5115710 x0; LLVM prints x16).
    let is_none = |it: &Instruction| {
        let is_short = matches!(it.operands[0], Operand::Register(SizeCode::W, _));

        word >> 21 & 0xf9 == 0xd1
            || word & 0xff80_0000 == 0xf380_0000 && word & 0x1f != 0x1f
            || word & 0xffd0_0010 == 0xd510_0010
            || is_short && matches!(it.operands[1], Operand::ImmShift(_, 32..))
    };

    <ARMv8 as Arch>::Decoder::default()
        .decode(&mut U8Reader::new(&bytes))
        .ok()
        .filter(|it| it.opcode != Opcode::Invalid && !is_none(it))
}

/// The distance of a branch.
fn branches_by(instruction: &Instruction) -> Option<i64> {
    let is_branch = matches!(
        instruction.opcode,
        Opcode::B
            | Opcode::BL
            | Opcode::Bcc(_)
            | Opcode::BCcc(_)
            | Opcode::CBZ
            | Opcode::CBNZ
            | Opcode::TBZ
            | Opcode::TBNZ
    );
    let mut operands = instruction.operands.iter();

    operands.find_map(|operand| match operand {
        Operand::PCOffset(offset) if is_branch => Some(*offset),
        _ => None,
    })
}

/// The immediate that an instruction moves to a register, and whether the register has 64 bits.
fn moves(instruction: &Instruction) -> Option<(i64, bool)> {
    let text = instruction.to_string();
    let (register, number) = text.strip_prefix("mov ")?.split_once(", #0x")?;
    let number = u64::from_str_radix(number, 16).unwrap();

    match (instruction.opcode, &register[..1]) {
        (Opcode::MOVN | Opcode::MOVZ, _) if register.ends_with("zr") => None,
        (Opcode::MOVN | Opcode::MOVZ, "w") => Some((i64::from(number as i32), false)),
        (Opcode::MOVN | Opcode::MOVZ, _) => Some((number as i64, true)),
        _ => None,
    }
}

/// Whether an instruction reads x0, and whether it writes it, according to its assembly; and
/// whether it is a common one.
fn uses(text: &str) -> (bool, bool, bool) {
    let (mnemonic, operands) = text.split_once(' ').unwrap_or((text, ""));
    let operands: Vec<_> = operands
        .split(',')
        .map(|operand| {
            let mut words = operand.split(|it: char| !it.is_alphanumeric());

            words.any(|word| matches!(word, "x0" | "w0"))
        })
        .collect();
    let written = match mnemonic {
        "ldp" | "ldpsw" | "ldnp" => 2,
        "cmp" | "cmn" | "tst" | "ccmp" | "ccmn" | "msr" => 0,
        _ if mnemonic.starts_with("st") => 0,
        _ => 1,
    };
    let keeps = matches!(mnemonic, "movk" | "bfi" | "bfxil" | "bfc");
    let (first, rest) = operands.split_at(written.min(operands.len()));
    let writes = first.contains(&true);

    (
        rest.contains(&true) || (keeps && writes),
        writes,
        USUAL.contains(&mnemonic),
    )
}

/// Words, many of them instructions with the result register.
fn word() -> impl Strategy<Value = u32> {
    let registers = prop::collection::vec(select(vec![0, 0, 1, 19, 31]), 4);

    (any::<u32>(), registers, any::<bool>()).prop_map(|(word, registers, is_random)| {
        let fields = [0, 5, 10, 16].into_iter().zip(registers);

        match is_random {
            true => word,
            false => fields.fold(word, |word, (at, register)| {
                word & !(0x1f << at) | register << at
            }),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 20_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn branches_and_immediates_match_a_disassembler(word in word()) {
        let got = Arm64::decode(&word.to_le_bytes()).unwrap();

        if let Some(instruction) = disassemble(word) {
            let branch = got.branch.map(|distance| i64::from(distance) + 4);

            prop_assert_eq!(branch, branches_by(&instruction), "{:08x} {}", word, instruction);
            prop_assert_eq!(
                got.moved,
                moves(&instruction).and_then(|(number, is_wide)| {
                    Some((i32::try_from(number).ok()?, is_wide))
                }),
                "{:08x} {}",
                word,
                instruction
            );
        }
    }

    #[test]
    fn uses_of_results_match_a_disassembler(word in word()) {
        let got = Arm64::use_of_result(&word.to_le_bytes());
        let Some(instruction) = disassemble(word) else {
            return Ok(());
        };
        let text = instruction.to_string();
        let (reads, writes, is_usual) = uses(&text);
        let expected = match (reads, writes) {
            (true, _) => Use::Reads,
            (false, true) => Use::Overwrites,
            (false, false) => Use::None,
        };

        // Vector instructions have the same mnemonics.
        if is_usual && word >> 25 & 7 != 7 {
            prop_assert_eq!(got, expected, "{:08x} {}", word, text);
        } else if matches!(instruction.opcode, Opcode::B | Opcode::BL) {
            prop_assert_eq!(got, Use::None, "{:08x} {}", word, text);
        } else if matches!(instruction.opcode, Opcode::RET) {
            prop_assert!(matches!(got, Use::Returns | Use::Reads), "{:08x} {}", word, text);
        } else {
            prop_assert!(got == Use::Reads || got == expected, "{:08x} {}", word, text);
        }
    }

    #[test]
    fn veneers_have_the_encoded_target(
        at in any::<u32>().prop_map(|at| 0xffff_8000_8000_0000_usize + (at as usize & !3)),
        // Pages are relative to the page of the instruction.
        distance in -(1i64 << 32) + 4096..(1 << 32) - 4096,
        other in any::<u32>(),
        which in 0usize..4,
    ) {
        let target = at.wrapping_add_signed(distance as isize);
        let pages = (target >> 12).wrapping_sub(at >> 12) as u32;
        let mut words = [
            0x9000_0010 | (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5,
            0x9100_0210 | (target as u32 & 0xfff) << 10,
            0xd61f_0200,
        ];
        let lead = |words: [u32; 3]| {
            Arm64::behind_veneer(&words.map(u32::to_le_bytes).concat(), at)
        };

        prop_assert_eq!(lead(words), Some(target));
        if let Some(word) = words.get_mut(which) {
            // The first two immediates are arbitrary.
            let numbers = [0x60ff_ffe0, 0x003f_fc00, 0][which];
            let is_same = *word & !numbers == other & !numbers;

            *word = other;
            prop_assert_eq!(lead(words).is_some(), is_same);
        }
    }

    #[test]
    fn pieces_of_code_have_all_calls_once(
        mut code in prop::collection::vec(any::<u32>(), 50..150),
        calls in prop::collection::btree_map(0usize..50, (0usize..4, any::<bool>()), 0..30),
        piece in 1usize..40,
    ) {
        const AT: usize = 0x1_0000;
        const CALLED: [usize; 4] = [0x2_0000, 0x2_0008, 0x2_0040, 0x8_0000];

        for (place, (callee, is_jump)) in &calls {
            let words = (CALLED[*callee] - (AT + place * 4)) as u32 / 4;

            code[*place] = if *is_jump { 0x1400_0000 } else { 0x9400_0000 } | words;
        }
        let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
        let called = Called::new(CALLED.to_vec());
        let (mut whole, mut sum) = (Vec::new(), Vec::new());

        called.find::<Arm64>(&bytes, AT, 0, &mut |place, function| whole.push((place, function)));
        for (index, piece_of_code) in bytes.chunks(piece * 4).enumerate() {
            called.find::<Arm64>(piece_of_code, AT + index * piece * 4, 0, &mut |place, function| {
                sum.push((place, function));
            });
        }
        prop_assert_eq!(&sum, &whole);
        for (place, (callee, _)) in calls {
            prop_assert!(whole.contains(&(AT + place * 4, CALLED[callee])));
        }
        for (place, function) in whole {
            let instruction = disassemble(code[(place - AT) / 4]).unwrap();
            let distance = branches_by(&instruction).unwrap();

            prop_assert_eq!(place.wrapping_add_signed(distance as isize), function);
        }
    }
}
