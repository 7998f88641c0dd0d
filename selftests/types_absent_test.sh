#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel without type information: built-in functions take only the errors that the table lists,
# and functions of modules take errors. For a kernel built with CONFIG=nobtf.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
grep -q '^types: none$' "$KS/status" || skip_all "the kernel has type information"

check "policy reports that BTF is missing" grep -q '^return-type no BTF' "$KS/policy"
load_target
trap 'control disengage_all' EXIT
control disengage_all

# The kernel itself.
like "an error in the table is accepted" '^allow __ptrace_may_access -1' \
	"$(ask __ptrace_may_access -1)"
like "the answer has a note about missing types" 'note: it has no type information' \
	"$(ask __ptrace_may_access -1)"
for value in 0 1 -13; do
	like "$value is refused" "^refuse __ptrace_may_access $value security-base" \
		"$(ask __ptrace_may_access $value)"
done
for value in 0 1 -1; do
	like "$value is refused for a built-in function" \
		"^refuse may_open $value (default|security)" "$(ask may_open $value)"
	like "$value is refused for a function that protected code calls" \
		"^refuse commit_creds $value security" "$(ask commit_creds $value)"
	like "$value is refused for a function of the table" \
		"^refuse copy_creds $value security-base" "$(ask copy_creds $value)"
	like "$value is refused for code of security/" \
		"^refuse securityfs_create_file $value security" \
		"$(ask securityfs_create_file $value)"
done
accepted "engage" "engage __ptrace_may_access -EPERM"
check_not "the engaged function denies access" access_process
accepted "disengage" disengage_all
check "access is allowed after disengage" access_process

# Modules.
like "a function of a module takes errors" '^allow ks_target_int -134' "$(ask ks_target_int -134)"
like "the answer for a module has the note" 'note: it has no type information' \
	"$(ask ks_target_int -134)"
for value in 0 1 -135 2147483648; do
	like "$value is refused for a function of a module" \
		"^refuse ks_target_int $value return-type" \
		"$(ask ks_target_int $value)"
done
if load_module killswitch_impostor; then
	for value in 0 1 -1; do
		like "$value is refused for a function that decides on access" \
			"^refuse ks_impostor_asks $value mediation" "$(ask ks_impostor_asks $value)"
	done
else
	skip "functions that decide on access" "no module killswitch_impostor"
fi
body=$(call ks_target_int)
accepted "engage a function of a module" "engage ks_target_int -7"
is "it returns the value" -7 "$(call ks_target_int)"
accepted "disengage it" disengage_all
is "it runs after disengage" "$body" "$(call ks_target_int)"
finish
