/* A container's process has no stderr to complain on, and no environment to be told by. */

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	/* Leaks are looked for by threads that trace each other; the shim's life is short. */
	return "detect_leaks=0:abort_on_error=1:log_path=/tmp/hearth-shim-sanitizer";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:log_path=/tmp/hearth-shim-sanitizer";
}
