// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files check and policy: verdicts without changes. Works in any state, including locked down
 * and sealed.
 */
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kallsyms.h"

/* The test modules, if the kernel permits loading them. */
#define TARGET		"killswitch_target"
#define IMPOSTOR	"killswitch_impostor"

static const char * const files[] = {
	KS_ENGAGED, KS_DIR "/status", KS_DIR "/taint", KS_POLICY, "/proc/sys/kernel/tainted",
};

struct state {
	char text[ARRAY_SIZE(files)][1 << 15];
};

/* Reads all state that shows changes. */
static void read_state(struct state *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		ks_read(files[i], state->text[i], sizeof(state->text[i]));
}

FIXTURE(check)
{
	struct state *before;
	int audit;
};

FIXTURE_SETUP(check)
{
	ASSERT_EQ(0, access(KS_CHECK, F_OK))
		TH_LOG("Killswitch is not in lsm=");
	ks_load_target();
	ks_load_module(IMPOSTOR);
	self->audit = ks_audit_open();
	ASSERT_LE(0, self->audit);
	self->before = calloc(2, sizeof(*self->before));
	ASSERT_NE(NULL, self->before);
	read_state(self->before);
}

FIXTURE_TEARDOWN(check)
{
	struct state *after = self->before + 1;

	read_state(after);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		EXPECT_STREQ(self->before->text[i], after->text[i])
			TH_LOG("check changed %s", files[i]);
	}
	free(self->before);
	close(self->audit);
}

/* Records since the last call. A request with a unique name marks their end. */
static int collect(int audit, char *records, size_t size)
{
	static unsigned int turn;
	char mark[64], answer[1024];

	snprintf(mark, sizeof(mark), "ks_mark_%d_%u", getpid(), turn++);
	if (ks_ask(answer, sizeof(answer), "%s 0\n", mark))
		return -EPROTO;
	return ks_audit_collect_until(audit, mark, records, size);
}

