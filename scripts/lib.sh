# SPDX-License-Identifier: GPL-2.0-only
# Shared code of the scripts: paths, messages, the cache lock, tools and configuration.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

# Do not pass the variables of a calling make to the kernel's make.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL KBUILD_OUTPUT
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${KS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/killswitch}
export KS_CACHE=$cache
# The supported Linux versions, the one that the series is for, and the selected one.
kernel_versions='7.3 7.2'
release=7.3
kernel_version=${KVER:-$release}
bindgen_version=0.72.1

say() { printf '==> %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

case $cache in
*[[:space:]:]*) die "the cache path \"$cache\" contains a blank or a colon, which the kernel's build does not support; set KS_CACHE to another path" ;;
esac

[[ " $kernel_versions " == *" $kernel_version "* ]] ||
	die "Killswitch is for Linux ${kernel_versions// /, }, not $kernel_version (KVER)"
# The compiler of the kernel's C code.
compiler=${COMPILER:-clang}
[[ $compiler =~ ^(clang|gcc)$ ]] || die "the kernel is compiled by clang or gcc, not by $compiler (COMPILER)"

# Locks the cache against concurrent runs. Scripts called by the lock's holder share it.
lock_cache() {
	[ -z "${KS_LOCKED:-}" ] || return 0
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	if ! flock -n 9; then
		say "waiting for another run that uses $cache"
		flock 9
	fi
	export KS_LOCKED=1
}

# need_disk GIGABYTES DIRECTORY: fails early rather than in the middle of a build.
free_gigabytes() { df -Pk "$1" | awk 'NR == 2 { print int($4 / 1048576) }'; }
need_disk() {
	mkdir -p "$2"
	[ "$(free_gigabytes "$2")" -ge "$1" ] ||
		die "not enough disk: $2 has $(free_gigabytes "$2") GB free, a full build needs $1 GB; set KS_CACHE to a directory with more space"
}

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# run LABEL SECONDS LOG COMMAND...: runs the command with its output in LOG, showing the elapsed
# time, the usual time, and the output of the function named by $progress.
progress=:
run() {
	local label=$1 usual=$2 log=$3 start=$SECONDS ticker status=0
	shift 3
	mkdir -p "${log%/*}"
	: >"$log"
	(
		exec 9>&- 8>&2 >/dev/null 2>&1
		trap 'kill $!; exit' TERM
		step=20
		[ ! -t 8 ] || step=1
		while sleep $step 8>&- & wait $! && kill -0 $$; do
			line="    $label: $(clock $((SECONDS - start))) of usually $(clock "$usual")  $($progress "$log")"
			if [ -t 8 ]; then
				printf '\r\033[K%.*s' "$(($(tput cols 2>&8 || echo 80) - 1))" "$line" >&8
			else
				printf '%s\n' "$line" >&8
			fi
		done
	) &
	ticker=$!
	"$@" >"$log" 2>&1 </dev/null || status=$?
	kill $ticker 2>/dev/null || true
	wait $ticker 2>/dev/null || true
	[ ! -t 2 ] || printf '\r\033[K' >&2
	[ $status -ne 0 ] || printf '    %s: %s\n' "$label" "$(clock $((SECONDS - start)))" >&2
	return $status
}

# Whether a log of apt or cargo shows a network failure.
no_network() {
	grep -qiE 'could not (resolve|connect)|temporary failure|unable to connect|timed out|connection (failed|refused|reset)|network is unreachable|failed to (connect|download)|404 +not found' "$1"
}

at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
first_version() { grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1; }

# Finds the Rust tools (by full path: a toolchain without library source may be first in PATH), LLVM
# and bindgen. Variables of missing tools stay empty.
find_tools() {
	local candidate version
	rust=''
	rust_src=''
	for candidate in /usr/bin $(type -P rustc | xargs -r dirname); do
		version=$("$candidate/rustc" --version 2>/dev/null | first_version) || continue
		at_least "$version" 1.85 || continue
		[ -x "$candidate/cargo" ] || continue
		[ -x "$candidate/rustfmt" ] || continue
		[ -x "$candidate/clippy-driver" ] || continue
		for rust_src in "/usr/src/rustc-$version/library" "$("$candidate/rustc" --print sysroot)/lib/rustlib/src/rust/library"; do
			[ -d "$rust_src/core" ] || continue
			rust=$candidate
			break 2
		done
	done
	llvm=''
	if type -P clang-19 ld.lld-19 llvm-nm-19 >/dev/null && [ -e /usr/lib/llvm-19/lib/libclang.so ]; then
		llvm=-19
		PATH=$PATH:/usr/lib/llvm-19/bin
	elif type -P clang ld.lld llvm-nm >/dev/null && at_least "$(clang --version | first_version)" 17; then
		llvm=1
	fi
	bindgen=''
	for candidate in "$cache/bindgen-$bindgen_version/bin/bindgen" $(type -P bindgen); do
		version=$("$candidate" --version 2>/dev/null | first_version) || continue
		if at_least "$version" "$bindgen_version"; then
			bindgen=$candidate
			break
		fi
	done
	[ -n "$rust" ] && [ -n "$llvm" ] && [ -n "$bindgen" ]
}

