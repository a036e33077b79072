/* SPDX-License-Identifier: MIT */
/* Error numbers of hypercalls; they come back negated. The list below can be expanded by others. */
#ifndef PVX_XEN_ERRNO_LIST
#define PVX_XEN_ERRNO_LIST(E) \
	E(EPERM, 1)           \
	E(ENOENT, 2)          \
	E(ESRCH, 3)           \
	E(EINTR, 4)           \
	E(EIO, 5)             \
	E(ENXIO, 6)           \
	E(E2BIG, 7)           \
	E(ENOEXEC, 8)         \
	E(EBADF, 9)           \
	E(ECHILD, 10)         \
	E(EAGAIN, 11)         \
	E(EWOULDBLOCK, 11)    \
	E(ENOMEM, 12)         \
	E(EACCES, 13)         \
	E(EFAULT, 14)         \
	E(EBUSY, 16)          \
	E(EEXIST, 17)         \
	E(EXDEV, 18)          \
	E(ENODEV, 19)         \
	E(ENOTDIR, 20)        \
	E(EISDIR, 21)         \
	E(EINVAL, 22)         \
	E(ENFILE, 23)         \
	E(EMFILE, 24)         \
	E(ENOSPC, 28)         \
	E(EROFS, 30)          \
	E(EMLINK, 31)         \
	E(EDOM, 33)           \
	E(ERANGE, 34)         \
	E(EDEADLK, 35)        \
	E(EDEADLOCK, 35)      \
	E(ENAMETOOLONG, 36)   \
	E(ENOLCK, 37)         \
	E(ENOSYS, 38)         \
	E(ENOTEMPTY, 39)      \
	E(ENODATA, 61)        \
	E(ETIME, 62)          \
	E(EBADMSG, 74)        \
	E(EOVERFLOW, 75)      \
	E(EILSEQ, 84)         \
	E(ERESTART, 85)       \
	E(ENOTSOCK, 88)       \
	E(EMSGSIZE, 90)       \
	E(EOPNOTSUPP, 95)     \
	E(EADDRINUSE, 98)     \
	E(EADDRNOTAVAIL, 99)  \
	E(ENOBUFS, 105)       \
	E(EISCONN, 106)       \
	E(ENOTCONN, 107)      \
	E(ETIMEDOUT, 110)     \
	E(ECONNREFUSED, 111)

#define PVX_XEN_ERRNO_ENUM(name, value) XEN_##name = value,
enum xen_errno { PVX_XEN_ERRNO_LIST(PVX_XEN_ERRNO_ENUM) };
#undef PVX_XEN_ERRNO_ENUM

#endif
