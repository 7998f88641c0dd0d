// SPDX-License-Identifier: GPL-2.0-only
/*
 * All operations on engagements, concurrently and continuously: nothing is lost, leaked or wrong.
 * Every half minute all threads pause, and the totals are checked: calls, hits, slots, records,
 * memory.
 *
 * KS_SECONDS is the duration (default 60).
 */
#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "storm.h"
#include "tools.h"

#define PLAIN		"ks_impostor_lets_ask"
#define IMPOSTOR_FILE	"/sys/kernel/debug/" IMPOSTOR "/" PLAIN
#define ME		"soak_test"

/* The functions' own return values, and the engaged ones. */
static const struct known {
	const char *function;
	/* The values for the file storm, the function's own first. */
	const char *values;
	int first, last;
} known[] = {
	{ "ks_target_int", "42 -1 -2 -3 -4", -4, -1 },
	{ "ks_target_other", "84 -11 -12 -13 -14", -14, -11 },
	{ "ks_target_breakpoint", "210 -31 -32 -33 -34", -34, -31 },
	/* Functions of a module that is loaded and unloaded, with and without the module's name. */
	{ ARMED, NULL, -24, -21 },
	{ PLAIN, NULL, -24, -21 },
	/* A function that is livepatched sometimes. The kernel's own functions take few values. */
	{ KS_PATCHED, NULL, -5, -5 },
};

/* Those that can be called through the file storm. */
#define STORMED 3

static bool is_of_module(const struct known *one)
{
	return strstr(one->function, PLAIN);
}

static int random_below(struct actor *actor, int limit)
{
	return rand_r(&actor->seed) % limit;
}

static const struct known *random_known(struct actor *actor, int *value)
{
	const struct known *one = &known[random_below(actor, ARRAY_SIZE(known))];

	*value = one->first + random_below(actor, one->last - one->first + 1);
	return one;
}

/* Writes commands, and counts the expected records. */
static int order(struct totals *totals, int control, const char *text)
{
	int ret = ks_write(control, text, strlen(text));

	if (ret) {
		totals->refused++;
		return ret;
	}
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		totals->engaged += !strncmp(line, "engage ", strlen("engage "));
		totals->watched += !strncmp(line, "tryengage ", strlen("tryengage "));
	}
	return 0;
}

/* Engages and disengages functions: the commands, and their possible errors. */
static void *engages(void *data)
{
	struct actor *actor = data;
	char text[512];
	int control;

	control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	for (; pass_gate(&actor->rests); actor->done++) {
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
			/* A function that is called so rarely that it may be engaged. */
			if (kind == 5) {
				one = &known[ARRAY_SIZE(known) - 1];
				value = one->first;
			}
			snprintf(text, sizeof(text), "tryengage %s %d %d\n", one->function, value,
				 kind - 5);
			/* Without the module, there are no calls to count. */
			if (is_of_module(one))
				may_too = ENOENT;
			break;
		case 7 ... 8:
			if (other == one)
				continue;
			snprintf(text, sizeof(text), "engage %s %d\nengage %s %d reason=both\n",
				 one->function, value, other->function, other_value);
			if (is_of_module(one) || is_of_module(other))
				may_too = ENOENT;
			break;
		case 9:
			snprintf(text, sizeof(text), "engage %s %d\nengage ks_no_such 1\n",
				 one->function, value);
			break;
		case 10:
			snprintf(text, sizeof(text), "engage %s %d scope=nonroot\n", one->function,
				 value);
			if (is_of_module(one))
				may_too = ENOENT;
			break;
		default:
			snprintf(text, sizeof(text), "engage %s %d reason=storm\n", one->function,
				 value);
			if (is_of_module(one))
				may_too = ENOENT;
		}
		ret = order(&actor->totals, control, text);
		if (kind == 9 ? ret != -ENOENT && ret != -EBUSY :
		    ret && ret != -may && ret != -may_too)
			complain(actor, "%s: %s", text, strerror(-ret));
		if (ks_read_fd(control, text, sizeof(text)) <= 0)
			complain(actor, "no answer");
	}
	close(control);
	return NULL;
}

/* Changes the values of engagements. */
static void *changes(void *data)
{
	struct actor *actor = data;

	for (; pass_gate(&actor->rests); actor->done++) {
		int value, fd, ret;
		const struct known *one = random_known(actor, &value);
		char text[16];

		fd = ks_open_fn(one->function, "retval", O_WRONLY);
		if (fd == -ENOENT) {
			usleep(1000);
			continue;
		}
		if (fd < 0) {
			complain(actor, "cannot open retval: %s", strerror(-fd));
			continue;
		}
		/* Checking a value is slow, and blocks the others. */
		for (int i = 0; i < 2; i++) {
			value = one->first + random_below(actor, one->last - one->first + 1);
			snprintf(text, sizeof(text), "%d\n", value);
			ret = ks_write(fd, text, strlen(text));
			if (ret)
				actor->totals.refused++;
			else
				actor->totals.changed++;
			/* The module may be loading or unloading. */
			if (ret && ret != -EIDRM && !(ret == -EBUSY && is_of_module(one)))
				complain(actor, "cannot write retval: %s", strerror(-ret));
		}
		close(fd);
	}
	return NULL;
}

