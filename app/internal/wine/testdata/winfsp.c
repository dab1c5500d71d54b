/* A stand-in for WinFsp's library, for Wine has no drivers: it "mounts" by making the folder, and asks the
   filesystem what the driver would. It says on stderr what came of that, and keeps a file open as long as the file that
   WINFSP_HOLD names is there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define FSP_FUSE_API __declspec(dllexport)
#define FSP_FUSE_API_NAME(name) name
#define FSP_FUSE_API_CALL(name) name
#define FSP_FUSE_SYM(...)
#include <fuse.h>

static HANDLE ended;
static struct fuse_context context;
static int failed, listed;

static void say(const char *what, long long got)
{
	char line[200];
	DWORD written;
	int n = snprintf(line, sizeof line, "winfsp: %s: %lld\n", what, got);
	WriteFile(GetStdHandle(STD_ERROR_HANDLE), line, n, &written, 0);
}

static void want(const char *what, long long got, long long wanted)
{
	if (got != wanted) {
		failed = 1;
		say(what, got);
	}
}

static int each(void *want, const char *name, const struct fuse_stat *st, fuse_off_t off)
{
	(void)off;
	listed += !strcmp(name, want) && (st->st_mode & 0170000) == 0100000 && st->st_size == 5;
	return 0;
}

static void use(const struct fuse_operations *ops, int capabilities)
{
	enum { wr = 2, creat = 0x100, excl = 0x400 };
	struct fuse_stat_ex st;
	struct fuse_statvfs disk;
	struct fuse_file_info file = {.flags = creat | excl | wr}, folder = {0};
	char buf[100];
	want("capabilities", capabilities, FSP_FUSE_CAP_STAT_EX | FSP_FUSE_CAP_READDIR_PLUS | FSP_FUSE_CAP_CASE_INSENSITIVE);
	want("getattr", ops->getattr("/", (void *)&st), 0);
	want("mode of the root", st.st_mode & 0170000, 0040000);
	want("getattr of what is missing", ops->getattr("/none", (void *)&st), -ENOENT);
	want("statfs", ops->statfs("/", &disk), 0);
	want("longest name", disk.f_namemax, 255);
	want("create", ops->create("/a.txt", 0644, &file), 0);
	want("write", ops->write("/a.txt", "hello", 5, 0, &file), 5);
	want("fgetattr", ops->fgetattr("/a.txt", (void *)&st, &file), 0);
	want("size", st.st_size, 5);
	want("fsync", ops->fsync("/a.txt", 0, &file), 0);
	want("flush", ops->flush("/a.txt", &file), 0);
	want("release", ops->release("/a.txt", &file), 0);
	want("read after release", ops->read("/a.txt", buf, 1, 0, &file), -EBADF);
	want("chflags", ops->chflags("/a.txt", 0x8000), 0);
	want("getattr", ops->getattr("/A.TXT", (void *)&st), 0);
	want("hidden", st.st_flags & 0x8000, 0x8000);
	want("rename", ops->rename("/a.txt", "/b.txt"), 0);
	want("opendir", ops->opendir("/", &folder), 0);
	want("readdir", ops->readdir("/", "b.txt", each, 0, &folder), 0);
	want("entries as they should be", listed, 1);
	want("releasedir", ops->releasedir("/", &folder), 0);
	file = (struct fuse_file_info){0};
	want("open", ops->open("/B.TXT", &file), 0);
	want("read", ops->read("/B.TXT", buf, sizeof buf, 0, &file), 5);
	want("what is read", memcmp(buf, "hello", 5), 0);
	want("getpath", ops->getpath("/B.TXT", buf, sizeof buf, &file), 0);
	want("the path", strcmp(buf, "/b.txt"), 0);
	say(failed ? "done, with errors" : "all well", 0);
	while (getenv("WINFSP_HOLD") && GetFileAttributesA(getenv("WINFSP_HOLD")) != INVALID_FILE_ATTRIBUTES)
		Sleep(20);
	want("release", ops->release("/b.txt", &file), 0);
	say("released", failed);
}

int fsp_fuse_main_real(struct fsp_fuse_env *env, int argc, char *argv[], const struct fuse_operations *ops, size_t size, void *data)
{
	struct fuse_conn_info about = {.capable = -1};
	if (argc < 2 || env->environment != 'W' || size != sizeof *ops)
		return 1;
	ended = CreateEventA(0, TRUE, FALSE, 0);
	context = (struct fuse_context){.fuse = (struct fuse *)&context, .pid = GetCurrentProcessId(), .private_data = data};
	context.private_data = ops->init(&about);
	Sleep(300); /* WinFsp mounts after it has called init, too */
	if (!CreateDirectoryA(argv[1], 0))
		return 1;
	use(ops, about.want);
	WaitForSingleObject(ended, INFINITE);
	RemoveDirectoryA(argv[1]);
	ops->destroy(context.private_data);
	return 0;
}

void fsp_fuse_exit(struct fsp_fuse_env *env, struct fuse *f)
{
	(void)env;
	if (f == (struct fuse *)&context)
		SetEvent(ended);
}

struct fuse_context *fsp_fuse_get_context(struct fsp_fuse_env *env) { return (void)env, &context; }

int fsp_fuse_opt_parse(struct fsp_fuse_env *env, struct fuse_args *args, void *data, const struct fuse_opt opts[], fuse_opt_proc_t proc)
{
	return (void)env, (void)args, (void)data, (void)opts, (void)proc, 0;
}

void fsp_fuse_opt_free_args(struct fsp_fuse_env *env, struct fuse_args *args) { (void)env, (void)args; }
