#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script for scripts/bench: runs the measurements in bench=<what>,... on the kernel command
# line.
# shellcheck source=../../selftests/lib.sh
. lib.sh

IFS=, read -ra names < <(parameter bench)
exec bench "${names[@]/#/-t}"
