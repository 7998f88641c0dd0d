// SPDX-License-Identifier: GPL-2.0-only

//! Conditions, as the handlers run them, and what paths in them mean.
//!
//! C headers: [`include/linux/namei.h`](srctree/include/linux/namei.h),
//! [`include/linux/cgroup.h`](srctree/include/linux/cgroup.h)

use crate::condition::{
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

// The handlers have as much room as a program.
const _: () = assert!(ROOM <= bindings::KILLSWITCH_COMPARISONS as usize);
const _: () = assert!(LOADS <= bindings::KILLSWITCH_LOADS as usize);
const _: () = assert!(TEXT < bindings::KILLSWITCH_TEXT as usize);

/// A condition that handlers can run.
///
/// # Invariants
///
/// Each comparison leads to later ones or to the end; those that were not added lead to the end.
/// The numbers of loads and characters are within their arrays, and text ends with a zero.
/// `programs` are references to all programs that it names.
pub(crate) struct Condition {
    condition: KBox<bindings::killswitch_condition>,
    count: usize,
    programs: KVec<Program>,
}

// SAFETY: A condition belongs to no task.
unsafe impl Send for Condition {}
// SAFETY: Once it is made it does not change.
unsafe impl Sync for Condition {}

/// A program: a reference to its file, and to the file system that this is on.
///
/// # Invariants
///
/// There is a reference to the path.
struct Program(bindings::path);

impl Program {
    /// Finds the program at `path`, as the current task sees it. May sleep.
    fn find(path: &str) -> Result<Self> {
        let name = CString::try_from_fmt(fmt!("{path}"))?;
        let mut path: bindings::path = pin_init::zeroed();

        // SAFETY: The name is a string, and there is room for the path. Called in process context.
        to_result(unsafe { bindings::killswitch_find_program(name.as_char_ptr(), &mut path) })?;
        // INVARIANT: Taken just now.
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
    /// Makes one without comparisons, which is false. May sleep.
    pub(crate) fn new() -> Result<Self> {
        let mut condition: KBox<bindings::killswitch_condition> =
            KBox::init(pin_init::init_zeroed(), GFP_KERNEL)?;

        for comparison in &mut condition.comparisons {
            comparison.source = bindings::KILLSWITCH_CONTEXT as u8;
            comparison.if_true = bindings::KILLSWITCH_REJECT as u8;
            comparison.if_false = bindings::KILLSWITCH_REJECT as u8;
        }
        // INVARIANT: It ends at once.
        Ok(Self {
            condition,
            count: 0,
            programs: KVec::new(),
        })
    }

    /// Adds a comparison behind the others. May sleep.
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
        // INVARIANT: Checked just above; for the rest see there.
        *self
            .condition
            .comparisons
            .get_mut(self.count)
            .ok_or(E2BIG)? = made;
        self.count += 1;
        Ok(())
    }

    /// What the handlers run. It must not be used any more when `self` is dropped.
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
            // The last byte stays zero.
            for (place, byte) in made.text.iter_mut().zip(text.bytes().take(TEXT)) {
                *place = byte;
            }
        }
    }
    if let Source::Argument(path) = comparison.source {
        // SAFETY: No preconditions.
        made.argument = unsafe { bindings::killswitch_argument_offset(path.argument.into()) } as u8;
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
    made.operation = operation as u8;
    made.if_true = next(comparison.if_true);
    made.if_false = next(comparison.if_false);
    made
}

/// The running system, as the current task sees it.
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
}
