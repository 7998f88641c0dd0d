// SPDX-License-Identifier: GPL-2.0-only

//! Conditions in the form that the handlers run, and the resolution of paths in them.
//!
//! C headers: [`include/linux/namei.h`](srctree/include/linux/namei.h),
//! [`include/linux/cgroup.h`](srctree/include/linux/cgroup.h)

use crate::{
    condition::{
        compile::World,
        program::{
            Comparison,
            Field,
            Next,
            Source,
            With,
            LOADS,
            ROOM,
            TEXT, //
        },
        syntax::Operator, //
    },
    policy::code::{
        Architecture,
        Native, //
    },
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    str::{
        CStrExt,
        CString, //
    }, //
};

// A program fits into the structures of the handlers.
const _: () = assert!(ROOM <= bindings::KILLSWITCH_COMPARISONS as usize);
const _: () = assert!(LOADS <= bindings::KILLSWITCH_LOADS as usize);
const _: () = assert!(TEXT < bindings::KILLSWITCH_TEXT as usize);

/// A condition in the form that the handlers run.
///
/// # Invariants
///
/// Each comparison is followed by later ones or by the end; unused ones by the end. The counts of
/// loads and characters are within the bounds of their arrays, and so are the parts of a pattern
/// before the first star and after the last. `programs` holds references to all programs named.
pub(crate) struct Condition {
    condition: KBox<bindings::killswitch_condition>,
    count: usize,
    programs: KVec<Program>,
}

// SAFETY: A condition is not bound to a task.
unsafe impl Send for Condition {}
// SAFETY: A shared condition is constant.
unsafe impl Sync for Condition {}

/// A reference to the path of a program.
///
/// # Invariants
///
/// This holds a reference to the path.
struct Program(bindings::path);

impl Program {
    /// Resolves `path` for the current task. May sleep.
    fn find(path: &str) -> Result<Self> {
        let name = CString::try_from_fmt(fmt!("{path}"))?;
        let mut path: bindings::path = pin_init::zeroed();

        // SAFETY: The name is a string, and there is room for the path. Called in process context.
        to_result(unsafe { bindings::killswitch_find_program(name.as_char_ptr(), &mut path) })?;
        // INVARIANT: The reference was taken just above.
        Ok(Self(path))
    }

    /// Its inode.
    fn inode(&self) -> *const bindings::inode {
        // SAFETY: There is a reference to the path by the type invariants.
        unsafe { bindings::killswitch_inode(&self.0) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: The reference is ours by the type invariants.
        unsafe { bindings::path_put(&self.0) };
    }
}

impl Condition {
    /// Makes a condition without comparisons, which is always false. May sleep.
    pub(crate) fn new() -> Result<Self> {
        let mut condition: KBox<bindings::killswitch_condition> =
            KBox::init(pin_init::init_zeroed(), GFP_KERNEL)?;

        for comparison in &mut condition.comparisons {
            comparison.source = bindings::KILLSWITCH_CONTEXT as u8;
            comparison.if_true = bindings::KILLSWITCH_REJECT as u8;
            comparison.if_false = bindings::KILLSWITCH_REJECT as u8;
        }
        // INVARIANT: All comparisons are followed by the end.
        Ok(Self {
            condition,
            count: 0,
            programs: KVec::new(),
        })
    }

    /// Appends a comparison. May sleep.
    pub(crate) fn add(&mut self, comparison: &Comparison<'_>) -> Result {
        let is_later = |next| match next {
            Next::Comparison(number) => (self.count + 1..ROOM).contains(&number),
            Next::End(_) => true,
        };

        if !is_later(comparison.if_true) || !is_later(comparison.if_false) {
            return Err(EINVAL);
        }
        let mut made = made_of(comparison);

        if let Source::Exe(path, ..) = comparison.source {
            let program = Program::find(path)?;

            made.__bindgen_anon_1.program = program.inode();
            self.programs.push(program, GFP_KERNEL)?;
        }
        // INVARIANT: Checked just above, and `made_of()` respects the bounds.
        *self
            .condition
            .comparisons
            .get_mut(self.count)
            .ok_or(E2BIG)? = made;
        self.count += 1;
        Ok(())
    }

