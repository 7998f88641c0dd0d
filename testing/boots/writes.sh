#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: random writes to every writable file, with every method. The file "settings" next to
# this sets their number: see scripts/fuzz-kernel.
#
# by: make fuzz-kernel
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf oops=panic loglevel=3
# smp: 2
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

# shellcheck disable=SC1091
[[ ! -e settings ]] || . ./settings
run_tests write_fuzz_test
