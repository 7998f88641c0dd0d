// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever is done at once, a call returns what the function returns or what it
 * was engaged with; from the moment that a request has returned, only what was
 * asked for.
 *
 * KS_CALLS is how many calls are judged (a million), KS_SECONDS how long the
 * storm lasts (60).
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "common.h"

#define IMPOSTOR	"killswitch_impostor"
#define ARMED		IMPOSTOR ":ks_impostor_lets_ask"
#define IMPOSTOR_FILE	"/sys/kernel/debug/" IMPOSTOR "/ks_impostor_lets_ask"
#define TRACING		"/sys/kernel/tracing"

/* Calls per write to the file storm. */
#define CHUNK		500
#define CALLERS		8

static bool stop;

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_ACQUIRE);
}

static long setting(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text && atol(text) > 0 ? atol(text) : otherwise;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* A thread that calls a function in a loop of the kernel. */
struct caller {
	pthread_t thread;
	int cpu;
	int storm;
	int error;
	unsigned long chunks;
	char text[128];
};

static void *call(void *data)
{
	struct caller *caller = data;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(caller->cpu, &set);
	caller->error = -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	while (!caller->error && !stopped()) {
		caller->error = ks_write(caller->storm, caller->text, strlen(caller->text));
		__atomic_add_fetch(&caller->chunks, 1, __ATOMIC_RELEASE);
		/* Leaves time for those who engage. */
		usleep(100);
	}
	return NULL;
}

/* Starts a thread on @cpu that calls @function, which may return @values. */
static int start_caller(struct caller *caller, int cpu, const char *function, const char *values)
{
	*caller = (struct caller){ .cpu = cpu };
	snprintf(caller->text, sizeof(caller->text), "%s %d %s", function, CHUNK, values);
	caller->storm = open(KS_TARGET "/storm", O_RDWR | O_CLOEXEC);
	if (caller->storm < 0)
		return -errno;
	return -pthread_create(&caller->thread, NULL, call, caller);
}

/* Starts one on each CPU: how many there are or a negative errno. */
static int start_callers(struct caller *callers, const char *function, const char *values)
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

static unsigned long chunks_of(struct caller *caller)
{
	return __atomic_load_n(&caller->chunks, __ATOMIC_ACQUIRE);
}

/* Waits until each caller has ended @more chunks, or for a minute. */
static bool wait_for_chunks(struct caller *callers, int count, unsigned long more)
{
	double until = now() + 60;
	unsigned long goal[CALLERS];

	for (int i = 0; i < count; i++)
		goal[i] = chunks_of(&callers[i]) + more;
	for (int i = 0; i < count; i++) {
		while (chunks_of(&callers[i]) < goal[i]) {
			if (now() > until)
				return false;
			usleep(500);
		}
	}
	return true;
}

static long calls_of(struct caller *callers, int count)
{
	long calls = 0;

	for (int i = 0; i < count; i++)
		calls += chunks_of(&callers[i]) * CHUNK;
	return calls;
}

/* What came of the calls of all callers. */
struct outcome {
	unsigned long long calls, judged, wrong, unknown;
	/* How often the first and the second value were seen. */
	unsigned long long seen[2];
	char bad[256];
};

static bool sum_up(struct caller *callers, int count, struct outcome *sum)
{
	char text[1024];

	memset(sum, 0, sizeof(*sum));
	for (int i = 0; i < count; i++) {
		unsigned long long calls, judged, wrong, unknown, seen[2];

		pthread_join(callers[i].thread, NULL);
		memset(text, 0, sizeof(text));
		if (pread(callers[i].storm, text, sizeof(text) - 1, 0) <= 0 ||
		    sscanf(text, "calls %llu judged %llu wrong %llu unknown %llu ", &calls,
			   &judged, &wrong, &unknown) != 4 ||
		    sscanf(strchrnul(text, '\n'), " value %*d seen %llu value %*d seen %llu",
			   &seen[0], &seen[1]) != 2)
			return false;
		close(callers[i].storm);
		sum->calls += calls;
		sum->judged += judged;
		sum->wrong += wrong;
		sum->unknown += unknown;
		sum->seen[0] += seen[0];
		sum->seen[1] += seen[1];
		if ((wrong || unknown) && !sum->bad[0])
			snprintf(sum->bad, sizeof(sum->bad), "%s", strtok(text, "\n"));
		if (callers[i].error)
			return false;
	}
	return true;
}

/* Says what calls that begin from now on may return. */
static int expect(int fd, int first, int second)
{
	static unsigned int turn;
	char text[64];
	int len = snprintf(text, sizeof(text), "%u %d %d", ++turn, first, second);

	return ks_write(fd, text, len);
}

FIXTURE(moment)
{
	int control;
	int expect;
	struct caller callers[CALLERS];
	int count;
};

FIXTURE_VARIANT(moment)
{
	/* What shares the function: a tracing kprobe, or the function tracer. */
	const char *kprobe;
	const char *filter;
	/* The part of the calls that this takes, in percent. */
	int share;
};

FIXTURE_VARIANT_ADD(moment, alone)
{
	.share = 60,
};

FIXTURE_VARIANT_ADD(moment, with_a_kprobe)
{
	.kprobe = "p:kst/moment killswitch_target:ks_target_int\n",
	.share = 20,
};

FIXTURE_VARIANT_ADD(moment, with_the_function_tracer)
{
	.filter = "ks_target_int\n",
	.share = 20,
};

FIXTURE_SETUP(moment)
{
	cpu_set_t set;

	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(set), &set));
	if (CPU_COUNT(&set) < 2)
		SKIP(return, "there is only one CPU");
	self->expect = open(KS_TARGET "/expect", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->expect);
	if (variant->kprobe) {
		ASSERT_EQ(0, ks_put(TRACING "/kprobe_events", variant->kprobe));
		ASSERT_EQ(0, ks_put(TRACING "/events/kst/moment/enable", "1"));
	}
	if (variant->filter) {
		ASSERT_EQ(0, ks_put(TRACING "/set_ftrace_filter", variant->filter));
		ASSERT_EQ(0, ks_put(TRACING "/current_tracer", "function"));
	}
	stop = false;
}

