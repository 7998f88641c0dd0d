#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No one fills the logs so that something else is missing in them: neither tasks that
# may not write, nor users who have modules loaded that are kept out, nor questions.
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

# In less than five seconds, so that one limit counts.
dmesg -c >/dev/null
# shellcheck disable=SC2016
setpriv --bounding-set=-all --inh-caps=-all bash -c '
	for ((i = 0; i < 60; i++)); do
		echo "engage ks_target_int 0" >"$1" || :
		echo 0 >"$2" || :
	done' - "$KS/control" "$KS/check" 2>/dev/null
lines=$(count_lines 'refused')
like "of what is not permitted, few lines are logged" '^([1-9]|[12][0-9])$' "$lines"
accepted "beside it, an engagement" "engage ks_target_int -1 reason=beside-it"
is "is logged" 1 "$(count_lines 'engaged ks_target_int: .*reason="beside-it"')"
control "disengage ks_target_int"

# Two modules that are kept out, one of them all the time.
if modinfo x25 >/dev/null 2>&1 && modinfo vsock >/dev/null 2>&1; then
	accepted "what will be refused is armed" "engage x25:x25_create 2147483648" \
		"engage vsock:vsock_create 2147483648"
	dmesg -c >/dev/null
	as_user python3 -c '
import socket
for i in range(30):
    try:
        socket.socket(9, socket.SOCK_SEQPACKET)
    except OSError:
        pass'
	# A slow machine takes longer than the limit counts: these are the lines of its first time.
	lines=$(dmesg | awk -F '[][ ]+' '
		/refused engage x25:x25_create/ {
			if (!lines)
				first = $2
			if ($2 < first + 4.9)
				lines++
		}
		END { print lines + 0 }')
	like "of a module that is kept out, few lines are logged" '^([1-9]|10)$' "$lines"
	like "and the log says how many more" 'killswitch: [0-9]+ callbacks suppressed' \
		"$(sleep 5.5; as_user python3 -c 'import socket; socket.socket(9, 5)' 2>/dev/null; dmesg)"
	as_user python3 -c 'import socket; socket.socket(40, 1)' 2>/dev/null || :
	like "that does not hide another" 'refused engage vsock:vsock_create' "$(messages)"
	kept_out=$(records | grep -c 'op=engage func="x25:x25_create" .* res=0')
	check "each attempt has a record, of which there are $kept_out" test "$kept_out" -ge 30
	control disengage_all
fi

# One record for many questions, which says how many, and names what was refused.
before=$(records | wc -l)
mapfile -t questions < <(for ((i = 0; i < 150; i++)); do echo "ks_target_int $i"; done)
check "many questions in one write" put "$KS/check" "${questions[@]}" "security_file_open 0" \
	"ks_target_int 0"
is "make one record" $((before + 1)) "$(records | wc -l)"
like "with their number, and the first that is refused" \
	'op=check func="security_file_open" retval=0 lines=152 rule=lsm-entry .* res=0 errno=13' \
	"$(records | tail -n 1)"
check "questions that are all answered yes" put "$KS/check" "ks_target_int 0" "ks_target_other 0"
like "are recorded by the first" 'op=check func="ks_target_int" retval=0 lines=2 .* res=1$' \
	"$(records | tail -n 1)"

finish
