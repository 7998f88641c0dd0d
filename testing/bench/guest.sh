#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script for scripts/bench: measures what bench=<what>,... on the kernel's
# command line asks for.
# shellcheck source=../../selftests/lib.sh
. lib.sh

IFS=, read -ra names < <(parameter bench)
exec bench "${names[@]/#/-t}"
