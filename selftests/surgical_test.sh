#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Conditions on real code, where one thing is stopped and its neighbours go on: packets
# of one security association, in soft interrupts, and one type of netlink messages.
#
# Dollars are for the kernel, not for the shell.
# shellcheck disable=SC2016
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# udp [FILE]: a packet arrives through SPI 9. It does not if FILE changes.
udp()
{
	attack udp /run/netns/ks_from /run/netns/ks_to "${1:-/proc/version}"
}

# A packet arrives through SPI 10, and is answered.
ping_it()
{
	ip netns exec ks_from busybox ping -c 1 -W 5 10.9.0.2
}

# stops TARGET COMMAND...: what is engaged stops it.
stops()
{
	local before

	before=$(engaged_field "$1" hits)
	! "${@:2}" && (($(engaged_field "$1" hits) > before))
}

clean_up()
{
	control disengage_all
	ip netns del ks_from 2>/dev/null || :
	ip netns del ks_to 2>/dev/null || :
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
for tool in attack ip busybox; do
	command -v $tool >/dev/null || skip_all "no $tool"
done
grep -q '^types: btf' "$KS/status" || skip_all "no type information"
trap clean_up EXIT
clean_up

# ESP, by SPI. Numbers on the wire are as they are in memory.
if grep -qw esp_input /proc/kallsyms && add_esp 9:17 10:1; then
	hits=$KS/fn/esp_input/hits
	check "packets arrive by SPI 9" udp
	check "and by SPI 10" ping_it
	accepted "until the one is stopped" 'engage esp_input -EPERM if=x->id.spi==0x09000000'
	check "which it is" stops esp_input udp "$hits"
	stopped=$(engaged_field esp_input hits)
	check "the other goes on" ping_it
	is "and is no hit" "$stopped" "$(engaged_field esp_input hits)"
	like "but passed" '^[1-9]' "$(engaged_field esp_input passed)"
	is "nothing was unreadable" 0 "$(engaged_field esp_input faults)"
	like "who is stopped are soft interrupts" 'context=softirq ' \
		"$(<"$KS/fn/esp_input/callers")"
	control disengage_all
	accepted "in soft interrupts only" \
		'engage esp_input -EPERM if=$context==softirq&&x->id.spi==0x0a000000'
	check "the other is stopped" stops esp_input ping_it
	check "the one goes on" udp
	control disengage_all
	accepted "but not in tasks" 'engage esp_input -EPERM if=$context==task'
	check "what is in soft interrupts goes on" udp
	is "and is no hit" 0 "$(engaged_field esp_input hits)"
	control disengage_all
	accepted "by protocol" 'engage esp_input -EPERM if=x->id.proto==50&&x->props.mode==0'
	check "all of it is stopped" stops esp_input udp "$hits"
	check "whatever the SPI is" stops esp_input ping_it
	control disengage_all
	accepted "by another one" 'engage esp_input -EPERM if=x->id.proto==51'
	check "nothing is" udp
	control disengage_all
	check "all is as before" ping_it
else
	skip "packets arrive by SPI 9" "no ESP"
fi

# One type of netlink messages, of users who are root of a namespace of their own.
if grep -qw xfrm_user_rcv_msg /proc/kallsyms; then
	of_user() { as_user unshare -Urn ip xfrm "$@"; }
	policy=(policy add src 10.8.0.1 dst 10.8.0.9 proto 17 dir out)
	state=(state add src 10.8.0.1 dst 10.8.0.9 proto esp spi 77 mode transport
		aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128)
	check "a policy can be added" of_user "${policy[@]}"
	is_new='nlh->nlmsg_type==XFRM_MSG_NEWPOLICY'
	accepted "until that is stopped" \
		"engage xfrm_user_rcv_msg -EPERM scope=nonroot if=$is_new"
	check "which it is" stops xfrm_user_rcv_msg of_user "${policy[@]}"
	check "an association can be added" of_user "${state[@]}"
	check "and policies can be listed" of_user policy list
	like "these passed" '^[1-9]' "$(engaged_field xfrm_user_rcv_msg passed)"
	control disengage_all
	check "all is as before" of_user "${policy[@]}"
else
	skip "a policy can be added" "no IPsec"
fi

finish
