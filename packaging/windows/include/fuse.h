/*
 * What cgofuse needs to know of the FUSE interface of WinFsp, so that Vitrine builds where WinFsp's own headers are not:
 * the functions are looked up in WinFsp's DLL when a drive is mounted. Written from the documented interface: FUSE 2.8's
 * (libfuse, fuse.h) with the types of a 64-bit Cygwin, and the layouts that cgofuse itself has in Go for builds without C
 * (host_nocgo_windows.go). Every structure is checked against those sizes below.
 *
 * The macros FSP_FUSE_API, _NAME, _CALL and _SYM are cgofuse's: they make each function a pointer to look up.
 */
#ifndef VITRINE_FUSE_H
#define VITRINE_FUSE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#if !defined(_WIN64)
#error only 64-bit Windows
#endif

typedef uint32_t fuse_uid_t, fuse_gid_t, fuse_dev_t, fuse_mode_t;
typedef int32_t fuse_pid_t, fuse_blksize_t;
typedef uint16_t fuse_nlink_t;
typedef uint64_t fuse_ino_t, fuse_fsblkcnt_t, fuse_fsfilcnt_t;
typedef int64_t fuse_off_t, fuse_blkcnt_t;

struct fuse;
struct fuse_pollhandle;
struct fuse_bufvec;
struct fuse_dirhandle;
struct fuse_flock;
struct fuse_setattr_x;
struct fuse_utimbuf;

struct fuse_timespec {
	int64_t tv_sec, tv_nsec;
};

#define FUSE_STAT_FIELDS                                                                                               \
	fuse_dev_t st_dev;                                                                                             \
	fuse_ino_t st_ino;                                                                                             \
	fuse_mode_t st_mode;                                                                                           \
	fuse_nlink_t st_nlink;                                                                                         \
	fuse_uid_t st_uid;                                                                                             \
	fuse_gid_t st_gid;                                                                                             \
	fuse_dev_t st_rdev;                                                                                            \
	fuse_off_t st_size;                                                                                            \
	struct fuse_timespec st_atim, st_mtim, st_ctim;                                                                \
	fuse_blksize_t st_blksize;                                                                                     \
	fuse_blkcnt_t st_blocks;                                                                                       \
	struct fuse_timespec st_birthtim;

struct fuse_stat {
	FUSE_STAT_FIELDS
};

/* with the attributes of Windows, where the filesystem asked for FSP_FUSE_CAP_STAT_EX */
struct fuse_stat_ex {
	FUSE_STAT_FIELDS
	uint32_t st_flags;
	uint32_t st_reserved32[3];
	uint64_t st_reserved64[2];
};

struct fuse_statvfs {
	uint64_t f_bsize, f_frsize;
	fuse_fsblkcnt_t f_blocks, f_bfree, f_bavail;
	fuse_fsfilcnt_t f_files, f_ffree, f_favail;
	uint64_t f_fsid, f_flag, f_namemax;
};

struct fuse_file_info {
	int flags;
	unsigned fh_old;
	int writepage;
	unsigned direct_io : 1, keep_cache : 1, flush : 1, nonseekable : 1, padding : 28;
	uint64_t fh;
	uint64_t lock_owner;
};

struct fuse_conn_info {
	unsigned proto_major, proto_minor;
	unsigned async_read;
	unsigned max_write, max_readahead;
	unsigned capable, want;
	unsigned reserved[25];
};

#define FSP_FUSE_CAP_READDIR_PLUS (1 << 21)
#define FSP_FUSE_CAP_STAT_EX (1 << 23)
#define FSP_FUSE_CAP_CASE_INSENSITIVE (1 << 29)

struct fuse_context {
	struct fuse *fuse;
	fuse_uid_t uid;
	fuse_gid_t gid;
	fuse_pid_t pid;
	void *private_data;
	fuse_mode_t umask;
};

typedef int (*fuse_fill_dir_t)(void *buf, const char *name, const struct fuse_stat *st, fuse_off_t off);
typedef int (*fuse_dirfil_t)(struct fuse_dirhandle *h, const char *name, int type, fuse_ino_t ino);

