/* A disk that misbehaves, for tests: preloaded, it stands between a program and the files below one folder.
 * Owns what it writes down and what it keeps of removed files. Never touches a file outside that folder.
 *
 * FAULT_ROOT   the folder; nothing else is looked at
 * FAULT_TRACE  a file that takes one line for each call, tab-separated (below)
 * FAULT_AT     call:kind:folder:n:effect — what happens at the n-th such call (from 1):
 *              EIO, ENOSPC   the call fails and does nothing
 *              short         half of the bytes are written, and the call says so
 *              torn          half of the bytes are written, and the call fails with EIO
 * FAULT_GRAVE  a folder on the same disk that keeps files which were removed or written over, so that it can be undone
 * FAULT_FULL   a path: while it exists, every call that takes space fails with ENOSPC
 * FAULT_SLOW   a path: while it exists, every sync takes as many milliseconds longer as it holds
 *
 * Lines:  call <name> <kind> <folder> <n> <path>       before each counted call
 *         fault <name> <kind> <folder> <n> <path>      where FAULT_AT struck
 *         created <path> | made <path> | renaming <from> <to> <kept or -> | unlinking <path> <kept or ->   before it is done
 *         truncated <path> <bytes> | synced <path> <bytes>                                      after it was done
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 65536
#define COUNTERS_MAX 512

enum effect { NONE, FAIL_EIO, FAIL_ENOSPC, SHORT, TORN };

struct file { char *path; dev_t device; ino_t inode; };
struct counter { char name[128]; unsigned long count; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES_MAX];
static struct counter counters[COUNTERS_MAX];
static const char *root, *grave, *at, *full, *slow;
static size_t root_length;
static int trace = -1;
static unsigned long kept_count;

#define REAL(result, name, ...)                                   \
  static result (*real_##name)(__VA_ARGS__);                      \
  if (!real_##name) real_##name = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULT_TRACE");
  grave = getenv("FAULT_GRAVE");
  at = getenv("FAULT_AT");
  full = getenv("FAULT_FULL");
  slow = getenv("FAULT_SLOW");
  if (path) trace = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  root = getenv("FAULT_ROOT");
  root_length = root ? strlen(root) : 0;
}

static void say(const char *format, ...) {
  if (trace < 0) return;
  char line[3 * PATH_MAX];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length > 0) syscall(SYS_write, trace, line, (size_t)length);
}

/* The path as it stands below the root; NULL for what is none of ours. Paths that are not absolute are the caller's. */
static const char *below(const char *path) {
  if (!root || !path || strncmp(path, root, root_length) != 0) return NULL;
  if (path[root_length] == '/' || path[root_length] == 0) return path;
  return NULL;
}

