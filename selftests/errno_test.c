// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each cause of refusal has its own error: unknown function, several functions of one name, engaged
 * already, not probeable, no free slot.
 */
#include <time.h>

#include "kallsyms.h"
#include "tools.h"

#define IMPOSTOR	"killswitch_impostor"
#define IMPOSTOR_FILE	"/sys/kernel/debug/" IMPOSTOR "/ks_twin"
#define KS_TWIN		"killswitch_target:ks_twin"

FIXTURE(errors)
{
	int control;
	struct ks_symbols symbols;
};

FIXTURE_SETUP(errors)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	ASSERT_EQ(0, ks_load_symbols(&self->symbols))
		TH_LOG("/proc/kallsyms shows no addresses");
}

FIXTURE_TEARDOWN(errors)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
}

/* A command that must fail with @error, give a reason, and engage nothing. */
#define EXPECT_REFUSED(error, ...) do {						\
	char why[1024] = "", list[4096];					\
	int got = ks_command(self->control, __VA_ARGS__);			\
										\
	ks_read_fd(self->control, why, sizeof(why));				\
	EXPECT_EQ(-(error), got)						\
		TH_LOG("the answer was %s", why);				\
	EXPECT_NE('\0', why[0]);						\
	EXPECT_EQ(0, ks_read(KS_ENGAGED, list, sizeof(list)))			\
		TH_LOG("engaged: %s", list);					\
} while (0)

TEST_F(errors, unknown_function)
{
	EXPECT_REFUSED(ENOENT, "engage ks_no_such_function 0\n");
	EXPECT_REFUSED(ENOENT, "disengage ks_no_such_function\n");
	/* The function exists, but is not engaged. */
	EXPECT_REFUSED(ENOENT, "disengage ks_target_int\n");
	/* A part of a name does not match. */
	EXPECT_REFUSED(ENOENT, "engage ks_target_in -1\n");
	EXPECT_REFUSED(ENOENT, "engage s_target_int -1\n");
}

TEST_F(errors, unknown_after_disengage)
{
	EXPECT_EQ(0, ks_command(self->control, "engage ks_target_int -1\n"));
	EXPECT_EQ(0, ks_command(self->control, "disengage ks_target_int\n"));
	EXPECT_REFUSED(ENOENT, "disengage ks_target_int\n");
	EXPECT_EQ(-ENOENT, ks_open_fn("ks_target_int", "hits", O_RDONLY));
}

/*
 * Every name that several functions of the kernel share. Most are refused by an earlier rule; the
 * others can all fail and have the same return type. Without type information, which has no
 * compiler-generated variants, some are not known to be functions.
 */
TEST_F_TIMEOUT(errors, several_functions, 300)
{
	size_t tried = 0, ambiguous = 0;
	struct ks_types types = {};
	bool has_types;

	has_types = !ks_load_types(&types, "vmlinux", NULL);
	for (size_t i = 0; i < self->symbols.count;) {
		const struct ks_symbol *symbol = &self->symbols.all[i];
		size_t count = ks_same_name(&self->symbols, symbol);
		bool functions = true;
		int ret;

		i += count;
		for (size_t j = 0; j < count; j++)
			functions &= ks_is_text(symbol + j) && !symbol[j].module[0];
		if (count < 2 || !functions)
			continue;
		ret = ks_command(self->control, "engage %s -1\n", symbol->name);
		tried++;
		ambiguous += ret == -ENOTUNIQ;
		/*
		 * Without an ftrace location, only type information distinguishes functions from
		 * other symbols.
		 */
		EXPECT_TRUE(ret == -ENOTUNIQ || ret == -EACCES ||
			    (ret == -EOPNOTSUPP &&
			     (!has_types || !ks_function_type(&types, symbol->name)))) {
			TH_LOG("%s is the name of %zu functions: %s", symbol->name, count,
			       ret ? strerror(-ret) : "engaged");
			ks_command(self->control, "disengage_all\n");
		}
	}
	TH_LOG("%zu names, %zu of them ambiguous", tried, ambiguous);
	EXPECT_LT(0, tried);
}