/* Whether a line of `engaged` is valid. */
static bool is_plausible(const char *line)
{
	static const char * const states[] = { "engaged", "probing", "armed", "disarmed" };
	char function[128], state[32];
	long value, hits;
	bool found = false;

	if (sscanf(line, "%127s retval=%ld hits=%ld state=%31s scope=", function, &value, &hits,
		   state) != 4 || hits < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		found = found || !strcmp(state, states[i]);
	for (size_t i = 0; i < ARRAY_SIZE(known) && found; i++) {
		if (!strcmp(function, known[i].function))
			return value >= known[i].first && value <= known[i].last;
	}
	return false;
}

/* Reads all files below @path. Engagements and their files may disappear at any time. */
static void read_all(struct actor *actor, const char *path)
{
	char text[65536], next[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (!dir) {
		if (errno != ENOENT)
			complain(actor, "%s: %s", path, strerror(errno));
		return;
	}
	while ((entry = readdir(dir))) {
		ssize_t ret;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(next, sizeof(next), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR) {
			read_all(actor, next);
			continue;
		}
		ret = ks_read(next, text, sizeof(text));
		if (ret < 0 && ret != -ENOENT && ret != -EIDRM)
			complain(actor, "reading %s: %s", next, strerror(-ret));
	}
	closedir(dir);
}

static void *reads(void *data)
{
	struct actor *actor = data;
	char text[8192], *line, *save;

	for (; pass_gate(&actor->rests); actor->done++) {
		unsigned int used, all;
		const char *slots;
		size_t lines = 0;

		if (ks_read(KS_ENGAGED, text, sizeof(text)) < 0)
			complain(actor, "cannot read engaged");
		for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			lines++;
			if (!is_plausible(line))
				complain(actor, "engaged: %s", line);
		}
		if (lines > ARRAY_SIZE(known))
			complain(actor, "%zu lines in engaged", lines);

		if (ks_read(KS_DIR "/status", text, sizeof(text)) < 0)
			complain(actor, "cannot read status");
		slots = strstr(text, "slots: ");
		if (!slots || sscanf(slots, "slots: %u/%u", &used, &all) != 2 ||
		    used > ARRAY_SIZE(known))
			complain(actor, "status: %s", slots ?: "no slots");
		/* Counting what the policy protects is slow, and blocks the others. */
		read_all(actor, actor->done % 8 ? KS_DIR "/fn" : KS_DIR);
	}
	return NULL;
}

/* Checks functions of the kernel, and of the module that is loaded and unloaded. */
static void *asks(void *data)
{
	struct actor *actor = data;
	char answer[4096];

	for (; pass_gate(&actor->rests); actor->done++) {
		int value, ret;
		const struct known *one = random_known(actor, &value);

		ret = ks_ask(answer, sizeof(answer), "%s %d\nsecurity_file_open 0\n", one->function,
			     value);
		actor->totals.asked++;
		if (ret || !strstr(answer, "refuse security_file_open 0 lsm-entry\n"))
			complain(actor, "check: %s, %s", strerror(-ret), answer);
		usleep(random_below(actor, 1000000));
	}
	return NULL;
}

/* Loads and unloads a module with a function that is engaged, armed, or neither. */
static void *loads(void *data)
{
	struct actor *actor = data;
	char text[64];
	int ret;

	for (; pass_gate(&actor->rests); actor->done++) {
		/* Armed functions prevent loading while kprobes are disarmed. */
		ret = load_with_error();
		if (ret != -EINVAL && ret != -EBUSY)
			complain(actor, "loading with a wrong parameter: %s", strerror(-ret));
		ret = ks_load_module(IMPOSTOR);
		if (ret == -EBUSY)
			continue;
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
		/* It is busy while it is called. */
		ret = unload_when_unused(IMPOSTOR);
		if (ret)
			complain(actor, "cannot unload: %s", strerror(-ret));
	}
	return NULL;
}

/*
 * Disarms all kprobes for a moment. After rearming them, nothing stays disarmed. (A function that
 * shares its probe with a BPF program that is attached or detached fails with EAGAIN in the kernel,
 * and a livepatched one with EBUSY; Killswitch retries.)
 */
static void *switches(void *data)
{
	struct actor *actor = data;
	char text[8192];

	for (; pass_gate(&actor->rests); actor->done++) {
		double until;
		int ret;

		usleep(random_below(actor, 3000000));
		ret = ks_put(KPROBES "enabled", "0");
		if (ret)
			complain(actor, "cannot disarm kprobes: %s", strerror(-ret));
		usleep(random_below(actor, 100000));
		ret = ks_put(KPROBES "enabled", "1");
		if (ret && ret != -EAGAIN && ret != -EBUSY)
			complain(actor, "cannot arm kprobes: %s", strerror(-ret));
		until = now() + 60;
		do {
			ret = ks_read(KS_ENGAGED, text, sizeof(text));
		} while (ret >= 0 && strstr(text, " state=disarmed ") && now() < until);
		if (ret < 0 || strstr(text, " state=disarmed "))
			complain(actor, "not rearmed: %s", text);
	}
	return NULL;
}

/* Traces a function in two ways. */
static void *traces(void *data)
{
	static const struct {
		const char *file;
		const char *text;
		/* The function tracer searches all names, which is slow. */
		bool is_slow;
	} steps[] = {
		{ TRACING "/kprobe_events", "p:kst/soak killswitch_target:ks_target_int\n" },
		{ TRACING "/events/kst/soak/enable", "1" },
		{ TRACING "/set_ftrace_filter", "ks_target_int\n", true },
		{ TRACING "/current_tracer", "function", true },
		{ TRACING "/events/kst/soak/enable", "0" },
		{ TRACING "/kprobe_events", "-:kst/soak\n" },
		{ TRACING "/current_tracer", "nop", true },
		{ TRACING "/set_ftrace_filter", "!ks_target_int\n", true },
	};
	struct actor *actor = data;

	for (; pass_gate(&actor->rests); actor->done++) {
		for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
			if (steps[i].is_slow && actor->done % 16)
				continue;
			int ret;

			/* As above. */
			do {
				ret = ks_put(steps[i].file, steps[i].text);
			} while (ret == -EAGAIN);
			if (ret)
				complain(actor, "%s > %s: %s", steps[i].text, steps[i].file,
					 strerror(-ret));
			usleep(random_below(actor, 3000));
		}
	}
	return NULL;
}

