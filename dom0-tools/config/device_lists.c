/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys whose values are lists of things: CPUs, disks, interfaces, channels, ports, memory, lines.
 */
#include <config/keys.h>
#include <config/parse.h>

#include <inttypes.h>
#include <string.h>

/* The text of one item of a list; NULL with an error if it is a list again. */
static const char *item_text(struct reader *reader, const struct key *key, const struct value *item)
{
	if (item->kind == VALUE_LIST) {
		messages_add(reader->messages, MESSAGE_ERROR, item->place,
			     "%s is a list of strings, not of lists", key->name);
		return NULL;
	}
	return item->text;
}

/* Room for one more item in an array of the configuration. */
#define grown(reader, items, count)                                                      \
	((items) = arena_grow(&(reader)->config->arena, items, count, sizeof(*(items))), \
	 &(items)[(count)++])

static bool read_cpus(struct reader *reader, const struct key *key, const struct setting *setting)
{
	struct cpu_affinity *affinity = key_field(key, reader->config);

	affinity->per_vcpu = setting->value->kind == VALUE_LIST;
	for (const struct value *item = value_items(setting); item; item = item->next) {
		struct cpu_list *list = grown(reader, affinity->lists, affinity->count);
		const char *text = item_text(reader, key, item);

		if (text && !cpu_list_parse(&reader->config->arena, text, list)) {
			return fault_at(
				reader->messages, item->place,
				"%s = \"%s\"; accepted: \"all\", \"0-3,5,^1\", \"nodes:0-1,^node:1\", or a list of such, one for each vCPU",
				key->name, text);
		}
	}
	return true;
}

void write_cpu_list(const struct cpu_list *list, FILE *out)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct cpu_range *range = &list->ranges[i];

		fprintf(out, "%s%s%s", i ? "," : "", range->exclude ? "^" : "",
			range->nodes ? "nodes:" : "");
		if (range->first == 0 && range->last == CPU_LAST && !range->nodes) {
			fputs("all", out);
		} else if (range->first == range->last) {
			fprintf(out, "%u", range->first);
		} else {
			fprintf(out, "%u-%u", range->first, range->last);
		}
	}
}

static void write_cpus(const struct domain_config *config, const struct key *key, FILE *out)
{
	const struct cpu_affinity *affinity = key_value(key, config);

	if (affinity->count == 0) {
		return;
	}
	fprintf(out, "%s = %s", key->name, affinity->per_vcpu ? "[" : "");
	for (size_t i = 0; i < affinity->count; i++) {
		fputs(i ? ", \"" : "\"", out);
		write_cpu_list(&affinity->lists[i], out);
		fputc('"', out);
	}
	fputs(affinity->per_vcpu ? "]\n" : "\n", out);
}

static bool read_disks(struct reader *reader, const struct key *key, const struct setting *setting)
{
	struct domain_config *config = reader->config;
	bool good = true;

	for (const struct value *item = value_items(setting); item; item = item->next) {
		const char *text = item_text(reader, key, item);
		struct disk_config *disk = grown(reader, config->disks, config->disk_count);

		good = text &&
		       disk_parse(&config->arena, text, item->place, disk, reader->messages) &&
		       good;
		for (size_t i = 0; good && i + 1 < config->disk_count; i++) {
			if (config->disks[i].number == disk->number) {
				good = fault_at(reader->messages, item->place,
						"disk: %s is the same virtual device as %s",
						disk->vdev, config->disks[i].vdev);
			}
		}
	}
	return good;
}

/* One item a line: item_begin() for each, list_end() behind the last. */
static void item_begin(const struct key *key, size_t i, FILE *out)
{
	if (i == 0) {
		fprintf(out, "%s = [", key->name);
	}
	fputs(i ? ",\n\t" : "\n\t", out);
}

static void list_end(size_t count, FILE *out)
{
	fputs(count ? "\n]\n" : "", out);
}

/* ", name=value" inside a quoted string. */
static void write_option(FILE *out, const char *name, const char *value)
{
	if (value) {
		fprintf(out, ", %s=", name);
		write_escaped(out, value);
	}
}

