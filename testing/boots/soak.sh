#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: everything that can be done to engagements, at once, for a minute
# or, with ks_seconds= on the kernel command line, for as long as that says; and
# whether anything was lost by it.
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
