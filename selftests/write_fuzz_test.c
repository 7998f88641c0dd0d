// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any write to the files of Killswitch, by any method, does what it requests or fails with the
 * documented error, and then changes nothing.
 *
 * KS_WRITES is the number of writes (default 20,000), KS_SEED the seed (default 1): the same seed
 * gives the same writes.
 */
#include <signal.h>

#include "write_model.h"
#include "write_ways.h"

#define THREADS		4
/* The number of writes between two checks of the audit records. */
#define COUNT_EVERY	32
/* Above this number of engagements all are disengaged, to keep checks fast. */
#define ENOUGH		40
/* A shorter watch could end during the test. */
#define SHORTEST_WATCH	10000
/* One in this many of the writes that are slow in the kernel is done. */
#define RARE		40
/* One in this many concurrent writes disengages everything. */
#define END_EVERY	200

struct text {
	size_t len;
	char bytes[KS_MAX_TEXT];
};

/* The file that is written to. */
enum kind { CONTROL, CHECK, RETVAL };

/* A generator of writes, with its state. */
struct author {
	struct ks_writer writer;
	struct ks_symbols *symbols;
	/* The engagements, if they are known. */
	struct ks_model *model;
	enum kind kind;
	/* The engagement whose file retval is open. */
	unsigned long key;
	bool is_live;
	struct text text, other;
	struct ks_lines lines;
};

