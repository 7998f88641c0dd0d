// SPDX-License-Identifier: GPL-2.0-only

//! What functions take and return, in a form that can be compared, and the structures that have
//! pointers to functions.

use crate::image::{
    kinds::{
        ARRAY, CONST, ENUM, ENUM64, FORWARD, FUNC_PROTO, INT, POINTER, RESTRICT, STRUCT, TYPEDEF,
        TYPE_TAG, UNION, VOLATILE,
    },
    Type, Types,
};
use std::{
    collections::{hash_map::DefaultHasher, HashMap},
    fmt::Write as _,
    hash::{Hash, Hasher},
};

/// How deep types are followed. C has no limit, but none is deeper.
const DEPTH: usize = 16;
/// The most members of a structure and of what has no name in it, and the most pointers among them
/// in all structures. A kernel of a distribution has a tenth of these.
const MAX_MEMBERS: usize = 1 << 14;
const MAX_FIELDS: usize = 1 << 21;
/// How many parameters of a function count.
const MAX_PARAMETERS: usize = 64;

/// What a function takes and returns: equal for functions of one type, in any module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(u64);

/// What a function takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The structure or union that it points to.
    pub structure: Option<&'a str>,
    /// How many bytes what it points to has, if it is a pointer and that is known.
    pub size: Option<u32>,
    /// Whether what it points to is not written through it.
    pub is_const: bool,
    /// The prototype, if it points to a function.
    pub shape: Option<Shape>,
}

/// What a structure has at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Function(Shape),
    /// A pointer to something else.
    Pointer,
}

/// A member that is a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    pub name: &'a str,
    /// In bytes.
    pub offset: u32,
    pub what: What,
}

/// A structure with pointers to functions.
#[derive(Clone, Debug)]
pub struct Structure<'a> {
    pub name: &'a str,
    /// In bytes.
    pub size: u32,
    pub fields: Vec<Field<'a>>,
}

impl<'a> Structure<'a> {
    /// The member called `name` that points to a function.
    pub fn function(&self, name: &str) -> Option<&Field<'a>> {
        self.fields
            .iter()
            .find(|it| it.name == name && matches!(it.what, What::Function(_)))
    }
}

/// The structures with pointers to functions that the kernel, or a module, has.
#[derive(Default)]
pub struct Structures<'a> {
    all: Vec<Structure<'a>>,
    /// Which structures have a pointer to a function of this type, and where.
    by_shape: HashMap<Shape, Vec<(u32, u32)>>,
}

impl<'a> Structures<'a> {
    /// Those that are `types`' own.
    pub fn new(types: Types<'a>) -> Self {
        let mut found = Self::default();
        let mut count = 0;

        for id in types.own() {
            let Some(structure) = types.get(id).filter(|it| it.kind() == STRUCT) else {
                continue;
            };
            if structure.name.is_empty() {
                continue;
            }
            let (mut fields, mut left) = (Vec::new(), MAX_MEMBERS);

            collect(&types, structure, 0, &mut fields, &mut left, 0);
            count += fields.len();
            if count > MAX_FIELDS {
                break;
            }
            let functions = fields.iter().filter_map(|it| match it.what {
                What::Function(shape) => Some((shape, it.offset)),
                What::Pointer => None,
            });
            let index = found.all.len() as u32;
            let mut is_any = false;

            for (shape, offset) in functions {
                let known = found.by_shape.entry(shape).or_default();

                is_any = true;
                if known.last() != Some(&(index, offset)) {
                    known.push((index, offset));
                }
            }
            if is_any {
                found.all.push(Structure {
                    name: structure.name,
                    size: structure.size_or_type,
                    fields,
                });
            }
        }
        found
    }

    /// The structures with a pointer to a function of this type, each with its offset.
    pub fn with(&self, shape: Shape) -> impl Iterator<Item = (&Structure<'a>, u32)> {
        let found = self.by_shape.get(&shape).map_or(&[][..], Vec::as_slice);

        found
            .iter()
            .map(|(index, offset)| (&self.all[*index as usize], *offset))
    }

    /// The structure called `name`.
    pub fn named(&self, name: &str) -> Option<&Structure<'a>> {
        self.all.iter().find(|it| it.name == name)
    }
}

/// Adds the pointers in `structure`, which lies at `offset` in another one, and in what has no name
/// in it, as far as they are among the members that are `left`.
fn collect<'a>(
    types: &Types<'a>,
    structure: Type<'a>,
    offset: u32,
    fields: &mut Vec<Field<'a>>,
    left: &mut usize,
    depth: usize,
) {
    if depth > DEPTH {
        return;
    }
    for member in structure.members() {
        // What has no name may have itself in it, many times.
        if *left == 0 {
            return;
        }
        *left -= 1;
        let (Some(at), Some(found)) = (
            offset.checked_add(member.offset / 8),
            resolve(types, member.id),
        ) else {
            continue;
        };

        match found.kind() {
            STRUCT | UNION if member.name.is_empty() => {
                collect(types, found, at, fields, left, depth + 1);
            }
            POINTER => fields.push(Field {
                name: member.name,
                offset: at,
                what: match pointed_function(types, found) {
                    Some(shape) => What::Function(shape),
                    None => What::Pointer,
                },
            }),
            _ => {}
        }
    }
}