/*
 * Attaches probes and tracers of all kinds to the functions. (Not an overriding one: with a BPF
 * program on it, its callers would get garbage.)
 */
static void *attaches(void *data)
{
	static const char * const probes[] = { "kprobe", "kprobe_post", "kretprobe" };
	/* They search all names, which is slow. */
	static const char * const tracers[] = { "ftrace", "ftrace_args", "fprobe" };
	struct actor *actor = data;

	for (; pass_gate(&actor->rests); actor->done++) {
		bool is_slow = actor->done % 16 == 0;
		/* The last one has no ftrace location. */
		const struct known *one = &known[random_below(actor, STORMED - is_slow)];
		const char *kind = (is_slow ? tracers : probes)[random_below(actor, 3)];
		int ret;

		/* As above. */
		do {
			ret = ks_peer("attach", "%s %s", kind, one->function);
		} while (ret == -EAGAIN);
		if (ret) {
			complain(actor, "attach %s %s: %s", kind, one->function, strerror(-ret));
			continue;
		}
		usleep(random_below(actor, 5000));
		ret = ks_peer("detach", "%s %s", kind, one->function);
		if (ret)
			complain(actor, "detach %s %s: %s", kind, one->function, strerror(-ret));
	}
	return NULL;
}

/* Attaches and detaches BPF programs. */
static void *runs_programs(void *data)
{
	static const struct {
		const char *function;
		enum bpf_attach_type type;
	} what[] = {
		{ "ks_target_int", BPF_TRACE_FENTRY },
		{ "ks_target_other", BPF_TRACE_FEXIT },
	};
	struct ks_program programs[ARRAY_SIZE(what)];
	struct actor *actor = data;

	for (size_t i = 0; i < ARRAY_SIZE(what); i++) {
		int ret = ks_load_program(&programs[i], "killswitch_target", what[i].function,
					  what[i].type, 0);

		if (ret) {
			complain(actor, "cannot load a program: %s", strerror(-ret));
			pass_gate(&actor->rests);
			return NULL;
		}
	}
	for (; pass_gate(&actor->rests); actor->done++) {
		for (size_t i = 0; i < ARRAY_SIZE(what); i++) {
			int ret = ks_attach_program(&programs[i]);

			usleep(random_below(actor, 5000));
			if (!ret)
				ret = ks_detach_program(&programs[i]);
			if (ret)
				complain(actor, "a program for %s: %s", what[i].function,
					 strerror(-ret));
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(what); i++) {
		close(programs[i].program);
		close(programs[i].map);
	}
	return NULL;
}

/* Livepatches a function, unless it is engaged, and checks that it cannot be engaged then. */
static void *patches(void *data)
{
	struct actor *actor = data;
	char text[64];
	int control;

	control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	for (; pass_gate(&actor->rests); usleep(random_below(actor, 1000000))) {
		int ret = ks_patch();

		/* It was engaged. */
		if (ret == -EBUSY)
			continue;
		if (ret)
			complain(actor, "livepatching: %s", strerror(-ret));
		ret = order(&actor->totals, control, "engage " KS_PATCHED " -5\n");
		if (ret != -EBUSY)
			complain(actor, "engaging a livepatched function: %s", strerror(-ret));
		ret = ks_read(KS_PATCHED_FILE, text, sizeof(text));
		if (ret < 0 || strcmp(text, "livepatched"))
			complain(actor, "the livepatched function returns %d", ret);
		ret = ks_unpatch();
		if (ret)
			complain(actor, "removing the livepatch: %s", strerror(-ret));
		actor->done++;
	}
	close(control);
	return NULL;
}

/* Writers that are killed at any moment. Their records have another process name. */
static void *dies(void *data)
{
	static const char * const texts[] = {
		"engage ks_target_int -1\nengage ks_target_other -11\n",
		"disengage ks_target_other\n",
		"tryengage ks_target_other -12 0\n",
		"disengage ks_target_int\n",
	};
	struct actor *actor = data;
	int control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);

	for (; pass_gate(&actor->rests); actor->done++) {
		/* A copied file table would keep files open that others close. */
		pid_t child = syscall(__NR_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
		int status;

		if (!child) {
			prctl(PR_SET_NAME, "killed");
			for (unsigned int i = 0;; i++) {
				const char *text = texts[i % ARRAY_SIZE(texts)];

				if (write(control, text, strlen(text)) < 0 && errno != EBUSY &&
				    errno != ENOENT)
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

static const struct role roles[] = {
	{ "engages", engages },
	{ "engages, too", engages },
	{ "changes values", changes },
	{ "reads", reads },
	{ "asks", asks },
	{ "loads a module", loads },
	{ "traces", traces },
	{ "attaches probes", attaches },
	{ "runs programs", runs_programs },
	{ "livepatches", patches },
	{ "disarms kprobes", switches },
	{ "kills a writer", dies },
};

/* The callers of the functions, and their contexts. */
static const struct {
	const char *where;
	int what;
} sources[] = {
	/* On every CPU. */
	{ "", 0 },
	{ "", 1 },
	{ "", 2 },
	{ "interrupt ", 1 },
	{ "timer ", 0 },
	{ "softirq ", 1 },
	{ "softirq ", 2 },
};

/* The audit records so far. One thread reads them continuously. */
static struct {
	pthread_t thread;
	int socket, error;
	bool end;
	/* Of this process, by operation. */
	struct totals totals;
	/* In total. */
	long begun, ended, commits, aborts, lost, disarmed, rearmed;
	/* The last marker seen. */
	unsigned int mark;
} audit;

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		if (at[-1] == ' ' && (at[len] == ' ' || !at[len]))
			return true;
	}
	return false;
}

static void note_record(const char *text)
{
	bool done = has_word(text, "res=1"), mine = has_word(text, "comm=\"" ME "\"");
	bool of_task = strstr(text, " comm=");
	unsigned int mark;
	const char *at;
	char op[32];

	if (sscanf(strstr(text, " op="), " op=%31s", op) != 1)
		return;
	at = strstr(text, "func=\"ks_mark_");
	if (at && sscanf(at, "func=\"ks_mark_%u\"", &mark) == 1)
		__atomic_store_n(&audit.mark, mark, __ATOMIC_RELEASE);
	if (!strcmp(op, "check")) {
		audit.totals.asked += mine;
		return;
	}
	if (!done) {
		audit.totals.refused += mine;
		return;
	}
	if (!strcmp(op, "engage") || (!strcmp(op, "arm") && of_task)) {
		audit.totals.engaged += mine;
		audit.begun += of_task;
	} else if (!strcmp(op, "tryengage")) {
		audit.totals.watched += mine;
		audit.begun++;
	} else if (!strcmp(op, "retval")) {
		audit.totals.changed += mine;
	} else if (!strcmp(op, "disengage")) {
		audit.ended++;
	} else if (!strcmp(op, "commit")) {
		audit.commits++;
	} else if (!strcmp(op, "abort")) {
		audit.ended++;
		audit.aborts++;
	} else if (!strcmp(op, "lost")) {
		audit.ended++;
		audit.lost++;
	} else if (!strcmp(op, "disarmed")) {
		audit.disarmed++;
	} else if (!strcmp(op, "rearmed")) {
		audit.rearmed++;
	}
}

static void *listens(void *data)
{
	char record[16384];

	while (!__atomic_load_n(&audit.end, __ATOMIC_ACQUIRE)) {
		struct nlmsghdr *header = (struct nlmsghdr *)record;
		struct pollfd fd = { .fd = audit.socket, .events = POLLIN };
		ssize_t len;

		if (poll(&fd, 1, 100) <= 0)
			continue;
		len = recv(audit.socket, record, sizeof(record) - 1, 0);
		if (len < 0) {
			/* Such as ENOBUFS, if there was no space for a record. */
			audit.error = errno;
			continue;
		}
		record[len] = '\0';
		if (header->nlmsg_type == AUDIT_MAC_CONFIG_CHANGE &&
		    strstr(NLMSG_DATA(header), "lsm=killswitch op="))
			note_record(NLMSG_DATA(header));
	}
	return NULL;
}

/*
 * Memory that leaks would consume, in kB. Excludes stacks: the kernel creates workers on demand,
 * and keeps them for minutes.
 */
struct memory {
	long slab, vmalloc, percpu;
};

static long memory_of(const char *all, const char *key)
{
	const char *at = strstr(all, key);

	return at ? atol(at + strlen(key)) : 0;
}

static struct memory memory_now(void)
{
	char text[8192];

	/* Cached dentries and inodes. */
	ks_put("/proc/sys/vm/drop_caches", "2");
	ks_read("/proc/meminfo", text, sizeof(text));
	return (struct memory) {
		.slab = memory_of(text, "\nSUnreclaim:"),
		.vmalloc = memory_of(text, "\nVmallocUsed:") -
			   memory_of(text, "\nKernelStack:"),
		.percpu = memory_of(text, "\nPercpu:"),
	};
}

/* KASAN quarantines freed memory, up to a 32nd of all memory, with metadata. */
static bool freed_memory_is_kept(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[1024];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, " kasan_quarantine_put\n");
	if (file)
		fclose(file);
	return found;
}

/* The number of entries in a directory. */
static int entries_of(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return dir ? count : -1;
}

static int lines_of(const char *path)
{
	static char text[256 * 512];
	int count = 0;
	ssize_t len = ks_read(path, text, sizeof(text));

	for (ssize_t i = 0; i < len; i++)
		count += text[i] == '\n';
	return len < 0 ? len : count + !!len;
}

static int slots_used(unsigned int *all)
{
	unsigned int used;
	char text[8192];
	const char *at;

	if (ks_read(KS_DIR "/status", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, "slots: ");
	return at && sscanf(at, "slots: %u/%u", &used, all) == 2 ? (int)used : -1;
}

FIXTURE(soak)
{
	int control;
	struct totals totals;
	struct caller callers[ARRAY_SIZE(sources)][CALLERS];
	int counts[ARRAY_SIZE(sources)];
	struct actor actors[ARRAY_SIZE(roles)];
	/*
	 * At the end of the last pause: runs of the functions' bodies, and calls that returned
	 * their values.
	 */
	unsigned long long runs[STORMED], seen[STORMED];
	unsigned int marks;
	/* Threads that have not yet seen both values, the function's own and an engaged one. */
	const char *one_sided;
	/* At the first pause. */
	struct memory memory;
	/* Whether slab sizes are meaningless, because freed memory is quarantined. */
	bool kept;
	double start;
};

FIXTURE_SETUP(soak)
{
	int ret;

	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	self->kept = freed_memory_is_kept();
	ASSERT_EQ(0, ks_load_module("killswitch_peer"));
	ASSERT_EQ(0, ks_peer("detach", "all"));
	ret = ks_unload_module(IMPOSTOR);
	ASSERT_TRUE(!ret || ret == -ENOENT);
	/* Identifies this process's records. */
	ASSERT_EQ(0, prctl(PR_SET_NAME, ME));
	audit.socket = ks_audit_open();
	ASSERT_LE(0, audit.socket);
	ASSERT_EQ(0, pthread_create(&audit.thread, NULL, listens, NULL));
}

FIXTURE_TEARDOWN(soak)
{
	__atomic_store_n(&audit.end, true, __ATOMIC_RELEASE);
	pthread_join(audit.thread, NULL);
	close(audit.socket);
	ks_put(KPROBES "enabled", "1");
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
}

#define DATA FIXTURE_DATA(soak)

/* Waits until all threads pause: NULL or the name of one that does not within five minutes. */
static const char *find_running(DATA *self)
{
	double until = now() + 300;
	const char *who;

	do {
		who = NULL;
		usleep(10000);
		for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
			if (!__atomic_load_n(&self->actors[i].rests, __ATOMIC_ACQUIRE))
				who = roles[i].name;
		for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
			for (int j = 0; j < self->counts[i]; j++)
				if (!__atomic_load_n(&self->callers[i][j].rests, __ATOMIC_ACQUIRE))
					who = self->callers[i][j].text;
	} while (who && now() < until);
	return who;
}

/* The results of all calls of a function so far. */
static struct outcome outcome_of(DATA *self, int what)
{
	struct outcome sum = {};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (sources[i].what != what)
			continue;
		for (int j = 0; j < self->counts[i]; j++)
			add_outcome(self->callers[i][j].storm, &sum);
	}
	return sum;
}

static struct outcome outcome_from(DATA *self, int source)
{
	struct outcome sum = {};

	for (int j = 0; j < self->counts[source]; j++)
		add_outcome(self->callers[source][j].storm, &sum);
	return sum;
}

/* The totals since the beginning. */
static struct totals sum_totals(DATA *self)
{
	struct totals sum = self->totals;

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		sum.engaged += self->actors[i].totals.engaged;
		sum.watched += self->actors[i].totals.watched;
		sum.changed += self->actors[i].totals.changed;
		sum.asked += self->actors[i].totals.asked;
		sum.refused += self->actors[i].totals.refused;
	}
	return sum;
}

/* Each body ran as often as calls returned its value. */
static void check_calls(struct __test_metadata *_metadata, DATA *self)
{
	for (int what = 0; what < STORMED; what++) {
		struct outcome sum = outcome_of(self, what);
		unsigned long long runs = ks_runs(known[what].function);

		EXPECT_EQ(0, sum.unknown)
			TH_LOG("%s: %s", known[what].function, sum.bad);
		EXPECT_EQ((unsigned int)(sum.seen[0] - self->seen[what]),
			  (unsigned int)(runs - self->runs[what]))
			TH_LOG("%s: its body ran %llu times instead of %llu", known[what].function,
			       runs - self->runs[what], sum.seen[0] - self->seen[what]);
	}
}

/* Nothing is engaged, and no traces of engagements remain. */
static void check_nothing_engaged(struct __test_metadata *_metadata, DATA *self)
{
	unsigned int all;

	EXPECT_EQ(0, order(&self->totals, self->control, "disengage_all\n"));
	EXPECT_EQ(0, lines_of(KS_ENGAGED));
	EXPECT_EQ(0, entries_of(KS_FN));
	EXPECT_EQ(0, slots_used(&all));
	EXPECT_EQ(0, lines_of(KPROBES "list"));
}

#define CALLS 20

/* Calls a function from all contexts: how often it returned its body's value. */
static void check_function(struct __test_metadata *_metadata, const struct known *one, bool engaged)
{
	static const char * const where[] = { "", "interrupt ", "timer ", "softirq " };
	long runs = ks_runs(one->function);
	long all = CALLS * ARRAY_SIZE(where);
	struct outcome sum = {};
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		int storm = open(KS_TARGET "/storm", O_RDWR | O_CLOEXEC);

		snprintf(text, sizeof(text), "%s%s %d %s", where[i], one->function, CALLS,
			 one->values);
		EXPECT_EQ(0, ks_write(storm, text, strlen(text)));
		EXPECT_TRUE(add_outcome(storm, &sum));
		close(storm);
	}
	EXPECT_EQ(0, sum.unknown)
		TH_LOG("%s: %s", one->function, sum.bad);
	EXPECT_EQ(engaged ? 0 : all, (long)sum.seen[0]);
	EXPECT_EQ(engaged ? 0 : all, ks_runs(one->function) - runs);
	EXPECT_TRUE(!engaged || ks_hits(one->function) == all);
}

