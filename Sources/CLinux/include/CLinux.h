// C functions for system calls and types that Swift cannot import or call. _GNU_SOURCE is defined
// in the .c files only: in a header it would change fd_set and other types that Glibc's module has
// already imported.
#pragma once
#include "sandbox-probe.h"
#include "changes.h"
#include "command_line.h"
#include "confinement.h"
#include "datagrams.h"
#include "directories.h"
#include "events.h"
#include "files.h"
#include "listeners.h"
#include "options.h"
#include "passing.h"
#include "paths.h"
#include "processes.h"
#include "shared.h"
#include "sockets.h"
