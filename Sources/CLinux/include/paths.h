// Built-in paths: the defaults are in paths.c; Package.swift overrides them from the environment
// (APUS_PREFIX and so on), as `make install` does.
#pragma once

/// A built-in path or name.
enum clinux_place {
    /// The prefix of relative paths.
    clinux_prefix,
    /// The program itself.
    clinux_sbin_path,
    /// The configuration file.
    clinux_conf_path,
    /// The file with the master's process ID.
    clinux_pid_path,
    /// The error log.
    clinux_error_log_path,
    /// The access log.
    clinux_access_log_path,
    /// The user of the workers if the master is root.
    clinux_user,
};

/// Returns a built-in path or name, never NULL.
const char *clinux_built_in(enum clinux_place place);