static void add_bytes(struct text *text, const char *bytes, size_t len)
{
	if (len > sizeof(text->bytes) - text->len)
		len = sizeof(text->bytes) - text->len;
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static void add(struct text *text, const char *format, ...)
{
	char piece[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	add_bytes(text, piece, strlen(piece));
}

static const char *pick(struct author *author, const char * const *table, size_t count)
{
	return table[ks_below(&author->writer, count)];
}

static void add_blank(struct author *author, struct text *text)
{
	static const char * const odd[] = { "  ", "      ", "\t", "", "\r", "\xc2\xa0", "," };

	add(text, "%s",
	    ks_one_in(&author->writer, 40) ? pick(author, odd, ARRAY_SIZE(odd)) : " ");
}

static void add_target(struct author *author, struct text *text)
{
	static const char * const modules[] = { KS_LOADED, KS_ABSENT, "7seas", "m.n$o", "m-n", "" };
	static const char * const odd[] = {
		"", ":", "..", "*", "../control", "0", "0xffffffff81000000", "ks_target_int+4",
		"a:b:c", "ks_no_such_function", "KS_TARGET_INT", "\"ks_target_int\"", "reason=x",
	};
	struct ks_writer *writer = &author->writer;
	char name[300];

	if (author->model && author->model->count && ks_one_in(writer, 3)) {
		add(text, "%s",
		    author->model->all[ks_below(writer, author->model->count)].name);
		return;
	}
	/* Armed functions are cheap. */
	if (ks_one_in(writer, 4)) {
		add(text, KS_ABSENT ":ks_function_%zu", ks_below(writer, 50));
		return;
	}
	if (ks_one_in(writer, 3))
		add(text, "%s:", pick(author, modules, ARRAY_SIZE(modules)));
	if (ks_one_in(writer, 60)) {
		memset(name, 'n', sizeof(name));
		name[240 + ks_below(writer, 30)] = '\0';
		add(text, "%s", name);
	} else if (ks_one_in(writer, 12)) {
		add(text, "%s", pick(author, odd, ARRAY_SIZE(odd)));
	} else {
		add(text, "%s",
		    ks_functions[ks_below(writer, ARRAY_SIZE(ks_functions))].name);
	}
}

static void add_value(struct author *author, struct text *text)
{
	static const char * const values[] = {
		"0", "1", "-1", "-EPERM", "-EWOULDBLOCK", "-EFTYPE", "NULL", "void", "255", "256",
		"-134", "-135", "-4095", "2147483647", "2147483648", "-2147483648", "-2147483649",
		"0xffffffff", "0x100000000", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "-9223372036854775809", "18446744073709551616", "-0", "007",
	};
	static const char * const odd[] = {
		"", "-", "--1", "+1", "0x", "0X1", "1e3", "1.0", "-eperm", "EPERM", "-EBOGUS",
		"-ENOTSUP", "null", "true", "0x1g", "1 2", "scope=all",
	};
	struct ks_writer *writer = &author->writer;
	const char *error;

	switch (ks_below(writer, 8)) {
	case 0:
		add(text, "%s", pick(author, odd, ARRAY_SIZE(odd)));
		break;
	case 1:
		add(text, "%lld", (long long)ks_random(writer) >> ks_below(writer, 64));
		break;
	case 2:
		add(text, "%s0x%llx", ks_one_in(writer, 2) ? "-" : "",
		    ks_random(writer) >> ks_below(writer, 64));
		break;
	case 3:
		error = strerrorname_np(1 + ks_below(writer, KS_MAX_ERRNO));
		add(text, "-%s", error ?: "ENOTHING");
		break;
	default:
		add(text, "%s", pick(author, values, ARRAY_SIZE(values)));
	}
}

static void add_reason(struct author *author, struct text *text)
{
	static const char * const late[] = {
		" scope=nonroot", " for=60", " if=$uid!=0", "for=60", " scope", " x=y",
	};
	struct ks_writer *writer = &author->writer;
	size_t len = ks_one_in(writer, 5) ? 125 + ks_below(writer, 8) : ks_below(writer, 30);

	add(text, "reason=");
	for (size_t i = 0; i < len; i++)
		add(text, "%c", ' ' + (int)ks_below(writer, '~' - ' ' + 1));
	if (ks_one_in(writer, 8))
		add(text, "%s", pick(author, late, ARRAY_SIZE(late)));
}

static void add_condition(struct author *author, struct text *text)
{
	add(text, "if=%s",
	    ks_conditions[ks_below(&author->writer, ARRAY_SIZE(ks_conditions))].text);
}

/* Options of engage and observe, and of check. */
static void add_options(struct author *author, struct text *text)
{
	static const char * const scopes[] = {
		"scope=all", "scope=nonroot", "scope=nonroot", "scope=root", "scope=", "scope",
	};
	static const char * const terms[] = {
		"31536000", "31536000", "10000", "20000", "0020000", "31536001", "0", "-1", "1h",
		"",
	};
	struct ks_writer *writer = &author->writer;
	bool is_question = author->kind == CHECK;

	if (ks_one_in(writer, 4)) {
		add_blank(author, text);
		add(text, "%s", pick(author, scopes, ARRAY_SIZE(scopes)));
	}
	if (ks_one_in(writer, 4)) {
		add_blank(author, text);
		add_condition(author, text);
	}
	if (ks_one_in(writer, is_question ? 40 : 6)) {
		add_blank(author, text);
		add(text, "for=%s", pick(author, terms, ARRAY_SIZE(terms)));
	}
	if (ks_one_in(writer, is_question ? 40 : 4)) {
		add_blank(author, text);
		add_reason(author, text);
	}
}

static void add_line(struct author *author, struct text *text)
{
	static const char * const seconds[] = {
		"0", "0", "86400", "86400", "50000", "00086400", "86401", "4294967296", "-1", "+1",
		"1s", "0x10", "",
	};
	static const char * const odd[] = {
		"", "Engage", "engag", "engagee", "seal now", "sealed", "seal;", "Seal", "=", "\n",
		"disengage-all", "disengage_al", "observed", "keep", "keep_all",
		"commit ks_target_int", "\x1b[2J", " ",
	};
	struct ks_writer *writer = &author->writer;
	size_t verb = ks_below(writer, 100);

	if (author->kind == RETVAL) {
		add_value(author, text);
		return;
	}
	if (author->kind == CHECK) {
		add_target(author, text);
		add_blank(author, text);
		add_value(author, text);
		add_options(author, text);
	} else if (verb < 50) {
		bool watch = verb < 20;

		add(text, watch ? "tryengage" : "engage");
		add_blank(author, text);
		add_target(author, text);
		add_blank(author, text);
		add_value(author, text);
		if (watch) {
			add_blank(author, text);
			add(text, "%s", pick(author, seconds, ARRAY_SIZE(seconds)));
		}
		add_options(author, text);
	} else if (verb < 62) {
		add(text, "observe");
		add_blank(author, text);
		add_target(author, text);
		add_options(author, text);
	} else if (verb < 66) {
		add(text, "keep");
		add_blank(author, text);
		add_target(author, text);
	} else if (verb < 86) {
		add(text, "disengage");
		add_blank(author, text);
		add_target(author, text);
	} else if (verb < 88) {
		add(text, "disengage_all");
	} else if (verb < 89) {
		add(text, "seal");
	} else {
		add(text, "%s", pick(author, odd, ARRAY_SIZE(odd)));
	}
	if (ks_one_in(writer, 30)) {
		add_blank(author, text);
		add_value(author, text);
	}
}

static void add_lines(struct author *author, struct text *text)
{
	struct ks_writer *writer = &author->writer;
	size_t count = 1;

	if (ks_one_in(writer, 4))
		count += ks_below(writer, ks_one_in(writer, 20) ? 200 : 4);
	text->len = 0;
	while (count--) {
		add_line(author, text);
		if (count || !ks_one_in(writer, 3))
			add(text, "\n");
	}
}

/* Changes a text at a random place. */
static void mutate(struct author *author, struct text *text)
{
	static const char interesting[] = "\n \t\r\0:=-_.$\"\\'09aAxX~\x7f\x80\xff";
	struct ks_writer *writer = &author->writer;
	size_t at = ks_below(writer, text->len + 1), room = text->len - at;
	size_t len = ks_below(writer, (room < 12 ? room : 12) + 1);
	struct text *other = &author->other;

	switch (ks_below(writer, 7)) {
	case 0: /* delete */
		memmove(text->bytes + at, text->bytes + at + len, room - len);
		text->len -= len;
		break;
	case 1: /* duplicate */
		*other = *text;
		text->len = at + len;
		add_bytes(text, other->bytes + at, room);
		break;
	case 2: /* swap */
		if (room) {
			size_t with = ks_below(writer, text->len);
			char byte = text->bytes[at];

			text->bytes[at] = text->bytes[with];
			text->bytes[with] = byte;
		}
		break;
	case 3: /* replace */
		if (room)
			text->bytes[at] = ks_random(writer) >> 32;
		break;
	case 4: /* insert */
		*other = *text;
		text->len = at;
		add(text, "%c", interesting[ks_below(writer, sizeof(interesting) - 1)]);
		add_bytes(text, other->bytes + at, room);
		break;
	case 5: /* the start of this and the end of another */
		add_lines(author, other);
		text->len = at;
		at = ks_below(writer, other->len + 1);
		add_bytes(text, other->bytes + at, other->len - at);
		break;
	case 6: /* truncate */
		text->len = at;
		break;
	}
}

static void add_random_bytes(struct author *author, struct text *text, bool printable)
{
	struct ks_writer *writer = &author->writer;
	size_t limit = ks_one_in(writer, 20) ? KS_MAX_TEXT : 100;
	size_t len = ks_below(writer, limit);

	text->len = 0;
	for (size_t i = 0; i < len; i++) {
		char byte = ks_random(writer) >> 32;

		text->bytes[text->len++] = printable ? ' ' + (byte & 0x3f) : byte;
	}
}

/* Whether a line names an existing function, other than to end its engagement. */
static bool names_function(const struct ks_line *line)
{
	const struct ks_function *function;
	int error;

	if (line->verb == KS_DISENGAGE || line->verb == KS_DISENGAGE_ALL || line->verb == KS_KEEP)
		return false;
	error = -ks_check_line(line, &function);
	return function || (error && error != ENOENT);
}

/* Whether a line names a function that is refused without checking its callers. */
static bool is_refused_at_once(const struct ks_line *line)
{
	return ks_is(line->symbol, "security_file_open") || ks_is(line->symbol, "cap_capable");
}

/* Whether it ends an engagement. */
static bool ends_function(const struct ks_model *model, const struct ks_line *line)
{
	if (line->verb != KS_DISENGAGE && line->verb != KS_DISENGAGE_ALL)
		return false;
	for (size_t i = 0; model && i < model->count; i++)
		if (model->all[i].function && (line->verb == KS_DISENGAGE_ALL ||
					       ks_is(line->name, model->all[i].name)))
			return true;
	return !model;
}

/*
 * The number of lines that are slow in the kernel: those that end engagements, and those that
 * search all code for callers. Refusing a callback of another LSM is fast, except in check.
 */
static size_t count_slow(const struct author *author)
{
	size_t named = 0, ended = 0, at_once = 0;

	if (author->kind == RETVAL)
		return author->is_live;
	for (size_t i = 0; i < author->lines.count && !author->lines.error; i++) {
		named += names_function(&author->lines.all[i]);
		at_once += is_refused_at_once(&author->lines.all[i]);
		ended += ends_function(author->model, &author->lines.all[i]);
	}
	if (named == 1 && at_once == 1 && author->kind == CONTROL && author->lines.count > 1)
		named = 0;
	return named + ended;
}

/*
 * Whether the names of a function and of its unloaded module have no meaning to the policy, which
 * evaluates some words.
 */
static bool is_meaningless(const struct ks_line *line)
{
	static const char * const modules[] = { KS_ABSENT, "7seas", "m.n$o" };
	static const char * const words[] = {
		"ks", "target", "function", "many", "no", "such", "int", "other", "inject", "early",
		"breakpoint", "long", "ulong", "void", "byte", "enum", "untyped", "struct", "bool",
		"ptr", "errptr", "fails", "KS", "TARGET", "INT",
	};
	const struct ks_function *known = ks_function_called(line->symbol);
	struct ks_word rest = line->symbol, word;
	bool found = false;

	if (!line->has_module || ks_in_loaded(line) || (known && !known->in_module))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		found = found || ks_is(ks_module_of(line), modules[i]);
	while (rest.len && found) {
		word = rest;
		for (word.len = 0; word.len < rest.len && !strchr("_.", word.at[word.len]);)
			word.len++;
		rest.at += word.len;
		rest.len -= word.len;
		if (rest.len) {
			rest.at++;
			rest.len--;
		}
		/* Long names consist of this letter. */
		found = !word.len || ks_all_of(word, KS_DIGITS "n");
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			found = found || ks_is(word, words[i]);
	}
	return found;
}

/*
 * Whether a text may be written: not if it seals, which would end the test, if it has unknown
 * effects on the kernel, or if its words may have a meaning to the policy.
 */
static bool may_write(struct author *author, const char *text, size_t len)
{
	struct ks_lines *lines = &author->lines;
	char name[KS_MAX_NAME + 1];

	if (author->kind == RETVAL)
		return true;
	ks_parse(text, len, author->kind == CHECK, lines);
	/* Nothing is known about a changed condition. */
	for (size_t i = 0; i < lines->count; i++)
		if (lines->all[i].has_condition && !lines->all[i].known_condition)
			return false;
	for (size_t i = 0; i < lines->count && !lines->error; i++) {
		const struct ks_line *line = &lines->all[i];

		if (line->verb == KS_SEAL)
			return false;
		if (line->term && line->term < SHORTEST_WATCH)
			return false;
		if (line->verb == KS_TRYENGAGE && line->seconds &&
		    line->seconds < SHORTEST_WATCH)
			return false;
		if (line->verb == KS_DISENGAGE || line->verb == KS_DISENGAGE_ALL ||
		    line->verb == KS_KEEP)
			continue;
		ks_copy(name, line->symbol);
		if (!ks_function_called(line->symbol) && ks_find_symbol(author->symbols, name))
			return false;
		if (!is_meaningless(line))
			return false;
	}
	return true;
}

/*
 * Makes a slow text fail early: adds a first line that is refused, or a last one that is malformed.
 */
static void fail_early(struct author *author, struct text *text)
{
	static const char refused[] = "engage ks_no_such_function 0\n";
	struct ks_writer *writer = &author->writer;
	struct text *other = &author->other;
	size_t slow = count_slow(author);

	if (!slow || (slow <= 3 && ks_one_in(writer, RARE)))
		return;
	if (slow == 1 && author->kind == CONTROL) {
		*other = *text;
		text->len = 0;
		add_bytes(text, refused, strlen(refused));
		add_bytes(text, other->bytes, other->len);
	} else {
		add(text, "\n=");
	}
}

/* Generates the next text. */
static void generate(struct author *author)
{
	struct ks_writer *writer = &author->writer;
	struct text *text = &author->text;

	do {
		size_t how = ks_below(writer, 100);

		if (how < 4) {
			add_random_bytes(author, text, how < 2);
		} else {
			add_lines(author, text);
			for (size_t i = how < 34 ? 1 + ks_below(writer, 3) : 0; i > 0; i--)
				mutate(author, text);
		}
	} while (!may_write(author, text->bytes, text->len));
	fail_early(author, text);
}

/* Writes the generated text, and stores what was written. */
static ssize_t write_text(struct author *author, const struct ks_way *way)
{
	struct ks_writer *writer = &author->writer;
	struct text *text = &author->text;
	ssize_t ret = ks_write_by(writer, way, text->bytes, text->len);

	memset(text->bytes + text->len - writer->zeroed, 0, writer->zeroed);
	return ret;
}

/* A printable prefix of a text, in one line. */
static const char *shown(const char *text, size_t len)
{
	static __thread char line[1200];
	size_t used = 0;

	for (size_t i = 0; i < len && used < sizeof(line) - 8; i++)
		used += snprintf(line + used, sizeof(line) - used,
				 text[i] < ' ' || text[i] > '~' ? "\\x%02x" : "%c",
				 (unsigned char)text[i]);
	line[used] = '\0';
	return line;
}

/* Whether a text consists of complete lines of printable ASCII characters. */
static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n')
			return false;
	return !len || text[len - 1] == '\n';
}

/* The content of engaged, with N for remaining times, as from ks_render(). */
static ssize_t read_engaged(int fd, char *to, size_t size)
{
	static const char field[] = " timeout_left=";
	/* Text from users follows the relevant fields. */
	static const char * const own[] = { " if=\"", " reason=\"" };
	ssize_t len;
	char *at;

	if (lseek(fd, 0, SEEK_SET))
		return -errno;
	len = ks_read_fd(fd, to, size);
	if (len < 0)
		return len;
	if (!is_printable(to, len))
		return -EILSEQ;
	for (char *line = to; *line; line = strchr(line, '\n') + 1) {
		char *end = strchr(line, '\n');

		for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
			char *begin = strstr(line, own[i]);

			if (begin && begin < end)
				end = begin;
		}
		at = strstr(line, field);
		if (!at || at > end)
			continue;
		at += strlen(field);
		*at++ = 'N';
		memmove(at, at + strspn(at, KS_DIGITS), strlen(at + strspn(at, KS_DIGITS)) + 1);
	}
	return 0;
}

