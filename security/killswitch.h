/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C interface of the Rust code: headers that rust/bindings/bindings_helper.h
 * does not include otherwise, declarations that no header has, the functions of
 * shim.c and handlers.c, and the Rust functions that shim.c calls.
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

/* The list of modules, which only kernel/module/internal.h declares. */
extern struct mutex module_mutex;
extern struct list_head modules;

/* The padding in front of each function, which calls may target instead of it. */
#ifdef CONFIG_FUNCTION_PADDING_BYTES
enum { KILLSWITCH_PADDING = CONFIG_FUNCTION_PADDING_BYTES };
#else
enum { KILLSWITCH_PADDING = 0 };
#endif

/* The size of the buffer that sprint_symbol() needs. */
enum { KILLSWITCH_SYMBOL_LEN = KSYM_SYMBOL_LEN };

/* The size of a module's name, with NUL. */
enum { KILLSWITCH_MODULE_NAME_LEN = MODULE_NAME_LEN };

/* The flag of a lookup under the RCU read lock. */
enum { KILLSWITCH_LOOKUP_RCU = LOOKUP_RCU };

/* A call returned the value, ran and was counted, or did not match the condition. */
enum killswitch_action { KILLSWITCH_RETURNED, KILLSWITCH_OBSERVED, KILLSWITCH_PASSED };

/* The places of callers: contexts, tasks, and one that all others share. */
enum {
	KILLSWITCH_NMI,
	KILLSWITCH_HARDIRQ,
	KILLSWITCH_SOFTIRQ,
	KILLSWITCH_KTHREAD,
	KILLSWITCH_TASKS,
	KILLSWITCH_OTHERS = KILLSWITCH_TASKS + 32,
	KILLSWITCH_PLACES,
};

/* How many places of tasks one user id can use, and how many are reserved for root. */
enum {
	KILLSWITCH_SHARE = 8,
	KILLSWITCH_FOR_ROOT = 4,
};

