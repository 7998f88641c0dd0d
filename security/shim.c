// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only C can do: wrap inline functions and macros of the kernel, define the
 * boot parameter and the delayed work, and warn at boot if Killswitch was
 * requested but is not enabled.
 */

#define pr_fmt(fmt) "killswitch: " fmt

#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <asm/setup.h>

#include "arch.h"
#include "killswitch.h"

/*
 * Cleared by the LSM framework if lsm= or CONFIG_LSM do not name "killswitch".
 */
int killswitch_enabled __initdata = 1;

/* All boot parameters that begin with "killswitch", without that, one per line. */
static char boot_parameters[COMMAND_LINE_SIZE] __initdata;
static bool boot_overflowed __initdata;

/* A parameter that does not fit is dropped: truncated, it could mean something else. */
static int __init killswitch_setup(char *parameter)
{
	size_t used = strlen(boot_parameters);

	if (*parameter != '=' && *parameter != '.')
		return 0;
	if (used + strlen(parameter) + 1 >= sizeof(boot_parameters)) {
		boot_overflowed = true;
		return 1;
	}
	strscpy(boot_parameters + used, parameter, sizeof(boot_parameters) - used);
	strcat(boot_parameters, "\n");
	return 1;
}
__setup("killswitch", killswitch_setup);

static void __init killswitch_warn_no_effect(const char *parameter)
{
	pr_warn("killswitch%s has NO effect: the security module is not enabled; add killswitch to lsm=\n",
		parameter);
}

/* A mitigation that was requested and has no effect must not go unnoticed. */
static int __init killswitch_check_enabled(void)
{
	char *rest = boot_parameters, *parameter;

	if (killswitch_enabled)
		return 0;
	while ((parameter = strsep(&rest, "\n"))) {
		if (*parameter)
			killswitch_warn_no_effect(parameter);
	}
	/* Those that did not fit. */
	if (boot_overflowed)
		killswitch_warn_no_effect("=...");
	return 0;
}
late_initcall(killswitch_check_enabled);

/* Call these two only before init memory is freed. */
const char *__ref killswitch_boot_parameters(void)
{
	return boot_parameters;
}

bool __ref killswitch_boot_overflowed(void)
{
	return boot_overflowed;
}

/* Whether the opener had CAP_SYS_ADMIN. Only decides what is shown, so it is not audited. */
bool killswitch_opened_by_administrator(const struct file *file)
{
	return !security_capable(file->f_cred, &init_user_ns, CAP_SYS_ADMIN, CAP_OPT_NOAUDIT);
}

/*
 * Starts a record, in the audit event of the current task or in a new event.
 * Returns NULL if audit is off or out of memory. May sleep.
 */
struct audit_buffer *killswitch_audit_start(bool of_task, int type)
{
	return audit_log_start(of_task ? audit_context() : NULL, GFP_KERNEL, type);
}

/* Logs that no task is the subject, as the audit tools expect it. */
void killswitch_audit_no_subject(struct audit_buffer *ab)
{
	audit_log_format(ab, " auid=%u ses=%u", AUDIT_UID_UNSET, AUDIT_SID_UNSET);
}

/* Logs the current task as the subject. May sleep. */
void killswitch_audit_subject(struct audit_buffer *ab)
{
	char comm[TASK_COMM_LEN];
	struct file *exe = NULL;

	audit_log_format(ab, " auid=%u uid=%u ses=%u",
			 from_kuid(&init_user_ns, audit_get_loginuid(current)),
			 from_kuid(&init_user_ns, current_uid()),
			 audit_get_sessionid(current));
	audit_log_task_context(ab);
	audit_log_format(ab, " pid=%d comm=", task_tgid_nr(current));
	audit_log_untrustedstring(ab, get_task_comm(comm, current));

	if (current->mm)
		exe = get_mm_exe_file(current->mm);
	if (exe) {
		audit_log_d_path(ab, " exe=", &exe->f_path);
		fput(exe);
	} else {
		audit_log_format(ab, " exe=(null)");
	}
}

/*
 * Resolves @name for the current task, and takes a reference to the path. May sleep
 * on the file system.
 */
int killswitch_find_program(const char *name, struct path *path)
{
	return kern_path(name, LOOKUP_FOLLOW, path);
}