/* The expected outcome of writing a value to the file retval of @engagement, or of none. */
static struct ks_outcome change_value(struct ks_engagement *engagement, const char *text,
				      size_t len)
{
	struct ks_outcome outcome = { .records = 1 };
	struct ks_word rest = { text, len };
	long long value;

	if (rest.len > KS_MAX_COMMAND)
		outcome.error = EINVAL;
	else if (rest.len && text[rest.len - 1] == '\n')
		rest.len--;
	for (size_t i = 0; i < rest.len && !outcome.error; i++)
		if (rest.at[i] < ' ' || rest.at[i] > '~')
			outcome.error = EINVAL;
	if (!outcome.error)
		outcome.error = -ks_parse_only_value(rest, &value);
	if (!outcome.error && !engagement)
		outcome.error = EIDRM;
	if (!outcome.error && engagement->observed)
		outcome.error = EBUSY;
	if (!outcome.error && engagement->function &&
	    (value < engagement->function->low || value > engagement->function->high))
		outcome.error = engagement->function->error;
	if (!outcome.error)
		engagement->value = value;
	return outcome;
}

/* The expected outcome of a text, applied to the model. */
static struct ks_outcome expect(struct author *author, struct ks_engagement *engagement,
				const char *text, size_t len)
{
	struct ks_lines *lines = &author->lines;

	if (author->kind == RETVAL)
		return change_value(engagement, text, len);
	ks_parse(text, len, author->kind == CHECK, lines);
	if (author->kind == CHECK)
		return (struct ks_outcome){ .error = lines->error, .records = 1 };
	return ks_carry_out(author->model, lines);
}

