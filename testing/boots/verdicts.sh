#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: what the policy says of known bypasses and mitigations, with all
# modules loaded. For a kernel that has more of them:
# make kernel selftests vm CONFIG=large SCRIPT=testing/boots/verdicts.sh
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 1
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests verdicts_test.sh
