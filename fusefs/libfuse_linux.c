//go:build linux && fuse3

/*
 * What Vitrine needs of libfuse 3 beyond cgofuse's API: its own fuse_main. See libfuse_linux.go for how it gets into
 * place. Only functions found at run time are called, so that the program still starts where libfuse is missing.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 39
#include <fuse.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "_cgo_export.h"
#include "libfuse_linux.h"

#if FUSE_MINOR_VERSION >= 17
#error "Build with the headers of libfuse 3.2 to 3.16: from 3.17 on struct fuse_config is longer, and cgofuse would write past its end in an older library."
#endif

/* How long the kernel may answer from what it was told, in seconds: libfuse's own defaults, which cgofuse erases. */
#define ATTR_TIMEOUT 1.0
#define ENTRY_TIMEOUT 1.0

/* A request that stalls holds one thread: enough of them that stalled files never hold up the others. Threads are
 * made as requests wait; those idle above IDLE_THREADS end. */
#define MAX_THREADS 1024
#define IDLE_THREADS 16

/* Read-ahead and other requests that nobody waits for: the kernel's default of 12 lets one stalled file stop all others. */
#define MAX_BACKGROUND 512

extern void *__real_dlsym(void *handle, const char *name);

/* libfuse, as found in the library that cgofuse loaded. */
static struct {
	struct fuse *(*new)(struct fuse_args *, const struct fuse_operations *, size_t, void *);
	int (*mount)(struct fuse *, const char *);
	void (*destroy)(struct fuse *);
	struct fuse_context *(*get_context)(void);
	struct fuse_session *(*get_session)(struct fuse *);
	void (*session_exit)(struct fuse_session *);
	int (*interrupted)(void);
	void (*opt_free_args)(struct fuse_args *);
	void (*set_log_func)(fuse_log_func_t);
	int (*loop_mt_32)(struct fuse *, void *);                          /* before 3.12: no limit of threads */
	int (*loop_mt_312)(struct fuse *, struct fuse_loop_config *);      /* the four below come with 3.12 */
	struct fuse_loop_config *(*loop_cfg_create)(void);
	void (*loop_cfg_destroy)(struct fuse_loop_config *);
	void (*loop_cfg_set_idle_threads)(struct fuse_loop_config *, unsigned);
	void (*loop_cfg_set_max_threads)(struct fuse_loop_config *, unsigned);
} lib;

static void find(void *handle)
{
	lib.new = __real_dlsym(handle, "fuse_new_31");
	if (!lib.new)
		lib.new = __real_dlsym(handle, "fuse_new");
	lib.mount = __real_dlsym(handle, "fuse_mount");
	lib.destroy = __real_dlsym(handle, "fuse_destroy");
	lib.get_context = __real_dlsym(handle, "fuse_get_context");
	lib.get_session = __real_dlsym(handle, "fuse_get_session");
	lib.session_exit = __real_dlsym(handle, "fuse_session_exit");
	lib.interrupted = __real_dlsym(handle, "fuse_interrupted");
	lib.opt_free_args = __real_dlsym(handle, "fuse_opt_free_args");
	lib.set_log_func = __real_dlsym(handle, "fuse_set_log_func");
	lib.loop_mt_32 = __real_dlsym(handle, "fuse_loop_mt_32");
	lib.loop_mt_312 = __real_dlsym(handle, "fuse_loop_mt_312");
	lib.loop_cfg_create = __real_dlsym(handle, "fuse_loop_cfg_create");
	lib.loop_cfg_destroy = __real_dlsym(handle, "fuse_loop_cfg_destroy");
	lib.loop_cfg_set_idle_threads = __real_dlsym(handle, "fuse_loop_cfg_set_idle_threads");
	lib.loop_cfg_set_max_threads = __real_dlsym(handle, "fuse_loop_cfg_set_max_threads");
}

/* libfuse's messages since the last vitrine_prepare, for the person who asks why a mount failed. */
static pthread_mutex_t messages_lock = PTHREAD_MUTEX_INITIALIZER;
static char messages[4096];

static void keep_message(enum fuse_log_level level, const char *format, va_list args)
{
	(void)level;
	pthread_mutex_lock(&messages_lock);
	size_t used = strlen(messages);
	vsnprintf(messages + used, sizeof messages - used, format, args);
	pthread_mutex_unlock(&messages_lock);
}