FIXTURE_TEARDOWN(moment)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	if (variant->kprobe) {
		EXPECT_EQ(0, ks_put(TRACING "/events/kst/moment/enable", "0"));
		EXPECT_EQ(0, ks_put(TRACING "/kprobe_events", "-:kst/moment\n"));
	}
	if (variant->filter) {
		EXPECT_EQ(0, ks_put(TRACING "/current_tracer", "nop"));
		EXPECT_EQ(0, ks_put(TRACING "/set_ftrace_filter", "!ks_target_int\n"));
	}
	ks_put(KS_TARGET "/expect", "0 0 0");
	close(self->expect);
	close(self->control);
}

static const struct moment_case {
	const char *engage;
	const char *disengage;
} moment_cases[] = {
	{ "engage ks_target_int -7\n", "disengage ks_target_int\n" },
	{ "engage ks_target_int -7\n", "disengage_all\n" },
	{ "engage ks_target_other 0\nengage ks_target_int -7\nengage ks_target_long 0\n",
	  "disengage ks_target_other\ndisengage ks_target_int\ndisengage ks_target_long\n" },
	{ "engage ks_target_long 0\nengage ks_target_int -7\n", "disengage_all\n" },
};

/*
 * A call that begins after a function was engaged returns the value, one that
 * begins after it was disengaged does not; one that goes on meanwhile, either.
 */
