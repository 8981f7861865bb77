// Command line options: getopt_long(3), whose tables and results Swift cannot import.
#pragma once

/// The command whose options are parsed.
enum clinux_option_table {
    /// The server's: nginx's, with --help and --version.
    clinux_options_server,
    /// The options of `apus serve`.
    clinux_options_serve,
    /// The options of `apus check`.
    clinux_options_check,
    /// The options of `apus explain`.
    clinux_options_explain,
};

/// The result of a call of getopt_long(3).
struct clinux_option {
    /// The option's letter; `?` for an unknown one, `:` if its argument is missing, 0 at the end.
    int letter;
    /// The letter that is unknown or lacks its argument; 0 for a long name.
    int subject;
    /// The option's argument, or NULL.
    const char *argument;
    /// The index of the next element of argv: at the end, the first operand; after an unknown long
    /// name, the element after it.
    int next;
};

/// Restarts parsing; the C library has one state per process.
void clinux_start_options(void);
struct clinux_option clinux_next_option(int count, char **arguments, int table);

/// Returns the name and version of the compiler.
const char *clinux_compiler(void);
