#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: a kernel booted with a random command line behaves as the file "expected" next to
# this predicts.
# shellcheck source=../../selftests/lib.sh
. lib.sh

wanted() { sed -n "s/^$1 //p" expected; }

begin
status=$(<"$KS/status")
is "the lockdown level is as expected" "$(wanted lockdown)" \
	"$(sed -n 's/^lockdown: //p' <<<"$status")"
is "the seal is as expected" "$(wanted sealed)" "$(sed -n 's/^sealed: //p' <<<"$status")"
is "the engagements are as expected, in order" "$(wanted engaged)" \
	"$(sed -E 's/^([^ ]*) retval=([^ ]*) hits=[0-9]+ state=([^ ]*) .*/\1 \2 \3/' "$KS/engaged")"

mapfile -t errors < <(wanted error)
mapfile -t reported < <(sed -n 's/^boot-error: //p' <<<"$status")
is "there is one error for each mistake" "${#errors[@]}" "${#reported[@]}"
for ((i = 0; i < ${#errors[@]}; i++)); do
	if [[ ${reported[i]:-} == *"${errors[i]}"* ]]; then
		pass "error $i: ${errors[i]}"
	else
		fail "error $i: ${errors[i]}" "got: ${reported[i]:-nothing}"
	fi
done
check "status is printable" test -z "$(LC_ALL=C tr -d '\n -~' <"$KS/status")"
check "engaged is printable" test -z "$(LC_ALL=C tr -d '\n -~' <"$KS/engaged")"

# Armed functions are engaged when their module is loaded, sealed or not.
armed=$(sed -n 's/^engaged killswitch_target:\([^ ]*\) .*/\1/p' expected | head -n 1)
if [[ $armed ]]; then
	check "load a module" load_target
	is "the armed function is engaged" engaged \
		"$(engaged_field "killswitch_target:$armed" state)"
fi
finish
