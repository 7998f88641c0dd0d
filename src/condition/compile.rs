// SPDX-License-Identifier: GPL-2.0-only

//! The compiler of conditions: a tree of comparisons to a program, by the types of the function's
//! arguments.

use super::{
    program::{
        Comparison,
        Field,
        Next,
        Path,
        Source,
        With,
        LOADS,
        ROOM,
        TEXT, //
    },
    syntax::{
        self,
        Invalid, //
        Literal,
        Node,
        Operand,
        Operator,
        Step,
        Tree,
    },
};
use crate::{
    errno,
    policy::btf::{
        self,
        Layouts,
        Member, //
    }, //
};
use core::fmt::{
    self,
    Write, //
};

/// How many valid names are listed for a wrong one.
const LISTED: usize = 12;
/// The largest offset in a structure, in bytes.
const MAX_OFFSET: i64 = i32::MAX as i64;

/// Resolves paths in the running system.
pub(crate) trait World {
    /// The device and the inode of the program at this path.
    fn program(&self, path: &str) -> Option<(u32, u64)>;

    /// The level and the id of the cgroup at this path in the unified hierarchy.
    fn cgroup(&self, path: &str) -> Option<(u32, u64)>;

    /// The number of arguments that are passed in registers.
    fn registers(&self) -> u32;
}

/// The capabilities, by number.
#[rustfmt::skip]
const CAPABILITIES: &[&str] = &[
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
    "setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw",
    "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct",
    "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod",
    "lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog",
    "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
];

/// The contexts of calls, by their numbers in the handlers.
const CONTEXTS: &[&str] = &["nmi", "irq", "softirq", "kthread", "task"];
const TASK: u64 = 4;

/// Compiles a condition on calls of the function with the type id `function`, and passes the
/// comparisons, at most [`ROOM`], to `take` in order. If a name is wrong, the valid ones are
/// written to `choices`.
pub(crate) fn compile<'a>(
    tree: Tree<'a, '_>,
    types: &dyn Layouts,
    function: u32,
    world: &dyn World,
    choices: &mut dyn Write,
    take: &mut dyn FnMut(&Comparison<'a>),
) -> Result<(), Invalid> {
    let is_about = |is_meant: fn(&str) -> bool| {
        tree.comparisons()
            .any(|it| matches!(it.operand, Operand::Caller(word, _) if is_meant(word)))
    };
    let mut compiler = Compiler {
        tree,
        types,
        function,
        world,
        choices,
        take,
        count: 0,
    };

    // In an interrupt or a kernel thread, the current task is not the requester.
    if is_about(|_| true) && !is_about(|word| word == "context") {
        compiler.add(Comparison {
            source: Source::Context,
            operator: Operator::Equal,
            with: With::Number(TASK),
            if_true: Next::Comparison(1),
            if_false: Next::End(false),
        })?;
    }
    compiler.node(tree.root(), Next::End(true), Next::End(false))
}

fn invalid(at: usize, what: &'static str) -> Invalid {
    Invalid { at, what }
}

struct Compiler<'a, 'b> {
    tree: Tree<'a, 'b>,
    types: &'b dyn Layouts,
    function: u32,
    world: &'b dyn World,
    choices: &'b mut dyn Write,
    take: &'b mut dyn FnMut(&Comparison<'a>),
    /// The number of comparisons so far.
    count: usize,
}

/// A position on the path to a value.
#[derive(Clone, Copy)]
struct Place {
    path: Path,
    /// The type at this position, and its offset from the last pointer.
    id: u32,
    offset: i64,
    /// Whether this is the argument itself.
    is_argument: bool,
    /// The number of bits, if it is a bit field.
    bits: u8,
}