void vitrine_messages(char *into, size_t size)
{
	pthread_mutex_lock(&messages_lock);
	snprintf(into, size, "%s", messages);
	pthread_mutex_unlock(&messages_lock);
}

/* Which mount a thread is about to serve, and which fuse serves which mount. */
static __thread uint64_t preparing;
struct serving {
	struct fuse *fuse;
	uint64_t id;
	pthread_t thread; /* that runs the loop */
	struct serving *next;
};
static pthread_mutex_t serving_lock = PTHREAD_MUTEX_INITIALIZER;
static struct serving *serving;

void vitrine_prepare(uint64_t id)
{
	preparing = id;
	pthread_mutex_lock(&messages_lock);
	messages[0] = 0;
	pthread_mutex_unlock(&messages_lock);
}

static void serving_add(struct serving *s)
{
	pthread_mutex_lock(&serving_lock);
	s->next = serving;
	serving = s;
	pthread_mutex_unlock(&serving_lock);
}

static void serving_remove(struct serving *s)
{
	pthread_mutex_lock(&serving_lock);
	for (struct serving **p = &serving; *p; p = &(*p)->next)
		if (*p == s) {
			*p = s->next;
			break;
		}
	pthread_mutex_unlock(&serving_lock);
}

static uint64_t serving_id(struct fuse *fuse)
{
	uint64_t id = 0;
	pthread_mutex_lock(&serving_lock);
	for (struct serving *s = serving; s; s = s->next)
		if (s->fuse == fuse)
			id = s->id;
	pthread_mutex_unlock(&serving_lock);
	return id;
}

/* Interrupts the wait of the loop's thread; Go's own handlers would restart it. */
#define WAKE SIGRTMAX

static void woken(int signal) { (void)signal; }

void vitrine_stop(uint64_t id)
{
	struct sigaction wake = {.sa_handler = woken, .sa_flags = SA_ONSTACK};
	sigaction(WAKE, &wake, NULL);
	pthread_mutex_lock(&serving_lock);
	for (struct serving *s = serving; s; s = s->next)
		if (s->id == id) {
			lib.session_exit(lib.get_session(s->fuse));
			pthread_kill(s->thread, WAKE);
		}
	pthread_mutex_unlock(&serving_lock);
}

/* What cgofuse has no callback for. Go finds the filesystem by cgofuse's private data. */
static void *fs(void) { return lib.get_context()->private_data; }

static off_t op_lseek(const char *path, off_t offset, int whence, struct fuse_file_info *fi)
{
	return vitrineLseek(fs(), (char *)path, offset, whence, fi->fh);
}

static int op_fallocate(const char *path, int mode, off_t offset, off_t length, struct fuse_file_info *fi)
{
	return vitrineFallocate(fs(), (char *)path, mode, offset, length, fi->fh);
}

static ssize_t op_copy_file_range(const char *from, struct fuse_file_info *from_fi, off_t from_offset, const char *to,
	struct fuse_file_info *to_fi, off_t to_offset, size_t size, int flags)
{
	return vitrineCopyFileRange(fs(), (char *)from, from_fi->fh, from_offset, (char *)to, to_fi->fh, to_offset, size, flags);
}

static int op_flock(const char *path, struct fuse_file_info *fi, int op)
{
	return vitrineFlock(fs(), (char *)path, op, fi->fh);
}

static int op_lock(const char *path, struct fuse_file_info *fi, int command, struct flock *lock)
{
	return vitrineLock(fs(), (char *)path, fi->fh, fi->lock_owner, command, lock);
}

/* cgofuse's flush, which is not told whose locks end with it. */
static int (*cgofuse_flush)(const char *, struct fuse_file_info *);

static int op_flush(const char *path, struct fuse_file_info *fi)
{
	vitrineUnlock(fs(), fi->fh, fi->lock_owner);
	return cgofuse_flush(path, fi);
}

/* cgofuse's utimens takes UTIME_NOW for a time of its own clock, which runs ahead of the kernel's for files. */
static int op_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *fi)
{
	return vitrineUtimens(fs(), (char *)path, (struct timespec *)times, fi ? fi->fh : ~0ULL);
}

