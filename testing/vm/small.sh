#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script of scripts/configs: tests for a minimal kernel.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama loglevel=3
# smp: 2
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests basic_test.sh types_absent_test.sh lsm_test input_test errno_test engage_test gate_test \
	modules_test.sh