TEST_F_TIMEOUT(moment, of_engage_and_disengage, 600)
{
	long goal = setting("KS_CALLS", 1000000) / 2 * variant->share / 100;
	double start = now();
	struct outcome sum;
	int turn;

	ASSERT_EQ(0, expect(self->expect, 42, 42));
	self->count = start_callers(self->callers, "ks_target_int", "42 -7");
	ASSERT_LE(2, self->count);
	for (turn = 0; turn < 40 || calls_of(self->callers, self->count) < goal; turn++) {
		const struct moment_case *c = &moment_cases[turn % ARRAY_SIZE(moment_cases)];

		EXPECT_EQ(0, expect(self->expect, 42, -7));
		EXPECT_EQ(0, ks_command(self->control, "%s", c->engage))
			TH_LOG("turn %d: %s", turn, c->engage);
		EXPECT_EQ(0, expect(self->expect, -7, -7));
		EXPECT_TRUE(wait_for_chunks(self->callers, self->count, 2));

		EXPECT_EQ(0, expect(self->expect, -7, 42));
		EXPECT_EQ(0, ks_command(self->control, "%s", c->disengage))
			TH_LOG("turn %d: %s", turn, c->disengage);
		EXPECT_EQ(0, expect(self->expect, 42, 42));
		EXPECT_TRUE(wait_for_chunks(self->callers, self->count, 2));
		if (_metadata->exit_code == KSFT_FAIL)
			break;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	ASSERT_TRUE(sum_up(self->callers, self->count, &sum));
	TH_LOG("%d turns in %.0f s, %llu calls: %llu of them judged, %llu ran, %llu did not", turn,
	       now() - start, sum.calls, sum.judged, sum.seen[0], sum.seen[1]);
	EXPECT_EQ(0, sum.unknown)
		TH_LOG("%s", sum.bad);
	EXPECT_EQ(0, sum.wrong)
		TH_LOG("%s", sum.bad);
	EXPECT_LE(goal, (long)sum.calls);
	EXPECT_LT(sum.calls / 2, sum.judged);
	EXPECT_LT(goal / 20, (long)sum.seen[0]);
	EXPECT_LT(goal / 20, (long)sum.seen[1]);
}

/* The same when the value changes; the body never runs. */
TEST_F_TIMEOUT(moment, of_another_value, 600)
{
	static const char * const values[] = { "-7\n", "-8\n" };
	long goal = setting("KS_CALLS", 1000000) / 2 * variant->share / 100;
	int retval, turn, value = -7;
	struct outcome sum;
	long runs;

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -7\n"));
	retval = ks_open_fn("ks_target_int", "retval", O_WRONLY);
	ASSERT_LE(0, retval);
	runs = ks_runs("ks_target_int");
	ASSERT_EQ(0, expect(self->expect, -7, -7));
	self->count = start_callers(self->callers, "ks_target_int", "-7 -8");
	ASSERT_LE(2, self->count);
	for (turn = 0; turn < 40 || calls_of(self->callers, self->count) < goal; turn++) {
		int next = -15 - value;

		EXPECT_EQ(0, expect(self->expect, value, next));
		EXPECT_EQ(0, ks_write(retval, values[next == -8], 3));
		EXPECT_EQ(0, expect(self->expect, next, next));
		EXPECT_TRUE(wait_for_chunks(self->callers, self->count, turn % 8 ? 0 : 1));
		value = next;
		if (_metadata->exit_code == KSFT_FAIL)
			break;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	ASSERT_TRUE(sum_up(self->callers, self->count, &sum));
	close(retval);
	EXPECT_EQ(runs, ks_runs("ks_target_int"));
	TH_LOG("%d turns, %llu calls: %llu of them judged", turn, sum.calls, sum.judged);
	EXPECT_EQ(0, sum.unknown)
		TH_LOG("%s", sum.bad);
	EXPECT_EQ(0, sum.wrong)
		TH_LOG("%s", sum.bad);
	EXPECT_LE(goal, (long)sum.calls);
	EXPECT_LT(sum.calls / 4, sum.judged);
	EXPECT_LT(goal / 20, (long)sum.seen[0]);
	EXPECT_LT(goal / 20, (long)sum.seen[1]);
}

FIXTURE(storm)
{
	int control;
};

FIXTURE_SETUP(storm)
{
	int ret;

	self->control = ks_start();
	ASSERT_LE(0, self->control);
	ret = ks_unload_module(IMPOSTOR);
	ASSERT_TRUE(!ret || ret == -ENOENT);
	stop = false;
}

FIXTURE_TEARDOWN(storm)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
}

/* An interrupt may come while a probe is being handled. What it calls is engaged all the same. */
TEST_F_TIMEOUT(storm, in_interrupts, 300)
{
	long goal = setting("KS_CALLS", 1000000) / 20, runs, hits, missed;
	struct caller callers[2] = {};
	struct outcome sum[2];
	char line[512], *at;

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -7\n"
				"engage ks_target_other -11\n"));
	runs = ks_runs("ks_target_other");
	ASSERT_EQ(0, start_caller(&callers[0], 0, "ks_target_int", "42 -7"));
	ASSERT_EQ(0, start_caller(&callers[1], 1, "interrupt ks_target_other", "84 -11"));
	while (chunks_of(&callers[1]) * CHUNK < (unsigned long)goal)
		ASSERT_TRUE(wait_for_chunks(callers, 2, 1));
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++)
		ASSERT_TRUE(sum_up(&callers[i], 1, &sum[i]));
	runs = ks_runs("ks_target_other") - runs;
	ASSERT_TRUE(ks_engaged("ks_target_other", line, sizeof(line)));
	at = strstr(line, " missed=");
	ASSERT_NE(NULL, at);
	missed = atol(at + strlen(" missed="));
	hits = ks_hits("ks_target_other");
	TH_LOG("%llu calls in interrupts, %ld ran; %llu calls elsewhere, %llu ran", sum[1].calls,
	       runs, sum[0].calls, sum[0].seen[0]);
	EXPECT_EQ(0, sum[0].seen[0] + sum[0].unknown + sum[1].unknown);
	EXPECT_EQ(0, sum[1].seen[0]);
	EXPECT_EQ(0, runs);
	EXPECT_EQ(0, missed);
	EXPECT_EQ((long)sum[1].calls, hits);
}

