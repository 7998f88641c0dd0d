// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every malformed write to the control file returns its errno, generates an answer and one audit
 * record, and changes nothing.
 */
#include <sys/uio.h>

#include "common.h"

#define BAD(text, ...) { text, sizeof(text) - 1, __VA_ARGS__ }

static const struct bad_input {
	const char *text;
	size_t len;
	int error;
	/* The alternative error, if two are valid. */
	int other;
} bad_inputs[] = {
	/* No command. */
	BAD("", EINVAL),
	BAD("\n", EINVAL),
	BAD(" ", EINVAL),
	BAD("        ", EINVAL),
	BAD("\n\n   ", EINVAL),

	/* Bytes that are not printable ASCII. */
	BAD("\0", EINVAL),
	BAD("engage ks_target_int 0\0", EINVAL),
	BAD("engage ks_target_int\0 0", EINVAL),
	BAD("engage ks_target_int 0 reason=a\0b", EINVAL),
	BAD("engage ks_target_int 0\n\0", EINVAL),
	BAD("engage ks_target_int 0 reason=caf\xc3\xa9", EINVAL),
	BAD("\xff\xfe", EINVAL),
	BAD("engage ks_target_int\xc2\xa0 0", EINVAL),
	BAD("engage ks_target_int 0\r\n", EINVAL),
	BAD("engage ks_target_int 0 reason=a\rb", EINVAL),
	BAD("engage\tks_target_int\t0", EINVAL),
	BAD("engage ks_target_int 0 reason=a\tb", EINVAL),
	BAD("engage ks_target_int 0 reason=\x1b[2J", EINVAL),
	BAD("engage ks_target_int 0 reason=a\x7f", EINVAL),

	/* Verbs. */
	BAD("enable ks_target_int 0", EINVAL),
	BAD("engag ks_target_int 0", EINVAL),
	BAD("engagee ks_target_int 0", EINVAL),
	BAD("engage_all", EINVAL),
	BAD("Engage ks_target_int 0", EINVAL),
	BAD("ENGAGE ks_target_int 0", EINVAL),
	BAD("DISENGAGE_ALL", EINVAL),
	BAD("disengage_al", EINVAL),
	BAD("ks_target_int 0", EINVAL),
	BAD("engage;disengage_all", EINVAL),
	BAD("engage,ks_target_int,0", EINVAL),

	/* Missing and extra words. */
	BAD("engage", EINVAL),
	BAD("engage ", EINVAL),
	BAD("engage ks_target_int", EINVAL),
	BAD("engage ks_target_int reason=why", EINVAL),
	BAD("engage ks_target_int 0 0", EINVAL),
	BAD("engage ks_target_int 0 now", EINVAL),
	BAD("engage ks_target_int 0 now reason=why", EINVAL),
	BAD("engage ks_target_int 0 colour=red", EINVAL),
	BAD("engage ks_target_int 0; disengage_all", EINVAL),
	BAD("disengage", EINVAL),
	BAD("disengage ks_target_other now", EINVAL),
	BAD("disengage ks_target_other reason=why", EINVAL),
	BAD("disengage_all now", EINVAL),
	BAD("disengage_all reason=why", EINVAL),

	/* Return values. */
	BAD("engage ks_target_int abc", EINVAL),
	BAD("engage ks_target_int 12abc", EINVAL),
	BAD("engage ks_target_int 0x", EINVAL),
	BAD("engage ks_target_int 0x1g", EINVAL),
	BAD("engage ks_target_int -", EINVAL),
	BAD("engage ks_target_int --1", EINVAL),
	BAD("engage ks_target_int 1-", EINVAL),
	BAD("engage ks_target_int 1.0", EINVAL),
	BAD("engage ks_target_int 1e3", EINVAL),
	BAD("engage ks_target_int 1_000", EINVAL),
	BAD("engage ks_target_int -EBOGUS", EINVAL),
	BAD("engage ks_target_int -eperm", EINVAL),
	BAD("engage ks_target_int -EPERMX", EINVAL),
	BAD("engage ks_target_int null", EINVAL),
	BAD("engage ks_target_int NULLL", EINVAL),
	BAD("engage ks_target_int Void", EINVAL),
	BAD("engage ks_target_int true", EINVAL),
	BAD("engage ks_target_int 2147483648", ERANGE),
	BAD("engage ks_target_int -2147483649", ERANGE),
	BAD("engage ks_target_int 0x100000000", ERANGE),
	BAD("engage ks_target_int 9223372036854775807", ERANGE),
	BAD("engage ks_target_int -9223372036854775808", ERANGE),
	BAD("engage ks_target_int 18446744073709551616", ERANGE, EINVAL),
	BAD("engage ks_target_int 99999999999999999999999999", ERANGE, EINVAL),
	BAD("engage ks_target_int -99999999999999999999999999", ERANGE, EINVAL),

	/* Reasons. */
	BAD("engage ks_target_int 0 reason=", EINVAL),
	BAD("engage ks_target_int 0 reason=   ", EINVAL),
	BAD("engage ks_target_int 0 reason", EINVAL),
	BAD("engage ks_target_int 0 REASON=why", EINVAL),
	BAD("engage ks_target_int 0 reason =why", EINVAL),

	/* Targets that cannot be a function's name. */
	BAD("engage ks_target_int+0 0", EINVAL, ENOENT),
	BAD("engage ks_target_int+0x4 0", EINVAL, ENOENT),
	BAD("engage ks_target_int() 0", EINVAL, ENOENT),
	BAD("engage 0xffffffff81000000 0", EINVAL, ENOENT),
	BAD("engage ../control 0", EINVAL, ENOENT),
	BAD("engage a/b 0", EINVAL, ENOENT),
	BAD("engage .. 0", EINVAL, ENOENT),
	BAD("engage * 0", EINVAL, ENOENT),
	BAD("engage : 0", EINVAL, ENOENT),
	BAD("engage :ks_target_int 0", EINVAL, ENOENT),
	BAD("engage ks_target_int: 0", EINVAL, ENOENT),
	BAD("engage KS_TARGET_INT 0", ENOENT),
	BAD("engage \"ks_target_int\" 0", EINVAL, ENOENT),
	BAD("disengage *", EINVAL, ENOENT),
	BAD("disengage ks_target_othe", ENOENT),
	BAD("disengage ks_target_othe?", EINVAL, ENOENT),
};

