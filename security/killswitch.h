/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the Rust side of Killswitch calls in the kernel: the headers that
 * rust/bindings/bindings_helper.h does not include for anyone else, what no
 * header has for it, and the functions of shim.c; and the Rust function that
 * shim.c calls.
 */
#ifndef _SECURITY_KILLSWITCH_H
#define _SECURITY_KILLSWITCH_H

#include <linux/audit.h>
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/lsm_hooks.h>
#include <linux/memory.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <uapi/linux/lsm.h>

/* All modules; declared for the module loader alone in kernel/module/internal.h. */
extern struct mutex module_mutex;
extern struct list_head modules;

/* Bytes in front of each function that calls may be sent to instead of it. */
#ifdef CONFIG_FUNCTION_PADDING_BYTES
enum { KILLSWITCH_PADDING = CONFIG_FUNCTION_PADDING_BYTES };
#else
enum { KILLSWITCH_PADDING = 0 };
#endif

extern int killswitch_enabled;

const char *killswitch_boot_parameters(void);
bool killswitch_boot_overflowed(void);
struct audit_buffer *killswitch_audit_start(bool of_task);
void killswitch_audit_nobody(struct audit_buffer *ab);
void killswitch_audit_subject(struct audit_buffer *ab);
bool killswitch_try_module_get(struct module *mod);
void killswitch_module_get(struct module *mod);
void killswitch_module_put(struct module *mod);
bool killswitch_within_module(const struct module *mod, unsigned long address);
bool killswitch_within_module_init(const struct module *mod, unsigned long address);
bool killswitch_is_nonroot(struct kprobe *kp);
bool killswitch_pause(void);
void killswitch_tick(void); /* In Rust. */
void killswitch_tick_after(unsigned int milliseconds);
void killswitch_wait_for_tasks(void);

#endif /* _SECURITY_KILLSWITCH_H */