void vitrine_caller(pid_t *tid, uid_t *uid, gid_t *gid, mode_t *umask)
{
	struct fuse_context *context = lib.get_context();
	*tid = context->pid;
	*uid = context->uid;
	*gid = context->gid;
	*umask = context->umask;
}

int vitrine_interrupted(void) { return lib.interrupted(); }

/* Answers FUSE_INIT in the place of cgofuse, which would erase the timeouts and catch SIGINT and SIGTERM to unmount
 * lazily, that is, to pull the mount from under its users. */
static void *init(struct fuse_conn_info *conn, struct fuse_config *config)
{
	struct fuse_context *context = lib.get_context();
	config->use_ino = 1;
	config->attr_timeout = ATTR_TIMEOUT;
	config->entry_timeout = ENTRY_TIMEOUT;
	config->negative_timeout = 0; /* a file that arrives in the backing folder is seen at once */
	config->auto_cache = 1;       /* open drops cached pages of a file that changed in the backing folder */
	conn->want |= conn->capable &
		(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_ASYNC_READ | FUSE_CAP_DONT_MASK);
	conn->want &= ~(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE);
	conn->max_background = MAX_BACKGROUND;
	conn->congestion_threshold = MAX_BACKGROUND * 3 / 4;
	if (vitrineInit(serving_id(context->fuse), context->private_data))
		conn->want |= conn->capable & FUSE_CAP_POSIX_ACL; /* the kernel checks permissions, so it must know of ACLs */
	return context->private_data;
}

static int loop(struct fuse *fuse)
{
	if (!lib.loop_mt_312) {
		struct {
			int clone_fd;
			unsigned max_idle_threads;
		} config = {0, IDLE_THREADS};
		return lib.loop_mt_32(fuse, &config);
	}
	struct fuse_loop_config *config = lib.loop_cfg_create();
	lib.loop_cfg_set_idle_threads(config, IDLE_THREADS);
	lib.loop_cfg_set_max_threads(config, MAX_THREADS);
	int result = lib.loop_mt_312(fuse, config);
	lib.loop_cfg_destroy(config);
	return result;
}

/* Serves the mount of an open /dev/fuse: argv is NAME /dev/fd/N -f [OPTION …]. Returns when the kernel has ended the
 * connection and every request in flight is answered; 0, or why it could not serve. */
static int vitrine_main(int argc, char *argv[], const struct fuse_operations *operations, size_t size, void *data)
{
	struct fuse_operations ops = {0};
	memcpy(&ops, operations, size < sizeof ops ? size : sizeof ops);
	ops.init = init;
	ops.lseek = op_lseek;
	ops.fallocate = op_fallocate;
	ops.copy_file_range = op_copy_file_range;
	ops.flock = op_flock;
	ops.lock = op_lock;
	cgofuse_flush = ops.flush;
	ops.flush = op_flush;
	ops.utimens = op_utimens;
	if (lib.set_log_func)
		lib.set_log_func(keep_message);

	char *new_argv[] = {argv[0], NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, new_argv);
	(void)argc;
	struct fuse *fuse = lib.new(&args, &ops, sizeof ops, data);
	lib.opt_free_args(&args);
	if (!fuse)
		return 1;
	struct serving self = {fuse, preparing, pthread_self(), NULL};
	serving_add(&self);
	int result = lib.mount(fuse, argv[1]);
	if (!result)
		result = loop(fuse);
	serving_remove(&self);
	lib.destroy(fuse);
	return result ? 2 : 0;
}

void *__wrap_dlsym(void *handle, const char *name)
{
	if (strcmp(name, "fuse_main_real") != 0)
		return __real_dlsym(handle, name);
	find(handle);
	int complete = lib.new && lib.mount && lib.destroy && lib.get_context && lib.get_session &&
		lib.session_exit && lib.interrupted && lib.opt_free_args &&
		(lib.loop_mt_32 || (lib.loop_mt_312 && lib.loop_cfg_create && lib.loop_cfg_destroy &&
			lib.loop_cfg_set_idle_threads && lib.loop_cfg_set_max_threads));
	return complete ? (void *)vitrine_main : NULL;
}
