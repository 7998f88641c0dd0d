// SPDX-License-Identifier: GPL-2.0-only
/*
 * No LSM entry point or callback, and nothing security-critical, can be engaged, with any value,
 * spelling or trick.
 */
#include <fnmatch.h>

#include "kallsyms.h"
#include "tools.h"

#define KS_TRACING	"/sys/kernel/tracing"

/* Read once, before the first test: there are many symbols. */
static struct ks_symbols symbols;

static void __attribute__((constructor)) load_symbols(void)
{
	if (ks_load_symbols(&symbols))
		symbols.count = 0;
}

FIXTURE(protect)
{
	int control;
	int audit;
};

FIXTURE_SETUP(protect)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	self->audit = ks_audit_open();
	ASSERT_LE(0, self->audit);
	ASSERT_LT(0, symbols.count)
		TH_LOG("/proc/kallsyms shows no addresses");
}

FIXTURE_TEARDOWN(protect)
{
	char list[4096];

	EXPECT_EQ(0, ks_read(KS_ENGAGED, list, sizeof(list)))
		TH_LOG("engaged: %s", list);
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->audit);
	close(self->control);
}

/* Results for many names. */
struct tally {
	/* One in this many attempts is a real request, and is also checked with check. */
	size_t sample;
	size_t tried, by_policy, otherwise, accepted, sampled;
	/* The first unexpected results. */
	char wrong[2048];
};

static void note_wrong(struct tally *tally, const char *name, const char *value, const char *how)
{
	size_t used = strlen(tally->wrong);

	snprintf(tally->wrong + used, sizeof(tally->wrong) - used, "%s %s: %s\n", name, value, how);
}

/* The valid errors for a protected name: another error may precede the rule. */
static bool is_refusal(int ret)
{
	return ret == -EACCES || ret == -ENOTUNIQ || ret == -EOPNOTSUPP;
}

/*
 * Whether it is the turn of a name, of the @names so far: on a machine that is KS_SLOWER times
 * slower, one of this many names has a turn.
 */
static bool has_turn(size_t *names)
{
	return (*names)++ % KS_SLOWER == 0;
}

static bool is_too_long(const char *name)
{
	return strlen(name) > NAME_MAX;
}

/* Makes a real request after one that ended with @ret, and compares with check. */
static void try_real_request(struct tally *tally, int control, const char *name, const char *value,
			     int ret)
{
	char answer[8192], expected[640];
	int engaged;

	tally->sampled++;
	engaged = ks_command(control, "engage %s %s\n", name, value);
	if (!engaged)
		ks_command(control, "disengage_all\n");
	if (engaged != ret)
		note_wrong(tally, name, value, engaged ? strerror(-engaged) : "engaged");
	if (is_too_long(name))
		return;
	if (ks_ask(answer, sizeof(answer), "%s %s\n", name, value))
		note_wrong(tally, name, value, "check fails");
	snprintf(expected, sizeof(expected), "%s %s %s%s", ret ? "refuse" : "allow", name, value,
		 ret ? " " : "\n");
	if (!ks_starts(answer, expected))
		note_wrong(tally, name, value, answer);
}

static int try_value(struct tally *tally, int control, const char *name, const char *value)
{
	int ret = ks_try(control, name, value);

	if (tally->tried++ % tally->sample == 0)
		try_real_request(tally, control, name, value, ret);
	if (!ret)
		tally->accepted++;
	else if (ret == -EACCES)
		tally->by_policy++;
	else
		tally->otherwise++;
	return ret;
}

/* Tries a request that must be refused. */
static void try_refused(struct tally *tally, int control, const char *name, const char *value)
{
	int ret = try_value(tally, control, name, value);

	/* Requests cannot contain a name that is too long. */
	if (!is_refusal(ret) && !(ret == -EINVAL && is_too_long(name)))
		note_wrong(tally, name, value, ret ? strerror(-ret) : "accepted");
}

/* The same, with each value that may bypass something. */
static void try_values(struct tally *tally, int control, const char *name)
{
	static const char * const values[] = { "0", "1", "-1" };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		try_refused(tally, control, name, values[i]);
}

/* A summary of @tally. */
static const char *numbers(const struct tally *tally)
{
	static char text[256];

	snprintf(text, sizeof(text),
		 "%zu tried: %zu refused by rule, %zu otherwise, %zu accepted; %zu also with check",
		 tally->tried, tally->by_policy, tally->otherwise, tally->accepted, tally->sampled);
	return text;
}

/* Takes the name of a tally. */
#define EXPECT_REFUSED(name) do {					\
	const struct tally *tally_ = &(name);				\
									\
	TH_LOG("%s", numbers(tally_));					\
	EXPECT_EQ(0, tally_->accepted);					\
	EXPECT_STREQ("", tally_->wrong);				\
} while (0)

TEST_F_TIMEOUT(protect, every_entry_point, 300)
{
	struct tally tally = { .sample = 20 };
	size_t names = 0;

	for (size_t i = 0; i < symbols.count; i++) {
		const struct ks_symbol *symbol = &symbols.all[i];

		/* Drivers have such names, too. */
		if (ks_starts(symbol->name, "security_") && !symbol->module[0] &&
		    ks_is_text(symbol) && has_turn(&names))
			try_values(&tally, self->control, symbol->name);
	}
	EXPECT_REFUSED(tally);
	EXPECT_LT(200, names);
	EXPECT_LE(names / KS_SLOWER, tally.tried / 3);
	EXPECT_LE(tally.tried * 9 / 10, tally.by_policy);
}

