#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: modules that come and go, functions that are watched or
# observed first, whose calls an engagement takes, when one ends by itself, and probes that are
# disarmed.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests modules_test.sh watch_test.sh observe_test.sh term_test.sh scope_test.sh \
	disarmed_test.sh
