// SPDX-License-Identifier: GPL-2.0-only

//! Function prototypes in a form that can be compared, and structures with function pointers.

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

/// Maximum depth of types. C has no limit, but no type is deeper.
const DEPTH: usize = 16;
/// Maximum number of members of a structure with its anonymous members, and of function pointers in
/// all structures. A distribution's kernel has a tenth of these.
const MAX_MEMBERS: usize = 1 << 14;
const MAX_FIELDS: usize = 1 << 21;
/// Maximum number of parameters of a function.
const MAX_PARAMETERS: usize = 64;

/// A prototype: equal for functions of one type, in any module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(u64);

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// Its name.
    pub name: &'a str,
    /// The structure or union that it points to.
    pub structure: Option<&'a str>,
    /// The size of the object that it points to, if it is a pointer and this is known.
    pub size: Option<u32>,
    /// Whether it is a pointer to const.
    pub is_const: bool,
    /// The prototype, if it points to a function.
    pub shape: Option<Shape>,
}

/// The member of a structure at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Function(Shape),
    /// Another pointer.
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

/// A structure with function pointers.
#[derive(Clone, Debug)]
pub struct Structure<'a> {
    pub name: &'a str,
    /// In bytes.
    pub size: u32,
    pub fields: Vec<Field<'a>>,
}

impl<'a> Structure<'a> {
    /// The function pointer called `name`.
    pub fn function(&self, name: &str) -> Option<&Field<'a>> {
        self.fields
            .iter()
            .find(|it| it.name == name && matches!(it.what, What::Function(_)))
    }
}

/// The structures with function pointers of the kernel, or of a module.
#[derive(Default)]
pub struct Structures<'a> {
    all: Vec<Structure<'a>>,
    /// Structures and offsets by the type of their function pointers.
    by_shape: HashMap<Shape, Vec<(u32, u32)>>,
}

impl<'a> Structures<'a> {
    /// Those that `types` defines.
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

    /// The structures with a pointer to a function of this type, with offsets.
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

/// Adds the pointers in `structure`, which is at `offset` in another one, and in its anonymous
/// members, up to `left` members.
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
        // An anonymous member may contain itself, many times.
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

/// The type with this ID, without typedefs and qualifiers. `None` for void.
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

/// The prototype that `pointer` points to, if it is a function.
fn pointed_function(types: &Types<'_>, pointer: Type<'_>) -> Option<Shape> {
    let target = resolve(types, pointer.size_or_type)?;

    (target.kind() == FUNC_PROTO).then(|| shape(types, target))
}

/// The type of the functions called `name` in `types`, if it is unique.
pub fn of_function(types: Types<'_>, name: &str) -> Option<Shape> {
    let mut all = types.functions(name).filter_map(|id| {
        let prototype = types.get(types.get(id)?.size_or_type)?;

        Some(shape(&types, prototype))
    });
    let first = all.next()?;

    all.all(|other| other == first).then_some(first)
}

/// The parameters of the function called `name`.
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

/// Whether a type is qualified as `const`, possibly through typedefs.
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

/// A prototype as text, without parameter names.
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
    // Writing to a string does not fail.
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
