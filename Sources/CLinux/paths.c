#include "paths.h"

#ifndef APUS_PREFIX
#define APUS_PREFIX "/usr/share/apus"
#endif
#ifndef APUS_SBIN_PATH
#define APUS_SBIN_PATH "/usr/sbin/apus"
#endif
#ifndef APUS_CONF_PATH
#define APUS_CONF_PATH "/etc/apus/apus.conf"
#endif
#ifndef APUS_PID_PATH
#define APUS_PID_PATH "/run/apus.pid"
#endif
#ifndef APUS_ERROR_LOG_PATH
#define APUS_ERROR_LOG_PATH "/var/log/apus/error.log"
#endif
#ifndef APUS_ACCESS_LOG_PATH
#define APUS_ACCESS_LOG_PATH "/var/log/apus/access.log"
#endif
#ifndef APUS_USER
#define APUS_USER "nobody"
#endif

const char *clinux_built_in(enum clinux_place place) {
    switch (place) {
    case clinux_prefix: return APUS_PREFIX;
    case clinux_sbin_path: return APUS_SBIN_PATH;
    case clinux_conf_path: return APUS_CONF_PATH;
    case clinux_pid_path: return APUS_PID_PATH;
    case clinux_error_log_path: return APUS_ERROR_LOG_PATH;
    case clinux_access_log_path: return APUS_ACCESS_LOG_PATH;
    case clinux_user: return APUS_USER;
    }
    return "";
}
