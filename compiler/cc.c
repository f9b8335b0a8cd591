/* Runs the C compiler; see cc.h. */
#include "compiler/cc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- which compiler ---------------------------------------------------------------------------- */

static bool can_run(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* `name` as the shell would find it; the usual folders are looked through in any case, so that a bare
 * environment finds the same compiler. NULL where there is none. */
static char *find(struct arena *a, const char *name)
{
    if (strchr(name, '/'))
        return can_run(name) ? (char *)arena_copy(a, slice_of(name)).p : NULL;
    const char *path = getenv("PATH");
    struct slice dirs = arena_printf(a, "%s:/usr/local/bin:/usr/bin:/bin", path ? path : "");
    for (size_t at = 0, end; at < dirs.len; at = end + 1) {
        const char *colon = memchr(dirs.p + at, ':', dirs.len - at);
        end = colon ? (size_t)(colon - dirs.p) : dirs.len;
        if (end == at)
            continue;
        char *full = (char *)arena_printf(a, "%.*s/%s", (int)(end - at), dirs.p + at, name).p;
        if (can_run(full))
            return full;
    }
    return NULL;
}

/* A cross compiler's name begins with its target: aarch64-linux-gnu-gcc. */
static bool is_plain_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dash = strchr(name, '-');
    struct slice first = {name, dash ? (size_t)(dash - name) : 0};
    return !dash || slice_eq(first, SLICE("gcc")) || slice_eq(first, SLICE("cc")) ||
           slice_eq(first, SLICE("clang"));
}

void cc_open(struct cc *cc, struct arena *a, const char *command)
{
    *cc = (struct cc){.arena = a};
    if (!command || !*command)
        command = getenv("CC");
    if (!command || !*command)
        command = "cc";
    struct buf target = {0};
    for (const char *at = command; *at;) {
        size_t n = strcspn(at, " ");
        if (n) {
            char *word = (char *)arena_copy(a, (struct slice){at, n}).p;
            if (cc->words.n > 0 || !is_plain_name(word))
                buf_printf(&target, "%s ", word);
            vec_add(a, &cc->words, word);
        }
        at += n + (at[n] == ' ');
    }
    if (cc->words.n == 0)
        vec_add(a, &cc->words, (char *)arena_copy(a, SLICE("cc")).p);
    cc->target = arena_copy(a, buf_view(&target)).p;
    buf_free(&target);
    char *found = find(a, cc->words.v[0]);
    cc->found = found != NULL;
    if (found)
        cc->words.v[0] = found;
}

void cc_identity(const struct cc *cc, struct buf *out)
{
    for (uint32_t i = 0; i < cc->words.n; i++) {
        struct stat st;
        char *file = i == 0 ? cc->words.v[0] : find(cc->arena, cc->words.v[i]);
        buf_printf(out, "%s\n", cc->words.v[i]);
        if (file && stat(file, &st) == 0)
            buf_printf(out, "%lld %lld.%ld\n", (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                       st.st_mtim.tv_nsec);
    }
}

/* ---- its folder -------------------------------------------------------------------------------- */

bool cc_folder_begin(struct cc_folder *f, struct buf *why)
{
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(f->path, sizeof f->path, "%s/weir-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (n < 0 || (size_t)n >= sizeof f->path || !mkdtemp(f->path)) {
        buf_printf(why, "cannot make a temporary folder in %s: %s", tmp && *tmp ? tmp : "/tmp",
                   strerror(errno));
        f->path[0] = 0;
        return false;
    }
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, &f->signals);
    return true;
}

/* All files in it lie flat: ours, and what a compiler leaves behind when it is killed. */
void cc_folder_end(struct cc_folder *f)
{
    if (!f->path[0])
        return;
    DIR *d = opendir(f->path);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(f->path);
    f->path[0] = 0;
    pthread_sigmask(SIG_SETMASK, &f->signals, NULL);
}

char *cc_folder_path(const struct cc_folder *f, struct arena *a, const char *name)
{
    return (char *)arena_printf(a, "%s/%s", f->path, name).p;
}

bool cc_folder_write(const struct cc_folder *f, struct arena *a, const char *name, struct slice data,
                     struct buf *why)
{
    char *path = cc_folder_path(f, a, name);
    int err = buf_write_file(path, data, 0600);
    if (err)
        buf_printf(why, "cannot write %s: %s", path, strerror(err));
    return err == 0;
}

/* ---- a run ------------------------------------------------------------------------------------- */

static void read_all(int fd, struct buf *out)
{
    for (;;) {
        ssize_t n = read(fd, buf_reserve(out, 4096), 4096);
        if (n > 0)
            out->len += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return;
    }
}

/* Starts it with both outputs in the pipe, and with the signals of `mask`. */
static int start(const struct cc *cc, char **argv, int pipe_end, const sigset_t *mask, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, pipe_end, 1);
    posix_spawn_file_actions_adddup2(&files, pipe_end, 2);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setsigmask(&attr, mask);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int err = posix_spawn(pid, cc->words.v[0], &files, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    return err;
}

static bool run(const struct cc *cc, char **argv, const sigset_t *mask, struct buf *why)
{
    int fds[2];
    pid_t pid;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        buf_printf(why, "cannot run the C compiler: %s", strerror(errno));
        return false;
    }
    int err = start(cc, argv, fds[1], mask, &pid);
    close(fds[1]);
    if (err) {
        close(fds[0]);
        buf_printf(why, "cannot run the C compiler %s: %s", cc->words.v[0], strerror(err));
        return false;
    }
    struct buf said = {0};
    read_all(fds[0], &said);
    close(fds[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!ok) {
        if (WIFSIGNALED(status))
            buf_printf(why, "the C compiler %s was ended by signal %d", cc->words.v[0], WTERMSIG(status));
        else
            buf_printf(why, "the C compiler %s failed (exit code %d)", cc->words.v[0], WEXITSTATUS(status));
        buf_str(why, said.len ? ":\n" : " and said nothing");
        while (said.len && said.p[said.len - 1] == '\n')
            said.len--;
        buf_slice(why, buf_view(&said));
    }
    buf_free(&said);
    return ok;
}

bool cc_run(const struct cc *cc, const struct cc_folder *f, char *const *args, struct buf *why)
{
    if (!cc->found) {
        buf_printf(why, "cannot find the C compiler `%s`; name one with --cc or in $CC", cc->words.v[0]);
        return false;
    }
    VEC(char *) argv = {0};
    for (uint32_t i = 0; i < cc->words.n; i++)
        vec_add(cc->arena, &argv, cc->words.v[i]);
    for (; *args; args++)
        vec_add(cc->arena, &argv, *args);
    vec_add(cc->arena, &argv, NULL);
    return run(cc, argv.v, &f->signals, why);
}
