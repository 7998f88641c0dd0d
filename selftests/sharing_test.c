// SPDX-License-Identifier: GPL-2.0-only
/*
 * An engagement shares its function with all other tools that attach to functions, in any order of
 * attaching and detaching: within its scope, the function returns the value while it is engaged,
 * and the tool works.
 */
#include "tools.h"

/* Other engagements, which determine how the kernel arms the probe. */
#define OTHER		"ks_target_other"
#define OTHER_VALUE	-9
#define OTHER_BODY	84

#define VALUE		-7
#define TOOL_VALUE	-11
#define CALLS		3

enum tool_kind { PEER, PROGRAM };

struct tool {
	const char *name;
	enum tool_kind kind;
	/* Its kind in killswitch_peer, if that differs from its name. */
	const char *peer;
	enum bpf_attach_type type;
	/* A function that the tool can attach to, and its body's return value. */
	const char *function;
	int body;
	/* It overrides the return value, too, for all calls that it sees. */
	bool overrides;
	/* Whether it sees calls of an engaged function, if it was attached first or second. */
	bool sees[2];
	/* Whether it sees return values. */
	bool sees_value;
};

#define ON_INT .function = "ks_target_int", .body = 42
#define ON_BREAKPOINT .function = "ks_target_breakpoint", .body = 210
#define ON_INJECT .function = "ks_target_inject", .body = 126

/*
 * Probes of one function are handled in sequence, the newest first, up to the first that overrides
 * the return value: an engagement hides calls from older probes, and newer overriding probes hide
 * calls from it. ftrace-based tools see each call, and the value that the engagement returns; on
 * arm64, where the engagement precedes them, none.
 */
#ifdef __aarch64__
#define ON_FTRACE .sees = { false, false }
#else
#define ON_FTRACE .sees = { true, true }
#endif

static const struct tool tools[] = {
	{ "kprobe", PEER, ON_INT, .sees = { false, true } },
	{ "kprobe_post", PEER, ON_INT, .sees = { false, true } },
	{ "kretprobe", PEER, ON_INT, .sees = { false, true }, .sees_value = true },
	{ "ftrace", PEER, ON_INT, ON_FTRACE },
	{ "ftrace_args", PEER, ON_INT, ON_FTRACE },
	{ "fprobe", PEER, ON_INT, ON_FTRACE, .sees_value = true },
	{ "override", PEER, ON_INT, .overrides = true, .sees = { false, true } },
	/* Without an ftrace location, probes are breakpoints. */
	{ "kprobe, breakpoint", PEER, "kprobe", ON_BREAKPOINT, .sees = { false, true } },
	{ "kprobe_post, breakpoint", PEER, "kprobe_post", ON_BREAKPOINT, .sees = { false, true } },
	{ "kretprobe, breakpoint", PEER, "kretprobe", ON_BREAKPOINT, .sees = { false, true },
	  .sees_value = true },
	{ "override, breakpoint", PEER, "override", ON_BREAKPOINT, .overrides = true,
	  .sees = { false, true } },
	{ "fentry", PROGRAM, .type = BPF_TRACE_FENTRY, ON_INT, ON_FTRACE },
	{ "fexit", PROGRAM, .type = BPF_TRACE_FEXIT, ON_INT, ON_FTRACE, .sees_value = true },
	{ "fmod_ret", PROGRAM, .type = BPF_MODIFY_RETURN, ON_INJECT, ON_FTRACE },
	{ "fmod_ret that overrides", PROGRAM, .type = BPF_MODIFY_RETURN, ON_INJECT,
	  .overrides = true, ON_FTRACE },
};

static const char *peer_kind(const struct tool *tool)
{
	return tool->peer ? tool->peer : tool->name;
}

static const struct tool *find_tool(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (!strcmp(tools[i].name, name))
			return &tools[i];
	return NULL;
}

/* An attached tool. */
struct use {
	const struct tool *tool;
	struct ks_program program;
	bool attached;
	/* Whether it was attached after the function was engaged. */
	bool second;
	struct ks_sight before;
};