static void write_disks(const struct domain_config *config, const struct key *key, FILE *out)
{
	for (size_t i = 0; i < config->disk_count; i++) {
		const struct disk_config *disk = &config->disks[i];

		item_begin(key, i, out);
		fputs("\"format=raw", out);
		write_option(out, "vdev", disk->vdev);
		write_option(out, "access", disk->shared ? "w!" : disk->writable ? "rw" : "ro");
		write_option(out, "devtype", disk->cdrom ? "cdrom" : NULL);
		write_option(out, "backend", disk->backend);
		write_option(out, "backendtype",
			     disk->backend_type ? disk_backend_names[disk->backend_type] : NULL);
		write_option(out, "script", disk->script);
		fprintf(out, "%s%s%s", disk->direct_io_safe ? ", direct-io-safe" : "",
			disk->discard ? "" : ", no-discard", disk->trusted ? "" : ", untrusted");
		write_option(out, "target", disk->target);
		fputc('"', out);
	}
	list_end(config->disk_count, out);
}

/* The lowest number that no vif before has or any asks for. */
static unsigned int free_devid(const struct domain_config *config, size_t before)
{
	for (unsigned int devid = 0;; devid++) {
		bool taken = false;

		for (size_t i = 0; i < config->vif_count; i++) {
			taken |= (i < before || config->vifs[i].has_devid) &&
				 config->vifs[i].devid == devid;
		}
		if (!taken) {
			return devid;
		}
	}
}

static bool number_vifs(struct reader *reader)
{
	struct domain_config *config = reader->config;

	for (size_t i = 0; i < config->vif_count; i++) {
		struct vif_config *vif = &config->vifs[i];

		if (!vif->has_devid) {
			vif->devid = free_devid(config, i);
		}
		for (size_t j = 0; j < i; j++) {
			if (config->vifs[j].devid == vif->devid) {
				return fault_at(reader->messages, vif->place,
						"vif: devid=%u is taken by another", vif->devid);
			}
		}
	}
	return true;
}

static bool read_vifs(struct reader *reader, const struct key *key, const struct setting *setting)
{
	struct domain_config *config = reader->config;
	bool good = true;

	for (const struct value *item = value_items(setting); item; item = item->next) {
		const char *text = item_text(reader, key, item);
		struct vif_config *vif = grown(reader, config->vifs, config->vif_count);

		good = text &&
		       vif_parse(&config->arena, text, item->place, vif, reader->messages) && good;
	}
	return good && number_vifs(reader);
}

static void write_vif(const struct vif_config *vif, FILE *out)
{
	const uint8_t *mac = vif->mac;

	fprintf(out, "\"devid=%u", vif->devid);
	if (vif->has_mac) {
		fprintf(out, ", mac=%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
			mac[4], mac[5]);
	}
	write_option(out, "bridge", vif->bridge);
	write_option(out, "gatewaydev", vif->gatewaydev);
	write_option(out, "vifname", vif->vifname);
	write_option(out, "script", vif->script);
	write_option(out, "ip", vif->ip);
	write_option(out, "backend", vif->backend);
	write_option(out, "vlan", vif->vlan);
	if (vif->rate_usecs) {
		fprintf(out, ", rate=%s", vif->rate);
	}
	if (vif->mtu) {
		fprintf(out, ", mtu=%u", vif->mtu);
	}
	fputs(vif->trusted ? "\"" : ", untrusted\"", out);
}

static void write_vifs(const struct domain_config *config, const struct key *key, FILE *out)
{
	for (size_t i = 0; i < config->vif_count; i++) {
		item_begin(key, i, out);
		write_vif(&config->vifs[i], out);
	}
	list_end(config->vif_count, out);
}

static bool read_channels(struct reader *reader, const struct key *key,
			  const struct setting *setting)
{
	struct domain_config *config = reader->config;
	bool good = true;

	for (const struct value *item = value_items(setting); item; item = item->next) {
		const char *text = item_text(reader, key, item);
		struct channel_config *channel =
			grown(reader, config->channels, config->channel_count);

		good = text &&
		       channel_parse(&config->arena, text, item->place, channel,
				     reader->messages) &&
		       good;
	}
	return good;
}

static void write_channels(const struct domain_config *config, const struct key *key, FILE *out)
{
	for (size_t i = 0; i < config->channel_count; i++) {
		const struct channel_config *channel = &config->channels[i];

		item_begin(key, i, out);
		fprintf(out, "\"connection=%s",
			channel->connection == CHANNEL_SOCKET ? "socket" : "pty");
		write_option(out, "name", channel->name);
		write_option(out, "backend", channel->backend);
		write_option(out, "path", channel->path);
		fputc('"', out);
	}
	list_end(config->channel_count, out);
}

