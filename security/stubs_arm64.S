/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The return stubs: where an engaged function continues instead of its body.
 *
 * Stub n counts a hit of slot n on this CPU, loads the slot's value and returns
 * to the function's caller, whose address is still in the link register, not
 * signed. A stub begins with a landing pad because the breakpoint leaves
 * PSTATE.BTYPE as the call of the function set it. x9 to x17 are free at the
 * entry of a function. The count is atomic because the task may migrate to
 * another CPU before it increments it.
 *
 * The stubs are in .kprobes.text, so they cannot be probed.
 */

#include <linux/linkage.h>
#include <asm/assembler.h>

	.section .kprobes.text, "ax"

SYM_CODE_START_LOCAL(killswitch_return)
	adr_this_cpu x9, killswitch_hits, x10
	add	x9, x9, x16, lsl #3
1:	ldxr	x10, [x9]
	add	x10, x10, #1
	stxr	w11, x10, [x9]
	cbnz	w11, 1b
	adr_l	x9, killswitch_values
	ldr	x0, [x9, x16, lsl #3]
	ret
SYM_CODE_END(killswitch_return)

	.pushsection .rodata, "a"
	.balign	8
SYM_DATA_START(killswitch_stubs)
	.popsection

	.set	slot, 0
	.rept	CONFIG_SECURITY_KILLSWITCH_SLOTS
0:	bti	c
	mov	x16, #slot
	b	killswitch_return
	.pushsection .rodata, "a"
	.quad	0b
	.popsection
	.set	slot, slot + 1
	.endr

	.pushsection .rodata, "a"
SYM_DATA_END(killswitch_stubs)
	.popsection