/* What the functions return in the storm, as themselves and engaged. */
static const struct known {
	const char *function;
	/* As the file storm takes them, the function's own first. */
	const char *values;
	int first, last;
} known[] = {
	{ "ks_target_int", "42 -1 -2 -3 -4", -4, -1 },
	{ "ks_target_other", "84 -11 -12 -13 -14", -14, -11 },
	{ ARMED, "42 -21 -22 -23 -24", -24, -21 },
};

/* Who does something in the storm, all the time. */
struct actor {
	pthread_t thread;
	unsigned int seed;
	long done;
	/* Whatever should not have happened: how often, and what it was first. */
	long wrong;
	char what[256];
};

static void complain(struct actor *actor, const char *format, ...)
{
	va_list args;

	if (actor->wrong++)
		return;
	va_start(args, format);
	vsnprintf(actor->what, sizeof(actor->what), format, args);
	va_end(args);
}

static int random_below(struct actor *actor, int limit)
{
	return rand_r(&actor->seed) % limit;
}

static const struct known *random_known(struct actor *actor, int *value)
{
	const struct known *known_one = &known[random_below(actor, ARRAY_SIZE(known))];

	*value = known_one->first + random_below(actor, 4);
	return known_one;
}

/* Engages and disengages: a text, and the errors that it can meet. */
static void *engages(void *data)
{
	struct actor *actor = data;
	char text[512];
	int control;

	control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	for (; !stopped(); actor->done++) {
		int value, other_value, ret, kind = random_below(actor, 16);
		const struct known *one = random_known(actor, &value);
		const struct known *other = random_known(actor, &other_value);
		int may = EBUSY, may_too = 0;

		switch (kind) {
		case 0:
			snprintf(text, sizeof(text), "disengage_all\n");
			may = 0;
			break;
		case 1 ... 4:
			snprintf(text, sizeof(text), "disengage %s\n", one->function);
			may = ENOENT;
			break;
		case 5 ... 6:
			snprintf(text, sizeof(text), "tryengage %s %d %d\n", one->function, value,
				 kind - 5);
			/* There are no calls to count when the module is not loaded. */
			if (one == &known[2])
				may_too = ENOENT;
			break;
		case 7 ... 8:
			if (other == one)
				continue;
			snprintf(text, sizeof(text), "engage %s %d\nengage %s %d reason=both\n",
				 one->function, value, other->function, other_value);
			break;
		case 9:
			snprintf(text, sizeof(text), "engage %s %d\nengage ks_no_such 1\n",
				 one->function, value);
			break;
		default:
			snprintf(text, sizeof(text), "engage %s %d reason=storm\n", one->function,
				 value);
		}
		ret = ks_command(control, "%s", text);
		if (kind == 9 && (ret == -ENOENT || ret == -EBUSY))
			continue;
		if (kind == 9 || (ret && ret != -may && ret != -may_too))
			complain(actor, "%s: %s", text, strerror(-ret));
		if (ks_read_fd(control, text, sizeof(text)) <= 0)
			complain(actor, "no answer");
	}
	close(control);
	return NULL;
}

