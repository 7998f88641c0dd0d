#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: the tests of an ordinary boot, with Killswitch among other LSMs.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 1500
# shellcheck source=../../selftests/lib.sh
. lib.sh

# First the tests that need a boot without earlier engagements. The audit daemon is last: without
# it, only the tests read the records.
run_tests taint_test.sh basic_test.sh lsm_test input_test errno_test engage_test disarmed_test.sh \
	gate_test policy_test types_test protect_test zones_test verdicts_test.sh audit_test.sh
