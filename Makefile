# SPDX-License-Identifier: GPL-2.0-only
# The front door for people: make help. (The kernel's build reads Kbuild and never sees this file.)

KSRC ?=
SCRIPT ?=
APPEND ?=
SMP ?=
MEM ?=
TIMEOUT ?=
FILES ?=
MINUTES ?=
WRITES ?=
BOOTS ?=
SEED ?=
WITHOUT ?=
SIGNOFF ?=
export KSRC SCRIPT APPEND SMP MEM TIMEOUT FILES MINUTES WRITES BOOTS SEED WITHOUT SIGNOFF

help:
	@scripts/help

demo test check fuzz fuzz-kernel soak bench vm kernel selftests integrate series docs:
	@scripts/$@

clean:
	rm -rf build

.PHONY: help demo test check fuzz fuzz-kernel soak bench vm kernel selftests integrate series docs clean