static int ends(const char *text, const char *end) {
  size_t length = strlen(text), wanted = strlen(end);
  return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

static const char *kind_of(const char *path) {
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  if (ends(name, ".log")) return "wal";
  if (ends(name, ".sst")) return "sst";
  if (ends(name, ".blob")) return "blob";
  if (ends(name, ".dbtmp")) return "temporary";
  if (ends(name, ".key") || ends(name, ".pub") || ends(name, ".partial")) return "key";
  if (strncmp(name, "MANIFEST-", 9) == 0) return "manifest";
  if (strncmp(name, "OPTIONS-", 8) == 0) return "options";
  if (strcmp(name, "CURRENT") == 0) return "current";
  if (strcmp(name, "IDENTITY") == 0) return "identity";
  if (strcmp(name, "LOCK") == 0) return "lock";
  if (strncmp(name, "LOG", 3) == 0) return "journal";
  return "folder";
}

/* The first name below the root. */
static void folder_of(const char *path, char *folder, size_t room) {
  const char *rest = path + root_length;
  if (*rest == '/') rest++;
  size_t length = strcspn(rest, "/");
  if (!rest[length]) rest = "top", length = 3; /* it lies in the root itself */
  if (length >= room) length = room - 1;
  memcpy(folder, rest, length);
  folder[length] = 0;
}

/* Counts the call; gives what is to happen to it. */
static enum effect consult(const char *call, const char *path) {
  const char *kind = kind_of(path);
  char folder[64], name[128];
  folder_of(path, folder, sizeof folder);
  snprintf(name, sizeof name, "%s:%s:%s", call, kind, folder);
  pthread_mutex_lock(&lock);
  unsigned long count = 0;
  for (int i = 0; i < COUNTERS_MAX; i++) {
    if (!counters[i].name[0]) strcpy(counters[i].name, name);
    if (strcmp(counters[i].name, name) == 0) {
      count = ++counters[i].count;
      break;
    }
  }
  pthread_mutex_unlock(&lock);
  say("call\t%s\t%s\t%s\t%lu\t%s\n", call, kind, folder, count, path);
  if (!at) return NONE;
  char wanted[160];
  int length = snprintf(wanted, sizeof wanted, "%s:%lu:", name, count);
  if (strncmp(at, wanted, (size_t)length) != 0) return NONE;
  say("fault\t%s\t%s\t%s\t%lu\t%s\n", call, kind, folder, count, path);
  const char *effect = at + length;
  if (strcmp(effect, "EIO") == 0) return FAIL_EIO;
  if (strcmp(effect, "ENOSPC") == 0) return FAIL_ENOSPC;
  return strcmp(effect, "short") == 0 ? SHORT : TORN;
}

static int is_full(void) { return full && syscall(SYS_faccessat, AT_FDCWD, full, F_OK) == 0; }

static int refuse(enum effect effect) {
  errno = effect == FAIL_ENOSPC ? ENOSPC : EIO;
  return -1;
}

/* ---- which descriptor is which file ---------------------------------------------------------------------- */

static void forget(int fd) {
  if (fd < 0 || fd >= FILES_MAX) return;
  pthread_mutex_lock(&lock);
  free(files[fd].path);
  files[fd].path = NULL;
  pthread_mutex_unlock(&lock);
}

static void remember(int fd, const char *path) {
  struct stat status;
  forget(fd);
  if (fd < 0 || fd >= FILES_MAX || fstat(fd, &status) != 0) return;
  pthread_mutex_lock(&lock);
  files[fd].path = strdup(path);
  files[fd].device = status.st_dev;
  files[fd].inode = status.st_ino;
  pthread_mutex_unlock(&lock);
}

/* The file behind a descriptor, copied into `path`, with its size; 0 for none of ours. A number may have been given to another
 * file by a call that is not seen here. */
static int known(int fd, char *path, off_t *size) {
  if (!root || fd < 0 || fd >= FILES_MAX) return 0;
  struct stat status;
  pthread_mutex_lock(&lock);
  int found = files[fd].path != NULL;
  if (found) snprintf(path, PATH_MAX, "%s", files[fd].path);
  dev_t device = files[fd].device;
  ino_t inode = files[fd].inode;
  pthread_mutex_unlock(&lock);
  if (!found || fstat(fd, &status) != 0 || status.st_dev != device || status.st_ino != inode) return 0;
  *size = status.st_size;
  return 1;
}

/* A file that was renamed keeps its descriptors. */
static void renamed(const char *from, const char *to) {
  pthread_mutex_lock(&lock);
  for (int fd = 0; fd < FILES_MAX; fd++) {
    if (files[fd].path && strcmp(files[fd].path, from) == 0) {
      free(files[fd].path);
      files[fd].path = strdup(to);
    }
  }
  pthread_mutex_unlock(&lock);
}

/* ---- opening and closing --------------------------------------------------------------------------------- */

static int opened(const char *path, int flags, mode_t mode, int (*real)(const char *, int, ...)) {
  if (!below(path)) return real(path, flags, mode);
  enum effect effect = consult("open", path);
  if (effect != NONE) return refuse(effect);
  int is_new = (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
  if (is_new && is_full()) return refuse(FAIL_ENOSPC);
  if (is_new) say("created\t%s\n", path);
  int fd = real(path, flags, mode);
  if (fd >= 0) remember(fd, path);
  if (fd >= 0 && (flags & O_TRUNC) && !is_new) say("truncated\t%s\t0\n", path);
  return fd;
}

#define MODE(flags, last)                \
  mode_t mode = 0;                       \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list arguments;                   \
    va_start(arguments, last);           \
    mode = va_arg(arguments, mode_t);    \
    va_end(arguments);                   \
  }

int open(const char *path, int flags, ...) {
  MODE(flags, flags)
  REAL(int, open, const char *, int, ...);
  return opened(path, flags, mode, real_open);
}

int open64(const char *path, int flags, ...) {
  MODE(flags, flags)
  REAL(int, open64, const char *, int, ...);
  return opened(path, flags, mode, real_open64);
}

int close(int fd) {
  REAL(int, close, int);
  forget(fd);
  return real_close(fd);
}

/* ---- writing --------------------------------------------------------------------------------------------- */

/* What is to be done with a write: its effect, and in `bytes` how much of it is written. RocksDB's own journal is not counted. */
static enum effect writing(const char *call, int fd, size_t *bytes) {
  char path[PATH_MAX];
  off_t size;
  if (!known(fd, path, &size)) return NONE;
  if (is_full()) return FAIL_ENOSPC;
  if (strcmp(kind_of(path), "journal") == 0) return NONE;
  enum effect effect = consult(call, path);
  if (effect == SHORT || effect == TORN) *bytes /= 2;
  return effect;
}

#define WRITTEN(effect, bytes, result)                                      \
  if (effect == FAIL_EIO || effect == FAIL_ENOSPC) return refuse(effect);   \
  if ((effect == SHORT || effect == TORN) && bytes == 0) return refuse(FAIL_EIO); \
  ssize_t count = result;                                                   \
  return effect == TORN ? refuse(FAIL_EIO) : count

ssize_t write(int fd, const void *data, size_t bytes) {
  REAL(ssize_t, write, int, const void *, size_t);
  enum effect effect = writing("write", fd, &bytes);
  WRITTEN(effect, bytes, real_write(fd, data, bytes));
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) {
  REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
  enum effect effect = writing("pwrite", fd, &bytes);
  WRITTEN(effect, bytes, real_pwrite(fd, data, bytes, offset));
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off_t offset) { return pwrite(fd, data, bytes, offset); }

ssize_t writev(int fd, const struct iovec *parts, int count_of_parts) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  size_t bytes = 2;
  enum effect effect = writing("writev", fd, &bytes);
  if (effect == NONE) return real_writev(fd, parts, count_of_parts);
  if (effect != SHORT && effect != TORN) return refuse(effect);
  return refuse(FAIL_EIO);
}

