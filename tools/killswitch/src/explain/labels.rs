// SPDX-License-Identifier: GPL-2.0-only

//! Measures the accuracy of `explain` on labelled functions: `KS_LABELS` is a CSV file with the
//! columns function, module, value and label (default: `labels.csv`), `KS_VMLINUX` the file of a
//! kernel, and `KS_MODULES` the directory of its modules.

use super::{contracts, prototypes, Index, Kind, Summary};
use crate::{
    command::parse_value,
    image::{find_modules, Image, Within},
    kernel::Kernel,
};
use rayon::prelude::*;
use std::{collections::BTreeMap, env, path::PathBuf};

/// The number of functions with an answer, of correct answers, and of all functions.
#[derive(Default)]
struct Count {
    said: usize,
    right: usize,
    all: usize,
}

fn path(name: &str, otherwise: Option<&str>) -> PathBuf {
    env::var_os(name)
        .or_else(|| otherwise.map(Into::into))
        .unwrap_or_else(|| panic!("{name} is not set"))
        .into()
}

#[test]
#[ignore = "needs a kernel with its modules"]
fn labels_are_found() {
    let labels = path("KS_LABELS", Some("labels.csv"));
    let modules = find_modules(&path("KS_MODULES", None));
    let kernel = Kernel::new(Image::open(&path("KS_VMLINUX", None), &modules).unwrap());
    let index = Index::new(&kernel);
    let mut reader = csv::Reader::from_path(labels).unwrap();
    let lines: Vec<[String; 4]> = reader
        .deserialize::<BTreeMap<String, String>>()
        .map(|line| {
            let line = line.unwrap();

            ["function", "module", "value", "label"].map(|it| line[it].clone())
        })
        .collect();
    let found: Vec<_> = lines
        .par_iter()
        .filter_map(|[function, module, value, label]| {
            let label = Kind::parse(label).unwrap_or_else(|| panic!("there is no label {label}"));
            let number = parse_value(value).unwrap().get();
            let known = index.find(Some(module), function)?;
            let explanation = index.explain(&known, number);
            let mut kinds: Vec<_> = explanation
                .findings
                .iter()
                .map(|it| it.kind)
                .filter(|it| *it != Kind::Safe)
                .collect();

            kinds.sort();
            kinds.dedup();
            if kinds.is_empty() && explanation.summary < Summary::Unknown {
                kinds.push(Kind::Safe);
            }
            Some((
                format!("{function} {value}"),
                label,
                explanation.summary,
                kinds,
            ))
        })
        .collect();
    let mut counts: BTreeMap<Kind, Count> = BTreeMap::new();
    let (mut unsafe_found, mut unsafe_all, mut safe_wrong, mut safe_all) = (0, 0, 0, 0);

    for (name, label, summary, kinds) in &found {
        let is_unsafe = usize::from(*summary == Summary::Unsafe);

        match label {
            Kind::Safe => {
                safe_all += 1;
                safe_wrong += is_unsafe;
            }
            Kind::Ignored => {}
            _ => {
                unsafe_all += 1;
                unsafe_found += is_unsafe;
            }
        }
        counts.entry(*label).or_default().all += 1;
        for kind in kinds {
            let count = counts.entry(*kind).or_default();

            count.said += 1;
            count.right += usize::from(kind == label);
        }
        if !kinds.contains(label) {
            let kinds: Vec<_> = kinds.iter().map(|it| it.name()).collect();

            println!(
                "{name}: {} ({}), not {}",
                summary.name(),
                kinds.join(", "),
                label.name()
            );
        }
    }
    println!("missing functions: {}", lines.len() - found.len());
    println!("unsafe, reported unsafe: {unsafe_found} of {unsafe_all}");
    println!("safe, reported unsafe: {safe_wrong} of {safe_all}");
    println!("label\tprecision\trecall");
    for (kind, count) in counts {
        println!(
            "{}\t{}/{}\t{}/{}",
            kind.name(),
            count.right,
            count.said,
            count.right,
            count.all
        );
    }
    assert!(unsafe_found * 10 >= unsafe_all * 9);
    assert!(safe_wrong * 4 <= safe_all);
}

/// Members that exist in some configurations only.
const CONFIGURED: &[&str] = &["proto_ops.compat_ioctl"];

#[test]
#[ignore = "needs a kernel with its modules"]
fn contracts_name_existing_members() {
    let modules = find_modules(&path("KS_MODULES", None));
    let image = Image::open(&path("KS_VMLINUX", None), &modules).unwrap();
    let all = || {
        (0..image.modules().len())
            .map(Some)
            .chain([None])
            .filter_map(|it| image.types(it))
    };
    let name = |it: &contracts::Contract<'_>| format!("{}.{}", it.structure, it.member);
    let (there, absent): (Vec<_>, Vec<_>) = contracts::all()
        .into_par_iter()
        .map(|contract| {
            let structures: Vec<_> = all()
                .filter_map(|it| it.structure(contract.structure))
                .collect();

            (contract, structures)
        })
        .partition(|(_, structures)| !structures.is_empty());
    let wrong: Vec<_> = there
        .iter()
        .filter(|(contract, structures)| {
            let has_member = |name: &str| structures.iter().any(|it| it.has_member(name));
            let mut undo = contract.undo().filter(|it| !it.contains('.'));

            !has_member(contract.member) || undo.any(|it| !has_member(it))
        })
        .map(|(contract, _)| name(contract))
        .filter(|it| !CONFIGURED.contains(&&**it))
        .collect();

    // A kernel may lack some of them.
    for (contract, _) in absent {
        let is_parameter = all()
            .filter_map(|it| prototypes::parameters(it, contract.structure))
            .flatten()
            .any(|it| it.name == contract.member);
        let mut symbols = image.named(Within::Anywhere, contract.structure);

        if !is_parameter && symbols.next().is_none() {
            println!("{} is missing", name(&contract));
        }
    }
    assert_eq!(wrong, [""; 0]);
}