/* The number in the line of @rule in the file policy, or -1. */
static long policy_number(const char *rule)
{
	static char text[1 << 16];
	char *line;

	if (ks_read(KS_POLICY, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, rule);
	return line ? strtol(line + strcspn(line, "0123456789\n"), NULL, 10) : -1;
}

/*
 * Every callback, from the list made from the sources. It does not contain BPF's, of which there is
 * one for each hook, with a fixed name.
 */
TEST_F_TIMEOUT(protect, every_callback, 300)
{
	struct tally tally = { .sample = 20 };
	struct ks_names callbacks;
	char list[1024];
	long registered;
	size_t found = 0;

	ASSERT_LT(0, ks_read("/sys/kernel/security/lsm", list, sizeof(list)));
	if (ks_load_names(&callbacks, "lsm_callbacks.txt"))
		SKIP(return, "the tests were built without the list of callbacks");
	for (size_t i = 0; i < callbacks.count; i++) {
		const struct ks_name *callback = &callbacks.all[i];

		if (!strstr(list, callback->word) || !ks_find_symbol(&symbols, callback->name))
			continue;
		if (has_turn(&found))
			try_values(&tally, self->control, callback->name);
	}
	for (size_t i = 0; i < symbols.count && strstr(list, "bpf"); i++) {
		const char *name = symbols.all[i].name;

		if (ks_starts(name, "bpf_lsm_") && !strchr(name, '.') && has_turn(&found))
			try_values(&tally, self->control, name);
	}
	EXPECT_REFUSED(tally);

	/* The names of Killswitch's own callbacks do not follow the pattern. */
	registered = policy_number("lsm-hook");
	found++;
	TH_LOG("%zu callbacks found by name, %ld registered", found, registered);
	EXPECT_LE(registered, (long)found);
	EXPECT_LE(tally.tried * 9 / 10, tally.by_policy);
}

/* One or more callbacks of each LSM, some with unusual names. */
static const struct callback {
	const char *module;
	const char *name;
} callbacks[] = {
	{ "capability", "cap_capable" },
	{ "capability", "cap_settime" },
	{ "capability", "cap_ptrace_access_check" },
	{ "capability", "cap_bprm_creds_from_file" },
	{ "lockdown", "lockdown_is_locked_down" },
	{ "landlock", "hook_file_open" },
	{ "landlock", "hook_sb_mount" },
	{ "landlock", "hook_path_unlink" },
	{ "landlock", "hook_ptrace_access_check" },
	{ "yama", "yama_ptrace_access_check" },
	{ "yama", "yama_task_prctl" },
	{ "apparmor", "apparmor_file_open" },
	{ "apparmor", "apparmor_capable" },
	{ "apparmor", "apparmor_path_unlink" },
	{ "apparmor", "aa_audit_rule_match" },
	{ "bpf", "bpf_lsm_file_open" },
	{ "bpf", "bpf_lsm_bprm_check_security" },
	{ "bpf", "bpf_lsm_socket_connect" },
	{ "selinux", "selinux_file_open" },
	{ "selinux", "selinux_bprm_creds_for_exec" },
	{ "smack", "smack_inode_permission" },
	{ "tomoyo", "tomoyo_file_open" },
	{ "loadpin", "loadpin_read_file" },
	{ "safesetid", "safesetid_security_capable" },
	{ "ipe", "ipe_bprm_check_security" },
};

TEST_F_TIMEOUT(protect, callbacks_of_each_module, 120)
{
	char list[1024], records[16384];
	size_t tried = 0;

	ASSERT_LT(0, ks_read("/sys/kernel/security/lsm", list, sizeof(list)));
	for (size_t i = 0; i < ARRAY_SIZE(callbacks); i++) {
		const struct callback *c = &callbacks[i];
		const struct ks_symbol *symbol = ks_find_symbol(&symbols, c->name);
		int ret;

		if (!symbol || !strstr(list, c->module))
			continue;
		ASSERT_LE(0, ks_audit_collect(self->audit, self->control, records,
					      sizeof(records)));
		ret = ks_command(self->control, "engage %s 0\n", c->name);
		tried++;
		EXPECT_EQ(1, ks_audit_collect(self->audit, self->control, records,
					      sizeof(records)))
			TH_LOG("%s: recorded as %s", c->name, records);
		if (ks_same_name(&symbols, symbol) > 1) {
			EXPECT_TRUE(is_refusal(ret))
				TH_LOG("%s: %s", c->name, strerror(-ret));
			continue;
		}
		EXPECT_EQ(-EACCES, ret)
			TH_LOG("%s: %s", c->name, ret ? strerror(-ret) : "engaged");
		EXPECT_NE(NULL, strstr(records, " rule=lsm-hook "))
			TH_LOG("%s: recorded as %s", c->name, records);
	}
	EXPECT_LT(0, tried);
}

/* A pattern of the table, with its module. */
struct pattern {
	const char *word;
	char module[64];
	const char *symbol;
	size_t fixed;
};

static int by_symbol(const void *a, const void *b)
{
	return strcmp(((const struct pattern *)a)->symbol, ((const struct pattern *)b)->symbol);
}

/* Whether @pattern matches the function of @symbol, by its name in the source. */
static bool is_for(const struct pattern *pattern, const struct ks_symbol *symbol,
		   const char *original)
{
	if (symbol->module[0] &&
	    (!pattern->module[0] || fnmatch(pattern->module, symbol->module, 0)))
		return false;
	return !strncmp(pattern->symbol, original, pattern->fixed) &&
	       !fnmatch(pattern->symbol, original, 0);
}

enum { ZERO = 1, ONE = 2, ERROR = 4 };

/* The table's lines for a function. */
struct lines {
	/* The values that they allow. */
	unsigned int values;
	/* Whether one is a plain name, and whether one accepts more with scope=nonroot. */
	bool by_name, spared;
};

/* Finds the lines for @symbol: false if there are none. */
static bool find_lines(const struct pattern *patterns, size_t count, size_t plain,
		       const struct ks_symbol *symbol, struct lines *lines)
{
	size_t low = plain, high = count, dot = strcspn(symbol->name + 1, ".") + 1;
	bool found = false, only_errors = true;
	char original[640];

	*lines = (struct lines){};
	snprintf(original, sizeof(original), "%.*s", (int)dot, symbol->name);
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(patterns[middle].symbol, original) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < count; i++) {
		if (i == plain)
			i = low;
		if (i == count || (i >= plain && strcmp(patterns[i].symbol, original)))
			break;
		if (!is_for(&patterns[i], symbol, original))
			continue;
		found = true;
		lines->by_name |= i >= plain;
		/* A value that a line names is accepted, whatever other lines say. */
		if (!strcmp(patterns[i].word, "named0"))
			lines->values |= ZERO;
		else if (!strcmp(patterns[i].word, "named1"))
			lines->values |= ONE;
		else if (!strcmp(patterns[i].word, "named-1"))
			lines->values |= ERROR;
		only_errors &= !strcmp(patterns[i].word, "errno");
		lines->spared |= !!strstr(patterns[i].word, "spared");
	}
	if (only_errors)
		lines->values |= ERROR;
	return found;
}