/* The kind of engagement: its scope, and the caller. */
enum mode {
	/* For all. */
	FOR_ALL,
	/* scope=nonroot, with calls by users, or by root. */
	OTHERS_CALL,
	ROOT_CALLS,
	/* Watched: calls are only counted. */
	WATCHED,
	/* Observed: calls are only counted. */
	OBSERVED,
	MODES,
};

static const struct {
	const char *command, *state, *in_words;
	uid_t caller;
	/* Whether calls return the engagement's value. */
	bool takes;
} modes[MODES] = {
	[FOR_ALL] = { "engage %s %d\n", "engaged", "engagement", 0, true },
	[OTHERS_CALL] = { "engage %s %d scope=nonroot\n", "engaged", "engagement for users", 65534,
			  true },
	[ROOT_CALLS] = { "engage %s %d scope=nonroot\n", "engaged", "engagement without root", 0,
			 false },
	[WATCHED] = { "tryengage %s %d 86400\n", "probing", "watch", 0, false },
	[OBSERVED] = { "observe %s\n", "observing", "observation", 0, false },
};

/* The state of a test on one function. */
struct stage {
	int control;
	enum mode mode;
	const char *function;
	int body;
	bool engaged;
	struct use uses[2];
	size_t count;
	/* The steps so far, for messages. */
	char story[512];
	/* The unexpected results. */
	char wrong[4096];
};

static void add_step(struct stage *stage, const char *format, ...)
{
	size_t used = strlen(stage->story);
	va_list args;

	va_start(args, format);
	vsnprintf(stage->story + used, sizeof(stage->story) - used, format, args);
	va_end(args);
}

static void wrong(struct stage *stage, const char *format, ...)
{
	size_t used = strlen(stage->wrong);
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(stage->wrong + used, sizeof(stage->wrong) - used, "%s: %s\n", stage->story, what);
}

static void expect(struct stage *stage, const char *what, long expected, long got)
{
	if (expected != got)
		wrong(stage, "%s is %ld, not %ld", what, got, expected);
}

static int load_use(struct use *use, const struct tool *tool)
{
	use->tool = tool;
	if (tool->kind == PEER)
		return 0;
	return ks_load_program(&use->program, "killswitch_target", tool->function, tool->type,
			       tool->overrides ? TOOL_VALUE : 0);
}

static void unload_use(struct use *use)
{
	if (use->tool->kind == PEER)
		return;
	close(use->program.program);
	close(use->program.map);
}

static struct ks_sight sight(struct stage *stage, const struct use *use)
{
	struct ks_sight sight = {};
	int ret;

	if (use->tool->kind == PEER)
		ret = ks_peer_sight(peer_kind(use->tool), use->tool->function, &sight);
	else
		ret = ks_program_sight(&use->program, &sight);
	expect(stage, "querying the tool", 0, ret);
	return sight;
}

static int attach(struct stage *stage, struct use *use)
{
	int ret;

	add_step(stage, " +%s", use->tool->name);
	if (use->tool->kind == PEER)
		ret = ks_peer("attach", "%s %s %d", peer_kind(use->tool), use->tool->function,
			      TOOL_VALUE);
	else
		ret = ks_attach_program(&use->program);
	expect(stage, "attaching", 0, ret);
	use->attached = !ret;
	use->second = stage->engaged;
	return ret;
}

static void detach(struct stage *stage, struct use *use)
{
	int ret;

	add_step(stage, " -%s", use->tool->name);
	if (!use->attached)
		return;
	if (use->tool->kind == PEER)
		ret = ks_peer("detach", "%s %s", peer_kind(use->tool), use->tool->function);
	else
		ret = ks_detach_program(&use->program);
	expect(stage, "detaching", 0, ret);
	use->attached = false;
}

static void begin_engagement(struct stage *stage)
{
	int ret;

	add_step(stage, " +%s", modes[stage->mode].in_words);
	ret = ks_command(stage->control, modes[stage->mode].command, stage->function, VALUE);
	expect(stage, "engaging", 0, ret);
	stage->engaged = !ret;
	/* Tools attached earlier are first. */
	for (size_t i = 0; i < stage->count; i++)
		stage->uses[i].second = false;
}

