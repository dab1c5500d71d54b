package main

// Fyne complains on stderr, before main begins, about a locale such as C.UTF-8, which names no language. A function
// that runs before Go's runtime reads the environment shortens it to C, about which it does not; restoreLocale puts
// back what was there, for us and for the programs that we start.

/*
#include <string.h>

static char *cut[3];

static void shorten(char *variable, const char *prefix, int i)
{
	size_t n = strlen(prefix);
	if (!strncmp(variable, prefix, n) && !strncmp(variable + n, "C.", 2)) {
		cut[i] = variable;
		variable[n + 1] = 0;
	}
}

__attribute__((constructor)) static void shorten_locale(int argc, char **argv, char **env)
{
	(void)argc, (void)argv;
	for (; env && *env; env++) {
		shorten(*env, "LC_ALL=", 0);
		shorten(*env, "LC_MESSAGES=", 1);
		shorten(*env, "LANG=", 2);
	}
}

static const char *restore(int i)
{
	if (!cut[i])
		return NULL;
	cut[i][strlen(cut[i])] = '.';
	return cut[i];
}
*/
import "C"

import (
	"os"
	"strings"
)

func init() { restoreLocale() }

func restoreLocale() {
	for i := range C.int(3) {
		if variable := C.restore(i); variable != nil {
			name, value, _ := strings.Cut(C.GoString(variable), "=")
			os.Setenv(name, value)
		}
	}
}