/* Changes the value of what is engaged. */
static void *changes(void *data)
{
	struct actor *actor = data;

	for (; !stopped(); actor->done++) {
		int value, fd, ret;
		const struct known *one = random_known(actor, &value);
		char text[16];

		fd = ks_open_fn(one->function, "retval", O_WRONLY);
		if (fd == -ENOENT) {
			sched_yield();
			continue;
		}
		if (fd < 0) {
			complain(actor, "cannot open retval: %s", strerror(-fd));
			continue;
		}
		for (int i = 0; i < 4; i++) {
			snprintf(text, sizeof(text), "%d\n", one->first + i);
			ret = ks_write(fd, text, strlen(text));
			/* A module may be on its way. */
			if (ret == -EBUSY && one == &known[2])
				continue;
			if (ret && ret != -EIDRM)
				complain(actor, "cannot write retval: %s", strerror(-ret));
		}
		close(fd);
	}
	return NULL;
}

/* Whether a line of `engaged` is one that there can be. */
static bool is_plausible(char *line)
{
	char function[128], state[32];
	long value, hits;

	if (sscanf(line, "%127s retval=%ld hits=%ld state=%31s ", function, &value, &hits,
		   state) != 4 || hits < 0)
		return false;
	if (strcmp(state, "engaged") && strcmp(state, "probing") && strcmp(state, "armed"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!strcmp(function, known[i].function))
			return value >= known[i].first && value <= known[i].last;
	}
	return false;
}

/* Reads whatever there is. */
static void *reads(void *data)
{
	struct actor *actor = data;
	char text[8192], path[PATH_MAX], *line, *save;

	for (; !stopped(); actor->done++) {
		unsigned int used, all;
		struct dirent *entry;
		const char *slots;
		int lines = 0, value;
		DIR *dir;

		if (ks_read(KS_ENGAGED, text, sizeof(text)) < 0)
			complain(actor, "cannot read engaged");
		for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			lines++;
			if (!is_plausible(line))
				complain(actor, "engaged: %s", line);
		}
		if ((size_t)lines > ARRAY_SIZE(known))
			complain(actor, "%d lines in engaged", lines);

		if (ks_read(KS_DIR "/status", text, sizeof(text)) < 0)
			complain(actor, "cannot read status");
		slots = strstr(text, "slots: ");
		if (!slots || sscanf(slots, "slots: %u/%u", &used, &all) != 2 || used > 8)
			complain(actor, "status: %s", slots ?: "no slots");

		snprintf(path, sizeof(path), KS_FN "%s", random_known(actor, &value)->function);
		dir = opendir(path);
		if (!dir) {
			if (errno != ENOENT)
				complain(actor, "%s: %s", path, strerror(errno));
			continue;
		}
		while ((entry = readdir(dir))) {
			int fd, ret;

			if (entry->d_name[0] == '.')
				continue;
			fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
			if (fd < 0) {
				if (errno != ENOENT)
					complain(actor, "%s: %s", entry->d_name, strerror(errno));
				continue;
			}
			ret = ks_read_fd(fd, text, sizeof(text));
			if (ret < 0 && ret != -EIDRM)
				complain(actor, "reading %s: %s", entry->d_name, strerror(-ret));
			close(fd);
		}
		closedir(dir);
	}
	return NULL;
}

