/* Make the N-th call that changes files under one folder fail: LD_PRELOAD this, then call failing_io_arm.
 *
 * Counts write, pwrite, fsync, fdatasync, ftruncate, fallocate, rename, link, unlink and open with O_CREAT, on paths
 * under the folder. In "once" mode only the N-th fails; in "for ever" mode every one from the N-th on does, like a disk
 * that is full or gone. Nothing of the call is done; errno is what was asked for.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[PATH_MAX];
static size_t length;
static long countdown, calls, failures;
static int error_number, for_ever;

void failing_io_arm(const char *path, long nth, int error, int lasting)
{
    length = strlen(path);
    if (length >= sizeof folder)
        return;
    memcpy(folder, path, length + 1);
    countdown = nth;
    error_number = error;
    for_ever = lasting;
    calls = failures = 0;
}

void failing_io_disarm(void) { countdown = 0; }
long failing_io_calls(void) { return calls; }
long failing_io_failures(void) { return failures; }

static int fails(const char *path)
{
    if (countdown == 0 || path == NULL || strncmp(path, folder, length) != 0)
        return 0;
    calls++;
    if (calls != countdown && !(for_ever && calls > countdown))
        return 0;
    failures++;
    errno = error_number;
    return 1;
}

static int fails_at(int handle)
{
    char link[64], path[PATH_MAX];
    if (countdown == 0)
        return 0;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t size = readlink(link, path, sizeof path - 1);
    errno = before;
    if (size < 0)
        return 0;
    path[size] = 0;
    return fails(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int handle, const void *data, size_t size) { return fails_at(handle) ? -1 : REAL(write)(handle, data, size); }
ssize_t pwrite(int handle, const void *data, size_t size, off_t at) { return fails_at(handle) ? -1 : REAL(pwrite)(handle, data, size, at); }
ssize_t pwrite64(int handle, const void *data, size_t size, off64_t at) { return fails_at(handle) ? -1 : REAL(pwrite64)(handle, data, size, at); }
int fsync(int handle) { return fails_at(handle) ? -1 : REAL(fsync)(handle); }
int fdatasync(int handle) { return fails_at(handle) ? -1 : REAL(fdatasync)(handle); }
int ftruncate(int handle, off_t size) { return fails_at(handle) ? -1 : REAL(ftruncate)(handle, size); }
int ftruncate64(int handle, off64_t size) { return fails_at(handle) ? -1 : REAL(ftruncate64)(handle, size); }
int posix_fallocate(int handle, off_t at, off_t size) { return fails_at(handle) ? error_number : REAL(posix_fallocate)(handle, at, size); }
int posix_fallocate64(int handle, off64_t at, off64_t size) { return fails_at(handle) ? error_number : REAL(posix_fallocate64)(handle, at, size); }
int rename(const char *from, const char *to) { return fails(to) ? -1 : REAL(rename)(from, to); }
int renameat(int a, const char *from, int b, const char *to) { return fails(to) ? -1 : REAL(renameat)(a, from, b, to); }
int link(const char *from, const char *to) { return fails(to) ? -1 : REAL(link)(from, to); }
int unlink(const char *path) { return fails(path) ? -1 : REAL(unlink)(path); }
int unlinkat(int a, const char *path, int flags) { return fails(path) ? -1 : REAL(unlinkat)(a, path, flags); }

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return flags & O_CREAT && fails(path) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return flags & O_CREAT && fails(path) ? -1 : REAL(open64)(path, flags, mode);
}
