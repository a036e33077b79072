/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain XML, which pvx leaves to pvx-xml. */
#ifndef CLI_XML_H
#define CLI_XML_H

#include <config/config.h>

/* Whether the file's first byte that is no blank begins an element. NULL is no file. */
bool xml_is(const char *path);
/* As config_load(). */
bool xml_load(struct domain_config *config, const char *path, char **arguments, int count,
	      struct messages *messages);

#endif
