// SPDX-License-Identifier: GPL-2.0-only

//! Finds operation tables that contain a function, by their layout: a pointer to it is surrounded
//! by pointers to functions of the types that a structure has there.

use super::{
    contracts,
    prototypes::{self, Shape, Structure, Structures, What},
};
use crate::{
    image::{Image, Within},
    policy::typed_name,
};
use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

/// Maximum number of function pointers. A distribution's kernel has far fewer, with all of its
/// modules.
const MAX_POINTERS: usize = 1 << 23;

/// Function pointers in data: function and place, sorted.
pub struct Pointers(Vec<(u64, u64)>);

impl Pointers {
    /// Those of `image`.
    pub fn new(image: &Image) -> Self {
        let code = image.areas();
        let all = match (code.first(), code.last()) {
            (Some(first), Some(last)) => first.range.start..last.range.end,
            _ => 0..0,
        };
        let border = |name| {
            let mut found = image.named(Within::Kernel, name);

            found.next().map_or(0, |it| it.address)
        };
        let traced = border("__start_mcount_loc")..border("__stop_mcount_loc");
        let mut found = Vec::new();

        for (start, bytes) in image.data() {
            let skipped = start.next_multiple_of(8) - start;
            let entries = bytes.get(skipped as usize..).unwrap_or_default();
            let (entries, _) = entries.as_chunks::<8>();
            let from = found.len();
            let mut is_list = true;

            for (index, entry) in entries.iter().enumerate() {
                let place = start + skipped + 8 * index as u64;
                let target = u64::from_le_bytes(*entry);

                is_list = is_list && image.is_traced(target);
                if found.len() < MAX_POINTERS
                    && all.contains(&target)
                    && !traced.contains(&place)
                    && begins(image, target)
                {
                    found.push((target, place));
                }
            }
            // The ftrace locations of a module.
            if is_list {
                found.truncate(from);
            }
        }
        found.sort_unstable();
        Self(found)
    }

    /// Places of pointers to the function at `address`.
    pub fn to(&self, address: u64) -> impl Iterator<Item = u64> + '_ {
        let first = self.0.partition_point(|(target, _)| *target < address);

        self.0[first..]
            .iter()
            .take_while(move |(target, _)| *target == address)
            .map(|(_, place)| *place)
    }

    /// The functions that pointers in `range` point to, with the places.
    pub fn within(&self, range: Range<u64>) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0
            .iter()
            .copied()
            .filter(move |(_, place)| range.contains(place))
    }
}

/// Whether `address` is a symbol in code.
fn begins(image: &Image, address: u64) -> bool {
    image.area(address).is_some() && image.names(address).next().is_some()
}

/// A table that contains a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table<'a> {
    /// The address of the table.
    pub address: u64,
    /// Its structure, and the member with the function.
    pub structure: &'a str,
    pub member: &'a str,
    /// The number of other functions that match the structure.
    pub neighbours: usize,
}

/// Data to find tables.
pub struct Tables<'a> {
    image: &'a Image,
    pointers: Pointers,
    kernel: Structures<'a>,
    modules: Mutex<HashMap<usize, Arc<Structures<'a>>>>,
}

impl<'a> Tables<'a> {
    pub fn new(image: &'a Image) -> Self {
        let (pointers, kernel) = rayon::join(
            || Pointers::new(image),
            || image.types(None).map(Structures::new).unwrap_or_default(),
        );

        Self {
            image,
            pointers,
            kernel,
            modules: Mutex::default(),
        }
    }

    /// The structures of a module itself.
    fn of_module(&self, module: Option<usize>) -> Option<Arc<Structures<'a>>> {
        let index = module?;
        let types = self.image.types(Some(index))?;
        let mut known = self.modules.lock().unwrap_or_else(PoisonError::into_inner);

