/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The return stubs: where an engaged function continues instead of its body.
 *
 * Stub n loads the value of slot n and returns to the function's caller. It
 * reads the value itself because a return register that a probe handler set
 * does not survive a BPF trampoline on the same function.
 *
 * The stubs lie in .kprobes.text, so that no probe can be put on them.
 */

#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>

.macro killswitch_stub slot
SYM_START(killswitch_stub_\slot, SYM_L_LOCAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	movq	killswitch_values + 8 * \slot(%rip), %rax
	RET
SYM_FUNC_END(killswitch_stub_\slot)
	.pushsection .rodata, "a"
	.quad	killswitch_stub_\slot
	.popsection
.endm

	.pushsection .rodata, "a"
	.balign	8
SYM_DATA_START(killswitch_stubs)
	.popsection

	.section .kprobes.text, "ax"
	.altmacro
	.set	slot, 0
	.rept	CONFIG_SECURITY_KILLSWITCH_SLOTS
	killswitch_stub %slot
	.set	slot, slot + 1
	.endr
	.noaltmacro

	.pushsection .rodata, "a"
SYM_DATA_END(killswitch_stubs)
	.popsection
