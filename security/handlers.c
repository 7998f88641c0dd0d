// SPDX-License-Identifier: GPL-2.0-only
/*
 * Probe handlers, and all the code that they run.
 *
 * They run in any context and may be nested: an interrupt can call a probed
 * function at any point here. So they call nothing that can be probed or traced,
 * and no inline function either, which may be compiled to a call. The exceptions
 * are killswitch_wake() and killswitch_trace().
 */

#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/mm_types.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>

#include "arch.h"
#include "condition.h"
#include "killswitch.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

enum { FREE, BUSY, READY };

static __always_inline u64 cgroup_serial(void)
{
#ifdef CONFIG_CGROUPS
	return rcu_dereference_raw(current->cgroups)->dfl_cgrp->self.serial_nr;
#else
	return 0;
#endif
}

/* The program of the current task. The file may be reused meanwhile, but is not freed. */
static __always_inline const struct inode *program(void)
{
	struct mm_struct *mm = current->mm;
	struct file *file = mm ? rcu_dereference_raw(mm->exe_file) : NULL;

	return file ? file->f_inode : NULL;
}

/* The return address: the function has not run yet. */
static __always_inline unsigned long call_site(const struct pt_regs *regs)
{
	return arch_return_address(regs);
}

/* Whether a known caller is the current task. No call site is at address 0. */
static __always_inline bool is_current(const struct killswitch_caller *known,
				       const struct inode *exe, const struct pt_regs *regs)
{
	return known->address == call_site(regs) && known->exe == exe &&
	       (!exe || known->exe_number == exe->i_ino) &&
	       known->serial == cgroup_serial() && known->uid == current_real_cred()->uid.val;
}

/*
 * Set while a handler calls code that can be probed, to prevent recursion: one
 * flag each for task, softirq, hardirq and NMI context.
 */
static DEFINE_PER_CPU(bool [4], killswitch_in_probeable);

static __always_inline bool begin_probeable(unsigned int level)
{
	return !this_cpu_xchg(killswitch_in_probeable[level], true);
}

static __always_inline void end_probeable(unsigned int level)
{
	this_cpu_write(killswitch_in_probeable[level], false);
}

static void killswitch_woken(struct irq_work *work)
{
	killswitch_check_within(0);
}

static DEFINE_IRQ_WORK(killswitch_waker, killswitch_woken);

/*
 * Schedules the report of a new caller. Called once for each caller that an
 * engagement distinguishes. It calls code that can be probed, so it may be nested;
 * then the outer call does the work.
 */
static noinline void killswitch_wake(void)
{
	unsigned int level = interrupt_context_level();

	if (!begin_probeable(level))
		return;
	irq_work_queue(&killswitch_waker);
	end_probeable(level);
}
NOKPROBE_SYMBOL(killswitch_wake);

/* Traces a call, unless tracing or reporting made it. */
static noinline void killswitch_trace(const struct killswitch_probe *probe,
				      const struct pt_regs *regs, enum killswitch_action action,
				      bool fault)
{
	unsigned int level = interrupt_context_level();

	if (!begin_probeable(level))
		return;
	trace_call(probe->function, call_site(regs),
		   probe->value ? READ_ONCE(*probe->value) : 0, action, fault);
	end_probeable(level);
}
NOKPROBE_SYMBOL(killswitch_trace);

/* trace_call_enabled() could be compiled to a call. */
static __always_inline bool is_traced(void)
{
	return static_branch_unlikely(&__tracepoint_call.key);
}

/* Records the current task as a new caller. */
static __always_inline void describe(struct killswitch_caller *known, const struct inode *exe,
				     const struct pt_regs *regs, bool is_shared)
{
	known->uid = current_real_cred()->uid.val;
	known->first = jiffies;
	if (is_shared) {
		known->is_shared = true;
		return;
	}
	known->address = call_site(regs);
	known->exe = exe;
	if (exe) {
		known->exe_number = exe->i_ino;
		known->device = exe->i_sb->s_dev;
	}
	known->serial = cgroup_serial();
#ifdef CONFIG_CGROUPS
	known->cgroup = rcu_dereference_raw(current->cgroups)->dfl_cgrp->kn->id;
#endif
	known->login = current->loginuid.val;
	known->session = current->sessionid;
	known->pid = current->tgid;
	BUILD_BUG_ON(sizeof(known->comm) != sizeof(current->comm));
	__builtin_memcpy(known->comm, current->comm, sizeof(known->comm));
}

