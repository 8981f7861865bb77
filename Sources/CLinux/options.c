#define _GNU_SOURCE
#include "options.h"
#include <getopt.h>
#include <stddef.h>

static const struct option server_names[] = {
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

static const struct option serve_names[] = {
    {"help", no_argument, NULL, 'h'},
    {"host", required_argument, NULL, 'n'},
    {"listen", required_argument, NULL, 'l'},
    {"port", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

static const struct option check_names[] = {
    {"help", no_argument, NULL, 'h'},
    {"allow", required_argument, NULL, 'a'},
    {"json", no_argument, NULL, 'j'},
    {"strict", no_argument, NULL, 'S'},
    {NULL, 0, NULL, 0},
};

static const struct option explain_names[] = {
    {"help", no_argument, NULL, 'h'},
    {"from", required_argument, NULL, 'f'},
    {NULL, 0, NULL, 0},
};

static const struct {
    const char *letters;
    const struct option *names;
} tables[] = {
    [clinux_options_server] = {":hvVtTqp:e:s:c:g:", server_names},
    [clinux_options_serve] = {":h", serve_names},
    [clinux_options_check] = {":hc:p:e:g:", check_names},
    [clinux_options_explain] = {":hc:p:e:g:H:", explain_names},
};

void clinux_start_options(void) {
    opterr = 0;
    optind = 0;
}

struct clinux_option clinux_next_option(int count, char **arguments, int table) {
    optopt = 0;
    optarg = NULL;
    int letter = getopt_long(
        count, arguments, tables[table].letters, tables[table].names, NULL);
    struct clinux_option option = {
        .letter = letter < 0 ? 0 : letter, .subject = optopt, .argument = optarg, .next = optind};
    return option;
}

const char *clinux_compiler(void) { return __VERSION__; }