    /// The pointer for handlers, which must not use it after `self` is dropped.
    pub(super) fn as_ptr(&self) -> *const bindings::killswitch_condition {
        &raw const *self.condition
    }
}

fn made_of(comparison: &Comparison<'_>) -> bindings::killswitch_comparison {
    let next = |next: Next| match next {
        Next::Comparison(number) => number as u8,
        Next::End(true) => bindings::KILLSWITCH_ACCEPT as u8,
        Next::End(false) => bindings::KILLSWITCH_REJECT as u8,
    };
    let operation = match comparison.operator {
        Operator::Equal => bindings::KILLSWITCH_EQUAL,
        Operator::NotEqual => bindings::KILLSWITCH_NOT_EQUAL,
        Operator::Less => bindings::KILLSWITCH_LESS,
        Operator::LessOrEqual => bindings::KILLSWITCH_LESS_OR_EQUAL,
        Operator::Greater => bindings::KILLSWITCH_GREATER,
        Operator::GreaterOrEqual => bindings::KILLSWITCH_GREATER_OR_EQUAL,
        Operator::And => bindings::KILLSWITCH_AND,
        Operator::Matches => bindings::KILLSWITCH_MATCHES,
    };
    let mut made: bindings::killswitch_comparison = pin_init::zeroed();
    let (source, second) = match comparison.source {
        Source::Argument(_) => (bindings::KILLSWITCH_ARGUMENT, 0),
        Source::Uid => (bindings::KILLSWITCH_UID, 0),
        Source::Gid => (bindings::KILLSWITCH_GID, 0),
        Source::Comm => (bindings::KILLSWITCH_COMM, 0),
        Source::Exe(..) => (bindings::KILLSWITCH_EXE, 0),
        Source::Cgroup(level, _) => (bindings::KILLSWITCH_CGROUP, level),
        Source::Cap(number) => (bindings::KILLSWITCH_CAP, number),
        Source::Userns => (bindings::KILLSWITCH_USERNS, 0),
        Source::Context => (bindings::KILLSWITCH_CONTEXT, 0),
    };

    (made.source, made.second) = (source as u8, second);
    match (comparison.source, comparison.with) {
        (Source::Exe(..), _) => {}
        (Source::Cgroup(_, number), _) => made.__bindgen_anon_1.value = number,
        (_, With::Number(number)) => made.__bindgen_anon_1.value = number,
        (_, With::Text(text)) => {
            let text = &text.as_bytes()[..text.len().min(TEXT)];
            let mut parts = text.split(|byte| *byte == b'*');

            made.text[..text.len()].copy_from_slice(text);
            made.length = text.len() as u8;
            made.head = parts.next().map_or(0, <[u8]>::len) as u8;
            made.tail = parts.next_back().map_or(0, <[u8]>::len) as u8;
        }
    }
    match comparison.source {
        Source::Argument(path) => {
            // SAFETY: No preconditions.
            let offset = unsafe { bindings::killswitch_argument_offset(path.argument.into()) };

            made.argument = offset as u8;
            made.loads = path.loads.min(LOADS) as u8;
            made.offsets[..path.offsets.len()].copy_from_slice(&path.offsets);
            (made.bytes, made.shift, made.bits, made.is_signed) = match path.what {
                Field::Text(length) => (0, 0, length.min(TEXT as u8), false),
                Field::Number {
                    bytes,
                    shift,
                    bits,
                    is_signed,
                } => (bytes, shift, bits.clamp(1, 64), is_signed),
            };
        }
        Source::Comm => made.bits = bindings::TASK_COMM_LEN as u8,
        _ => {}
    }
    made.operation = operation as u8;
    made.if_true = next(comparison.if_true);
    made.if_false = next(comparison.if_false);
    made
}

/// Paths as the current task sees them.
pub(crate) struct Running;

impl World for Running {
    fn program(&self, path: &str) -> Option<(u32, u64)> {
        let program = Program::find(path).ok()?;

        // SAFETY: There is a reference to the path by the type invariants.
        Some(unsafe {
            (
                bindings::killswitch_device(&program.0),
                bindings::killswitch_inode_number(&program.0),
            )
        })
    }

