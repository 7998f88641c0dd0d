// SPDX-License-Identifier: GPL-2.0-only

//! Statistics about a kernel and its modules, as text.

use crate::image::Image;
use std::{collections::BTreeMap, fmt::Write as _};

/// The facts about `image`, one per line.
pub fn of(image: &Image) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name}: {value}");
    };
    let functions = || {
        image.symbols().filter(|symbol| {
            let is_none = ["__pfx_", "__cfi_", "__SCT__"]
                .iter()
                .any(|prefix| symbol.name.starts_with(prefix));

            matches!(symbol.kind, 't' | 'T' | 'w' | 'W')
                && !is_none
                && !symbol.name.ends_with(".cold")
        })
    };
    let is_untyped = |symbol: &crate::image::Symbol<'_>| {
        image
            .types(symbol.module)
            .is_none_or(|types| types.functions(symbol.name).next().is_none())
    };
    let bytes: u64 = image
        .areas()
        .iter()
        .map(|area| area.range.end - area.range.start)
        .sum();
    let types: u32 = (0..image.modules().len())
        .map(Some)
        .chain([None])
        .filter_map(|module| image.types(module))
        .map(|types| types.own().len() as u32)
        .sum();
    let mut hooks: BTreeMap<(&str, &str), usize> = BTreeMap::new();

    for hook in image.hooks() {
        let array = hook.array.as_deref().unwrap_or("?");

        *hooks.entry((&hook.lsm, array)).or_default() += 1;
    }
    line("modules", &image.modules().len());
    line("unresolved references", &image.unresolved().len());
    line("bytes of code", &bytes);
    line("bytes of padding", &image.padding());
    line("symbols among code", &image.symbols().count());
    line("functions", &functions().count());
    line(
        "functions of the kernel",
        &functions().filter(|it| it.module.is_none()).count(),
    );
    line(
        "functions without a type",
        &functions().filter(is_untyped).count(),
    );
    line(
        "functions of the kernel without a type",
        &functions()
            .filter(|it| it.module.is_none() && is_untyped(it))
            .count(),
    );
    line(
        "functions that can be traced",
        &functions()
            .filter_map(|symbol| image.extent(symbol.address))
            .filter(|extent| image.traced_in(extent.clone()).is_some())
            .count(),
    );
    line(
        "functions that cannot be probed",
        &functions()
            .filter(|symbol| image.is_blacklisted(symbol.address))
            .count(),
    );
    line("types", &types);
    line("callbacks", &image.hooks().len());
    for ((lsm, array), count) in hooks {
        line(&format!("callbacks of {lsm} in {array}"), &count);
    }
    line(
        "bytes of trampolines",
        &(image.trampolines().end - image.trampolines().start),
    );
    text
}
