#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Engagements that name a module: they wait for it, are there before its own code
# runs, and wait again when it goes.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

EARLY=killswitch_target:ks_target_early
ENABLED=/sys/kernel/debug/kprobes/enabled

unload_target()
{
	[[ ! -d $TARGET ]] || rmmod killswitch_target
}

# What ks_target_early() returned to the module's own code.
at_init()
{
	echo $(($(<"$TARGET/at_init") << 32 >> 32))
}

# not_loaded DESCRIPTION WHY REGEX: loading the target module fails, and the
# kernel log says why.
not_loaded()
{
	local error

	if error=$(load_target 2>&1); then
		fail "$1" "the module was loaded"
		unload_target
	else
		like "$1" "$2" "$error"
	fi
	check_not "$1: it is not there" grep -q '^killswitch_target ' /proc/modules
	like "$1: the kernel log says why" "$3" "$(messages | tail -n 12)"
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
[[ -e /sys/module/killswitch_target/refcnt ]] || skip_all "modules do not go (CONFIG_MODULE_UNLOAD)"
trap 'control disengage_all; echo 1 >"$ENABLED"' EXIT
control disengage_all
body=$(at_init)
unload_target

# Armed, engaged before anything runs, and armed again.
accepted "a function of a module that is not loaded" "engage $EARLY -7 reason=not yet"
is "is armed" armed "$(engaged_field $EARLY state)"
is "and takes a slot" 1 "$(sed -n 's|^slots: \([0-9]*\)/.*|\1|p' "$KS/status")"
exec {state}<"$KS/fn/$EARLY/state"
load_target
is "when the module is loaded, its own code gets the value" -7 "$(at_init)"
is "the body never ran" 0 "$(<"$TARGET/runs/ks_target_early")"
is "it is engaged" engaged "$(engaged_field $EARLY state)"
is "and that was a hit" 1 "$(engaged_field $EARLY hits)"
is "a file that was opened before tells" engaged "$(cat <&$state)"
exec {state}<&-
refused "it is engaged once" "Device or resource busy" "engage ks_target_early -8"
unload_target
is "when the module goes, it is armed" armed "$(engaged_field $EARLY state)"
like "and the kernel log says so" "armed $EARLY again, because its module is unloaded" \
	"$(messages | tail -n 1)"
is "the hits are kept" 1 "$(engaged_field $EARLY hits)"
is "and so is the reason" "not yet" "$(<"$KS/fn/$EARLY/reason")"
load_target
is "when the module returns, its own code gets the value again" -7 "$(at_init)"
is "and that was another hit" 2 "$(engaged_field $EARLY hits)"
unload_target
echo -9 >"$KS/fn/$EARLY/retval"
load_target
is "the value can be changed meanwhile" -9 "$(at_init)"
accepted "it is ended" "disengage $EARLY"
is "and the function runs" "$body" "$(cat "$TARGET/call/ks_target_early")"
unload_target
accepted "what is armed" "engage $EARLY -7"
refused "is armed once" "Device or resource busy" "engage $EARLY -8"
accepted "and can be ended" "disengage $EARLY"
check_not "with its files" test -e "$KS/fn/$EARLY"
load_target
is "so that nothing is engaged" "$body" "$(at_init)"
unload_target

# A name that is found in a module which is not set up yet.
is_coming()
{
	[[ $(cat /sys/module/killswitch_target/initstate 2>&1) == coming ]]
}

load_module killswitch_target hold=1 &
check "while a module is being loaded" eventually is_coming
refused "its function cannot be engaged yet" "Device or resource busy" "engage ks_target_early -7"
echo 0 >/sys/module/killswitch_target/parameters/hold
status=0
wait $! || status=$?
is "the module is loaded all the same" 0 $status
accepted "then it can" "engage ks_target_early -7"
control disengage_all
unload_target

# What is not where it is looked for.
accepted "a function that the module does not have" "engage killswitch_target:ks_target_gone -7"
accepted "and one that is named with another module" "engage ks_old_target:ks_target_early -7"
load_target
is "is missing when it is loaded" missing "$(engaged_field killswitch_target:ks_target_gone state)"
like "and the kernel log says so" 'ks_target_gone: .*has no such function' "$(messages)"
is "is still armed" armed "$(engaged_field ks_old_target:ks_target_early state)"
check "and shows where it could be meant" \
	eventually field_is ks_old_target:ks_target_early found_in killswitch_target
like "which the kernel log does, too" 'engage killswitch_target:ks_target_early' "$(messages)"
is "nothing is engaged" "$body" "$(at_init)"
unload_target
is "without the module it is armed" armed "$(engaged_field killswitch_target:ks_target_gone state)"
check "and nothing is shown" eventually field_is ks_old_target:ks_target_early found_in ""
control disengage_all
load_target
accepted "with the module there" "engage ks_old_target:ks_target_early -7"
is "it is shown at once" killswitch_target "$(engaged_field ks_old_target:ks_target_early found_in)"
refused "what the loaded module does not have" "No such file or directory" \
	"engage killswitch_target:ks_target_gone -7"
control disengage_all
unload_target

# What cannot be engaged keeps the module out: it was not to run without.
accepted "what the policy will refuse is armed" "engage $EARLY -7" \
	"engage killswitch_target:ks_target_int 2147483648"
not_loaded "the module is not loaded" "Numerical result out of range" \
	'refused engage killswitch_target:ks_target_int 2147483648.*'
is "and the others are still armed" armed "$(engaged_field $EARLY state)"
accepted "without it" "disengage killswitch_target:ks_target_int"
check "the module is loaded" load_target
is "and the other one is engaged" -7 "$(at_init)"
unload_target
refused "what its name is enough to refuse is not even armed" "Permission denied" \
	"engage killswitch_target:init_module -1"
like "and the kernel log says why" 'rule security-base' "$(messages | tail -n 1)"
accepted "a function that is freed" "engage killswitch_target:ks_target_once -1"
not_loaded "cannot be engaged" "Operation not supported" \
	'refused engage killswitch_target:ks_target_once'
control disengage_all
accepted "armed" "engage $EARLY -7"
echo 0 >"$ENABLED"
not_loaded "with all kprobes off it cannot be engaged" "Device or resource busy" \
	"refused engage $EARLY"
echo 1 >"$ENABLED"
check "with kprobes on it can" load_target
is "and is" -7 "$(at_init)"
control disengage_all
unload_target

# What is built in may be named as if it were a module.
built_in=ptrace:__ptrace_may_access
accepted "what is built in" "engage $built_in -1"
is "is engaged" engaged "$(engaged_field $built_in state)"
like "and told" "the kernel's own function" "$(messages | tail -n 2)"
refused "and is engaged once" "Device or resource busy" "engage ${built_in#*:} -1"
refused "and is judged" "Permission denied" "engage no_such_module:security_file_open 0"
control disengage_all

# One write for several modules, here and not here.
accepted "several at once" "engage $EARLY -7" "engage $built_in -1" \
	"engage ax25:ax25_sendmsg -1"
is "one for each" 3 "$(wc -l <"$KS/engaged")"
refused "or none" "Device or resource busy" "engage ks_other_module:ks_other -1" "engage $EARLY -7"
is "then nothing is armed" 3 "$(wc -l <"$KS/engaged")"
accepted "and all end at once" disengage_all
is "armed ones, too" 0 "$(wc -l <"$KS/engaged")"

# Watching needs something to watch.
refused "there is nothing to watch" "No such file or directory" "tryengage $EARLY -7 1"

finish