/* One name in two modules: the answer says how to select one, which works. */
TEST_F(errors, twins)
{
	static const char * const twins[] = { KS_TWIN, IMPOSTOR ":ks_twin" };
	char answer[4096], line[512];

	ASSERT_EQ(0, ks_load_module(IMPOSTOR));
	EXPECT_EQ(-ENOTUNIQ, ks_command(self->control, "engage ks_twin -7\n"));
	EXPECT_LT(0, ks_read_fd(self->control, answer, sizeof(answer)));
	EXPECT_NE(NULL, strstr(answer, "2 functions have this name; write module:symbol"))
		TH_LOG("%s", answer);
	ASSERT_EQ(0, ks_ask(answer, sizeof(answer), "ks_twin -7\n"));
	EXPECT_TRUE(ks_starts(answer, "refuse ks_twin -7 ambiguous\n"))
		TH_LOG("%s", answer);
	for (size_t i = 0; i < ARRAY_SIZE(twins); i++) {
		EXPECT_EQ(0, ks_command(self->control, "engage %s -%zu\n", twins[i], 7 + i));
		EXPECT_TRUE(ks_engaged(twins[i], line, sizeof(line)));
	}
	/* Each returns its own value. */
	EXPECT_LT(0, ks_read(KS_TARGET "/others", line, sizeof(line)));
	EXPECT_STREQ("252 -7", line);
	EXPECT_LT(0, ks_read(IMPOSTOR_FILE, line, sizeof(line)));
	EXPECT_STREQ("-8", line);
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	/* After one module is unloaded, the name is unique. */
	if (ks_unload_module(IMPOSTOR))
		SKIP(return, "no module unloading (CONFIG_MODULE_UNLOAD)");
	EXPECT_EQ(0, ks_command(self->control, "engage ks_twin -7\n"));
}

TEST_F(errors, engaged_already)
{
	char line[512];

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -1\n"));
	EXPECT_EQ(-EBUSY, ks_command(self->control, "engage ks_target_int -1\n"));
	EXPECT_EQ(-EBUSY, ks_command(self->control, "engage ks_target_int -2\n"));
	EXPECT_EQ(-EBUSY, ks_command(self->control,
				     "engage ks_target_other -2\nengage ks_target_int -2\n"));
	EXPECT_FALSE(ks_engaged("ks_target_other", NULL, 0));
	ASSERT_TRUE(ks_engaged("ks_target_int", line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, "retval=-1 "));
}

/* Engaging one function twice in one write is an error. */
TEST_F(errors, engaged_twice_in_one_write)
{
	EXPECT_REFUSED(EBUSY, "engage ks_target_int -1\nengage ks_target_int -2\n");
}

TEST_F(errors, data_symbol)
{
	if (!ks_find_symbol(&self->symbols, "init_task"))
		SKIP(return, "no data symbols (CONFIG_KALLSYMS_ALL)");
	EXPECT_REFUSED(EOPNOTSUPP, "engage init_task 0\n");
	EXPECT_REFUSED(EOPNOTSUPP, "engage jiffies 0\n");
}

TEST_F(errors, init_function)
{
	if (!ks_find_symbol(&self->symbols, "start_kernel"))
		SKIP(return, "the kernel has no symbol start_kernel");
	EXPECT_REFUSED(EOPNOTSUPP, "engage start_kernel 0\n");
}

/* Up to 40 functions on the kprobe blacklist: check reports them, too. */
TEST_F_TIMEOUT(errors, kprobe_blacklist, 120)
{
	/* A function that the policy accepts. */
	char line[1024], name[640] = "ks_target_noprobe", answer[8192], refuse[700];
	size_t tried = 0, unsupported = 0;
	FILE *file;

	file = fopen("/sys/kernel/debug/kprobes/blacklist", "re");
	if (!file)
		SKIP(return, "no kprobes/blacklist in debugfs");
	do {
		const struct ks_symbol *symbol;
		int ret;

		symbol = ks_find_symbol(&self->symbols, name);
		if (!symbol || !ks_is_text(symbol) || ks_same_name(&self->symbols, symbol) != 1)
			continue;
		ret = ks_command(self->control, "engage %s -1\n", name);
		tried++;
		unsupported += ret == -EOPNOTSUPP;
		/* Other rules may take precedence, but none is accepted. */
		EXPECT_TRUE(ret == -EOPNOTSUPP || (ret == -EACCES && tried > 1))
			TH_LOG("%s: %s", name, ret ? strerror(-ret) : "engaged");
		ASSERT_EQ(0, ks_ask(answer, sizeof(answer), "%s -1\n", name));
		snprintf(refuse, sizeof(refuse), "refuse %s -1 %s", name,
			 ret == -EOPNOTSUPP ? "EOPNOTSUPP\n" : "");
		EXPECT_TRUE(ks_starts(answer, refuse))
			TH_LOG("%s: %s, but check says: %s", name, strerror(-ret), answer);
	} while (tried < 40 && fgets(line, sizeof(line), file) &&
		 sscanf(line, "%*s %639s", name) == 1);
	fclose(file);
	EXPECT_LT(1, tried);
	EXPECT_LT(0, unsupported);
}

