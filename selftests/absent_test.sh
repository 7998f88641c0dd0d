#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Killswitch is inactive if it is not in lsm=, and warns if killswitch= is set. Boot with
# killswitch=af_alg_sendmsg=-EPERM killswitch.seal.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
lsm=$(parameter lsm)
[[ $lsm && ,$lsm, != *,killswitch,* ]] || skip_all "killswitch is in lsm="

check_not "killswitch is not in the list of LSMs" grep -q killswitch /sys/kernel/security/lsm
check_not "there are no securityfs files" test -e "$KS"
is "the kernel is not tainted" 0 "$(tainted)"
if can_encrypt; then
	check "the function runs" encrypt
else
	skip "the function runs" "no af_alg_encrypt"
fi
if [[ $(parameter killswitch) ]]; then
	asked=$(grep -o '\bkillswitch[=.][^ ]*' /proc/cmdline)
	is "each parameter has one warning" "$asked" "$(dmesg --level=warn |
		sed -n 's/.*killswitch: \(.*\) has NO effect: .* add killswitch to lsm=$/\1/p')"
	is "there are no other messages" "$(wc -l <<<"$asked")" "$(messages | wc -l)"
else
	skip "each parameter has one warning" "no killswitch= on the command line"
fi

finish
