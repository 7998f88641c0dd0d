#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: loads the module beside it, and shows the TAP that it printed.
#
# smp: 2
# timeout: 120
set -euo pipefail

insmod ./*.ko
dmesg | sed -nE 's/^\[[^]]*\] ((not )?ok |# |1\.\.)/\1/p' | tee tap
! grep -q '^not ok' tap
