#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Killswitch on real code, one subsystem after the other: somebody gets at it,
# does not while a function of it is engaged, and does again afterwards. Most are
# modules that are loaded when somebody uses them, and engaged before that.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

LOG=/var/log/audit/audit.log
AF_AX25=3 AF_X25=9 SOCK_DGRAM=2 SOCK_SEQPACKET=5

# What the user does. In a user namespace of their own users are root, so that
# they get at what only root does elsewhere. The function of this chain that is
# engaged is that of CVE-2026-43454.
chain='add table netdev t; add chain netdev t c { type filter hook ingress device lo priority 0; }'

# shellcheck disable=SC2317,SC2329 # these are called by name
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

# Root starts the server; whoever can reach it may talk to it.
do_ksmbd()
{
	if [[ ! -e /sys/module/ksmbd ]]; then
		modprobe ksmbd
		attack start-ksmbd
	fi
	as_user attack smb
}

# esp FILE: sends an encrypted packet. It has not arrived if FILE changes.
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

# recorded DESCRIPTION OPERATION TARGET: the audit log has it.
recorded()
{
	sync-audit
	check "$1" grep -aqE \
		"type=MAC_CONFIG_CHANGE .*lsm=killswitch op=$2 func=\"$3\" .*res=1" $LOG
}

# stopped DESCRIPTION ERROR COMMAND...: the command fails for this reason.
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

# unload MODULE...: with what it needs. Sockets and namespaces go away later than
# those who had them.
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
pidof auditd >/dev/null || start-auditd || skip_all "auditd does not start"
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

# The subsystem, what is engaged, its value and scope, how that looks to the user, and
# the modules, in the order in which they can go. AF_ALG and ESP are built in, but a
# fleet has other kernels, too.
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
	check "$name: the user gets at it" "do_$name" /proc/version
	commands+=("engage $target $value reason=proof")
	targets+=("$target")
	read -r -a more <<<"$needed"
	modules+=("${more[@]}")
done
check "what was used is loaded" test -e /sys/module/x25 -a -e /sys/module/nf_tables
unload "${modules[@]}"

# AX.25 left the kernel, but a command line for many kernels may name it.
commands+=("engage ax25:ax25_sendmsg -EPERM reason=proof")
accepted "all are engaged in one write, with no module loaded" "${commands[@]}"
for proof in "${proofs[@]}"; do
	IFS='|' read -r name target _ error needed <<<"$proof"
	if [[ $needed ]]; then
		is "$name: it is armed" armed "$(engaged_field "$target" state)"
		recorded "$name: and that is on record" arm "$target"
	else
		is "$name: it is engaged" engaged "$(engaged_field "$target" state)"
		recorded "$name: and that is on record" engage "$target"
	fi
	stopped "$name: the user does not get at it" "$error" "do_$name"
	for module in $needed; do
		check "$name: although $module is loaded" test -e "/sys/module/$module"
	done
	is "$name: because it is engaged" engaged "$(engaged_field "$target" state)"
	check "$name: and that was counted" counted "$target"
	[[ ! $needed ]] ||
		recorded "$name: it is on record, too, that it was engaged" engage "$target"
done
stopped "root does not get at X.25, either" "Operation not permitted" \
	attack socket "$AF_X25" "$SOCK_SEQPACKET"
check "what nf_tables does besides still works" as_user unshare -Urn nft 'add table netdev t'
stopped "there is no AX.25 to get at" "Address family not supported" \
	as_user attack socket "$AF_AX25" "$SOCK_DGRAM"
is "so that it stays armed" armed "$(engaged_field ax25:ax25_sendmsg state)"
is "and nobody calls it" 0 "$(engaged_field ax25:ax25_sendmsg hits)"
accepted "it can be disengaged like others" "disengage ax25:ax25_sendmsg"
check_not "and is gone" test -e "$KS/fn/ax25:ax25_sendmsg"
refused "built-in code is the same without its module's name" "Device or resource busy" \
	"engage af_alg_sendmsg -EPERM"
accepted "all are disengaged" disengage_all
is "nothing is engaged" "" "$(<"$KS/engaged")"
for proof in "${proofs[@]}"; do
	IFS='|' read -r name target _ <<<"$proof"
	check "$name: the user gets at it again" "do_$name" /proc/version
	recorded "$name: and that is on record" disengage "$target"
done

# Only those whose user id is not 0, whatever their namespace says of it.
unload nf_tables
accepted "a chain can be denied to users only" \
	"engage nf_tables:nft_netdev_hook_alloc -EPERM scope=nonroot"
check "root's chains work" unshare -n nft "$chain"
is "although it is engaged" engaged "$(engaged_field nf_tables:nft_netdev_hook_alloc state)"
is "which was no hit" 0 "$(engaged_field nf_tables:nft_netdev_hook_alloc hits)"
stopped "those of a user do not, who is root in a namespace" "Operation not permitted" do_nf_tables
check "which was a hit" counted nf_tables:nft_netdev_hook_alloc
check "root's chains still work" unshare -n nft "$chain"
accepted "it can be disengaged" disengage_all
check "and the user's work again" do_nf_tables

# A packet that comes in has no user, whoever happens to be interrupted.
accepted "ESP can be engaged for users" "engage esp_input -EPERM scope=nonroot"
check "which stops no packet" do_esp /proc/version
is "and is no hit" 0 "$(engaged_field esp_input hits)"
accepted "where packets go out" "disengage esp_input" \
	"engage esp_output_head -EPERM scope=nonroot"
stopped "it is the user who sends" "sendto: Operation not permitted" do_esp /proc/version
check "and was a hit" counted esp_output_head
accepted "it can be disengaged" disengage_all
check "and packets arrive" do_esp /proc/version

# What not to engage. One of these counts the pieces of a request, the other takes them
# over. With 0 pieces counted a request of one piece works as ever, and a larger one is
# written behind the end of an array that has one element. Without the other, what was
# sent is never freed, and reading the result crashes the kernel. Built in, they do not
# get engaged, and the answer names what can be.
before=$(as_user af_alg_encrypt)
for target in af_alg_count_tsgl af_alg_pull_tsgl; do
	answer=$(ask "$target" 0)
	like "the policy refuses $target 0" "^refuse $target 0 default" "$answer"
	refused "to engage it, too" "Permission denied" "engage $target 0"
	instead=$(sed -n 's/^  instead: \([^ ]*aead_recvmsg[^ ]*\) -1, .*/\1/p' <<<"$answer")
	instead=${instead%%$'\n'*}
	like "and names one that calls it" 'aead_recvmsg' "$instead"
	accepted "which can be engaged" "engage $instead -EPERM"
	stopped "so that the user does not get so far" "read: Operation not permitted" do_af_alg
	check "which was counted" counted "$instead"
	accepted "it can be disengaged" disengage_all
	is "and works as before" "$before" "$(as_user af_alg_encrypt)"
done

# The way in, engaged, is the end of it: nothing inside is reached.
accepted "where the request comes in" "engage af_alg_sendmsg -EPERM"
stopped "all of it is stopped" "sendmsg: Operation not permitted" do_af_alg
stopped "however large it is" "send: Operation not permitted" as_user attack alg 60000 1
accepted "it can be disengaged" disengage_all
is "and works as before" "$before" "$(as_user af_alg_encrypt)"

finish
