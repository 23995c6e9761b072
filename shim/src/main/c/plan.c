#include "plan.h"

#include <string.h>

/* The arguments of each step, a letter a field, and the kinds of plan it may be in. */
static const struct shape {
	uint16_t type;
	uint16_t kinds;
	const char *fields;
} shapes[] = {
#define IN(kind) (1u << (kind))
#define LAUNCH IN(PLAN_LAUNCH)
#define START (IN(PLAN_LAUNCH) | IN(PLAN_EXEC))
	{ STEP_SHIM_CGROUP, LAUNCH, "t" },
	{ STEP_SHIM_CGROUP_DIR, LAUNCH, "t" },
	{ STEP_SHIM_WRITE, LAUNCH, "tb" },
	{ STEP_CONTROL, LAUNCH, "t" },
	{ STEP_EXIT_RECORD, LAUNCH, "t" },
	{ STEP_LOG, LAUNCH, "tuu" },
	{ STEP_STDIO, LAUNCH, "uu" },
	{ STEP_OOM_COUNTER, LAUNCH, "tt" },
	{ STEP_EXIT_WRITE, LAUNCH, "tb" },
	{ STEP_DRAIN, LAUNCH, "u" },
	{ STEP_CGROUP_DIR, START, "t" },
	{ STEP_CGROUP_JOIN, START, "t" },
	{ STEP_NAMESPACE_NEW, LAUNCH | IN(PLAN_PIN), "q" },
	{ STEP_NAMESPACE_JOIN, LAUNCH, "qt" },
	{ STEP_ID_MAPS, LAUNCH | IN(PLAN_PIN), "tt" },
	{ STEP_MOUNT_BASE, LAUNCH, "u" },
	{ STEP_STDIO_OWNER, START, "uu" },
	{ STEP_SUCCESSOR, LAUNCH, "tq" },
	{ STEP_PIN, IN(PLAN_PIN), "qt" },
	{ STEP_PROPAGATION, LAUNCH, "q" },
	{ STEP_ROOT_FD, LAUNCH, "uta" },
	{ STEP_ROOT_FS, LAUNCH, "tputa" },
	{ STEP_ROOT_BIND, LAUNCH, "tuta" },
	{ STEP_MOUNT_FD, LAUNCH, "utua" },
	{ STEP_MOUNT_FS, LAUNCH, "tputua" },
	{ STEP_MOUNT_BIND, LAUNCH, "tutua" },
	{ STEP_REMOUNT, LAUNCH, "ta" },
	{ STEP_MASK, LAUNCH, "t" },
	{ STEP_DEVICE, LAUNCH, "tuuuuu" },
	{ STEP_SYMLINK, LAUNCH, "tt" },
	{ STEP_FOLDER, LAUNCH, "tuuu" },
	{ STEP_TERMINAL, START, "uuut" },
	{ STEP_PIVOT, LAUNCH, "" },
	{ STEP_ATTRIBUTES, LAUNCH, "ta" },
	{ STEP_WRITE, START | IN(PLAN_PIN), "tb" },
	{ STEP_HOSTNAME, LAUNCH | IN(PLAN_PIN), "t" },
	{ STEP_DOMAINNAME, LAUNCH, "t" },
	{ STEP_UNSHARE, LAUNCH, "q" },
	{ STEP_ENTER, IN(PLAN_EXEC), "q" },
	{ STEP_EXPOSE, LAUNCH, "tt" },
	{ STEP_RLIMIT, START, "uqq" },
	{ STEP_UMASK, START, "u" },
	{ STEP_USER, START | IN(PLAN_PIN), "uun" },
	{ STEP_KEEP_CAPS, START, "u" },
	{ STEP_BOUNDING, START, "q" },
	{ STEP_CAPABILITIES, START, "qqq" },
	{ STEP_AMBIENT, START, "q" },
	{ STEP_NO_NEW_PRIVS, START, "" },
	{ STEP_SECCOMP, START, "ub" },
	{ STEP_WORKING_DIR, START, "t" },
	{ STEP_CLOSE_FDS, START, "" },
	{ STEP_STDIO_ASIDE, LAUNCH, "u" },
	{ STEP_EXEC, START, "TTt" },
	{ STEP_PAUSE, LAUNCH | IN(PLAN_PIN), "" },
#undef IN
#undef LAUNCH
#undef START
};

static const void *take(struct cursor *cursor, size_t size)
{
	const uint8_t *at = cursor->at;

	if (cursor->broken || (size_t)(cursor->end - at) < size) {
		cursor->broken = true;
		return NULL;
	}
	cursor->at += size;
	return at;
}

uint16_t take_u16(struct cursor *cursor)
{
	uint16_t value = 0;
	const void *at = take(cursor, sizeof(value));

	if (at)
		memcpy(&value, at, sizeof(value));
	return value;
}

uint32_t take_u32(struct cursor *cursor)
{
	uint32_t value = 0;
	const void *at = take(cursor, sizeof(value));

	if (at)
		memcpy(&value, at, sizeof(value));
	return value;
}