/* The expected outcome of the last write: its result, and records. */
static struct ks_outcome expect_write(struct author *author, struct ks_engagement *engagement,
				      ssize_t got, ssize_t *result)
{
	struct ks_outcome sum = {};
	struct ks_writer *writer = &author->writer;
	const char *text = author->text.bytes;
	size_t len = author->text.len;

	*result = got;
	if (writer->fate == KS_MAY_FAULT && got == -EFAULT)
		return sum;
	switch (writer->fate) {
	case KS_FAILS:
		sum = (struct ks_outcome){ writer->error, writer->records };
		*result = -writer->error;
		break;
	case KS_MAY_FAULT:
	case KS_AS_TEXT:
		sum = expect(author, engagement, text, len);
		*result = sum.error ? -sum.error : (ssize_t)len;
		break;
	}
	return sum;
}

/* Whether the answer on the descriptor matches the outcome: NULL or an error. */
static const char *check_answer(struct author *author, const struct ks_outcome *outcome,
				char *answer, size_t size)
{
	struct ks_writer *writer = &author->writer;
	ssize_t len = pread(writer->answers, answer, size - 1, 0);
	const struct ks_function *function;
	size_t verdicts = 0;
	char *line, *save;

	if (len < 0)
		return "it cannot be read";
	answer[len] = '\0';
	if (!is_printable(answer, len))
		return "it is not printable";
	/* Nothing was passed to the file. */
	if (!outcome->records)
		return NULL;
	if (outcome->error)
		return strncmp(answer, "refused ", 8) ? "it is not a refusal" : NULL;
	for (line = strtok_r(answer, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *word = "";

		if (*line == ' ')
			continue;
		if (author->kind == CHECK && verdicts < author->lines.count)
			word = ks_check_line(&author->lines.all[verdicts], &function) ||
			       ks_check_condition(&author->lines.all[verdicts], function) ?
				       "refuse " : "allow ";
		if (strncmp(line, word, strlen(word)))
			return "a verdict is wrong";
		verdicts++;
	}
	if (author->kind != RETVAL && verdicts != author->lines.count)
		return "a line is missing";
	return NULL;
}

/* Calls the functions of the target module: the number of those that are short-circuited. */
static int count_short_circuited(void)
{
	static const char * const names[] = {
		"ks_target_int", "ks_target_other", "ks_target_inject", "ks_target_early",
		"ks_target_breakpoint", "ks_target_long", "ks_target_ulong", "ks_target_ptr",
		"ks_target_bool", "ks_target_void", "ks_target_byte", "ks_target_enum",
		"ks_target_struct", "ks_target_untyped", "ks_target_errptr", "ks_target_fails",
	};
	char answer[64];
	int count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		long before = ks_runs(names[i]);

		if (ks_call(names[i], answer, sizeof(answer)) <= 0 ||
		    ks_runs(names[i]) != before + 1)
			count++;
	}
	return count;
}

