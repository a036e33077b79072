/* SPDX-License-Identifier: MIT */
/*
 * libpvxstore: clients of the store. The xs_* calls are those that programs know; all may be used
 * from any thread. A call that fails returns false, NULL or 0 and sets errno.
 *
 * With pvx-stored behind the socket a handle outlives the daemon: when the daemon is restarted,
 * calls that were under way are finished by the new one, once each, and watches keep working.
 */
#ifndef PVXSTORE_H
#define PVXSTORE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XBT_NULL 0

#define XS_OPEN_READONLY   (1UL << 0) /* both without effect */
#define XS_OPEN_SOCKETONLY (1UL << 1)
#define XS_UNWATCH_FILTER  (1UL << 2) /* after xs_unwatch() no event of that watch comes */

#define XS_PERM_NONE  0x00
#define XS_PERM_READ  0x01
#define XS_PERM_WRITE 0x02

struct xs_handle;
typedef uint32_t xs_transaction_t;

struct xs_permissions {
	unsigned int id;
	unsigned int perms; /* XS_PERM_* */
};

struct xs_handle *xs_open(unsigned long flags);
void xs_close(struct xs_handle *handle);
struct xs_handle *xs_daemon_open(void);
struct xs_handle *xs_domain_open(void);
struct xs_handle *xs_daemon_open_readonly(void);
void xs_daemon_close(struct xs_handle *handle);
void xs_daemon_destroy_postfork(struct xs_handle *handle);

/* What these return is one block: free() it. */
char **xs_directory(struct xs_handle *handle, xs_transaction_t t, const char *path,
		    unsigned int *num);
void *xs_read(struct xs_handle *handle, xs_transaction_t t, const char *path, unsigned int *len);
struct xs_permissions *xs_get_permissions(struct xs_handle *handle, xs_transaction_t t,
					  const char *path, unsigned int *num);
char *xs_get_domain_path(struct xs_handle *handle, unsigned int domid);
char *xs_control_command(struct xs_handle *handle, const char *cmd, void *data, unsigned int len);
char *xs_debug_command(struct xs_handle *handle, const char *cmd, void *data, unsigned int len);

bool xs_write(struct xs_handle *handle, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len);
bool xs_mkdir(struct xs_handle *handle, xs_transaction_t t, const char *path);
bool xs_rm(struct xs_handle *handle, xs_transaction_t t, const char *path);
bool xs_restrict(struct xs_handle *handle, unsigned int domid);
bool xs_set_permissions(struct xs_handle *handle, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num_perms);

bool xs_watch(struct xs_handle *handle, const char *path, const char *token);
bool xs_unwatch(struct xs_handle *handle, const char *path, const char *token);
/* Readable when xs_check_watch() may have something; ask it until it says EAGAIN. */
int xs_fileno(struct xs_handle *handle);
char **xs_check_watch(struct xs_handle *handle);
char **xs_read_watch(struct xs_handle *handle, unsigned int *num);

xs_transaction_t xs_transaction_start(struct xs_handle *handle);
bool xs_transaction_end(struct xs_handle *handle, xs_transaction_t t, bool abort);

bool xs_introduce_domain(struct xs_handle *handle, unsigned int domid, unsigned long mfn,
			 unsigned int eventchn);
bool xs_set_target(struct xs_handle *handle, unsigned int domid, unsigned int target);
bool xs_resume_domain(struct xs_handle *handle, unsigned int domid);
bool xs_release_domain(struct xs_handle *handle, unsigned int domid);
bool xs_is_domain_introduced(struct xs_handle *handle, unsigned int domid);

bool xs_path_is_subpath(const char *parent, const char *child);
const char *xs_daemon_rundir(void);
const char *xs_daemon_socket(void);
const char *xs_daemon_socket_ro(void);
int xs_suspend_evtchn_port(int domid);
bool xs_strings_to_perms(struct xs_permissions *perms, unsigned int num, const char *strings);

/*
 * Calls that do not wait. xs_send() queues a request (an operation of the protocol, its payload
 * byte by byte) and xs_finish() waits for the reply, which it returns as one block with a NUL
 * behind it; each sent call is to be finished once, in any order. xs_finished() says whether
 * xs_finish() would not have to wait.
 */
struct xs_call;
struct xs_call *xs_send(struct xs_handle *handle, xs_transaction_t t, uint32_t operation,
			const void *payload, unsigned int len);
bool xs_finished(struct xs_handle *handle, struct xs_call *call);
void *xs_finish(struct xs_handle *handle, struct xs_call *call, unsigned int *len);

#ifdef __cplusplus
}
#endif

#endif
