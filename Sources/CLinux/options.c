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
    {"listen", required_argument, NULL, 'l'},
    {"port", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

void clinux_start_options(void) {
    opterr = 0;
    optind = 0;
}

struct clinux_option clinux_next_option(int count, char **arguments, int table) {
    int is_serve = table == clinux_options_serve;
    optopt = 0;
    optarg = NULL;
    int letter = getopt_long(
        count, arguments, is_serve ? ":h" : ":hvVtTqp:e:s:c:g:",
        is_serve ? serve_names : server_names, NULL);
    struct clinux_option option = {
        .letter = letter < 0 ? 0 : letter, .subject = optopt, .argument = optarg, .next = optind};
    return option;
}

const char *clinux_compiler(void) { return __VERSION__; }
