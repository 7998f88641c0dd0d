#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: the cost of a call of an engaged function, in instructions, which is the same in
# every run.
#
# append: lsm=lockdown,capability,killswitch loglevel=3
# smp: 1
# timeout: 600
# icount
# shellcheck source=../../selftests/lib.sh
. lib.sh

export KS_EXACT=1
run_tests hit_cost
