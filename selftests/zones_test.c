// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accepted values in each zone of the kernel, and the rules that refuse others: by check, and by
 * engaging. Suggestions in refusals are accepted.
 */
#include "kallsyms.h"

/* The function of a system call. */
#ifdef __aarch64__
#define SYS_CALL(name) "__arm64_sys_" #name
#else
#define SYS_CALL(name) "__x64_sys_" #name
#endif

/* Modules of the kernel that the tables name, in addition to the test modules. */
#define MODULES \
	"auth_rpcgss bluetooth bonding bridge dm_mod dm_verity fuse ksmbd nf_tables nfs tls x25"

static struct ks_symbols symbols;

/* Once: there are many symbols, and modules stay loaded. */
static void __attribute__((constructor)) load_all(void)
{
	if (access(KS_CHECK, F_OK))
		return;
	ks_load_target();
	ks_load_module("killswitch_impostor");
	if (system("modprobe -a -q " MODULES))
		fprintf(stderr, "# some modules are missing\n");
	if (ks_load_symbols(&symbols))
		symbols.count = 0;
}

FIXTURE(zones)
{
	int control;
};

FIXTURE_SETUP(zones)
{
	ASSERT_EQ(0, access(KS_CHECK, F_OK))
		TH_LOG("Killswitch is not in lsm=");
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	ASSERT_LT(0, symbols.count)
		TH_LOG("/proc/kallsyms shows no addresses");
	if (!ks_has_types())
		SKIP(return, "the kernel has no type information");
}

FIXTURE_TEARDOWN(zones)
{
	char list[4096];

	EXPECT_EQ(0, ks_read(KS_ENGAGED, list, sizeof(list)))
		TH_LOG("engaged: %s", list);
	close(self->control);
}

/* A request and its answer. */
struct row {
	/* The module, if it is not in the kernel itself. */
	const char *module;
	const char *function;
	/* The value, with an optional scope. */
	const char *value;
	/* The rule that refuses, or several possible ones separated by "|"; NULL: accepted. */
	const char *rule;
	/* Text that the answer must contain. */
	const char *says;
};

/* Whether the function of @row exists. */
static bool exists(const struct row *row)
{
	const struct ks_symbol *symbol = ks_find_symbol(&symbols, row->function);
	size_t count = symbol ? ks_same_name(&symbols, symbol) : 0;

	for (size_t i = 0; i < count; i++)
		if (ks_is_text(symbol + i) && !strcmp(symbol[i].module, row->module ?: ""))
			return true;
	return false;
}

/* Whether @word is one of @words, separated by "|". */
static bool is_one_of(const char *word, const char *words)
{
	size_t len = strlen(word);

	for (const char *at = words; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (!strncmp(at, word, len) && (!at[len] || at[len] == '|'))
			return true;
	}
	return false;
}

/* The suggestions in an answer. */
struct offers {
	/* For the function itself, or for its callers. */
	int own, callers;
	/* The requests to check them. */
	char questions[KS_MAX_COMMAND];
};

static void add_offer(struct offers *offers, const char *function, const char *value, bool spared)
{
	size_t used = strlen(offers->questions);

	snprintf(offers->questions + used, sizeof(offers->questions) - used, "%s %s%s\n", function,
		 value, spared ? " scope=nonroot" : "");
}

/* Finds the suggestions in @answer about @target. */
static void find_offers(const char *answer, const char *target, struct offers *offers)
{
	static const char would[] = " would be accepted", scope[] = " scope=nonroot,";
	static const char instead[] = "\n  instead: ";
	char function[256], value[32];
	const char *at = strstr(answer, would), *start = at;

	*offers = (struct offers){};
	/* "no value would be accepted", "an error such as -EPERM ..." or "-5 ..." */
	while (at && start[-1] != ' ')
		start--;
	if (at && strncmp(start, "value ", strlen("value "))) {
		snprintf(value, sizeof(value), "%.*s", (int)(at - start), start);
		add_offer(offers, target, value,
			  ks_starts(at + strlen(would), " with scope=nonroot"));
		offers->own++;
	}
	for (at = strstr(answer, instead); at; at = strstr(at, instead)) {
		at += strlen(instead);
		if (sscanf(at, "%255s %31[-0-9]", function, value) != 2)
			continue;
		start = strchr(strchr(at, ' ') + 1, ' ');
		add_offer(offers, function, value, start && ks_starts(start, scope));
		offers->callers++;
	}
}

