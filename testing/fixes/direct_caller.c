// SPDX-License-Identifier: GPL-2.0-only
/*
 * ftrace: notify direct callers of functions that join IPMODIFY ops
 *
 * A direct caller that calls the original function, as a BPF trampoline does, was only
 * notified of the first probe with a post_handler. The function ran although a later
 * probe makes it return.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>

#include "fixes.h"

#define VALUE	-7

static noinline int first_target(void)
{
	return READ_ONCE(fix_body);
}

static noinline int target(void)
{
	return READ_ONCE(fix_body);
}

static struct fix_probe first;

/* The address behind the call of ftrace, and whether the function is shared. */
unsigned long fix_original;
u8 fix_shared;

/*
 * Called by the function. On the stack are the address behind the call, which ops with
 * IPMODIFY may have changed, and the return address of the function. If the function is
 * shared, this returns to the former. Otherwise it calls the original by returning to it,
 * and then returns to the caller of the function.
 */
asmlinkage void fix_trampoline(void);
asm(".pushsection .text, \"ax\"\n"
	".type fix_trampoline, @function\n"
	ASM_FUNC_ALIGN
	"fix_trampoline:\n"
	ANNOTATE_NOENDBR "\n"
	"	cmpb $0, fix_shared(%rip)\n"
	"	jne 2f\n"
	"	lea 1f(%rip), %rax\n"
	"	push %rax\n"
	"	push fix_original(%rip)\n"
	ASM_RET
	"1:	add $8, %rsp\n"
	"2:	" ASM_RET
	".size fix_trampoline, .-fix_trampoline\n"
	".popsection\n");
STACK_FRAME_NON_STANDARD(fix_trampoline);

asmlinkage void fix_return(void);
asm(".pushsection .text, \"ax\"\n"
	".type fix_return, @function\n"
	ASM_FUNC_ALIGN
	"fix_return:\n"
	ANNOTATE_NOENDBR "\n"
	ASM_RET
	".size fix_return, .-fix_return\n"
	".popsection\n");

static int share(struct ftrace_ops *ops, unsigned long ip, enum ftrace_ops_cmd cmd)
{
	WRITE_ONCE(fix_shared, cmd != FTRACE_OPS_CMD_DISABLE_SHARE_IPMODIFY_PEER);
	return 0;
}

static struct ftrace_ops direct = { .ops_func = share };

/* As fail_function and bpf_override_return() do. */
static int override(struct kprobe *kp, struct pt_regs *regs)
{
	regs_set_return_value(regs, VALUE);
	instruction_pointer_set(regs, (unsigned long)fix_return);
	return 1;
}

static struct kprobe probe = {
	.addr = (void *)target,
	.pre_handler = override,
	.post_handler = fix_post_handler,
};

static void __init run(void)
{
	int ret;

	fix_original = fix_location(target) + MCOUNT_INSN_SIZE;
	/* From here on, the ops of kprobes with IPMODIFY are registered. */
	fix_is(0, fix_register(&first, first_target, true), "a first probe is registered");

	ret = ftrace_set_filter_ip(&direct, (unsigned long)target, 0, 1);
	ret = ret ?: register_ftrace_direct(&direct, (unsigned long)fix_trampoline);
	fix_is(0, ret, "a direct caller is registered on another function");
	fix_is(fix_body, target(), "it calls that function");
	fix_is(0, register_kprobe(&probe), "a probe is registered that makes it return");
	fix_is(1, fix_shared, "the direct caller is notified");
	fix_is(VALUE, target(), "the function returns the value");
	unregister_kprobe(&probe);
	fix_is(0, fix_shared, "the direct caller is notified of the end");
	fix_is(fix_body, target(), "it calls the function again");
	fix_is(0, unregister_ftrace_direct(&direct, (unsigned long)fix_trampoline, true),
	       "the direct caller is unregistered");
	unregister_kprobe(&first.kp);
}

MODULE_DESCRIPTION("Direct callers are notified of each probe that modifies the IP");