        Some(
            known
                .entry(index)
                .or_insert_with(|| Arc::new(Structures::new(types)))
                .clone(),
        )
    }

    /// The structure called `name` of a module, or of the kernel.
    pub fn structure(&self, module: Option<usize>, name: &str) -> Option<Structure<'a>> {
        let own = self.of_module(module);

        own.as_ref()
            .and_then(|it| it.named(name))
            .or_else(|| self.kernel.named(name))
            .cloned()
    }

    /// The size of the structure called `name`, in bytes.
    pub fn size(&self, module: Option<usize>, name: &str) -> Option<u32> {
        [module, None].into_iter().find_map(|module| {
            let types = self.image.types(module)?;

            types.structure(name).map(|it| it.size_or_type)
        })
    }

    /// The structures with a pointer to a function of this type, with offset and member.
    pub fn with(&self, module: Option<usize>, shape: Shape) -> Vec<(&'a str, u32, &'a str)> {
        let own = self.of_module(module);
        let mut found = Vec::new();

        for structures in own.as_deref().into_iter().chain([&self.kernel]) {
            for (structure, offset) in structures.with(shape) {
                if let Some(field) = structure.fields.iter().find(|it| it.offset == offset) {
                    found.push((structure.name, offset, field.name));
                }
            }
        }
        found
    }

    /// The type of the function at `address`.
    pub fn shape(&self, address: u64) -> Option<Shape> {
        self.image.names(address).find_map(|symbol| {
            let types = self.image.types(symbol.module)?;

            prototypes::of_function(types, typed_name(symbol.name))
        })
    }

    /// The tables that contain the function at `address`.
    pub fn holding(&self, address: u64) -> Vec<Table<'a>> {
        let mut found: Vec<Table<'a>> = self
            .pointers
            .to(address)
            .filter_map(|place| self.at(address, place))
            .collect();

        found.sort_by_key(|it| (it.structure, it.member, it.address));
        found.dedup_by_key(|it| (it.structure, it.member));
        found
    }

    /// Places of pointers to the function.
    pub fn places(&self, address: u64) -> impl Iterator<Item = u64> + '_ {
        self.pointers.to(address)
    }

    /// The table with the pointer to `address` at `place`.
    fn at(&self, address: u64, place: u64) -> Option<Table<'a>> {
        let object = self.image.object(place);
        let listed = || {
            let (symbol, _) = object?;
            let contract = contracts::of(symbol.name, "handler")?;

            Some(Table {
                address: symbol.address,
                structure: contract.structure,
                member: contract.member,
                neighbours: 0,
            })
        };
        let shape = self.shape(address)?;
        let own = self.of_module(object.and_then(|(symbol, _)| symbol.module));
        let mut best: Option<((usize, bool, bool), Table<'a>)> = None;

        for structures in own.as_deref().into_iter().chain([&self.kernel]) {
            for (structure, offset) in structures.with(shape) {
                let Some((base, neighbours)) = place
                    .checked_sub(offset.into())
                    .and_then(|base| Some((base, self.bears_out(structure, base, place)?)))
                else {
                    continue;
                };
                let is_aligned = object.is_some_and(|(symbol, _)| {
                    (base.wrapping_sub(symbol.address)) % u64::from(structure.size.max(1)) == 0
                });
                let Some(field) = structure.fields.iter().find(|it| it.offset == offset) else {
                    continue;
                };
                let is_known = contracts::of(structure.name, field.name).is_some();
                let score = (neighbours, is_aligned, is_known);

                if best.as_ref().is_none_or(|(other, _)| score > *other) {
                    best = Some((
                        score,
                        Table {
                            address: base,
                            structure: structure.name,
                            member: field.name,
                            neighbours,
                        },
                    ));
                }
            }
        }
        best.map(|(_, table)| table).or_else(listed)
    }

    /// The number of other functions that match the structure at `base`; `None` on a contradiction.
    fn bears_out(&self, structure: &Structure<'a>, base: u64, place: u64) -> Option<usize> {
        if let Some((symbol, end)) = self.image.object(place) {
            let is_within = base
                .checked_add(structure.size.into())
                .is_some_and(|it| it <= end);

            if base < symbol.address || !is_within {
                return None;
            }
        }
        let mut count = 0;

        for field in &structure.fields {
            let at = base.checked_add(field.offset.into())?;
            let value = self.u64(at)?;

            if value == 0 || at == place {
                continue;
            }
            match field.what {
                What::Function(shape) => {
                    self.image.area(value)?;
                    match self.shape(value) {
                        Some(other) if other == shape => count += 1,
                        Some(_) => return None,
                        None => {}
                    }
                }
                What::Pointer if self.is_address(value) => {}
                What::Pointer => return None,
            }
        }
        Some(count)
    }

    /// The function in a member of the table at `base`.
    pub fn member(&self, structure: &Structure<'a>, base: u64, name: &str) -> Option<u64> {
        let field = structure.function(name)?;
        let value = self.u64(base.checked_add(field.offset.into())?)?;

        self.image.area(value).map(|_| value)
    }

    /// The functions in member `name` of all tables of this structure in a module's data.
    pub fn members(&self, module: usize, structure: &str, name: &str) -> Vec<u64> {
        let Some(found) = self.structure(Some(module), structure) else {
            return Vec::new();
        };
        let Some(What::Function(shape)) = found.function(name).map(|it| it.what) else {
            return Vec::new();
        };
        // A module's data is after its code, and before the next module.
        let start = self
            .image
            .areas()
            .iter()
            .find(|it| it.module == Some(module))
            .map_or(0, |it| it.range.start);
        let end = self
            .image
            .areas()
            .iter()
            .find(|it| it.range.start > start && it.module != Some(module))
            .map_or(u64::MAX, |it| it.range.start);
        let mut functions: Vec<u64> = self
            .pointers
            .within(start..end)
            .filter(|(target, _)| self.shape(*target) == Some(shape))
            .filter(|(target, place)| {
                self.at(*target, *place)
                    .is_some_and(|it| it.structure == structure && it.member == name)
            })
            .map(|(target, _)| target)
            .collect();

        functions.sort_unstable();
        functions.dedup();
        functions
    }

    fn is_address(&self, value: u64) -> bool {
        let first = self
            .image
            .areas()
            .first()
            .map_or(u64::MAX, |it| it.range.start);

        value >= first && value < u64::MAX - 4096
    }

    fn u64(&self, address: u64) -> Option<u64> {
        let bytes = self.image.read(address, 8)?;

        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }
}
