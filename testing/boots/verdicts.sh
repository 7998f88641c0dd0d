#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: what the policy says in each zone, and of known bypasses, mitigations and
# ways in, with all modules loaded. For a kernel that has more of them:
# make kernel selftests vm CONFIG=large SCRIPT=testing/boots/verdicts.sh
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 1
# timeout: 1200
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests zones_test verdicts_test.sh
