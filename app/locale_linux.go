package main

// Fyne complains on stderr, before main begins, about a locale that names no language known to it, such as C.UTF-8 or
// xx_YY. A function that runs before Go's runtime reads the environment shortens it to what Fyne understands;
// restoreLocale puts back what was there, for us and for the programs that we start.

/*
#include <stdlib.h>
#include <string.h>

// What Fyne has texts in; others are English, whichever they are.
static const char languages[] = " cs de el en es fr pl pt ru sv ta uk zh ";
static const char with_region[] = " pt_BR pt_PT zh_CN zh_HK zh_SG zh_TW ";

static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"};
enum { count = sizeof names / sizeof *names };

static struct {
	char *variable, *at, was[2];
	int unknown;
} cut[count];

// listed says whether the first n characters stand between spaces in a list.
static int listed(const char *list, const char *word, size_t n)
{
	for (; (list = strchr(list, ' ')) && list[1]; list++)
		if (!strncmp(list + 1, word, n) && list[1 + n] == ' ')
			return 1;
	return 0;
}

static int ends(char c) { return !c || c == '.'; }

static void shorten(int i, char *variable, char *value)
{
	if (!*value || !strcmp(value, "C") || !strcmp(value, "POSIX"))
		return;
	size_t n = strcspn(value, "_-.@:");
	int known = n == 2 && listed(languages, value, n);
	if (known && (ends(value[2]) || (listed(with_region, value, 5) && ends(value[5]))))
		return;
	cut[i].variable = variable;
	cut[i].unknown = !known && strncmp(value, "C.", 2);
	cut[i].at = known ? value + n : value;
	memcpy(cut[i].was, cut[i].at, 2);
	memcpy(cut[i].at, known ? "" : "C", known ? 1 : 2);
}

__attribute__((constructor)) static void shorten_locale(int argc, char **argv, char **env)
{
	(void)argc, (void)argv;
	for (; env && *env; env++)
		for (int i = 0; i < count; i++) {
			size_t n = strlen(names[i]);
			if (!strncmp(*env, names[i], n) && (*env)[n] == '=')
				shorten(i, *env, *env + n + 1);
		}
}

static const char *restore(int i, int *unknown)
{
	if (!cut[i].variable)
		return NULL;
	memcpy(cut[i].at, cut[i].was, 2);
	*unknown = cut[i].unknown;
	return cut[i].variable;
}
*/
import "C"

import (
	"os"
	"strings"
)

// unknownLanguage is the first variable that names a language which the window does not know, with its value; "" where
// there is none.
var unknownLanguage = restoreLocale()

func restoreLocale() (first string) {
	for i := range C.int(C.count) {
		var unknown C.int
		variable := C.restore(i, &unknown)
		if variable == nil {
			continue
		}
		name, value, _ := strings.Cut(C.GoString(variable), "=")
		os.Setenv(name, value)
		if unknown != 0 && first == "" {
			first = name + "=" + value
		}
	}
	return first
}
