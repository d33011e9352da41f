/* suite.c: what bench_ops and bench_compare time. All that belongs to one case and size is timed by
 * turns: copies of as many bytes, our sessions at each number of threads and instruction
 * set, and the peer's. */
#include "bench/suite.h"

#include <stdio.h>
#include <string.h>

#include "bench/copy.h"
#include "bench/kernels.h"

/* Below, streaming stores can only lose: the result fits a cache. */
#define STREAMING_BYTES ((size_t)4 << 20)

enum { PLAYERS_MOST = 128 };

typedef struct contest {
  suite *suite;
  const bench_case *c;
  const char *attributes;
  problem p;
  uint8_t *model_bytes;
  size_t model_size;
  size_t n;
  player players[PLAYERS_MOST];
} contest;

/* Our side of a contest. */
typedef struct our_run {
  const problem *p;
  onnxrun_model *model;
  onnxrun_session *session;
  onnxrun_registry *registry;
} our_run;

static void run_ours(void *arg)
{
  const our_run *r = arg;
  onnxrun_tensor out = r->p->out;
  onnxrun_error error;
  check(onnxrun_session_run(r->session, r->p->in, r->p->n_in, &out, 1, &error), &error);
}

static void close_ours(our_run *r)
{
  onnxrun_session_release(r->session);
  onnxrun_model_release(r->model);
  onnxrun_registry_release(r->registry);
  free(r);
}

static our_run *open_ours(const contest *c, int threads, const char *isa)
{
  our_run *r = take(sizeof *r);
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  onnxrun_error error;
  o.threads = threads;
  o.isa = isa;
  r->p = &c->p;
  check(onnxrun_registry_create(&o, &r->registry, &error), &error);
  o.registry = r->registry;
  check(onnxrun_model_load(c->model_bytes, c->model_size, &o, &r->model, &error), &error);
  check(onnxrun_session_create(r->model, &o, &r->session, &error), &error);
  return r;
}

static player *add_player(contest *c, void (*run)(void *), void *arg)
{
  if (c->n == PLAYERS_MOST) {
    fprintf(stderr, "%s: too many threads and instruction sets\n", c->suite->program);
    exit(2);
  }
  c->players[c->n] = (player){.run = run, .arg = arg};
  return &c->players[c->n++];
}

static void add_copies(contest *c, int threads)
{
  copy *made = take(sizeof *made);
  *made = (copy){c->p.to, c->p.from, c->p.moved / 2, threads};
  add_player(c, copy_plainly, made);
  if (made->bytes >= STREAMING_BYTES)
    add_player(c, copy_streaming, made);
}

/* Names of a problem's inputs, as node_model() gives them. */
static const char *const letters[NODE_INPUTS] = {"a", "b", "c", "d", "e", "f"};

/* The peer's session, NULL where it can't run the case. */
static void *open_theirs(const contest *c, int threads)
{
  const problem *p = &c->p;
  const peer *them = c->suite->peer;
  peer_io io = {.n_out = 1, .out_names = {"y"}, .out = {p->out}};
  for (size_t i = 0; i < p->node.n_in; i++) {
    if (p->node.is_constant[i] || p->node.in[i].dtype == ONNXRUN_UNDEFINED)
      continue;
    io.in_names[io.n_in] = letters[i];
    io.in[io.n_in] = p->in[io.n_in];
    io.n_in++;
  }
  void *session = them->load(c->model_bytes, c->model_size, threads);
  if (!session || them->bind(session, &io))
    return session;
  them->close(session);
  return NULL;
}

/* For each number of threads: copies, ours by instruction set, the peer's. */
static void add_players(contest *c)
{
  const suite *s = c->suite;
  for (size_t t = 0; t < s->n_threads; t++) {
    add_copies(c, s->threads[t]);
    for (size_t i = 0; i < s->n_isas; i++)
      add_player(c, run_ours, open_ours(c, s->threads[t], s->isas[i]));
    void *theirs = s->peer ? open_theirs(c, s->threads[t]) : NULL;
    if (theirs)
      add_player(c, s->peer->run, theirs);
  }
}

static void release_players(contest *c)
{
  for (size_t i = 0; i < c->n; i++) {
    player *p = &c->players[i];
    if (p->run == run_ours)
      close_ours(p->arg);
    else if (p->run == copy_plainly)
      free(p->arg); /* which the streaming copy shares */
    else if (p->run != copy_streaming)
      c->suite->peer->close(p->arg);
  }
  c->n = 0;
}