/// The type with this number, without typedefs and qualifiers. `None` for void.
fn resolve<'a>(types: &Types<'a>, id: u32) -> Option<Type<'a>> {
    let mut found = types.get(id)?;

    for _ in 0..DEPTH {
        match found.kind() {
            TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG => {
                found = types.get(found.size_or_type)?;
            }
            _ => return Some(found),
        }
    }
    None
}

/// The prototype of what `pointer` points to, if it is a function.
fn pointed_function(types: &Types<'_>, pointer: Type<'_>) -> Option<Shape> {
    let target = resolve(types, pointer.size_or_type)?;

    (target.kind() == FUNC_PROTO).then(|| shape(types, target))
}

/// The type of the functions called `name` that are `types`' own, if they have one type.
pub fn of_function(types: Types<'_>, name: &str) -> Option<Shape> {
    let mut all = types.functions(name).filter_map(|id| {
        let prototype = types.get(types.get(id)?.size_or_type)?;

        Some(shape(&types, prototype))
    });
    let first = all.next()?;

    all.all(|other| other == first).then_some(first)
}

/// What the function called `name` takes.
pub fn parameters<'a>(types: Types<'a>, name: &str) -> Option<Vec<Parameter<'a>>> {
    let id = types.functions(name).next()?;
    let prototype = types.get(types.get(id)?.size_or_type)?;

    Some(
        prototype
            .members()
            .take(MAX_PARAMETERS)
            .map(|member| parameter(&types, member.name, member.id))
            .collect(),
    )
}

fn parameter<'a>(types: &Types<'a>, name: &'a str, id: u32) -> Parameter<'a> {
    let mut found = Parameter {
        name,
        structure: None,
        size: None,
        is_const: false,
        shape: None,
    };
    let Some(pointer) = resolve(types, id).filter(|it| it.kind() == POINTER) else {
        return found;
    };

    found.shape = pointed_function(types, pointer);
    found.is_const = is_const(types, pointer.size_or_type);
    if let Some(target) = resolve(types, pointer.size_or_type) {
        found.size = match target.kind() {
            INT | STRUCT | UNION | ENUM | ENUM64 => Some(target.size_or_type),
            POINTER => Some(8),
            _ => None,
        };
        if matches!(target.kind(), STRUCT | UNION | FORWARD) && !target.name.is_empty() {
            found.structure = Some(target.name);
        }
    }
    found
}

/// Whether a type is qualified as `const`, perhaps by way of typedefs.
fn is_const(types: &Types<'_>, mut id: u32) -> bool {
    for _ in 0..DEPTH {
        match types.get(id) {
            Some(found) if found.kind() == CONST => return true,
            Some(found) if matches!(found.kind(), TYPEDEF | VOLATILE | RESTRICT | TYPE_TAG) => {
                id = found.size_or_type;
            }
            _ => return false,
        }
    }
    false
}

/// What a prototype says, without the names of what is taken.
fn shape(types: &Types<'_>, prototype: Type<'_>) -> Shape {
    let mut text = String::new();
    let mut hasher = DefaultHasher::new();

    describe(types, prototype.size_or_type, &mut text);
    for member in prototype.members().take(MAX_PARAMETERS) {
        text.push(',');
        describe(types, member.id, &mut text);
    }
    text.hash(&mut hasher);
    Shape(hasher.finish())
}

fn describe(types: &Types<'_>, id: u32, text: &mut String) {
    let Some(found) = resolve(types, id) else {
        return text.push('v');
    };
    // Nothing can go wrong with a string.
    let _ = match found.kind() {
        INT => write!(
            text,
            "i{}.{}",
            found.size_or_type,
            found.encoding() >> 24 & 0xf
        ),
        ENUM | ENUM64 => write!(text, "e{}", found.name),
        STRUCT | UNION => write!(text, "s{}", found.name),
        ARRAY => write!(text, "a"),
        POINTER => match resolve(types, found.size_or_type) {
            None => write!(text, "*v"),
            Some(target) => match target.kind() {
                STRUCT | UNION | FORWARD => write!(text, "*{}", target.name),
                FUNC_PROTO => write!(text, "*()"),
                POINTER => write!(text, "**"),
                kind => write!(text, "*{kind}"),
            },
        },
        kind => write!(text, "k{kind}"),
    };
}
