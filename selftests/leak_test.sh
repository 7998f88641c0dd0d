#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No earlier test leaked memory of Killswitch, or of the kernel on its behalf. Must be last, on a
# kernel booted with kmemleak=on.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

KMEMLEAK=/sys/kernel/debug/kmemleak

# lost PATTERN [BUT]: the leaks whose backtrace matches PATTERN and not BUT.
lost()
{
	gawk -v pattern="$1" -v but="${2:-^$}" '
		BEGIN { RS = "unreferenced object " }
		NR > 1 && $0 ~ pattern && $0 !~ but' "$KMEMLEAK"
}

# A deliberate leak is last: when kmemleak reports it, it has found all earlier ones. kmemleak does
# not report objects younger than some seconds.
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

check "kmemleak is still enabled" put "$KMEMLEAK" scan=off
put "$TARGET/leak" 1
check "the deliberate leak is found" find_leak
# Scan again, since objects that changed during a scan are not reported.
put "$KMEMLEAK" scan
is "it is the only leak of Killswitch" "" "$(lost killswitch ks_leak_write)"
finish
