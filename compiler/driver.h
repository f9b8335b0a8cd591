/* The pipeline: source → tokens → AST → typed IR → rows → tables and C → plan, whose tables are held against the program
 * (validate.h) before it is handed out. Every command that compiles goes through here. */
#ifndef WEIR_DRIVER_H
#define WEIR_DRIVER_H

#include "compiler/compilation.h"
#include "compiler/ir.h"
#include "compiler/options.h"
#include "compiler/plan_file.h"

/* The forms that --dump shows, in the order in which they are made. */
#define DRIVER_DUMPS(X) X(tokens) X(ast) X(ir) X(rows) X(tables) X(c)

struct driver_options {
    enum diag_format format;
    bool color;
    struct diag_levels levels;
    const char *dump; /* one of DRIVER_DUMPS: prints that form on standard output and stops there; or NULL */
    struct plan_build_options build;
    bool validate_all; /* tables are held against all rules, however long it takes; else within a part of the time */
    struct option_texts env; /* what env() is given: NAME=VALUE */
};

/* The option of a command that gives values to env(). */
#define DRIVER_ENV(o) {"env", 0, OPTION_TEXTS, &(o).env, "NAME=VALUE", "a value for env(\"NAME\"); as often as needed"}
/* The first of o->env that is not written so; NULL: all are. */
const char *driver_env_wrong(const struct driver_options *o);
/* Makes them known to `c`. */
void driver_env(struct compilation *c, const struct driver_options *o);

/* Whether messages on standard error get colours: a terminal, and no $NO_COLOR (no-color.org). */
bool driver_wants_color(void);

/* The typed program of a .weir file. NULL where there was an error: in c->diags, or in `why` where the file
 * cannot be read. */
struct ir_program *driver_check(struct compilation *c, const char *path, struct buf *why);
/* What c->diags holds, rendered, and a line that counts them where there were errors. */
void driver_report(const struct compilation *c, const char *path, const struct driver_options *o,
                   struct buf *out);

/* The typed program of a .weir file (checked) or of a plan file (decoded from what it carries; told apart by
 * the ELF magic). Messages go to `said`. NULL where there was an error. The program lives in c->arena. */
struct ir_program *driver_read(struct compilation *c, const char *path, const struct driver_options *o,
                               struct buf *said);
/* The same; messages go to standard error. */
struct ir_program *driver_program(struct compilation *c, const char *path, const struct driver_options *o);

/* Compiles `path` into a plan at `out_path` (not used with o->dump), and says so in one line on standard
 * output. Returns an exit code: 0, 1 (errors in the input, said on standard error), 3. */
int driver_build(const char *path, const char *out_path, const struct driver_options *o);

/* Compiles `path` into the bytes of a plan in memory, for `weir run`. What there is to say goes to `said`: on
 * false the reason (rendered diagnostics), else warnings. */
bool driver_build_memory(const char *path, const struct driver_options *o, struct buf *plan,
                         struct buf *said);

#endif
