/* A fuzzer for where clang is not: so many mutations of each seed, the same every time. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST (1 << 20)

static uint64_t state = 88172645463325252ull;

static uint32_t next_number(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

static size_t mutate(uint8_t *data, size_t size)
{
	uint32_t changes = 1 + next_number(4);

	while (changes-- && size > 0) {
		size_t at = next_number((uint32_t)size);
		switch (next_number(5)) {
		case 0:
			data[at] ^= (uint8_t)(1 << next_number(8));
			break;
		case 1:
			data[at] = (uint8_t)next_number(256);
			break;
		case 2: /* a length that is too long, or absurd */
			memset(data + at, next_number(2) ? 0xff : 0, size - at < 4 ? size - at : 4);
			break;
		case 3:
			size = at;
			break;
		default:
			memmove(data + at, data + at / 2, size - at);
		}
	}
	return size;
}

/* In memory of just this size, so that a byte beyond it is noticed. */
static void try_one(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void try_seed(const char *path, int rounds)
{
	static uint8_t seed[LARGEST];
	static uint8_t mutant[LARGEST];
	FILE *file = fopen(path, "rb");
	size_t size = file ? fread(seed, 1, sizeof(seed), file) : 0;

	if (!file) {
		perror(path);
		exit(2);
	}
	fclose(file);
	try_one(seed, size);
	for (int i = 0; i < rounds; i++) {
		memcpy(mutant, seed, size);
		try_one(mutant, mutate(mutant, size));
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	for (int i = 2; i < argc; i++)
		try_seed(argv[i], atoi(argv[1]));
	return 0;
}