/*
 * Every function that the table of rule security-base names, with every value that its lines
 * forbid. Of the many that only match a pattern, one in KS_EVERY (default 20) is tried, with one of
 * three values in turn. The same applies to those with scope=nonroot, whose refusals take long,
 * because the kernel checks whether that scope would be accepted.
 */
TEST_F_TIMEOUT(protect, every_base_function, 1200)
{
	struct tally never = { .sample = 200 }, others = { .sample = 100 };
	struct tally stated = { .sample = 1 };
	size_t every = getenv("KS_EVERY") ? atoi(getenv("KS_EVERY")) : 20;
	size_t plain = 0, functions = 0, without_value = 0, with_value = 0, spared = 0, alike = 0;
	struct pattern *patterns;
	struct ks_names lines;

	ASSERT_LT(0, every);
	if (ks_load_names(&lines, "base_names.txt"))
		SKIP(return, "the tests were built without the table");
	patterns = calloc(lines.count, sizeof(*patterns));
	ASSERT_NE(NULL, patterns);
	/* Patterns first, then sorted plain names. */
	for (int is_plain = 0, at = 0; is_plain < 2; is_plain++) {
		plain = is_plain ? at : 0;
		for (size_t i = 0; i < lines.count; i++) {
			const char *name = lines.all[i].name, *colon = strchr(name, ':');
			struct pattern *pattern = &patterns[at];

			if (is_plain == !!strchr(colon ? colon : name, '*'))
				continue;
			pattern->word = lines.all[i].word;
			pattern->symbol = colon ? colon + 1 : name;
			pattern->fixed = strcspn(pattern->symbol, "*");
			if (colon)
				snprintf(pattern->module, sizeof(pattern->module), "%.*s",
					 (int)(colon - name), name);
			at++;
		}
	}
	qsort(patterns + plain, lines.count - plain, sizeof(*patterns), by_symbol);

	for (size_t i = 0; i < symbols.count; i++) {
		static const char * const values[] = { "0", "1", "-1" };
		const struct ks_symbol *symbol = &symbols.all[i];
		struct lines said;
		bool is_some;

		if (!ks_is_text(symbol) ||
		    !find_lines(patterns, lines.count, plain, symbol, &said))
			continue;
		/* Symbols of one name are tried together. */
		if (i && !strcmp(symbols.all[i - 1].name, symbol->name))
			continue;
		functions++;
		if (said.values)
			is_some = has_turn(&with_value);
		else if (said.spared)
			is_some = spared++ % (every * KS_SLOWER) == 0;
		else if (!said.by_name)
			is_some = alike++ % (every * KS_SLOWER) == 0;
		else
			is_some = has_turn(&without_value);
		for (size_t v = 0; is_some && v < ARRAY_SIZE(values); v++) {
			struct tally *tally = said.values || said.spared ? &others : &never;

			if (said.values & 1U << v)
				try_value(&stated, self->control, symbol->name, values[v]);
			else if (said.values || said.spared || said.by_name || functions % 3 == v)
				try_refused(tally, self->control, symbol->name, values[v]);
		}
	}
	TH_LOG("%zu functions of the table, %zu of them with a value, %zu with scope=nonroot",
	       functions, with_value, spared);
	EXPECT_LT(2000, functions);
	EXPECT_LE(10, with_value);
	EXPECT_LT(100, spared);
	TH_LOG("those without a return value:");
	EXPECT_REFUSED(never);
	TH_LOG("the others, with forbidden values:");
	EXPECT_REFUSED(others);
	TH_LOG("the others, with allowed values, which another rule may refuse:");
	TH_LOG("%s", numbers(&stated));
	EXPECT_STREQ("", stated.wrong);
	EXPECT_LT(0, stated.accepted);
	free(patterns);
}