/* "2f8-2ff", "2f8" */
static bool ports_parse(struct arena *arena, const char *text, struct port_range *range)
{
	const char *dash = strchrnul(text, '-');
	unsigned long long first;
	unsigned long long last;

	if (!number_parse(arena_text(arena, text, (size_t)(dash - text)), 16, 0xffff, &first) ||
	    !number_parse(*dash ? dash + 1 : text, 16, 0xffff, &last) || first > last) {
		return false;
	}
	*range = (struct port_range){(uint32_t)first, (uint32_t)last};
	return true;
}

static bool read_ioports(struct reader *reader, const struct key *key,
			 const struct setting *setting)
{
	struct domain_config *config = reader->config;

	for (const struct value *item = value_items(setting); item; item = item->next) {
		const char *text = item_text(reader, key, item);
		struct port_range *range = grown(reader, config->ioports, config->ioport_count);

		if (!text || !ports_parse(&config->arena, text, range)) {
			return text &&
			       fault_at(
				       reader->messages, item->place,
				       "ioports = \"%s\"; accepted: hexadecimal, \"2f8\" or \"2f8-2ff\"",
				       text);
		}
	}
	return true;
}

static void write_ioports(const struct domain_config *config, const struct key *key, FILE *out)
{
	for (size_t i = 0; i < config->ioport_count; i++) {
		item_begin(key, i, out);
		fprintf(out, "\"%x-%x\"", config->ioports[i].first, config->ioports[i].last);
	}
	list_end(config->ioport_count, out);
}

/* "START,PAGES[@GFN]" */
static bool iomem_parse(struct arena *arena, const char *text, struct iomem_range *range)
{
	const uint64_t most = UINT64_C(1) << 40;
	const char *comma = strchrnul(text, ',');
	const char *at = strchrnul(comma, '@');
	unsigned long long first;
	unsigned long long count;
	unsigned long long guest;

	if (!*comma ||
	    !number_parse(arena_text(arena, text, (size_t)(comma - text)), 16, most, &first) ||
	    !number_parse(arena_text(arena, comma + 1, (size_t)(at - comma - 1)), 16, most,
			  &count) ||
	    count == 0) {
		return false;
	}
	guest = first;
	if (*at && !number_parse(at + 1, 16, most, &guest)) {
		return false;
	}
	*range = (struct iomem_range){first, count, guest};
	return true;
}

static bool read_iomem(struct reader *reader, const struct key *key, const struct setting *setting)
{
	struct domain_config *config = reader->config;

	for (const struct value *item = value_items(setting); item; item = item->next) {
		const char *text = item_text(reader, key, item);
		struct iomem_range *range = grown(reader, config->iomem, config->iomem_count);

		if (!text || !iomem_parse(&config->arena, text, range)) {
			return text &&
			       fault_at(
				       reader->messages, item->place,
				       "iomem = \"%s\"; accepted: hexadecimal \"START,PAGES\" or \"START,PAGES@GFN\"",
				       text);
		}
	}
	return true;
}

static void write_iomem(const struct domain_config *config, const struct key *key, FILE *out)
{
	for (size_t i = 0; i < config->iomem_count; i++) {
		const struct iomem_range *range = &config->iomem[i];

		item_begin(key, i, out);
		fprintf(out, "\"%" PRIx64 ",%" PRIx64 "@%" PRIx64 "\"", range->first, range->count,
			range->guest);
	}
	list_end(config->iomem_count, out);
}

static bool read_irqs(struct reader *reader, const struct key *key, const struct setting *setting)
{
	struct domain_config *config = reader->config;
	unsigned long long number;

	for (const struct value *item = value_items(setting); item; item = item->next) {
		const char *text = item_text(reader, key, item);

		if (!text || !number_parse(text, 0, 1023, &number)) {
			return text && fault_at(reader->messages, item->place,
						"irqs = %s; accepted: 0 to 1023", text);
		}
		*grown(reader, config->irqs, config->irq_count) = (unsigned int)number;
	}
	return true;
}

static void write_irqs(const struct domain_config *config, const struct key *key, FILE *out)
{
	for (size_t i = 0; i < config->irq_count; i++) {
		item_begin(key, i, out);
		fprintf(out, "%u", config->irqs[i]);
	}
	list_end(config->irq_count, out);
}

const struct key_kind cpus_kind = {read_cpus, write_cpus}, disks_kind = {read_disks, write_disks},
		      vifs_kind = {read_vifs, write_vifs},
		      channels_kind = {read_channels, write_channels},
		      ioports_kind = {read_ioports, write_ioports},
		      iomem_kind = {read_iomem, write_iomem}, irqs_kind = {read_irqs, write_irqs};
