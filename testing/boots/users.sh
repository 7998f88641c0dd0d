#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: what users without privileges do to hold engagements up or to hide
# them. One processor: an emulated machine has one host thread for all, so that with
# several the readers would take time that no machine gives them.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 1
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests holdup_test limits_test.sh