/* Without concurrency, each function behaves exactly as requested. */
static void check_functions(struct __test_metadata *_metadata, DATA *self)
{
	unsigned int all;
	char text[128];

	for (int what = 0; what < STORMED; what++)
		check_function(_metadata, &known[what], false);
	for (int what = 0; what < STORMED; what++) {
		snprintf(text, sizeof(text), "engage %s %d\n", known[what].function,
			 known[what].first);
		EXPECT_EQ(0, order(&self->totals, self->control, text));
	}
	EXPECT_EQ(STORMED, lines_of(KS_ENGAGED));
	EXPECT_EQ(STORMED, entries_of(KS_FN));
	EXPECT_EQ(STORMED, slots_used(&all));
	EXPECT_EQ(STORMED, lines_of(KPROBES "list"));
	for (int what = 0; what < STORMED; what++)
		check_function(_metadata, &known[what], true);
	check_nothing_engaged(_metadata, self);
	for (int what = 0; what < STORMED; what++)
		check_function(_metadata, &known[what], false);
}

/* Every decision has a record, and every engagement has ended once. */
static void check_records(struct __test_metadata *_metadata, DATA *self)
{
	double until = now() + 60;
	struct totals totals;
	char text[64];

	snprintf(text, sizeof(text), "disengage ks_mark_%u\n", ++self->marks);
	EXPECT_EQ(-ENOENT, order(&self->totals, self->control, text));
	while (__atomic_load_n(&audit.mark, __ATOMIC_ACQUIRE) != self->marks && now() < until)
		usleep(10000);
	EXPECT_EQ(self->marks, audit.mark);
	EXPECT_EQ(0, audit.error)
		TH_LOG("reading records: %s", strerror(audit.error));
	totals = sum_totals(self);
	EXPECT_EQ(totals.engaged, audit.totals.engaged);
	EXPECT_EQ(totals.watched, audit.totals.watched);
	EXPECT_EQ(totals.changed, audit.totals.changed);
	EXPECT_EQ(totals.asked, audit.totals.asked);
	EXPECT_EQ(totals.refused, audit.totals.refused);
	EXPECT_EQ(audit.begun, audit.ended);
}