static void end_engagement(struct stage *stage)
{
	add_step(stage, " -%s", modes[stage->mode].in_words);
	expect(stage, "disengaging", 0,
	       ks_command(stage->control, "disengage %s\n", stage->function));
	stage->engaged = false;
}

/* Whether calls would return the engagement's value without other tools. */
static bool takes(const struct stage *stage)
{
	return stage->engaged && modes[stage->mode].takes;
}

/* Whether @use sees calls now. */
static bool sees(const struct stage *stage, const struct use *use)
{
	return use->attached && (!takes(stage) || use->tool->sees[use->second]);
}

/* Whether @use determines the return value now. */
static bool wins(const struct stage *stage, const struct use *use)
{
	return use->tool->overrides && sees(stage, use);
}

/* Whether @use hides calls from the engagement. */
static bool hides(const struct stage *stage, const struct use *use)
{
	return wins(stage, use) && use->second && use->tool->kind == PEER;
}

/* The expected hits of the engagement after CALLS calls that return @value. */
static long expected_hits(const struct stage *stage, int value)
{
	if (stage->mode != WATCHED && stage->mode != OBSERVED)
		return value == VALUE ? CALLS : 0;
	for (size_t i = 0; i < stage->count; i++)
		if (hides(stage, &stage->uses[i]))
			return 0;
	return CALLS;
}

static void call(struct stage *stage, int value)
{
	char text[64];

	/* Privileges depend on the effective user ID, scope on the real one. */
	expect(stage, "changing the user", 0, setresuid(modes[stage->mode].caller, -1, -1));
	for (int i = 0; i < CALLS; i++) {
		if (ks_call(stage->function, text, sizeof(text)) <= 0)
			wrong(stage, "calling it failed");
		expect(stage, "the return value", value, strtol(text, NULL, 0));
	}
	expect(stage, "becoming root", 0, setresuid(0, -1, -1));
}

static void check_engagement(struct stage *stage, long hits)
{
	char line[512], state[32];

	if (ks_engaged(stage->function, line, sizeof(line)) != stage->engaged)
		wrong(stage, "'engaged' differs");
	if (!stage->engaged)
		return;
	expect(stage, "the number of hits", hits, ks_hits(stage->function));
	snprintf(state, sizeof(state), " state=%s ", modes[stage->mode].state);
	if (!strstr(line, state))
		wrong(stage, "'engaged' has %s", line);
}

/* Calls the function, and checks what all tools saw. */
static void observe(struct stage *stage)
{
	int value = takes(stage) ? VALUE : stage->body;
	long runs = ks_runs(stage->function), hits = 0;

	for (size_t i = 0; i < stage->count; i++) {
		struct use *use = &stage->uses[i];

		if (wins(stage, use))
			value = TOOL_VALUE;
		if (use->attached)
			use->before = sight(stage, use);
	}
	if (stage->engaged)
		hits = ks_hits(stage->function);

	call(stage, value);

	runs = ks_runs(stage->function) - runs;
	expect(stage, "the number of runs", value == stage->body ? CALLS : 0, runs);
	for (size_t i = 0; i < stage->count; i++) {
		struct use *use = &stage->uses[i];
		struct ks_sight now;

		if (!use->attached)
			continue;
		now = sight(stage, use);
		expect(stage, use->tool->name, sees(stage, use) ? CALLS : 0,
		       now.calls - use->before.calls);
		if (sees(stage, use) && use->tool->sees_value)
			expect(stage, "the value seen", value, now.value);
	}
	check_engagement(stage, hits + expected_hits(stage, value));
}

/* Another function is engaged, too: never, during the whole test, or in the middle. */
enum other { NEVER, AROUND, BETWEEN };

static void engage_other(struct stage *stage)
{
	add_step(stage, " +other");
	expect(stage, "engaging the other function", 0,
	       ks_command(stage->control, "engage %s %d\n", OTHER, OTHER_VALUE));
}

