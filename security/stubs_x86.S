/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The return stubs: where an engaged function continues instead of its body.
 *
 * Stub n counts a hit of slot n on this CPU, loads the slot's value and returns
 * to the function's caller. One instruction counts, so that an interrupt cannot
 * come in between. It loads the value itself because a return register that a
 * probe handler set does not survive a BPF trampoline on the same function, and
 * counts itself because only here is it certain that the body does not run.
 *
 * The stubs lie in .kprobes.text, so that no probe can be put on them.
 */

#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/percpu.h>

.macro killswitch_stub slot
SYM_START(killswitch_stub_\slot, SYM_L_LOCAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	incq	PER_CPU_VAR(killswitch_hits + 8 * \slot)
	movq	killswitch_values + 8 * \slot(%rip), %rax
	RET
SYM_FUNC_END(killswitch_stub_\slot)
	.pushsection .rodata, "a"
	.quad	killswitch_stub_\slot
	.popsection
.endm

/* The number of a slot can be evaluated in this mode only, and RET only out of it. */
.macro killswitch_numbered_stub slot
	.noaltmacro
	killswitch_stub \slot
	.altmacro
.endm

	.pushsection .rodata, "a"
	.balign	8
SYM_DATA_START(killswitch_stubs)
	.popsection

	.section .kprobes.text, "ax"
	.altmacro
	.set	slot, 0
	.rept	CONFIG_SECURITY_KILLSWITCH_SLOTS
	killswitch_numbered_stub %slot
	.set	slot, slot + 1
	.endr
	.noaltmacro

	.pushsection .rodata, "a"
SYM_DATA_END(killswitch_stubs)
	.popsection