/* Checks that all suggestions in an answer about @target are accepted. */
static void check_offers(struct __test_metadata *_metadata, const char *answer, const char *target)
{
	static char said[1 << 16];
	struct offers offers;
	int allowed = 0;

	find_offers(answer, target, &offers);
	EXPECT_GE(5, offers.callers);
	if (!offers.own && !offers.callers)
		return;
	ASSERT_EQ(0, ks_ask(said, sizeof(said), "%s", offers.questions));
	for (const char *at = said; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		allowed += ks_starts(at, "allow ");
		EXPECT_FALSE(ks_starts(at, "refuse "))
			TH_LOG("suggested instead of %s: %.*s", target, (int)strcspn(at, "\n"), at);
	}
	EXPECT_EQ(offers.own + offers.callers, allowed);
}

/* Checks one row, if its function exists. */
static bool check_row(struct __test_metadata *_metadata, int control, const struct row *row)
{
	static char answer[1 << 16];
	char target[512], first[600], rule[64] = "";
	int wanted, got;

	if (!exists(row))
		return false;
	snprintf(target, sizeof(target), "%s%s%s", row->module ?: "", row->module ? ":" : "",
		 row->function);
	EXPECT_EQ(0, ks_ask(answer, sizeof(answer), "%s %s\n", target, row->value));
	snprintf(first, sizeof(first), "%s %s ", row->rule ? "refuse" : "allow", target);
	EXPECT_TRUE(ks_starts(answer, first))
		TH_LOG("%s %s: %s", target, row->value, answer);
	if (row->rule) {
		snprintf(first, sizeof(first), "refuse %s %%*s %%63[^\n]", target);
		EXPECT_TRUE(sscanf(answer, first, rule) == 1 && is_one_of(rule, row->rule))
			TH_LOG("%s %s: %s", target, row->value, answer);
	}
	EXPECT_NE(NULL, strstr(answer, row->says ?: ""))
		TH_LOG("%s %s has no '%s': %s", target, row->value, row->says, answer);

	/* Engaging has the same result. */
	wanted = !row->rule ? 0 : !strcmp(rule, "return-type") ? -ERANGE :
		 !strcmp(rule, "ambiguous") ? -ENOTUNIQ : -EACCES;
	got = ks_try(control, target, row->value);
	EXPECT_EQ(wanted, got)
		TH_LOG("%s %s: %s", target, row->value, strerror(-got));
	if (row->rule)
		check_offers(_metadata, answer, target);
	return true;
}

/* Checks a table, of which at least @least functions must exist. */
static void check_rows(struct __test_metadata *_metadata, int control, const struct row *rows,
		       size_t count, size_t least)
{
	size_t there = 0;

	for (size_t i = 0; i < count; i++)
		there += check_row(_metadata, control, &rows[i]);
	TH_LOG("%zu of %zu", there, count);
	EXPECT_LE(least, there);
}

