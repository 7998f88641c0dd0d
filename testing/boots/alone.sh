#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: no security module but Lockdown and Killswitch, and the functions that
# the policy names in the kernel and in its modules. Other boots try only some of those
# that may be made to deny; here it is all.
#
# append: lsm=lockdown,killswitch loglevel=3
# smp: 1
# timeout: 1500
# shellcheck source=../../selftests/lib.sh
. lib.sh

load_all_modules
export KS_EVERY=1
run_tests protect_test
