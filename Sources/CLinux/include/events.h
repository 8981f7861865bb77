// Wake-ups between processes: eventfd(2) and pipes.
#pragma once

/// Opens a non-blocking, close-on-exec eventfd. Returns a descriptor or -errno.
int clinux_event_descriptor(void);
/// Makes it readable.
void clinux_event_raise(int fd);
/// Makes it unreadable. Returns 1 if it was readable, otherwise 0.
int clinux_event_clear(int fd);

/// Opens a pipe that wakes its reader, with both ends non-blocking and close-on-exec. Returns 0 or
/// -errno. Unlike the two sides of an eventfd, its ends are two open files: the writer cannot
/// change the reader's.
int clinux_wake_pipe(int ends[2]);
/// Makes the read end readable.
void clinux_wake(int fd);
/// Reads up to 4096 wake-ups. Returns 1 if there were any, otherwise 0.
int clinux_wakes(int fd);
