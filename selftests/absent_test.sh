#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Left out of lsm=, Killswitch does not exist, and says so when killswitch= asks
# for it. To be booted with killswitch=af_alg_sendmsg=-EPERM killswitch.seal.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
lsm=$(parameter lsm)
[[ $lsm && ,$lsm, != *,killswitch,* ]] || skip_all "killswitch is in lsm="

check_not "it is not in the list" grep -q killswitch /sys/kernel/security/lsm
check_not "there are no files" test -e "$KS"
is "nothing is engaged, so there is no taint" 0 "$(tainted)"
if can_encrypt; then
	check "the function runs" encrypt
else
	skip "the function runs" "no af_alg_encrypt"
fi
if [[ $(parameter killswitch) ]]; then
	asked=$(grep -o '\bkillswitch[=.][^ ]*' /proc/cmdline)
	is "there is one warning for each parameter" "$asked" "$(dmesg --level=warn |
		sed -n 's/.*killswitch: \(.*\) has NO effect: .* add killswitch to lsm=$/\1/p')"
	is "and nothing else in the log" "$(wc -l <<<"$asked")" "$(messages | wc -l)"
else
	skip "there is one warning for each parameter" "no killswitch= on the command line"
fi

finish
