#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Nothing that ran so far has lost memory that Killswitch, or the kernel on its
# behalf, had allocated. To come last, on a kernel that was booted with
# kmemleak=on.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

KMEMLEAK=/sys/kernel/debug/kmemleak

# lost PATTERN [BUT]: the lost objects whose origin matches the one and not the other.
lost()
{
	gawk -v pattern="$1" -v but="${2:-^$}" '
		BEGIN { RS = "unreferenced object " }
		NR > 1 && $0 ~ pattern && $0 !~ but' "$KMEMLEAK"
}

# What is lost on purpose is lost last, so when kmemleak shows it, it knows of all
# that was lost before. It shows nothing that is younger than some seconds.
find_leak()
{
	local until=$((SECONDS + 240))

	while ((SECONDS < until)); do
		put "$KMEMLEAK" scan
		[[ ! $(lost ks_leak_write) ]] || return 0
		sleep 1
	done
	echo "not found in 240 seconds"
	return 1
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
kmemleak_is_on || skip_all "boot with kmemleak=on"
! grep -Eq '\[(integrity|confidentiality)\]' /sys/kernel/security/lockdown ||
	skip_all "the kernel is locked down, and kmemleak with it"
load_target

check "kmemleak is on, still" put "$KMEMLEAK" scan=off
put "$TARGET/leak" 1
check "what is lost on purpose is found" find_leak
# Once more, for what changed while it was looked at is not shown at first.
put "$KMEMLEAK" scan
is "it is all that is lost of Killswitch" "" "$(lost killswitch ks_leak_write)"
finish
