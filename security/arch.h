/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the C of Killswitch has to know of an architecture, of which each has a file:
 *
 * arch_return_address() is where a function returns to that has not begun, and
 * arch_set_return_address() sets that to what is on top of a stack;
 * arch_arguments is where its arguments are in struct pt_regs;
 * arch_preempt_offset() is what the handling of a probe adds to preempt_count();
 * arch_may_read() says whether memory is the kernel's, if it is there at all;
 * arch_is_at_entry() says whether a function is traced at its entry;
 * arch_original_code() has what a probe took the place of.
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
