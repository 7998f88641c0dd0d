// SPDX-License-Identifier: GPL-2.0-only
/*
 * No entry point and no callback of a security module can be engaged, whatever
 * the value and whatever the spelling.
 */
#include "kallsyms.h"

FIXTURE(protect)
{
	int control;
	int audit;
	struct ks_symbols symbols;
};

FIXTURE_SETUP(protect)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	self->audit = ks_audit_open();
	ASSERT_LE(0, self->audit);
	ASSERT_EQ(0, ks_load_symbols(&self->symbols))
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

/* Tries to engage @name with each of the values that open or close something. */
static int try_values(int control, const char *name)
{
	static const char * const values[] = { "0", "1", "-1" };
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		int ret = ks_command(control, "engage %s %s\n", name, values[i]);

		if (!ret) {
			ks_command(control, "disengage_all\n");
			return 0;
		}
		if (!first)
			first = ret;
		else if (ret != first)
			return -EPROTO;
	}
	return first;
}

/* What may become of a protected name: another cause may be found before the rule. */
static bool is_refusal(int ret)
{
	return ret == -EACCES || ret == -ENOTUNIQ || ret == -EOPNOTSUPP;
}

TEST_F_TIMEOUT(protect, every_entry_point, 300)
{
	size_t tried = 0, by_rule = 0;

	for (size_t i = 0; i < self->symbols.count; i++) {
		const struct ks_symbol *symbol = &self->symbols.all[i];
		int ret;

		if (!ks_starts(symbol->name, "security_") || !ks_is_text(symbol))
			continue;
		ret = try_values(self->control, symbol->name);
		tried++;
		by_rule += ret == -EACCES;
		EXPECT_TRUE(is_refusal(ret))
			TH_LOG("%s: %s", symbol->name, ret ? strerror(-ret) : "engaged");
	}
	TH_LOG("%zu functions, %zu of them refused by rule", tried, by_rule);
	EXPECT_LT(200, tried);
	EXPECT_LE(tried * 9 / 10, by_rule);
}

static const struct custom {
	const char *module;
	const char *prefix;
} customs[] = {
	{ "capability", "cap_" },
	{ "lockdown", "lockdown_" },
	{ "landlock", "hook_" },
	{ "yama", "yama_" },
	{ "apparmor", "apparmor_" },
	{ "bpf", "bpf_lsm_" },
	{ "selinux", "selinux_" },
	{ "smack", "smack_" },
	{ "tomoyo", "tomoyo_" },
	{ "loadpin", "loadpin_" },
	{ "safesetid", "safesetid_" },
	{ "ipe", "ipe_" },
	{ "ima", "ima_" },
	{ "evm", "evm_" },
};

/*
 * For every entry point security_<hook>, the functions <module>_<hook> are the
 * callbacks of the modules, as far as these keep to the custom. BPF has one for
 * each hook, which tells those from SELinux' own functions security_*.
 */
TEST_F_TIMEOUT(protect, every_callback_named_by_custom, 300)
{
	size_t tried = 0, by_rule = 0;
	char list[1024], name[640];

	ASSERT_LT(0, ks_read("/sys/kernel/security/lsm", list, sizeof(list)));
	for (size_t c = 0; c < ARRAY_SIZE(customs); c++) {
		size_t of_this = 0;

		if (!strstr(list, customs[c].module))
			continue;
		for (size_t i = 0; i < self->symbols.count; i++) {
			const struct ks_symbol *symbol = &self->symbols.all[i];
			const char *hook = symbol->name + strlen("security_");
			int ret;

			if (!ks_starts(symbol->name, "security_") || !ks_is_text(symbol))
				continue;
			snprintf(name, sizeof(name), "bpf_lsm_%s", hook);
			if (!ks_find_symbol(&self->symbols, name))
				continue;
			snprintf(name, sizeof(name), "%s%s", customs[c].prefix, hook);
			if (!ks_find_symbol(&self->symbols, name))
				continue;
			ret = try_values(self->control, name);
			of_this++;
			by_rule += ret == -EACCES;
			EXPECT_TRUE(is_refusal(ret))
				TH_LOG("%s: %s", name, ret ? strerror(-ret) : "engaged");
		}
		TH_LOG("%s*: %zu callbacks", customs[c].prefix, of_this);
		tried += of_this;
	}
	EXPECT_LT(100, tried);
	EXPECT_LE(tried * 9 / 10, by_rule);
}