static void observe_other(struct stage *stage, int value)
{
	char text[64];

	if (ks_call(OTHER, text, sizeof(text)) <= 0)
		wrong(stage, "calling the other function failed");
	expect(stage, "the return value of the other function", value, strtol(text, NULL, 0));
}

static void disengage_other(struct stage *stage)
{
	observe_other(stage, OTHER_VALUE);
	add_step(stage, " -other");
	expect(stage, "disengaging the other function", 0,
	       ks_command(stage->control, "disengage %s\n", OTHER));
	observe_other(stage, OTHER_BODY);
}

#define ENGAGEMENT -1

static void begin(struct stage *stage, int who)
{
	if (who == ENGAGEMENT)
		begin_engagement(stage);
	else
		attach(stage, &stage->uses[who]);
	observe(stage);
}

static void end(struct stage *stage, int who)
{
	if (who == ENGAGEMENT)
		end_engagement(stage);
	else
		detach(stage, &stage->uses[who]);
	observe(stage);
}

/* Tools and the engagement start in one order and end in another. */
static void play(struct stage *stage, const int *first, const int *last, enum other other)
{
	size_t count = stage->count + 1;

	stage->story[0] = '\0';
	observe(stage);
	if (other == AROUND)
		engage_other(stage);
	for (size_t i = 0; i < count; i++)
		begin(stage, first[i]);
	if (other == BETWEEN) {
		engage_other(stage);
		observe(stage);
		disengage_other(stage);
		observe(stage);
	}
	for (size_t i = 0; i < count; i++)
		end(stage, last[i]);
	if (other == AROUND)
		disengage_other(stage);
}

static bool kernel_warned(void)
{
	return ks_read_long("/proc/sys/kernel/tainted") & 1 << 9;
}

/* Starts without engagements and attached tools: an open control file or -errno. */
static int start(void)
{
	int control = ks_start(), ret;

	if (control < 0)
		return control;
	ret = ks_load_module("killswitch_peer");
	if (!ret)
		ret = ks_peer("detach", "all");
	if (!ret)
		return control;
	close(control);
	return ret;
}

FIXTURE(sharing)
{
	struct stage stage;
};

FIXTURE_SETUP(sharing)
{
	self->stage.control = start();
	ASSERT_LE(0, self->stage.control)
		TH_LOG("cannot start: %s", strerror(-self->stage.control));
}

FIXTURE_TEARDOWN(sharing)
{
	for (size_t i = 0; i < self->stage.count; i++)
		unload_use(&self->stage.uses[i]);
	EXPECT_EQ(0, ks_peer("detach", "all"));
	EXPECT_EQ(0, ks_command(self->stage.control, "disengage_all\n"));
	EXPECT_FALSE(kernel_warned());
	close(self->stage.control);
}

FIXTURE_VARIANT(sharing)
{
	const char *tools[2];
};

