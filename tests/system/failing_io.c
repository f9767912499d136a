/* Make the N-th call that changes files under one folder fail, or the last: LD_PRELOAD this, then failing_io_arm.
 *
 * Counts write, pwrite, fsync, fdatasync, ftruncate, fallocate, rename, link, unlink, mkdir and open with O_CREAT, on
 * paths under the folder. What becomes of the N-th:
 *   ONCE    nothing of it is done, errno is what was asked for, and the next call works again
 *   LASTING every call after it fails too, like a disk that is full or gone
 *   HALF    of writes alone, the N-th writes half of its bytes before it fails
 *   KILL    the process is killed in its place
 *   TORN    of writes alone, the N-th writes half of its bytes, and the process is killed
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[PATH_MAX];
static size_t length;
static long countdown, calls, failures;
static int error_number;
static enum { ONCE, LASTING, HALF, KILL, TORN } mode;

void failing_io_arm(const char *path, long nth, int error, int how)
{
    length = strlen(path);
    if (length >= sizeof folder)
        return;
    memcpy(folder, path, length + 1);
    countdown = nth;
    error_number = error;
    mode = how;
    calls = failures = 0;
}

void failing_io_disarm(void) { countdown = 0; }
long failing_io_calls(void) { return calls; }
long failing_io_failures(void) { return failures; }

static int found(const char *path)
{
    if (countdown == 0 || path == NULL || strncmp(path, folder, length) != 0)
        return 0;
    calls++;
    if (calls != countdown && !(mode == LASTING && calls > countdown))
        return 0;
    failures++;
    return 1;
}

static int fails_at(int handle, int is_write)
{
    char link[64], path[PATH_MAX];
    if (countdown == 0 || ((mode == HALF || mode == TORN) && !is_write))
        return 0;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t size = readlink(link, path, sizeof path - 1);
    errno = before;
    if (size < 0)
        return 0;
    path[size] = 0;
    return found(path);
}

static int fails(const char *path) { return mode != HALF && mode != TORN && found(path); }

static int failed(void)
{
    if (mode == KILL || mode == TORN)
        raise(SIGKILL);
    errno = error_number;
    return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRITE(call)                                                                                                    \
    do {                                                                                                               \
        int bad = fails_at(handle, 1);                                                                                  \
        if (bad)                                                                                                       \
            size /= 2;                                                                                                 \
        ssize_t done = !bad || mode == HALF || mode == TORN ? call : 0;                                                \
        return bad ? failed() : done;                                                                                  \
    } while (0)

ssize_t write(int handle, const void *data, size_t size) { WRITE(REAL(write)(handle, data, size)); }
ssize_t pwrite(int handle, const void *data, size_t size, off_t at) { WRITE(REAL(pwrite)(handle, data, size, at)); }
ssize_t pwrite64(int handle, const void *data, size_t size, off64_t at) { WRITE(REAL(pwrite64)(handle, data, size, at)); }
int fsync(int handle) { return fails_at(handle, 0) ? failed() : REAL(fsync)(handle); }
int fdatasync(int handle) { return fails_at(handle, 0) ? failed() : REAL(fdatasync)(handle); }
int ftruncate(int handle, off_t size) { return fails_at(handle, 0) ? failed() : REAL(ftruncate)(handle, size); }
int ftruncate64(int handle, off64_t size) { return fails_at(handle, 0) ? failed() : REAL(ftruncate64)(handle, size); }
int posix_fallocate(int handle, off_t at, off_t size) { return fails_at(handle, 0) ? (failed(), error_number) : REAL(posix_fallocate)(handle, at, size); }
int posix_fallocate64(int handle, off64_t at, off64_t size) { return fails_at(handle, 0) ? (failed(), error_number) : REAL(posix_fallocate64)(handle, at, size); }
int rename(const char *from, const char *to) { return fails(to) ? failed() : REAL(rename)(from, to); }
int renameat(int a, const char *from, int b, const char *to) { return fails(to) ? failed() : REAL(renameat)(a, from, b, to); }
int link(const char *from, const char *to) { return fails(to) ? failed() : REAL(link)(from, to); }
int unlink(const char *path) { return fails(path) ? failed() : REAL(unlink)(path); }
int unlinkat(int a, const char *path, int flags) { return fails(path) ? failed() : REAL(unlinkat)(a, path, flags); }
int mkdir(const char *path, mode_t rights) { return fails(path) ? failed() : REAL(mkdir)(path, rights); }

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t rights = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return flags & O_CREAT && fails(path) ? failed() : REAL(open)(path, flags, rights);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t rights = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return flags & O_CREAT && fails(path) ? failed() : REAL(open64)(path, flags, rights);
}
