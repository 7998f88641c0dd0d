#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: writes that are made up, to every file that takes one, in every
# way. A file "settings" beside this says how many if it shall not be a few:
# see scripts/fuzz-kernel.
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
