# SPDX-License-Identifier: GPL-2.0-only
# The front door for people: make help. (The kernel's build reads Kbuild and never sees this file.)

KSRC ?=
SCRIPT ?=
APPEND ?=
SMP ?=
MEM ?=
TIMEOUT ?=
FILES ?=
export KSRC SCRIPT APPEND SMP MEM TIMEOUT FILES

help:
	@scripts/help

demo test check vm kernel integrate:
	@scripts/$@

clean:
	rm -rf build

.PHONY: help demo test check vm kernel integrate clean
