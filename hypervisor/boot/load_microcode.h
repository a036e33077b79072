/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The microcode that ucode= asks for, from the loader's modules to the boot CPU. */
#ifndef BOOT_LOAD_MICROCODE_H
#define BOOT_LOAD_MICROCODE_H

#include <boot/boot_info.h>
#include <boot/microcode.h>
#include <boot/physical.h>

/*
 * Before features are looked at, for an update may bring some. Takes the module that ucode= names
 * from what Dom0 may get. The log tells what became of it; failing stops nothing.
 */
void load_microcode(struct boot_info *info, const struct microcode_options *options,
		    const struct physical *memory);

#endif