/* Loads and unloads a module with a function that is engaged, armed, or neither. */
static void *loads(void *data)
{
	struct actor *actor = data;
	char text[64];
	int ret;

	for (; !stopped(); actor->done++) {
		ret = ks_load_module(IMPOSTOR);
		if (ret)
			complain(actor, "cannot load: %s", strerror(-ret));
		for (int i = 0; !ret && i < 20; i++) {
			int value;

			if (ks_read(IMPOSTOR_FILE, text, sizeof(text)) <= 0) {
				complain(actor, "cannot call");
				break;
			}
			value = atoi(text);
			if (value != 42 && (value < -24 || value > -21))
				complain(actor, "a function of the module returned %s", text);
		}
		/* As long as somebody calls it, it is busy. */
		do {
			ret = ks_unload_module(IMPOSTOR);
		} while (ret == -EWOULDBLOCK || ret == -EBUSY);
		if (ret)
			complain(actor, "cannot unload: %s", strerror(-ret));
	}
	return NULL;
}

/* Puts a tracing kprobe on a function, and takes it away. */
static void *traces(void *data)
{
	static const struct {
		const char *file;
		const char *text;
	} steps[] = {
		{ TRACING "/kprobe_events", "p:kst/storm killswitch_target:ks_target_int\n" },
		{ TRACING "/events/kst/storm/enable", "1" },
		{ TRACING "/events/kst/storm/enable", "0" },
		{ TRACING "/kprobe_events", "-:kst/storm\n" },
	};
	struct actor *actor = data;

	for (; !stopped(); actor->done++) {
		for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
			int ret = ks_put(steps[i].file, steps[i].text);

			if (ret)
				complain(actor, "%s > %s: %s", steps[i].text, steps[i].file,
					 strerror(-ret));
			usleep(random_below(actor, 3000));
		}
	}
	return NULL;
}

/* Writers that are killed at any moment. */
static void *dies(void *data)
{
	static const char * const texts[] = {
		"engage ks_target_int -1\nengage ks_target_other -11\n",
		"disengage_all\n",
		"tryengage ks_target_other -12 0\n",
	};
	struct actor *actor = data;
	int control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);

	for (; !stopped(); actor->done++) {
		pid_t child = fork();
		int status;

		if (!child) {
			for (unsigned int i = 0;; i++) {
				const char *text = texts[i % ARRAY_SIZE(texts)];

				if (write(control, text, strlen(text)) < 0 && errno != EBUSY)
					_exit(1);
			}
		}
		if (child < 0) {
			complain(actor, "cannot fork: %s", strerror(errno));
			break;
		}
		usleep(random_below(actor, 100000));
		kill(child, SIGKILL);
		if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
			complain(actor, "the writer ended with status %x", status);
	}
	close(control);
	return NULL;
}

static const struct role {
	const char *name;
	void *(*act)(void *actor);
} roles[] = {
	{ "engages", engages },
	{ "engages, too", engages },
	{ "changes values", changes },
	{ "reads", reads },
	{ "loads a module", loads },
	{ "traces", traces },
	{ "dies", dies },
};

TEST_F_TIMEOUT(storm, everything_at_once, 900)
{
	struct caller callers[2][CALLERS] = {};
	struct actor actors[ARRAY_SIZE(roles)] = {};
	double until = now() + setting("KS_SECONDS", 60);
	char text[8192], path[PATH_MAX];
	int counts[2];

	for (int i = 0; i < 2; i++) {
		counts[i] = start_callers(callers[i], known[i].function, known[i].values);
		ASSERT_LE(1, counts[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		actors[i].seed = i + 1;
		ASSERT_EQ(0, pthread_create(&actors[i].thread, NULL, roles[i].act, &actors[i]));
	}
	while (now() < until)
		usleep(100000);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		EXPECT_EQ(0, pthread_join(actors[i].thread, NULL));
		TH_LOG("%s: %ld times", roles[i].name, actors[i].done);
		EXPECT_LT(0, actors[i].done);
		EXPECT_EQ(0, actors[i].wrong)
			TH_LOG("%s: %ld times, at first: %s", roles[i].name, actors[i].wrong,
			       actors[i].what);
	}
	for (int i = 0; i < 2; i++) {
		struct outcome sum;

		ASSERT_TRUE(sum_up(callers[i], counts[i], &sum));
		TH_LOG("%s: %llu calls, %llu ran", known[i].function, sum.calls, sum.seen[0]);
		EXPECT_EQ(0, sum.unknown)
			TH_LOG("%s", sum.bad);
		EXPECT_LT(0, sum.seen[0]);
		EXPECT_LT(sum.seen[0], sum.calls);
	}

	/* Nothing is left of it. */
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	EXPECT_EQ(0, ks_read(KS_ENGAGED, text, sizeof(text)))
		TH_LOG("%s", text);
	EXPECT_LT(0, ks_read(KS_DIR "/status", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "slots: 0/"))
		TH_LOG("%s", text);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		snprintf(path, sizeof(path), KS_FN "%s", known[i].function);
		EXPECT_NE(0, access(path, F_OK));
	}
	EXPECT_LT(0, ks_call("ks_target_int", text, sizeof(text)));
	EXPECT_STREQ("42", text);
	EXPECT_LT(0, ks_call("ks_target_other", text, sizeof(text)));
	EXPECT_STREQ("84", text);
	EXPECT_EQ(0, ks_load_module(IMPOSTOR));
	EXPECT_LT(0, ks_read(IMPOSTOR_FILE, text, sizeof(text)));
	EXPECT_STREQ("42", text);
	EXPECT_EQ(0, ks_unload_module(IMPOSTOR));
}

