#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel without type information: what is built in takes the errors that the table
# names and nothing else, and functions of modules take errors. For a kernel built with
# CONFIG=nobtf.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
grep -q '^types: none$' "$KS/status" || skip_all "the kernel has type information"

check "policy says so" grep -q '^return-type there is no BTF' "$KS/policy"
load_target
trap 'control disengage_all' EXIT
control disengage_all

# The kernel itself.
like "a named error is accepted" '^allow __ptrace_may_access -1' "$(ask __ptrace_may_access -1)"
like "and there is a note" 'note: there is no type information about it' \
	"$(ask __ptrace_may_access -1)"
for value in 0 1 -13; do
	like "not $value" "^refuse __ptrace_may_access $value security-base" \
		"$(ask __ptrace_may_access $value)"
done
for value in 0 1 -1; do
	like "what is built in may not be made to return $value" \
		"^refuse may_open $value (default|security)" "$(ask may_open $value)"
	like "nor what something protected calls, $value" \
		"^refuse commit_creds $value security" "$(ask commit_creds $value)"
	like "nor what the table protects, $value" \
		"^refuse copy_creds $value security-base" "$(ask copy_creds $value)"
	like "nor what is built from security/, $value" \
		"^refuse securityfs_create_file $value security" \
		"$(ask securityfs_create_file $value)"
done
accepted "engage" "engage __ptrace_may_access -EPERM"
check_not "which works" look_into
accepted "disengage" disengage_all
check "until it is disengaged" look_into

# Modules.
like "a function of a module takes errors" '^allow ks_target_int -133' "$(ask ks_target_int -133)"
like "and there is a note" 'note: there is no type information about it' \
	"$(ask ks_target_int -133)"
for value in 0 1 -134 2147483648; do
	like "and not $value" "^refuse ks_target_int $value return-type" \
		"$(ask ks_target_int $value)"
done
if load_module killswitch_impostor; then
	for value in 0 1 -1; do
		like "what decides may not be made to return $value" \
			"^refuse ks_impostor_asks $value mediation" "$(ask ks_impostor_asks $value)"
	done
else
	skip "what decides may not be made to return anything" "no module killswitch_impostor"
fi
body=$(call ks_target_int)
accepted "engage one" "engage ks_target_int -7"
is "which returns the value" -7 "$(call ks_target_int)"
accepted "and end it" disengage_all
is "which runs then" "$body" "$(call ks_target_int)"
finish
