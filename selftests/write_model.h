/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The expected outcome of a write to the files of Killswitch: a second, simple parser of the
 * language, and the engagements.
 */
#ifndef KILLSWITCH_WRITE_MODEL_H
#define KILLSWITCH_WRITE_MODEL_H

#include <limits.h>

#include "kallsyms.h"

/* A write may contain lines that are not commands, hence this many. */
#define KS_MAX_LINES	(KS_MAX_COMMAND + 1)
#define KS_MAX_NAME	255
#define KS_MAX_WATCH	86400
#define KS_MAX_TERM	31536000
#define KS_MAX_CONDITION	512
#define KS_MAX_SLOTS	512

/* A module that is never loaded, and the one that always is. */
#define KS_ABSENT	"ks_absent"
#define KS_LOADED	"killswitch_target"

/* The largest error number. */
#define KS_MAX_ERRNO	134

/* A function that the tests name: the accepted values, and the error for others. */
struct ks_function {
	const char *name;
	bool in_module;
	int error;
	long long low, high;
};

/* Functions that take every value of their type, and those that take fewer. */
#define KS_TYPED(name, low, high)	{ name, true, ERANGE, low, high }
#define KS_LESS(name, low, high)	{ name, true, EACCES, low, high }
/* Functions that take no value. */
#define KS_THEIRS(name, error)		{ name, false, error, 0, -1 }

static const struct ks_function ks_functions[] = {
	KS_TYPED("ks_target_int", INT_MIN, INT_MAX),
	KS_TYPED("ks_target_other", INT_MIN, INT_MAX),
	KS_TYPED("ks_target_inject", INT_MIN, INT_MAX),
	KS_TYPED("ks_target_early", INT_MIN, INT_MAX),
	KS_TYPED("ks_target_breakpoint", INT_MIN, INT_MAX),
	KS_TYPED("ks_many_007", INT_MIN, INT_MAX),
	KS_TYPED("ks_target_long", LLONG_MIN, LLONG_MAX),
	KS_TYPED("ks_target_ulong", -KS_MAX_ERRNO, LLONG_MAX),
	KS_TYPED("ks_target_void", 0, 0),
	KS_TYPED("ks_target_byte", 0, UCHAR_MAX),
	KS_TYPED("ks_target_enum", 0, UINT_MAX),
	KS_TYPED("ks_target_untyped", -KS_MAX_ERRNO, -1),
	/* It returns a structure. */
	KS_TYPED("ks_target_struct", 0, -1),
	KS_LESS("ks_target_bool", 0, 0),
	KS_LESS("ks_target_ptr", 0, 0),
	KS_LESS("ks_target_errptr", -KS_MAX_ERRNO, -1),
	KS_LESS("ks_target_fails", -KS_MAX_ERRNO, -1),
	KS_THEIRS("security_file_open", EACCES),
	KS_THEIRS("cap_capable", EACCES),
	KS_THEIRS("commit_creds", EACCES),
	KS_THEIRS("kfree", EACCES),
	KS_THEIRS("start_kernel", EOPNOTSUPP),
};

/* A function without type information, for which conditions cannot be compiled. */
#define KS_UNTYPED	"ks_target_untyped"

/*
 * Conditions in the tests: whether they are valid, and if so, whether they compile for all
 * functions.
 */
static const struct ks_condition {
	const char *text;
	bool is_understood, makes_sense;
} ks_conditions[] = {
	{ "$uid==1001", true, true },
	{ "$uid>=1000&&$uid<60000", true, true },
	{ "$comm==\"a b  c\"", true, true },
	{ "!$comm~\"k?*\\x\"||$context==softirq", true, true },
	{ "!$cap(\"sys_admin\")", true, true },
	{ "($userns!=initial)&&$gid!=0x3e8", true, true },
	{ "$exe!=\"/no/such/program\"", true, false },
	{ "$cgroup==\"/no/such/cgroup\"", true, false },
	{ "ks_no_such_argument==1", true, false },
	{ "ks_no_such_argument->member[3].other~\"x y\"", true, false },
	{ "$comm==1", true, false },
	{ "$uid==4294967296", true, false },
	{ "$nothing", true, false },
	{ "$arg7&1", true, false },
	{ "", false, false },
	{ "$uid==", false, false },
	{ "$uid==1&&", false, false },
	{ "($uid==1", false, false },
	{ "$comm==\"x", false, false },
	{ "$cap(sys_admin)", false, false },
	{ "$uid==18446744073709551616", false, false },
	{ "!!!!!!!!!$uid==1", false, false },
};

