// SPDX-License-Identifier: GPL-2.0-only

//! Tests of suggestions, with the [sample kernel](Directory).

use super::*;
use crate::{
    catalogue::{tests::catalogue, tests::DOOR},
    image::tests::Directory,
    known,
    machine::Machine,
    record,
};
use proptest::prelude::*;
use std::fs;

fn record(title: &str, text: &str, files: &[&str]) -> Record {
    let mut value = record::tests::sample();
    let cna = value.pointer_mut("/containers/cna").unwrap();

    cna["title"] = title.into();
    cna["descriptions"][0]["value"] = text.into();
    cna["affected"] = serde_json::json!([{"programFiles": files}]);
    Record::parse(value.to_string().as_bytes()).unwrap()
}

#[test]
fn names_are_found_in_text() {
    let text = "In foo_bar() we call baz(x) after a check (see commit), then free_it.\n\
        BUG in quux+0x12/0x34 [plain] net/core/dev_name.c:12 do_it (net/x.c:3 net/x.c:4) a_path/b_path <user_name@host_name>\n\
        foo_bar.part.0 and ptr->member_of, 0x1f_2 or a_. entry_SYSCALL_64";
    let record = record("sch: fix title_name and word", text, &[]);
    let found: Vec<_> = names(&record).into_iter().collect();

    assert_eq!(
        found,
        [
            ("baz", Place::Text),
            ("do_it", Place::Trace),
            ("entry_SYSCALL_64", Place::Text),
            ("foo_bar", Place::Text),
            ("foo_bar.part.0", Place::Text),
            ("free_it", Place::Text),
            ("quux", Place::Trace),
            ("title_name", Place::Title),
        ]
    );
}

proptest! {
    #[test]
    fn no_text_causes_a_panic(text in "(\\PC|\n|[a-z_.(+]){0,200}") {
        for (name, _) in names(&record("", &text, &[])) {
            prop_assert!(text.contains(name));
        }
    }
}

#[test]
fn incomplete_source_locations_are_ignored() {
    let text = "one_name (".repeat(1 << 16);
    let record = record("", &text, &[]);

    assert_eq!(names(&record), [("one_name", Place::Text)].into());
}

#[test]
fn source_files_lead_to_modules() {
    let directory = Directory::new("suggest-modules");
    let root = directory.path("tree");
    let bytes = fs::read(directory.path("modules/plain.ko")).unwrap();

    for path in [
        "kernel/net/netfilter/nf_tables.ko",
        "kernel/net/netfilter/nft_compat.ko",
        "kernel/net/netfilter/nf_log_syslog.ko",
        "kernel/net/sched/sch_hfsc.ko",
        "kernel/net/sctp/sctp.ko",
        "kernel/net/sctp/sctp_diag.ko",
        "kernel/net/unix/unix_diag.ko",
        "kernel/net/vmw_vsock/vmw_vsock_virtio_transport.ko",
        "kernel/net/vmw_vsock/vmw_vsock_virtio_transport_common.ko",
        "kernel/net/vmw_vsock/vsock.ko",
        "kernel/net/sched/sch_netem.ko",
        "kernel/fs/smb/server/ksmbd.ko",
        "kernel/fs/btrfs/btrfs.ko",
        "kernel/sound/usb/snd-usb-audio.ko",
        "kernel/sound/usb/snd-usbmidi-lib.ko",
        "kernel/drivers/gpu/drm/amd/amdgpu/amdgpu.ko",
    ] {
        let path = root.join("lib/modules/7.3.4").join(path);

        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &bytes).unwrap();
    }
    let tree = Index::of(&Machine::nowhere(), &root).unwrap();
    let flat = Index::of(&Machine::nowhere(), &directory.path("modules")).unwrap();
    let flat_root = directory.path("modules").canonicalize().unwrap();
    let root = root.canonicalize().unwrap();
    let names = |index, root: &Path, files: &[&str]| -> Vec<String> {
        let files: Vec<_> = files.iter().map(|it| it.to_string()).collect();

        modules_of(&files, index, root)
            .iter()
            .map(|it| it.name.clone())
            .collect()
    };

    for (files, modules) in [
        (&["net/netfilter/nf_tables_api.c"][..], &["nf_tables"][..]),
        (&["net/netfilter/nft_compat.c"], &["nft_compat"]),
        (&["net/netfilter/core.c"], &[]),
        (&["net/sctp/socket.c"], &["sctp"]),
        (&["net/unix/af_unix.c"], &[]),
        (
            &["net/vmw_vsock/virtio_transport_common.c"],
            &["vmw_vsock_virtio_transport_common"],
        ),
        (
            &["net/sched/sch_hfsc.c", "net/sched/sch_api.c"],
            &["sch_hfsc"],
        ),
        (&["fs/smb/server/smb2pdu.c"], &["ksmbd"]),
        (&["fs/btrfs/tests/extent-io-tests.c"], &["btrfs"]),
        (&["sound/usb/clock.c"], &[]),
        (&["drivers/gpu/drm/amd/display/dc/core/dc.c"], &["amdgpu"]),
        (&["include/net/netfilter/nf_tables.h"], &[]),
        (&["kernel/fork.c", "mm.c", ""], &[]),
    ] {
        assert_eq!(names(&tree, &root, files), modules, "{files:?}");
    }
    assert_eq!(names(&flat, &flat_root, &["net/sample/plain.c"]), ["plain"]);
    assert_eq!(names(&flat, &flat_root, &["net/sample/other.c"]), [""; 0]);
}