/* Takes no values except named ones. */
static const struct row security_rows[] = {
	{ NULL, "security_file_open", "0", "lsm-entry", "zone: security\n" },
	{ NULL, "security_file_open", "-EACCES", "lsm-entry" },
	{ NULL, "security_bprm_check", "-1 scope=nonroot", "lsm-entry" },
	{ NULL, "cap_capable", "-EPERM", "lsm-hook", "module capability" },
	{ NULL, "apparmor_file_open", "-EACCES", "lsm-hook", "module apparmor" },
	{ NULL, "bpf_lsm_file_open", "-EPERM", "lsm-hook", "module bpf" },
	{ NULL, "securityfs_create_file", "-ENOMEM", "security", "zone: security\n" },
	{ NULL, "securityfs_create_file", "NULL", "security" },
	{ NULL, "securityfs_create_file", "-EPERM scope=nonroot", "security" },
	{ NULL, "lookup_user_key", "-EPERM", "security", "zone: security\n" },
	{ NULL, "aa_splitn_fqname", "NULL", "security" },
	{ NULL, "selinux_nlmsg_lookup", "-EINVAL", "security" },
	{ NULL, "landlock_put_ruleset", "void", "security" },
	{ NULL, "killswitch_check_work", "void", "security" },
	/* Functions called from security/ take no values, either. */
	{ NULL, "d_absolute_path", "-EINVAL", "security", ", which accepts no value" },
	{ NULL, "d_absolute_path", "-EINVAL scope=nonroot", "security" },
	/* Named values, and others. */
	{ NULL, "rawdata_open", "-ENOENT", NULL, "zone: security\n" },
	{ NULL, "rawdata_open", "-EPERM", "security-base" },
	{ NULL, "rawdata_open", "0", "security-base" },
	{ NULL, "aa_dfa_unpack", "-EPROTO", NULL },
	{ NULL, "aa_dfa_unpack", "NULL", "security-base" },
	{ NULL, "aa_replace_profiles", "-EACCES", "security-base",
	  "-13 would be accepted with scope=nonroot" },
	{ NULL, "aa_replace_profiles", "-EACCES scope=nonroot", NULL },
	{ NULL, "aa_replace_profiles", "-EPERM scope=nonroot", "security-base" },
};

TEST_F_TIMEOUT(zones, security, 300)
{
	check_rows(_metadata, self->control, security_rows, ARRAY_SIZE(security_rows), 12);
}

