/* Makes the operations of a process on the files of one folder fail; for Linux, with LD_PRELOAD.

   tests/faults.py loads it and calls `faults_arm`. Operations are the calls of the C library below
   that open a file for writing, write it, close it, rename or remove it. They are counted from 1.
   What only reads is let through. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is done to operation `first`, and to those after it. */
enum {
    COUNT,     /* nothing: all operations work */
    ONCE,      /* it fails, those after it work */
    SHORT,     /* it writes a half and says so, those after it work */
    FULL,      /* the disk is full: it writes a half; no later one can write or make a file */
    GONE,      /* the disk is gone: it fails, and so do all after it */
    KILLED,    /* the process ends in the middle of it */
};
enum { PASS, FAIL, HALF, DIE };

#define MAX 1000
static char folder[PATH_MAX];
static int kind, first, count;
static char names[MAX][300];
static ino_t unsynced[MAX];
static int num_unsynced;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void faults_arm(const char *path, int new_kind, int new_first) {
    snprintf(folder, sizeof folder, "%s", path);
    kind = new_kind, first = new_first, count = num_unsynced = 0;
}

void faults_disarm(void) { folder[0] = 0; }

int faults_count(void) { return count; }

/* Returns what operation n was, as "rename model.ckpt-3.index.tempstate123". */
const char *faults_name(int n) { return names[n - 1]; }

static int is_inside(const char *path) {
    size_t length = strlen(folder);
    return length && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* Decides on an operation of the file `path`. */
static int decide(const char *operation, const char *path, int needs_room) {
    if (!is_inside(path)) return PASS;
    if (++count > MAX) abort();
    snprintf(names[count - 1], sizeof *names, "%s %s", operation, path + strlen(folder));
    if (kind == COUNT || count < first) return PASS;
    if (kind == ONCE || kind == GONE) errno = EIO;
    if (kind == ONCE) return count == first ? FAIL : PASS;
    if (kind == SHORT) return count == first ? HALF : PASS;
    if (kind == FULL) errno = ENOSPC;
    if (kind == FULL) return !needs_room ? PASS : count == first ? HALF : FAIL;
    return kind == GONE ? FAIL : DIE;
}

/* Notes that the bytes of a file are in memory only, or no longer so. */
static void note_unsynced(int file, int is_unsynced) {
    struct stat status;
    if (file < 0 || fstat(file, &status)) return;
    for (int i = 0; i < num_unsynced; i++)
        if (unsynced[i] == status.st_ino) unsynced[i] = unsynced[--num_unsynced];
    if (is_unsynced) unsynced[num_unsynced++] = status.st_ino;
}

/* Ends the process. FOLDER.unsynced names the files that a power cut would now leave empty. */
static void die(void) {
    DIR *entries = opendir(folder);
    struct dirent *entry;
    char list[PATH_MAX + 20];
    snprintf(list, sizeof list, "%s.unsynced", folder);
    int file = REAL(open)(list, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    while (entries && (entry = readdir(entries)))
        for (int i = 0; i < num_unsynced; i++)
            if (entry->d_ino == unsynced[i]) dprintf(file, "%s\n", entry->d_name);
    _exit(137);
}

/* Decides on an operation of an open file, if it is open for writing or is the folder. */
static int decide_open(const char *operation, int file, int needs_room) {
    char link[50], path[PATH_MAX];
    if (!folder[0] || file < 0) return PASS;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return PASS;
    path[length] = 0;
    int flags = fcntl(file, F_GETFL);
    if ((flags & O_ACCMODE) == O_RDONLY && strcmp(operation, "fsync")) return PASS;
    return decide(operation, path, needs_room);
}

/* ----- opening ----- */
static int decide_path(const char *path, int writes) {
    int saved = errno;
    int action = writes ? decide("open", path, 1) : PASS;
    if (action == PASS) errno = saved;
    if (action == DIE) die();
    return action;
}

#define OPEN(name)                                                                \
    int name(const char *path, int flags, ...) {                                  \
        va_list more;                                                             \
        va_start(more, flags);                                                    \
        int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0;         \
        va_end(more);                                                             \
        int writes = (flags & O_ACCMODE) != O_RDONLY;                             \
        if (decide_path(path, writes) != PASS) return -1;                         \
        int file = REAL(name)(path, flags, mode);                                 \
        if (writes && is_inside(path)) note_unsynced(file, 1);                    \
        return file;                                                              \
    }
OPEN(open)
OPEN(open64)

#define FOPEN(name)                                                               \
    FILE *name(const char *path, const char *mode) {                              \
        int writes = strpbrk(mode, "wa+") != NULL;                                \
        if (decide_path(path, writes) != PASS) return NULL;                       \
        FILE *file = REAL(name)(path, mode);                                      \
        if (file && writes && is_inside(path)) note_unsynced(fileno(file), 1);    \
        return file;                                                              \
    }
FOPEN(fopen)
FOPEN(fopen64)

/* ----- writing ----- */
ssize_t write(int file, const void *bytes, size_t size) {
    switch (decide_open("write", file, 1)) {
    case FAIL: return -1;
    case HALF: return REAL(write)(file, bytes, (size + 1) / 2);
    case DIE: REAL(write)(file, bytes, size / 2); die();
    }
    return REAL(write)(file, bytes, size);
}

/* The bytes go to a buffer, so that a process that ends here leaves them there. */
size_t fwrite(const void *bytes, size_t size, size_t items, FILE *file) {
    switch (decide_open("fwrite", fileno(file), 1)) {
    case FAIL: return 0;
    case HALF: return REAL(fwrite)(bytes, size, items / 2, file);
    case DIE: die();
    }
    return REAL(fwrite)(bytes, size, items, file);
}

static off_t size_of(int file) {
    struct stat status;
    if (fstat(file, &status)) abort();
    return status.st_size;
}

/* Writes the bytes in the buffer of a file and takes the second half of them away again. */
static void flush_half(FILE *file) {
    off_t before = size_of(fileno(file));
    int saved = errno;
    if (REAL(fflush)(file)) abort();
    if (ftruncate(fileno(file), (before + size_of(fileno(file))) / 2)) abort();
    errno = saved;
}

int fflush(FILE *file) {
    switch (file ? decide_open("fflush", fileno(file), 1) : PASS) {
    case FAIL: return EOF;
    case HALF: return EOF;
    case DIE: flush_half(file); die();
    }
    return REAL(fflush)(file);
}

int fsync(int file) {
    switch (decide_open("fsync", file, 1)) {
    case FAIL: return -1;
    case HALF: return -1;
    case DIE: die();
    }
    int status = REAL(fsync)(file);
    if (!status && folder[0]) note_unsynced(file, 0);
    return status;
}

/* ----- closing ----- */
int fclose(FILE *file) {
    int action = decide_open("fclose", fileno(file), 1);
    int saved = errno;
    if (action != PASS) flush_half(file);
    if (action == DIE) die();
    int status = REAL(fclose)(file);
    if (action == PASS) return status;
    errno = saved;
    return EOF;
}

int close(int file) {
    int action = decide_open("close", file, 0);
    int saved = errno;
    if (action == DIE) die();
    int status = REAL(close)(file);
    if (action == PASS) return status;
    errno = saved;
    return -1;
}

/* ----- names ----- */
int rename(const char *from, const char *to) {
    switch (decide("rename", from, 0)) {
    case FAIL: return -1;
    case DIE: die();
    }
    return REAL(rename)(from, to);
}

int unlink(const char *path) {
    switch (decide("unlink", path, 0)) {
    case FAIL: return -1;
    case DIE: die();
    }
    return REAL(unlink)(path);
}