FIXTURE_VARIANT_ADD(sharing, kprobe) { .tools = { "kprobe" } };
FIXTURE_VARIANT_ADD(sharing, kprobe_post) { .tools = { "kprobe_post" } };
FIXTURE_VARIANT_ADD(sharing, kretprobe) { .tools = { "kretprobe" } };
FIXTURE_VARIANT_ADD(sharing, ftrace) { .tools = { "ftrace" } };
FIXTURE_VARIANT_ADD(sharing, ftrace_args) { .tools = { "ftrace_args" } };
FIXTURE_VARIANT_ADD(sharing, fprobe) { .tools = { "fprobe" } };
FIXTURE_VARIANT_ADD(sharing, override) { .tools = { "override" } };
FIXTURE_VARIANT_ADD(sharing, kprobe_breakpoint) { .tools = { "kprobe, breakpoint" } };
FIXTURE_VARIANT_ADD(sharing, kprobe_post_breakpoint) { .tools = { "kprobe_post, breakpoint" } };
FIXTURE_VARIANT_ADD(sharing, kretprobe_breakpoint) { .tools = { "kretprobe, breakpoint" } };
FIXTURE_VARIANT_ADD(sharing, override_breakpoint) { .tools = { "override, breakpoint" } };
FIXTURE_VARIANT_ADD(sharing, fentry) { .tools = { "fentry" } };
FIXTURE_VARIANT_ADD(sharing, fexit) { .tools = { "fexit" } };
FIXTURE_VARIANT_ADD(sharing, fmod_ret) { .tools = { "fmod_ret" } };
FIXTURE_VARIANT_ADD(sharing, fmod_ret_that_overrides) { .tools = { "fmod_ret that overrides" } };
FIXTURE_VARIANT_ADD(sharing, fexit_and_kprobe) { .tools = { "fexit", "kprobe" } };
FIXTURE_VARIANT_ADD(sharing, fexit_and_kretprobe) { .tools = { "fexit", "kretprobe" } };
FIXTURE_VARIANT_ADD(sharing, fexit_and_fprobe) { .tools = { "fexit", "fprobe" } };
FIXTURE_VARIANT_ADD(sharing, fexit_and_ftrace) { .tools = { "fexit", "ftrace" } };
FIXTURE_VARIANT_ADD(sharing, kprobe_and_kretprobe) { .tools = { "kprobe", "kretprobe" } };
FIXTURE_VARIANT_ADD(sharing, kprobe_and_fprobe) { .tools = { "kprobe", "fprobe" } };
FIXTURE_VARIANT_ADD(sharing, kprobe_and_ftrace) { .tools = { "kprobe", "ftrace" } };
FIXTURE_VARIANT_ADD(sharing, kretprobe_and_fprobe) { .tools = { "kretprobe", "fprobe" } };
FIXTURE_VARIANT_ADD(sharing, kretprobe_and_ftrace) { .tools = { "kretprobe", "ftrace" } };
FIXTURE_VARIANT_ADD(sharing, fprobe_and_ftrace) { .tools = { "fprobe", "ftrace" } };

#define E ENGAGEMENT

/*
 * The orders: with one tool all of them, with two those that differ in the position of the
 * engagement at the start and at the end.
 */
static const int orders_of_one[][3] = { { 0, E }, { E, 0 } };
static const int first_of_two[][3] = { { E, 0, 1 }, { 0, E, 1 }, { 0, 1, E } };
static const int last_of_two[][3] = { { E, 1, 0 }, { 1, E, 0 }, { 1, 0, E } };

#undef E

TEST_F_TIMEOUT(sharing, every_order, 600)
{
	struct stage *stage = &self->stage;
	int ret;

	for (size_t i = 0; i < ARRAY_SIZE(variant->tools) && variant->tools[i]; i++) {
		const struct tool *tool = find_tool(variant->tools[i]);

		ASSERT_NE(NULL, tool);
		ret = load_use(&stage->uses[i], tool);
		ASSERT_EQ(0, ret)
			TH_LOG("cannot load %s: %s", tool->name, strerror(-ret));
		stage->count++;
		stage->function = tool->function;
		stage->body = tool->body;
	}

	if (stage->count == 1) {
		for (enum other other = NEVER; other <= BETWEEN; other++)
			for (size_t i = 0; i < 4; i++)
				play(stage, orders_of_one[i / 2], orders_of_one[i % 2], other);
		for (stage->mode = FOR_ALL + 1; stage->mode < MODES; stage->mode++)
			for (size_t i = 0; i < 4; i++)
				play(stage, orders_of_one[i / 2], orders_of_one[i % 2], NEVER);
	} else {
		for (size_t i = 0; i < 9; i++)
			play(stage, first_of_two[i / 3], last_of_two[i % 3], NEVER);
	}
	EXPECT_STREQ("", stage->wrong);
}

FIXTURE(crowd)
{
	struct stage stage;
};

FIXTURE_SETUP(crowd)
{
	self->stage.control = start();
	ASSERT_LE(0, self->stage.control)
		TH_LOG("cannot start: %s", strerror(-self->stage.control));
}