/* Takes errors, if the function can fail. */
static const struct row core_rows[] = {
	{ NULL, "af_alg_sendmsg", "-EPERM", NULL, "zone: core\n" },
	{ NULL, "af_alg_sendmsg", "-EIO", NULL },
	{ NULL, "af_alg_sendmsg", "-E2BIG", NULL },
	{ NULL, "af_alg_sendmsg", "-ENOMEM", NULL },
	{ NULL, "af_alg_sendmsg", "-EACCES", NULL },
	{ NULL, "af_alg_sendmsg", "-EBUSY", NULL },
	{ NULL, "af_alg_sendmsg", "-EINVAL", NULL },
	{ NULL, "af_alg_sendmsg", "-EMSGSIZE", NULL },
	{ NULL, "af_alg_sendmsg", "-ENOENT", "default",
	  "an error such as -EPERM would be accepted (rule default)" },
	{ NULL, "af_alg_sendmsg", "-EAGAIN", "default" },
	{ NULL, "af_alg_sendmsg", "-ENODEV", "default" },
	{ NULL, "af_alg_sendmsg", "-ENOSYS", "default" },
	{ NULL, "af_alg_sendmsg", "0", "default" },
	{ NULL, "af_alg_sendmsg", "1", "default" },
	/* Socket operations may have unknown names, other functions may not. */
	{ NULL, "af_alg_sendmsg", "-EOPNOTSUPP", NULL },
	{ NULL, "inet_create", "-EOPNOTSUPP", "default" },
	{ NULL, "inet_create", "-EPERM", NULL },
	/* On an AF_ALG socket, names of protections do not matter, except for releasing one. */
	{ NULL, "skcipher_recvmsg", "-EPERM", NULL },
	{ NULL, "aead_recvmsg", "-EPERM", NULL },
	/* Undo and logging: few callers handle failures of these. */
	{ NULL, "addrconf_del_ifaddr", "-EPERM", "object", "teardown or revocation" },
	{ NULL, "coalesce_fill_reply", "-EPERM", "object", "a record or a notification" },
	{ NULL, "check_kill_permission", "-EPERM", "object", "signals" },
	{ NULL, "bdev_disk_changed", "-EINVAL", "default", "a caller ignores what it returns" },
	/* System calls: programs misinterpret errors of most of them. */
	{ NULL, SYS_CALL(getdents64), "-EPERM scope=nonroot", "security-base" },
	{ NULL, SYS_CALL(futex), "-EPERM scope=nonroot", NULL },
	{ NULL, SYS_CALL(futex), "-EPERM", "security-base",
	  "an error such as -EPERM would be accepted with scope=nonroot" },
	/* A function that returns a pointer may fail, but not return "not found". */
	{ NULL, "io_uring_alloc_task_context", "-ENOMEM", NULL, "returns: pointer\n" },
	{ NULL, "io_uring_alloc_task_context", "NULL", "default|security" },
	/* Functions that cannot fail. */
	{ NULL, "cmdline_proc_show", "-EPERM", "default", "no value would be accepted" },
	{ NULL, "unix_socketpair", "-EPERM", "default", "no value would be accepted" },
	{ NULL, "af_alg_pull_tsgl", "void", "default", "returns void" },
	{ NULL, "capable", "0", "default|security" },
	{ NULL, "capable", "1", "default|security" },
	/* Functions on credentials, keys, filters or labels, by their parameters. */
	{ NULL, "find_user", "-ENOMEM", "object", "credentials" },
	{ NULL, "posix_acl_permission", "-EACCES", "object|security", "access control lists" },
	/* Functions called by functions of the table. */
	{ NULL, "copy_creds", "-ENOMEM", "security-base", "no value would be accepted" },
	{ NULL, "commit_creds", "-EPERM", "security", ", which accepts no value" },
	{ NULL, "prepare_creds", "NULL", "security" },
	/* Primitives that the kernel depends on. */
	{ NULL, "vfs_read", "-EPERM", "primitive" },
	{ NULL, "kernel_clone", "-EPERM", "primitive" },
	/* Only with scope=nonroot, so that the system keeps running. */
	{ NULL, "tc_modify_qdisc", "-EPERM", "security-base",
	  "an error such as -EPERM would be accepted with scope=nonroot" },
	{ NULL, "tc_modify_qdisc", "-EPERM scope=all", "security-base" },
	{ NULL, "tc_modify_qdisc", "-EPERM scope=nonroot", NULL, "zone: core\n" },
	{ NULL, "tc_modify_qdisc", "0 scope=nonroot", "default" },
	{ NULL, SYS_CALL(fsopen), "-EPERM", "security-base", "is a system call" },
	{ NULL, SYS_CALL(fsopen), "-EPERM scope=nonroot", NULL },
	{ NULL, SYS_CALL(unshare), "-EPERM scope=nonroot", "security-base" },
	{ NULL, "bpf_prog_load", "-EPERM", "security-base" },
	{ NULL, "bpf_prog_load", "-EPERM scope=nonroot", NULL },
	{ NULL, "bpf_prog_load", "-EINVAL scope=nonroot", "security-base" },
	{ NULL, "bpf_prog_load", "0 scope=nonroot", "security-base" },
	/* Named values are exact. */
	{ NULL, "skb_try_coalesce", "0", NULL, "returns: bool\n" },
	{ NULL, "skb_try_coalesce", "1", "security-base", "0 would be accepted" },
	{ NULL, "skb_try_coalesce", "-EPERM", "security-base" },
	{ NULL, "tcp_inbound_ao_hash", "2", NULL },
	{ NULL, "tcp_inbound_ao_hash", "0", "security-base" },
	{ NULL, "tcp_inbound_ao_hash", "1", "security-base" },
	{ NULL, "__ptrace_may_access", "-EPERM", NULL },
	{ NULL, "__ptrace_may_access", "-EACCES", "security-base" },
	{ NULL, "__ptrace_may_access", "0", "security-base" },
	{ NULL, "build_id_parse_file", "-EIO", NULL },
	{ NULL, "build_id_parse_file", "-EPERM", "security-base", "-5 would be accepted" },
	{ NULL, "ioam6_fill_trace_data", "void", NULL, "returns: void\n" },
};

TEST_F_TIMEOUT(zones, core, 300)
{
	check_rows(_metadata, self->control, core_rows, ARRAY_SIZE(core_rows), 40);
}