int ftruncate(int fd, off_t length) {
  REAL(int, ftruncate, int, off_t);
  char path[PATH_MAX];
  off_t size;
  int ours = known(fd, path, &size);
  int result = real_ftruncate(fd, length);
  if (ours && result == 0) say("truncated\t%s\t%lld\n", path, (long long)length);
  return result;
}

int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int fallocate(int fd, int mode, off_t offset, off_t length) {
  REAL(int, fallocate, int, int, off_t, off_t);
  char path[PATH_MAX];
  off_t size;
  if (known(fd, path, &size) && is_full()) return refuse(FAIL_ENOSPC);
  return real_fallocate(fd, mode, offset, length);
}

/* ---- syncing --------------------------------------------------------------------------------------------- */

static void wait_for_a_slow_disk(void) {
  char text[16] = "";
  int fd = slow ? (int)syscall(SYS_openat, AT_FDCWD, slow, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  long length = syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  if (length > 0) usleep((useconds_t)(atoi(text) * 1000));
}

static int syncing(const char *call, int fd, int (*real)(int)) {
  char path[PATH_MAX];
  off_t size; /* what is written while the sync runs may not be covered by it */
  if (!known(fd, path, &size)) return real(fd);
  enum effect effect = consult(call, path);
  if (effect != NONE) return refuse(effect);
  wait_for_a_slow_disk();
  int result = real(fd);
  if (result == 0) say("synced\t%s\t%lld\n", path, (long long)size);
  return result;
}

int fsync(int fd) {
  REAL(int, fsync, int);
  return syncing("fsync", fd, real_fsync);
}

int fdatasync(int fd) {
  REAL(int, fdatasync, int);
  return syncing("fdatasync", fd, real_fdatasync);
}

/* `sync_file_range` is let through and promises nothing: it neither covers a file's length nor empties the disk's own cache. */

/* ---- names ----------------------------------------------------------------------------------------------- */

/* Keeps what a name stands for; gives its place in `kept`, or "-" where there is nothing to keep. */
static void keep(const char *path, char *kept, size_t room) {
  snprintf(kept, room, "-");
  if (!grave) return;
  char place[PATH_MAX];
  pthread_mutex_lock(&lock);
  unsigned long number = ++kept_count;
  pthread_mutex_unlock(&lock);
  snprintf(place, sizeof place, "%s/%d-%lu", grave, (int)getpid(), number);
  if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, place, 0) == 0) snprintf(kept, room, "%s", place);
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  if (!below(from) || !below(to)) return real_rename(from, to);
  enum effect effect = consult("rename", to);
  if (effect != NONE) return refuse(effect);
  char kept[PATH_MAX];
  keep(to, kept, sizeof kept);
  say("renaming\t%s\t%s\t%s\n", from, to, kept);
  int result = real_rename(from, to);
  if (result == 0) renamed(from, to);
  return result;
}

int unlink(const char *path) {
  REAL(int, unlink, const char *);
  if (!below(path)) return real_unlink(path);
  char kept[PATH_MAX];
  keep(path, kept, sizeof kept);
  say("unlinking\t%s\t%s\n", path, kept);
  return real_unlink(path);
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  if (!below(path) || syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0) return real_mkdir(path, mode);
  say("made\t%s\n", path);
  return real_mkdir(path, mode);
}
