#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A probe that is off, whoever turned it off, is noticed and told, and so is one
# that went with its module.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

ENABLED=/sys/kernel/debug/kprobes/enabled

# How often the kernel log has said something since the test began.
times()
{
	messages | tail -n +$((before + 1)) | grep -c "$1" || :
}

said_twice()
{
	[[ $(times "$1") == 2 ]]
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
is "with all kprobes off the body runs" "$body" "$(call ks_target_int)"
is "and 'engaged' says so" disarmed "$(engaged_field ks_target_int state)"
is "and so does its file" disarmed "$(<"$KS/fn/ks_target_int/state")"
like "and 'status'" $'(^|\n)disarmed: 1($|\n)' "$(<"$KS/status")"
is "and the kernel log, once" 1 "$(times 'disarmed ks_target_int')"
refused "nothing is engaged that would not be armed" "Device or resource busy" \
	"engage ks_target_other -7"
check_not "and it has no files" test -e "$KS/fn/ks_target_other"

echo 1 >"$ENABLED"
is "with kprobes on again it returns the value" -7 "$(call ks_target_int)"
is "and its state is engaged" engaged "$(engaged_field ks_target_int state)"
is "and the kernel log says so, once" 1 "$(times 'rearmed ks_target_int')"
echo 0 >"$ENABLED"
check "the kernel log says it again, although nobody looks" eventually \
	said_twice 'disarmed ks_target_int'
# A tracer on the function makes it call into the tracers all the same.
if [[ -w /sys/kernel/tracing/set_ftrace_filter ]]; then
	echo ks_target_int >/sys/kernel/tracing/set_ftrace_filter
	echo function >/sys/kernel/tracing/current_tracer
	is "and a tracer on the function does not hide it" disarmed \
		"$(engaged_field ks_target_int state)"
	echo nop >/sys/kernel/tracing/current_tracer
	echo >/sys/kernel/tracing/set_ftrace_filter
else
	skip "and a tracer on the function does not hide it" "no function tracer"
fi
echo 1 >"$ENABLED"
is "it is on once more" -7 "$(call ks_target_int)"
accepted "what was refused can be engaged now" "engage ks_target_other -7"
is "and returns the value" -7 "$(call ks_target_other)"
accepted "disengage_all" "disengage_all"
is "the body runs again" "$body" "$(call ks_target_int)"

# While its probe is off a function can get a livepatch, and then the probe cannot
# be armed; when the livepatch goes, it can. On arm64 the probe has no part in that: the
# function stays claimed.
LIVEPATCH=/sys/kernel/livepatch/killswitch_livepatch
is_patched()
{
	[[ $(</proc/self/comm) == livepatched ]]
}

if [[ -d ${LIVEPATCH%/*} && $(uname -m) == aarch64 ]]; then
	accepted "a function that will be livepatched" "engage comm_show -5"
	echo 0 >"$ENABLED"
	check_not "while kprobes are off it cannot be livepatched" load_module killswitch_livepatch
	echo 1 >"$ENABLED"
	like "fails when they are on again" "Input/output error" "$(cat /proc/self/comm 2>&1 || :)"
	accepted "it is ended" "disengage comm_show"
	check "and can be livepatched" load_module killswitch_livepatch
	check "and is" eventually is_patched
	refused "then it cannot be engaged" "Device or resource busy" "engage comm_show -5"
	echo 0 >"$LIVEPATCH/enabled"
	check "the module can go" eventually rmmod killswitch_livepatch
elif [[ -d ${LIVEPATCH%/*} ]]; then
	accepted "a function that will be livepatched" "engage comm_show -5"
	like "fails" "Input/output error" "$(cat /proc/self/comm 2>&1 || :)"
	echo 0 >"$ENABLED"
	check "while kprobes are off it can be livepatched" load_module killswitch_livepatch
	check "and is" eventually is_patched
	check_not "then not all kprobes can be armed" put "$ENABLED" 1
	is "and it says so" disarmed "$(engaged_field comm_show state)"
	check "and is still livepatched" is_patched
	echo 0 >"$LIVEPATCH/enabled"
	check "without the livepatch it is engaged" eventually is_engaged comm_show
	like "and fails" "Input/output error" "$(cat /proc/self/comm 2>&1 || :)"
	accepted "it is ended" "disengage comm_show"
	check "the module can go" eventually rmmod killswitch_livepatch

	# Off, and on again at the first look that finds it so.
	before=$(messages | wc -l)
	accepted "the same again" "engage comm_show -5"
	echo 0 >"$ENABLED"
	check "livepatched" load_module killswitch_livepatch
	check "when kprobes were off" eventually is_patched
	check_not "and come on" put "$ENABLED" 1
	echo 0 >"$LIVEPATCH/enabled"
	check "is engaged in the end" eventually is_engaged comm_show
	is "and was not all the time, says the kernel log" "1 1" \
		"$(times 'disarmed comm_show') $(times 'rearmed comm_show')"
	accepted "and ended" "disengage comm_show"
	check "and the module goes" eventually rmmod killswitch_livepatch
	check "and the function runs" grep -q . /proc/self/comm
else
	skip "a function that will be livepatched" "no livepatches"
fi

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
refused "a kernel function is in no module" "No such file or directory" \
	"engage killswitch_target:ksys_write -8"

accepted "and it is ended" "disengage killswitch_target:ks_target_int"

# A module that goes takes engagements along that do not name it, loudly.
accepted "a function is found without its module" "engage ks_target_int -8"
rmmod killswitch_target
is "with its module the engagement ends" "" "$(engaged_field ks_target_int state)"
check_not "and so do its files" test -e "$KS/fn/ks_target_int"
like "and the kernel log says so" 'lost, because its module is unloaded, ks_target_int' \
	"$(messages | tail -n 1)"
load_target
is "a new module's function runs" "$body" "$(call ks_target_int)"

# More engagements than there are slots, so that each is used again.
for ((i = 0; i < 270; i++)); do
	echo "engage ks_target_int $i" >"$KS/control" || break
	((i < 200)) || [[ $(<"$TARGET/call/ks_target_int") == "$i" ]] || break
	echo "disengage ks_target_int" >"$KS/control" || break
done
is "270 engagements, one after the other" 270 "$i"
like "leave no slot taken" $'(^|\n)slots: 0/' "$(<"$KS/status")"

finish
