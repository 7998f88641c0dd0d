#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Floods do not suppress other messages and records: neither refused tasks, nor users who trigger
# loading of refused modules, nor requests to check.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
need_audit_log
load_target
rmmod x25 vsock_loopback vmw_vsock_virtio_transport_common vsock 2>/dev/null || :

count_lines()
{
	messages | grep -c "$1" || :
}

# Within five seconds, a single rate limit interval.
dmesg -c >/dev/null
# shellcheck disable=SC2016
setpriv --bounding-set=-all --inh-caps=-all bash -c '
	for ((i = 0; i < 60; i++)); do
		echo "engage ks_target_int 0" >"$1" || :
		echo 0 >"$2" || :
	done' - "$KS/control" "$KS/check" 2>/dev/null
lines=$(count_lines 'refused')
like "few refusals of unprivileged writes are logged" '^([1-9]|[12][0-9])$' "$lines"
accepted "engage during the flood" "engage ks_target_int -1 reason=beside-it"
is "the engagement is logged" 1 "$(count_lines 'engaged ks_target_int: .*reason="beside-it"')"
control "disengage ks_target_int"

# Two modules that are refused, one of them continuously.
if modinfo x25 >/dev/null 2>&1 && modinfo vsock >/dev/null 2>&1; then
	accepted "arm functions that will be refused" "engage x25:x25_create 2147483648" \
		"engage vsock:vsock_create 2147483648"
	dmesg -c >/dev/null
	as_user python3 -c '
import socket
for i in range(30):
    try:
        socket.socket(9, socket.SOCK_SEQPACKET)
    except OSError:
        pass'
	# A slow machine exceeds the rate limit's interval: these are the lines of the first
	# interval.
	lines=$(dmesg | awk -F '[][ ]+' '
		/refused engage x25:x25_create/ {
			if (!lines)
				first = $2
			if ($2 < first + 4.9)
				lines++
		}
		END { print lines + 0 }')
	like "few refusals of a module are logged" '^([1-9]|10)$' "$lines"
	like "the log has the number of suppressed ones" 'killswitch: [0-9]+ callbacks suppressed' \
		"$(sleep 5.5
			as_user python3 -c 'import socket; socket.socket(9, 5)' 2>/dev/null
			dmesg)"
	as_user python3 -c 'import socket; socket.socket(40, 1)' 2>/dev/null || :
	like "the refusal of another module is logged" 'refused engage vsock:vsock_create' \
		"$(messages)"
	kept_out=$(records | grep -c 'op=engage func="x25:x25_create" .* res=0')
	check "each attempt has a record, of which there are $kept_out" test "$kept_out" -ge 30
	control disengage_all
fi

# One record for many requests, with their number and the first refusal.
before=$(records | wc -l)
mapfile -t questions < <(for ((i = 0; i < 150; i++)); do echo "ks_target_int $i"; done)
check "many requests in one write to check" put "$KS/check" "${questions[@]}" \
	"security_file_open 0" \
	"ks_target_int 0"
is "they generate one record" $((before + 1)) "$(records | wc -l)"
like "it has their number, and the first refusal" \
	'op=check func="security_file_open" retval=0 lines=152 rule=lsm-entry .* res=0 errno=13' \
	"$(records | tail -n 1)"
check "requests that are all allowed" put "$KS/check" "ks_target_int 0" "ks_target_other 0"
like "the first of them is recorded" 'op=check func="ks_target_int" retval=0 lines=2 .* res=1$' \
	"$(records | tail -n 1)"

finish
