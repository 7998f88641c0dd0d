// SPDX-License-Identifier: GPL-2.0-only

//! Compiles conditions on calls of a function of a kernel in files, as that kernel would.

use crate::{
    condition::{
        compile::{self, World},
        syntax,
    },
    image::kinds::{STRUCT, UNION},
    kernel::{Function, Kernel, OfTypes},
    policy::btf::{Layouts, Member},
};
use std::ops::Range;

/// The target machine, with this number of arguments in registers. Any program and cgroup may exist
/// there.
struct Elsewhere(u32);

impl World for Elsewhere {
    fn program(&self, _: &str) -> Option<(u32, u64)> {
        Some((0, 0))
    }

    fn cgroup(&self, _: &str) -> Option<(u32, u64)> {
        Some((0, 0))
    }

    fn registers(&self) -> u32 {
        self.0
    }
}

/// Checks whether the kernel would accept `condition` for calls of `function`. On failure, returns
/// the error with the valid names.
pub fn check(kernel: &Kernel, function: &Function<'_>, condition: &str) -> Result<(), String> {
    let mut nodes = vec![None; syntax::MAX_NODES];
    let tree = syntax::parse(condition, &mut nodes).map_err(|wrong| wrong.to_string())?;
    let (types, id) = kernel
        .types_of(function)
        .ok_or("conditions need type information, and the function has none")?;
    let world = Elsewhere(kernel.registers());
    let mut choices = String::new();

    compile::compile(tree, &types, id, &world, &mut choices, &mut |_| {}).map_err(|wrong| {
        let choices: Vec<_> = choices.split_whitespace().collect();

        match choices[..] {
            [] | [_] => wrong.to_string(),
            _ => format!("{wrong}; there are {}", choices.join(" ")),
        }
    })
}

impl Layouts for OfTypes<'_> {
    fn parameter_name(&self, prototype: u32, index: u32) -> Option<&str> {
        let mut parameters = self.0.get(prototype)?.members();

        parameters.nth(index as usize).map(|it| it.name)
    }

    fn member(&self, id: u32, index: u32) -> Option<Member<'_>> {
        let found = self
            .0
            .get(id)
            .filter(|it| matches!(it.kind(), STRUCT | UNION))?;
        let member = found.members().nth(index as usize)?;

        Some(Member {
            name: member.name,
            id: member.id,
            bit_offset: member.offset,
            bits: member.bits,
        })
    }

    fn array(&self, id: u32) -> Option<(u32, u32)> {
        self.0.get(id)?.array()
    }

    fn enumerator(&self, id: u32, index: u32) -> Option<(&str, i128)> {
        self.0.get(id)?.enumerators().nth(index as usize)
    }

    fn find(&self, name: &str) -> Option<u32> {
        let named = |ids: Range<u32>| {
            ids.filter_map(|id| Some((id, self.0.get(id)?)))
                .filter(|(_, it)| matches!(it.kind(), STRUCT | UNION) && it.name == name)
        };
        let only = |ids: Range<u32>| {
            let mut found = named(ids);
            let (first, it) = found.next()?;

            // Structures of the same name and size are the same type.
            found
                .all(|(_, other)| other.size_or_type == it.size_or_type)
                .then_some(first)
        };
        let own = self.0.own();

        // A module's own structures take precedence.
        only(own.clone()).or_else(|| only(1..own.start))
    }

    fn find_enumerator(&self, name: &str) -> Option<i128> {
        let mut found = (1..self.0.own().end)
            .filter_map(|id| self.0.get(id)?.enumerators().find(|(it, _)| *it == name))
            .map(|(_, value)| value);
        let first = found.next()?;

        found.all(|other| other == first).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{
        sample::{Part, Sample},
        tests::{of_functions, Directory},
        Architecture, Within,
    };

    #[test]
    fn names_are_resolved_in_the_kernel() {
        let functions = [Sample {
            name: "takes",
            is_int: true,
            parts: &[Part::Code(b"\x31\xc0\xc3", &[])],
        }];
        let kernel = Kernel::new(of_functions(Architecture::X86, &functions, &[]));
        let function = kernel.find_in(Within::Kernel, "takes").unwrap();

        for condition in [
            "object->value==1",
            "$arg1->next>2||object!=NULL",
            "(Qdisc)object->flags&1",
            "object->value==COUNTED",
            "$uid!=0&&$exe!=\"/no/such/program\"",
        ] {
            assert_eq!(check(&kernel, &function, condition), Ok(()), "{condition}");
        }
        for (condition, expected) in [
            (
                "objekt->value==1",
                "the function has no such argument at character 1 of the condition; there are arguments: \
                 object",
            ),
            (
                "$uid==0&&object->nothing==1",
                "the structure has no such member at character 10 of the condition; there are members: \
                 value next",
            ),
            (
                "(nothing)object->value==1",
                "there is no such structure, or more than one at character 1 of the condition",
            ),
            (
                "object->value==4294967296",
                "this cannot have such a value at character 1 of the condition",
            ),
            (
                "object->value==NEVER",
                "there is no enumerator or error of this name, or more than one at character 1 of \
                 the condition",
            ),
            ("object->", "a name is missing at character 9 of the condition"),
        ] {
            let found = check(&kernel, &function, condition).unwrap_err();

            assert_eq!(found, expected, "{condition}");
        }
    }

    #[test]
    fn conditions_need_type_information() {
        let directory = Directory::new("conditions");
        let kernel = Kernel::new(directory.open());
        let function = kernel.find_in(Within::Kernel, "callback").unwrap();

        assert_eq!(
            check(&kernel, &function, "$uid==0"),
            Err("conditions need type information, and the function has none".into())
        );
    }
}
