/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared code of concurrent tests: threads that call functions continuously, and threads that
 * change these functions.
 */
#ifndef KILLSWITCH_STORM_H
#define KILLSWITCH_STORM_H

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include "common.h"

#define IMPOSTOR	"killswitch_impostor"
#define ARMED		IMPOSTOR ":ks_impostor_lets_ask"
#define TRACING		"/sys/kernel/tracing"

/* Calls per write to the file storm. */
#define CHUNK		500
#define CALLERS		8

/* A gate for all threads: open, closed to pause them, or stopped. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t turned;
	bool closed, stop;
} gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER };

static inline void set_gate(bool closed, bool stop)
{
	pthread_mutex_lock(&gate.lock);
	gate.closed = closed;
	gate.stop = stop;
	pthread_cond_broadcast(&gate.turned);
	pthread_mutex_unlock(&gate.lock);
}

/*
 * Whether a thread continues, after a pause if the gate is closed. Terminated threads count as
 * paused.
 */
static inline bool pass_gate(bool *rests)
{
	bool stop;

	pthread_mutex_lock(&gate.lock);
	__atomic_store_n(rests, true, __ATOMIC_RELEASE);
	while (gate.closed && !gate.stop)
		pthread_cond_wait(&gate.turned, &gate.lock);
	stop = gate.stop;
	if (!stop)
		__atomic_store_n(rests, false, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&gate.lock);
	return !stop;
}

static inline double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* A thread that calls a function in a loop in the kernel. */
struct caller {
	pthread_t thread;
	int cpu;
	int storm;
	int nice;
	int error;
	bool rests;
	unsigned long chunks;
	char text[128];
};

static inline void *call(void *data)
{
	struct caller *caller = data;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(caller->cpu, &set);
	caller->error = -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	if (!caller->error && setpriority(PRIO_PROCESS, 0, caller->nice))
		caller->error = -errno;
	while (!caller->error && pass_gate(&caller->rests)) {
		caller->error = ks_write(caller->storm, caller->text, strlen(caller->text));
		__atomic_add_fetch(&caller->chunks, 1, __ATOMIC_RELEASE);
		/* Leaves time for threads that engage. */
		usleep(100);
	}
	__atomic_store_n(&caller->rests, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Their nice value, without which many of them would leave little time. */
static int niceness;

/* Starts a thread on @cpu that calls @function, which may return @values. */
static inline int start_caller(struct caller *caller, int cpu, const char *function,
			       const char *values)
{
	*caller = (struct caller){ .cpu = cpu, .nice = niceness };
	snprintf(caller->text, sizeof(caller->text), "%s %d %s", function, CHUNK, values);
	caller->storm = open(KS_TARGET "/storm", O_RDWR | O_CLOEXEC);
	if (caller->storm < 0)
		return -errno;
	return -pthread_create(&caller->thread, NULL, call, caller);
}

/* Starts a thread on each CPU: their number or a negative errno. */
static inline int start_callers(struct caller *callers, const char *function, const char *values)
{
	int count = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	for (int cpu = 0; cpu < CPU_SETSIZE && count < CALLERS; cpu++) {
		int ret;

		if (!CPU_ISSET(cpu, &set))
			continue;
		ret = start_caller(&callers[count], cpu, function, values);
		if (ret)
			return ret;
		count++;
	}
	return count;
}

/* The results of all callers. */
struct outcome {
	unsigned long long calls, judged, wrong, unknown;
	/* How often the first and the second value were returned. */
	unsigned long long seen[2];
	char bad[256];
};

/* Adds the results of calls through @storm, which is no longer in use, to @sum. */
static inline bool add_outcome(int storm, struct outcome *sum)
{
	unsigned long long calls, judged, wrong, unknown, seen[2];
	char text[1024] = "";

	if (pread(storm, text, sizeof(text) - 1, 0) <= 0 ||
	    sscanf(text, "calls %llu judged %llu wrong %llu unknown %llu ", &calls, &judged,
		   &wrong, &unknown) != 4 ||
	    sscanf(strchrnul(text, '\n'), " value %*d seen %llu value %*d seen %llu", &seen[0],
		   &seen[1]) != 2)
		return false;
	sum->calls += calls;
	sum->judged += judged;
	sum->wrong += wrong;
	sum->unknown += unknown;
	sum->seen[0] += seen[0];
	sum->seen[1] += seen[1];
	if ((wrong || unknown) && !sum->bad[0])
		snprintf(sum->bad, sizeof(sum->bad), "%s", strtok(text, "\n"));
	return true;
}

/* Waits until the callers have ended, and adds up their results. */
static inline bool sum_up(struct caller *callers, int count, struct outcome *sum)
{
	bool ok = true;

	memset(sum, 0, sizeof(*sum));
	for (int i = 0; i < count; i++) {
		pthread_join(callers[i].thread, NULL);
		ok = add_outcome(callers[i].storm, sum) && !callers[i].error && ok;
		close(callers[i].storm);
	}
	return ok;
}

/* The expected number of audit records. */
struct totals {
	long engaged, watched, changed, asked, refused;
};

/* A thread that performs an operation continuously. */
struct actor {
	pthread_t thread;
	unsigned int seed;
	bool rests;
	long done;
	struct totals totals;
	/* The number of errors, and the first one. */
	long wrong;
	char what[256];
};

struct role {
	const char *name;
	void *(*act)(void *actor);
};

static inline void complain(struct actor *actor, const char *format, ...)
{
	va_list args;

	if (actor->wrong++)
		return;
	va_start(args, format);
	vsnprintf(actor->what, sizeof(actor->what), format, args);
	va_end(args);
}

/* Loads a module with a wrong parameter: the resulting negative errno. */
static inline int load_with_error(void)
{
	int fd = ks_open_beside("", IMPOSTOR ".ko"), ret;

	if (fd < 0)
		fd = ks_open_beside("test_modules/", IMPOSTOR ".ko");
	if (fd < 0)
		return fd;
	ret = syscall(__NR_finit_module, fd, "value=wrong", 0) ? -errno : 0;
	close(fd);
	return ret;
}

/* Unloads a module as soon as it is no longer in use. */
static inline int unload_when_unused(const char *name)
{
	int ret;

	do {
		ret = ks_unload_module(name);
	} while (ret == -EWOULDBLOCK || ret == -EBUSY);
	return ret;
}

#endif /* KILLSWITCH_STORM_H */
