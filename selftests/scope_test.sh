#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The scope of an engagement: whose calls it takes.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
trap 'control disengage_all' EXIT
control disengage_all
body=$(call ks_target_int)
chmod 755 /sys/kernel/debug

accepted "all but root" "engage ks_target_int -7 scope=nonroot reason=users"
is "it says so" nonroot "$(engaged_field ks_target_int scope)"
is "in a file, too" nonroot "$(<"$KS/fn/ks_target_int/scope")"
is "root runs the body" "$body" "$(call ks_target_int)"
is "a user gets the value" -7 "$(as_user cat "$TARGET/call/ks_target_int")"
is "only that is a hit" 1 "$(engaged_field ks_target_int hits)"
is "a user who is root in a namespace of his own gets the value" -7 \
	"$(as_user unshare --user --map-root-user cat "$TARGET/call/ks_target_int")"
is "and so does root who gave up his user id" -7 \
	"$(setpriv --reuid=$USER_ID --clear-groups cat "$TARGET/call/ks_target_int")"
is "the effective user id does not count" -7 \
	"$(setpriv --ruid=$USER_ID cat "$TARGET/call/ks_target_int")"
is "a kernel thread runs the body, whoever it works for" "$body" \
	"$(as_user cat "$TARGET/by_thread")"
if (($(nproc) > 1)); then
	is "and so does an interrupt" "$body" "$(as_user cat "$TARGET/by_interrupt")"
else
	skip "and so does an interrupt" "there is one processor only"
fi
control disengage_all

# On the layers of an overlay the kernel acts with the credentials of whoever
# mounted it, for users, too.
layers=$(mktemp -d)
if mount -t tmpfs none "$layers" && mkdir -m 777 "$layers"/{low,up,work,all} &&
	mount -t overlay none "$layers/all" \
		-o "lowerdir=$layers/low,upperdir=$layers/up,workdir=$layers/work"; then
	chmod 755 "$layers"
	install -m 666 /dev/null "$layers/all/file"
	check "a user gets at a layer" as_user fallocate -l 4096 "$layers/all/file"
	accepted "for users, what the layer does is engaged" \
		"engage shmem_fallocate -1 scope=nonroot"
	like "a user does not" "Operation not permitted" \
		"$(as_user fallocate -l 8192 "$layers/all/file" 2>&1 || :)"
	is "that was a hit" 1 "$(engaged_field shmem_fallocate hits)"
	check "root does" fallocate -l 12288 "$layers/all/file"
	control disengage_all
	umount "$layers/all"
else
	skip "on the layers of an overlay" "no overlayfs"
fi
umount "$layers"
rmdir "$layers"

accepted "everybody" "engage ks_target_int -7 scope=all"
is "root gets the value" -7 "$(call ks_target_int)"
control disengage_all
accepted "a function is watched for calls of users only" \
	"tryengage ks_target_int -7 10 scope=nonroot"
is "root's call" "$body" "$(call ks_target_int)"
is "is none of them" 0 "$(engaged_field ks_target_int hits)"
check "it is engaged" eventually is_engaged ks_target_int
is "for users" -7 "$(as_user cat "$TARGET/call/ks_target_int")"
is "not for root" "$body" "$(call ks_target_int)"
control disengage_all

# Where there is no room for tracers a breakpoint is used, which is handled
# like an interrupt: what it interrupts counts.
body=$(call ks_target_breakpoint)
accepted "a function without room for tracers" "engage ks_target_breakpoint -7 scope=nonroot"
is "is engaged" engaged "$(engaged_field ks_target_breakpoint state)"
is "not for root" "$body" "$(call ks_target_breakpoint)"
is "for users" -7 "$(as_user cat "$TARGET/call/ks_target_breakpoint")"
control disengage_all
accepted "and for everybody" "engage ks_target_breakpoint -7"
is "that is root, too" -7 "$(call ks_target_breakpoint)"
control disengage_all
is "the body runs again" "$body" "$(call ks_target_breakpoint)"

finish
