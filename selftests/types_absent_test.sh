#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel without type information: every function counts as one that returns an
# int, and what decides about access cannot be engaged at all. For a kernel built
# with CONFIG=nobtf.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
grep -q '^types: none$' "$KS/status" || skip_all "the kernel has type information"

check "policy says so" grep -q '^return-type there is no BTF' "$KS/policy"
like "a function may be engaged" '^allow unix_socketpair -1' "$(ask unix_socketpair -1)"
like "and there is a note" 'note: there is no type information about it' "$(ask unix_socketpair -1)"
like "with what an int can hold" '^refuse unix_socketpair 2147483648 return-type' \
	"$(ask unix_socketpair 2147483648)"
for value in 0 1 -1; do
	like "what decides may not be made to return $value" \
		"^refuse vfs_getxattr $value mediation" "$(ask vfs_getxattr $value)"
	like "what only may fail may not be made to return $value" \
		"^refuse may_open $value security-base" "$(ask may_open $value)"
	if grep -q ' aa_splitn_fqname$' /proc/kallsyms; then
		like "part of a security module may not be made to return $value" \
			"^refuse aa_splitn_fqname $value (lsm-internal|mediation)" \
			"$(ask aa_splitn_fqname $value)"
	else
		skip "part of a security module may not be made to return $value" "no AppArmor"
	fi
done
accepted "engage" "engage unix_socketpair -EPERM"
check_not "which works" make_socket_pair
accepted "disengage" disengage_all
check "until it is disengaged" make_socket_pair
finish
