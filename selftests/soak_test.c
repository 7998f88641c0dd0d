// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that can be done to engagements, at once and without pause: nothing
 * is lost, leaked or wrong. Every half minute all rest, and what cannot be known
 * in the middle of it is counted: calls, hits, slots, records, memory.
 *
 * KS_SECONDS is how long it lasts (60).
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

/* What the functions return, as themselves and engaged. */
static const struct known {
	const char *function;
	/* The values as the file storm takes them, the function's own first. */
	const char *values;
	int first, last;
} known[] = {
	{ "ks_target_int", "42 -1 -2 -3 -4", -4, -1 },
	{ "ks_target_other", "84 -11 -12 -13 -14", -14, -11 },
	{ "ks_target_breakpoint", "210 -31 -32 -33 -34", -34, -31 },
	/* Of a module that comes and goes, by a name that waits for it and one that does not. */
	{ ARMED, NULL, -24, -21 },
	{ PLAIN, NULL, -24, -21 },
	/* What is livepatched now and then. The kernel's own functions take few values. */
	{ KS_PATCHED, NULL, -5, -5 },
};

/* Those that can be called by way of the file storm. */
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

/* Gives commands, and counts the records that this makes. */
static int order(struct told *told, int control, const char *text)
{
	int ret = ks_write(control, text, strlen(text));

	if (ret) {
		told->refused++;
		return ret;
	}
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		told->engaged += !strncmp(line, "engage ", strlen("engage "));
		told->watched += !strncmp(line, "tryengage ", strlen("tryengage "));
	}
	return 0;
}

/* Engages and disengages: a text, and the errors that it can meet. */
static void *engages(void *data)
{
	struct actor *actor = data;
	char text[512];
	int control;

	control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	for (; go_on(&actor->rests); actor->done++) {
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
			/* One that is called so rarely that it may come to be engaged. */
			if (kind == 5) {
				one = &known[ARRAY_SIZE(known) - 1];
				value = one->first;
			}
			snprintf(text, sizeof(text), "tryengage %s %d %d\n", one->function, value,
				 kind - 5);
			/* There are no calls to count when the module is not loaded. */
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
		ret = order(&actor->told, control, text);
		if (kind == 9 ? ret != -ENOENT && ret != -EBUSY :
		    ret && ret != -may && ret != -may_too)
			complain(actor, "%s: %s", text, strerror(-ret));
		if (ks_read_fd(control, text, sizeof(text)) <= 0)
			complain(actor, "no answer");
	}
	close(control);
	return NULL;
}

/* Changes the value of what is engaged. */
static void *changes(void *data)
{
	struct actor *actor = data;

	for (; go_on(&actor->rests); actor->done++) {
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
		/* To judge a value takes long, and holds up the others. */
		for (int i = 0; i < 2; i++) {
			value = one->first + random_below(actor, one->last - one->first + 1);
			snprintf(text, sizeof(text), "%d\n", value);
			ret = ks_write(fd, text, strlen(text));
			if (ret)
				actor->told.refused++;
			else
				actor->told.changed++;
			/* A module may be on its way. */
			if (ret && ret != -EIDRM && !(ret == -EBUSY && is_of_module(one)))
				complain(actor, "cannot write retval: %s", strerror(-ret));
		}
		close(fd);
	}
	return NULL;
}

/* Whether a line of `engaged` is one that there can be. */
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

/* Reads all files below @path. An engagement may go at any time, and its files with it. */
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

	for (; go_on(&actor->rests); actor->done++) {
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
		/* To find out what the policy covers takes long, and holds up the others. */
		read_all(actor, actor->done % 8 ? KS_DIR "/fn" : KS_DIR);
	}
	return NULL;
}