FIXTURE(write_fuzz)
{
	int control;
	struct ks_symbols symbols;
	size_t slots;
	long writes, seed;
};

FIXTURE_SETUP(write_fuzz)
{
	char status[8192], *slots;

	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	ASSERT_EQ(0, ks_load_symbols(&self->symbols));
	ASSERT_LE(0, ks_read(KS_DIR "/status", status, sizeof(status)));
	slots = strstr(status, "slots: 0/");
	ASSERT_NE(NULL, slots);
	self->slots = atol(slots + strlen("slots: 0/"));
	ASSERT_LT(0, self->slots);
	ASSERT_GE(KS_MAX_SLOTS, self->slots);
	self->writes = ks_setting("KS_WRITES", 20000);
	self->seed = ks_setting("KS_SEED", 1);
	TH_LOG("KS_WRITES=%ld KS_SEED=%ld", self->writes, self->seed);
}

FIXTURE_TEARDOWN(write_fuzz)
{
	char status[8192];

	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	EXPECT_LE(0, ks_read(KS_DIR "/status", status, sizeof(status)));
	EXPECT_NE(NULL, strstr(status, "slots: 0/"))
		TH_LOG("status: %s", status);
	EXPECT_EQ(0, count_short_circuited());
	close(self->control);
}

static void use_file(struct ks_writer *writer, const struct ks_writer *from)
{
	writer->fd = from->fd;
	writer->append = from->append;
	writer->readonly = from->readonly;
	writer->powerless = from->powerless;
}