/* Walks the players in the order that add_players() made. */
static void print_rows(contest *c, size_t turns)
{
  suite *s = c->suite;
  const player *at = c->players, *end = at + c->n;
  for (size_t t = 0; t < s->n_threads; t++) {
    row r = {.c = c->c, .attributes = c->attributes, .type = c->p.node.in[0].dtype};
    r.size = c->p.out.bytes * 8 / onnxrun_dtype_bits(c->p.out.dtype);
    r.moved = c->p.moved;
    r.turns = turns;
    r.threads = s->threads[t];
    r.copy = at++->time;
    if (at->run == copy_streaming)
      r.streaming = &at++->time;
    const player *ours = at;
    at += s->n_isas;
    if (at < end && s->peer && at->run == s->peer->run)
      r.peers = &at++->time;
    for (size_t i = 0; i < s->n_isas; i++) {
      r.ours = ours[i].time;
      r.isa = onnxrun_registry_isa(((const our_run *)ours[i].arg)->registry);
      print_row(s, &r);
    }
  }
}

/* `kernel` is any version's with the newest tables. */
static void hold(suite *s, const bench_case *c, const onnxrun_kernel *k, onnxrun_dtype type,
                 const char *attributes)
{
  bool rests = false;
  for (size_t t = 0; t < s->n_threads; t++)
    rests = rests || (s->peer && s->threads[t] > 1);
  for (size_t i = 0; i < s->n_sizes; i++) {
    contest made = {.suite = s, .c = c, .attributes = attributes};
    if (!problem_make(&made.p, c, k, type, s->sizes[i], attributes))
      return;
    made.model_size = node_model(&made.p.node, &made.model_bytes);
    add_players(&made);
    print_rows(&made, take_turns(made.players, made.n, s->seconds, rests));
    release_players(&made);
    free(made.model_bytes);
    problem_release(&made.p);
  }
}

/* Attributes for an operator that does nothing by default. */
static const char *default_attributes(const bench_case *c)
{
  return strcmp(c->op, "Clip") == 0 ? "min=0 max=6" : "";
}

static void try_attributes(suite *s, const bench_case *c, const onnxrun_kernel *k,
                           onnxrun_dtype type)
{
  if (!s->attributes || strcmp(s->attributes, "all") != 0) {
    hold(s, c, k, type, s->attributes ? s->attributes : default_attributes(c));
    return;
  }
  char *choices = take(strlen(c->attributes) + 2), *at = choices;
  for (const char *rest = c->attributes; rest;) {
    const char *end = strchr(rest, ';');
    const size_t size = end ? (size_t)(end - rest) : strlen(rest);
    memcpy(at, rest, size);
    at[size] = '\0';
    hold(s, c, k, type, at + strspn(at, " "));
    rest = end ? end + 1 : NULL;
  }
  free(choices);
}

static void try_types(suite *s, const bench_case *c, const onnxrun_kernel *k)
{
  const uint64_t all = c->types & k->inputs[k->key].types;
  const bool is_float = all & ONNXRUN_TYPE(FLOAT);
  for (int t = 1; t < 63; t++) {
    bool is_asked =
        s->n_types == 0 && (is_float ? t == ONNXRUN_FLOAT : (all & (all - 1)) >> t == 0);
    for (size_t i = 0; i < s->n_types; i++)
      is_asked = is_asked || s->types[i] == ONNXRUN_UNDEFINED || (int)s->types[i] == t;
    if ((all >> t & 1) && is_asked)
      try_attributes(s, c, k, (onnxrun_dtype)t);
  }
}

static bool is_asked_for(const suite *s, const bench_case *c)
{
  for (size_t i = 0; i < s->n_ops; i++) {
    if (strcmp(s->ops[i], c->op) == 0)
      return true;
  }
  return s->n_ops == 0;
}

int suite_run(suite *s)
{
  onnxrun_registry *registry = NULL;
  onnxrun_error error;
  check(onnxrun_registry_create(NULL, &registry, &error), &error);
  s->rows = cJSON_CreateArray();
  print_head(s);
  for (size_t i = 0; i < n_bench_cases; i++) {
    const onnxrun_kernel *k = newest_kernel(registry, bench_cases[i].op);
    if (k && is_asked_for(s, &bench_cases[i]))
      try_types(s, &bench_cases[i], k);
  }
  const bool is_written = write_json(s);
  onnxrun_registry_release(registry);
  return is_written ? 0 : 1;
}