/*
 * Memory does not grow after the first pause. An engagement takes more than 512 bytes, and there
 * are hundreds per minute, so leaking each, or a part of each, soon exceeds these limits; kmemleak
 * finds smaller leaks.
 */
static void check_memory(struct __test_metadata *_metadata, DATA *self)
{
	const struct memory bound = {
		.slab = self->kept ? LONG_MAX : 2048,
		.vmalloc = 512,
		.percpu = 512,
	};
	double until = now() + 60;
	struct memory memory;
	bool ok;

	/* Deferred frees happen soon. */
	do {
		memory = memory_now();
		ok = !self->memory.slab ||
		     (memory.slab - self->memory.slab < bound.slab &&
		      memory.vmalloc - self->memory.vmalloc < bound.vmalloc &&
		      memory.percpu - self->memory.percpu < bound.percpu);
		if (!ok)
			usleep(100000);
	} while (!ok && now() < until);
	TH_LOG("memory: slabs %ld, vmalloc %ld, percpu %ld kB", memory.slab, memory.vmalloc,
	       memory.percpu);
	EXPECT_TRUE(ok)
		TH_LOG("it was %ld, %ld, %ld kB", self->memory.slab, self->memory.vmalloc,
		       self->memory.percpu);
	if (!self->memory.slab)
		self->memory = memory;
}

