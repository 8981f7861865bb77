// The command line: getopt_long(3), whose tables and results the importer does not see.
#pragma once

/// Whose options are read.
enum clinux_option_table {
    /// nginx's, with --help and --version.
    clinux_options_server,
    /// Those of `apus serve`.
    clinux_options_serve,
    /// Those of `apus check`.
    clinux_options_check,
    /// Those of `apus explain`.
    clinux_options_explain,
};

/// One step of getopt_long(3).
struct clinux_option {
    /// The option's letter, `?` for an unknown one, `:` for one that lacks its argument, 0 at the
    /// end.
    int letter;
    /// The letter that was unknown or lacks its argument; 0 when it was a long name.
    int subject;
    /// The option's argument, or NULL.
    const char *argument;
    /// The next element of argv: at the end, the first operand; after an unknown long name, the one
    /// behind it.
    int next;
};

/// Starts anew; the state between the calls is the C library's, one for the process.
void clinux_start_options(void);
struct clinux_option clinux_next_option(int count, char **arguments, int table);

/// The compiler that built this, as it names itself.
const char *clinux_compiler(void);
