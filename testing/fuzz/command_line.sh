#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: a kernel that was booted with a command line that was made up has
# done what the file "expected" beside this says, and nothing else.
# shellcheck source=../../selftests/lib.sh
. lib.sh

wanted() { sed -n "s/^$1 //p" expected; }

begin
status=$(<"$KS/status")
is "the level of lockdown" "$(wanted lockdown)" "$(sed -n 's/^lockdown: //p' <<<"$status")"
is "whether it is sealed" "$(wanted sealed)" "$(sed -n 's/^sealed: //p' <<<"$status")"
is "what is engaged, in order" "$(wanted engaged)" \
	"$(sed -E 's/^([^ ]*) retval=([^ ]*) hits=[0-9]+ state=([^ ]*) .*/\1 \2 \3/' "$KS/engaged")"

mapfile -t errors < <(wanted error)
mapfile -t told < <(sed -n 's/^boot-error: //p' <<<"$status")
is "there is an error for each mistake, and no other" "${#errors[@]}" "${#told[@]}"
for ((i = 0; i < ${#errors[@]}; i++)); do
	if [[ ${told[i]:-} == *"${errors[i]}"* ]]; then
		pass "error $i: ${errors[i]}"
	else
		fail "error $i: ${errors[i]}" "got: ${told[i]:-nothing}"
	fi
done
check "what is told is printable" test -z "$(LC_ALL=C tr -d '\n -~' <"$KS/status")"
check "and so is what is engaged" test -z "$(LC_ALL=C tr -d '\n -~' <"$KS/engaged")"

# What waits for its module is engaged when it comes, sealed or not.
armed=$(sed -n 's/^engaged killswitch_target:\([^ ]*\) .*/\1/p' expected | head -n 1)
if [[ $armed ]]; then
	check "a module comes" load_target
	is "and what was armed is engaged" engaged "$(engaged_field "killswitch_target:$armed" state)"
fi
finish