/* No warnings of the kernel or of lockdep. */
static void check_kernel(struct __test_metadata *_metadata)
{
	/* Bad page, oops, warning, soft lockup. */
	const long warned = 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14;
	char text[16384];
	const char *at;

	EXPECT_EQ(0, ks_read_long("/proc/sys/kernel/tainted") & warned);
	if (ks_read("/proc/lockdep_stats", text, sizeof(text)) <= 0)
		return;
	at = strstr(text, "debug_locks:");
	EXPECT_TRUE(at && atoi(at + strlen("debug_locks:")) == 1);
}

/* Reports the totals so far. */
static void report(struct __test_metadata *_metadata, DATA *self)
{
	char text[512] = "";
	int used = 0;

	TH_LOG("after %.0f s: %ld engagements, %ld ended, %ld commits, %ld aborts, %ld lost",
	       now() - self->start, audit.begun, audit.ended, audit.commits, audit.aborts,
	       audit.lost);
	TH_LOG("%ld disarmed, %ld rearmed, %ld values, %ld checks, %ld refusals",
	       audit.disarmed, audit.rearmed, audit.totals.changed, audit.totals.asked,
	       audit.totals.refused);
	self->one_sided = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct outcome sum = outcome_from(self, i);

		used += snprintf(text + used, sizeof(text) - used, " %s%s %llu", sources[i].where,
				 known[sources[i].what].function, sum.calls);
		if (!sum.seen[0] || sum.seen[0] == sum.calls)
			self->one_sided = self->callers[i][0].text;
	}
	TH_LOG("calls:%s", text);
	used = 0;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		used += snprintf(text + used, sizeof(text) - used, "%s %s %ld", i ? "," : "",
				 roles[i].name, self->actors[i].done);
	TH_LOG("turns:%s", text);
}