static const struct verdict {
	const char *question;
	const char *verdict;
	/* A part of the explanation. */
	const char *why;
	int error;
	/* The function's module. */
	const char *module;
} verdicts[] = {
	{ "security_file_open 0", "refuse security_file_open 0 lsm-entry", "entry point", EACCES },
	{ "cap_capable 0", "refuse cap_capable 0 lsm-hook", "security module capability", EACCES },
	{ "copy_creds -1", "refuse copy_creds -1 security-base", "credentials", EACCES },
	{ "bpf_prog_load -1", "refuse bpf_prog_load -1 security-base",
	  "an error such as -EPERM would be accepted with scope=nonroot", EACCES },
	{ "bpf_prog_load -1 scope=nonroot", "allow bpf_prog_load -1", "returns: int", 0 },
	{ "bpf_prog_load -1 scope=all", "refuse bpf_prog_load -1 security-base", "nonroot",
	  EACCES },
	{ "securityfs_create_file -1", "refuse securityfs_create_file -1 security",
	  "zone: security\n", EACCES },
	{ "commit_creds -1", "refuse commit_creds -1 security", ", which accepts no value",
	  EACCES },
	{ "find_user -ENOMEM", "refuse find_user -12 object", "credentials", EACCES },
	{ "af_alg_accept 0", "refuse af_alg_accept 0 default",
	  "an error such as -EPERM would be accepted (rule default)", EACCES },
	{ "af_alg_accept 0x100000000", "refuse af_alg_accept 4294967296 default", "int", EACCES },
	{ "af_alg_accept -EPERM", "allow af_alg_accept -1", "zone: core\n  returns: int\n", 0 },
	{ "af_alg_accept -EIO", "allow af_alg_accept -5", "called from ", 0 },
	{ "alg_bind -EPERM", "allow alg_bind -1",
	  "called from 0 places\n  note: it has no direct callers", 0 },
	{ "vfs_read -1", "refuse vfs_read -1 primitive", "cannot work without it", EACCES },
	{ "ks_no_such_function 0", "refuse ks_no_such_function 0 ENOENT", "no function", ENOENT },
	{ "ks_impostor_asks 0", "refuse ks_impostor_asks 0 mediation", "calls capable", EACCES,
	  IMPOSTOR },
	{ "ks_impostor_lets_ask 0", "refuse ks_impostor_lets_ask 0 mediation",
	  "calls ks_impostor_asks, which calls capable", EACCES, IMPOSTOR },
	{ "ks_impostor_asks -1", "allow ks_impostor_asks -1", "zone: module\n", 0, IMPOSTOR },
	{ "ks_target_int 0x100000000", "refuse ks_target_int 4294967296 return-type", "int",
	  ERANGE, TARGET },
	{ "ks_target_bool 1", "refuse ks_target_bool 1 default", "0 would be accepted", EACCES,
	  TARGET },
	/* Built-in functions with a module's name. */
	{ "no_such_module:vfs_read -1", "refuse no_such_module:vfs_read -1 primitive",
	  "cannot work without it", EACCES },
	{ "no_such_module:af_alg_accept -1", "allow no_such_module:af_alg_accept -1",
	  "the kernel's own function", 0 },
	/* For others, only the names are known. */
	{ "no_such_module:ks_no_such 0", "allow no_such_module:ks_no_such 0", "is not loaded", 0 },
	{ "no_such_module:ks_encrypt 0", "refuse no_such_module:ks_encrypt 0 object",
	  "as its name says", EACCES },
	{ "no_such_module:ks_encrypt -1", "allow no_such_module:ks_encrypt -1", "is not loaded",
	  0 },
	{ "nf_no_such:ks_no_such -1", "refuse nf_no_such:ks_no_such -1 default",
	  "accepted with scope=nonroot", EACCES },
	{ "nf_no_such:ks_no_such -1 scope=nonroot", "allow nf_no_such:ks_no_such -1",
	  "is not loaded", 0 },
	{ "no_such_module:init_module -1", "refuse no_such_module:init_module -1 security-base",
	  "modules", EACCES },
	{ "start_kernel 1", "refuse start_kernel 1 ", "", -1 },
	{ "jiffies 0", "refuse jiffies 0 EOPNOTSUPP", "cannot probe", EOPNOTSUPP },
};

/* The verdict is on the first line; explanations are indented. */
TEST_F_TIMEOUT(check, verdicts, 60)
{
	char answer[8192], records[16384], expected[256];

	ASSERT_LE(0, collect(self->audit, records, sizeof(records)));
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		const struct verdict *v = &verdicts[i];
		int func = strcspn(v->question, " ");
		size_t len = strlen(v->verdict);
		char *line, path[128];

		snprintf(path, sizeof(path), "/sys/module/%s", v->module ?: ".");
		if (access(path, F_OK))
			continue;
		EXPECT_EQ(0, ks_ask(answer, sizeof(answer), "%s\n", v->question))
			TH_LOG("%s", v->question);
		EXPECT_EQ(0, strncmp(answer, v->verdict, len))
			TH_LOG("%s: %s", v->question, answer);
		if (v->error >= 0)
			EXPECT_EQ('\n', answer[len])
				TH_LOG("%s: %s", v->question, answer);
		EXPECT_NE(NULL, strstr(strchr(answer, '\n') ?: "", v->why))
			TH_LOG("%s: %s", v->question, answer);
		for (line = strchr(answer, '\n'); line && line[1]; line = strchr(line + 1, '\n'))
			EXPECT_EQ(0, strncmp(line, "\n  ", 3))
				TH_LOG("%s", answer);

		/* One record, with op=check. */
		EXPECT_EQ(1, collect(self->audit, records, sizeof(records)))
			TH_LOG("%s: recorded as %s", v->question, records);
		snprintf(expected, sizeof(expected),
			 "lsm=killswitch op=check func=\"%.*s\" retval=", func, v->question);
		EXPECT_EQ(0, strncmp(records, expected, strlen(expected)))
			TH_LOG("recorded as %s", records);
		if (v->error >= 0) {
			ks_record_end(expected, sizeof(expected), v->error);
			EXPECT_NE(NULL, strstr(records, expected))
				TH_LOG("recorded as %s", records);
		}
		if (v->error == EACCES || v->error == ERANGE) {
			snprintf(expected, sizeof(expected), " rule=%s ",
				 strrchr(v->verdict, ' ') + 1);
			EXPECT_NE(NULL, strstr(records, expected))
				TH_LOG("recorded as %s", records);
		}
	}
}

