// The command line that the process was started with, and the title that ps(1) shows in its place.
#pragma once

/// Returns the arguments that the program was started with, and their number; NULL if the C library
/// does not pass them to constructors. They stay valid after clinux_reserve_title.
char **clinux_command_line(int *count);

/// Makes the memory of the command line and of the environment available for titles, as nginx does:
/// the kernel shows what is written there in /proc/PID/cmdline. Copies the arguments and the
/// variables first. Without memory for the copies, titles stay as they are.
void clinux_reserve_title(void);

/// Replaces the command line that ps(1) shows of this process by `title`, cut to the memory there
/// is. Does nothing before clinux_reserve_title.
void clinux_set_title(const char *title);
