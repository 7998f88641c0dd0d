#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A disarmed probe is noticed and reported, whatever disarmed it, and so is a probe that is gone
# with its module.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

ENABLED=/sys/kernel/debug/kprobes/enabled

# How often the kernel log has a message since the test began.
count_messages()
{
	messages | tail -n +$((before + 1)) | grep -c "$1" || :
}

logged_twice()
{
	[[ $(count_messages "$1") == 2 ]]
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
saved=$(<"$ENABLED")
trap 'control disengage_all; echo "$saved" >"$ENABLED"' EXIT
control disengage_all
before=$(messages | wc -l)
body=$(call ks_target_int)

accepted "engage" "engage ks_target_int -7"
is "the function returns the value" -7 "$(call ks_target_int)"
is "its state is engaged" engaged "$(engaged_field ks_target_int state)"

echo 0 >"$ENABLED"
is "with kprobes disarmed the body runs" "$body" "$(call ks_target_int)"
is "its state is disarmed" disarmed "$(engaged_field ks_target_int state)"
is "the state in its directory is disarmed" disarmed "$(<"$KS/fn/ks_target_int/state")"
like "and 'status'" $'(^|\n)disarmed: 1($|\n)' "$(<"$KS/status")"
is "it is logged once" 1 "$(count_messages 'disarmed ks_target_int')"
refused "nothing can be engaged while kprobes are disarmed" "Device or resource busy" \
	"engage ks_target_other -7"
check_not "the refused function has no files" test -e "$KS/fn/ks_target_other"

echo 1 >"$ENABLED"
is "with kprobes armed again it returns the value" -7 "$(call ks_target_int)"
is "its state is engaged again" engaged "$(engaged_field ks_target_int state)"
is "rearming is logged once" 1 "$(count_messages 'rearmed ks_target_int')"
echo 0 >"$ENABLED"
check "disarming is logged without a reader" eventually \
	logged_twice 'disarmed ks_target_int'
# A tracer on the function still makes it call ftrace.
if [[ -w /sys/kernel/tracing/set_ftrace_filter ]]; then
	echo ks_target_int >/sys/kernel/tracing/set_ftrace_filter
	echo function >/sys/kernel/tracing/current_tracer
	is "a tracer on the function does not hide it" disarmed \
		"$(engaged_field ks_target_int state)"
	echo nop >/sys/kernel/tracing/current_tracer
	echo >/sys/kernel/tracing/set_ftrace_filter
else
	skip "a tracer on the function does not hide it" "no function tracer"
fi
echo 1 >"$ENABLED"
is "after rearming it returns the value" -7 "$(call ks_target_int)"
accepted "the refused function can be engaged now" "engage ks_target_other -7"
is "it returns the value, too" -7 "$(call ks_target_other)"
accepted "disengage_all" "disengage_all"
is "after disengage the body runs" "$body" "$(call ks_target_int)"

# While its probe is disarmed, a function can be livepatched, and then the probe cannot be armed
# until the livepatch is removed. On arm64 the probe is not involved: the function stays claimed.
LIVEPATCH=/sys/kernel/livepatch/killswitch_livepatch
is_patched()
{
	[[ $(</proc/self/comm) == livepatched ]]
}

if [[ -d ${LIVEPATCH%/*} && $(uname -m) == aarch64 ]]; then
	accepted "engage a function to be livepatched" "engage comm_show -5"
	echo 0 >"$ENABLED"
	check_not "it cannot be livepatched while kprobes are disarmed" load_module \
		killswitch_livepatch
	echo 1 >"$ENABLED"
	like "it returns an error when they are rearmed" "Input/output error" \
		"$(cat /proc/self/comm 2>&1 || :)"
	accepted "disengage it" "disengage comm_show"
	check "it can be livepatched after disengage" load_module killswitch_livepatch
	check "the livepatch is enabled" eventually is_patched
	refused "a livepatched function cannot be engaged" "Device or resource busy" \
		"engage comm_show -5"
	echo 0 >"$LIVEPATCH/enabled"
	check "the livepatch module can be unloaded" eventually rmmod killswitch_livepatch
elif [[ -d ${LIVEPATCH%/*} ]]; then
	accepted "engage a function to be livepatched" "engage comm_show -5"
	like "it returns an error" "Input/output error" "$(cat /proc/self/comm 2>&1 || :)"
	echo 0 >"$ENABLED"
	check "it can be livepatched while kprobes are disarmed" load_module killswitch_livepatch
	check "the livepatch is enabled" eventually is_patched
	check_not "then arming all kprobes fails" put "$ENABLED" 1
	is "its state is disarmed with the livepatch" disarmed "$(engaged_field comm_show state)"
	check "it is still livepatched" is_patched
	echo 0 >"$LIVEPATCH/enabled"
	check "without the livepatch it is engaged again" eventually is_engaged comm_show
	like "it returns an error again" "Input/output error" "$(cat /proc/self/comm 2>&1 || :)"
	accepted "disengage it" "disengage comm_show"
	check "the livepatch module can be unloaded" eventually rmmod killswitch_livepatch

	# Disarmed, and rearmed as soon as possible.
	before=$(messages | wc -l)
	accepted "engage it once more" "engage comm_show -5"
	echo 0 >"$ENABLED"
	check "livepatched" load_module killswitch_livepatch
	check "livepatch it while kprobes are disarmed" eventually is_patched
	check_not "arming kprobes fails" put "$ENABLED" 1
	echo 0 >"$LIVEPATCH/enabled"
	check "it is engaged in the end" eventually is_engaged comm_show
	is "the kernel log has one disarm and one rearm" "1 1" \
		"$(count_messages 'disarmed comm_show') $(count_messages 'rearmed comm_show')"
	accepted "disengage it once more" "disengage comm_show"
	check "the livepatch module can be unloaded again" eventually rmmod killswitch_livepatch
	check "the function runs" grep -q . /proc/self/comm
else
	skip "engage a function to be livepatched" "no livepatches"
fi

# The padding before a function has a symbol, but it is not called.
padding=$(awk '$3 ~ /^__pfx_ksys_write$/ { print $3 }' /proc/kallsyms)
if [[ $padding ]]; then
	refused "padding cannot be engaged" "Operation not supported" "engage $padding 0"
else
	skip "padding cannot be engaged" "this kernel has no such symbols"
fi

# A function of a module, with and without the module's name.
accepted "engage a function with its module's name" "engage killswitch_target:ks_target_int -8"
is "it returns the value with its module's name" -8 "$(call ks_target_int)"
refused "the plain name is the same function" "Device or resource busy" \
	"engage ks_target_int -8"
refused "a built-in function is not found in a module" "No such file or directory" \
	"engage killswitch_target:ksys_write -8"

accepted "disengage it with its module's name" "disengage killswitch_target:ks_target_int"

# Unloading a module ends engagements without its name, with a message.
accepted "engage a function without its module's name" "engage ks_target_int -8"
rmmod killswitch_target
is "unloading the module ends the engagement" "" "$(engaged_field ks_target_int state)"
check_not "its files are removed" test -e "$KS/fn/ks_target_int"
like "the loss is logged" 'lost ks_target_int after [0-9]* hits: its module is unloaded' \
	"$(messages | tail -n 1)"
load_target
is "the function of the reloaded module runs" "$body" "$(call ks_target_int)"

# More engagements than slots, so that each slot is reused.
for ((i = 0; i < 270; i++)); do
	echo "engage ks_target_int $i" >"$KS/control" || break
	((i < 200)) || [[ $(<"$TARGET/call/ks_target_int") == "$i" ]] || break
	echo "disengage ks_target_int" >"$KS/control" || break
done
is "270 successive engagements are accepted" 270 "$i"
like "no slot is taken afterwards" $'(^|\n)slots: 0/' "$(<"$KS/status")"

finish
