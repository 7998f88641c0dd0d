/* SPDX-License-Identifier: GPL-2.0-only */
/* x86-64, see arch.h. */

#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/text-patching.h>
#include <asm/ibt.h>
#include <asm/page.h>
#include <asm/pgtable_64_types.h>
#include <asm/vsyscall.h>

/* On top of the stack. */
static __always_inline unsigned long arch_return_address(const struct pt_regs *regs)
{
	return *(unsigned long *)regs->sp;
}

static inline void arch_set_return_address(struct pt_regs *regs, unsigned long *stack)
{
	regs->sp = (unsigned long)stack;
}

static const unsigned int arch_arguments[] = {
	offsetof(struct pt_regs, di), offsetof(struct pt_regs, si),
	offsetof(struct pt_regs, dx), offsetof(struct pt_regs, cx),
	offsetof(struct pt_regs, r8), offsetof(struct pt_regs, r9),
};

/* A breakpoint is handled like an NMI. */
static inline unsigned int arch_preempt_offset(struct kprobe *kp)
{
	return kprobe_ftrace(kp) ? 0 : NMI_OFFSET + HARDIRQ_OFFSET;
}

/*
 * The kernel half of the address space, up to the vsyscall page, above which nothing
 * is mapped. A page of the top-level table has 512 entries.
 */
static __always_inline bool arch_may_read(unsigned long address, unsigned long size)
{
	return address >= -1UL << (PGDIR_SHIFT + 8) &&
	       address < VSYSCALL_ADDR - size;
}

/* At the first instruction, or after the landing pad. */
static inline bool arch_is_at_entry(unsigned long site, unsigned long address)
{
	return site == address ||
	       (site == address + ENDBR_INSN_SIZE && is_endbr((u32 *)address));
}

static inline unsigned long arch_original_code(struct kprobe *kp, u8 *bytes)
{
	bytes[0] = kp->opcode;
#ifdef CONFIG_OPTPROBES
	/* A probe that is only queued for optimization has no copy yet. */
	if (kprobe_optimized(kp) && *(u8 *)kp->addr == JMP32_INSN_OPCODE) {
		struct optimized_kprobe *op = container_of(kp, struct optimized_kprobe, kp);

		memcpy(bytes + 1, op->optinsn.copied_insn, DISP32_SIZE);
		return 1 + DISP32_SIZE;
	}
#endif
	return 1;
}
