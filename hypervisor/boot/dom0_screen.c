/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen as the loader left it, for Dom0 to take over. */
#include <boot/dom0_screen.h>

#define UNIT_64K 65536u

static void describe_text(struct dom0_vga_console_info *console, uint16_t columns, uint16_t rows)
{
	console->video_type = XEN_VGATYPE_TEXT_MODE_3;
	console->u.text_mode_3.font_height = 16;
	console->u.text_mode_3.columns = columns;
	console->u.text_mode_3.rows = rows;
	/* Where its last line was written nobody says: the end loses least. */
	console->u.text_mode_3.cursor_y = rows - 1;
}

static void describe_pixels(struct dom0_vga_console_info *console, const struct boot_screen *screen,
			    bool efi)
{
	uint8_t colour_bits = (uint8_t)(screen->red.size + screen->green.size + screen->blue.size);

	console->video_type = efi ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB;
	console->u.vesa_lfb.width = (uint16_t)screen->width;
	console->u.vesa_lfb.height = (uint16_t)screen->height;
	console->u.vesa_lfb.bytes_per_line = (uint16_t)screen->pitch;
	console->u.vesa_lfb.bits_per_pixel = screen->bits_per_pixel;
	console->u.vesa_lfb.lfb_base = (uint32_t)screen->address;
	console->u.vesa_lfb.ext_lfb_base = (uint32_t)(screen->address >> 32);
	console->u.vesa_lfb.lfb_size =
		(uint32_t)(((uint64_t)screen->pitch * screen->height + UNIT_64K - 1) / UNIT_64K);
	console->u.vesa_lfb.red_pos = screen->red.position;
	console->u.vesa_lfb.red_size = screen->red.size;
	console->u.vesa_lfb.green_pos = screen->green.position;
	console->u.vesa_lfb.green_size = screen->green.size;
	console->u.vesa_lfb.blue_pos = screen->blue.position;
	console->u.vesa_lfb.blue_size = screen->blue.size;
	if (screen->bits_per_pixel > colour_bits) {
		console->u.vesa_lfb.rsvd_pos = colour_bits;
		console->u.vesa_lfb.rsvd_size = screen->bits_per_pixel - colour_bits;
	}
}

void dom0_screen_describe(struct start_info *si, const struct boot_info *info)
{
	struct dom0_vga_console_info *console = (void *)(si + 1);
	const struct boot_screen *screen = &info->screen;

	switch (screen->kind) {
	case SCREEN_NONE:
		return;
	case SCREEN_UNKNOWN:
		describe_text(console, 80, 25);
		break;
	case SCREEN_TEXT:
		describe_text(console, (uint16_t)screen->width, (uint16_t)screen->height);
		break;
	case SCREEN_PIXELS:
		describe_pixels(console, screen, info->efi_system_table != 0);
		break;
	}
	si->console.dom0.info_off = sizeof(*si);
	si->console.dom0.info_size = sizeof(*console);
}
