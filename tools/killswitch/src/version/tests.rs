// SPDX-License-Identifier: GPL-2.0-only

//! Tests of versions, releases and ranges.

use super::*;
use proptest::prelude::*;

fn version(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn ranges(introduced: &str, fixed: &str) -> Ranges {
    let list = |text: &str| text.split_whitespace().map(version).collect();

    Ranges {
        introduced: list(introduced),
        fixed: list(fixed),
    }
}

#[test]
fn versions_are_ordered() {
    let sorted = [
        "2.6.12", "3.16.52", "4.4.40", "4.10", "6.1", "6.1.9", "6.1.176", "6.12.20", "7.0-rc1",
        "7.0-rc10", "7.0", "7.0.1", "7.3",
    ];

    for (at, one) in sorted.iter().enumerate() {
        for (index, other) in sorted.iter().enumerate() {
            let order = version(one).cmp(&version(other));

            assert_eq!(order, at.cmp(&index), "{one} and {other}");
        }
        assert_eq!(version(one).to_string(), *one);
    }
    assert_eq!(version("6.1.0"), version("6.1"));
    assert_eq!(version("2.6.32.71"), version("2.6.32"));
}

#[test]
fn invalid_versions_are_refused() {
    for text in [
        "",
        "7",
        "7.",
        ".3",
        "7.x",
        "7.3.",
        "7.3-rc",
        "7.3-rc1x",
        "7.3-1",
        "v7.3",
        "7.3 ",
        "-1.3",
        "99999999999.1",
    ] {
        assert!(text.parse::<Version>().is_err(), "{text}");
    }
}

#[test]
fn releases_are_parsed() {
    use Maker::{Backports, Other, Stable, Upstream};
    let debian = Stable("Debian");

    for (text, name, number, maker, package) in [
        ("7.3.4", "7.3.4", "7.3.4", Upstream, None),
        ("7.3.0-rc3", "7.3.0-rc3", "7.3-rc3", Upstream, None),
        ("7.3.4-killswitch", "7.3.4-killswitch", "7.3.4", Other, None),
        ("6.1.176+", "6.1.176+", "6.1.176", Other, None),
        (
            "7.3.4+deb13-amd64",
            "7.3.4+deb13-amd64",
            "7.3.4",
            debian,
            None,
        ),
        ("6.1.0-37-amd64", "6.1.0-37-amd64", "6.1", debian, None),
        (
            "7.3.4-1~bpo13+1",
            "7.3.4-1~bpo13+1",
            "7.3.4",
            debian,
            Some("7.3.4-1~bpo13+1"),
        ),
        (
            "6.1.140-1",
            "6.1.140-1",
            "6.1.140",
            debian,
            Some("6.1.140-1"),
        ),
        (
            "Linux version 6.1.0-37-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian \
             12.2.0-14+deb12u1) 12.2.0, GNU ld) #1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 \
             (2025-05-22)\n",
            "6.1.0-37-amd64",
            "6.1.140",
            debian,
            Some("6.1.140-1"),
        ),
        // The vendor of the compiler is not that of the kernel.
        (
            "Linux version 7.3.4 (killswitch@localhost) (Debian clang version 19.1.7, Debian LLD \
             19.1.7) #1 SMP PREEMPT_DYNAMIC Thu Jan  1 00:00:00 UTC 1970\n",
            "7.3.4",
            "7.3.4",
            Upstream,
            None,
        ),
        (
            "Linux version 6.8.0-50-generic (buildd@lcy02) (gcc (Ubuntu 13.2.0-23ubuntu4) 13.2.0) \
             #51-Ubuntu SMP PREEMPT_DYNAMIC",
            "6.8.0-50-generic",
            "6.8",
            Backports("Ubuntu"),
            None,
        ),
        (
            "5.15.0-91-generic",
            "5.15.0-91-generic",
            "5.15",
            Backports("Ubuntu"),
            None,
        ),
        (
            "5.14.0-362.8.1.el9_3.x86_64",
            "5.14.0-362.8.1.el9_3.x86_64",
            "5.14",
            Backports("Red Hat Enterprise Linux"),
            None,
        ),
        (
            "6.15.4-200.fc42.x86_64",
            "6.15.4-200.fc42.x86_64",
            "6.15.4",
            Stable("Fedora"),
            None,
        ),
        (
            "6.16.0-0.rc3.20250624git.fc43.x86_64",
            "6.16.0-0.rc3.20250624git.fc43.x86_64",
            "6.16-rc3",
            Stable("Fedora"),
            None,
        ),
        (
            "6.15.4-arch2-1",
            "6.15.4-arch2-1",
            "6.15.4",
            Stable("Arch Linux"),
            None,
        ),
        (
            "6.4.0-150600.23-default",
            "6.4.0-150600.23-default",
            "6.4",
            Backports("SUSE Linux"),
            None,
        ),
    ] {
        let release = Release::parse(text).unwrap();

        assert_eq!(
            (
                &*release.name,
                release.version,
                release.maker,
                release.package.as_deref()
            ),
            (name, version(number), maker, package),
            "{text}"
        );
    }
    for text in ["", "linux", "x.y.z", "7", "Linux version"] {
        assert!(Release::parse(text).is_err(), "{text}");
    }
}

#[test]
fn ranges_give_the_standing_of_versions() {
    use Standing::{Affected, Before, Fixed, Unknown};

    // An old flaw, a backported one, one with an unknown start, one in stable versions only, one
    // with two fixes in a branch, and two with several starts.
    let old = ("4.14", "5.10.254 6.1.170 6.6.137 7.0");
    let backported = ("5.15.180 6.1.132 6.14", "5.15.212 6.1.178 6.18.40 7.2");
    let since = ("", "6.1.76 6.8");
    let stable = ("6.1.85 6.8.5", "6.1.87 6.8.7");
    let twice = ("4.11", "6.1.171 6.1.172 7.1");
    let starts = ("4.14 5.10.100 5.16", "6.1.5 6.2");
    let ancient = ("2.6.12 2.6.38", "7.0");

    for ((introduced, fixed), text, expected) in [
        (old, "4.13.16", Before(version("4.14"))),
        (old, "4.14-rc1", Unknown),
        (old, "4.14-rc8", Unknown),
        (old, "4.13-rc7", Before(version("4.14"))),
        (old, "4.15-rc1", Affected(None)),
        (old, "4.14", Affected(None)),
        (old, "5.10.253", Affected(Some(version("5.10.254")))),
        (old, "5.10.254", Fixed(version("5.10.254"))),
        (old, "5.10.300", Fixed(version("5.10.254"))),
        (old, "6.2.9", Affected(None)),
        (old, "6.19.30", Affected(None)),
        (old, "7.0-rc1", Unknown),
        (old, "7.0", Fixed(version("7.0"))),
        (old, "7.3.4", Fixed(version("7.0"))),
        (backported, "5.15.179", Before(version("5.15.180"))),
        (backported, "5.15.180", Affected(Some(version("5.15.212")))),
        (backported, "5.15.212", Fixed(version("5.15.212"))),
        (backported, "6.6.83", Before(version("6.14"))),
        (backported, "6.13.12", Before(version("6.14"))),
        (backported, "6.14-rc1", Unknown),
        (backported, "7.2-rc1", Unknown),
        (backported, "6.15.1", Affected(None)),
        (backported, "6.18.39", Affected(Some(version("6.18.40")))),
        (backported, "7.3.4", Fixed(version("7.2"))),
        (since, "4.4", Affected(None)),
        (since, "6.1.75", Affected(Some(version("6.1.76")))),
        (since, "6.9", Fixed(version("6.8"))),
        (stable, "6.1.84", Before(version("6.1.85"))),
        (stable, "6.1.86", Affected(Some(version("6.1.87")))),
        (stable, "6.8.4", Before(version("6.8.5"))),
        (stable, "6.9", Fixed(version("6.8.7"))),
        (twice, "6.1.171", Affected(Some(version("6.1.172")))),
        (twice, "6.1.172", Fixed(version("6.1.172"))),
        (starts, "4.13", Before(version("4.14"))),
        (starts, "4.14", Unknown),
        (starts, "4.14.50", Unknown),
        (starts, "5.10.99", Unknown),
        (starts, "5.10.150", Affected(None)),
        (starts, "5.15.150", Unknown),
        (starts, "5.16", Affected(None)),
        (starts, "6.1.4", Affected(Some(version("6.1.5")))),
        (starts, "6.1.5", Fixed(version("6.1.5"))),
        (ancient, "2.6.11", Before(version("2.6.38"))),
        (ancient, "2.6.30", Unknown),
        (ancient, "2.6.39", Affected(None)),
        (("", ""), "6.1", Unknown),
        (("4.14", ""), "6.1", Unknown),
    ] {
        assert_eq!(
            ranges(introduced, fixed).standing(version(text)),
            expected,
            "{text} of {introduced} to {fixed}"
        );
    }
}

/// An ABI number is no patch level.
#[test]
fn unknown_patch_levels_settle_nothing() {
    use Standing::{Affected, Before, Fixed};

    let late = ("6.1.132 6.14", "6.1.178 7.2");
    let old = ("4.14", "6.1.170 7.0");

    for ((introduced, fixed), text, expected) in [
        (late, "6.1.0-48-amd64", None),
        (late, "6.1.0-0.deb11.48-cloud-amd64", None),
        (late, "6.1.0-kali5-amd64", None),
        (late, "6.1.172-1", Some(Affected(Some(version("6.1.178"))))),
        (late, "6.1.120-1", Some(Before(version("6.1.132")))),
        (
            late,
            "6.1.120+deb12-amd64",
            Some(Before(version("6.1.132"))),
        ),
        (late, "5.10.0-30-amd64", Some(Before(version("6.14")))),
        (late, "6.5.0-5-amd64", Some(Before(version("6.14")))),
        (late, "6.15.0-1-amd64", Some(Affected(None))),
        (late, "7.3.0-1-amd64", Some(Fixed(version("7.2")))),
        // These have their patch level.
        (
            late,
            "6.1.0-200.fc37.x86_64",
            Some(Before(version("6.1.132"))),
        ),
        (late, "6.1.0", Some(Before(version("6.1.132")))),
        (old, "6.1.0-48-amd64", None),
        (old, "5.10.0-30-amd64", Some(Affected(None))),
        (old, "4.9.0-19-amd64", Some(Before(version("4.14")))),
    ] {
        assert_eq!(
            Release::parse(text)
                .unwrap()
                .standing(&ranges(introduced, fixed)),
            expected,
            "{text} of {introduced} to {fixed}"
        );
    }
}

/// A distribution without a suffix is known by its compiler.
#[test]
fn compilers_of_vendors_are_known() {
    for (release, compiler, maker) in [
        (
            "5.15.148",
            "x86_64-bottlerocket-linux-gnu-gcc (Buildroot 2022.11.1) 11.3.0, GNU ld",
            Maker::Other,
        ),
        (
            "5.15.150",
            "mipsel-openwrt-linux-musl-gcc (OpenWrt GCC 12.3.0 r23809) 12.3.0, GNU ld",
            Maker::Other,
        ),
        (
            "5.15.148-1.fc40",
            "x86_64-cros-linux-gnu-gcc (Gentoo) 11.3.0",
            Maker::Stable("Fedora"),
        ),
        (
            "5.15.148",
            "x86_64-linux-gnu-gcc-12 (Debian 12.2.0-14) 12.2.0",
            Maker::Upstream,
        ),
        (
            "5.15.148",
            "x86_64-pc-linux-gnu-gcc (Gentoo 13) 13.2.1",
            Maker::Upstream,
        ),
        (
            "5.15.148",
            "aarch64-none-linux-gnu-gcc (GNU Toolchain) 13.2",
            Maker::Upstream,
        ),
        (
            "5.15.148",
            "x86_64-unknown-linux-gnu-gcc (crosstool) 13",
            Maker::Upstream,
        ),
        ("5.15.148", "gcc (GCC) 13.2.0", Maker::Upstream),
    ] {
        let text = format!("Linux version {release} (builder@host) ({compiler}) #1 SMP");

        assert_eq!(Release::parse(&text).unwrap().maker, maker, "{text}");
    }
}

fn any_version() -> impl Strategy<Value = Version> {
    let numbers = (2u32..9, 0u32..20, 0u32..300);

    (numbers, proptest::option::of(1u32..10)).prop_map(|((major, minor, patch), candidate)| {
        let candidate = candidate.filter(|_| patch == 0);

        Version {
            branch: (major, minor),
            patch,
            candidate,
        }
    })
}

proptest! {
    #[test]
    fn versions_are_printed_as_parsed(version in any_version()) {
        prop_assert_eq!(version.to_string().parse(), Ok(version));
    }

    #[test]
    fn no_text_causes_a_panic(text in "\\PC{0,64}") {
        let _ = text.parse::<Version>();
        let _ = Release::parse(&text);
    }

    /// Within a branch, a version stays affected until the fix, and fixed after it.
    #[test]
    fn later_versions_stay_fixed(
        introduced in proptest::collection::btree_set(any_version(), 0..4),
        fixed in proptest::collection::btree_set(any_version(), 1..6),
        version in any_version(),
        later in 0u32..100,
    ) {
        let ranges = Ranges {
            introduced: introduced.into_iter().collect(),
            fixed: fixed.into_iter().collect(),
        };
        let is_fixed = |it| matches!(ranges.standing(it), Standing::Fixed(_));
        let later = Version { patch: version.patch + later, candidate: None, ..version };

        prop_assert!(!is_fixed(version) || is_fixed(later));
    }
}
