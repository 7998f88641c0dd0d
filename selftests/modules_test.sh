#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Engagements of functions in unloaded modules: they are armed until the module is loaded, engaged
# before its own code runs, and armed again when it is unloaded.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

EARLY=killswitch_target:ks_target_early
ENABLED=/sys/kernel/debug/kprobes/enabled

unload_target()
{
	[[ ! -d $TARGET ]] || rmmod killswitch_target
}

# The return value of ks_target_early() in the module's initialization.
at_init()
{
	echo $(($(<"$TARGET/at_init") << 32 >> 32))
}

# not_loaded DESCRIPTION WHY REGEX: checks that loading the target module fails, and that the kernel
# log has the reason.
not_loaded()
{
	local error

	if error=$(load_target 2>&1); then
		fail "$1" "the module was loaded"
		unload_target
	else
		like "$1" "$2" "$error"
	fi
	check_not "$1: the module is not loaded" grep -q '^killswitch_target ' /proc/modules
	like "$1: the kernel log has the reason" "$3" "$(messages | tail -n 12)"
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
[[ -e /sys/module/killswitch_target/refcnt ]] ||
	skip_all "no module unloading (CONFIG_MODULE_UNLOAD)"
trap 'control disengage_all; echo 1 >"$ENABLED"' EXIT
control disengage_all
body=$(at_init)
unload_target

# Armed, engaged before anything runs, and armed again.
accepted "engage a function of an unloaded module" "engage $EARLY -7 reason=not yet"
is "it is armed" armed "$(engaged_field $EARLY state)"
is "it takes a slot" 1 "$(sed -n 's|^slots: \([0-9]*\)/.*|\1|p' "$KS/status")"
exec {state}<"$KS/fn/$EARLY/state"
load_target
is "the module's initialization gets the value" -7 "$(at_init)"
is "the body never runs" 0 "$(<"$TARGET/runs/ks_target_early")"
is "it is engaged when the module is loaded" engaged "$(engaged_field $EARLY state)"
is "the call is a hit" 1 "$(engaged_field $EARLY hits)"
is "a file opened before shows the new state" engaged "$(cat <&$state)"
exec {state}<&-
refused "engaging it again by its plain name is refused" "Device or resource busy" \
	"engage ks_target_early -8"
unload_target
is "it is armed when the module is unloaded" armed "$(engaged_field $EARLY state)"
like "arming again is logged" "armed $EARLY again after [0-9]* hits: its module is unloaded" \
	"$(messages | tail -n 1)"
is "the hits are kept" 1 "$(engaged_field $EARLY hits)"
is "the reason is kept" "not yet" "$(<"$KS/fn/$EARLY/reason")"
load_target
is "the reloaded module's initialization gets the value" -7 "$(at_init)"
is "the call is another hit" 2 "$(engaged_field $EARLY hits)"
unload_target
echo -9 >"$KS/fn/$EARLY/retval"
load_target
is "the value can be changed while it is armed" -9 "$(at_init)"
accepted "disengage it" "disengage $EARLY"
is "the function runs after disengage" "$body" "$(cat "$TARGET/call/ks_target_early")"
unload_target
accepted "arm it again" "engage $EARLY -7"
refused "arming it twice is refused" "Device or resource busy" "engage $EARLY -8"
accepted "it can be disengaged while it is armed" "disengage $EARLY"
check_not "its files are removed" test -e "$KS/fn/$EARLY"
load_target
is "the reloaded module's initialization runs the body" "$body" "$(at_init)"
unload_target

# A function in a module that is still loading (COMING).
is_coming()
{
	[[ $(cat /sys/module/killswitch_target/initstate 2>&1) == coming ]]
}

load_module killswitch_target hold=1 &
check "a module is loading" eventually is_coming
refused "its function cannot be engaged yet" "Device or resource busy" "engage ks_target_early -7"
echo 0 >/sys/module/killswitch_target/parameters/hold
status=0
wait $! || status=$?
is "the module is loaded successfully" 0 $status
accepted "its function can be engaged afterwards" "engage ks_target_early -7"
control disengage_all
unload_target

# Missing functions, and functions in other modules.
accepted "arm a function that the module does not have" "engage killswitch_target:ks_target_gone -7"
accepted "arm a function with the name of another module" "engage ks_old_target:ks_target_early -7"
load_target
is "the first one is missing when the module is loaded" missing \
	"$(engaged_field killswitch_target:ks_target_gone state)"
like "the missing function is logged" 'ks_target_gone: .*has no such function' "$(messages)"
is "the second one is still armed" armed "$(engaged_field ks_old_target:ks_target_early state)"
check "it has the module with that function as a hint" \
	eventually field_is ks_old_target:ks_target_early found_in killswitch_target
like "the kernel log has the hint, too" 'engage killswitch_target:ks_target_early' "$(messages)"
is "the function is not engaged" "$body" "$(at_init)"
unload_target
is "the first one is armed when the module is unloaded" armed \
	"$(engaged_field killswitch_target:ks_target_gone state)"
check "the hint is removed" eventually field_is ks_old_target:ks_target_early found_in ""
control disengage_all
load_target
accepted "arm a function of a loaded module with another name" \
	"engage ks_old_target:ks_target_early -7"
is "it has the hint immediately" killswitch_target \
	"$(engaged_field ks_old_target:ks_target_early found_in)"
refused "a missing function of a loaded module is refused" "No such file or directory" \
	"engage killswitch_target:ks_target_gone -7"
control disengage_all
unload_target

# If an engagement is refused, its module is not loaded.
accepted "arm functions, one of which the policy will refuse" "engage $EARLY -7" \
	"engage killswitch_target:ks_target_int 2147483648"
not_loaded "the module is refused" "Numerical result out of range" \
	'refused engage killswitch_target:ks_target_int 2147483648.*'
is "the other function is still armed" armed "$(engaged_field $EARLY state)"
accepted "disengage the refused function" "disengage killswitch_target:ks_target_int"
check "the module can be loaded" load_target
is "the other function is engaged" -7 "$(at_init)"
unload_target
refused "a function refused by its name is not armed" "Permission denied" \
	"engage killswitch_target:init_module -1"
like "the kernel log has the rule" 'rule security-base' "$(messages | tail -n 1)"
accepted "arm an init function" "engage killswitch_target:ks_target_once -1"
not_loaded "it cannot be engaged" "Operation not supported" \
	'refused engage killswitch_target:ks_target_once'
control disengage_all
accepted "armed" "engage $EARLY -7"
echo 0 >"$ENABLED"
not_loaded "it cannot be engaged while kprobes are disarmed" "Device or resource busy" \
	"refused engage $EARLY"
echo 1 >"$ENABLED"
check "it can be engaged with kprobes armed" load_target
is "the module's initialization gets the value again" -7 "$(at_init)"
control disengage_all
unload_target

# Built-in code with the name of a module.
built_in=ptrace:__ptrace_may_access
accepted "engage a built-in function with a module's name" "engage $built_in -1"
is "the built-in function is engaged" engaged "$(engaged_field $built_in state)"
like "the log has a note that it is built in" "the kernel's own function" "$(messages | tail -n 2)"
refused "engaging it by its plain name is refused" "Device or resource busy" \
	"engage ${built_in#*:} -1"
refused "the policy applies to built-in functions with a module's name" "Permission denied" \
	"engage no_such_module:security_file_open 0"
control disengage_all

# One write for several modules, loaded and not loaded.
accepted "engage functions of several modules in one write" "engage $EARLY -7" \
	"engage $built_in -1" \
	"engage ax25:ax25_sendmsg -1"
is "there is an engagement for each" 3 "$(wc -l <"$KS/engaged")"
refused "a write with one duplicate is refused" "Device or resource busy" \
	"engage ks_other_module:ks_other -1" "engage $EARLY -7"
is "none of its functions is armed" 3 "$(wc -l <"$KS/engaged")"
accepted "disengage_all with armed functions" disengage_all
is "armed functions are disengaged, too" 0 "$(wc -l <"$KS/engaged")"

# tryengage needs a loaded module.
refused "tryengage of an unloaded module is refused" "No such file or directory" \
	"tryengage $EARLY -7 1"

finish