/* Pauses all threads, checks the totals, and resumes them. */
static void rest(struct __test_metadata *_metadata, DATA *self)
{
	const char *who;

	set_gate(true, false);
	who = find_running(self);
	ASSERT_EQ(NULL, who)
		TH_LOG("it hangs: %s", who);
	check_calls(_metadata, self);
	check_nothing_engaged(_metadata, self);
	check_functions(_metadata, self);
	check_records(_metadata, self);
	check_memory(_metadata, self);
	check_kernel(_metadata);
	report(_metadata, self);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		EXPECT_EQ(0, self->actors[i].wrong)
			TH_LOG("%s: %ld errors, the first: %s", roles[i].name,
			       self->actors[i].wrong, self->actors[i].what);
	}
	for (int what = 0; what < STORMED; what++) {
		self->runs[what] = ks_runs(known[what].function);
		self->seen[what] = outcome_of(self, what).seen[0];
	}
	set_gate(false, false);
}

/* Each slot can be used, and their number is unchanged. */
static void check_slots(struct __test_metadata *_metadata, DATA *self)
{
	static char many[300 * 32];
	int index, value, right = 0, length;
	const char *at = many;
	unsigned int all;

	ASSERT_EQ(0, slots_used(&all));
	ASSERT_EQ(0, ks_engage_crowd(self->control, all));
	EXPECT_EQ(-ENOSPC, ks_command(self->control, "engage ks_target_int -1\n"));
	EXPECT_LT(0, ks_read(KS_TARGET "/many", many, sizeof(many)));
	while (sscanf(at, "%d %d%n", &index, &value, &length) == 2) {
		right += value == (index < (int)all ? -index - 1 : 42 + 1000 + index);
		at += length;
	}
	EXPECT_EQ(300, right);
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
}