/* Several requests in one write; the answers are in order. */
TEST_F(check, several)
{
	char answer[16384], *at = answer;
	static const char * const expected[] = {
		"refuse security_file_open 0 lsm-entry\n",
		"allow af_alg_accept -1\n",
		"refuse ks_no_such_function 0 ENOENT\n",
		"refuse security_file_open -1 lsm-entry\n",
	};

	ASSERT_EQ(0, ks_ask(answer, sizeof(answer),
			    "security_file_open 0\naf_alg_accept -1\n"
			    "ks_no_such_function 0\nsecurity_file_open -1"));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		at = strstr(at, expected[i]);
		ASSERT_NE(NULL, at)
			TH_LOG("no %sin its place in %s", expected[i], answer);
		EXPECT_TRUE(at == answer || at[-1] == '\n');
	}
}

/* The answer is that to the last write to the open file. */
TEST_F(check, last_write)
{
	static const char first[] = "security_file_open 0\n", second[] = "ks_no_such_function 0\n";
	char answer[8192];
	int fd, other;

	fd = open(KS_CHECK, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ks_read_fd(fd, answer, sizeof(answer)));
	EXPECT_EQ(0, ks_write(fd, first, strlen(first)));
	EXPECT_EQ(0, ks_write(fd, second, strlen(second)));
	EXPECT_LT(0, ks_read_fd(fd, answer, sizeof(answer)));
	EXPECT_TRUE(ks_starts(answer, "refuse ks_no_such_function 0 ENOENT\n"))
		TH_LOG("%s", answer);
	EXPECT_EQ(NULL, strstr(answer, "security_file_open"));
	other = open(KS_CHECK, O_RDWR | O_CLOEXEC);
	EXPECT_EQ(0, ks_read_fd(other, answer, sizeof(answer)));
	close(other);
	close(fd);
}

static const struct malformed {
	const char *text;
	int error;
} malformed[] = {
	{ "\n", EINVAL },
	{ "security_file_open\n", EINVAL },
	{ "security_file_open  ", EINVAL },
	{ "security_file_open 0 0\n", EINVAL },
	{ "security_file_open 0 reason=x\n", EINVAL },
	{ "security_file_open 0 scope=\n", EINVAL },
	{ "security_file_open 0 scope=root\n", EINVAL },
	{ "security_file_open 0 scope=all reason=x\n", EINVAL },
	{ "security_file_open 0 scope=all scope=all\n", EINVAL },
	{ "security_file_open scope=all 0\n", EINVAL },
	{ "security_file_open zero\n", EINVAL },
	{ "security_file_open 0x\n", EINVAL },
	{ "security_file_open -ENOSUCHERROR\n", EINVAL },
	{ "security_file_open 9223372036854775808\n", ERANGE },
	{ "engage security_file_open 0\n", EINVAL },
	{ "disengage_all\n", EINVAL },
	{ "seal\n", EINVAL },
	{ "security_file_open\t0\n", EINVAL },
	{ "security_file_open 0\r\n", EINVAL },
	{ "security+file_open 0\n", EINVAL },
	{ ":security_file_open 0\n", EINVAL },
	{ "security_file_open: 0\n", EINVAL },
	{ "security_file_open 0\n\n", EINVAL },
	{ "security_file_open 0\n\nsecurity_file_open 0\n", EINVAL },
	{ "security_file_open 0\nsecurity_file_open\n", EINVAL },
};

