// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only C can do: call inline functions and macros of the kernel, define the
 * boot parameter and the delayed work, and say at boot that Killswitch was asked
 * for and is not enabled.
 */

#define pr_fmt(fmt) "killswitch: " fmt

#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <asm/setup.h>

#include "killswitch.h"

/*
 * Cleared by the LSM framework when "killswitch" is not among the modules that
 * lsm= or CONFIG_LSM name.
 */
int killswitch_enabled __initdata = 1;

/* What follows "killswitch" in all parameters that begin with it, one per line. */
static char boot_parameters[COMMAND_LINE_SIZE] __initdata;
static bool boot_overflowed __initdata;

/* A parameter for which there is no room is left out whole: cut, it could say something else. */
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

/* A mitigation that was asked for and is not there must not go unnoticed. */
static int __init killswitch_check_enabled(void)
{
	char *rest = boot_parameters, *parameter;

	if (killswitch_enabled)
		return 0;
	while ((parameter = strsep(&rest, "\n"))) {
		if (*parameter)
			killswitch_warn_no_effect(parameter);
	}
	/* Those for which there was no room. */
	if (boot_overflowed)
		killswitch_warn_no_effect("=...");
	return 0;
}
late_initcall(killswitch_check_enabled);

/* These two are to be called before init memory is freed. */
const char *__ref killswitch_boot_parameters(void)
{
	return boot_parameters;
}

bool __ref killswitch_boot_overflowed(void)
{
	return boot_overflowed;
}

/*
 * Begins a record: one of the event that the current task makes, or an event of
 * its own. Returns NULL when audit is not running or has no memory. May sleep.
 */
struct audit_buffer *killswitch_audit_start(bool of_task)
{
	return audit_log_start(of_task ? audit_context() : NULL, GFP_KERNEL,
			       AUDIT_MAC_CONFIG_CHANGE);
}

/* Logs that nobody did it, in the way that the tools expect it. */
void killswitch_audit_nobody(struct audit_buffer *ab)
{
	audit_log_format(ab, " auid=%u ses=%u", AUDIT_UID_UNSET, AUDIT_SID_UNSET);
}

/* Logs who the current task is. May sleep. */
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

/* Takes a reference to a module, unless it goes. */
bool killswitch_try_module_get(struct module *mod)
{
	return try_module_get(mod);
}

/* Takes another reference to a module of which the caller has one. */
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

/*
 * Whether a user other than root called the function that @kp is on; to be asked
 * by its handler. Interrupts and kernel threads count as root: nobody can say
 * for whom they work. A breakpoint is handled like an interrupt of its own. What
 * the task is counts, not on whose behalf it acts for the moment, as file systems
 * have it do.
 */
bool __kprobes killswitch_is_nonroot(struct kprobe *kp)
{
	unsigned long own = kprobe_ftrace(kp) ? 0 : HARDIRQ_OFFSET;

	return hardirq_count() == own && !in_serving_softirq() &&
	       !(current->flags & PF_KTHREAD) &&
	       !uid_eq(current_real_cred()->uid, GLOBAL_ROOT_UID);
}

static void killswitch_tick_work(struct work_struct *work)
{
	killswitch_tick();
}

static DECLARE_DELAYED_WORK(delayed_tick, killswitch_tick_work);

/* Has killswitch_tick() called once, so many milliseconds from now and not at another time. */
void killswitch_tick_after(unsigned int milliseconds)
{
	mod_delayed_work(system_power_efficient_wq, &delayed_tick, msecs_to_jiffies(milliseconds));
}

/* Lets others run. Returns whether the current task was killed. Sleeps. */
bool killswitch_pause(void)
{
	cond_resched();
	return fatal_signal_pending(current);
}

/*
 * Waits until every task has been scheduled voluntarily or has left the
 * kernel, so that none is still on its way to, or inside, a return stub that
 * nothing points to any more. Sleeps, for long.
 */
void killswitch_wait_for_tasks(void)
{
	synchronize_rcu_tasks();
}