    fn cgroup(&self, path: &str) -> Option<(u32, u64)> {
        let path = CString::try_from_fmt(fmt!("{path}")).ok()?;
        let (mut level, mut number) = (0, 0);

        // SAFETY: As above.
        to_result(unsafe {
            bindings::killswitch_find_cgroup(path.as_char_ptr(), &mut level, &mut number)
        })
        .ok()?;
        Some((level, number))
    }

    fn registers(&self) -> u32 {
        Native::ARGUMENTS
    }
}

#[cfg(CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST)]
#[kernel::macros::kunit_tests(killswitch_handler)]
mod tests {
    use super::{
        super::callers::Callers,
        Condition, //
    };
    use crate::condition_cases;
    use kernel::{
        bindings,
        ffi::{
            c_uint,
            c_ulong, //
        },
        prelude::*, //
    };

    /// What the handler does with a call.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Outcome {
        Taken,
        Passed,
        /// A read faulted, so the call was taken if the value is an error.
        Fault,
    }
    use Outcome::*;

    /// An unmapped address: a hole on x86-64, and on arm64 beyond the vmemmap of a hundred
    /// terabytes.
    const NOWHERE: u64 = 0xffff_ff80_0000_0000;
    /// A user address.
    const OF_USER: u64 = 0x1000;

    /// Outcomes of calls with the structures that [`condition_cases::Sample`] describes: the first
    /// points to the second, and that to [`NOWHERE`].
    #[rustfmt::skip]
    const OUTCOMES: &[(&str, Outcome)] = &[
        ("p->byte==-3", Taken),
        ("p->byte>0", Passed),
        ("p->word==40000", Taken),
        ("p->word<32768", Passed),
        ("p->low==5", Taken),
        ("p->high==17", Taken),
        ("p->high!=17", Passed),
        ("p->across==42", Taken),
        ("p->array[2]==-7", Taken),
        ("p->array[2]&8", Taken),
        ("p->array[0]&2", Passed),
        ("p->next->word==3", Taken),
        ("p->next->byte<=4", Taken),
        ("p[1].word==3", Taken),
        ("p->text~\"aead*\"", Taken),
        ("p->text~\"*g?m\"", Taken),
        ("p->text~\"ae*m\"", Taken),
        ("p->text~\"*a*e*g*\"", Taken),
        ("p->text~\"a*?*?m\"", Taken),
        ("p->text~\"ae*e*d*\"", Passed),
        ("p->text~\"aead-gc*-gcm\"", Passed),
        ("p->text~\"aead-gc\"", Passed),
        ("p->text~\"aead-gcm?\"", Passed),
        ("p->text==\"aead\"", Passed),
        ("p->next->text==\"bbbbbbbbbbbbbbbb\"", Taken),
        ("p->next->text~\"*c*\"", Passed),
        // The upper bits of a register do not count.
        ("number==-7", Taken),
        ("number<-7", Passed),
        ("small==200", Taken),
        ("small<200", Passed),
        ("number==-7&&small==200", Taken),
        ("number==7||small==200", Taken),
        ("number==7||small==201", Passed),
        ("!(number==7||small==201)", Taken),
        ("p->next->next->word==3", Fault),
        ("!p->next->next->word==3", Fault),
        ("p->next->next->text~\"*\"", Fault),
        ("number==-7||p->next->next->word==3", Taken),
        ("number!=-7&&p->next->next->word==3", Passed),
        ("next_to_it==NULL", Passed),
        ("next_to_it->word==3", Fault),
        // The caller is a kernel thread.
        ("$uid==0", Passed),
        ("!$uid==0", Passed),
        ("$context==kthread", Taken),
        ("$context!=kthread", Passed),
        ("$uid==0&&$context==kthread", Taken),
        ("$userns==initial&&$context==kthread", Taken),
        ("$cap(\"sys_admin\")&&$context==kthread", Taken),
        ("$comm~\"kunit*\"&&$context==kthread", Taken),
        ("$gid!=0&&$context==kthread", Passed),
    ];