struct fuse_operations {
	int (*getattr)(const char *, struct fuse_stat *);
	int (*getdir)(const char *, struct fuse_dirhandle *, fuse_dirfil_t);
	int (*readlink)(const char *, char *, size_t);
	int (*mknod)(const char *, fuse_mode_t, fuse_dev_t);
	int (*mkdir)(const char *, fuse_mode_t);
	int (*unlink)(const char *);
	int (*rmdir)(const char *);
	int (*symlink)(const char *, const char *);
	int (*rename)(const char *, const char *);
	int (*link)(const char *, const char *);
	int (*chmod)(const char *, fuse_mode_t);
	int (*chown)(const char *, fuse_uid_t, fuse_gid_t);
	int (*truncate)(const char *, fuse_off_t);
	int (*utime)(const char *, struct fuse_utimbuf *);
	int (*open)(const char *, struct fuse_file_info *);
	int (*read)(const char *, char *, size_t, fuse_off_t, struct fuse_file_info *);
	int (*write)(const char *, const char *, size_t, fuse_off_t, struct fuse_file_info *);
	int (*statfs)(const char *, struct fuse_statvfs *);
	int (*flush)(const char *, struct fuse_file_info *);
	int (*release)(const char *, struct fuse_file_info *);
	int (*fsync)(const char *, int, struct fuse_file_info *);
	int (*setxattr)(const char *, const char *, const char *, size_t, int);
	int (*getxattr)(const char *, const char *, char *, size_t);
	int (*listxattr)(const char *, char *, size_t);
	int (*removexattr)(const char *, const char *);
	int (*opendir)(const char *, struct fuse_file_info *);
	int (*readdir)(const char *, void *, fuse_fill_dir_t, fuse_off_t, struct fuse_file_info *);
	int (*releasedir)(const char *, struct fuse_file_info *);
	int (*fsyncdir)(const char *, int, struct fuse_file_info *);
	void *(*init)(struct fuse_conn_info *);
	void (*destroy)(void *);
	int (*access)(const char *, int);
	int (*create)(const char *, fuse_mode_t, struct fuse_file_info *);
	int (*ftruncate)(const char *, fuse_off_t, struct fuse_file_info *);
	int (*fgetattr)(const char *, struct fuse_stat *, struct fuse_file_info *);
	int (*lock)(const char *, struct fuse_file_info *, int, struct fuse_flock *);
	int (*utimens)(const char *, const struct fuse_timespec[2]);
	int (*bmap)(const char *, size_t, uint64_t *);
	unsigned flags;
	int (*ioctl)(const char *, int, void *, struct fuse_file_info *, unsigned, void *);
	int (*poll)(const char *, struct fuse_file_info *, struct fuse_pollhandle *, unsigned *);
	int (*write_buf)(const char *, struct fuse_bufvec *, fuse_off_t, struct fuse_file_info *);
	int (*read_buf)(const char *, struct fuse_bufvec **, size_t, fuse_off_t, struct fuse_file_info *);
	int (*flock)(const char *, struct fuse_file_info *, int);
	int (*fallocate)(const char *, int, fuse_off_t, fuse_off_t, struct fuse_file_info *);
	int (*getpath)(const char *, char *, size_t, struct fuse_file_info *);
	void (*reserved01)(void);
	void (*reserved02)(void);
	int (*statfs_x)(const char *, void *);
	int (*setvolname)(const char *);
	int (*exchange)(const char *, const char *, unsigned long);
	int (*getxtimes)(const char *, struct fuse_timespec *, struct fuse_timespec *);
	int (*setbkuptime)(const char *, const struct fuse_timespec *);
	int (*setchgtime)(const char *, const struct fuse_timespec *);
	int (*setcrtime)(const char *, const struct fuse_timespec *);
	int (*chflags)(const char *, uint32_t);
	int (*setattr_x)(const char *, struct fuse_setattr_x *);
	int (*fsetattr_x)(const char *, struct fuse_setattr_x *, struct fuse_file_info *);
};

/* What the DLL must know of the program: that it is one of Windows ('W'), its allocator, and how it goes to the background
   and minds signals, both of which Vitrine does by itself. */
struct fsp_fuse_env {
	unsigned environment;
	void *(*memalloc)(size_t);
	void (*memfree)(void *);
	int (*daemonize)(int);
	int (*set_signal_handlers)(void *);
	char *(*conv_to_win_path)(const char *);
	fuse_pid_t (*winpid_to_pid)(uint32_t);
	void (*reserved[2])(void);
};

