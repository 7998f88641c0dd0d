/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the Rust side of Killswitch calls in the kernel: the headers that
 * rust/bindings/bindings_helper.h does not include for anyone else, what no
 * header has for it, and the functions of shim.c; and the Rust functions that
 * shim.c calls.
 */
#ifndef _SECURITY_KILLSWITCH_H
#define _SECURITY_KILLSWITCH_H

#include <linux/audit.h>
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/lsm_hooks.h>
#include <linux/memory.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/panic.h>
#include <linux/ratelimit.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
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

/* The room that the name of a module takes. */
enum { KILLSWITCH_MODULE_NAME_LEN = MODULE_NAME_LEN };

/* Of a dentry that is asked for under the RCU read lock. */
enum { KILLSWITCH_LOOKUP_RCU = LOOKUP_RCU };

/* A probe, and what its handlers need. */
struct killswitch_probe {
	struct kprobe kprobe;
	/* Where calls are sent. */
	unsigned long stub;
	/* The calls that have passed, or negative: then they are sent to the stub. */
	atomic64_t gate;
};

extern int killswitch_enabled;

const char *killswitch_boot_parameters(void);
bool killswitch_boot_overflowed(void);
bool killswitch_opened_by_administrator(const struct file *file);
struct audit_buffer *killswitch_audit_start(bool of_task);
void killswitch_audit_nobody(struct audit_buffer *ab);
void killswitch_audit_subject(struct audit_buffer *ab);
bool killswitch_try_module_get(struct module *mod);
void killswitch_module_get(struct module *mod);
void killswitch_module_put(struct module *mod);
bool killswitch_within_module(const struct module *mod, unsigned long address);
bool killswitch_within_module_init(const struct module *mod, unsigned long address);
bool killswitch_is_landing_pad(unsigned long address);
unsigned long killswitch_behind_probe(unsigned long address, u8 *bytes);
int killswitch_on_call(struct kprobe *kp, struct pt_regs *regs);
int killswitch_on_user_call(struct kprobe *kp, struct pt_regs *regs);
void killswitch_after_call(struct kprobe *kp, struct pt_regs *regs, unsigned long flags);
u64 killswitch_sum_hits(unsigned long slot);
void killswitch_free_slot(unsigned long slot); /* In Rust. */
void killswitch_free_slot_later(unsigned long slot);
int killswitch_count_freed(void);
void killswitch_slot_freed(void);
unsigned int killswitch_wait_for_slot(int count, unsigned int milliseconds);
bool killswitch_pause(void);
void killswitch_check(void); /* In Rust. */
void killswitch_check_within(unsigned int milliseconds);
void killswitch_set_operations(struct dentry *dentry, const struct inode_operations *iops,
			       const struct file_operations *fops);
struct dentry *killswitch_add_inode(struct dentry *dentry, umode_t mode, u64 number,
				    unsigned long key, const struct dentry_operations *dops,
				    const struct inode_operations *iops,
				    const struct file_operations *fops);
bool killswitch_emit_dots(struct file *file, struct dir_context *ctx);
bool killswitch_emit(struct dir_context *ctx, const char *name, int length, u64 number,
		     unsigned int type);
struct workqueue_struct *killswitch_create_queue(void);
s64 killswitch_count_done(void);
void killswitch_done(void);
void killswitch_wait_until_done(s64 count, unsigned int milliseconds);
void killswitch_init_limit(struct ratelimit_state *limit);

#endif /* _SECURITY_KILLSWITCH_H */
