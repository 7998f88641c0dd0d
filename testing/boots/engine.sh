#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: modules that are loaded and unloaded, tryengage and observe, the scope of
# engagements, time limits, and disarmed probes.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests modules_test.sh watch_test.sh observe_test.sh term_test.sh scope_test.sh \
	disarmed_test.sh