/* One or more callbacks of each module, some of which keep to no custom. */
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
		const struct ks_symbol *symbol = ks_find_symbol(&self->symbols, c->name);
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
		if (ks_same_name(&self->symbols, symbol) > 1) {
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

/* Killswitch answers a hook itself, and may not be told to stop. */
TEST_F(protect, own_callback)
{
	size_t tried = 0;

	for (size_t i = 0; i < self->symbols.count; i++) {
		const struct ks_symbol *symbol = &self->symbols.all[i];
		int ret;

		if (!ks_is_text(symbol) || !strstr(symbol->name, "killswitch") ||
		    !strstr(symbol->name, "locked_down"))
			continue;
		ret = try_values(self->control, symbol->name);
		tried++;
		EXPECT_TRUE(is_refusal(ret))
			TH_LOG("%s: %s", symbol->name, ret ? strerror(-ret) : "engaged");
	}
	if (!tried)
		SKIP(return, "Killswitch has no callback with a name to know it by");
}

TEST_F(protect, rule_is_told)
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

static int by_address(const void *a, const void *b)
{
	const struct ks_symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* Another name of a protected address is protected, too. */
TEST_F_TIMEOUT(protect, other_names, 120)
{
	struct ks_symbol *all = self->symbols.all;
	size_t tried = 0;

	qsort(all, self->symbols.count, sizeof(*all), by_address);
	for (size_t i = 0; i < self->symbols.count;) {
		size_t end = i;
		bool protected = false;

		for (; end < self->symbols.count && all[end].address == all[i].address; end++)
			protected |= ks_starts(all[end].name, "security_") && ks_is_text(&all[end]);
		for (; i < end; i++) {
			int ret;

			if (!protected || ks_starts(all[i].name, "security_"))
				continue;
			ret = try_values(self->control, all[i].name);
			tried++;
			EXPECT_TRUE(is_refusal(ret))
				TH_LOG("%s: %s", all[i].name, ret ? strerror(-ret) : "engaged");
		}
	}
	TH_LOG("%zu other names", tried);
}

/*
 * The trampolines through which the framework calls the callbacks, one for each
 * callback that there can be: thousands, so every 17th will do.
 */
TEST_F_TIMEOUT(protect, trampolines, 120)
{
	size_t seen = 0;

	for (size_t i = 0; i < self->symbols.count; i++) {
		const struct ks_symbol *symbol = &self->symbols.all[i];
		int ret;

		if (!ks_starts(symbol->name, "__SCT__lsm_static_call_") || seen++ % 17)
			continue;
		ret = ks_command(self->control, "engage %s 0\n", symbol->name);
		if (!ret)
			ks_command(self->control, "disengage_all\n");
		ASSERT_TRUE(is_refusal(ret))
			TH_LOG("%s: %s", symbol->name, ret ? strerror(-ret) : "engaged");
	}
	if (!seen)
		SKIP(return, "there are no trampolines");
}

static const char * const spellings[] = {
	"security_file_open+0",
	"security_file_open+0x0",
	"vmlinux:security_file_open",
	"kernel:security_file_open",
	":security_file_open",
	"killswitch_target:security_file_open",
	".security_file_open",
	"SECURITY_FILE_OPEN",
	"./security_file_open",
	"__pfx_security_file_open",
	"__SCK__lsm_static_call_file_open_0",
};

TEST_F(protect, spellings)
{
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		EXPECT_GT(0, try_values(self->control, spellings[i]))
			TH_LOG("%s", spellings[i]);
	}
}

/* After all these attempts the hooks are still called. */
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
		/* This takes CAP_SYS_ADMIN. */
		_exit(!sethostname("killed", 6) || errno != EPERM);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_LT(0, ks_read("/proc/sys/kernel/hostname", value, sizeof(value)));
	EXPECT_STRNE("killed", value);
}

TEST_HARNESS_MAIN
