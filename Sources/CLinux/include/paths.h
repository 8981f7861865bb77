// Where a build looks for things: the defaults are in paths.c; Package.swift defines others where
// the environment names them (APUS_PREFIX and its like), as `make install` does.
#pragma once

/// What is asked for.
enum clinux_place {
    /// What relative paths are relative to.
    clinux_prefix,
    /// The program itself.
    clinux_sbin_path,
    /// The configuration file.
    clinux_conf_path,
    /// The file of the master's process id.
    clinux_pid_path,
    /// The error log.
    clinux_error_log_path,
    /// The access log.
    clinux_access_log_path,
    /// Whom workers run as when the master is root.
    clinux_user,
};

/// Never NULL.
const char *clinux_built_in(enum clinux_place place);