# kmake SOURCE OUTPUT ARGUMENT...: the kernel's make with our tools. A fixed time, which is part of
# uname -v, makes builds reproducible: only then does pahole write the same type information each
# time, on which verdicts of the policy depend.
kmake() {
	local src=$1 out=$2 c=()
	shift 2
	[ "$compiler" = gcc ] || c=(LLVM="$llvm")
	make -C "$src" O="$out" ARCH="$srcarch" "${c[@]}" RUSTC="$rust/rustc" HOSTRUSTC="$rust/rustc" \
		RUSTFMT="$rust/rustfmt" CLIPPY_DRIVER="$rust/clippy-driver" BINDGEN="$bindgen" \
		RUST_LIB_SRC="$rust_src" KBUILD_BUILD_USER=killswitch KBUILD_BUILD_HOST=localhost \
		KBUILD_BUILD_TIMESTAMP=@0 "$@"
}

# cargo_install CRATE VERSION SECONDS: builds a program into the cache, in usually SECONDS.
crates() { grep -c Compiling "$1" | sed 's/$/ crates/'; }
cargo_install() {
	local crate=$1 name=${1%-cli} log progress=crates
	lock_cache
	say "installing $name $2 with cargo"
	log=$cache/log/$name.log
	if ! CARGO_TARGET_DIR=$cache/tmp/$name RUSTC=$rust/rustc run "building $name" "$3" "$log" \
		"$rust/cargo" install "$crate" --version "$2" --locked --root "$cache/$name-$2"; then
		! no_network "$log" || die "cargo cannot reach its registry; connect the machine and run this again (log: $log)"
		tail -n 15 "$log" >&2
		die "$name could not be built (log: $log)"
	fi
	rm -rf "$cache/tmp/$name"
}

# tool_cargo ARCH COMMAND OPTION...: cargo for the release build of the tool, which is static. Its
# tests on this machine share the crates with the program.
tool_cargo() {
	local flags='-C target-feature=+crt-static' cross=() build_std=()
	if [ "$1" != "$host_arch" ]; then
		# rustc has the source of its library only.
		cross=(RUSTC_BOOTSTRAP=1) flags+=" -C linker=$gcc" build_std=(-Zbuild-std)
	fi
	# With an explicit target, build scripts are still built for the host.
	env PATH="$rust:$PATH" RUSTC="$rust/rustc" RUSTFLAGS="$flags" CARGO_TARGET_DIR="$top/build/tool" \
		"${cross[@]}" "$rust/cargo" "$2" --release --target "${1/arm64/aarch64}-unknown-linux-gnu" \
		--manifest-path "$top/tools/killswitch/Cargo.toml" "${build_std[@]}" "${@:3}"
}

# The Debian release of this machine, and the Debian archives in its apt configuration, the most
# likely first.
codename() { (. /etc/os-release && echo "${VERSION_CODENAME:-}"); }
archives() {
	local suite
	for suite in "$(codename)" trixie bookworm stable oldstable testing unstable sid; do
		apt-get --print-uris update 2>/dev/null |
			sed -n "s|^'\(.*\)/dists/$suite/InRelease'.*|\1|p"
	done | awk '!seen[$0]++'
}

# build_all: builds everything that a VM needs.
build_all() {
	local script
	for script in toolchain kernel selftests; do
		"$top/scripts/$script"
	done
}

. "$top/scripts/variant.sh"
[ "$compiler" = clang ] || [ "$arch" = "$host_arch" ] ||
	die "on $host_arch a kernel for $arch is compiled by clang, not by $compiler (COMPILER)"
# The kernel of the demonstration, which has no modules.
demo=$top/build/demo$variant
# Where logs go (see testing/vm/run).
logs=build/logs$variant${GUEST:+-$GUEST}

# The build tree of the kernel: one for the fetched source and for each KSRC, per configuration
# (variants such as small+up share one), architecture and compiler.
build_tree() {
	local base=${CONFIG:-} suffix=$suffix
	base=${base%%+*}
	[ "$compiler" = clang ] || suffix+=-gcc
	if [ -n "${KSRC:-}" ]; then
		echo "$cache/build/tree-$(realpath "$KSRC" | sha1sum | cut -c 1-12)${base:+-$base}$suffix"
	else
		echo "$cache/build/$kernel_version-${base:-vm}$suffix"
	fi
}