/* Functions of Killswitch and the C helpers of its Rust code are protected. */
TEST_F_TIMEOUT(protect, own_functions, 300)
{
	struct tally tally = { .sample = 50 };
	size_t names = 0;

	for (size_t i = 0; i < symbols.count; i++) {
		const struct ks_symbol *symbol = &symbols.all[i];

		if (ks_is_text(symbol) && !symbol->module[0] &&
		    (strstr(symbol->name, "10killswitch") ||
		     ks_starts(symbol->name, "killswitch_") ||
		     ks_starts(symbol->name, "rust_helper_")) && has_turn(&names))
			try_values(&tally, self->control, symbol->name);
	}
	EXPECT_REFUSED(tally);
	EXPECT_LT(100, names);
	EXPECT_LE(names / KS_SLOWER, tally.tried / 3);
	/* A C function that is not called by name. */
	EXPECT_EQ(-EACCES, ks_try(self->control, "killswitch_check_work", "0"));
}

TEST_F(protect, refusals_name_the_rule)
{
	char records[16384], text[4096];

	ASSERT_LE(0, ks_audit_collect(self->audit, self->control, records, sizeof(records)));
	EXPECT_EQ(-EACCES, ks_command(self->control,
				      "engage security_file_open 0 reason=just trying\n"));
	EXPECT_LT(0, ks_read_fd(self->control, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "lsm-entry"))
		TH_LOG("the answer was %s", text);
	EXPECT_EQ(1, ks_audit_collect(self->audit, self->control, records, sizeof(records)));
	EXPECT_NE(NULL, strstr(records, "op=engage func=\"security_file_open\" retval=0 "))
		TH_LOG("recorded as %s", records);
	EXPECT_NE(NULL, strstr(records, " rule=lsm-entry "))
		TH_LOG("recorded as %s", records);
	EXPECT_NE(NULL, strstr(records, " res=0 errno=13"))
		TH_LOG("recorded as %s", records);
}

/* All names of one address are protected, or none. */
TEST_F_TIMEOUT(protect, aliases, 300)
{
	size_t groups = 0, protected = 0;
	struct ks_symbol *all, *end;

	all = malloc(symbols.count * sizeof(*all));
	ASSERT_NE(NULL, all);
	memcpy(all, symbols.all, symbols.count * sizeof(*all));
	qsort(all, symbols.count, sizeof(*all), ks_by_address);
	end = all + symbols.count;
	for (struct ks_symbol *first = all, *next; first < end; first = next) {
		size_t denied = 0, accepted = 0;

		for (next = first + 1; next < end && next->address == first->address;)
			next++;
		if (next - first < 2 || first->module[0] || !ks_is_text(first) ||
		    !has_turn(&groups))
			continue;
		for (struct ks_symbol *one = first; one < next; one++) {
			int ret = ks_try(self->control, one->name, "-1");

			denied += ret == -EACCES;
			accepted += !ret;
		}
		protected += !!denied;
		EXPECT_FALSE(denied && accepted)
			TH_LOG("%s and %s", first->name, first[1].name);
	}
	TH_LOG("%zu addresses have several names; of %zu at least %zu are protected", groups,
	       groups / KS_SLOWER, protected);
	EXPECT_LT(0, groups);
	free(all);
}

/* Whether @symbol is between the symbols @first and @last. */
static bool is_between(const struct ks_symbol *symbol, const char *first, const char *last)
{
	const struct ks_symbol *from = ks_find_symbol(&symbols, first);
	const struct ks_symbol *to = ks_find_symbol(&symbols, last);

	return from && to && symbol->address >= from->address && symbol->address < to->address;
}

enum place { PADDING, LSM_TRAMPOLINE, TRAMPOLINE, KEY, INIT, COLD, DATA, PLACES };

static const struct {
	const char *what;
	size_t every;
} places[PLACES] = {
	[PADDING] = { "padding in front of functions", 4001 },
	[LSM_TRAMPOLINE] = { "trampolines to callbacks", 17 },
	[TRAMPOLINE] = { "other trampolines", 31 },
	[KEY] = { "keys of static calls", 701 },
	[INIT] = { "init text", 307 },
	[COLD] = { "cold parts", 31 },
	[DATA] = { "data", 5003 },
};

