#define _GNU_SOURCE
#include "command_line.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    int count;
    char **arguments;
} command_line;

// The kernel's memory of arguments and environment, after all pointers into it were replaced.
static struct {
    char *start;
    size_t size;
} title_memory;

// glibc calls constructors with main's arguments. Swift's CommandLine reads them from /proc, which
// a container may lack.
__attribute__((constructor)) static void store_command_line(int count, char **arguments) {
    command_line.count = count;
    command_line.arguments = arguments;
}

char **clinux_command_line(int *count) {
    *count = command_line.count;
    return command_line.arguments;
}

// Returns the end of the strings that follow each other from `end` on.
static char *end_of_adjacent(char *end, char **strings) {
    for (; *strings != NULL; strings++) {
        if (*strings == end) end += strlen(end) + 1;
    }
    return end;
}

// Returns copies of `strings`; NULL without memory for them. They live as long as the process.
static char **copies(char **strings, size_t count) {
    char **result = calloc(count + 1, sizeof(char *));
    for (size_t index = 0; result != NULL && index < count; index++) {
        result[index] = strdup(strings[index]);
        if (result[index] == NULL) return NULL;
    }
    return result;
}

void clinux_reserve_title(void) {
    if (title_memory.start != NULL || command_line.count < 1) return;
    char *start = command_line.arguments[0];
    char *end = end_of_adjacent(start, command_line.arguments);
    size_t variables = 0;
    while (environ[variables] != NULL) variables++;
    end = end_of_adjacent(end, environ);
    char **arguments = copies(command_line.arguments, (size_t)command_line.count);
    char **environment = copies(environ, variables);
    if (arguments == NULL || environment == NULL) return;
    command_line.arguments = arguments;
    environ = environment;
    // glibc names the program in its own messages by pointers into the first argument.
    program_invocation_name = arguments[0];
    char *slash = strrchr(arguments[0], '/');
    program_invocation_short_name = slash == NULL ? arguments[0] : slash + 1;
    title_memory.start = start;
    title_memory.size = (size_t)(end - start);
}

void clinux_set_title(const char *title) {
    if (title_memory.size < 2) return;
    // The last byte stays zero: it ends the string.
    strncpy(title_memory.start, title, title_memory.size - 1);
}
