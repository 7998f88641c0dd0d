#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: all tests of an ordinary boot, with Killswitch among the others.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 1500
# shellcheck source=../../selftests/lib.sh
. lib.sh

# First what needs a boot in which nothing was engaged yet. The audit daemon
# comes last: without it, nothing but the tests reads the records.
run_tests taint_test.sh basic_test.sh lsm_test input_test errno_test engage_test disarmed_test.sh \
	gate_test policy_test types_test protect_test zones_test verdicts_test.sh audit_test.sh
