#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: verdicts in each zone, and on known bypasses, mitigations and ways in, with all
# modules loaded. For a kernel with more of these: make kernel selftests vm CONFIG=large
# SCRIPT=testing/boots/verdicts.sh
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 1
# timeout: 1200
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests zones_test verdicts_test.sh
