// SPDX-License-Identifier: GPL-2.0-only
/*
 * With any concurrent changes, a call returns the function's value or the engaged one; after a
 * request has completed, only the requested one.
 *
 * KS_CALLS is the number of checked calls (default a million). soak_test runs all other operations
 * concurrently, for any time.
 */
#include "storm.h"

static unsigned long chunks_of(struct caller *caller)
{
	return __atomic_load_n(&caller->chunks, __ATOMIC_ACQUIRE);
}

/* Waits until each caller has completed @more chunks, or for a minute. */
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

/* Sets the values that calls starting from now on may return. */
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
	/* Another user of the function: a tracing kprobe, or the function tracer. */
	const char *kprobe;
	const char *filter;
	/* The part of the calls for this test, in percent. */
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
	set_gate(false, false);
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
 * A call that starts after a function was engaged returns the value, one that starts after it was
 * disengaged does not; a concurrent one may do either.
 */
TEST_F_TIMEOUT(moment, of_engage_and_disengage, 600)
{
	long goal = ks_setting("KS_CALLS", 1000000) / 2 * variant->share / 100;
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
	set_gate(false, true);
	ASSERT_TRUE(sum_up(self->callers, self->count, &sum));
	TH_LOG("%d turns in %.0f s, %llu calls: %llu of them checked, %llu ran, %llu did not", turn,
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

/* The same for changes of the value; the body never runs. */
TEST_F_TIMEOUT(moment, of_retval_change, 600)
{
	static const char * const values[] = { "-7\n", "-8\n" };
	long goal = ks_setting("KS_CALLS", 1000000) / 2 * variant->share / 100;
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
	set_gate(false, true);
	ASSERT_TRUE(sum_up(self->callers, self->count, &sum));
	close(retval);
	EXPECT_EQ(runs, ks_runs("ks_target_int"));
	TH_LOG("%d turns, %llu calls: %llu of them checked", turn, sum.calls, sum.judged);
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
	set_gate(false, false);
}

FIXTURE_TEARDOWN(storm)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
}

/* An interrupt during the handling of a probe. Functions that it calls are engaged nevertheless. */
TEST_F_TIMEOUT(storm, in_interrupts, 300)
{
	long goal = ks_setting("KS_CALLS", 1000000) / 20, runs;
	struct caller callers[2] = {};
	struct outcome sum[2];

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -7\n"
				"engage ks_target_other -11\n"));
	runs = ks_runs("ks_target_other");
	ASSERT_EQ(0, start_caller(&callers[0], 0, "ks_target_int", "42 -7"));
	ASSERT_EQ(0, start_caller(&callers[1], 1, "interrupt ks_target_other", "84 -11"));
	while (chunks_of(&callers[1]) * CHUNK < (unsigned long)goal)
		ASSERT_TRUE(wait_for_chunks(callers, 2, 1));
	set_gate(false, true);
	for (int i = 0; i < 2; i++)
		ASSERT_TRUE(sum_up(&callers[i], 1, &sum[i]));
	runs = ks_runs("ks_target_other") - runs;
	TH_LOG("%llu calls in interrupts, %ld ran; %llu other calls, %llu ran", sum[1].calls,
	       runs, sum[0].calls, sum[0].seen[0]);
	EXPECT_EQ(0, sum[0].seen[0] + sum[0].unknown + sum[1].unknown);
	EXPECT_EQ(0, sum[1].seen[0]);
	EXPECT_EQ(0, runs);
	EXPECT_EQ((long)sum[1].calls, ks_hits("ks_target_other"));
}

/* Checks a function of a module that is loaded and unloaded. */
static void *asks(void *data)
{
	struct actor *actor = data;
	char answer[4096];

	for (; pass_gate(&actor->rests); actor->done++) {
		int ret = ks_ask(answer, sizeof(answer), ARMED " -21\n");

		if (ret)
			complain(actor, "check: %s", strerror(-ret));
	}
	return NULL;
}

/* Engages it, which fails unless the module exists at that moment. */
static void *engages_with_error(void *data)
{
	struct actor *actor = data;
	int control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);

	for (; pass_gate(&actor->rests); actor->done++) {
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
 * A module that fails to load because of a wrong parameter exists for a moment. No state of it may
 * remain afterwards.
 */
TEST_F_TIMEOUT(storm, modules_that_do_not_load, 300)
{
	static const struct role others[] = {
		{ "asks", asks },
		{ "asks, too", asks },
		{ "engages", engages_with_error },
	};
	struct actor actors[ARRAY_SIZE(others)] = {};
	double until = now() + 20;
	int turns = 0;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		actors[i].seed = i + 1;
		ASSERT_EQ(0, pthread_create(&actors[i].thread, NULL, others[i].act, &actors[i]));
	}
	for (; now() < until; turns++) {
		int ret;

		EXPECT_EQ(-EINVAL, load_with_error());
		ret = ks_load_module(IMPOSTOR);
		EXPECT_EQ(0, ret)
			TH_LOG("cannot load: %s", strerror(-ret));
		ret = unload_when_unused(IMPOSTOR);
		EXPECT_EQ(0, ret)
			TH_LOG("cannot unload: %s", strerror(-ret));
		if (_metadata->exit_code == KSFT_FAIL)
			break;
	}
	set_gate(false, true);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_EQ(0, pthread_join(actors[i].thread, NULL));
		EXPECT_EQ(0, actors[i].wrong)
			TH_LOG("%s: %ld errors of %ld, the first: %s", others[i].name,
			       actors[i].wrong, actors[i].done, actors[i].what);
	}
	TH_LOG("%d turns", turns);
	EXPECT_LT(0, turns);
}

TEST_HARNESS_MAIN