FIXTURE(input)
{
	int control;
	int audit;
	long tainted;
	char engaged[4096];
};

/* With and without an existing engagement. */
FIXTURE_VARIANT(input)
{
	const char *before;
};

FIXTURE_VARIANT_ADD(input, idle) {
	.before = "disengage_all\n",
};

FIXTURE_VARIANT_ADD(input, busy) {
	.before = "engage ks_target_other -7 reason=stays\n",
};

FIXTURE_SETUP(input)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	self->audit = ks_audit_open();
	ASSERT_LE(0, self->audit);
	ASSERT_EQ(0, ks_command(self->control, "%s", variant->before));
	self->tainted = ks_read_long("/proc/sys/kernel/tainted");
	ASSERT_LE(0, ks_read(KS_ENGAGED, self->engaged, sizeof(self->engaged)));
}

FIXTURE_TEARDOWN(input)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->audit);
	close(self->control);
}

/* Checks that a write is refused with @error (or @other) without effects. */
static void refused(struct __test_metadata *_metadata, FIXTURE_DATA(input) * const self,
		    const char *label, const char *text, size_t len, int error,
		    int other)
{
	char sentence[8192], engaged[sizeof(self->engaged)], records[32768], field[32];
	int ret, count;

	/* Skip earlier records. */
	ASSERT_LE(0, ks_audit_collect(self->audit, self->control, records, sizeof(records)));

	ret = ks_write(self->control, text, len);
	EXPECT_TRUE(ret == -error || (other && ret == -other)) {
		TH_LOG("%s: got %s instead of %s", label, ret ? strerror(-ret) : "success",
		       strerror(error));
	}
	EXPECT_LT(0, ks_read_fd(self->control, sentence, sizeof(sentence)))
		TH_LOG("%s: no answer", label);

	EXPECT_LE(0, ks_read(KS_ENGAGED, engaged, sizeof(engaged)));
	EXPECT_STREQ(self->engaged, engaged)
		TH_LOG("%s: changed what is engaged", label);
	EXPECT_EQ(self->tainted, ks_read_long("/proc/sys/kernel/tainted"))
		TH_LOG("%s: tainted the kernel", label);

	count = ks_audit_collect(self->audit, self->control, records, sizeof(records));
	EXPECT_EQ(1, count)
		TH_LOG("%s: %d audit records: %s", label, count, records);
	snprintf(field, sizeof(field), " res=0 errno=%d", -ret);
	EXPECT_NE(NULL, strstr(records, field))
		TH_LOG("%s: recorded as %s", label, records);

	/* A success must not affect the rest of the table. */
	if (!ret) {
		ks_command(self->control, "disengage_all\n");
		ks_read(KS_ENGAGED, self->engaged, sizeof(self->engaged));
	}
}

