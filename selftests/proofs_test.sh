#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Killswitch on real code, one subsystem after the other: a user reaches it, cannot reach it while
# one of its functions is engaged, and can again afterwards. Most are modules that are loaded on
# demand, and engaged before that.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

LOG=/var/log/audit/audit.log
AF_AX25=3 AF_X25=9 SOCK_DGRAM=2 SOCK_SEQPACKET=5

# The user's actions. Users are root in their own user namespace, so they reach code that is
# otherwise reserved to root. The function engaged against this chain is that of CVE-2026-43454.
chain='add table netdev t; add chain netdev t c { type filter hook ingress device lo priority 0; }'

# shellcheck disable=SC2317,SC2329 # called by name
{
do_af_alg()
{
	as_user af_alg_encrypt
}

do_nf_tables()
{
	as_user unshare -Urn nft "$chain"
}

do_vsock()
{
	as_user attack vsock
}

do_x25()
{
	as_user attack socket "$AF_X25" "$SOCK_SEQPACKET"
}

# Root starts the server; anyone who can reach it can send requests.
do_ksmbd()
{
	if [[ ! -e /sys/module/ksmbd ]]; then
		modprobe ksmbd
		attack start-ksmbd
	fi
	as_user attack smb
}

# esp FILE: sends an encrypted packet. It did not arrive if FILE changes.
do_esp()
{
	attack udp /run/netns/ks_from /run/netns/ks_to "${1:-$KS/fn/esp_input/hits}"
}
}

# shellcheck disable=SC2317,SC2329 # called by check()
counted()
{
	[[ $(engaged_field "$1" hits) == [1-9]* ]]
}

# recorded DESCRIPTION OPERATION TARGET: checks the audit record.
recorded()
{
	sync-audit
	check "$1" grep -aqE \
		"type=MAC_CONFIG_CHANGE .*lsm=killswitch op=$2 func=\"$3\" .*res=1" $LOG
}

# stopped DESCRIPTION ERROR COMMAND...: checks that the command fails with this error.
stopped()
{
	local what=$1 error=$2 out

	shift 2
	if out=$("$@" 2>&1); then
		fail "$what" "$* succeeded: $out"
	else
		like "$what" "$error" "$out"
	fi
}