    const TEXT: u64 = u64::from_le_bytes(*b"aead-gcm");
    const LETTERS: u64 = u64::from_le_bytes(*b"bbbbbbbb");

    /// What the handler does with a call under the condition `text`, if the function returns
    /// `value`.
    fn outcome_of(text: &str, value: i64) -> Result<Outcome> {
        let mut memory = KBox::new([0u64; 12], GFP_KERNEL)?;
        let second = (&raw const memory[6]).addr() as u64;
        let mut condition = Condition::new()?;
        let mut added = Ok(());
        let callers = Callers::new()?;

        *memory = [
            42 << 43 | 0x8d << 32 | 40000 << 16 | 0xfd,
            second,
            TEXT,
            0,
            2 << 32 | 1,
            0xffff_fff9,
            3 << 16 | 4,
            NOWHERE,
            LETTERS,
            LETTERS,
            0,
            0,
        ];
        condition_cases::compile(text, &mut |comparison| {
            added = added.and_then(|()| condition.add(comparison));
        })?
        .map_err(|_| EINVAL)?;
        added?;

        let mut probe = bindings::killswitch_probe {
            callers: callers.as_ptr(),
            condition: condition.as_ptr(),
            value: &value,
            stub: 1,
            ..pin_init::zeroed()
        };
        probe.gate.counter = i64::MIN;
        let arguments = [
            (&raw const memory[0]).addr() as c_ulong,
            0xdead_beef_ffff_fff9,
            0xffc8,
            OF_USER as c_ulong,
        ];
        let mut regs: bindings::pt_regs = pin_init::zeroed();

        // SAFETY: The count is that of the arguments, and `memory` serves as a stack.
        unsafe {
            bindings::killswitch_enter(
                &mut regs,
                arguments.as_ptr(),
                arguments.len() as c_uint,
                memory.as_mut_ptr().cast(),
            )
        };
        // SAFETY: The probe has all that the handler uses, valid during the call, and the registers
        // that it reads are those at the entry of a function.
        let taken =
            unsafe { bindings::killswitch_on_conditional_call(&mut probe.kprobe, &mut regs) } != 0;

        // SAFETY: The registers are initialized.
        let resumes_at = unsafe { bindings::killswitch_resume_address(&regs) };

        match (taken, callers.passed(), callers.faults()) {
            (true, 0, 0) if resumes_at == 1 => Ok(Taken),
            (true, 0, 1) if resumes_at == 1 => Ok(Fault),
            (false, 1, 0) if resumes_at == 0 => Ok(Passed),
            // A value that is not an error might grant access.
            (false, 1, 1) if resumes_at == 0 && value == 0 => Ok(Fault),
            _ => Err(EINVAL),
        }
    }

    fn first_wrong(value: i64) -> Option<&'static str> {
        OUTCOMES
            .iter()
            .find(|(text, expected)| outcome_of(text, value) != Ok(*expected))
            .map(|(text, _)| *text)
    }

    #[test]
    fn conditions_select_calls() {
        assert_eq!(first_wrong(-1), None);
    }

    #[test]
    fn a_fault_never_returns_a_success() {
        assert_eq!(first_wrong(0), None);
    }
}
