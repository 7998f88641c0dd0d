#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: mitigations of real subsystems, in a separate boot because modules are loaded and
# unloaded.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 300
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests proofs_test.sh