/* A write with a malformed line has no verdicts. */
TEST_F(check, malformed)
{
	char answer[8192], records[16384], text[KS_MAX_COMMAND + 2];

	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		const struct malformed *m = &malformed[i];

		ASSERT_LE(0, collect(self->audit, records, sizeof(records)));
		EXPECT_EQ(-m->error, ks_ask(answer, sizeof(answer), "%s", m->text))
			TH_LOG("%s", m->text);
		EXPECT_TRUE(ks_starts(answer, "refused "))
			TH_LOG("%s: %s", m->text, answer);
		EXPECT_EQ(NULL, strstr(answer, "lsm-entry"));
		EXPECT_EQ(1, collect(self->audit, records, sizeof(records)));
		EXPECT_TRUE(ks_starts(records, "lsm=killswitch op=check "))
			TH_LOG("recorded as %s", records);
		EXPECT_NE(NULL, strstr(records, " res=0 errno="))
			TH_LOG("recorded as %s", records);
	}
	memset(text, ' ', sizeof(text));
	text[KS_MAX_COMMAND + 1] = '\0';
	memcpy(text, "security_file_open 0", 20);
	for (size_t len = KS_MAX_COMMAND; len <= KS_MAX_COMMAND + 1; len++) {
		int fd = open(KS_CHECK, O_RDWR | O_CLOEXEC);

		ASSERT_LE(0, fd);
		EXPECT_EQ(len > KS_MAX_COMMAND ? -EINVAL : 0, ks_write(fd, text, len))
			TH_LOG("%zu bytes", len);
		close(fd);
	}
}

/* Answers do not reveal addresses of the kernel. */
TEST_F_TIMEOUT(check, no_address, 120)
{
	static const char * const names[] = {
		"security_file_open", "cap_capable", "capable", "may_open", "kfree", "jiffies",
		"commit_creds", "securityfs_create_file", "af_alg_accept", "start_kernel",
		"__SCT__lsm_static_call_file_open_0",
		"__pfx_security_file_open",
	};
	struct ks_symbols symbols = {};
	char answer[8192];

	ASSERT_EQ(0, ks_load_symbols(&symbols));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct ks_symbol *symbol = ks_find_symbol(&symbols, names[i]);
		char address[32];

		ASSERT_EQ(0, ks_ask(answer, sizeof(answer), "%s 0\n", names[i]));
		EXPECT_EQ(NULL, strstr(answer, "ffffffff"))
			TH_LOG("%s", answer);
		if (!symbol)
			continue;
		snprintf(address, sizeof(address), "%llx", symbol->address);
		EXPECT_EQ(NULL, strcasestr(answer, address))
			TH_LOG("%s", answer);
		snprintf(address, sizeof(address), "%llu", symbol->address);
		EXPECT_EQ(NULL, strstr(answer, address))
			TH_LOG("%s", answer);
	}
}

/* Drops CAP_SYS_ADMIN from this process. */
static int drop_sys_admin(void)
{
	return ks_keep_capabilities(~(1ULL << CAP_SYS_ADMIN));
}

/*
 * The result of writing a request to @fd, or to the file, without CAP_SYS_ADMIN.
 */
static int ask_without_sys_admin(int fd)
{
	static const char question[] = "security_file_open 0\n";
	int status;
	pid_t child = fork();

	if (!child) {
		char answer[1024];

		if (drop_sys_admin())
			_exit(255);
		if (fd >= 0)
			_exit(-ks_write(fd, question, strlen(question)));
		_exit(-ks_ask(answer, sizeof(answer), question));
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Opens the file in a process without CAP_SYS_ADMIN, and passes the descriptor. */
static int open_without_sys_admin(void)
{
	int shared = -1, status;
	pid_t child = syscall(__NR_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);

	if (!child) {
		int fd;

		if (drop_sys_admin())
			_exit(255);
		fd = open(KS_CHECK, O_RDWR);
		_exit(fd < 0 ? 255 : fd);
	}
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) < 255)
		shared = WEXITSTATUS(status);
	return shared;
}