/// The suggestions for a record, with the sample kernel.
fn suggested(name: &str, record: &Record) -> Suggestions {
    let directory = Directory::new(name);
    let path = directory.path("modules");
    let index = Index::of(&Machine::nowhere(), &path).unwrap();
    let own = ["plain"];
    let catalogue = catalogue(&[DOOR]);
    let subject = known::open_file(
        &directory.path("vmlinux"),
        Some((&index, &path)),
        &own.into(),
        &BTreeSet::new(),
    )
    .unwrap();

    suggest(
        record,
        finding(record, &catalogue, &subject),
        &subject,
        &own,
    )
}

#[test]
fn functions_that_can_fail_are_suggested_first() {
    let record = record(
        "sample: second() counts twice",
        "In first(), and after last(), f() and __pfx_local() and nothing_else() count.",
        &["net/sample/plain.c"],
    );
    let all = suggested("suggest-order", &record);
    let rows: Vec<_> = all
        .functions
        .iter()
        .map(|it| {
            (
                &*it.function,
                it.place,
                it.allowed,
                it.value,
                it.command.as_deref(),
            )
        })
        .collect();
    let reason = "reason=CVE-2030-12345";

    assert_eq!(
        rows[..2],
        [
            (
                "nf_sample:second",
                Place::Title,
                true,
                Some(-1),
                Some(&*format!(
                    "engage nf_sample:second -EPERM scope=nonroot {reason}"
                )),
            ),
            (
                "plain:first",
                Place::Text,
                true,
                Some(-1),
                Some(&*format!("engage plain:first -EPERM {reason}")),
            ),
        ],
    );
    // Refused functions are last, with the reason.
    let refused: Vec<_> = all.functions.iter().filter(|it| !it.allowed).collect();
    assert!(
        refused.iter().any(|it| it.function == "last"),
        "{refused:?}"
    );
    assert!(refused
        .iter()
        .all(|it| it.command.is_none() && !it.note.is_empty()));
    assert!(all.functions.is_sorted_by_key(|it| !it.allowed));
    assert_eq!(all.modules, ["plain"]);
    assert_eq!(all.finding.ways[0].door.as_deref(), Some("door-sample"));
}

#[test]
fn suggestions_are_deterministic() {
    let record = record(
        "sample",
        "first() second() f() last()",
        &["net/sample/plain.c"],
    );

    assert_eq!(
        suggested("suggest-one", &record),
        suggested("suggest-other", &record)
    );
}

#[test]
fn records_without_functions_get_suggestions_from_their_modules() {
    let all = suggested(
        "suggest-none",
        &record("sample", "nothing", &["net/sample/plain.c"]),
    );

    assert!(all.functions.iter().all(|it| it.place == Place::Module));
    assert_eq!(all.finding.ways.len(), 1);
    let all = suggested(
        "suggest-nowhere",
        &record("sample", "nothing", &["lib/none.c"]),
    );
    assert!(all.finding.ways.is_empty());
}

#[test]
fn commands_are_valid() {
    use crate::command::Command;

    let record = record(
        "sample",
        "first() second() f() last()",
        &["net/sample/plain.c"],
    );

    for it in suggested("suggest-commands", &record).functions {
        let command = it.command.unwrap_or_else(|| "seal".into());

        assert!(Command::parse(command.as_bytes()).is_ok(), "{command}");
    }
}