/* Like the core; packet filters only with scope=nonroot. */
static const struct row guard_rows[] = {
	{ "tls", "tls_init", "-ENOMEM", NULL, "zone: guard, which encrypts" },
	{ "tls", "tls_init", "-EPERM", NULL },
	{ "tls", "tls_init", "-ENOENT", "default", "an error such as -EPERM would be accepted" },
	{ "tls", "tls_init", "0", "default", "it is in a module that encrypts" },
	{ "dm_mod", "dm_create", "-EPERM", NULL, "storage" },
	{ "dm_mod", "dm_create", "0", "default" },
	{ "dm_verity", "verity_ctr", "-EINVAL", "object", "a protection, as its name says" },
	{ "auth_rpcgss", "write_gssp", "-EPERM", "object", "a setting" },
	{ "nf_tables", "nf_tables_newrule", "-EPERM", "default",
	  "an error such as -EPERM would be accepted with scope=nonroot" },
	{ "nf_tables", "nf_tables_newrule", "-EPERM scope=nonroot", NULL,
	  "zone: guard, which filters" },
	{ "nf_tables", "nf_tables_newrule", "-ENOENT scope=nonroot", "default" },
	{ "nf_tables", "nf_tables_newrule", "0 scope=nonroot", "default" },
	{ "nf_tables", "nft_do_chain", "1", "object", "filters of the network" },
	{ "nf_tables", "nft_do_chain", "-EPERM scope=nonroot", "object" },
	{ "nf_tables", "nft_netdev_hook_alloc", "-EPERM", "security-base" },
	{ "nf_tables", "nft_netdev_hook_alloc", "-EPERM scope=nonroot", NULL },
	{ "nf_tables", "nft_netdev_hook_alloc", "NULL scope=nonroot", "security-base" },
};

TEST_F_TIMEOUT(zones, guard, 300)
{
	check_rows(_metadata, self->control, guard_rows, ARRAY_SIZE(guard_rows), 10);
}

#define TARGET		"killswitch_target"
#define IMPOSTOR	"killswitch_impostor"

