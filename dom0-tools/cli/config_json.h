/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration as JSON, shaped as that of `xl create -N`. */
#ifndef CLI_CONFIG_JSON_H
#define CLI_CONFIG_JSON_H

#include <config/config.h>

/* key: what it is called in the object that is open; NULL: nothing. */
void config_json(const char *key, const struct domain_config *config);

#endif