impl<'a> Compiler<'a, '_> {
    fn add(&mut self, comparison: Comparison<'a>) -> Result<(), Invalid> {
        if self.count == ROOM {
            return Err(invalid(0, "it is too long"));
        }
        (self.take)(&comparison);
        self.count += 1;
        Ok(())
    }

    /// The number of comparisons in and below a node.
    fn size(&self, node: usize) -> usize {
        match self.tree.node(node) {
            Some(Node::Comparison(_)) => 1,
            Some(Node::Not(below)) => self.size(*below),
            Some(Node::And(left, right) | Node::Or(left, right)) => {
                self.size(*left) + self.size(*right)
            }
            None => 0,
        }
    }

    /// Compiles a node, whose first comparison is the next one.
    fn node(&mut self, node: usize, if_true: Next, if_false: Next) -> Result<(), Invalid> {
        let tree = self.tree;

        match tree.node(node) {
            Some(Node::Comparison(comparison)) => self.comparison(comparison, if_true, if_false),
            Some(Node::Not(below)) => self.node(*below, if_false, if_true),
            Some(Node::And(left, right)) => {
                let second = self.count + self.size(*left);

                self.node(*left, Next::Comparison(second), if_false)?;
                self.node(*right, if_true, if_false)
            }
            Some(Node::Or(left, right)) => {
                let second = self.count + self.size(*left);

                self.node(*left, if_true, Next::Comparison(second))?;
                self.node(*right, if_true, if_false)
            }
            None => Err(invalid(0, "it cannot be compiled")),
        }
    }

    fn comparison(
        &mut self,
        comparison: &syntax::Comparison<'a>,
        if_true: Next,
        if_false: Next,
    ) -> Result<(), Invalid> {
        let at = comparison.at;
        let (source, operator, with) = match comparison.operand {
            Operand::Caller(word, argument) => self.caller(at, word, argument, comparison.with)?,
            Operand::Argument { cast, name, steps } => {
                let place = self.place(at, cast, name, steps.as_slice())?;

                self.value(at, place, comparison.with)?
            }
        };

        if let With::Text(text) = with {
            // Longer text is not read in full.
            if text.len() >= TEXT {
                return Err(invalid(at, "a string has more than 62 characters"));
            }
        }
        self.add(Comparison {
            source,
            operator,
            with,
            if_true,
            if_false,
        })
    }

    /// Lists the valid names.
    fn list<'n>(&mut self, what: &str, names: impl Iterator<Item = &'n str>) {
        let mut names = names.filter(|name| !name.is_empty());
        let mut line = || -> fmt::Result {
            write!(self.choices, "  {what}:")?;
            for name in names.by_ref().take(LISTED) {
                write!(self.choices, " {name}")?;
            }
            match names.next() {
                Some(_) => self.choices.write_str(" ...\n"),
                None => self.choices.write_str("\n"),
            }
        };

        // It is refused in any case.
        let _ = line();
    }

    /// Compiles a property of the caller.
    fn caller(
        &mut self,
        at: usize,
        word: &'a str,
        argument: Option<&'a str>,
        with: Option<(Operator, Literal<'a>)>,
    ) -> Result<(Source<'a>, Operator, With<'a>), Invalid> {
        const WORDS: [&str; 9] = [
            "uid", "gid", "comm", "exe", "cgroup", "cap", "userns", "context", "arg1",
        ];
        let is_equality = matches!(with, Some((Operator::Equal | Operator::NotEqual, _)));

        if argument.is_some() != (word == "cap") {
            return Err(invalid(
                at,
                "only $cap takes an argument: $cap(\"sys_admin\")",
            ));
        }
        match (word, with) {
            ("uid" | "gid", Some((operator, Literal::Number(number))))
                if operator != Operator::Matches =>
            {
                let number = u32::try_from(number)
                    .map_err(|_| invalid(at, "this id has more than 32 bits"))?;
                let source = match word {
                    "uid" => Source::Uid,
                    _ => Source::Gid,
                };

                Ok((source, operator, With::Number(number.into())))
            }
            ("comm", Some((operator, Literal::Text(text))))
                if is_equality || operator == Operator::Matches =>
            {
                Ok((Source::Comm, operator, With::Text(text)))
            }
            ("exe", Some((operator, Literal::Text(path)))) if is_equality => {
                let (device, inode) = self
                    .world
                    .program(path)
                    .ok_or(invalid(at, "there is no such program"))?;

                Ok((Source::Exe(path, device, inode), operator, With::Number(0)))
            }
            ("cgroup", Some((operator, Literal::Text(path)))) if is_equality => {
                let (level, number) = self.world.cgroup(path).ok_or(invalid(
                    at,
                    "there is no such cgroup in the unified hierarchy",
                ))?;

                Ok((Source::Cgroup(level, number), operator, With::Number(0)))
            }
            ("cap", None) => {
                let name = argument.unwrap_or_default();
                let Some(number) = CAPABILITIES.iter().position(|known| *known == name) else {
                    self.list("capabilities", CAPABILITIES.iter().copied());
                    return Err(invalid(at, "there is no such capability"));
                };

                Ok((
                    Source::Cap(number as u32),
                    Operator::NotEqual,
                    With::Number(0),
                ))
            }
            ("userns", Some((operator, Literal::Name("initial")))) if is_equality => {
                Ok((Source::Userns, operator, With::Number(1)))
            }
            ("context", Some((operator, Literal::Name(name)))) if is_equality => {
                let Some(number) = CONTEXTS.iter().position(|known| *known == name) else {
                    self.list("contexts", CONTEXTS.iter().copied());
                    return Err(invalid(at, "there is no such context"));
                };

                Ok((Source::Context, operator, With::Number(number as u64)))
            }
            _ if !WORDS.contains(&word) => {
                self.list("words after $", WORDS.into_iter());
                Err(invalid(at, "there is no such word after $"))
            }
            _ => Err(invalid(at, "this cannot be compared in this way")),
        }
    }

    /// The type id of the prototype.
    fn prototype(&self) -> Result<u32, Invalid> {
        btf::prototype_of(self.types, self.function)
            .map(|(id, _)| id)
            .ok_or(invalid(0, "the function has no type information"))
    }

    /// The index and the type id of the argument with this name.
    fn argument(&mut self, at: usize, name: &str) -> Result<(u32, u32), Invalid> {
        let (types, prototype) = (self.types, self.prototype()?);
        let count = (0..).take_while(|index| types.parameter(prototype, *index).is_some());
        let count = count.count() as u32;
        let name_of = |index| types.parameter_name(prototype, index).unwrap_or_default();
        let number = name
            .strip_prefix("$arg")
            .and_then(|digits| digits.parse::<u32>().ok());
        let index = match number {
            Some(number) => number.checked_sub(1).filter(|index| *index < count),
            None => (0..count).find(|index| name_of(*index) == name),
        };
        let Some(index) = index else {
            self.list("arguments", (0..count).map(name_of));
            return Err(invalid(at, "the function has no such argument"));
        };
        let is_simple = |index: u32| {
            let id = types.parameter(prototype, index)?;

            scalar(types, id).filter(|scalar| scalar.bytes <= 8)
        };

        // An argument that does not fit a register shifts those that follow.
        if index >= self.world.registers() || !(0..=index).all(|index| is_simple(index).is_some()) {
            return Err(invalid(at, "this argument is not in a register"));
        }
        let id = types.parameter(prototype, index);
        Ok((
            index,
            id.ok_or(invalid(at, "the function has no such argument"))?,
        ))
    }

    /// Follows the steps from an argument.
    fn place(
        &mut self,
        at: usize,
        cast: Option<(&str, Option<&str>)>,
        name: &str,
        steps: &[Step<'_>],
    ) -> Result<Place, Invalid> {
        let (index, id) = self.argument(at, name)?;
        let mut place = Place {
            path: Path {
                argument: index as u8,
                ..Path::default()
            },
            id,
            offset: 0,
            is_argument: true,
            bits: 0,
        };
        let mut steps = steps.iter();

        if let Some((structure, member)) = cast {
            self.pointee(at, place.id)?;
            let id = self
                .types
                .find(structure)
                .ok_or(invalid(at, "there is no such structure, or more than one"))?;
            let Some(Step::Arrow(first)) = steps.next() else {
                return Err(invalid(at, "a cast needs -> and a member"));
            };

            if let Some(member) = member {
                place.offset -= self.member(at, id, member)?.0;
            }
            // The argument is a pointer to the structure.
            place.is_argument = false;
            self.enter(at, &mut place, id, first)?;
        }
        for step in steps {
            match step {
                Step::Arrow(name) => {
                    let id = self.follow(at, &mut place)?;

                    self.enter(at, &mut place, id, name)?;
                }
                Step::Dot(name) => {
                    if place.is_argument {
                        return Err(invalid(at, "an argument is not a structure; use ->"));
                    }
                    let id = place.id;

                    self.enter(at, &mut place, id, name)?;
                }
                Step::Index(number) => self.index(at, &mut place, *number)?,
            }
        }
        Ok(place)
    }

    /// The type that a pointer of this type points to.
    fn pointee(&self, at: usize, id: u32) -> Result<u32, Invalid> {
        let (_, described) =
            btf::skip(self.types, id).ok_or(invalid(at, "this is not a pointer"))?;

        if btf::kind(described.info) != btf::PTR {
            return Err(invalid(at, "this is not a pointer"));
        }
        let mut to = described.size_or_type;
        while let Some(tag) = self.types.get(to) {
            if btf::kind(tag.info) != btf::TYPE_TAG {
                break;
            }
            if matches!(self.types.name(to), "user" | "percpu") {
                return Err(invalid(at, "this points to user or per-CPU memory"));
            }
            to = tag.size_or_type;
        }
        Ok(to)
    }

    /// Follows a pointer, and returns the type that it points to.
    fn follow(&self, at: usize, place: &mut Place) -> Result<u32, Invalid> {
        let to = self.pointee(at, place.id)?;

        if place.bits != 0 {
            return Err(invalid(at, "this is not a pointer"));
        }
        if !core::mem::take(&mut place.is_argument) {
            let loads = place.path.loads;

            if loads >= LOADS {
                return Err(invalid(at, "there are too many steps"));
            }
            place.path.offsets[loads] = offset(at, place.offset)?;
            place.path.loads += 1;
            place.offset = 0;
        }
        Ok(to)
    }

    /// Steps to the member `name` of the structure with type `id`.
    fn enter(&mut self, at: usize, place: &mut Place, id: u32, name: &str) -> Result<(), Invalid> {
        if place.bits != 0 {
            return Err(invalid(at, "this is not a structure"));
        }
        let (offset, member, bits, shift) = self.member(at, id, name)?;

        place.offset += offset;
        place.id = member;
        place.bits = bits;
        place.path.what = Field::Number {
            bytes: 0,
            shift,
            bits,
            is_signed: false,
        };
        Ok(())
    }

    /// The offset in bytes and the type of a member of a structure, and for a bit field the number
    /// of bits and the first one.
    fn member(&mut self, at: usize, id: u32, name: &str) -> Result<(i64, u32, u8, u8), Invalid> {
        let (id, _) = btf::skip(self.types, id).ok_or(invalid(at, "this is not a structure"))?;

        if is_of_user(self.types.name(id)) {
            return Err(invalid(at, "this is in user memory"));
        }
        if let Some(found) = find_member(self.types, id, name, 0) {
            return Ok(found);
        }
        let types = self.types;
        let mut members = (0..).map_while(|index| types.member(id, index)).peekable();

        if members.peek().is_none() {
            return Err(invalid(at, "this is not a structure"));
        }
        self.list("members", members.map(|member| member.name));
        Err(invalid(at, "the structure has no such member"))
    }

    /// Steps to an element of an array, or relative to a pointer.
    fn index(&self, at: usize, place: &mut Place, number: u32) -> Result<(), Invalid> {
        let array = btf::skip(self.types, place.id)
            .filter(|(_, described)| btf::kind(described.info) == btf::ARRAY)
            .and_then(|(id, _)| self.types.array(id));
        let element = match array {
            Some((element, count)) if number < count || count == 0 => element,
            Some(_) => return Err(invalid(at, "the array is not that long")),
            None => self.follow(at, place)?,
        };
        let size = btf::size(self.types, element).ok_or(invalid(at, "this is not an array"))?;

        place.offset += i64::from(number) * i64::from(size);
        place.id = element;
        offset(at, place.offset).map(drop)
    }

    /// Compiles a comparison of the value at `place`.
    fn value(
        &mut self,
        at: usize,
        mut place: Place,
        with: Option<(Operator, Literal<'a>)>,
    ) -> Result<(Source<'a>, Operator, With<'a>), Invalid> {
        let (operator, literal) = with.unwrap_or((Operator::NotEqual, Literal::Number(0)));

        if let Literal::Text(text) = literal {
            if !matches!(
                operator,
                Operator::Equal | Operator::NotEqual | Operator::Matches
            ) {
                return Err(invalid(at, "compare strings with ==, != or ~"));
            }
            let length = self.text(at, &mut place)?;

            place.path.what = Field::Text(length);
            return Ok((
                Source::Argument(self.end(at, place)?),
                operator,
                With::Text(text),
            ));
        }
        if operator == Operator::Matches {
            return Err(invalid(at, "~ needs a string"));
        }
        let scalar = scalar(self.types, place.id)
            .ok_or(invalid(at, "this is not a number; name a member of it"))?;
        let Literal::Number(number) = self.number(at, place.id, literal)? else {
            return Err(invalid(at, "this is not a number"));
        };

        if scalar.is_pointer
            && (number != 0 || !matches!(operator, Operator::Equal | Operator::NotEqual))
        {
            return Err(invalid(
                at,
                "a pointer can only be compared with NULL, with == or !=",
            ));
        }
        let shift = match place.path.what {
            Field::Number { shift, .. } if place.bits != 0 => shift,
            _ => 0,
        };
        let bits = match place.bits {
            0 => scalar.bytes * 8,
            bits => bits,
        };
        let range = match (scalar.is_signed, bits) {
            (true, bits) => -(1i128 << (bits - 1))..=(1i128 << (bits - 1)) - 1,
            (false, bits) => 0..=(1i128 << bits) - 1,
        };

        if !range.contains(&number) {
            return Err(invalid(at, "this cannot have such a value"));
        }
        place.path.what = Field::Number {
            // A bit field may cross bytes.
            bytes: match place.bits {
                0 => scalar.bytes,
                bits => (shift + bits).div_ceil(8).next_power_of_two(),
            },
            shift,
            bits,
            is_signed: scalar.is_signed,
        };
        if shift + bits > 64 {
            return Err(invalid(at, "this bit field cannot be read"));
        }
        Ok((
            Source::Argument(self.end(at, place)?),
            operator,
            With::Number(number as u64),
        ))
    }

    /// The complete path to a place: with a load, unless it is the argument itself.
    fn end(&self, at: usize, mut place: Place) -> Result<Path, Invalid> {
        let loads = place.path.loads;

        if !place.is_argument {
            place.path.offsets[loads] = offset(at, place.offset)?;
            if matches!(place.path.what, Field::Number { .. }) {
                if loads >= LOADS {
                    return Err(invalid(at, "there are too many steps"));
                }
                place.path.loads += 1;
            }
        }
        Ok(place.path)
    }

    /// Steps to text, and returns its maximum length.
    fn text(&self, at: usize, place: &mut Place) -> Result<u8, Invalid> {
        let is_byte = |id| scalar(self.types, id).is_some_and(|scalar| scalar.bytes == 1);
        let what = btf::skip(self.types, place.id).ok_or(invalid(at, "this is not text"))?;
        let array = match btf::kind(what.1.info) {
            btf::ARRAY => self.types.array(what.0),
            _ => None,
        };

        if let Some((element, count)) = array {
            if !is_byte(element) {
                return Err(invalid(at, "this is not text"));
            }
            // A flexible array ends at its NUL.
            return Ok(match count {
                0 => TEXT as u8,
                count => count.min(TEXT as u32) as u8,
            });
        }
        let to = self.follow(at, place)?;

        match is_byte(to) {
            true => Ok(TEXT as u8),
            false => Err(invalid(at, "this is not text")),
        }
    }

    /// The number that a literal means for the type `id`.
    fn number(&mut self, at: usize, id: u32, literal: Literal<'a>) -> Result<Literal<'a>, Invalid> {
        let Literal::Name(name) = literal else {
            return Ok(literal);
        };
        let constant = match name {
            "NULL" | "false" => Some(0),
            "true" => Some(1),
            _ => None,
        };
        let error = || {
            let number = errno::number(name.strip_prefix('-').unwrap_or(name))?;

            Some(match name.starts_with('-') {
                true => -i128::from(number),
                false => i128::from(number),
            })
        };
        let types = self.types;
        let own = btf::skip(types, id).map_or(0, |(id, _)| id);
        let mut its = (0..).map_while(|index| types.enumerator(own, index));
        let found = constant
            .or_else(|| {
                its.find(|(known, _)| *known == name)
                    .map(|(_, value)| value)
            })
            .or_else(error)
            .or_else(|| types.find_enumerator(name));

        match found {
            Some(number) => Ok(Literal::Number(number)),
            None => {
                let its = (0..).map_while(|index| types.enumerator(own, index));

                self.list("names", its.map(|(name, _)| name));
                Err(invalid(
                    at,
                    "there is no enumerator or error of this name, or more than one",
                ))
            }
        }
    }
}

fn offset(at: usize, offset: i64) -> Result<i32, Invalid> {
    match (-MAX_OFFSET..=MAX_OFFSET).contains(&offset) {
        true => Ok(offset as i32),
        false => Err(invalid(at, "the offset is too large")),
    }
}

/// Whether a structure describes data in user memory.
fn is_of_user(name: &str) -> bool {
    name.starts_with("compat_") || name == "user_msghdr"
}

/// A number or a pointer.
struct Scalar {
    bytes: u8,
    is_signed: bool,
    is_pointer: bool,
}

fn scalar(types: &dyn Layouts, id: u32) -> Option<Scalar> {
    let (_, described) = btf::skip(types, id)?;
    let bytes = match btf::kind(described.info) {
        btf::PTR => 8,
        btf::INT | btf::ENUM | btf::ENUM64 => u8::try_from(described.size_or_type).ok()?,
        _ => return None,
    };

    matches!(bytes, 1 | 2 | 4 | 8).then_some(Scalar {
        bytes,
        is_signed: match btf::kind(described.info) {
            btf::INT => described.encoding & btf::SIGNED != 0,
            btf::PTR => false,
            _ => described.info >> 31 != 0,
        },
        is_pointer: btf::kind(described.info) == btf::PTR,
    })
}

/// How deep anonymous structures are searched.
const NESTED: usize = 8;

/// Finds a member, also in anonymous structures and unions.
fn find_member(
    types: &dyn Layouts,
    id: u32,
    name: &str,
    depth: usize,
) -> Option<(i64, u32, u8, u8)> {
    if depth == NESTED {
        return None;
    }
    let mut members = (0..).map_while(|index| types.member(id, index));

    members.find_map(|member| {
        let bytes = i64::from(member.bit_offset / 8);

        if member.name.is_empty() {
            let (inner, _) = btf::skip(types, member.id)?;
            let (offset, id, bits, shift) = find_member(types, inner, name, depth + 1)?;

            return Some((bytes + offset, id, bits, shift));
        }
        if member.name != name {
            return None;
        }
        let start = first_byte(&member, btf::size(types, id)?);

        Some((
            start.into(),
            member.id,
            member.bits,
            (member.bit_offset - 8 * start) as u8,
        ))
    })
}

/// The byte from which a member is loaded. For a bit field, a load of 1, 2, 4 or 8 bytes from there
/// has all its bits, and does not extend beyond the structure of this size, which may be at the end
/// of mapped memory.
fn first_byte(member: &Member<'_>, size: u32) -> u32 {
    let first = member.bit_offset / 8;

    if member.bits == 0 {
        return first;
    }
    [1, 2, 4, 8]
        .into_iter()
        .flat_map(|bytes: u32| {
            let last = size.saturating_sub(bytes);

            [first / bytes * bytes, first].map(|start| (start.min(last), bytes))
        })
        .find(|(start, bytes)| member.bit_offset + u32::from(member.bits) <= 8 * (start + bytes))
        .map_or(first, |(start, _)| start)
}
