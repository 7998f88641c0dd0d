/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The architecture-specific part of the C code, in one file for each architecture:
 *
 * arch_return_address() returns the return address at the entry of a function;
 * arch_set_return_address() sets it to the value on top of a stack;
 * arch_arguments has the offsets of the arguments in struct pt_regs;
 * arch_preempt_offset() returns what handling a probe adds to preempt_count();
 * arch_may_read() says whether an address range is kernel memory, if mapped;
 * arch_is_at_entry() says whether an ftrace location is at a function's entry;
 * arch_original_code() copies the code that a probe replaced.
 */
#ifndef _SECURITY_KILLSWITCH_ARCH_H
#define _SECURITY_KILLSWITCH_ARCH_H

#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/types.h>

#if defined(CONFIG_ARM64)
#include "arch_arm64.h"
#elif defined(CONFIG_X86_64)
#include "arch_x86.h"
#endif

#endif /* _SECURITY_KILLSWITCH_ARCH_H */