/* Chooses the file to write to, and opens its descriptors. */
static int choose_file(struct author *author, struct ks_writer *files, struct ks_writer *value,
		       struct ks_engagement **engagement)
{
	struct ks_writer *writer = &author->writer, *from;
	struct ks_model *model = author->model;
	char path[PATH_MAX];

	author->kind = ks_one_in(writer, 10) ? CHECK : CONTROL;
	if (ks_one_in(writer, 12) && (model->count || value->fd >= 0))
		author->kind = RETVAL;
	from = author->kind == RETVAL ? value : &files[author->kind];
	if (author->kind == RETVAL && model->count && (value->fd < 0 || ks_one_in(writer, 2))) {
		*engagement = &model->all[ks_below(writer, model->count)];
		snprintf(path, sizeof(path), KS_FN "%s/retval", (*engagement)->name);
		if (value->fd >= 0)
			ks_close_file(value);
		if (ks_open_file(value, path))
			return -errno;
		author->key = (*engagement)->key;
	}
	/* The open engagement may have ended. */
	*engagement = NULL;
	for (size_t i = 0; i < model->count; i++)
		if (model->all[i].key == author->key)
			*engagement = &model->all[i];
	author->is_live = *engagement && (*engagement)->function && !(*engagement)->observed;
	use_file(writer, from);
	writer->no_offset = author->kind == RETVAL;
	return 0;
}