TEST_F(errors, padding)
{
	const struct ks_symbol *symbol = ks_find_symbol(&self->symbols, "__pfx_ks_target_int");

	if (!symbol)
		SKIP(return, "functions have no named padding");
	EXPECT_REFUSED(EOPNOTSUPP, "engage __pfx_ks_target_int 0\n");
}

/* A symbol is not a function entry if the ftrace location does not follow it. */
TEST_F(errors, late_ftrace_location)
{
	if (!ks_find_symbol(&self->symbols, "ks_target_late"))
		SKIP(return, "not on this architecture");
	EXPECT_REFUSED(EOPNOTSUPP, "engage ks_target_late 0\n");
}

TEST_F(errors, other_module)
{
	EXPECT_REFUSED(ENOENT, "engage killswitch_target:ks_no_such_function 0\n");
	/* Only functions of the module: this one is built in. */
	EXPECT_REFUSED(ENOENT, "engage killswitch_target:af_alg_sendmsg 0\n");
}

TEST_F(errors, module_named)
{
	char value[64];

	EXPECT_EQ(0, ks_command(self->control, "engage killswitch_target:ks_target_int -5\n"));
	EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
	EXPECT_STREQ("-5", value);

	/* Only functions of the kernel itself, whatever modules are loaded. */
	EXPECT_LT(0, readlink("/proc/1/exe", value, sizeof(value)));
	EXPECT_EQ(0, ks_command(self->control, "engage vmlinux:__ptrace_may_access -EPERM\n"));
	EXPECT_EQ(-1, readlink("/proc/1/exe", value, sizeof(value)));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-ENOENT, ks_command(self->control, "engage vmlinux:ks_target_other -5\n"));
}

/* Reads "slots: <used>/<total>" in the status file. */
static bool read_slots(long *used, long *total)
{
	char status[4096], *line;

	if (ks_read(KS_DIR "/status", status, sizeof(status)) < 0)
		return false;
	line = strstr(status, "slots: ");
	return line && sscanf(line, "slots: %ld/%ld", used, total) == 2;
}

static long used_slots(void)
{
	long used, total;

	return read_slots(&used, &total) ? used : -1;
}

/* A distinct value per index, an error if only errors are accepted. */
static long many_value(long index, bool has_types)
{
	return 1 + (has_types ? index : index % 134);
}

/*
 * Every slot can be taken, each function returns its own value, the next engagement is refused, and
 * all slots are released.
 */
TEST_F_TIMEOUT(errors, no_slot_left, 600)
{
	bool has_types = ks_has_types();
	long used, total;
	char line[64];
	time_t begun;
	FILE *many;

	ASSERT_TRUE(read_slots(&used, &total));
	EXPECT_EQ(0, used);
	if (total > 299)
		SKIP(return, "not enough functions for %ld slots", total);

	for (long i = 0; i < total; i++) {
		ASSERT_EQ(0, ks_command(self->control, "engage ks_many_%03ld -%ld\n", i,
					many_value(i, has_types)))
			TH_LOG("slot %ld", i);
	}
	EXPECT_EQ(total, used_slots());
	/* Immediately: none of them is just waiting to be released. */
	begun = time(NULL);
	EXPECT_EQ(-ENOSPC, ks_command(self->control, "engage ks_many_%03ld -1\n", total));
	EXPECT_GT(3 * KS_SLOWER, time(NULL) - begun);

	many = fopen(KS_TARGET "/many", "re");
	ASSERT_NE(NULL, many);
	for (long i = 0; i < 300; i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "%ld %ld\n", i,
			 i < total ? -many_value(i, has_types) : 42 + 1000 + i);
		ASSERT_NE(NULL, fgets(line, sizeof(line), many));
		EXPECT_STREQ(expected, line)
			TH_LOG("the value of ks_many_%03ld", i);
	}
	fclose(many);

	/* One free slot is not enough for two engagements. */
	EXPECT_EQ(0, ks_command(self->control, "disengage ks_many_007\n"));
	EXPECT_EQ(-ENOSPC, ks_command(self->control,
				      "engage ks_many_298 -1\nengage ks_many_299 -1\n"));
	EXPECT_EQ(total - 1, used_slots());
	EXPECT_EQ(0, ks_command(self->control, "engage ks_many_299 -1\n"));

	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	EXPECT_EQ(0, used_slots());
	EXPECT_EQ(0, ks_read(KS_ENGAGED, line, sizeof(line)));
}

TEST_HARNESS_MAIN
