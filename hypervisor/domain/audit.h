/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All references to frames counted anew: what each room of the hypervisor holds, put together. */
#ifndef DOMAIN_AUDIT_H
#define DOMAIN_AUDIT_H

/*
 * While the other CPUs stand still. What is wrong is said on the console, and how much in *faults.
 * -ENOMEM: there is no block for the counts; -EBUSY: the others did not come to a stand.
 */
int domain_audit(unsigned *faults);

#endif