static enum place place_of(const struct ks_symbol *symbol)
{
	if (symbol->module[0])
		return PLACES;
	if (ks_starts(symbol->name, "__pfx_"))
		return PADDING;
	if (ks_starts(symbol->name, "__SCT__lsm_static_call_"))
		return LSM_TRAMPOLINE;
	if (ks_starts(symbol->name, "__SCT__"))
		return TRAMPOLINE;
	if (ks_starts(symbol->name, "__SCK__"))
		return KEY;
	if (strlen(symbol->name) > 5 && !strcmp(strchr(symbol->name, '\0') - 5, ".cold"))
		return COLD;
	if (strchr("tTwW", symbol->type))
		return is_between(symbol, "_sinittext", "_einittext") ? INIT : PLACES;
	return strchr("dDbBrR", symbol->type) ? DATA : PLACES;
}

/* Symbols that are not functions of their own. There are many; a sample is enough. */
TEST_F_TIMEOUT(protect, other_symbols, 300)
{
	struct tally tallies[PLACES] = {};
	size_t seen[PLACES] = {};

	for (size_t i = 0; i < symbols.count; i++) {
		const struct ks_symbol *symbol = &symbols.all[i];
		enum place place = place_of(symbol);

		if (place == PLACES || seen[place]++ % places[place].every)
			continue;
		/* The name may also refer to a function. */
		if (ks_same_name(&symbols, ks_find_symbol(&symbols, symbol->name)) > 1)
			continue;
		tallies[place].sample = 7;
		try_values(&tallies[place], self->control, symbol->name);
	}
	for (size_t place = 0; place < PLACES; place++) {
		TH_LOG("%s:", places[place].what);
		EXPECT_REFUSED(tallies[place]);
	}
	EXPECT_LT(0, tallies[INIT].tried);
	EXPECT_LT(0, tallies[DATA].tried);
}

static const char * const spellings[] = {
	"security_file_open+0",
	"security_file_open+0x0",
	"security_file_open+4",
	"security_file_open.cold",
	"security_file_open.",
	"security_file_open.0",
	"security_file_open$",
	"security_file_open,",
	"security_file_open()",
	"vmlinux:security_file_open",
	"kernel:security_file_open",
	":security_file_open",
	"::security_file_open",
	"security_file_open:",
	"security_file_open:security_file_open",
	"killswitch_target:security_file_open",
	"killswitch_target:ks_target_int+0",
	"killswitch_target:killswitch_target:ks_target_int",
	"no_such_module:security_file_open",
	".security_file_open",
	"SECURITY_FILE_OPEN",
	"Security_file_open",
	"security_file_opeN",
	"./security_file_open",
	"../security_file_open",
	"*security_file_open",
	"security_file_ope?",
	"\"security_file_open\"",
	"security_file_open\t",
	"\tsecurity_file_open",
	"security_ file_open",
	"security_file_open\xa0",
	"__pfx_security_file_open",
	"__cfi_security_file_open",
	"__SCK__lsm_static_call_file_open_0",
	"__SCT__lsm_static_call_file_open_0",
	"_text",
	"_stext",
	"0",
	"0x0",
};

/* A valid spelling with extra blanks is the function itself. */
static const char * const blanks[] = {
	"engage  security_file_open 0",
	"engage security_file_open   0",
	"  engage security_file_open 0",
	"engage security_file_open 0  ",
};

TEST_F(protect, spellings)
{
	static const char * const formats[] = {
		"%llx", "%#llx", "%llu", "*%#llx", "+%#llx", "%#llx+0", "kernel:%#llx",
	};
	const struct ks_symbol *symbol = ks_find_symbol(&symbols, "security_file_open");
	struct tally tally = { .sample = 1000000 };
	char name[128];

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		try_value(&tally, self->control, spellings[i], "0");
		try_value(&tally, self->control, spellings[i], "-1");
		EXPECT_GT(0, ks_command(self->control, "engage %s 0\n", spellings[i]))
			TH_LOG("%s", spellings[i]);
	}
	ASSERT_NE(NULL, symbol);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		snprintf(name, sizeof(name), formats[i], symbol->address);
		EXPECT_GT(0, ks_try(self->control, name, "0"))
			TH_LOG("%s", name);
		EXPECT_GT(0, ks_command(self->control, "engage %s 0\n", name))
			TH_LOG("%s", name);
	}
	EXPECT_EQ(0, tally.accepted);
	for (size_t i = 0; i < ARRAY_SIZE(blanks); i++) {
		EXPECT_EQ(-EACCES, ks_command(self->control, "%s\n", blanks[i]))
			TH_LOG("%s", blanks[i]);
	}
}

#define KS_IMPOSTOR "/sys/kernel/debug/killswitch_impostor/"
#define KS_IMPOSTED "killswitch_impostor:security_file_open"

/*
 * A module's function is judged by its address and code: with the name of an entry point it only
 * counts as a function that sounds like a protection, and takes errors only.
 */