/* The device that @path is on. */
u32 killswitch_device(const struct path *path)
{
	return killswitch_inode(path)->i_sb->s_dev;
}

/* The number of the inode of @path. */
u64 killswitch_inode_number(const struct path *path)
{
	return killswitch_inode(path)->i_ino;
}

/* The inode that identifies a program started from @path. */
const struct inode *killswitch_inode(const struct path *path)
{
	return d_backing_inode(path->dentry);
}

/* Resolves @path in the unified hierarchy, as the current task sees it. May sleep. */
int killswitch_find_cgroup(const char *path, u32 *level, u64 *number)
{
#ifdef CONFIG_CGROUPS
	struct cgroup *found = cgroup_get_from_path(path);

	if (IS_ERR(found))
		return PTR_ERR(found);
	*level = found->level;
	*number = cgroup_id(found);
	cgroup_put(found);
	return 0;
#else
	return -ENOENT;
#endif
}

/* Takes a reference to a module, unless it is being unloaded. */
bool killswitch_try_module_get(struct module *mod)
{
	return try_module_get(mod);
}

/* Takes another reference to a module; the caller has one. */
void killswitch_module_get(struct module *mod)
{
	__module_get(mod);
}

void killswitch_module_put(struct module *mod)
{
	module_put(mod);
}

bool killswitch_within_module(const struct module *mod, unsigned long address)
{
	return within_module(address, mod);
}

bool killswitch_within_module_init(const struct module *mod, unsigned long address)
{
	return within_module_init(address, mod);
}

/* Whether @site is the ftrace location at the entry of the function at @address. */
bool killswitch_is_at_entry(unsigned long site, unsigned long address)
{
	return arch_is_at_entry(site, address);
}

/*
 * Copies the code that the probe at @address replaced to @bytes, which has room for
 * the longest probe. Returns its length, 0 without a probe. Called with text_mutex
 * held.
 */
unsigned long killswitch_original_code(unsigned long address, u8 *bytes)
{
	struct kprobe *kp;

	guard(rcu)();
	kp = get_kprobe((void *)address);
	return kp ? arch_original_code(kp, bytes) : 0;
}

static void killswitch_on_claim(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
}
NOKPROBE_SYMBOL(killswitch_on_claim);

/* A function takes only one such ops, so this one excludes livepatches. */
static struct ftrace_ops killswitch_claims = {
	.func = killswitch_on_claim,
	.flags = FTRACE_OPS_FL_IPMODIFY,
};

/*
 * Claims (@made) or releases the @count functions traced at @sites, or fails and
 * changes nothing. The sites are distinct and not yet in that state. @alone says
 * that no others are claimed. The caller serializes.
 */
int killswitch_claim(unsigned long *sites, unsigned int count, bool made, bool alone)
{
	int ret;

	if (made) {
		ret = ftrace_set_filter_ips(&killswitch_claims, sites, count, 0, alone);
		return ret || !alone ? ret : register_ftrace_function(&killswitch_claims);
	}
	/* An ops without a filter would attach to every function. */
	if (alone)
		return unregister_ftrace_function(&killswitch_claims);
	return ftrace_set_filter_ips(&killswitch_claims, sites, count, 1, 0);
}

/* How often the stub of each slot has run since boot, per CPU. */
DEFINE_PER_CPU(u64[CONFIG_SECURITY_KILLSWITCH_SLOTS], killswitch_hits);

u64 killswitch_sum_hits(unsigned long slot)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(killswitch_hits, cpu)[slot]);
	return sum;
}

static struct rcu_head killswitch_freed[CONFIG_SECURITY_KILLSWITCH_SLOTS];
/* How many slots have been freed since boot. */
static atomic_t times_freed;

int killswitch_count_freed(void)
{
	return atomic_read(&times_freed);
}

void killswitch_slot_freed(void)
{
	/* Implies the barrier that wake_up_var() requires. */
	atomic_inc_return(&times_freed);
	wake_up_var(&times_freed);
}

static void killswitch_grace_period_over(struct rcu_head *head)
{
	killswitch_free_slot(head - killswitch_freed);
}

/*
 * Calls killswitch_free_slot() after an RCU tasks grace period, when no task can
 * still be about to run, or inside, a stub that nothing points to any more.
 */