/*
 * Finds the current task among the known callers, or adds it. One user id can only
 * use KILLSWITCH_SHARE places; the last of them is shared by all its other tasks.
 * The last places of all are reserved for root. Calls without a place are counted
 * in KILLSWITCH_OTHERS.
 */
static __always_inline struct killswitch_caller *find_task(struct killswitch_callers *callers,
							   const struct inode *exe,
							   const struct pt_regs *regs,
							   bool *is_new)
{
	struct killswitch_caller *others = &callers->known[KILLSWITCH_OTHERS];
	struct killswitch_caller *shared = others;
	u32 uid = current_real_cred()->uid.val;
	unsigned int i, same = 0;

	for (i = KILLSWITCH_TASKS; i < KILLSWITCH_OTHERS; i++) {
		struct killswitch_caller *known = &callers->known[i];
		int state = raw_atomic_read_acquire(&known->state);

		if (state == FREE) {
			if (shared != others ||
			    (uid && i >= KILLSWITCH_OTHERS - KILLSWITCH_FOR_ROOT))
				break;
			state = raw_atomic_cmpxchg(&known->state, FREE, BUSY);
			if (state == FREE) {
				describe(known, exe, regs, same >= KILLSWITCH_SHARE - 1);
				raw_atomic_set_release(&known->state, READY);
				*is_new = true;
				return known;
			}
		}
		/* While another CPU or the interrupted task adds it, it may be added twice. */
		if (state != READY)
			continue;
		if (is_current(known, exe, regs))
			return known;
		if (known->uid == uid) {
			same++;
			if (known->is_shared)
				shared = known;
		}
	}
	return shared;
}

/* The bits of preempt_count() that say that the caller is not a task. */
#define INTERRUPTS (NMI_MASK | HARDIRQ_MASK | \
		    (IS_ENABLED(CONFIG_PREEMPT_RT) ? 0 : SOFTIRQ_OFFSET))

/* The interrupt context of the caller, without what handling the probe adds. */
static __always_inline unsigned int interrupts(const struct killswitch_probe *probe)
{
	return (preempt_count() - probe->preempt_offset) & INTERRUPTS;
}

/* Whether the caller is the last one on this CPU. */
static __always_inline bool is_last(const struct killswitch_caller *last,
				    const struct killswitch_probe *probe,
				    const struct pt_regs *regs)
{
	struct mm_struct *mm = current->mm;
	struct file *file;

	if (unlikely(!mm || interrupts(probe) || current->flags & PF_KTHREAD ||
		     (IS_ENABLED(CONFIG_PREEMPT_RT) && in_serving_softirq())))
		return false;
	file = rcu_dereference_raw(mm->exe_file);
	return likely(file) && is_current(last, file->f_inode, regs);
}

/* The context of the call: KILLSWITCH_TASKS if a user task calls on its own behalf. */
static __always_inline unsigned int context_of_call(const struct killswitch_probe *probe)
{
	unsigned int count = interrupts(probe);

	if (count & NMI_MASK)
		return KILLSWITCH_NMI;
	if (count & HARDIRQ_MASK)
		return KILLSWITCH_HARDIRQ;
	if (in_serving_softirq())
		return KILLSWITCH_SOFTIRQ;
	return current->flags & PF_KTHREAD ? KILLSWITCH_KTHREAD : KILLSWITCH_TASKS;
}

/* Whether a user task calls on its own behalf. */
static __always_inline bool is_task(const struct killswitch_probe *probe)
{
	return context_of_call(probe) == KILLSWITCH_TASKS;
}

/* Finds or adds the caller, in any context. */
static __always_inline struct killswitch_caller *find_caller(struct killswitch_probe *probe,
							     const struct pt_regs *regs,
							     bool *is_new)
{
	struct killswitch_callers *callers = probe->callers;
	unsigned int context = context_of_call(probe);
	struct killswitch_caller *known;

	if (context != KILLSWITCH_TASKS)
		return &callers->known[context];
	/* An exiting task no longer has a program. */
	known = find_task(callers, program(), regs, is_new);
	this_cpu_write(callers->tally->last, known);
	return known;
}

static __always_inline void count(struct killswitch_caller *caller)
{
	unsigned long now = jiffies;

	if (READ_ONCE(caller->last) != now)
		WRITE_ONCE(caller->last, now);
	this_cpu_inc(*caller->calls);
}

/*
 * Sends a call to the stub, unless the gate lets it pass, and counts it for its
 * caller. Calls that pass while the function is neither observed nor watched, for
 * example while other probes are being armed, are not counted.
 */