# unload MODULE...: with dependencies. Sockets and namespaces are released later than their users
# exit.
unload()
{
	local module

	for module; do
		eventually modprobe -q -r "$module" || :
		check_not "$module is not loaded" test -e "/sys/module/$module"
	done
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
for tool in attack af_alg_encrypt ip nft setpriv unshare ausearch; do
	command -v $tool >/dev/null || skip_all "no $tool"
done
pidof auditd >/dev/null || start-auditd || skip_all "auditd cannot be started"
control disengage_all
knob=/proc/sys/crypto/af_alg_restrict level=''
if [[ -e "$knob" ]]; then
	level=$(<"$knob")
	echo 0 >"$knob"
fi
# shellcheck disable=SC2317,SC2329 # called by the trap
clean_up()
{
	control disengage_all
	[[ ! $level ]] || echo "$level" >"$knob"
	ip netns del ks_from 2>/dev/null
	ip netns del ks_to 2>/dev/null
}
trap clean_up EXIT
add_esp 9:17

# Name, target, value and scope, error for the user, and modules, in the order of unloading. AF_ALG
# and ESP are built in here, but may be modules elsewhere.
proofs=(
	'af_alg|af_alg:af_alg_sendmsg|-EPERM|sendmsg: Operation not permitted|'
	'esp|esp_input|-EPERM|nothing arrived|'
	'nf_tables|nf_tables:nft_netdev_hook_alloc|-EPERM scope=nonroot'\
'|Operation not permitted|nf_tables'
	'vsock|vsock:vsock_create|-EPERM|socket: Operation not permitted|vsock_loopback vsock'
	'x25|x25:x25_create|-EPERM|socket: Operation not permitted|x25'
	'ksmbd|ksmbd:ksmbd_smb_request|0|no answer|ksmbd'
)
commands=() modules=() targets=()
for proof in "${proofs[@]}"; do
	IFS='|' read -r name target value _ needed <<<"$proof"
	check "$name: the user can use it" "do_$name" /proc/version
	commands+=("engage $target $value reason=proof")
	targets+=("$target")
	read -r -a more <<<"$needed"
	modules+=("${more[@]}")
done
check "the modules are loaded" test -e /sys/module/x25 -a -e /sys/module/nf_tables
unload "${modules[@]}"

# AX.25 was removed from the kernel, but a command line for many kernels may contain it.
commands+=("engage ax25:ax25_sendmsg -EPERM reason=proof")
accepted "engage all in one write, without loaded modules" "${commands[@]}"
for proof in "${proofs[@]}"; do
	IFS='|' read -r name target _ error needed <<<"$proof"
	if [[ $needed ]]; then
		is "$name: it is armed" armed "$(engaged_field "$target" state)"
		recorded "$name: arming is recorded" arm "$target"
	else
		is "$name: it is engaged" engaged "$(engaged_field "$target" state)"
		recorded "$name: engaging is recorded" engage "$target"
	fi
	stopped "$name: the user cannot use it" "$error" "do_$name"
	for module in $needed; do
		check "$name: $module is loaded" test -e "/sys/module/$module"
	done
	is "$name: it is engaged with its module" engaged "$(engaged_field "$target" state)"
	check "$name: the call is counted" counted "$target"
	[[ ! $needed ]] ||
		recorded "$name: engaging is recorded when the module is loaded" engage "$target"
done
stopped "root cannot use X.25, either" "Operation not permitted" \
	attack socket "$AF_X25" "$SOCK_SEQPACKET"
check "other functions of nf_tables still work" as_user unshare -Urn nft 'add table netdev t'
stopped "AX.25 does not exist" "Address family not supported" \
	as_user attack socket "$AF_AX25" "$SOCK_DGRAM"
is "AX.25 stays armed" armed "$(engaged_field ax25:ax25_sendmsg state)"
is "AX.25 is not called" 0 "$(engaged_field ax25:ax25_sendmsg hits)"
accepted "AX.25 can be disengaged" "disengage ax25:ax25_sendmsg"
check_not "AX.25 has no files afterwards" test -e "$KS/fn/ax25:ax25_sendmsg"
refused "engaging built-in code without its module's name is refused" "Device or resource busy" \
	"engage af_alg_sendmsg -EPERM"
accepted "disengage all" disengage_all
is "nothing is engaged" "" "$(<"$KS/engaged")"
for proof in "${proofs[@]}"; do
	IFS='|' read -r name target _ <<<"$proof"
	check "$name: the user can use it again" "do_$name" /proc/version
	recorded "$name: disengaging is recorded" disengage "$target"
done

# Only users whose user ID in the initial namespace is not 0.
unload nf_tables
accepted "engage nf_tables for users only" \
	"engage nf_tables:nft_netdev_hook_alloc -EPERM scope=nonroot"
check "root can create chains" unshare -n nft "$chain"
is "it is engaged" engaged "$(engaged_field nf_tables:nft_netdev_hook_alloc state)"
is "root's call is not a hit" 0 "$(engaged_field nf_tables:nft_netdev_hook_alloc hits)"
stopped "root in a user namespace cannot create chains" "Operation not permitted" do_nf_tables
check "the user's call is a hit" counted nf_tables:nft_netdev_hook_alloc
check "root can still create chains" unshare -n nft "$chain"
accepted "disengage nf_tables" disengage_all
check "the user can create chains again" do_nf_tables

# An incoming packet has no user, whichever task is interrupted.
accepted "engage ESP input for users" "engage esp_input -EPERM scope=nonroot"
check "incoming packets arrive" do_esp /proc/version
is "incoming packets are no hits" 0 "$(engaged_field esp_input hits)"
accepted "engage ESP output for users" "disengage esp_input" \
	"engage esp_output_head -EPERM scope=nonroot"
stopped "the user cannot send" "sendto: Operation not permitted" do_esp /proc/version
check "the user's packet is a hit" counted esp_output_head
accepted "disengage ESP output" disengage_all
check "packets arrive again" do_esp /proc/version

# Functions not to engage. One of them counts the pieces of a request, the other takes them over. If
# 0 pieces are counted, a request of one piece still works, but a larger one is written past the end
# of an array with one element. Without the other function, data is never freed, and reading the
# result crashes the kernel. The policy refuses built-in functions, and the answer suggests an
# alternative.
before=$(as_user af_alg_encrypt)
for target in af_alg_count_tsgl af_alg_pull_tsgl; do
	answer=$(ask "$target" 0)
	like "the policy refuses $target 0" "^refuse $target 0 default" "$answer"
	refused "engaging $target is refused, too" "Permission denied" "engage $target 0"
	instead=$(sed -n 's/^  instead: \([^ ]*aead_recvmsg[^ ]*\) -1, .*/\1/p' <<<"$answer")
	instead=${instead%%$'\n'*}
	like "the answer suggests a caller of $target" 'aead_recvmsg' "$instead"
	accepted "the suggested caller can be engaged" "engage $instead -EPERM"
	stopped "the user cannot read the result" "read: Operation not permitted" do_af_alg
	check "the call of the suggested caller is counted" counted "$instead"
	accepted "disengage the suggested caller" disengage_all
	is "AF_ALG works as before" "$before" "$(as_user af_alg_encrypt)"
done

# Engaging the entry point blocks everything behind it.
accepted "engage the entry point of requests" "engage af_alg_sendmsg -EPERM"
stopped "requests are stopped" "sendmsg: Operation not permitted" do_af_alg
stopped "large requests are stopped" "send: Operation not permitted" as_user attack alg 60000 1
accepted "disengage the entry point" disengage_all
is "AF_ALG works as before again" "$before" "$(as_user af_alg_encrypt)"

finish