TEST_F(protect, impostor)
{
	char value[64], before[64], answer[8192];

	if (ks_load_module("killswitch_impostor"))
		SKIP(return, "no module killswitch_impostor");
	ASSERT_LT(0, ks_read(KS_IMPOSTOR "security_file_open", value, sizeof(value)));
	EXPECT_STREQ("42", value);
	ASSERT_LT(0, ks_read("/proc/sys/kernel/ostype", before, sizeof(before)));

	/* The plain name may refer to the kernel's function, which takes precedence. */
	EXPECT_EQ(-EACCES, ks_command(self->control, "engage security_file_open 0\n"));
	EXPECT_EQ(-EACCES, ks_command(self->control, "engage security_file_open -1\n"));
	EXPECT_EQ(0, ks_ask(answer, sizeof(answer), "security_file_open 0\n"));
	EXPECT_TRUE(ks_starts(answer, "refuse security_file_open 0 lsm-entry\n"))
		TH_LOG("%s", answer);

	/* With the module's name, it is only the module's function. */
	EXPECT_EQ(-EACCES, ks_command(self->control, "engage " KS_IMPOSTED " 0\n"));
	EXPECT_EQ(0, ks_ask(answer, sizeof(answer), KS_IMPOSTED " 0\n"));
	EXPECT_TRUE(ks_starts(answer, "refuse " KS_IMPOSTED " 0 object\n"))
		TH_LOG("%s", answer);
	EXPECT_EQ(0, ks_command(self->control, "engage " KS_IMPOSTED " -7\n"));
	EXPECT_LT(0, ks_read(KS_IMPOSTOR "security_file_open", value, sizeof(value)));
	EXPECT_STREQ("-7", value);
	EXPECT_EQ(1, ks_hits(KS_IMPOSTED));
	EXPECT_LT(0, ks_read("/proc/sys/kernel/ostype", value, sizeof(value)));
	EXPECT_STREQ(before, value);
	EXPECT_EQ(1, ks_hits(KS_IMPOSTED));
	EXPECT_EQ(0, ks_command(self->control, "disengage " KS_IMPOSTED "\n"));

	/* Functions that a module calls are not in it. */
	EXPECT_EQ(-ENOENT, ks_command(self->control, "engage killswitch_impostor:capable 0\n"));
	EXPECT_EQ(-ENOENT, ks_command(self->control, "engage killswitch_impostor:single_open 0\n"));

	/* Its code is checked like the kernel's. */
	EXPECT_EQ(0, ks_ask(answer, sizeof(answer),
			    "ks_impostor_asks 0\nks_impostor_lets_ask 0\n"));
	EXPECT_NE(NULL, strstr(answer, "refuse ks_impostor_asks 0 mediation\n"))
		TH_LOG("%s", answer);
	EXPECT_NE(NULL, strstr(answer, "it calls capable;"))
		TH_LOG("%s", answer);
	EXPECT_NE(NULL, strstr(answer, "refuse ks_impostor_lets_ask 0 mediation\n"))
		TH_LOG("%s", answer);
	EXPECT_NE(NULL, strstr(answer, "it calls ks_impostor_asks, which calls capable;"))
		TH_LOG("%s", answer);
	EXPECT_EQ(-EACCES, ks_command(self->control, "engage ks_impostor_asks 0\n"));
	EXPECT_EQ(-EACCES, ks_command(self->control, "engage ks_impostor_lets_ask 1\n"));
	EXPECT_EQ(0, ks_command(self->control, "engage ks_impostor_asks -1\n"));
	EXPECT_LT(0, ks_read(KS_IMPOSTOR "ks_impostor_lets_ask", value, sizeof(value)));
	EXPECT_STREQ("-1", value);
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	EXPECT_EQ(0, ks_unload_module("killswitch_impostor"));
}

/* Attaches an empty program to the BPF LSM hook @name: a descriptor or -errno. */
static int attach_program(const char *name, int *program)
{
	/* r0 = 0; exit */
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_LSM,
		.expected_attach_type = BPF_LSM_MAC,
		.insns = ks_pointer(code),
		.insn_cnt = ARRAY_SIZE(code),
		.license = ks_pointer("GPL"),
		.prog_name = "ks_file_open",
	};
	struct ks_program loaded;
	struct ks_types types;
	int ret;

	*program = -1;
	ret = ks_load_types(&types, "vmlinux", NULL);
	if (ret)
		return ret;
	load.attach_btf_id = ks_function_type(&types, name);
	free(types.data);
	loaded.program = ks_bpf(BPF_PROG_LOAD, &load);
	*program = loaded.program;
	if (loaded.program < 0)
		return loaded.program;
	ret = ks_attach_program(&loaded);
	return ret ? ret : loaded.link;
}

