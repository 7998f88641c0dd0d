#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Conditions on real code that stop one case while others work: packets of one security association,
# in softirqs, and one type of netlink messages.
#
# Dollar signs are for the kernel, not for the shell.
# shellcheck disable=SC2016
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# udp [FILE]: sends a packet through SPI 9. It does not arrive if FILE changes.
udp()
{
	attack udp /run/netns/ks_from /run/netns/ks_to "${1:-/proc/version}"
}

# Sends a packet through SPI 10, which is answered.
ping_it()
{
	ip netns exec ks_from busybox ping -c 1 -W 5 10.9.0.2
}

# stops TARGET COMMAND...: checks that the engagement stops it.
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

# ESP, by SPI. Numbers in network byte order are compared as they are in memory.
if grep -qw esp_input /proc/kallsyms && add_esp 9:17 10:1; then
	hits=$KS/fn/esp_input/hits
	check "packets arrive through SPI 9" udp
	check "packets arrive through SPI 10" ping_it
	accepted "engage for SPI 9" 'engage esp_input -EPERM if=x->id.spi==0x09000000'
	check "packets through SPI 9 are stopped" stops esp_input udp "$hits"
	stopped=$(engaged_field esp_input hits)
	check "packets through SPI 10 still arrive" ping_it
	is "packets through SPI 10 are no hits" "$stopped" "$(engaged_field esp_input hits)"
	like "packets through SPI 10 have passed" '^[1-9]' "$(engaged_field esp_input passed)"
	is "there are no faults" 0 "$(engaged_field esp_input faults)"
	like "the callers are softirqs" 'context=softirq ' \
		"$(<"$KS/fn/esp_input/callers")"
	control disengage_all
	accepted "engage for softirqs and SPI 10" \
		'engage esp_input -EPERM if=$context==softirq&&x->id.spi==0x0a000000'
	check "packets through SPI 10 are stopped" stops esp_input ping_it
	check "packets through SPI 9 still arrive" udp
	control disengage_all
	accepted "engage for tasks only" 'engage esp_input -EPERM if=$context==task'
	check "packets in softirqs arrive" udp
	is "packets in softirqs are no hits" 0 "$(engaged_field esp_input hits)"
	control disengage_all
	accepted "engage by protocol" 'engage esp_input -EPERM if=x->id.proto==50&&x->props.mode==0'
	check "all packets of the protocol are stopped" stops esp_input udp "$hits"
	check "packets of the protocol are stopped for any SPI" stops esp_input ping_it
	control disengage_all
	accepted "engage by another protocol" 'engage esp_input -EPERM if=x->id.proto==51'
	check "packets of other protocols arrive" udp
	control disengage_all
	check "packets arrive after disengage" ping_it
else
	skip "packets arrive through SPI 9" "no ESP"
fi

# One type of netlink messages, for users who are root in their own namespace.
if grep -qw xfrm_user_rcv_msg /proc/kallsyms; then
	of_user() { as_user unshare -Urn ip xfrm "$@"; }
	policy=(policy add src 10.8.0.1 dst 10.8.0.9 proto 17 dir out)
	state=(state add src 10.8.0.1 dst 10.8.0.9 proto esp spi 77 mode transport
		aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128)
	check "a policy can be added" of_user "${policy[@]}"
	is_new='nlh->nlmsg_type==XFRM_MSG_NEWPOLICY'
	accepted "engage for new policies" \
		"engage xfrm_user_rcv_msg -EPERM scope=nonroot if=$is_new"
	check "adding a policy is stopped" stops xfrm_user_rcv_msg of_user "${policy[@]}"
	check "an association can still be added" of_user "${state[@]}"
	check "policies can still be listed" of_user policy list
	like "other messages have passed" '^[1-9]' "$(engaged_field xfrm_user_rcv_msg passed)"
	control disengage_all
	check "a policy can be added after disengage" of_user "${policy[@]}"
else
	skip "a policy can be added" "no IPsec"
fi

finish