TEST_F(check, capability)
{
	static const char question[] = "security_file_open 0\n";
	char answer[1024], records[16384];
	int fd;

	ASSERT_LE(0, collect(self->audit, records, sizeof(records)));
	EXPECT_EQ(EPERM, ask_without_sys_admin(-1));
	EXPECT_EQ(1, collect(self->audit, records, sizeof(records)));
	EXPECT_NE(NULL, strstr(records, "op=check "))
		TH_LOG("recorded as %s", records);
	EXPECT_NE(NULL, strstr(records, " res=0 errno=1"))
		TH_LOG("recorded as %s", records);

	fd = open(KS_CHECK, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(EPERM, ask_without_sys_admin(fd));
	EXPECT_LE(0, ks_read_fd(fd, answer, sizeof(answer)));
	EXPECT_EQ(NULL, strstr(answer, "lsm-entry"))
		TH_LOG("%s", answer);
	close(fd);

	fd = open_without_sys_admin();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, ks_write(fd, question, strlen(question)));
	close(fd);
}

TEST_F(check, others_cannot_open)
{
	struct stat stat;
	int status;
	pid_t child;

	ASSERT_EQ(0, lstat(KS_CHECK, &stat));
	EXPECT_EQ(S_IFREG | 0600, stat.st_mode);
	EXPECT_EQ(0, stat.st_uid);
	child = fork();
	if (!child) {
		if (setgid(KS_NOBODY) || setuid(KS_NOBODY))
			_exit(255);
		_exit(open(KS_CHECK, O_RDWR) < 0 ? errno : 0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(EACCES, WEXITSTATUS(status));
}

/* Requests of other tests, checked when changes are refused. */
TEST_F(check, locked_down_or_sealed)
{
	char status[1024], answer[8192];
	int control;

	ASSERT_LT(0, ks_read(KS_DIR "/status", status, sizeof(status)));
	control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, control);
	if (ks_try(control, "af_alg_accept", "-1") != -EPERM) {
		close(control);
		SKIP(return, "neither locked down nor sealed");
	}
	close(control);
	EXPECT_EQ(0, ks_ask(answer, sizeof(answer), "af_alg_accept -1\nsecurity_file_open 0\n"));
	EXPECT_TRUE(ks_starts(answer, "allow af_alg_accept -1\n"))
		TH_LOG("%s", answer);
	EXPECT_NE(NULL, strstr(answer, "refuse security_file_open 0 lsm-entry\n"))
		TH_LOG("%s", answer);
}

static const struct rule {
	const char *name;
	long least;
} rules[] = {
	{ "lsm-entry", 200 },
	{ "lsm-hook", 20 },
	{ "security-base", 2000 },
	{ "security", 10000 },
	{ "object", -1 },
	{ "default", -1 },
	{ "mediation", 100 },
	{ "primitive", 100 },
	{ "return-type", -1 },
	{ "ambiguous", -1 },
};

/* The rules in order, each with the number of protected functions, if it has one. */
TEST(policy)
{
	static char text[1 << 16];
	char *line, *save;
	struct stat stat;
	int child, status;

	ASSERT_EQ(0, lstat(KS_POLICY, &stat));
	EXPECT_EQ(S_IFREG | 0444, stat.st_mode);
	child = fork();
	if (!child) {
		if (setgid(KS_NOBODY) || setuid(KS_NOBODY))
			_exit(255);
		_exit(ks_read(KS_POLICY, text, sizeof(text)) <= 0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);

	ASSERT_LT(0, ks_read(KS_POLICY, text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, "ffffffff"));
	EXPECT_NE(NULL, strstr(text, "\nnot in this kernel, of "));
	line = strtok_r(text, "\n", &save);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *rule = &rules[i];
		size_t len = strlen(rule->name);

		ASSERT_NE(NULL, line)
			TH_LOG("no line for %s", rule->name);
		EXPECT_TRUE(ks_starts(line, rule->name) && line[len] == ' ')
			TH_LOG("instead of %s: %s", rule->name, line);
		if (rule->least >= 0)
			EXPECT_LE(rule->least, strtol(line + strcspn(line, "0123456789"), NULL, 10))
				TH_LOG("%s", line);
		line = strtok_r(NULL, "\n", &save);
	}
}

TEST_HARNESS_MAIN