void killswitch_free_slot_later(unsigned long slot)
{
	call_rcu_tasks(&killswitch_freed[slot], killswitch_grace_period_over);
}

/*
 * Waits until killswitch_count_freed() is no longer @count, at most @milliseconds.
 * Returns the milliseconds left. Sleeps.
 */
unsigned int killswitch_wait_for_slot(int count, unsigned int milliseconds)
{
	long left = wait_var_event_timeout(&times_freed, atomic_read(&times_freed) != count,
					   msecs_to_jiffies(milliseconds));

	return jiffies_to_msecs(left);
}

/* Sets the operations of @dentry, a new directory, which only root may use. */
void killswitch_set_operations(struct dentry *dentry, const struct inode_operations *iops,
			       const struct file_operations *fops)
{
	d_inode(dentry)->i_mode = S_IFDIR | 0700;
	d_inode(dentry)->i_op = iops;
	d_inode(dentry)->i_fop = fops;
}

/* Adds an inode with @key as i_private to @dentry, for ->lookup(). Returns what that does. */
struct dentry *killswitch_add_inode(struct dentry *dentry, umode_t mode, u64 number,
				    unsigned long key, const struct dentry_operations *dops,
				    const struct inode_operations *iops,
				    const struct file_operations *fops)
{
	struct inode *inode = new_inode(dentry->d_sb);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_ino = number;
	inode->i_mode = mode;
	simple_inode_init_ts(inode);
	inode->i_private = (void *)key;
	if (iops)
		inode->i_op = iops;
	inode->i_fop = fops;
	return d_splice_alias_ops(inode, dentry, dops);
}

bool killswitch_emit_dots(struct file *file, struct dir_context *ctx)
{
	return dir_emit_dots(file, ctx);
}

bool killswitch_emit(struct dir_context *ctx, const char *name, int length, u64 number,
		     unsigned int type)
{
	return dir_emit(ctx, name, length, number, type);
}

static void killswitch_check_work(struct work_struct *work)
{
	killswitch_check();
}

static DECLARE_WORK(check_work, killswitch_check_work);

/* Expiry must not wait for killswitch_check(), which may be waiting for other probes. */
static void killswitch_terms_work(struct work_struct *work)
{
	killswitch_check_terms();
	queue_work(system_power_efficient_wq, &check_work);
}

static DECLARE_DELAYED_WORK(delayed_check, killswitch_terms_work);
static DEFINE_SPINLOCK(check_lock);

/* Schedules both checks in @milliseconds, unless they are scheduled earlier. */
void killswitch_check_within(unsigned int milliseconds)
{
	unsigned long delay = msecs_to_jiffies(milliseconds);

	/* A later deadline must not replace an earlier one that was just set. */
	guard(spinlock_irqsave)(&check_lock);
	if (!delayed_work_pending(&delayed_check) ||
	    time_before(jiffies + delay, READ_ONCE(delayed_check.timer.expires)))
		mod_delayed_work(system_power_efficient_wq, &delayed_check, delay);
}

/* Reschedules if needed. Returns whether the current task was killed. Sleeps. */
bool killswitch_pause(void)
{
	cond_resched();
	return fatal_signal_pending(current);
}

/* Creates an ordered workqueue. Returns NULL on failure. */
struct workqueue_struct *killswitch_create_queue(void)
{
	return alloc_ordered_workqueue("killswitch", 0);
}

/* How many work items have been done since boot. */
static atomic64_t work_done;

s64 killswitch_count_done(void)
{
	return atomic64_read(&work_done);
}

void killswitch_done(void)
{
	/* Implies the barrier that wake_up_var() requires. */
	atomic64_inc_return(&work_done);
	wake_up_var(&work_done);
}

/* Waits until @count items are done, at most @milliseconds. */
void killswitch_wait_until_done(s64 count, unsigned int milliseconds)
{
	wait_var_event_timeout(&work_done, atomic64_read(&work_done) >= count,
			       msecs_to_jiffies(milliseconds));
}

/* Initializes a limit of @burst in @seconds. */
void killswitch_init_limit(struct ratelimit_state *limit, unsigned int seconds, unsigned int burst)
{
	ratelimit_state_init(limit, seconds * HZ, burst);
}