/* A BPF program on a hook cannot be engaged, nor its callers. */
TEST_F_TIMEOUT(protect, bpf_program, 120)
{
	struct tally tally = { .sample = 1 };
	struct ks_symbols now = {};
	size_t programs = 0;
	int program, link;
	char list[1024];

	ASSERT_LT(0, ks_read("/sys/kernel/security/lsm", list, sizeof(list)));
	if (!strstr(list, "bpf"))
		SKIP(return, "the BPF LSM is not enabled");
	link = open("/proc/sys/net/core/bpf_jit_kallsyms", O_WRONLY);
	if (link >= 0) {
		EXPECT_EQ(0, ks_write(link, "1\n", 2));
		close(link);
	}
	link = attach_program("bpf_lsm_file_open", &program);
	ASSERT_LE(0, link)
		TH_LOG("cannot attach: %s", strerror(-link));

	try_values(&tally, self->control, "bpf_lsm_file_open");
	try_values(&tally, self->control, "security_file_open");
	/* Static calls have trampolines. */
	if (ks_find_symbol(&symbols, "__SCT__lsm_static_call_file_open_0"))
		try_values(&tally, self->control, "__SCT__lsm_static_call_file_open_0");
	EXPECT_REFUSED(tally);

	/* The program and its trampoline have names, too. */
	ASSERT_EQ(0, ks_load_symbols(&now));
	for (size_t i = 0; i < now.count; i++) {
		const char *name = now.all[i].name;

		if (!ks_starts(now.all[i].module, "bpf"))
			continue;
		programs += !!strstr(name, "ks_file_open");
		EXPECT_GT(0, ks_try(self->control, name, "0"))
			TH_LOG("%s", name);
		EXPECT_GT(0, ks_try(self->control, name, "-1"))
			TH_LOG("%s", name);
		EXPECT_GT(0, ks_command(self->control, "engage %s 0\n", name))
			TH_LOG("%s", name);
		/*
		 * They cannot be engaged as functions of a module called bpf, which would be armed.
		 */
		if (!ks_command(self->control, "engage bpf:%s 0\n", name)) {
			char line[1024], target[512];

			snprintf(target, sizeof(target), "bpf:%s", name);
			EXPECT_TRUE(ks_engaged(target, line, sizeof(line)) &&
				    strstr(line, "state=armed"))
				TH_LOG("%s", target);
			EXPECT_EQ(0, ks_command(self->control, "disengage %s\n", target));
		}
	}
	EXPECT_LT(0, programs);
	close(link);
	close(program);
}

/* Appends a line to a file of tracefs. */
static int trace(const char *file, const char *format, ...)
{
	char path[PATH_MAX], line[1024];
	va_list args;

	snprintf(path, sizeof(path), KS_TRACING "/%s", file);
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return ks_put(path, line);
}

/*
 * Places kprobes in @function, at least @gap bytes apart: their number.
 */
static int probe_all(const char *function, const char *group, unsigned int gap)
{
	const struct ks_symbol *symbol = ks_find_symbol(&symbols, function);
	unsigned long long end = ~0ULL;
	int probes = 0;

	for (size_t i = 0; i < symbols.count && symbol; i++)
		if (symbols.all[i].address > symbol->address && symbols.all[i].address < end)
			end = symbols.all[i].address;
	for (unsigned int at = 0; symbol && symbol->address + at < end; at++) {
		if (trace("kprobe_events", "p:%s/at_%u %s+%u\n", group, at, function, at))
			continue;
		at += gap - 1;
		probes++;
	}
	return probes;
}

static void probe_none(const char *function, const char *group)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "events/%s/enable", group);
	trace(path, "0\n");
	for (unsigned int at = 0; at < 4096; at++) {
		snprintf(path, sizeof(path), KS_TRACING "/events/%s/at_%u", group, at);
		if (!access(path, F_OK))
			trace("kprobe_events", "-:%s/at_%u\n", group, at);
	}
}

/* The number of optimized probes, which jump instead of trapping. */
static int count_jumps(void)
{
	FILE *file = fopen("/sys/kernel/debug/kprobes/list", "re");
	char line[1024];
	int jumps = 0;

	while (file && fgets(line, sizeof(line), file))
		jumps += !!strstr(line, "[OPTIMIZED]");
	if (file)
		fclose(file);
	return jumps;
}

/* Functions of some size, with verdicts that depend on their code. */
static const struct reading {
	const char *name;
	const char *value;
	const char *verdict;
	enum { ASKS, LETS_ASK, CAN_FAIL } shows;
} readings[] = {
	{ "ks_impostor_computes", "0", "refuse ks_impostor_computes 0 mediation\n", ASKS },
	{ "ks_impostor_lets_compute", "0", "refuse ks_impostor_lets_compute 0 mediation\n",
	  LETS_ASK },
	/* Those without an error in their code are not accepted. */
	{ "may_open", "-1", "allow may_open -1\n", CAN_FAIL },
	{ "vfs_fallocate", "-1", "allow vfs_fallocate -1\n", CAN_FAIL },
	{ "splice_direct_to_actor", "-1", "allow splice_direct_to_actor -1\n", CAN_FAIL },
	{ "do_shmat", "-1", "allow do_shmat -1\n", CAN_FAIL },
	{ "af_alg_sendmsg", "-1", "allow af_alg_sendmsg -1\n", CAN_FAIL },
};

/*
 * A breakpoint at a call, or a jump that replaces code before it, hides neither the call nor that
 * the function can fail.
 */