/* Takes values that the function itself could return. */
static const struct row module_rows[] = {
	/* Functions that can fail take errors. */
	{ TARGET, "ks_target_fails", "-EPERM", NULL, "zone: module\n" },
	{ TARGET, "ks_target_fails", "-ENOENT", NULL },
	{ TARGET, "ks_target_fails", "-134", NULL },
	{ TARGET, "ks_target_fails", "-135", "default" },
	{ TARGET, "ks_target_fails", "0", "default", "callers would assume success" },
	{ TARGET, "ks_target_errptr", "-ENODEV", NULL },
	{ TARGET, "ks_target_errptr", "NULL", "default" },
	{ "x25", "x25_create", "-ENOENT", NULL, "zone: module\n" },
	{ "x25", "x25_create", "0", "default" },
	/* Others take all values of their type. */
	{ TARGET, "ks_target_int", "7", NULL },
	{ TARGET, "ks_target_int", "-EPERM", NULL },
	{ TARGET, "ks_target_int", "0x80000000", "return-type" },
	{ TARGET, "ks_target_ptr", "NULL", NULL },
	{ TARGET, "ks_target_ptr", "-ENOMEM", "default" },
	{ TARGET, "ks_target_void", "void", NULL },
	{ TARGET, "ks_target_bool", "0", NULL },
	{ TARGET, "ks_target_bool", "1", "default", "0 would be accepted" },
	{ TARGET, "ks_target_struct", "0", "return-type", "structure" },
	{ "ksmbd", "ksmbd_smb_request", "0", NULL },
	{ "ksmbd", "ksmbd_smb_request", "1", "default" },
	/* An unknown type: errors. */
	{ TARGET, "ks_target_untyped", "-EPERM", NULL, "an unknown type" },
	{ TARGET, "ks_target_untyped", "-134", NULL },
	{ TARGET, "ks_target_untyped", "-135", "return-type" },
	{ TARGET, "ks_target_untyped", "0", "return-type", "an error such as -EPERM" },
	{ TARGET, "ks_target_untyped", "1", "return-type" },
	/* Access decisions, by callees. */
	{ IMPOSTOR, "ks_impostor_asks", "0", "mediation", "it calls capable;" },
	{ IMPOSTOR, "ks_impostor_lets_ask", "1", "mediation", ", which calls capable;" },
	{ IMPOSTOR, "ks_impostor_asks", "-EPERM", NULL },
	{ "fuse", "fuse_statfs", "0", "mediation" },
	{ "fuse", "fuse_statfs", "-EACCES", NULL },
	/* Access decisions, by name: "no" is 0, an error, or unknown. */
	{ "bridge", "br_multicast_enabled", "0", NULL, "returns: bool\n" },
	{ "bridge", "br_multicast_enabled", "1", "object", "a check of what is allowed" },
	{ "fuse", "fuse_inode_eq", "0", "object" },
	{ "fuse", "fuse_inode_eq", "1", "object" },
	{ "fuse", "fuse_permission", "-EACCES", NULL },
	{ "fuse", "fuse_permission", "0", "object", "a decision" },
	{ "fuse", "fuse_invalid_attr", "0", "object", "a check of what is allowed" },
	{ "fuse", "fuse_invalid_attr", "1", "object" },
	{ "nfs", "nfs_compare_super", "0", "object" },
	{ "ksmbd", "krb5_authenticate", "-EINVAL", NULL },
	{ "ksmbd", "krb5_authenticate", "0", "object" },
	{ IMPOSTOR, "security_file_open", "-EPERM", NULL },
	{ IMPOSTOR, "security_file_open", "0", "object", "a protection, as its name says" },
	{ "bluetooth", "load_link_keys", "-EPERM", NULL },
	{ "bluetooth", "load_link_keys", "0", "object" },
	/* Labels: any error may be taken for "none". */
	{ "fuse", "fuse_getxattr", "-EIO", "object", "labels" },
	{ "fuse", "fuse_getxattr", "-EOPNOTSUPP", "object" },
	{ "fuse", "fuse_getxattr", "0", "object" },
	/* Requests and settings: success is refused. */
	{ "bluetooth", "bt_sock_ioctl", "-EINVAL", NULL },
	{ "bluetooth", "bt_sock_ioctl", "0", "object", "a request from user space" },
	{ "bonding", "bonding_show_bonds", "-EPERM", NULL },
	{ "bonding", "bonding_show_bonds", "0", "object", "a setting" },
	/* Lines of the table. */
	{ "bluetooth", "hci_is_blocked_key", "1", NULL },
	{ "bluetooth", "hci_is_blocked_key", "0", "security-base", "1 would be accepted" },
	{ "bluetooth", "init_module", "-EPERM", "security-base" },
	{ "bluetooth", "bt_err", "void", "primitive", "places" },
};

TEST_F_TIMEOUT(zones, module, 300)
{
	check_rows(_metadata, self->control, module_rows, ARRAY_SIZE(module_rows), 30);
}

/* A function that cannot be engaged has callers that can, as the answer says. */
TEST_F_TIMEOUT(zones, instead, 120)
{
	static const char * const refused[] = {
		"af_alg_pull_tsgl void", "af_alg_count_tsgl 0", "futex_wait_requeue_pi -ENOSYS",
		"kfree void", "capable 1", "vfs_read 0", "may_open 0", "ks_target_void 1",
	};
	static char answer[1 << 16];
	struct offers offers;
	char target[128];
	int callers = 0;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		snprintf(target, sizeof(target), "%.*s", (int)strcspn(refused[i], " "), refused[i]);
		if (!ks_find_symbol(&symbols, target))
			continue;
		ASSERT_EQ(0, ks_ask(answer, sizeof(answer), "%s\n", refused[i]));
		EXPECT_TRUE(ks_starts(answer, "refuse "))
			TH_LOG("%s: %s", refused[i], answer);
		find_offers(answer, target, &offers);
		callers += offers.callers;
		check_offers(_metadata, answer, target);
		/* The example in the guide. */
		if (!i)
			EXPECT_NE(NULL, strstr(answer, "which calls it and returns int\n"))
				TH_LOG("%s", answer);
	}
	TH_LOG("%d callers", callers);
	EXPECT_LT(10, callers);

	/* An accepted value needs none. */
	ASSERT_EQ(0, ks_ask(answer, sizeof(answer), "af_alg_sendmsg -EPERM\n"));
	EXPECT_EQ(NULL, strstr(answer, "instead:"))
		TH_LOG("%s", answer);
}