/* Asks what would become of engaging what is there, and what comes and goes. */
static void *asks(void *data)
{
	struct actor *actor = data;
	char answer[4096];

	for (; go_on(&actor->rests); actor->done++) {
		int value, ret;
		const struct known *one = random_known(actor, &value);

		ret = ks_ask(answer, sizeof(answer), "%s %d\nsecurity_file_open 0\n", one->function,
			     value);
		actor->told.asked++;
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

	for (; go_on(&actor->rests); actor->done++) {
		/* What is armed keeps it out while kprobes are off. */
		ret = load_in_vain();
		if (ret != -EINVAL && ret != -EBUSY)
			complain(actor, "loading it in vain: %s", strerror(-ret));
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
		/* As long as somebody calls it, it is busy. */
		ret = unload_at_last(IMPOSTOR);
		if (ret)
			complain(actor, "cannot unload: %s", strerror(-ret));
	}
	return NULL;
}

/*
 * Switches all kprobes off for a moment. With them on again, nothing stays disarmed.
 * (What shares its function with a BPF program that comes or goes fails with EAGAIN
 * in the kernel, and what was livepatched meanwhile, with EBUSY; Killswitch tries
 * again.)
 */
static void *switches(void *data)
{
	struct actor *actor = data;
	char text[8192];

	for (; go_on(&actor->rests); actor->done++) {
		double until;
		int ret;

		usleep(random_below(actor, 3000000));
		ret = ks_put(KPROBES "enabled", "0");
		if (ret)
			complain(actor, "cannot switch kprobes off: %s", strerror(-ret));
		usleep(random_below(actor, 100000));
		ret = ks_put(KPROBES "enabled", "1");
		if (ret && ret != -EAGAIN && ret != -EBUSY)
			complain(actor, "cannot switch kprobes on: %s", strerror(-ret));
		until = now() + 60;
		do {
			ret = ks_read(KS_ENGAGED, text, sizeof(text));
		} while (ret >= 0 && strstr(text, " state=disarmed ") && now() < until);
		if (ret < 0 || strstr(text, " state=disarmed "))
			complain(actor, "not rearmed: %s", text);
	}
	return NULL;
}

/* Has the kernel trace a function in two ways. */
static void *traces(void *data)
{
	static const struct {
		const char *file;
		const char *text;
		/* The function tracer looks for a name among all that there are: slow. */
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

	for (; go_on(&actor->rests); actor->done++) {
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
 * Puts probes and tracers of all kinds on the functions. (Not one that overrides what
 * the function returns: with a BPF program on it, its callers would get garbage.)
 */
static void *attaches(void *data)
{
	static const char * const probes[] = { "kprobe", "kprobe_post", "kretprobe" };
	/* They look for the name among all that there are, which is slow. */
	static const char * const tracers[] = { "ftrace", "ftrace_args", "fprobe" };
	struct actor *actor = data;

	for (; go_on(&actor->rests); actor->done++) {
		bool is_slow = actor->done % 16 == 0;
		/* The last has no place for tracers. */
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
			go_on(&actor->rests);
			return NULL;
		}
	}
	for (; go_on(&actor->rests); actor->done++) {
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

/* Livepatches a function, unless it is engaged; and then it cannot be engaged. */
static void *patches(void *data)
{
	struct actor *actor = data;
	char text[64];
	int control;

	control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	for (; go_on(&actor->rests); usleep(random_below(actor, 1000000))) {
		int ret = ks_patch();

		/* It was engaged. */
		if (ret == -EBUSY)
			continue;
		if (ret)
			complain(actor, "livepatching: %s", strerror(-ret));
		ret = order(&actor->told, control, "engage " KS_PATCHED " -5\n");
		if (ret != -EBUSY)
			complain(actor, "engaging what is livepatched: %s", strerror(-ret));
		ret = ks_read(KS_PATCHED_FILE, text, sizeof(text));
		if (ret < 0 || strcmp(text, "livepatched"))
			complain(actor, "what is livepatched returns %d", ret);
		ret = ks_unpatch();
		if (ret)
			complain(actor, "the end of livepatching: %s", strerror(-ret));
		actor->done++;
	}
	close(control);
	return NULL;
}

/* Writers that are killed at any moment. Their records have another name. */
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

	for (; go_on(&actor->rests); actor->done++) {
		/* With a table of files of its own it would keep what others close. */
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
	{ "switches kprobes", switches },
	{ "kills a writer", dies },
};

/* Who calls the functions, where. */
static const struct {
	const char *where;
	int what;
} sources[] = {
	/* This on every processor. */
	{ "", 0 },
	{ "", 1 },
	{ "", 2 },
	{ "interrupt ", 1 },
	{ "timer ", 0 },
	{ "softirq ", 1 },
	{ "softirq ", 2 },
};

/* What the audit log has had so far. One thread reads it, all the time. */
static struct {
	pthread_t thread;
	int socket, error;
	bool end;
	/* Of this process, by what was decided. */
	struct told told;
	/* Of all. */
	long begun, ended, commits, aborts, lost, disarmed, rearmed;
	/* The last mark that was seen. */
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
		audit.told.asked += mine;
		return;
	}
	if (!done) {
		audit.told.refused += mine;
		return;
	}
	if (!strcmp(op, "engage") || (!strcmp(op, "arm") && of_task)) {
		audit.told.engaged += mine;
		audit.begun += of_task;
	} else if (!strcmp(op, "tryengage")) {
		audit.told.watched += mine;
		audit.begun++;
	} else if (!strcmp(op, "retval")) {
		audit.told.changed += mine;
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
			/* Such as ENOBUFS, when there was no room for a record. */
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
 * What there is of memory that a leak would take, in kB. Stacks are not: the kernel
 * makes workers as it needs them, and keeps them for minutes.
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

	/* Names and files that are kept in case that somebody asks for them again. */
	ks_put("/proc/sys/vm/drop_caches", "2");
	ks_read("/proc/meminfo", text, sizeof(text));
	return (struct memory) {
		.slab = memory_of(text, "\nSUnreclaim:"),
		.vmalloc = memory_of(text, "\nVmallocUsed:") -
			   memory_of(text, "\nKernelStack:"),
		.percpu = memory_of(text, "\nPercpu:"),
	};
}

/* KASAN keeps what was freed for a while, up to a 32nd of all memory, with what it notes of it. */
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

/* How many entries there are in a directory. */
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
	struct told told;
	struct caller callers[ARRAY_SIZE(sources)][CALLERS];
	int counts[ARRAY_SIZE(sources)];
	struct actor actors[ARRAY_SIZE(roles)];
	/* At the end of the last rest: runs of the functions' bodies, and calls that say so. */
	unsigned long long runs[STORMED], seen[STORMED];
	unsigned int marks;
	/* Who has not seen both yet, the value of the function and that of an engagement. */
	const char *one_sided;
	/* When all rested first. */
	struct memory memory;
	/* Whether slabs say nothing, because what was freed is kept. */
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
	/* Records are told apart by it. */
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

/* Waits until all rest: NULL or the name of somebody who does not within five minutes. */
static const char *who_does_not_rest(DATA *self)
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

/* What all calls of a function returned so far. */
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

/* What is told since the beginning. */
static struct told told_by_all(DATA *self)
{
	struct told sum = self->told;

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		sum.engaged += self->actors[i].told.engaged;
		sum.watched += self->actors[i].told.watched;
		sum.changed += self->actors[i].told.changed;
		sum.asked += self->actors[i].told.asked;
		sum.refused += self->actors[i].told.refused;
	}
	return sum;
}

/* Each body ran exactly as often as calls returned what it returns. */
static void check_calls(struct __test_metadata *_metadata, DATA *self)
{
	for (int what = 0; what < STORMED; what++) {
		struct outcome sum = outcome_of(self, what);
		unsigned long long runs = ks_runs(known[what].function);

		EXPECT_EQ(0, sum.unknown)
			TH_LOG("%s: %s", known[what].function, sum.bad);
		EXPECT_EQ((unsigned int)(sum.seen[0] - self->seen[what]),
			  (unsigned int)(runs - self->runs[what]))
			TH_LOG("%s: its body ran %llu times, not %llu", known[what].function,
			       runs - self->runs[what], sum.seen[0] - self->seen[what]);
	}
}

/* Nothing is engaged, and there is nothing of what was. */
static void check_that_nothing_is_engaged(struct __test_metadata *_metadata, DATA *self)
{
	unsigned int all;

	EXPECT_EQ(0, order(&self->told, self->control, "disengage_all\n"));
	EXPECT_EQ(0, lines_of(KS_ENGAGED));
	EXPECT_EQ(0, entries_of(KS_FN));
	EXPECT_EQ(0, slots_used(&all));
	EXPECT_EQ(0, lines_of(KPROBES "list"));
}

#define CALLS 20

/* Calls a function from everywhere: how often it returned what its body returns. */
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

/* With nobody else there, each function does exactly what is asked for. */
static void check_functions(struct __test_metadata *_metadata, DATA *self)
{
	unsigned int all;
	char text[128];

	for (int what = 0; what < STORMED; what++)
		check_function(_metadata, &known[what], false);
	for (int what = 0; what < STORMED; what++) {
		snprintf(text, sizeof(text), "engage %s %d\n", known[what].function,
			 known[what].first);
		EXPECT_EQ(0, order(&self->told, self->control, text));
	}
	EXPECT_EQ(STORMED, lines_of(KS_ENGAGED));
	EXPECT_EQ(STORMED, entries_of(KS_FN));
	EXPECT_EQ(STORMED, slots_used(&all));
	EXPECT_EQ(STORMED, lines_of(KPROBES "list"));
	for (int what = 0; what < STORMED; what++)
		check_function(_metadata, &known[what], true);
	check_that_nothing_is_engaged(_metadata, self);
	for (int what = 0; what < STORMED; what++)
		check_function(_metadata, &known[what], false);
}

/* There was a record of every decision, and every engagement that began has ended once. */
static void check_records(struct __test_metadata *_metadata, DATA *self)
{
	double until = now() + 60;
	struct told told;
	char text[64];

	snprintf(text, sizeof(text), "disengage ks_mark_%u\n", ++self->marks);
	EXPECT_EQ(-ENOENT, order(&self->told, self->control, text));
	while (__atomic_load_n(&audit.mark, __ATOMIC_ACQUIRE) != self->marks && now() < until)
		usleep(10000);
	EXPECT_EQ(self->marks, audit.mark);
	EXPECT_EQ(0, audit.error)
		TH_LOG("reading records: %s", strerror(audit.error));
	told = told_by_all(self);
	EXPECT_EQ(told.engaged, audit.told.engaged);
	EXPECT_EQ(told.watched, audit.told.watched);
	EXPECT_EQ(told.changed, audit.told.changed);
	EXPECT_EQ(told.asked, audit.told.asked);
	EXPECT_EQ(told.refused, audit.told.refused);
	EXPECT_EQ(audit.begun, audit.ended);
}

/*
 * Memory does not grow from the first rest on. An engagement takes more than 512
 * bytes, and there are hundreds in a minute, so that losing each, or a part of
 * each, is soon more than these bounds; what is below is found by kmemleak.
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

	/* What is freed later, is freed soon. */
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

/* The kernel has not warned, and lockdep, if there is one, has not found anything. */
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

/* Says what was done so far. */
static void report(struct __test_metadata *_metadata, DATA *self)
{
	char text[512] = "";
	int used = 0;

	TH_LOG("after %.0f s: %ld engagements, %ld ended, %ld commits, %ld aborts, %ld lost",
	       now() - self->start, audit.begun, audit.ended, audit.commits, audit.aborts,
	       audit.lost);
	TH_LOG("%ld disarmed, %ld rearmed, %ld values, %ld questions, %ld refusals",
	       audit.disarmed, audit.rearmed, audit.told.changed, audit.told.asked,
	       audit.told.refused);
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

/* All rest, what can be known is checked, and all go on. */
static void rest(struct __test_metadata *_metadata, DATA *self)
{
	const char *who;

	turn_gate(true, false);
	who = who_does_not_rest(self);
	ASSERT_EQ(NULL, who)
		TH_LOG("it hangs: %s", who);
	check_calls(_metadata, self);
	check_that_nothing_is_engaged(_metadata, self);
	check_functions(_metadata, self);
	check_records(_metadata, self);
	check_memory(_metadata, self);
	check_kernel(_metadata);
	report(_metadata, self);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		EXPECT_EQ(0, self->actors[i].wrong)
			TH_LOG("%s: %ld times, at first: %s", roles[i].name, self->actors[i].wrong,
			       self->actors[i].what);
	}
	for (int what = 0; what < STORMED; what++) {
		self->runs[what] = ks_runs(known[what].function);
		self->seen[what] = outcome_of(self, what).seen[0];
	}
	turn_gate(false, false);
}

/* Each slot can still be used, and there are as many as there were. */
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

/* Nobody uses a module any more, soon. */
static int unload_soon(const char *name)
{
	double until = now() + 60;
	int ret;

	do {
		ret = ks_unload_module(name);
	} while ((ret == -EWOULDBLOCK || ret == -EBUSY) && now() < until);
	return ret;
}

/* Who has done nothing yet, or what has not happened: NULL if there is nothing. */
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

/* Half a minute, unless it is over earlier, or the last rest was so long that more is due. */
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
	turn_gate(false, false);
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
	/* On a slow machine it takes longer until everything has happened. */
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
	turn_gate(false, true);

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		EXPECT_EQ(0, pthread_join(self->actors[i].thread, NULL));
	EXPECT_EQ(NULL, what_is_missing(self))
		TH_LOG("never: %s", what_is_missing(self));
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct outcome sum;

		EXPECT_TRUE(sum_up(self->callers[i], self->counts[i], &sum));
	}

	/* Nothing is left of it. */
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	check_slots(_metadata, self);
	EXPECT_EQ(0, unload_soon("killswitch_peer"));
	EXPECT_EQ(0, unload_soon("killswitch_target"));
	check_kernel(_metadata);
}

TEST_HARNESS_MAIN