TEST_F_TIMEOUT(protect, probed_code, 300)
{
	char before[8192], after[8192], callee[128];
	size_t tried[CAN_FAIL + 1] = {};
	/* A breakpoint at every instruction, and space for jumps at different places. */
	static const unsigned int gaps[] = { 1, 7, 11, 16 };
	struct ks_symbols known = symbols;
	int all_jumps = 0;

	if (access(KS_TRACING "/kprobe_events", W_OK))
		SKIP(return, "no kprobe events");
	ASSERT_EQ(0, ks_load_module("killswitch_impostor"));
	ASSERT_EQ(0, ks_load_symbols(&symbols));
	for (size_t i = 0; i < ARRAY_SIZE(readings); i++) {
		const char *name = readings[i].name, *value = readings[i].value, *calls;

		ASSERT_EQ(0, ks_ask(before, sizeof(before), "%s %s\n", name, value));
		if (!ks_starts(before, readings[i].verdict))
			continue;
		/* "it calls one, which calls another" */
		callee[0] = '\0';
		calls = strstr(before, "it calls ");
		if (calls && strstr(calls, ", which calls "))
			ASSERT_EQ(1, sscanf(calls, "it calls %127[^,;]", callee));
		if (tried[readings[i].shows]++ >= 2)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(gaps); j++) {
			int probes = probe_all(name, "ks_hide", gaps[j]), jumps;
			int more = callee[0] ? probe_all(callee, "ks_hide_callee", gaps[j]) : 0;

			EXPECT_LT(0, probes);
			EXPECT_EQ(0, trace("events/ks_hide/enable", "1\n"));
			if (more)
				EXPECT_EQ(0, trace("events/ks_hide_callee/enable", "1\n"));
			/* Some probes are optimized after a while. */
			for (int k = 0; k < 20; k++) {
				EXPECT_EQ(0, ks_ask(after, sizeof(after), "%s %s\n", name, value));
				EXPECT_STREQ(before, after)
					TH_LOG("%s with %d and %d probes", name, probes, more);
			}
			sleep(1);
			jumps = count_jumps();
			all_jumps += jumps;
			EXPECT_EQ(0, ks_ask(after, sizeof(after), "%s %s\n", name, value));
			EXPECT_STREQ(before, after)
				TH_LOG("%s with %d and %d probes for a second", name, probes, more);
			EXPECT_EQ(-EACCES, ks_try(self->control, name, "0"));
			probe_none(name, "ks_hide");
			probe_none(callee, "ks_hide_callee");
			TH_LOG("%s: %d probes, %d in %s; %d of them were jumps", name, probes, more,
			       more ? callee : "its callee", jumps);
		}
	}
#ifdef __x86_64__
	EXPECT_LT(0, all_jumps);
#else
	EXPECT_EQ(0, all_jumps);
#endif
	for (size_t i = 0; i < ARRAY_SIZE(tried); i++)
		EXPECT_LT(0, tried[i]);
	symbols = known;
	EXPECT_EQ(0, ks_unload_module("killswitch_impostor"));
}

/* Whether the file engaged has the function as engaged. */
static bool is_shown_engaged(void)
{
	char line[512];

	return ks_engaged(KS_PATCHED, line, sizeof(line)) &&
	       strstr(line, "state=engaged");
}

/* A function is not shown as engaged while a livepatch replaces it. */
TEST_F_TIMEOUT(protect, livepatched, 300)
{
	char text[8192], original[8192];
	int ret;

	if (access("/sys/kernel/livepatch", F_OK) || !ks_find_symbol(&symbols, KS_PATCHED))
		SKIP(return, "no livepatching");
	ASSERT_LT(0, ks_read(KS_PATCHED_FILE, original, sizeof(original)));

	/* Patched first. */
	ret = ks_patch();
	if (ret == -ENOENT)
		SKIP(return, "no module " KS_LIVEPATCH);
	ASSERT_EQ(0, ret);
	ASSERT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
	ASSERT_STREQ("livepatched", text);
	EXPECT_EQ(-EBUSY, ks_command(self->control, "engage " KS_PATCHED " -5\n"));
	EXPECT_FALSE(is_shown_engaged());
	EXPECT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
	EXPECT_STREQ("livepatched", text);
	ks_command(self->control, "disengage_all\n");
	ASSERT_EQ(0, ks_unpatch());
	EXPECT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
	EXPECT_STREQ(original, text);

	/* Engaged first. */
	ASSERT_EQ(0, ks_command(self->control, "engage " KS_PATCHED " -5\n"));
	EXPECT_EQ(-EIO, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
	ret = ks_load_module(KS_LIVEPATCH);
	TH_LOG("to livepatch an engaged function: %s", ret ? strerror(-ret) : "done");
	if (!ret) {
		/* Long enough for the livepatch transition. */
		for (int i = 0; i < 20; i++) {
			ret = ks_read(KS_PATCHED_FILE, text, sizeof(text));
			EXPECT_EQ(is_shown_engaged(), ret == -EIO)
				TH_LOG("engaged is %d, and reading says %s", is_shown_engaged(),
				       ret < 0 ? strerror(-ret) : text);
			sleep(1);
		}
		EXPECT_EQ(0, ks_unpatch());
	}
	EXPECT_EQ(-EIO, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
	EXPECT_EQ(0, ks_command(self->control, "disengage " KS_PATCHED "\n"));
	EXPECT_LT(0, ks_read(KS_PATCHED_FILE, text, sizeof(text)));
	EXPECT_STREQ(original, text);
}

/* After all these attempts, the hooks are still called. */
TEST_F(protect, still_working)
{
	char value[64];
	int status;
	pid_t child;

	ASSERT_EQ(-EACCES, ks_command(self->control, "engage cap_capable 0\n"));
	ASSERT_EQ(-EACCES, ks_command(self->control, "engage security_capable 0\n"));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (setuid(65534))
			_exit(2);
		/* This needs CAP_SYS_ADMIN. */
		_exit(!sethostname("killed", 6) || errno != EPERM);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_LT(0, ks_read("/proc/sys/kernel/hostname", value, sizeof(value)));
	EXPECT_STRNE("killed", value);
}

TEST_HARNESS_MAIN