/* The scope of an engagement is part of the verdict, also for changed values. */
TEST_F(zones, scope)
{
	char line[512];
	int fd;

	if (!ks_find_symbol(&symbols, "tc_modify_qdisc"))
		SKIP(return, "no tc_modify_qdisc");
	EXPECT_EQ(-EACCES, ks_command(self->control, "engage tc_modify_qdisc -EPERM\n"));
	EXPECT_EQ(-EACCES, ks_command(self->control, "tryengage tc_modify_qdisc -EPERM 60\n"));
	ASSERT_EQ(0, ks_command(self->control, "engage tc_modify_qdisc -EPERM scope=nonroot\n"));
	ASSERT_TRUE(ks_engaged("tc_modify_qdisc", line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, " scope=nonroot"))
		TH_LOG("%s", line);
	fd = ks_open_fn("tc_modify_qdisc", "retval", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, ks_write(fd, "0\n", 2));
	EXPECT_EQ(-EACCES, ks_write(fd, "-2\n", 3));
	EXPECT_EQ(0, ks_write(fd, "-13\n", 4));
	close(fd);
	EXPECT_EQ(0, ks_command(self->control, "disengage tc_modify_qdisc\n"));
}

/*
 * An armed function is checked by its name immediately, and completely when the module is loaded.
 */
static const struct armed {
	/* With the value, and an optional scope. */
	const char *target;
	int error;
	const char *rule;
} armed[] = {
	{ "no_such:do_something void", 0 },
	{ "no_such:do_something -EPERM", 0 },
	{ "no_such:do_encrypt void", EACCES, "object" },
	{ "no_such:do_encrypt -EPERM", 0 },
	{ "no_such:ks_getxattr -EIO", EACCES, "object" },
	{ "no_such:is_allowed 1", EACCES, "object" },
	{ "no_such:is_allowed 0", 0 },
	{ "no_such:init_module -EPERM", EACCES, "security-base" },
	{ "macsec:do_something void", EACCES, "default" },
	{ "macsec:do_something -EPERM", 0 },
	{ "macsec:do_release -EPERM", EACCES, "object" },
	{ "xt_no_such:do_something -EPERM", EACCES, "default" },
	{ "xt_no_such:do_something -EPERM scope=nonroot", 0 },
	{ "xt_no_such:do_something void scope=nonroot", EACCES, "default" },
	{ "drm:drm_dropmaster_ioctl -EPERM", EACCES, "security-base" },
};

TEST_F(zones, armed)
{
	char answer[4096], rule[64], path[128];

	for (size_t i = 0; i < ARRAY_SIZE(armed); i++) {
		const struct armed *a = &armed[i];
		int ret;

		snprintf(path, sizeof(path), "/sys/module/%.*s", (int)strcspn(a->target, ":"),
			 a->target);
		if (!access(path, F_OK))
			continue;
		ret = ks_command(self->control, "engage %s\n", a->target);
		EXPECT_EQ(-a->error, ret)
			TH_LOG("%s: %s", a->target, strerror(-ret));
		if (a->rule) {
			EXPECT_LT(0, ks_read_fd(self->control, answer, sizeof(answer)));
			snprintf(rule, sizeof(rule), "(rule %s)", a->rule);
			EXPECT_NE(NULL, strstr(answer, rule))
				TH_LOG("%s: %s", a->target, answer);
		}
		EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	}
}

TEST_HARNESS_MAIN
