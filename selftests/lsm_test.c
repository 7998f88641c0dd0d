// SPDX-License-Identifier: GPL-2.0-only
/*
 * Killswitch is a Linux Security Module: enabled by lsm=, listed by the kernel, with its own files,
 * or absent.
 */
#include <linux/types.h>
#include <sys/stat.h>

#include "common.h"

#ifndef __NR_lsm_list_modules
#define __NR_lsm_list_modules 461
#endif

#ifndef LSM_ID_KILLSWITCH
#define LSM_ID_KILLSWITCH 114
#endif

/* Whether @list contains @word, separated by @separator. */
static bool has_word(const char *list, const char *word, char separator)
{
	size_t len = strlen(word);

	while (list && *list) {
		if (!strncmp(list, word, len) && (!list[len] || list[len] == separator))
			return true;
		list = strchr(list, separator);
		list += !!list;
	}
	return false;
}

static bool in_lsm_file(void)
{
	char list[1024];

	return ks_read("/sys/kernel/security/lsm", list, sizeof(list)) > 0 &&
	       has_word(list, "killswitch", ',');
}

TEST(list_modules)
{
	char list[1024];
	__u64 ids[64];
	__u32 size = sizeof(ids);
	bool listed = false;
	int count, commas = 0;

	ASSERT_LT(0, ks_read("/sys/kernel/security/lsm", list, sizeof(list)));
	count = syscall(__NR_lsm_list_modules, ids, &size, 0);
	ASSERT_LT(0, count);
	for (int i = 0; i < count; i++)
		listed |= ids[i] == LSM_ID_KILLSWITCH;
	EXPECT_EQ(in_lsm_file(), listed);
	for (char *c = list; *c; c++)
		commas += *c == ',';
	EXPECT_EQ(commas + 1, count)
		TH_LOG("the system call lists %d modules, the file %s", count, list);
}

/* The enabled LSMs match lsm= on the command line. */
TEST(command_line)
{
	char text[8192], *word, *save, *lsm = NULL;

	ASSERT_LT(0, ks_read("/proc/cmdline", text, sizeof(text)));
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!strncmp(word, "lsm=", 4))
			lsm = word + 4;
	if (!lsm)
		SKIP(return, "no lsm= on the command line");
	EXPECT_EQ(has_word(lsm, "killswitch", ','), in_lsm_file());
}

static const struct file_case {
	const char *path;
	mode_t mode;
} file_cases[] = {
	{ KS_DIR, S_IFDIR | 0755 },
	{ KS_DIR "/control", S_IFREG | 0600 },
	{ KS_DIR "/engaged", S_IFREG | 0444 },
	{ KS_DIR "/status", S_IFREG | 0444 },
	{ KS_DIR "/taint", S_IFREG | 0444 },
	{ KS_DIR "/fn", S_IFDIR | 0700 },
};

TEST(files)
{
	struct stat stat;

	for (size_t i = 0; i < ARRAY_SIZE(file_cases); i++) {
		const struct file_case *c = &file_cases[i];
		int ret = lstat(c->path, &stat);

		if (!in_lsm_file()) {
			EXPECT_EQ(-1, ret)
				TH_LOG("there is %s without Killswitch", c->path);
			continue;
		}
		ASSERT_EQ(0, ret)
			TH_LOG("no %s", c->path);
		EXPECT_EQ(c->mode, stat.st_mode)
			TH_LOG("%s", c->path);
		EXPECT_EQ(0, stat.st_uid);
		EXPECT_EQ(0, stat.st_gid);
	}
}

static const struct file_case fn_cases[] = {
	{ KS_FN "ks_target_int", S_IFDIR | 0700 },
	{ KS_FN "ks_target_int/retval", S_IFREG | 0600 },
	{ KS_FN "ks_target_int/hits", S_IFREG | 0400 },
	{ KS_FN "ks_target_int/reason", S_IFREG | 0400 },
};

TEST(files_of_an_engagement)
{
	struct stat stat;
	int control;

	if (!in_lsm_file())
		SKIP(return, "Killswitch is not in lsm=");
	control = ks_start();
	ASSERT_LE(0, control);
	ASSERT_EQ(0, ks_command(control, "engage ks_target_int -1\n"));
	for (size_t i = 0; i < ARRAY_SIZE(fn_cases); i++) {
		const struct file_case *c = &fn_cases[i];

		EXPECT_EQ(0, lstat(c->path, &stat))
			TH_LOG("no %s", c->path);
		EXPECT_EQ(c->mode, stat.st_mode)
			TH_LOG("%s", c->path);
	}
	EXPECT_EQ(0, ks_command(control, "disengage_all\n"));
	for (size_t i = 0; i < ARRAY_SIZE(fn_cases); i++)
		EXPECT_EQ(-1, lstat(fn_cases[i].path, &stat));
	close(control);
}

/* status consists of "key: value" lines. */
TEST(status)
{
	static const char * const keys[] = { "version", "slots", "lockdown", "sealed", "taint" };
	char text[4096], key[64], *line, *save;

	if (!in_lsm_file())
		SKIP(return, "Killswitch is not in lsm=");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		bool found = false;

		ASSERT_LT(0, ks_read(KS_DIR "/status", text, sizeof(text)));
		snprintf(key, sizeof(key), "%s: ", keys[i]);
		for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			EXPECT_NE(NULL, strstr(line, ": "))
				TH_LOG("%s", line);
			found |= !strncmp(line, key, strlen(key)) && line[strlen(key)];
		}
		EXPECT_TRUE(found)
			TH_LOG("status has no %s", keys[i]);
	}
}

TEST_HARNESS_MAIN
