#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kernel parameters: the lockdown level that Killswitch respects, the seal, and errors. Boot with
# those of boots/sealed.sh or boots/confidential.sh.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# boot_error DESCRIPTION REGEX: checks the error in 'status' and in the kernel log.
boot_error()
{
	like "$1: status" $'(^|\n)boot-error: [^\n]*'"$2" "$(<"$KS/status")"
	like "$1: in the kernel log" "killswitch: refused [^"$'\n'"]*$2" "$(messages)"
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
	like "the last valid level is used" $'(^|\n)lockdown: confidentiality($|\n)' \
		"$(<"$KS/status")"
	boot_error "an unknown level" \
		"\.lockdown=none'?: the level must be integrity or confidentiality"
	boot_error "an unknown parameter" "\.sea1'?: the parameters are killswitch="
	boot_error "an unknown function" "engage ks_no_such 0: there is no function"
	boot_error "a name that is not printable" "the request: only printable ASCII"
	check "it is not printed" test -z "$(LC_ALL=C tr -d '\n -~' <"$KS/status")"
	is "there are no other errors" 4 "$(grep -c '^boot-error: ' "$KS/status")"
	check "a valid entry is engaged" \
		grep -q '^af_alg_sendmsg retval=-1 hits=0 state=engaged' "$KS/engaged"
	is "a valid entry is armed" armed "$(engaged_field killswitch_target:ks_target_early state)"
	like "status is sealed" $'(^|\n)sealed: 1($|\n)' "$(<"$KS/status")"
	refused "engage is refused after the seal" "Operation not permitted" \
		"engage af_alg_accept -1"
	refused "disengage is refused after the seal" "Operation not permitted" \
		"disengage killswitch_target:ks_target_early"
	check_not "a value cannot be changed after the seal" put \
		"$KS/fn/killswitch_target:ks_target_early/retval" -8

	# Armed functions from before the seal are engaged after it.
	load_target
	is "the module's initialization gets the value" -7 \
		$(($(<"$TARGET/at_init") << 32 >> 32))
	is "the armed function is engaged" engaged \
		"$(engaged_field killswitch_target:ks_target_early state)"
	rmmod killswitch_target
	is "it is armed when the module is unloaded" armed \
		"$(engaged_field killswitch_target:ks_target_early state)"
	;;
"killswitch.lockdown=confidentiality ")
	like "the kernel is locked down" '\[integrity\]' "$(</sys/kernel/security/lockdown)"
	like "status has the level" $'(^|\n)lockdown: confidentiality($|\n)' "$(<"$KS/status")"
	like "status has the lowered protection" \
		$'(^|\n)lowered: functions can be engaged and released under integrity lockdown' \
		"$(<"$KS/status")"
	like "the kernel log has the lowered protection" \
		'lockdown=confidentiality lowers a protection' "$(messages)"
	like "the audit log has the lowered protection" \
		'lsm=killswitch op=lockdown level=confidentiality .*res=1' \
		"$(dmesg | grep 'type=1405')"
	is "there are no errors" 0 "$(grep -c '^boot-error: ' "$KS/status")"
	accepted "engage below that level" "engage af_alg_accept -1"
	check "change a value below that level" put "$KS/fn/af_alg_accept/retval" -5
	accepted "disengage below that level" "disengage af_alg_accept"
	accepted "engage another function" "engage af_alg_accept -1"
	echo confidentiality >/sys/kernel/security/lockdown
	refused "engage is refused at that level" "Operation not permitted" \
		"engage af_alg_sendmsg -1"
	like "the kernel log has the reason" 'locked down' "$(messages | tail -n 1)"
	refused "disengage is refused at that level" "Operation not permitted" \
		"disengage af_alg_accept"
	check_not "a value cannot be changed at that level" put "$KS/fn/af_alg_accept/retval" -5
	is "the function is still engaged" engaged "$(engaged_field af_alg_accept state)"
	;;
*)
	skip_all "not booted with known parameters"
	;;
esac

finish
