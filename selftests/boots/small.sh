#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: no security module but Lockdown and Killswitch, and the functions that
# the policy names in the kernel and in its modules. Of those that may be made to deny,
# it tries more than other boots do. KS_EVERY=1 would try all, for which there is no time.
#
# append: lsm=lockdown,killswitch loglevel=3
# smp: 1
# timeout: 900
# shellcheck source=../lib.sh
. lib.sh

find "/lib/modules/$(uname -r)/" -name '*.ko*' | sed -E 's|.*/||; s/\.ko.*//' | xargs -r modprobe -a -q
export KS_EVERY=10
run_tests protect_test
