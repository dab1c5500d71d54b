#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Names the mount that the calling thread is about to serve through cgofuse's Mount, and forgets older messages. */
void vitrine_prepare(uint64_t id);

/* Copies libfuse's messages since then. */
void vitrine_messages(char *into, size_t size);

/* Makes the loop that serves the mount end though the kernel has not ended the connection. It takes effect once the
 * serving thread waits in it: call it again until the mount is no longer served. */
void vitrine_stop(uint64_t id);

/* Reports whether the process that waits for the operation being served was interrupted by a signal. */
int vitrine_interrupted(void);

/* Who asks for the operation being served; see struct fuse_context. */
void vitrine_caller(pid_t *tid, uid_t *uid, gid_t *gid, mode_t *umask);
