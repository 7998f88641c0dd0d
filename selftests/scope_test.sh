#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The scope of an engagement.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
trap 'control disengage_all' EXIT
control disengage_all
body=$(call ks_target_int)
chmod 755 /sys/kernel/debug

accepted "engage with scope=nonroot" "engage ks_target_int -7 scope=nonroot reason=users"
is "the scope is shown" nonroot "$(engaged_field ks_target_int scope)"
is "the file scope has it" nonroot "$(<"$KS/fn/ks_target_int/scope")"
is "root runs the body" "$body" "$(call ks_target_int)"
is "a user gets the value" -7 "$(as_user cat "$TARGET/call/ks_target_int")"
is "only the user's call is a hit" 1 "$(engaged_field ks_target_int hits)"
is "root in a user namespace gets the value" -7 \
	"$(as_user unshare --user --map-root-user cat "$TARGET/call/ks_target_int")"
is "root with a changed user ID gets the value" -7 \
	"$(setpriv --reuid=$USER_ID --clear-groups cat "$TARGET/call/ks_target_int")"
is "the real user ID counts, not the effective one" -7 \
	"$(setpriv --ruid=$USER_ID cat "$TARGET/call/ks_target_int")"
is "a kernel thread runs the body" "$body" \
	"$(as_user cat "$TARGET/by_thread")"
if (($(nproc) > 1)); then
	is "an interrupt runs the body" "$body" "$(as_user cat "$TARGET/by_interrupt")"
else
	skip "an interrupt runs the body" "only one CPU"
fi
control disengage_all

# The kernel accesses overlay layers with the credentials of the mounter, also for users.
layers=$(mktemp -d)
if mount -t tmpfs none "$layers" && mkdir -m 777 "$layers"/{low,up,work,all} &&
	mount -t overlay none "$layers/all" \
		-o "lowerdir=$layers/low,upperdir=$layers/up,workdir=$layers/work"; then
	chmod 755 "$layers"
	install -m 666 /dev/null "$layers/all/file"
	check "a user can change a layer" as_user fallocate -l 4096 "$layers/all/file"
	accepted "engage an operation of the layer for users" \
		"engage shmem_fallocate -1 scope=nonroot"
	like "a user's operation on the layer is stopped" "Operation not permitted" \
		"$(as_user fallocate -l 8192 "$layers/all/file" 2>&1 || :)"
	is "the user's operation is a hit" 1 "$(engaged_field shmem_fallocate hits)"
	check "root's operation runs" fallocate -l 12288 "$layers/all/file"
	control disengage_all
	umount "$layers/all"
else
	skip "overlay layers" "no overlayfs"
fi
umount "$layers"
rmdir "$layers"

accepted "engage with scope=all" "engage ks_target_int -7 scope=all"
is "root gets the value" -7 "$(call ks_target_int)"
control disengage_all
accepted "tryengage with scope=nonroot" \
	"tryengage ks_target_int -7 10 scope=nonroot"
is "root's call runs" "$body" "$(call ks_target_int)"
is "root's call is not counted" 0 "$(engaged_field ks_target_int hits)"
check "it is engaged in the end" eventually is_engaged ks_target_int
is "it is engaged for users" -7 "$(as_user cat "$TARGET/call/ks_target_int")"
is "it is not engaged for root" "$body" "$(call ks_target_int)"
control disengage_all

# Without ftrace support, a breakpoint is used, which is handled like an interrupt: the interrupted
# context counts.
body=$(call ks_target_breakpoint)
accepted "engage a function without ftrace support" "engage ks_target_breakpoint -7 scope=nonroot"
is "the breakpoint is engaged" engaged "$(engaged_field ks_target_breakpoint state)"
is "root runs the body at a breakpoint" "$body" "$(call ks_target_breakpoint)"
is "a user gets the value at a breakpoint" -7 "$(as_user cat "$TARGET/call/ks_target_breakpoint")"
control disengage_all
accepted "engage a breakpoint with scope=all" "engage ks_target_breakpoint -7"
is "root gets the value at a breakpoint" -7 "$(call ks_target_breakpoint)"
control disengage_all
is "the body runs again" "$body" "$(call ks_target_breakpoint)"

finish
