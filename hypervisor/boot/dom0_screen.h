/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen as the loader left it, for Dom0 to take over. */
#ifndef BOOT_DOM0_SCREEN_H
#define BOOT_DOM0_SCREEN_H

#include <boot/boot_info.h>
#include <xen/xen.h>

/* Behind start_info on its page; nothing where there is no screen. */
void dom0_screen_describe(struct start_info *si, const struct boot_info *info);

#endif