FIXTURE_TEARDOWN(crowd)
{
	for (size_t i = 0; i < self->stage.count; i++)
		unload_use(&self->stage.uses[i]);
	EXPECT_EQ(0, ks_peer("detach", "all"));
	EXPECT_EQ(0, ks_command(self->stage.control, "disengage_all\n"));
	EXPECT_FALSE(kernel_warned());
	close(self->stage.control);
}

#define CROWD 199

/* The number of functions in the crowd with the expected return value. */
static int count_crowd(void)
{
	static char all[300 * 32];
	int index, value, right = 0, length;
	const char *at = all;

	if (ks_read(KS_TARGET "/many", all, sizeof(all)) < 0)
		return -1;
	while (sscanf(at, "%d %d%n", &index, &value, &length) == 2) {
		right += index < CROWD && value == -index - 1;
		at += length;
	}
	return right;
}

/* Whether the probe on @function is optimized to a jump. */
static bool is_jump(const char *function)
{
	static char all[256 * 128];
	const char *line = all, *end;

	if (ks_read("/sys/kernel/debug/kprobes/list", all, sizeof(all)) < 0)
		return false;
	while ((line = strstr(line, function))) {
		end = strchrnul(line, '\n');
		if (memmem(line, end - line, "[OPTIMIZED]", strlen("[OPTIMIZED]")))
			return true;
		line = end;
	}
	return false;
}

/* A breakpoint is optimized to a jump after a while, which cannot be shared. */
TEST_F_TIMEOUT(crowd, optimized_probe, 120)
{
	const struct tool *tool = find_tool("kprobe, breakpoint");
	struct stage *stage = &self->stage;

	stage->function = tool->function;
	stage->body = tool->body;
	stage->uses[0].tool = tool;
	stage->count = 1;
	for (int last = 0; last < 2; last++) {
		stage->story[0] = '\0';
		begin(stage, 0);
		for (int i = 0; i < 300 && !is_jump(tool->function); i++)
			usleep(100000);
		if (!is_jump(tool->function))
			SKIP(return, "this kernel does not optimize probes");
		observe(stage);
		begin(stage, ENGAGEMENT);
		EXPECT_FALSE(is_jump(tool->function));
		end(stage, orders_of_one[last][0]);
		end(stage, orders_of_one[last][1]);
	}
	EXPECT_STREQ("", stage->wrong);
}

/* 200 functions are engaged while tools attach to one of them and detach. */
TEST_F_TIMEOUT(crowd, tools_in_a_crowd, 300)
{
	static const char * const names[] = { "kprobe", "fprobe", "fexit" };
	struct stage *stage = &self->stage;

	ASSERT_EQ(0, ks_engage_crowd(stage->control, CROWD));
	EXPECT_EQ(CROWD, count_crowd());
	stage->count = 1;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct tool *tool = find_tool(names[i]);

		stage->function = tool->function;
		stage->body = tool->body;
		ASSERT_EQ(0, load_use(&stage->uses[0], tool));
		for (size_t order = 0; order < 4; order++)
			play(stage, orders_of_one[order / 2], orders_of_one[order % 2], NEVER);
		EXPECT_EQ(CROWD, count_crowd());
		if (i < ARRAY_SIZE(names) - 1)
			unload_use(&stage->uses[0]);
	}
	EXPECT_STREQ("", stage->wrong);
}

/* A probe hit inside another probe's handler: functions that a handler calls are engaged, too. */
TEST_F_TIMEOUT(crowd, called_by_a_probe, 60)
{
	struct ks_sight sight = {};
	char value[64];

	ASSERT_EQ(0, ks_command(self->stage.control, "engage ks_peer_int %d\n", VALUE));
	EXPECT_LT(0, ks_read(KS_PEER "/call", value, sizeof(value)));
	EXPECT_STREQ("-7", value);
	EXPECT_EQ(1, ks_hits("ks_peer_int"));

	ASSERT_EQ(0, ks_peer("attach", "nested ks_target_other"));
	for (int i = 1; i <= CALLS; i++) {
		EXPECT_LT(0, ks_call("ks_target_other", value, sizeof(value)));
		EXPECT_EQ(0, ks_peer_sight("nested", "ks_target_other", &sight));
		EXPECT_EQ(i, sight.calls);
		EXPECT_EQ(VALUE, sight.value);
		EXPECT_EQ(1 + i, ks_hits("ks_peer_int"));
	}
	EXPECT_EQ(0, ks_peer("detach", "all"));
	EXPECT_EQ(0, ks_command(self->stage.control, "disengage ks_peer_int\n"));
	EXPECT_LT(0, ks_read(KS_PEER "/call", value, sizeof(value)));
	EXPECT_STREQ("42", value);
}