/* Sequential writes, with known outcomes and known engagements. */
TEST_F_TIMEOUT(write_fuzz, one_by_one, 1000000)
{
	static char engaged[1 << 18], expected[1 << 18], answer[1 << 20], records[1 << 20];
	static struct ks_writer files[2], value;
	static struct ks_stranger strangers[2];
	static struct author author;
	static struct ks_model model;
	unsigned long taken[ARRAY_SIZE(ks_ways)] = {}, errors[256] = {}, done = 0;
	struct ks_writer *writer = &author.writer;
	int audit, list, due = 0, count;

	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++)
		ASSERT_EQ(0, ks_start_stranger(&strangers[i], i));
	audit = ks_audit_open();
	ASSERT_LE(0, audit);
	list = open(KS_ENGAGED, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, list);
	ASSERT_EQ(0, ks_open_writer(writer, self->seed));
	ASSERT_EQ(0, ks_open_file(&files[CONTROL], KS_CONTROL));
	ASSERT_EQ(0, ks_open_file(&files[CHECK], KS_CHECK));
	value.fd = -1;
	model.slots = self->slots;
	author.symbols = &self->symbols;
	author.model = &model;
	writer->strangers = strangers;
	writer->stranger_count = ARRAY_SIZE(strangers);
	ASSERT_LE(0, ks_audit_collect(audit, self->control, records, sizeof(records)));

	for (long turn = 0; turn < self->writes / 2; turn++) {
		const struct ks_way *way = ks_choose_way(writer);
		struct ks_engagement *engagement = NULL;
		struct ks_outcome outcome;
		ssize_t got, wanted = 0;
		const char *wrong;

		ASSERT_EQ(0, choose_file(&author, files, &value, &engagement));
		generate(&author);
		writer->more_records = 0;
		got = write_text(&author, way);
		outcome = expect_write(&author, engagement, got, &wanted);
		ASSERT_EQ(wanted, got)
			TH_LOG("write %ld by %s to %d: %s, not %s: %s (supply %d, %d due, %s)",
			       turn, way->name, author.kind, strerror(got < 0 ? -got : 0),
			       strerror(wanted < 0 ? -wanted : 0),
			       shown(author.text.bytes, author.text.len), writer->supply,
			       writer->is_due, strerror(writer->unsupplied));

		/* Only the requested changes were made. */
		ASSERT_EQ(0, read_engaged(list, engaged, sizeof(engaged)));
		ks_render(&model, expected, sizeof(expected));
		ASSERT_STREQ(expected, engaged)
			TH_LOG("write %ld by %s to file %d: %s", turn, way->name, author.kind,
			       shown(author.text.bytes, author.text.len));
		if (author.kind != RETVAL) {
			wrong = check_answer(&author, &outcome, answer, sizeof(answer));
			ASSERT_EQ(NULL, wrong)
				TH_LOG("write %ld by %s to file %d: %s: %s: %s", turn, way->name,
				       author.kind, shown(author.text.bytes, author.text.len),
				       wrong, answer);
		}

		due += outcome.records + writer->more_records;
		taken[way - ks_ways]++;
		errors[got < 0 ? -got : 0]++;
		done += got > 0;
		if (model.count > ENOUGH) {
			ASSERT_EQ(0, ks_command(self->control, "disengage_all\n"));
			due += model.count;
			model.count = 0;
		}
		if (turn % COUNT_EVERY)
			continue;
		count = ks_audit_collect(audit, self->control, records, sizeof(records));
		ASSERT_EQ(due, count)
			TH_LOG("the records of the %d writes up to %ld: %s", COUNT_EVERY, turn,
			       records);
		due = 0;
	}

	for (size_t i = 0; i < ARRAY_SIZE(ks_ways); i++)
		TH_LOG("%lu by %s", taken[i], ks_ways[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i])
			TH_LOG("%lu %s", errors[i], i ? strerrorname_np(i) : "succeeded");
	TH_LOG("%u delayed pages", writer->supplies);
	/* If all writes fail, or none, little was tested. */
	EXPECT_LT(self->writes / 100, done);
	EXPECT_LT(self->writes / 100, errors[EINVAL]);
	EXPECT_EQ(0, writer->wrong_meanwhile);
	EXPECT_EQ(0, writer->unsupplied);
	ks_close_writer(writer);
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		kill(strangers[i].pid, SIGKILL);
		waitpid(strangers[i].pid, NULL, 0);
	}
	close(audit);
}

/* A concurrent writer. */
struct rival {
	struct author author;
	pthread_t thread;
	long writes;
	struct ks_writer own, shared;
	unsigned long errors[256];
	char wrong[2048];
};

static bool over;

/* Whether a result is possible, whatever others do concurrently. */
static bool is_possible(struct author *author, ssize_t got)
{
	static const int may_be[] = {
		EACCES, ENOENT, ENOTUNIQ, ERANGE, EBUSY, EOPNOTSUPP, ENOSPC,
	};
	struct ks_writer *writer = &author->writer;
	const char *text = author->text.bytes;

	if (writer->fate == KS_FAILS)
		return got == -writer->error;
	if (writer->fate == KS_MAY_FAULT && got == -EFAULT)
		return true;
	ks_parse(text, author->text.len, author->kind == CHECK, &author->lines);
	if (author->lines.error)
		return got == -author->lines.error;
	for (size_t i = 0; author->kind == CONTROL && i < ARRAY_SIZE(may_be); i++)
		if (got == -may_be[i])
			return true;
	/* A valid condition may not apply to the function. */
	for (size_t i = 0; author->kind == CONTROL && i < author->lines.count; i++)
		if (author->lines.all[i].has_condition &&
		    !author->lines.all[i].known_condition->makes_sense && got == -EINVAL)
			return true;
	return got == (ssize_t)author->text.len;
}