uint64_t take_u64(struct cursor *cursor)
{
	uint64_t value = 0;
	const void *at = take(cursor, sizeof(value));

	if (at)
		memcpy(&value, at, sizeof(value));
	return value;
}

struct bytes take_bytes(struct cursor *cursor)
{
	uint32_t size = take_u32(cursor);
	const void *at = take(cursor, size);

	return at ? (struct bytes){ at, size } : (struct bytes){ "", 0 };
}

const char *take_text(struct cursor *cursor)
{
	uint32_t length = take_u32(cursor);
	const char *at = take(cursor, (size_t)length + 1);

	if (at && strnlen(at, (size_t)length + 1) != length)
		cursor->broken = true;
	return cursor->broken ? "" : at;
}

struct attr_change take_attr_change(struct cursor *cursor)
{
	struct attr_change change;

	change.flags = take_u32(cursor);
	change.set = take_u64(cursor);
	change.clear = take_u64(cursor);
	change.propagation = take_u64(cursor);
	return change;
}

uint32_t skip_texts(struct cursor *cursor)
{
	uint32_t count = take_u32(cursor);

	for (uint32_t i = 0; i < count && !cursor->broken; i++)
		take_text(cursor);
	return count;
}

static void skip_field(struct cursor *cursor, char field)
{
	uint32_t count;

	switch (field) {
	case 'u':
		take_u32(cursor);
		break;
	case 'q':
		take_u64(cursor);
		break;
	case 't':
		take_text(cursor);
		break;
	case 'b':
		take_bytes(cursor);
		break;
	case 'T':
		skip_texts(cursor);
		break;
	case 'n':
		count = take_u32(cursor);
		take(cursor, (size_t)count * sizeof(uint32_t));
		break;
	case 'a':
		count = take_u32(cursor);
		for (uint32_t i = 0; i < count && !cursor->broken; i++)
			take_attr_change(cursor);
		break;
	case 'p':
		count = take_u32(cursor);
		for (uint32_t i = 0; i < count && !cursor->broken; i++) {
			take_u32(cursor);
			take_text(cursor);
			take_text(cursor);
		}
		break;
	default:
		cursor->broken = true;
	}
}

static bool step_is_sound(const struct step *step, enum plan_kind kind)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct cursor args = step->args;

		if (shapes[i].type != step->type)
			continue;
		for (const char *field = shapes[i].fields; *field; field++)
			skip_field(&args, *field);
		return (shapes[i].kinds & (1u << kind)) && !args.broken && args.at == args.end;
	}
	return false;
}

struct step plan_steps(const struct plan *plan)
{
	return (struct step){ .index = UINT32_MAX, .args = { .end = plan->steps } };
}

bool plan_next(const struct plan *plan, struct step *step)
{
	struct cursor rest = { .at = step->args.end, .end = plan->end };
	uint32_t size;

	if (rest.at == rest.end)
		return false;
	step->index++;
	step->type = take_u16(&rest);
	step->flags = take_u16(&rest);
	size = take_u32(&rest);
	step->args = (struct cursor){ .at = rest.at, .broken = rest.broken };
	step->args.end = take(&rest, size) ? rest.at : plan->end;
	step->args.broken |= rest.broken;
	return true;
}

bool plan_find(const struct plan *plan, enum step_type type, struct step *found)
{
	*found = plan_steps(plan);
	while (plan_next(plan, found))
		if (found->type == type)
			return true;
	return false;
}

int plan_open(struct plan *plan, const void *data, size_t size, struct failure *failure)
{
	struct cursor header = { .at = data, .end = (const uint8_t *)data + size };
	uint32_t magic = take_u32(&header);
	uint16_t version = take_u16(&header);
	uint16_t kind = take_u16(&header);
	uint32_t length = take_u32(&header);
	struct step step;

	plan->count = take_u32(&header);
	if (header.broken || magic != PLAN_MAGIC)
		return fail_with(failure, EPROTO, "read a plan:", "not a plan");
	if (version != PLAN_VERSION)
		return fail_with(failure, EPROTONOSUPPORT, "read a plan:", "unknown version");
	if (length != size || size > PLAN_LIMIT || kind < PLAN_LAUNCH || kind > PLAN_PIN)
		return fail_with(failure, EPROTO, "read a plan:", "malformed header");
	plan->kind = kind;
	plan->steps = header.at;
	plan->end = header.end;
	step = plan_steps(plan);
	while (plan_next(plan, &step)) {
		char number[11];
		struct text text = TEXT_IN(number);

		if (!step.args.broken && step_is_sound(&step, plan->kind))
			continue;
		text_add_number(&text, step.index);
		return fail_with(failure, EPROTO, "read a plan: malformed step", number);
	}
	if (step.index + 1 != plan->count)
		return fail_with(failure, EPROTO, "read a plan:", "wrong number of steps");
	return 0;
}