static inline int vitrine_fuse_daemonize(int foreground) { return (void)foreground, 0; }
static inline int vitrine_fuse_signals(void *session) { return (void)session, 0; }

static inline struct fsp_fuse_env *fsp_fuse_env(void)
{
	static struct fsp_fuse_env env = {'W', malloc, free, vitrine_fuse_daemonize, vitrine_fuse_signals, 0, 0, {0}};
	return &env;
}

struct fuse_args {
	int argc;
	char **argv;
	int allocated;
};

struct fuse_opt {
	const char *templ;
	unsigned int offset;
	int value;
};

#define FUSE_OPT_KEY_NONOPT -2

typedef int (*fuse_opt_proc_t)(void *data, const char *arg, int key, struct fuse_args *out);

FSP_FUSE_API int FSP_FUSE_API_NAME(fsp_fuse_main_real)(struct fsp_fuse_env *env, int argc, char *argv[],
	const struct fuse_operations *ops, size_t size, void *data);
FSP_FUSE_API void FSP_FUSE_API_NAME(fsp_fuse_exit)(struct fsp_fuse_env *env, struct fuse *f);
FSP_FUSE_API struct fuse_context *FSP_FUSE_API_NAME(fsp_fuse_get_context)(struct fsp_fuse_env *env);
FSP_FUSE_API int FSP_FUSE_API_NAME(fsp_fuse_opt_parse)(struct fsp_fuse_env *env, struct fuse_args *args, void *data,
	const struct fuse_opt opts[], fuse_opt_proc_t proc);
FSP_FUSE_API void FSP_FUSE_API_NAME(fsp_fuse_opt_free_args)(struct fsp_fuse_env *env, struct fuse_args *args);

FSP_FUSE_SYM(int fuse_main_real(int argc, char *argv[], const struct fuse_operations *ops, size_t size, void *data),
	return FSP_FUSE_API_CALL(fsp_fuse_main_real)(fsp_fuse_env(), argc, argv, ops, size, data);)
FSP_FUSE_SYM(void fuse_exit(struct fuse *f), FSP_FUSE_API_CALL(fsp_fuse_exit)(fsp_fuse_env(), f);)
FSP_FUSE_SYM(struct fuse_context *fuse_get_context(void), return FSP_FUSE_API_CALL(fsp_fuse_get_context)(fsp_fuse_env());)
FSP_FUSE_SYM(int fuse_opt_parse(struct fuse_args *args, void *data, const struct fuse_opt opts[], fuse_opt_proc_t proc),
	return FSP_FUSE_API_CALL(fsp_fuse_opt_parse)(fsp_fuse_env(), args, data, opts, proc);)
FSP_FUSE_SYM(void fuse_opt_free_args(struct fuse_args *args), FSP_FUSE_API_CALL(fsp_fuse_opt_free_args)(fsp_fuse_env(), args);)

/* The layouts of host_nocgo_windows.go. */
_Static_assert(sizeof(struct fuse_stat) == 128 && offsetof(struct fuse_stat, st_size) == 40, "struct fuse_stat");
_Static_assert(offsetof(struct fuse_stat, st_birthtim) == 112, "struct fuse_stat");
_Static_assert(sizeof(struct fuse_stat_ex) == 160 && offsetof(struct fuse_stat_ex, st_flags) == 128, "struct fuse_stat_ex");
_Static_assert(sizeof(struct fuse_statvfs) == 88, "struct fuse_statvfs");
_Static_assert(sizeof(struct fuse_file_info) == 32 && offsetof(struct fuse_file_info, fh) == 16, "struct fuse_file_info");
_Static_assert(sizeof(struct fuse_conn_info) == 128, "struct fuse_conn_info");
_Static_assert(sizeof(struct fuse_context) == 40 && offsetof(struct fuse_context, private_data) == 24, "struct fuse_context");
_Static_assert(sizeof(struct fuse_operations) == 58 * 8, "struct fuse_operations");
_Static_assert(offsetof(struct fuse_operations, getpath) == 45 * 8, "cgofuse sets getpath by its place");
_Static_assert(sizeof(struct fuse_args) == 24 && sizeof(struct fuse_opt) == 16, "struct fuse_args, struct fuse_opt");

#endif
