// Wake-ups between processes: eventfd(2), and pipes.
#pragma once

/// A non-blocking, close-on-exec eventfd; a descriptor or -errno.
int clinux_event_descriptor(void);
/// Makes it readable.
void clinux_event_raise(int fd);
/// Makes it unreadable; 1 when it was readable, 0 when it was not.
int clinux_event_clear(int fd);

/// A pipe that wakes its reader: both ends non-blocking and close-on-exec; 0 or -errno. Unlike an
/// eventfd, its ends are two open files: what a writer does to its own does not affect the reader.
int clinux_wake_pipe(int ends[2]);
/// Makes the read end readable.
void clinux_wake(int fd);
/// Takes up to 4096 wake-ups out of the read end; 1 if there were any, 0 if not.
int clinux_wakes(int fd);