/* Asks about a function of a module that comes and goes. */
static void *asks(void *data)
{
	struct actor *actor = data;
	char answer[4096];

	for (; !stopped(); actor->done++) {
		int ret = ks_ask(answer, sizeof(answer), ARMED " -21\n");

		if (ret)
			complain(actor, "check: %s", strerror(-ret));
	}
	return NULL;
}

/* Engages it, which fails unless it is found in the moment that it is there. */
static void *engages_what_fails(void *data)
{
	struct actor *actor = data;
	int control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);

	for (; !stopped(); actor->done++) {
		int ret = ks_command(control, "engage " ARMED " -21\n");

		if (ret)
			complain(actor, "engage: %s", strerror(-ret));
		ret = ks_command(control, "disengage " ARMED "\n");
		if (ret)
			complain(actor, "disengage: %s", strerror(-ret));
	}
	close(control);
	return NULL;
}

/*
 * A module that comes, and goes at once because a parameter of it is wrong, was
 * there for a moment. Whoever looked at it then has nothing of it afterwards.
 */
TEST_F_TIMEOUT(storm, modules_that_do_not_load, 300)
{
	static const struct role others[] = {
		{ "asks", asks },
		{ "asks, too", asks },
		{ "engages", engages_what_fails },
	};
	double until = now() + setting("KS_SECONDS", 60) / 3.0;
	struct actor actors[ARRAY_SIZE(others)] = {};
	int fd, turns = 0;

	fd = ks_open_beside("", IMPOSTOR ".ko");
	if (fd < 0)
		fd = ks_open_beside("test_modules/", IMPOSTOR ".ko");
	ASSERT_LE(0, fd);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		actors[i].seed = i + 1;
		ASSERT_EQ(0, pthread_create(&actors[i].thread, NULL, others[i].act, &actors[i]));
	}
	for (; now() < until; turns++) {
		int ret;

		EXPECT_EQ(-1, syscall(__NR_finit_module, fd, "value=wrong", 0));
		EXPECT_EQ(EINVAL, errno);
		ret = ks_load_module(IMPOSTOR);
		EXPECT_EQ(0, ret)
			TH_LOG("cannot load: %s", strerror(-ret));
		do {
			ret = ks_unload_module(IMPOSTOR);
		} while (ret == -EWOULDBLOCK || ret == -EBUSY);
		EXPECT_EQ(0, ret)
			TH_LOG("cannot unload: %s", strerror(-ret));
		if (_metadata->exit_code == KSFT_FAIL)
			break;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_EQ(0, pthread_join(actors[i].thread, NULL));
		EXPECT_EQ(0, actors[i].wrong)
			TH_LOG("%s: %ld times of %ld, at first: %s", others[i].name,
			       actors[i].wrong, actors[i].done, actors[i].what);
	}
	close(fd);
	TH_LOG("%d turns", turns);
	EXPECT_LT(0, turns);
}

TEST_HARNESS_MAIN
