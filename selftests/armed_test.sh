#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is engaged is armed: probes that are off, symbols that begin no function,
# modules that go away.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

ENABLED=/sys/kernel/debug/kprobes/enabled

call()
{
	cat "$TARGET/call/$1"
}

state()
{
	sed -n "s/^$1 .* state=\([a-z]*\).*/\1/p" "$KS/engaged"
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
saved=$(<"$ENABLED")
trap 'control disengage_all; echo "$saved" >"$ENABLED"' EXIT
control disengage_all
body=$(call ks_target_int)

accepted "engage" "engage ks_target_int -7"
is "the function returns the value" -7 "$(call ks_target_int)"
is "its state is engaged" engaged "$(state ks_target_int)"

echo 0 >"$ENABLED"
is "with all kprobes off the body runs" "$body" "$(call ks_target_int)"
is "and 'engaged' says so" disarmed "$(state ks_target_int)"
is "and so does its file" disarmed "$(<"$KS/fn/ks_target_int/state")"
refused "nothing is engaged that would not be armed" "Device or resource busy" \
	"engage ks_target_other -7"
check_not "and it has no files" test -e "$KS/fn/ks_target_other"

echo 1 >"$ENABLED"
is "with kprobes on again it returns the value" -7 "$(call ks_target_int)"
is "and its state is engaged" engaged "$(state ks_target_int)"
accepted "what was refused can be engaged now" "engage ks_target_other -7"
is "and returns the value" -7 "$(call ks_target_other)"
accepted "disengage_all" "disengage_all"
is "the body runs again" "$body" "$(call ks_target_int)"

# Padding in front of a function is a symbol, but nobody calls it.
padding=$(awk '$3 ~ /^__pfx_ksys_write$/ { print $3 }' /proc/kallsyms)
if [[ $padding ]]; then
	refused "the padding of a function is none" "Operation not supported" "engage $padding 0"
else
	skip "the padding of a function is none" "this kernel has no such symbols"
fi

# A function of a module, named with it and without.
accepted "a function is found in its module" "engage killswitch_target:ks_target_int -8"
is "and returns the value" -8 "$(call ks_target_int)"
refused "it is the same function without the module" "Device or resource busy" \
	"engage ks_target_int -8"
refused "it is in no other module" "No such file or directory" "engage nf_tables:ks_target_int -8"
refused "a kernel function is in no module" "No such file or directory" \
	"engage killswitch_target:ksys_write -8"

# The module goes away under the engagement, which ends with it, loudly.
rmmod killswitch_target
is "with its module the engagement ends" "" "$(state killswitch_target:ks_target_int)"
check_not "and so do its files" test -e "$KS/fn/killswitch_target:ks_target_int"
like "and the kernel log says so" 'lost, because its module goes, killswitch_target:ks_target_int' \
	"$(messages | tail -n 1)"
load_target
is "a new module's function runs" "$body" "$(call ks_target_int)"
accepted "and can be engaged" "engage killswitch_target:ks_target_int -9"
is "and returns the value" -9 "$(call ks_target_int)"
accepted "and be ended" "disengage killswitch_target:ks_target_int"

# A tracer that came first cannot share the function: sharing it would end in a
# probe that nobody can disarm.
TRACING=/sys/kernel/tracing
if [[ -w $TRACING/kprobe_events ]]; then
	echo 'p:ks_armed_test ks_target_int' >>"$TRACING/kprobe_events"
	echo 1 >"$TRACING/events/kprobes/ks_armed_test/enable"
	refused "a tracing kprobe that came first is refused" "Device or resource busy" \
		"engage ks_target_int -10"
	is "and the body runs" "$body" "$(call ks_target_int)"
	echo 0 >"$TRACING/events/kprobes/ks_armed_test/enable"
	echo '-:ks_armed_test' >>"$TRACING/kprobe_events"
	accepted "without it the function is engaged" "engage ks_target_int -10"
	is "and returns the value" -10 "$(call ks_target_int)"
	accepted "and given back" "disengage ks_target_int"
	is "and runs" "$body" "$(call ks_target_int)"
else
	skip "a tracing kprobe that came first is refused" "no kprobe events"
fi

# More engagements than there are slots, so that each is used again.
for ((i = 0; i < 270; i++)); do
	echo "engage ks_target_int $i" >"$KS/control" || break
	((i < 200)) || [[ $(<"$TARGET/call/ks_target_int") == "$i" ]] || break
	echo "disengage ks_target_int" >"$KS/control" || break
done
is "270 engagements, one after the other" 270 "$i"
like "leave no slot taken" $'(^|\n)slots: 0/' "$(<"$KS/status")"

finish