/* A caller of a probed function. */
struct killswitch_caller {
	/* For tasks: whether the rest is valid. It is constant then, except for @last. */
	atomic_t state;
	/* The calls on each CPU, and the jiffies of the last one. */
	u64 __percpu *calls;
	unsigned long last;
	/* The key of a task: real user id, call site, program and cgroup. */
	u32 uid;
	unsigned long address;
	const struct inode *exe;
	unsigned long exe_number;
	u64 serial;
	/* Shared by all tasks of the user id that have no place of their own. */
	bool is_shared;
	/* From the first call. */
	unsigned long first;
	dev_t device;
	u64 cgroup;
	u32 login;
	u32 session;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* The calls on one CPU. */
struct killswitch_tally {
	u64 calls[KILLSWITCH_PLACES];
	/* Calls that a condition let pass, and calls for which it faulted. */
	u64 passed;
	u64 faults;
	/* The task that made the last call. */
	struct killswitch_caller *last;
};

struct killswitch_callers {
	struct killswitch_tally __percpu *tally;
	struct killswitch_caller known[KILLSWITCH_PLACES];
};

/* The limits of a condition: comparisons, pointers followed by each, and its text. */
enum {
	KILLSWITCH_COMPARISONS = 17,
	KILLSWITCH_LOADS = 10,
	KILLSWITCH_TEXT = 64,
};

/* What is compared. */
enum {
	KILLSWITCH_ARGUMENT,
	KILLSWITCH_UID,
	KILLSWITCH_GID,
	KILLSWITCH_COMM,
	KILLSWITCH_EXE,
	KILLSWITCH_CGROUP,
	KILLSWITCH_CAP,
	KILLSWITCH_USERNS,
	KILLSWITCH_CONTEXT,
};

/* How it is compared. */
enum {
	KILLSWITCH_EQUAL,
	KILLSWITCH_NOT_EQUAL,
	KILLSWITCH_LESS,
	KILLSWITCH_LESS_OR_EQUAL,
	KILLSWITCH_GREATER,
	KILLSWITCH_GREATER_OR_EQUAL,
	KILLSWITCH_AND,
	KILLSWITCH_MATCHES,
};

/* What follows a comparison: the number of a later one, or one of these. */
enum {
	KILLSWITCH_REJECT = KILLSWITCH_COMPARISONS,
	KILLSWITCH_ACCEPT,
};

struct killswitch_comparison {
	u8 source;
	u8 operation;
	u8 if_true;
	u8 if_false;
	/* The offset of an argument in pt_regs, and how many loads follow at these offsets. */
	u8 argument;
	u8 loads;
	/*
	 * A number: the size of the last load or of the argument, and the bits used.
	 * Text, at the last offset: @bytes is 0, @bits the maximum length.
	 */
	u8 bytes;
	u8 shift;
	u8 bits;
	bool is_signed;
	s32 offsets[KILLSWITCH_LOADS + 1];
	/*
	 * The right-hand side; the inode of a program; the number and level of a
	 * cgroup.
	 */
	union {
		u64 value;
		const struct inode *program;
	};
	u32 second;
	/* Text, its length, and the parts before the first star and after the last. */
	u8 length;
	u8 head;
	u8 tail;
	char text[KILLSWITCH_TEXT];
};

struct killswitch_condition {
	struct killswitch_comparison comparisons[KILLSWITCH_COMPARISONS];
};

/* A probe, and what its handlers need. */
struct killswitch_probe {
	struct kprobe kprobe;
	struct killswitch_callers *callers;
	/* The address of the function; the kprobe may be a few bytes after it. */
	unsigned long function;
	/* What handling the probe adds to preempt_count(). */
	unsigned int preempt_offset;
	/* Which calls are handled; NULL for all. */
	const struct killswitch_condition *condition;
	/* Whether calls by root, interrupts and kernel threads are left alone. */
	bool only_nonroot;
	/* What the stub returns; NULL if calls are only counted. */
	const s64 *value;
	/* The address of the stub. */
	unsigned long stub;
	/* Whether calls that pass are counted by caller. */
	bool counts_passing;
	/* The number of calls that passed; if negative, calls go to the stub. */
	atomic64_t gate;
};

extern int killswitch_enabled;

const char *killswitch_boot_parameters(void);
bool killswitch_boot_overflowed(void);
bool killswitch_opened_by_administrator(const struct file *file);
struct audit_buffer *killswitch_audit_start(bool of_task, int type);
void killswitch_audit_no_subject(struct audit_buffer *ab);
void killswitch_audit_subject(struct audit_buffer *ab);
bool killswitch_try_module_get(struct module *mod);
void killswitch_module_get(struct module *mod);
void killswitch_module_put(struct module *mod);
bool killswitch_within_module(const struct module *mod, unsigned long address);
bool killswitch_within_module_init(const struct module *mod, unsigned long address);
int killswitch_claim(unsigned long *sites, unsigned int count, bool made, bool alone);
bool killswitch_is_at_entry(unsigned long site, unsigned long address);
unsigned long killswitch_original_code(unsigned long address, u8 *bytes);
int killswitch_on_call(struct kprobe *kp, struct pt_regs *regs);
int killswitch_on_user_call(struct kprobe *kp, struct pt_regs *regs);
int killswitch_on_conditional_call(struct kprobe *kp, struct pt_regs *regs);
u64 killswitch_sum_passed(const struct killswitch_callers *callers);
u64 killswitch_sum_faults(const struct killswitch_callers *callers);
void killswitch_after_call(struct kprobe *kp, struct pt_regs *regs, unsigned long flags);
int killswitch_find_program(const char *name, struct path *path);
u32 killswitch_device(const struct path *path);
u64 killswitch_inode_number(const struct path *path);
const struct inode *killswitch_inode(const struct path *path);
int killswitch_find_cgroup(const char *path, u32 *level, u64 *number);
struct killswitch_callers *killswitch_new_callers(void);
void killswitch_free_callers(struct killswitch_callers *callers);
unsigned int killswitch_argument_offset(unsigned int argument);
unsigned int killswitch_preempt_offset(struct kprobe *kp);
void killswitch_enter(struct pt_regs *regs, const unsigned long *arguments, unsigned int count,
		      unsigned long *stack);
unsigned long killswitch_resume_address(const struct pt_regs *regs);
bool killswitch_knows_caller(const struct killswitch_callers *callers, unsigned int i);
s64 killswitch_time_of(unsigned long call);
u64 killswitch_sum_calls(const struct killswitch_callers *callers, unsigned int i);
u64 killswitch_sum_hits(unsigned long slot);
void killswitch_free_slot(unsigned long slot); /* In Rust. */
void killswitch_free_slot_later(unsigned long slot);
int killswitch_count_freed(void);
void killswitch_slot_freed(void);
unsigned int killswitch_wait_for_slot(int count, unsigned int milliseconds);
bool killswitch_pause(void);
void killswitch_check(void); /* In Rust. */
void killswitch_check_terms(void); /* In Rust. */
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
void killswitch_init_limit(struct ratelimit_state *limit, unsigned int seconds, unsigned int burst);

#endif /* _SECURITY_KILLSWITCH_H */
