#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Under lockdown, changes are refused, even to engagements from boot, but everything is readable.
# Boot with lockdown=integrity and killswitch=af_alg_sendmsg=-EPERM (more may follow).
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
grep -Eq '\[(integrity|confidentiality)\]' /sys/kernel/security/lockdown ||
	skip_all "the kernel is not locked down"
[[ $(parameter killswitch) == af_alg_sendmsg=-EPERM* ]] ||
	skip_all "not booted with killswitch=af_alg_sendmsg=-EPERM"
fn=$KS/fn/af_alg_sendmsg

without_hits()
{
	sed -E 's/hits=[0-9]+/hits=/' "$KS/engaged"
}
before=$(without_hits)
like "the command line's function is engaged" 'af_alg_sendmsg retval=-1 ' "$before"

audited=
if command -v start-auditd >/dev/null; then
	pidof auditd >/dev/null || start-auditd
	audited=1
fi

# locked DESCRIPTION OP FILE TEXT...: checks that a write fails, is recorded, and changes nothing.
locked()
{
	local what=$1 op=$2 file=$3 error new records

	shift 3
	[[ ! $audited ]] || sync-audit
	records=$(grep -c 'lsm=killswitch' /var/log/audit/audit.log 2>/dev/null) || :
	if error=$(put "$file" "$@"); then
		fail "$what" "the kernel accepted it"
	else
		is "$what" "Operation not permitted" "$error"
	fi
	is "$what: nothing changed" "$before" "$(without_hits)"
	[[ $audited ]] || { skip "$what: recorded" "no auditd"; return; }
	sync-audit
	new=$(grep 'lsm=killswitch' /var/log/audit/audit.log | tail -n +$((records + 1)))
	is "$what: recorded once" 1 "$(grep -c '' <<<"$new")"
	like "$what: recorded" " lsm=killswitch op=$op .* res=0 errno=1" "$new"
}

locked "engage" engage "$KS/control" "engage af_alg_accept -EPERM"
locked "engage a function that the policy refuses" engage "$KS/control" \
	"engage security_file_open 0"
locked "disengage" disengage "$KS/control" "disengage af_alg_sendmsg"
locked "disengage_all" disengage_all "$KS/control" "disengage_all"
locked "another value" retval "$fn/retval" -EACCES
locked "the same value" retval "$fn/retval" -1

is "retval stays readable" -1 "$(<"$fn/retval")"
like "hits stays readable" '^[0-9]+$' "$(<"$fn/hits")"
check "reason stays readable" cat "$fn/reason"
check "status has the lockdown level" grep -Exq 'lockdown: (integrity|confidentiality)' "$KS/status"
is "taint stays readable" 1 "$(<"$KS/taint")"
is "users can still read engaged" "$before" \
	"$(as_user cat "$KS/engaged" | sed -E 's/hits=[0-9]+/hits=/')"

if can_encrypt; then
	hits=$(<"$fn/hits")
	check "the function is still short-circuited" encrypt_fails
	is "the call is counted" $((hits + 1)) "$(<"$fn/hits")"
else
	skip "the function is still short-circuited" "no af_alg_encrypt"
fi

finish