static void *write_all(void *data)
{
	static char answers[THREADS][1 << 20];
	static int started;
	struct rival *rival = data;
	struct author *author = &rival->author;
	struct ks_writer *writer = &author->writer;
	char *answer = answers[__atomic_fetch_add(&started, 1, __ATOMIC_RELAXED)];

	for (long turn = 0; turn < rival->writes && !rival->wrong[0]; turn++) {
		const struct ks_way *way = ks_choose_way(writer);
		struct ks_writer *from = ks_one_in(writer, 2) ? &rival->own : &rival->shared;
		const char *wrong = NULL;
		ssize_t got, len;

		use_file(writer, from);
		generate(author);
		/* Frees slots regularly. */
		if (author->kind == CONTROL && ks_one_in(writer, END_EVERY)) {
			author->text.len = 0;
			add(&author->text, "disengage_all\n");
		}
		got = write_text(author, way);
		if (!is_possible(author, got))
			wrong = "cannot be";
		rival->errors[got < 0 ? -got : 0]++;
		/* In the meantime, the open file may have answered others. */
		len = pread(writer->answers, answer, sizeof(answers[0]), 0);
		if (len < 0 || !is_printable(answer, len))
			wrong = "the answer does not consist of complete lines";
		if (wrong)
			snprintf(rival->wrong, sizeof(rival->wrong),
				 "write %ld by %s: %s: %s: %s (it answered: %s)",
				 turn, way->name, wrong, strerror(got < 0 ? -got : 0),
				 shown(author->text.bytes, author->text.len),
				 len < 0 ? strerror(-len) : answer);
	}
	return NULL;
}

/* Reads files that others change: NULL or an error. */
static void *read_all(void *data)
{
	static char text[1 << 18];
	static const char * const files[] = { KS_ENGAGED, KS_DIR "/status", KS_POLICY };

	for (size_t i = 0; !__atomic_load_n(&over, __ATOMIC_ACQUIRE); i++) {
		const char *file = files[i % 20 ? i % 2 : 2];
		int fd = open(file, O_RDONLY | O_CLOEXEC);
		ssize_t len = ks_read_fd(fd, text, sizeof(text));

		close(fd);
		if (len < 0 || !is_printable(text, len))
			return (void *)file;
		usleep(20000);
	}
	return NULL;
}

/*
 * Concurrent writers, each with an open file of its own and a shared one. The resulting engagements
 * are unpredictable, but malformed text is always refused as malformed, and valid text never.
 */
TEST_F_TIMEOUT(write_fuzz, at_once, 1000000)
{
	static struct rival rivals[THREADS];
	static struct ks_writer shared;
	unsigned long errors[256] = {};
	pthread_t reader;
	void *wrong;

	ASSERT_EQ(0, ks_open_file(&shared, KS_CONTROL));
	for (int i = 0; i < THREADS; i++) {
		struct rival *rival = &rivals[i];

		ASSERT_EQ(0, ks_open_writer(&rival->author.writer, self->seed + 1 + i));
		rival->author.symbols = &self->symbols;
		rival->author.kind = i == THREADS - 1 ? CHECK : CONTROL;
		rival->shared = shared;
		rival->writes = self->writes / 2 / THREADS;
		ASSERT_EQ(0, ks_open_file(&rival->own, i == THREADS - 1 ? KS_CHECK : KS_CONTROL));
		if (rival->author.kind == CHECK)
			rival->shared = rival->own;
	}
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&rivals[i].thread, NULL, write_all, &rivals[i]));
	ASSERT_EQ(0, pthread_create(&reader, NULL, read_all, NULL));
	for (int i = 0; i < THREADS; i++) {
		pthread_join(rivals[i].thread, NULL);
		EXPECT_STREQ("", rivals[i].wrong)
			TH_LOG("thread %d: %s", i, rivals[i].wrong);
		for (size_t j = 0; j < ARRAY_SIZE(errors); j++)
			errors[j] += rivals[i].errors[j];
		EXPECT_EQ(0, rivals[i].author.writer.wrong_meanwhile);
		EXPECT_EQ(0, rivals[i].author.writer.unsupplied);
		ks_close_writer(&rivals[i].author.writer);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	pthread_join(reader, &wrong);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("%s does not consist of complete lines", (char *)wrong);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i])
			TH_LOG("%lu %s", errors[i], i ? strerrorname_np(i) : "succeeded");
	EXPECT_LT(0, errors[0]);
}

TEST_HARNESS_MAIN
