/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Features of processors whose names in domain XML and in cpuid= differ; NULL: none for PV guests.
 */
#include <string.h>
#include <xml/xml.h>

static const struct {
	const char *xml;
	const char *cfg;
} names[] = {
	{"cid", "cntxid"},
	{"clflush", "clfsh"},
	{"cmp_legacy", "cmplegacy"},
	{"cr8legacy", "altmovcr8"},
	{"cx16", "cmpxchg16"},
	{"cx8", "cmpxchg8"},
	{"ds_cpl", "dscpl"},
	{"fxsr_opt", "ffxsr"},
	{"ht", "htt"},
	{"lahf_lm", "lahfsahf"},
	{"nodeid_msr", "nodeid"},
	{"pclmuldq", "pclmulqdq"},
	{"pdpe1gb", "page1gb"},
	{"pn", "psn"},
	{"pni", "sse3"},
	{"sep", "sysenter"},
	{"spec-ctrl", "ibrsb"},
	{"svm", NULL},
	{"vmx", NULL},
};

const char *feature_for_xml(const char *cfg)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].cfg && strcmp(names[i].cfg, cfg) == 0) {
			return names[i].xml;
		}
	}
	return cfg;
}

const char *feature_for_cfg(const char *xml)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i].xml, xml) == 0) {
			return names[i].cfg;
		}
	}
	return xml;
}
