#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Parameters of the kernel command line: which level of lockdown Killswitch heeds,
# the seal, and what is wrong. To be booted with those of boots/sealed.sh or
# boots/confidential.sh.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# boot_error DESCRIPTION REGEX: 'status' and the kernel log tell.
boot_error()
{
	like "$1: status" $'(^|\n)boot-error: [^\n]*'"$2" "$(<"$KS/status")"
	like "$1: the kernel log" "killswitch: refused [^"$'\n'"]*$2" "$(messages)"
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
read -ra words </proc/cmdline
given=
for word in "${words[@]}"; do
	[[ $word != killswitch.* ]] || given+="$word "
done

case $given in
"killswitch.lockdown=confidentiality killswitch.lockdown=none killswitch.sea1 killswitch.seal ")
	like "the last level that there is counts" $'(^|\n)lockdown: confidentiality($|\n)' \
		"$(<"$KS/status")"
	boot_error "one that there is not" \
		"\.lockdown=none'?: the level is integrity or confidentiality"
	boot_error "a parameter that there is not" "\.sea1'?: there are killswitch="
	boot_error "a function that there is not" "engage ks_no_such 0: there is no function"
	boot_error "a name that cannot be shown" "what was written: only printable ASCII"
	check "which is not shown" test -z "$(LC_ALL=C tr -d '\n -~' <"$KS/status")"
	is "and nothing else is wrong" 4 "$(grep -c '^boot-error: ' "$KS/status")"
	check "the other entries are engaged" \
		grep -q '^af_alg_sendmsg retval=-1 hits=0 state=engaged' "$KS/engaged"
	is "or armed" armed "$(engaged_field killswitch_target:ks_target_early state)"
	like "it is sealed" $'(^|\n)sealed: 1($|\n)' "$(<"$KS/status")"
	refused "and changes no more" "Operation not permitted" "engage af_alg_accept -1"
	refused "not even that" "Operation not permitted" \
		"disengage killswitch_target:ks_target_early"
	check_not "nor values" put "$KS/fn/killswitch_target:ks_target_early/retval" -8

	# What was asked for before the seal is done behind it.
	load_target
	is "when a module is loaded, its own code gets the value" -7 \
		$(($(<"$TARGET/at_init") << 32 >> 32))
	is "it is engaged" engaged "$(engaged_field killswitch_target:ks_target_early state)"
	rmmod killswitch_target
	is "and armed when the module is unloaded" armed \
		"$(engaged_field killswitch_target:ks_target_early state)"
	;;
"killswitch.lockdown=confidentiality ")
	like "the kernel is locked down" '\[integrity\]' "$(</sys/kernel/security/lockdown)"
	like "status tells the level" $'(^|\n)lockdown: confidentiality($|\n)' "$(<"$KS/status")"
	like "and that this lowers a protection" \
		$'(^|\n)lowered: functions can be engaged and released under integrity lockdown' \
		"$(<"$KS/status")"
	like "so does the kernel log" 'lockdown=confidentiality lowers a protection' "$(messages)"
	like "and the audit log" 'lsm=killswitch op=lockdown level=confidentiality .*res=1' \
		"$(dmesg | grep 'type=1405')"
	is "nothing is wrong" 0 "$(grep -c '^boot-error: ' "$KS/status")"
	accepted "below that level a function is engaged" "engage af_alg_accept -1"
	check "and its value changed" put "$KS/fn/af_alg_accept/retval" -5
	accepted "and it is ended" "disengage af_alg_accept"
	accepted "another one" "engage af_alg_accept -1"
	echo confidentiality >/sys/kernel/security/lockdown
	refused "at that level nothing is engaged" "Operation not permitted" \
		"engage af_alg_sendmsg -1"
	like "and the kernel log says why" 'locked down' "$(messages | tail -n 1)"
	refused "nor ended" "Operation not permitted" "disengage af_alg_accept"
	check_not "nor changed" put "$KS/fn/af_alg_accept/retval" -5
	is "what is engaged stays" engaged "$(engaged_field af_alg_accept state)"
	;;
*)
	skip_all "not booted with parameters that this knows"
	;;
esac

finish
