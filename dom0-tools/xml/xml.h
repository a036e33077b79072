/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's domain XML, as its Xen driver has it for PV guests, read and written. */
#ifndef XML_XML_H
#define XML_XML_H

#include <config/config.h>

/* As config_parse(): false with messages, whose lines are those of the XML. */
bool xml_read(struct domain_config *config, const char *name, const char *bytes, size_t size,
	      struct messages *messages);
bool xml_write(const struct domain_config *config, FILE *out);

/* The script that says that a bridge is an Open vSwitch. */
#define VSWITCH_SCRIPT "vif-openvswitch"

/* A processor's feature as the other side names it; NULL: PV guests have none such. */
const char *feature_for_xml(const char *cfg);
const char *feature_for_cfg(const char *xml);

#endif