/* Unloads a module when it is no longer in use. */
static int unload_soon(const char *name)
{
	double until = now() + 60;
	int ret;

	do {
		ret = ks_unload_module(name);
	} while ((ret == -EWOULDBLOCK || ret == -EBUSY) && now() < until);
	return ret;
}

/* A thread that has done nothing yet, or an event that has not occurred: NULL if there is none. */
static const char *what_is_missing(DATA *self)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (!self->actors[i].done)
			return roles[i].name;
	if (self->one_sided)
		return self->one_sided;
	return !audit.commits ? "commits" : !audit.aborts ? "aborts" : !audit.lost ? "lost" :
	       !audit.disarmed ? "disarmed" : !audit.rearmed ? "rearmed" : NULL;
}

/* Half a minute, or less at the end, or more after a long pause. */
static double next_rest(long seconds, double last_rest)
{
	double next = seconds < 90 ? seconds / 3.0 : 30;

	return last_rest * 2 > next ? last_rest * 2 : next;
}

TEST_F_TIMEOUT(soak, everything_at_once, 7 * 24 * 3600)
{
	long seconds = ks_setting("KS_SECONDS", 60);
	unsigned int seed = time(NULL);
	double last_rest = 0, passed;

	TH_LOG("%ld seconds, seed %u", seconds, seed);
	self->start = now();
	for (int what = 0; what < STORMED; what++)
		self->runs[what] = ks_runs(known[what].function);
	niceness = 10;
	set_gate(false, false);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct known *one = &known[sources[i].what];
		char text[64];

		snprintf(text, sizeof(text), "%s%s", sources[i].where, one->function);
		if (i) {
			ASSERT_EQ(0, start_caller(&self->callers[i][0], i % self->counts[0], text,
						  one->values));
			self->counts[i] = 1;
		} else {
			self->counts[i] = start_callers(self->callers[i], text, one->values);
			ASSERT_LE(1, self->counts[i]);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		self->actors[i].seed = seed + i;
		ASSERT_EQ(0, pthread_create(&self->actors[i].thread, NULL, roles[i].act,
					    &self->actors[i]));
	}
	/* On a slow machine it takes longer until all events have occurred. */
	do {
		double until = now() + next_rest(seconds, last_rest);

		while (now() < until)
			usleep(100000);
		last_rest = now();
		rest(_metadata, self);
		last_rest = now() - last_rest;
		passed = now() - self->start;
	} while (_metadata->exit_code != KSFT_FAIL &&
		 (passed < seconds || (what_is_missing(self) && passed < seconds + 600)));
	set_gate(false, true);

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		EXPECT_EQ(0, pthread_join(self->actors[i].thread, NULL));
	EXPECT_EQ(NULL, what_is_missing(self))
		TH_LOG("never: %s", what_is_missing(self));
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct outcome sum;

		EXPECT_TRUE(sum_up(self->callers[i], self->counts[i], &sum));
	}

	/* Nothing remains. */
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	check_slots(_metadata, self);
	EXPECT_EQ(0, unload_soon("killswitch_peer"));
	EXPECT_EQ(0, unload_soon("killswitch_target"));
	check_kernel(_metadata);
}

TEST_HARNESS_MAIN
