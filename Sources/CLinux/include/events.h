// eventfd(2): a bell between processes.
#pragma once

/// A non-blocking, close-on-exec eventfd; a descriptor or -errno.
int clinux_event_descriptor(void);
/// Makes it readable.
void clinux_event_raise(int fd);
/// Makes it unreadable; 1 when it was readable, 0 when it was not.
int clinux_event_clear(int fd);
