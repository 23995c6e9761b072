/* Reads any bytes as a plan, and every field of every step of those it accepts. */
#include "fuzz.h"
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* Every byte is looked at, so that one beyond the end is noticed. */
static volatile unsigned sum;

static void touch(const void *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum += ((const uint8_t *)at)[i];
}

static void read_texts(struct step step)
{
	struct cursor args = step.args;

	for (int lists = 0; lists < 2; lists++) {
		uint32_t count = take_u32(&args);
		for (uint32_t i = 0; i < count; i++) {
			const char *text = take_text(&args);
			touch(text, strlen(text) + 1);
		}
	}
	if (args.broken)
		abort();
}

static void read_mount(struct step step)
{
	struct cursor args = step.args;
	uint32_t count;

	touch(take_text(&args), 1);
	count = take_u32(&args);
	for (uint32_t i = 0; i < count; i++) {
		take_u32(&args);
		touch(take_text(&args), 1);
		touch(take_text(&args), 1);
	}
	take_u32(&args);
	touch(take_text(&args), 1);
	take_u32(&args);
	count = take_u32(&args);
	for (uint32_t i = 0; i < count; i++)
		sum += (unsigned)take_attr_change(&args).set;
	if (args.broken || args.at != args.end)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct failure failure;
	struct plan plan;
	struct step step;

	if (plan_open(&plan, data, size, &failure) < 0) {
		if (!failure.error || !memchr(failure.text, 0, sizeof(failure.text)))
			abort();
		return 0;
	}
	step = plan_steps(&plan);
	while (plan_next(&plan, &step)) {
		touch(step.args.at, (size_t)(step.args.end - step.args.at));
		if (step.type == STEP_EXEC)
			read_texts(step);
		if (step.type == STEP_MOUNT_FS)
			read_mount(step);
	}
	if (step.index + 1 != plan.count)
		abort();
	return 0;
}