static __always_inline int take(struct killswitch_probe *probe, struct killswitch_caller *caller,
				struct pt_regs *regs)
{
	/* The gate may open between the two: then the call is still sent to the stub. */
	if (raw_atomic64_read(&probe->gate) >= 0 &&
	    raw_atomic64_fetch_inc(&probe->gate) >= 0) {
		if (READ_ONCE(probe->counts_passing))
			count(caller);
		return 0;
	}
	count(caller);
	/*
	 * At a function's entry, the return address is where a return expects it,
	 * so the stub returns to the caller. There is nothing to single-step.
	 */
	instruction_pointer_set(regs, probe->stub);
	return 1;
}

/* The slow path of a call: traces it, and reports a new caller. */
static noinline noinstr int killswitch_take_any(struct killswitch_probe *probe,
						struct pt_regs *regs, bool fault)
{
	bool is_new = false;
	struct killswitch_caller *caller = find_caller(probe, regs, &is_new);
	int taken = take(probe, caller, regs);

	instrumentation_begin();
	if (is_new)
		killswitch_wake();
	if (is_traced() && (taken || READ_ONCE(probe->counts_passing)))
		killswitch_trace(probe, regs,
				 taken ? KILLSWITCH_RETURNED : KILLSWITCH_OBSERVED, fault);
	instrumentation_end();
	return taken;
}

static __always_inline int take_call(struct killswitch_probe *probe, struct pt_regs *regs,
				     bool fault)
{
	struct killswitch_caller *last = this_cpu_read(probe->callers->tally->last);

	if (!is_traced() && likely(is_last(last, probe, regs)))
		return take(probe, last, regs);
	return killswitch_take_any(probe, regs, fault);
}

noinstr int killswitch_on_call(struct kprobe *kp, struct pt_regs *regs)
{
	return take_call(container_of(kp, struct killswitch_probe, kprobe), regs, false);
}

/*
 * Handles calls by users other than root. Interrupts and kernel threads count as
 * root, since it is unknown for whom they work. The objective credentials count,
 * not those that a task overrides temporarily, as file systems do.
 */
noinstr int killswitch_on_user_call(struct kprobe *kp, struct pt_regs *regs)
{
	struct killswitch_probe *probe = container_of(kp, struct killswitch_probe, kprobe);

	if (!is_task(probe) || !current_real_cred()->uid.val)
		return 0;
	return take_call(probe, regs, false);
}

/* Compares a property of the caller, by the objective credentials as above. */
static __always_inline bool compare_caller(const struct killswitch_comparison *comparison,
					   const struct killswitch_probe *probe)
{
	const struct cred *cred = current_real_cred();
	u64 value;

	switch (comparison->source) {
	case KILLSWITCH_COMM:
		return killswitch_compare_text(comparison, (unsigned long)current->comm) ==
		       KILLSWITCH_YES;
	case KILLSWITCH_EXE:
		/* The condition holds a reference, so the address is not reused. */
		return (program() == comparison->program) ==
		       (comparison->operation == KILLSWITCH_EQUAL);
#ifdef CONFIG_CGROUPS
	case KILLSWITCH_CGROUP: {
		struct cgroup *cgroup = rcu_dereference_raw(current->cgroups)->dfl_cgrp;
		bool is_in = cgroup->level >= comparison->second &&
			     cgroup->ancestors[comparison->second]->kn->id == comparison->value;

		return is_in == (comparison->operation == KILLSWITCH_EQUAL);
	}
#endif
	case KILLSWITCH_UID:
		value = cred->uid.val;
		break;
	case KILLSWITCH_GID:
		value = cred->gid.val;
		break;
	case KILLSWITCH_CAP:
		value = cred->user_ns == &init_user_ns &&
			cred->cap_effective.val & BIT_ULL(comparison->second);
		break;
	case KILLSWITCH_USERNS:
		value = cred->user_ns == &init_user_ns;
		break;
	default:
		value = context_of_call(probe);
		break;
	}
	return compare_numbers(comparison, value);
}

