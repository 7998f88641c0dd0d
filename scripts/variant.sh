# SPDX-License-Identifier: GPL-2.0-only
# Variants of the kernel by ARCH, CONFIG, KVER and COMPILER, for scripts that define die() and top.
# shellcheck shell=bash disable=SC2034,SC2154

# The architecture, by default this machine's; its directory in the kernel's source, its name in
# Debian, the kernel image, and the emulator.
host_arch=$(uname -m)
host_arch=${host_arch/aarch64/arm64}
arch=${ARCH:-$host_arch}
case $arch in
x86_64) srcarch=x86 debian_arch=amd64 image=bzImage qemu=qemu-system-x86_64 ;;
arm64) srcarch=arm64 debian_arch=arm64 image=Image qemu=qemu-system-aarch64 ;;
*) die "Killswitch is for x86_64 and arm64, not $arch (ARCH)" ;;
esac
# Its cross compiler, and the path of the userspace tool.
triple=${arch/arm64/aarch64}-linux-gnu gcc=gcc program=$top/build/killswitch
[ "$arch" = "$host_arch" ] || gcc=$triple-gcc program=$top/build/$arch/killswitch

# said FILE NAME: a value in the header of a guest script or of a configuration.
said() { sed -n "/^\(#\|$\)/!q; s/^# $2: *//p" "$1" | head -n 1; }

# use_fragments NAMES: sets the fragments of the kernel's configuration. No name means that of the
# tests; each name (debug, or several: small+up) adds testing/vm/<name>.config, or replaces the
# configuration if the file's header says so. Architecture-specific settings are in
# <name>.<arch>.config.
use_fragments() {
	local name file
	fragments=()
	for name in kernel ${1//+/ }; do
		file=$top/testing/vm/$name.config
		[ -e "$file" ] || die "no configuration $name in testing/vm"
		[ -z "$(said "$file" from)" ] || fragments=()
		fragments+=("$file")
		file=${file%.config}.$arch.config
		[ ! -e "$file" ] || fragments+=("$file")
	done
	fragments=("$top/testing/vm/$arch.config" "${fragments[@]}")
}
use_fragments "${CONFIG:-}"

# The paths of the kernel and the tests for the VM. Those for x86-64 have no suffix.
suffix=''
[ "$arch" = x86_64 ] || suffix=-$arch
variant=$suffix${CONFIG:+-$CONFIG}${KVER:+-$KVER}${COMPILER:+-$COMPILER}
built=$top/build/kernel$variant
tests=$top/build/selftests$variant