TEST_F_TIMEOUT(input, malformed, 120)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_inputs); i++) {
		const struct bad_input *bad = &bad_inputs[i];
		char label[128];

		snprintf(label, sizeof(label), "entry %zu \"%s\"", i, bad->text);
		refused(_metadata, self, label, bad->text, bad->len, bad->error, bad->other);
	}
}

TEST_F(input, too_long)
{
	static const char command[] = "engage ks_target_int -1";
	char buf[2 * KS_MAX_COMMAND];
	size_t len = KS_MAX_COMMAND + 1;

	memset(buf, 'x', sizeof(buf));
	refused(_metadata, self, "4097 letters", buf, len, EINVAL, 0);
	refused(_metadata, self, "8192 letters", buf, sizeof(buf), EINVAL, 0);

	/* A valid command with an excessive tail. */
	memset(buf, ' ', sizeof(buf));
	memcpy(buf, command, sizeof(command) - 1);
	refused(_metadata, self, "4097 bytes with trailing blanks", buf, len, EINVAL, 0);
	memset(buf, '\n', sizeof(buf));
	memcpy(buf, command, sizeof(command) - 1);
	refused(_metadata, self, "4097 bytes with trailing newlines", buf, len, EINVAL, 0);

	/* An unknown name in 4096 bytes is not too long to be read. */
	memset(buf, 'x', sizeof(buf));
	memcpy(buf, "disengage ", 10);
	refused(_metadata, self, "4096 bytes", buf, KS_MAX_COMMAND, EINVAL, ENOENT);
	refused(_metadata, self, "a name of 512 letters", buf, 10 + 512, EINVAL, ENOENT);
}

TEST_F(input, reason_length)
{
	char reason[KS_MAX_REASON + 2], command[512], line[512], expected[512];

	memset(reason, 'r', sizeof(reason));
	reason[KS_MAX_REASON + 1] = '\0';
	snprintf(command, sizeof(command), "engage ks_target_int -1 reason=%s", reason);
	refused(_metadata, self, "a reason of 129 letters", command, strlen(command), EINVAL, 0);

	reason[KS_MAX_REASON] = '\0';
	EXPECT_EQ(0, ks_command(self->control, "engage ks_target_int -1 reason=%s\n", reason));
	ASSERT_TRUE(ks_engaged("ks_target_int", line, sizeof(line)));
	snprintf(expected, sizeof(expected), " reason=\"%s\"", reason);
	EXPECT_NE(NULL, strstr(line, expected))
		TH_LOG("engaged shows %s", line);
}

/* A vectored write is one write. */
TEST_F(input, vectored_write)
{
	static const char * const good[] = {
		"", "engage ks_target_int -1", " scope=non", "root\n",
	};
	static const char * const bad[] = { "engage ks_target_int -1\n", "engage ks_no_such 0\n" };
	struct iovec iov[ARRAY_SIZE(good)];
	char line[512];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		iov[i] = (struct iovec){ (char *)good[i], strlen(good[i]) };
	EXPECT_EQ(38, writev(self->control, iov, ARRAY_SIZE(good)));
	ASSERT_TRUE(ks_engaged("ks_target_int", line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, " scope=nonroot"))
		TH_LOG("engaged shows %s", line);
	EXPECT_EQ(0, ks_command(self->control, "disengage ks_target_int\n"));

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		iov[i] = (struct iovec){ (char *)bad[i], strlen(bad[i]) };
	EXPECT_EQ(-1, writev(self->control, iov, ARRAY_SIZE(bad)));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_FALSE(ks_engaged("ks_target_int", NULL, 0));
}

/* A bad write does not affect the next one. */
TEST_F(input, next_write)
{
	char sentence[1024], again[1024];

	EXPECT_EQ(-EINVAL, ks_command(self->control, "engage ks_target_int"));
	EXPECT_EQ(-EINVAL, ks_command(self->control, " -1\n"));
	EXPECT_EQ(0, ks_command(self->control, "engage ks_target_int -1\n"));
	EXPECT_LT(0, ks_read_fd(self->control, sentence, sizeof(sentence)));
	EXPECT_EQ(0, ks_command(self->control, "disengage ks_target_int\n"));
	EXPECT_LT(0, ks_read_fd(self->control, again, sizeof(again)));
	EXPECT_STRNE(sentence, again);
	EXPECT_NE(NULL, strstr(again, "ks_target_int"))
		TH_LOG("the answer was %s", again);
}

TEST_F(input, bad_address)
{
	EXPECT_EQ(-EFAULT, syscall(__NR_write, self->control, 8UL, 16UL) ? -errno : 0);
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
}

TEST_HARNESS_MAIN
