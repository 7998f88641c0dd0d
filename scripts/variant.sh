# SPDX-License-Identifier: GPL-2.0-only
# What is built and booted, by ARCH, CONFIG, KVER and COMPILER, for scripts that have die() and top.
# shellcheck shell=bash disable=SC2034,SC2154

# The architecture, this machine's own by default; where the kernel's source has it, what Debian calls
# it, what the kernel's make calls the image, and what boots that.
host_arch=$(uname -m)
host_arch=${host_arch/aarch64/arm64}
arch=${ARCH:-$host_arch}
case $arch in
x86_64) srcarch=x86 debian_arch=amd64 image=bzImage qemu=qemu-system-x86_64 ;;
arm64) srcarch=arm64 debian_arch=arm64 image=Image qemu=qemu-system-aarch64 ;;
*) die "Killswitch is for x86_64 and arm64, not $arch (ARCH)" ;;
esac
# What compiles programs for it, and where the program killswitch is.
triple=${arch/arm64/aarch64}-linux-gnu gcc=gcc program=$top/build/killswitch
[ "$arch" = "$host_arch" ] || gcc=$triple-gcc program=$top/build/$arch/killswitch

# said FILE NAME: what the head of a guest script or of a configuration says.
said() { sed -n "/^\(#\|$\)/!q; s/^# $2: *//p" "$1" | head -n 1; }

# use_fragments NAMES: sets the fragments of the kernel's configuration. No name is that of the tests,
# other names (debug, or several: small+up) add testing/vm/<name>.config to it, or take its place where
# the file's head says so. What only one architecture has is beside them, in <name>.<arch>.config.
use_fragments() {
	local name file
	fragments=()
	for name in kernel ${1//+/ }; do
		file=$top/testing/vm/$name.config
		[ -e "$file" ] || die "there is no configuration $name in testing/vm"
		[ -z "$(said "$file" from)" ] || fragments=()
		fragments+=("$file")
		file=${file%.config}.$arch.config
		[ ! -e "$file" ] || fragments+=("$file")
	done
	fragments=("$top/testing/vm/$arch.config" "${fragments[@]}")
}
use_fragments "${CONFIG:-}"

# Where the VM takes the kernel and the tests from. What is for x86-64 has the plain names.
suffix=''
[ "$arch" = x86_64 ] || suffix=-$arch
variant=$suffix${CONFIG:+-$CONFIG}${KVER:+-$KVER}${COMPILER:+-$COMPILER}
built=$top/build/kernel$variant
tests=$top/build/selftests$variant
