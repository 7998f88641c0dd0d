/* SPDX-License-Identifier: GPL-2.0-only */
/* arm64, see arch.h. */

#include <linux/kasan-tags.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/debug-monitors.h>
#include <asm/insn.h>

/* In the link register, not signed yet. */
static __always_inline unsigned long arch_return_address(const struct pt_regs *regs)
{
	return regs->regs[30];
}

static inline void arch_set_return_address(struct pt_regs *regs, unsigned long *stack)
{
	regs->regs[30] = *stack;
}

static const unsigned int arch_arguments[] = {
	offsetof(struct pt_regs, regs[0]), offsetof(struct pt_regs, regs[1]),
	offsetof(struct pt_regs, regs[2]), offsetof(struct pt_regs, regs[3]),
	offsetof(struct pt_regs, regs[4]), offsetof(struct pt_regs, regs[5]),
	offsetof(struct pt_regs, regs[6]), offsetof(struct pt_regs, regs[7]),
};

/* A breakpoint only disables preemption. */
static inline unsigned int arch_preempt_offset(struct kprobe *kp)
{
	return 0;
}

/* The kernel half of the address space, whatever the tag. */
static __always_inline bool arch_may_read(unsigned long address, unsigned long size)
{
	address = __tag_reset(address);
	return address >= PAGE_OFFSET && address < -size;
}

/*
 * After the landing pad, if there is one, and the instruction that saves the link
 * register. A probe on the landing pad may be removed at any time.
 */
static inline bool arch_is_at_entry(unsigned long site, unsigned long address)
{
	kprobe_opcode_t *first = (kprobe_opcode_t *)address, insn = READ_ONCE(*first);

	if (le32_to_cpu(insn) == BRK64_OPCODE_KPROBES) {
		struct kprobe *kp;

		guard(rcu)();
		kp = get_kprobe(first);
		insn = kp ? kp->opcode : READ_ONCE(*first);
	}
	return site == address + AARCH64_INSN_SIZE *
		       (aarch64_insn_is_bti(le32_to_cpu(insn)) ? 2 : 1);
}

static inline unsigned long arch_original_code(struct kprobe *kp, u8 *bytes)
{
	memcpy(bytes, &kp->opcode, sizeof(kp->opcode));
	return sizeof(kp->opcode);
}