/* A word in a text. */
struct ks_word {
	const char *at;
	size_t len;
};

enum ks_verb {
	KS_ENGAGE, KS_TRYENGAGE, KS_OBSERVE, KS_KEEP, KS_DISENGAGE, KS_DISENGAGE_ALL, KS_SEAL,
	KS_QUESTION,
};

/* A parsed line. */
struct ks_line {
	enum ks_verb verb;
	/* The complete name, and the part after the colon if there is one. */
	struct ks_word name, symbol;
	bool has_module;
	long long value;
	unsigned int seconds;
	bool nonroot;
	/* The condition, as written, and the known one that it matches, if any. */
	bool has_condition;
	struct ks_word condition;
	const struct ks_condition *known_condition;
	/* The time limit in seconds, or 0. */
	unsigned int term;
	struct ks_word reason;
};

static inline bool ks_is(struct ks_word word, const char *text)
{
	return word.len == strlen(text) && !memcmp(word.at, text, word.len);
}

static inline bool ks_same(struct ks_word a, struct ks_word b)
{
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

/* Removes the next word from @rest; empty if there is none. */
static inline struct ks_word ks_next(struct ks_word *rest)
{
	struct ks_word word;

	while (rest->len && *rest->at == ' ') {
		rest->at++;
		rest->len--;
	}
	word = *rest;
	for (word.len = 0; word.len < rest->len && word.at[word.len] != ' '; word.len++)
		;
	rest->at += word.len;
	rest->len -= word.len;
	return word;
}

static inline bool ks_all_of(struct ks_word word, const char *set)
{
	for (size_t i = 0; i < word.len; i++)
		if (!word.at[i] || !strchr(set, word.at[i]))
			return false;
	return word.len > 0;
}

#define KS_DIGITS	"0123456789"
#define KS_LETTERS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static inline int ks_parse_name(struct ks_word word, struct ks_line *line)
{
	const char *set = KS_DIGITS KS_LETTERS "_.$";
	const char *colon = memchr(word.at, ':', word.len);

	line->name = word;
	line->symbol = word;
	line->has_module = colon;
	if (colon) {
		struct ks_word module = { word.at, colon - word.at };

		line->symbol = (struct ks_word){ colon + 1, word.len - module.len - 1 };
		if (!ks_all_of(module, set))
			return -EINVAL;
	}
	if (word.len > KS_MAX_NAME || !ks_all_of(line->symbol, set) ||
	    strchr(KS_DIGITS, *line->symbol.at))
		return -EINVAL;
	return 0;
}

/* The error number of this name, or 0. */
static inline int ks_error_called(struct ks_word name)
{
	static const struct {
		const char *name;
		int number;
	} others[] = {
		{ "EWOULDBLOCK", 11 }, { "EDEADLOCK", 35 }, { "EFSBADCRC", 74 },
		{ "EFSCORRUPTED", 117 }, { "EFTYPE", 134 },
	};

	for (int number = 1; number < 134; number++) {
		const char *known = strerrorname_np(number);

		if (known && ks_is(name, known))
			return number;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (ks_is(name, others[i].name))
			return others[i].number;
	return 0;
}

static inline int ks_parse_value(struct ks_word word, long long *value)
{
	struct ks_word digits = word;
	unsigned long long number;
	char copy[KS_MAX_COMMAND + 1];
	bool negative, hex;

	*value = 0;
	if (ks_is(word, "NULL") || ks_is(word, "void"))
		return 0;
	negative = word.len && *word.at == '-';
	if (negative) {
		digits.at++;
		digits.len--;
		*value = -ks_error_called(digits);
		if (*value)
			return 0;
	}
	hex = digits.len >= 2 && !memcmp(digits.at, "0x", 2);
	if (hex) {
		digits.at += 2;
		digits.len -= 2;
	}
	if (!ks_all_of(digits, hex ? KS_DIGITS "abcdefABCDEF" : KS_DIGITS))
		return -EINVAL;
	memcpy(copy, digits.at, digits.len);
	copy[digits.len] = '\0';
	errno = 0;
	number = strtoull(copy, NULL, hex ? 16 : 10);
	if (errno || number > (unsigned long long)LLONG_MAX + negative)
		return -ERANGE;
	*value = negative ? -number : number;
	return 0;
}

static inline int ks_parse_seconds(struct ks_word word, unsigned long long max,
				   unsigned int *seconds)
{
	char copy[KS_MAX_COMMAND + 1];
	unsigned long long number;

	if (!ks_all_of(word, KS_DIGITS))
		return -EINVAL;
	memcpy(copy, word.at, word.len);
	copy[word.len] = '\0';
	number = strtoull(copy, NULL, 10);
	*seconds = number;
	return number <= max ? 0 : -EINVAL;
}

/* The value, if it is all of @rest. */
static inline int ks_parse_only_value(struct ks_word rest, long long *value)
{
	int error = ks_parse_value(ks_next(&rest), value);

	return error ? error : ks_next(&rest).len ? -EINVAL : 0;
}

/* Removes the scope from @rest, if it starts with one. */
static inline int ks_parse_scope(struct ks_word *rest, struct ks_line *line)
{
	struct ks_word ahead = *rest, word = ks_next(&ahead);

	if (word.len < 6 || memcmp(word.at, "scope=", 6))
		return 0;
	*rest = ahead;
	line->nonroot = ks_is(word, "scope=nonroot");
	return line->nonroot || ks_is(word, "scope=all") ? 0 : -EINVAL;
}

/*
 * Removes the condition from @rest, if it starts with one. Unknown conditions are assumed to be
 * valid.
 */
static inline int ks_parse_condition(struct ks_word *rest, struct ks_line *line)
{
	struct ks_word ahead = *rest, word;
	bool in_string = false;

	word = ks_next(&ahead);
	if (word.len < 3 || memcmp(word.at, "if=", 3))
		return 0;
	ahead.len += ahead.at - word.at - 3;
	ahead.at = word.at + 3;
	line->condition.at = ahead.at;
	for (; ahead.len && (in_string || *ahead.at != ' '); ahead.at++, ahead.len--)
		in_string ^= *ahead.at == '"';
	line->condition.len = ahead.at - line->condition.at;
	*rest = ahead;
	line->has_condition = true;
	for (size_t i = 0; i < ARRAY_SIZE(ks_conditions); i++)
		if (ks_is(line->condition, ks_conditions[i].text))
			line->known_condition = &ks_conditions[i];
	return line->known_condition && !line->known_condition->is_understood ? -EINVAL : 0;
}

/* Removes the time limit from @rest, if it starts with one. */
static inline int ks_parse_term(struct ks_word *rest, struct ks_line *line)
{
	struct ks_word ahead = *rest, word = ks_next(&ahead);

	if (word.len < 4 || memcmp(word.at, "for=", 4))
		return 0;
	*rest = ahead;
	word.at += 4;
	word.len -= 4;
	return ks_parse_seconds(word, KS_MAX_TERM, &line->term) || !line->term ? -EINVAL : 0;
}

/* The options of engage or observe, after the value and the seconds. */
static inline int ks_parse_options(struct ks_word rest, struct ks_line *line)
{
	struct ks_word ahead, word;

	if (ks_parse_scope(&rest, line) || ks_parse_condition(&rest, line) ||
	    ks_parse_term(&rest, line))
		return -EINVAL;
	ahead = rest;
	word = ks_next(&ahead);
	if (word.len >= 7 && !memcmp(word.at, "reason=", 7)) {
		struct ks_word *reason = &line->reason;

		reason->at = word.at + 7;
		reason->len = rest.at + rest.len - reason->at;
		while (reason->len && *reason->at == ' ') {
			reason->at++;
			reason->len--;
		}
		while (reason->len && reason->at[reason->len - 1] == ' ')
			reason->len--;
		for (rest = *reason; (word = ks_next(&rest)).len;)
			if ((word.len >= 6 && !memcmp(word.at, "scope=", 6)) ||
			    (word.len >= 3 && !memcmp(word.at, "if=", 3)) ||
			    (word.len >= 4 && !memcmp(word.at, "for=", 4)))
				return -EINVAL;
		return reason->len && reason->len <= KS_MAX_REASON ? 0 : -EINVAL;
	}
	return word.len ? -EINVAL : 0;
}

/* Parses a line of the control file, or of the file check: 0 or a negative errno. */
static inline int ks_parse_line(struct ks_word rest, bool question, struct ks_line *line)
{
	struct ks_word verb;
	int error;

	*line = (struct ks_line){ .verb = KS_QUESTION };
	for (size_t i = 0; i < rest.len; i++)
		if (rest.at[i] < ' ' || rest.at[i] > '~')
			return -EINVAL;
	if (question) {
		error = ks_parse_name(ks_next(&rest), line) ?:
			ks_parse_value(ks_next(&rest), &line->value) ?:
			ks_parse_scope(&rest, line) ?:
			ks_parse_condition(&rest, line);
		return error ? error : ks_next(&rest).len ? -EINVAL : 0;
	}

	verb = ks_next(&rest);
	if (ks_is(verb, "disengage_all") || ks_is(verb, "seal")) {
		line->verb = ks_is(verb, "seal") ? KS_SEAL : KS_DISENGAGE_ALL;
		return ks_next(&rest).len ? -EINVAL : 0;
	}
	if (ks_is(verb, "engage"))
		line->verb = KS_ENGAGE;
	else if (ks_is(verb, "tryengage"))
		line->verb = KS_TRYENGAGE;
	else if (ks_is(verb, "observe"))
		line->verb = KS_OBSERVE;
	else if (ks_is(verb, "keep"))
		line->verb = KS_KEEP;
	else if (ks_is(verb, "disengage"))
		line->verb = KS_DISENGAGE;
	else
		return -EINVAL;
	error = ks_parse_name(ks_next(&rest), line);
	if (error)
		return error;
	if (line->verb == KS_DISENGAGE || line->verb == KS_KEEP)
		return ks_next(&rest).len ? -EINVAL : 0;
	if (line->verb != KS_OBSERVE)
		error = ks_parse_value(ks_next(&rest), &line->value);
	if (!error && line->verb == KS_TRYENGAGE)
		error = ks_parse_seconds(ks_next(&rest), KS_MAX_WATCH, &line->seconds);
	return error ? error : ks_parse_options(rest, line);
}

/* The lines of a write, or the errno of the first invalid one. */
struct ks_lines {
	int error;
	size_t count;
	struct ks_line all[KS_MAX_LINES];
};

static inline void ks_parse(const char *text, size_t len, bool question, struct ks_lines *lines)
{
	const char *end;

	lines->count = 0;
	lines->error = len > KS_MAX_COMMAND ? EINVAL : 0;
	if (lines->error)
		return;
	if (len && text[len - 1] == '\n')
		len--;
	do {
		struct ks_word line = { text, len };

		end = memchr(text, '\n', len);
		if (end) {
			line.len = end - text;
			len -= line.len + 1;
			text = end + 1;
		}
		lines->error = -ks_parse_line(line, question, &lines->all[lines->count++]);
	} while (end && !lines->error);
}

/* An engagement or observation, which is armed if it has no @function. */
struct ks_engagement {
	/* Unique. */
	unsigned long key;
	char name[KS_MAX_NAME + 1];
	const struct ks_function *function;
	long long value;
	bool observed, watched, ends, nonroot, found, has_condition;
	char condition[KS_MAX_CONDITION + 1];
	char reason[KS_MAX_REASON + 1];
	/* The engagement that this one replaces in the same transaction. */
	bool is_replaced;
};

struct ks_model {
	struct ks_engagement all[KS_MAX_SLOTS];
	size_t count, slots;
	unsigned long next_key;
	/* The number before the current transaction. */
	size_t before;
};

/* The expected outcome of a write: 0 or an errno, and the number of audit records. */
struct ks_outcome {
	int error;
	int records;
};

static inline const struct ks_function *ks_function_called(struct ks_word symbol)
{
	for (size_t i = 0; i < ARRAY_SIZE(ks_functions); i++)
		if (ks_is(symbol, ks_functions[i].name))
			return &ks_functions[i];
	return NULL;
}

/* The module that @line names, or an empty word. */
static inline struct ks_word ks_module_of(const struct ks_line *line)
{
	return (struct ks_word){
		line->name.at,
		line->has_module ? line->name.len - line->symbol.len - 1 : 0,
	};
}

/* Whether the module that @line names is the one that is loaded. */
static inline bool ks_in_loaded(const struct ks_line *line)
{
	return ks_is(ks_module_of(line), KS_LOADED);
}

/* Checks a line: 0 or a negative errno. Sets @function to the function to engage now, or NULL. */
static inline int ks_check_line(const struct ks_line *line, const struct ks_function **function)
{
	const struct ks_function *known = ks_function_called(line->symbol);

	*function = NULL;
	if (ks_in_loaded(line) && !(known && known->in_module))
		return -ENOENT;
	/* Armed. */
	if (line->has_module && !ks_in_loaded(line) && !(known && !known->in_module))
		return line->verb == KS_TRYENGAGE ? -ENOENT : 0;
	if (!known)
		return -ENOENT;
	/* A function that takes no value cannot be observed, either. */
	if (line->verb == KS_OBSERVE ? known->low > known->high :
				       line->value < known->low || line->value > known->high)
		return -known->error;
	*function = known;
	return 0;
}

/* Compiles the condition of a line, if any, for @function: 0 or a negative errno. */
static inline int ks_check_condition(const struct ks_line *line, const struct ks_function *function)
{
	/* Conditions of armed functions are compiled when the module is loaded. */
	if (!line->has_condition || !function)
		return 0;
	if (!strcmp(function->name, KS_UNTYPED))
		return -EOPNOTSUPP;
	return line->known_condition && line->known_condition->makes_sense ? 0 : -EINVAL;
}

static inline struct ks_engagement *ks_engagement_called(struct ks_model *model,
							 struct ks_word name)
{
	for (size_t i = 0; i < model->count; i++)
		if (ks_is(name, model->all[i].name))
			return &model->all[i];
	return NULL;
}

static inline void ks_copy(char *to, struct ks_word word)
{
	if (word.len)
		memcpy(to, word.at, word.len);
	to[word.len] = '\0';
}

/* Whether @line engages a function that is observed with the same options. */
static inline bool ks_replaces(const struct ks_line *line, const struct ks_engagement *old)
{
	return old->observed && line->verb != KS_OBSERVE && ks_is(line->name, old->name) &&
	       line->nonroot == old->nonroot && line->has_condition == old->has_condition &&
	       (!line->has_condition || ks_is(line->condition, old->condition));
}

static inline int ks_add(struct ks_model *model, const struct ks_line *line)
{
	const struct ks_function *function, *known;
	struct ks_engagement *new;
	int error = ks_check_line(line, &function);

	if (error)
		return error;
	for (size_t i = 0; i < model->count; i++) {
		struct ks_engagement *old = &model->all[i];

		if (!ks_is(line->name, old->name) && !(function && old->function == function))
			continue;
		if (i >= model->before || !ks_replaces(line, old))
			return -EBUSY;
		old->is_replaced = true;
	}
	/* Free slots are only checked after all lines. */
	if (model->count == KS_MAX_SLOTS)
		return -ENOSPC;
	known = ks_function_called(line->symbol);
	new = &model->all[model->count++];
	new->key = model->next_key++;
	ks_copy(new->name, line->name);
	ks_copy(new->reason, line->reason);
	new->function = function;
	new->found = !function && known && known->in_module;
	new->value = line->value;
	new->observed = line->verb == KS_OBSERVE;
	new->watched = line->verb == KS_TRYENGAGE && line->seconds;
	new->ends = line->term;
	new->nonroot = line->nonroot;
	new->is_replaced = false;
	new->has_condition = line->has_condition;
	ks_copy(new->condition, line->condition);
	return 0;
}

static inline void ks_remove(struct ks_model *model, size_t at)
{
	model->count--;
	model->before--;
	memmove(&model->all[at], &model->all[at + 1],
		(model->count - at) * sizeof(model->all[0]));
}

/* Whether the engagement in @line existed before the write, and no earlier line disengages it. */
static inline bool ks_may_end(struct ks_model *model, const struct ks_lines *lines, size_t at)
{
	struct ks_engagement *engagement = ks_engagement_called(model, lines->all[at].name);

	for (size_t i = 0; i < at; i++)
		if (lines->all[i].verb == KS_DISENGAGE_ALL ||
		    (lines->all[i].verb == KS_DISENGAGE &&
		     ks_same(lines->all[i].name, lines->all[at].name)))
			return false;
	return engagement && engagement < model->all + model->before;
}

static inline bool ks_adds(const struct ks_line *line)
{
	return line->verb == KS_ENGAGE || line->verb == KS_TRYENGAGE || line->verb == KS_OBSERVE;
}

/* Carries out all valid lines, or none. */
static inline struct ks_outcome ks_carry_out(struct ks_model *model, const struct ks_lines *lines)
{
	struct ks_outcome outcome = { .error = lines->error, .records = 1 };
	size_t replaced = 0;

	if (outcome.error)
		return outcome;
	model->before = model->count;
	for (size_t i = 0; i < lines->count && !outcome.error; i++) {
		const struct ks_line *line = &lines->all[i];

		if (ks_adds(line))
			outcome.error = -ks_add(model, line);
		else if ((line->verb == KS_DISENGAGE || line->verb == KS_KEEP) &&
			 !ks_may_end(model, lines, i))
			outcome.error = ENOENT;
	}
	for (size_t i = 0; i < model->before; i++)
		replaced += model->all[i].is_replaced;
	if (!outcome.error && model->count - replaced > model->slots)
		outcome.error = ENOSPC;
	/* Conditions are compiled last. */
	for (size_t i = 0; i < lines->count && !outcome.error; i++) {
		const struct ks_function *function;

		if (ks_adds(&lines->all[i]) && !ks_check_line(&lines->all[i], &function))
			outcome.error = -ks_check_condition(&lines->all[i], function);
	}
	if (outcome.error) {
		model->count = model->before;
		for (size_t i = 0; i < model->count; i++)
			model->all[i].is_replaced = false;
		return outcome;
	}

	outcome.records = 0;
	for (size_t i = 0; i < lines->count; i++) {
		const struct ks_line *line = &lines->all[i];

		outcome.records++;
		if (line->verb == KS_TRYENGAGE) {
			/* With a time of 0 it is engaged immediately. */
			outcome.records += !line->seconds;
		} else if (line->verb == KS_KEEP) {
			ks_engagement_called(model, line->name)->ends = false;
		} else if (line->verb == KS_DISENGAGE) {
			ks_remove(model, ks_engagement_called(model, line->name) - model->all);
		} else if (line->verb == KS_DISENGAGE_ALL && model->before) {
			outcome.records += model->before - 1;
			while (model->before)
				ks_remove(model, 0);
		}
	}
	for (size_t i = model->before; i > 0; i--)
		if (model->all[i - 1].is_replaced)
			ks_remove(model, i - 1);
	return outcome;
}

/* Writes @text in quotes to @to, and returns the length. */
static inline size_t ks_quote(char *to, const char *text)
{
	size_t used = 0;

	to[used++] = '"';
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			to[used++] = '\\';
		to[used++] = *c;
	}
	to[used++] = '"';
	return used;
}

/* Writes the expected content of the file engaged, with N for remaining times. */
static inline void ks_render(const struct ks_model *model, char *to, size_t size)
{
	size_t used = 0;

	to[0] = '\0';
	/* The maximum length of a line. */
	for (size_t i = 0; i < model->count && used + 2048 < size; i++) {
		const struct ks_engagement *e = &model->all[i];
		const char *state = !e->function ? "armed" :
				    e->observed	 ? "observing" :
				    e->watched	 ? "probing" :
						   "engaged";
		char value[32] = "none";

		if (!e->observed)
			snprintf(value, sizeof(value), "%lld", e->value);
		used += snprintf(to + used, size - used,
				 "%s retval=%s hits=0 state=%s scope=%s%s%s", e->name, value, state,
				 e->nonroot ? "nonroot" : "all",
				 e->watched || e->ends ? " timeout_left=N" : "",
				 e->found ? " found_in=" KS_LOADED : "");
		if (e->has_condition) {
			used += snprintf(to + used, size - used, " passed=0 faults=0 if=");
			used += ks_quote(to + used, e->condition);
		}
		if (e->reason[0]) {
			used += snprintf(to + used, size - used, " reason=");
			used += ks_quote(to + used, e->reason);
		}
		used += snprintf(to + used, size - used, "\n");
	}
}

#endif /* KILLSWITCH_WRITE_MODEL_H */