/* Handles calls for which a condition is true, or may be true after a fault. */
noinstr int killswitch_on_conditional_call(struct kprobe *kp, struct pt_regs *regs)
{
	struct killswitch_probe *probe = container_of(kp, struct killswitch_probe, kprobe);
	unsigned int next = 0;
	bool fault = false;

	if (probe->only_nonroot && (!is_task(probe) || !current_real_cred()->uid.val))
		return 0;
	do {
		const struct killswitch_comparison *comparison =
			&probe->condition->comparisons[next];
		enum killswitch_outcome outcome;

		if (comparison->source == KILLSWITCH_ARGUMENT)
			outcome = compare_argument(comparison, regs);
		else
			outcome = compare_caller(comparison, probe) ? KILLSWITCH_YES :
								      KILLSWITCH_NO;
		if (unlikely(outcome == KILLSWITCH_FAULT)) {
			fault = true;
			this_cpu_inc(probe->callers->tally->faults);
			/* An error denies; any other value may grant. */
			next = !probe->value || IS_ERR_VALUE(READ_ONCE(*probe->value)) ?
			       KILLSWITCH_ACCEPT : KILLSWITCH_REJECT;
			break;
		}
		next = outcome == KILLSWITCH_YES ? comparison->if_true : comparison->if_false;
	} while (next < KILLSWITCH_COMPARISONS);
	if (next == KILLSWITCH_REJECT) {
		this_cpu_inc(probe->callers->tally->passed);
		instrumentation_begin();
		if (is_traced())
			killswitch_trace(probe, regs, KILLSWITCH_PASSED, fault);
		instrumentation_end();
		return 0;
	}
	return take_call(probe, regs, fault);
}

/* Empty: a post_handler marks a kprobe as one that may change the instruction pointer. */
noinstr void killswitch_after_call(struct kprobe *kp, struct pt_regs *regs, unsigned long flags)
{
}

/* The offset of an argument in struct pt_regs. */
unsigned int killswitch_argument_offset(unsigned int argument)
{
	return arch_arguments[argument % ARRAY_SIZE(arch_arguments)];
}

/* What handling a probe adds to preempt_count(). */
unsigned int killswitch_preempt_offset(struct kprobe *kp)
{
	return arch_preempt_offset(kp);
}

#ifdef CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST
/* Sets up registers as a call does, with the return address on top of @stack. */
void killswitch_enter(struct pt_regs *regs, const unsigned long *arguments, unsigned int count,
		      unsigned long *stack)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		*(unsigned long *)((void *)regs + killswitch_argument_offset(i)) = arguments[i];
	arch_set_return_address(regs, stack);
}

unsigned long killswitch_resume_address(const struct pt_regs *regs)
{
	return instruction_pointer((struct pt_regs *)regs);
}
#endif

/* Allocates the callers of an engagement. Returns NULL on failure. Sleeps. */
struct killswitch_callers *killswitch_new_callers(void)
{
	struct killswitch_callers *callers = kzalloc_obj(*callers);
	unsigned int i;
	int cpu;

	if (!callers)
		return NULL;
	callers->tally = alloc_percpu_gfp(struct killswitch_tally, GFP_KERNEL);
	if (!callers->tally) {
		kfree(callers);
		return NULL;
	}
	for (i = 0; i < KILLSWITCH_PLACES; i++)
		callers->known[i].calls = &callers->tally->calls[i];
	for_each_possible_cpu(cpu)
		per_cpu_ptr(callers->tally, cpu)->last = &callers->known[KILLSWITCH_OTHERS];
	return callers;
}

/* To be called when no probe uses them any more. */
void killswitch_free_callers(struct killswitch_callers *callers)
{
	free_percpu(callers->tally);
	kfree(callers);
}

/* Converts jiffies at a call to seconds since the epoch. */
s64 killswitch_time_of(unsigned long call)
{
	return ktime_get_real_seconds() - (jiffies - call) / HZ;
}

/* Whether place @i, from KILLSWITCH_TASKS on, holds a caller. */
bool killswitch_knows_caller(const struct killswitch_callers *callers, unsigned int i)
{
	return atomic_read_acquire(&callers->known[i].state) == READY;
}

static u64 killswitch_sum(const u64 __percpu *counts)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(counts, cpu));
	return sum;
}

/* How many calls a condition let pass. */
u64 killswitch_sum_passed(const struct killswitch_callers *callers)
{
	return killswitch_sum(&callers->tally->passed);
}

/* For how many calls a condition faulted. */
u64 killswitch_sum_faults(const struct killswitch_callers *callers)
{
	return killswitch_sum(&callers->tally->faults);
}

/* How many calls the caller in place @i made. */
u64 killswitch_sum_calls(const struct killswitch_callers *callers, unsigned int i)
{
	return killswitch_sum(callers->known[i].calls);
}
