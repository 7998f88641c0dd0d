#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: only Lockdown and Killswitch in lsm=, and all functions that the policy names in the
# kernel and in its modules, of which other boots only test a part.
#
# append: lsm=lockdown,killswitch loglevel=3
# smp: 1
# timeout: 1500
# shellcheck source=../../selftests/lib.sh
. lib.sh

load_all_modules
export KS_EVERY=1
run_tests protect_test
