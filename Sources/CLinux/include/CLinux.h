// What Swift's importer cannot see or call of Linux.
// _GNU_SOURCE stays out of here: it changes fd_set and other types that Glibc's module has already
// imported; the .c files define it.
#pragma once
#include "break-in.h"
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
