/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The return stubs: where an engaged function continues instead of its body.
 *
 * Stub n counts a hit of slot n on this CPU, loads the slot's value and returns
 * to the function's caller. It counts with one instruction, which no interrupt can
 * split. The stub loads the value, and not the handler, because a BPF trampoline
 * on the same function would overwrite a return register that the handler set. It
 * counts because only here is it certain that the body does not run.
 *
 * The stubs are in .kprobes.text, so they cannot be probed.
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

/* %slot is only evaluated in altmacro mode, and RET only works outside of it. */
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
