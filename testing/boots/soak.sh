#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: all operations on engagements, concurrently, for a minute, or for ks_seconds= on the
# kernel command line; and a leak check.
#
# by: make soak
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf kmemleak=on oops=panic loglevel=3
# smp: 2
# timeout: 1200
# shellcheck source=../../selftests/lib.sh
. lib.sh

KS_SECONDS=$(parameter ks_seconds)
export KS_SECONDS
run_tests soak_test