/*
 * A probe that requests nested hits, as engagements do, gets them or fails: without an ftrace
 * location, a probe without a post_handler could be optimized, and would miss them.
 */
TEST_F(crowd, nested_hits_need_a_post_handler)
{
	EXPECT_EQ(-EINVAL, ks_peer("attach", "flagged ks_target_breakpoint"));
	EXPECT_EQ(0, ks_peer("attach", "kprobe ks_target_breakpoint"));
#ifdef __aarch64__
	EXPECT_EQ(-EINVAL, ks_peer("attach", "flagged ks_target_other"));
#else
	EXPECT_EQ(0, ks_peer("attach", "flagged ks_target_other"));
#endif
	EXPECT_EQ(0, ks_peer("detach", "all"));
}

/* A livepatch and an engagement both change the IP: the first one stays. */
TEST_F_TIMEOUT(crowd, livepatch, 300)
{
	char text[4096], original[4096];
	int control = self->stage.control;

	if (access("/sys/kernel/livepatch", F_OK))
		SKIP(return, "no livepatches");
	ASSERT_LT(0, ks_read(KS_PATCHED_FILE, original, sizeof(original)));

	for (int other = 0; other < 2; other++) {
		if (other)
			ASSERT_EQ(0, ks_command(control, "engage " OTHER " -1\n"));

		ASSERT_EQ(0, ks_command(control, "engage " KS_PATCHED " -5\n"));
		EXPECT_EQ(-EBUSY, ks_load_module(KS_LIVEPATCH));
		EXPECT_EQ(-EIO, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
		EXPECT_EQ(0, ks_command(control, "disengage " KS_PATCHED "\n"));
		EXPECT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
		EXPECT_STREQ(original, text);

		ASSERT_EQ(0, ks_patch());
		EXPECT_EQ(-EBUSY, ks_command(control, "engage " KS_PATCHED " -5\n"));
		EXPECT_FALSE(ks_engaged(KS_PATCHED, NULL, 0));
		/* Not in a transaction, either, which has no effect. */
		EXPECT_EQ(-EBUSY, ks_command(control, "engage ks_target_int -1\nengage "
					     KS_PATCHED " -5\nengage ks_target_long -1\n"));
		EXPECT_LT(0, ks_read_fd(control, text, sizeof(text)));
		EXPECT_NE(NULL, strstr(text, "refused in line 2: engage " KS_PATCHED))
			TH_LOG("%s", text);
		EXPECT_FALSE(ks_engaged("ks_target_int", NULL, 0));
		EXPECT_LT(0, ks_call("ks_target_int", text, sizeof(text)));
		EXPECT_STREQ("42", text);
		EXPECT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
		EXPECT_STREQ("livepatched", text);
		ASSERT_EQ(0, ks_unpatch());
		EXPECT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
		EXPECT_STREQ(original, text);

		/* After unloading it, it can be engaged. */
		EXPECT_EQ(0, ks_command(control, "engage " KS_PATCHED " -5\n"));
		EXPECT_EQ(-EIO, ks_read(KS_PATCHED_FILE, text, sizeof(text)));

#ifdef __aarch64__
		/* This does not depend on whether kprobes are armed. */
		ASSERT_EQ(0, ks_put(KPROBES "enabled", "0"));
		EXPECT_EQ(-EBUSY, ks_load_module(KS_LIVEPATCH));
		ASSERT_EQ(0, ks_put(KPROBES "enabled", "1"));
		EXPECT_EQ(-EIO, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
		EXPECT_EQ(0, ks_command(control, "disengage " KS_PATCHED "\n"));
		continue;
#endif
		/*
		 * A function that is livepatched while kprobes are disarmed stays disarmed until
		 * the livepatch is removed.
		 */
		ASSERT_EQ(0, ks_put(KPROBES "enabled", "0"));
		EXPECT_EQ(0, ks_patch());
		EXPECT_EQ(-EBUSY, ks_put(KPROBES "enabled", "1"));
		EXPECT_TRUE(ks_engaged(KS_PATCHED, text, sizeof(text)));
		EXPECT_NE(NULL, strstr(text, " state=disarmed "))
			TH_LOG("%s", text);
		EXPECT_EQ(other, ks_engaged(OTHER, text, sizeof(text)));
		EXPECT_TRUE(!other || strstr(text, " state=engaged "));
		EXPECT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
		EXPECT_STREQ("livepatched", text);
		ASSERT_EQ(0, ks_unpatch());
		EXPECT_TRUE(ks_engaged(KS_PATCHED, text, sizeof(text)));
		EXPECT_NE(NULL, strstr(text, " state=engaged "))
			TH_LOG("%s", text);
		EXPECT_EQ(-EIO, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
		EXPECT_EQ(0, ks_command(control, "disengage " KS_PATCHED "\n"));
	}
}

/* An observed function can be livepatched, and is still observed. */
TEST_F_TIMEOUT(crowd, livepatch_with_an_observation, 120)
{
	int control = self->stage.control;
	long long hits;
	char text[4096];

	if (access("/sys/kernel/livepatch", F_OK))
		SKIP(return, "no livepatches");
	ASSERT_EQ(0, ks_command(control, "observe " KS_PATCHED "\n"));
	ASSERT_EQ(0, ks_patch())
		TH_LOG("a livepatch cannot be loaded with an observation");
	hits = ks_hits(KS_PATCHED);
	EXPECT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
	EXPECT_STREQ("livepatched", text);
	EXPECT_EQ(hits + 1, ks_hits(KS_PATCHED));
	EXPECT_EQ(-EBUSY, ks_command(control, "engage " KS_PATCHED " -5\n"));
	EXPECT_TRUE(ks_engaged(KS_PATCHED, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, " state=observing "))
		TH_LOG("%s", text);
	EXPECT_EQ(0, ks_unpatch());
	EXPECT_EQ(0, ks_command(control, "engage " KS_PATCHED " -5\n"));
	EXPECT_EQ(-EIO, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
	EXPECT_EQ(-EBUSY, ks_load_module(KS_LIVEPATCH));
	EXPECT_EQ(0, ks_command(control, "disengage " KS_PATCHED "\n"));
}

/* After an engagement has ended, a tracer that is still attached works as before. */
TEST_F_TIMEOUT(crowd, livepatch_with_a_tracer, 120)
{
	struct ks_sight before = {}, after = {};
	int control = self->stage.control;
	char text[4096];

	if (access("/sys/kernel/livepatch", F_OK))
		SKIP(return, "no livepatches");
	ASSERT_EQ(0, ks_peer("attach", "kprobe " KS_PATCHED));
	ASSERT_EQ(0, ks_command(control, "engage " KS_PATCHED " -5\n"));
	EXPECT_EQ(-EIO, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
	ASSERT_EQ(0, ks_command(control, "disengage " KS_PATCHED "\n"));
	EXPECT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));

	EXPECT_EQ(0, ks_peer_sight("kprobe", KS_PATCHED, &before));
	EXPECT_EQ(0, ks_patch())
		TH_LOG("a livepatch cannot be loaded with a tracer");
	EXPECT_EQ(0, ks_peer_sight("kprobe", KS_PATCHED, &after));
	EXPECT_LT(before.calls, after.calls);
	EXPECT_EQ(0, ks_unpatch());
	EXPECT_EQ(0, ks_peer("detach", "all"));
}

TEST_HARNESS_MAIN
