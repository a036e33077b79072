/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Specifications of network interfaces and of channels: comma-separated `key=value`. */
#include <config/parse.h>

#include <string.h>

struct option {
	const char *key;
	const char **text; /* where its value goes; NULL: set_value() knows */
};

/* The place of the option of that name, -1 if there is none. */
static int option_find(const struct option *options, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(options[i].key, key) == 0) {
			return (int)i;
		}
	}
	return -1;
}

static bool unknown(const char *device, const struct option *options, size_t count,
		    const struct spec_part *part, struct place place, struct messages *messages)
{
	const char *nearest = nearest_name(part->key, &options[0].key, count, sizeof(*options));

	return fault_at(messages, place, "%s: no such option \"%s\"%s%s%s", device, part->key,
			nearest ? "; did you mean \"" : "", nearest ? nearest : "",
			nearest ? "\"?" : "");
}

/* The options of a vif whose values are more than text. */
static bool vif_set(struct vif_config *vif, const struct spec_part *part, struct messages *messages)
{
	unsigned long long number = 0;

	if (strcmp(part->key, "mac") == 0) {
		vif->has_mac = mac_parse(part->value, vif->mac) && !(vif->mac[0] & 1);
		return vif->has_mac ||
		       fault_at(
			       messages, vif->place,
			       "vif: mac=%s; accepted: six bytes like 00:16:3e:01:02:03, not of a group",
			       part->value);
	}
	if (strcmp(part->key, "rate") == 0) {
		vif->rate = part->value;
		return rate_parse(part->value, &vif->rate_bytes, &vif->rate_usecs) ||
		       fault_at(messages, vif->place,
				"vif: rate=%s; accepted: 10Mb/s, 250KB/s, 1MB/s@20ms", part->value);
	}
	if (strcmp(part->key, "mtu") == 0) {
		bool valid = number_parse(part->value, 10, 65535, &number) && number >= 68;

		vif->mtu = (uint32_t)number;
		return valid || fault_at(messages, vif->place, "vif: mtu=%s; accepted: 68 to 65535",
					 part->value);
	}
	if (strcmp(part->key, "devid") == 0) {
		bool valid = number_parse(part->value, 0, 65535, &number);

		vif->devid = (unsigned int)number;
		vif->has_devid = valid;
		return valid || fault_at(messages, vif->place,
					 "vif: devid=%s; accepted: 0 to 65535", part->value);
	}
	/* Of emulated cards: every vif is the kind that type=vif asks for. */
	if (strcmp(part->key, "model") == 0 || strcmp(part->value, "ioemu") == 0) {
		messages_add(messages, MESSAGE_WARNING, vif->place,
			     "vif: %s=%s is for HVM guests; ignored", part->key, part->value);
	}
	return true;
}

bool vif_parse(struct arena *arena, const char *text, struct place place, struct vif_config *vif,
	       struct messages *messages)
{
	const struct option options[] = {
		{"bridge", &vif->bridge},
		{"gatewaydev", &vif->gatewaydev},
		{"netdev", &vif->gatewaydev},
		{"vifname", &vif->vifname},
		{"script", &vif->script},
		{"ip", &vif->ip},
		{"backend", &vif->backend},
		{"vlan", &vif->vlan},
		{"mac", NULL},
		{"rate", NULL},
		{"mtu", NULL},
		{"devid", NULL},
		{"model", NULL},
		{"type", NULL},
		{"trusted", NULL},
		{"untrusted", NULL},
	};
	const size_t count = sizeof(options) / sizeof(*options);
	struct spec_part part;

	*vif = (struct vif_config){.place = place, .trusted = true};
	while (spec_next(arena, &text, NULL, &part)) {
		int found = option_find(options, count, part.key);

		if (!part.value && !*part.key) {
			continue;
		}
		if (!part.value &&
		    (strcmp(part.key, "trusted") == 0 || strcmp(part.key, "untrusted") == 0)) {
			vif->trusted = *part.key == 't';
		} else if (found < 0) {
			return unknown("vif", options, count, &part, place, messages);
		} else if (!part.value) {
			return fault_at(messages, place, "vif: %s has no value; say %s=...",
					part.key, part.key);
		} else if (options[found].text) {
			*options[found].text = *part.value ? part.value : NULL;
		} else if (*part.value && !vif_set(vif, &part, messages)) {
			return false;
		}
	}
	return true;
}

bool channel_parse(struct arena *arena, const char *text, struct place place,
		   struct channel_config *channel, struct messages *messages)
{
	const char *connection = NULL;
	const struct option options[] = {{"name", &channel->name},
					 {"backend", &channel->backend},
					 {"path", &channel->path},
					 {"connection", &connection}};
	struct spec_part part;

	*channel = (struct channel_config){.place = place};
	while (spec_next(arena, &text, NULL, &part)) {
		int found = option_find(options, 4, part.key);

		if (found < 0 || !part.value) {
			return unknown("channel", options, 4, &part, place, messages);
		}
		*options[found].text = *part.value ? part.value : NULL;
	}
	if (!channel->name) {
		return fault_at(messages, place, "channel: no name; say name=org.example.agent.0");
	}
	if (!connection || (strcmp(connection, "pty") != 0 && strcmp(connection, "socket") != 0)) {
		return fault_at(messages, place, "channel: connection=%s; accepted: pty, socket",
				connection ? connection : "");
	}
	channel->connection = *connection == 's' ? CHANNEL_SOCKET : CHANNEL_PTY;
	return channel->connection == CHANNEL_PTY || channel->path ||
	       fault_at(messages, place, "channel: connection=socket needs path=");
}
