/* engine.c: what the engine costs beside arithmetic.
 *
 *   bench_engine FOLDER [--json FILE] [--only TEXT] [--seconds S]
 *
 * FOLDER is what `bench/models.py FOLDER` wrote. Prints one line a figure: median, least and
 * largest, the limit that was set for it, and, where ORT_LIB names ONNX Runtime's library, its
 * median with the same model, buffers and threads: in turns with ours, on several threads after
 * it. --only takes the figures whose name holds TEXT. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bench/copy.h"
#include "bench/peer.h"
#include "bench/rows.h"
#include "bench/spawn.h"
#include "bench/turns.h"

#define MICRO 1e6

static struct engine {
  const char *program, *folder, *only, *json;
  const peer *peer;
  double seconds;
} engine = {.seconds = 0.5};

static bool is_wanted(const char *what)
{
  return !engine.only || strstr(what, engine.only);
}

/* ---- a model and its buffers ----------------------------------------------------------------- */

typedef struct subject {
  char path[1024];
  uint8_t *bytes;
  size_t size;
  onnxrun_model *model;
  onnxrun_session *session;
  peer_io io;
} subject;

static void read_bytes(subject *s)
{
  FILE *f = fopen(s->path, "rb");
  if (!f || fseek(f, 0, SEEK_END) != 0) {
    fprintf(stderr, "bench_engine: no %s; bench/models.py FOLDER writes it\n", s->path);
    exit(1);
  }
  s->size = (size_t)ftell(f);
  s->bytes = take(s->size + 1);
  rewind(f);
  if (fread(s->bytes, 1, s->size, f) != s->size)
    exit(1);
  fclose(f);
}

static subject subject_named(const char *name)
{
  subject s = {.model = NULL};
  snprintf(s.path, sizeof s.path, "%s/%s.onnx", engine.folder, name);
  read_bytes(&s);
  return s;
}

static void open_ours(subject *s, int threads)
{
  onnxrun_error error;
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.threads = threads;
  check(onnxrun_model_open(s->path, &o, &s->model, &error), &error);
  check(onnxrun_session_create(s->model, &o, &s->session, &error), &error);
}

static void close_ours(subject *s)
{
  onnxrun_session_release(s->session);
  onnxrun_model_release(s->model);
  s->session = NULL;
  s->model = NULL;
}

/* Numbers from -2 to 2. */
static void fill(onnxrun_tensor *t)
{
  t->data = take_aligned(t->bytes);
  for (size_t i = 0; i < t->bytes / sizeof(float); i++)
    ((float *)t->data)[i] = (float)(i * 37 % 1024) / 256 - 2;
}

/* Buffers for free dims of that length. */
static void make_buffers(subject *s, int64_t length)
{
  onnxrun_error error;
  peer_io *io = &s->io;
  io->n_in = onnxrun_model_inputs(s->model);
  io->n_out = onnxrun_model_outputs(s->model);
  for (size_t i = 0; i < io->n_in; i++) {
    onnxrun_info info = {.size = sizeof info};
    check(onnxrun_model_input(s->model, i, &info, &error), &error);
    io->in_names[i] = info.name;
    io->in[i] = info.spec;
    io->in[i].bytes = sizeof(float);
    for (uint32_t d = 0; d < info.spec.rank; d++) {
      io->in[i].dims[d] = info.spec.dims[d] < 0 ? length : info.spec.dims[d];
      io->in[i].bytes *= (size_t)io->in[i].dims[d];
    }
    fill(&io->in[i]);
  }
  for (size_t i = 0; i < io->n_out; i++) {
    onnxrun_info info = {.size = sizeof info};
    check(onnxrun_session_output(s->session, io->in, io->n_in, i, &info, &error), &error);
    io->out_names[i] = info.name;
    io->out[i] = info.spec;
    fill(&io->out[i]);
  }
}

static void free_buffers(subject *s)
{
  for (size_t i = 0; i < s->io.n_in; i++)
    free(s->io.in[i].data);
  for (size_t i = 0; i < s->io.n_out; i++)
    free(s->io.out[i].data);
}

static void run_ours(void *arg)
{
  subject *s = arg;
  onnxrun_error error;
  check(onnxrun_session_run(s->session, s->io.in, s->io.n_in, s->io.out, s->io.n_out, &error),
        &error);
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* How to time one model. */
typedef struct run_case {
  const char *what, *model;
  int64_t length;
  int threads;
  double limit; /* in microseconds, or copies of the data where `in_copies` */
  bool in_copies;
  double per;   /* what one run is divided by, if not 1 */
  double share; /* not 0: at most this part of the time of the case before */
  double times; /* not 0: so many times that is added to the limit */
} run_case;

static figure figure_of(const run_case *c, const summary *ours, const summary *peers)
{
  const double scale = c->per > 0 ? MICRO / c->per : MICRO;
  return (figure){.what = c->what,
                  .unit = "us",
                  .threads = c->threads,
                  .ours = scale * ours->median,
                  .least = scale * ours->least,
                  .most = scale * ours->largest,
                  .limit = c->limit,
                  .peer = peers ? scale * peers->median : 0};
}

static void add_copy(const run_case *c, figure *f, const summary *copied)
{
  char what[96];
  f->limit = c->limit * MICRO * copied->median;
  snprintf(what, sizeof what, "%s: memcpy of as much", c->what);
  rows_add(&(figure){.what = what,
                     .unit = "us",
                     .threads = c->threads,
                     .ours = MICRO * copied->median,
                     .least = MICRO * copied->least,
                     .most = MICRO * copied->largest});
}

/* Ours, the peer's on one thread, and the copy's, by turns. */
static void time_players(const run_case *c, subject *s, void *theirs, copy *copied, summary *times)
{
  player players[3] = {{.run = run_ours, .arg = s}};
  size_t n = 1;
  if (theirs && c->threads == 1)
    players[n++] = (player){.run = engine.peer->run, .arg = theirs};
  if (copied)
    players[n++] = (player){.run = copy_plainly, .arg = copied};
  take_turns(players, n, engine.seconds, false);
  times[0] = players[0].time;
  times[1] = players[1].time;
  times[2] = players[n - 1].time;
}

/* On several threads the peer comes after ours: its threads spin between its runs, and would take
 * a processor from ours. */
static void *load_peer(const run_case *c, subject *s)
{
  void *theirs = engine.peer ? engine.peer->load(s->bytes, s->size, c->threads) : NULL;
  if (!theirs || engine.peer->bind(theirs, &s->io))
    return theirs;
  engine.peer->close(theirs);
  return NULL;
}

static void time_peer_alone(void *theirs, summary *time)
{
  player alone = {.run = engine.peer->run, .arg = theirs};
  take_turns(&alone, 1, engine.seconds, false);
  *time = alone.time;
}

/* Two threads beside one. */
static void add_share(const run_case *c, double time, double before)
{
  char what[96];
  snprintf(what, sizeof what, "%s: of one thread's time", c->what);
  const double share = time / before;
  rows_add(&(figure){.what = what,
                     .unit = "x",
                     .threads = c->threads,
                     .ours = share,
                     .least = share,
                     .most = share,
                     .limit = c->share});
}

static void time_case(const run_case *c)
{
  static double before; /* of the last case */
  summary times[3];
  if (!is_wanted(c->what))
    return;
  subject s = subject_named(c->model);
  open_ours(&s, c->threads);
  make_buffers(&s, c->length);
  copy all = {s.io.out[0].data, s.io.in[0].data, s.io.in[0].bytes, c->threads};
  void *theirs = c->threads == 1 ? load_peer(c, &s) : NULL;
  time_players(c, &s, theirs, c->in_copies ? &all : NULL, times);
  if (c->threads > 1 && (theirs = load_peer(c, &s)))
    time_peer_alone(theirs, &times[1]);
  figure f = figure_of(c, &times[0], theirs ? &times[1] : NULL);
  if (c->in_copies)
    add_copy(c, &f, &times[2]);
  f.limit += c->times * before;
  rows_add(&f);
  if (c->share > 0 && before > 0)
    add_share(c, f.ours, before);
  before = f.ours;
  if (theirs)
    engine.peer->close(theirs);
  free_buffers(&s);
  close_ours(&s);
  free(s.bytes);
}

static const run_case run_cases[] = {
    {"run: one Relu of one element", "relu-1", 1, 1, .limit = 0.15},
    {"run: a node of 1,000 unfused, one element", "tiny-1000", 1, 1, .limit = 0.03, .per = 1000},
    {"chain: eight activations, 4,096 floats", "acts-8", 4096, 1, .limit = 0},
    {"chain: eight activations, 1 M", "acts-8", 1 << 20, 1, .limit = 1, .in_copies = true,
     .times = 256},
    {"chain: eight LeakyRelu, 1 M", "leaky-8", 1 << 20, 1, .limit = 1.5, .in_copies = true},
    {"chain: tanh-Gelu of eight nodes, 1 M", "gelu", 1 << 20, 1, .limit = 5, .in_copies = true},
    {"branches: 64 of 16 floats", "branches-64", 16, 1, .limit = 0},
    {"branches: 64 of 16 floats", "branches-64", 16, 2, .limit = 15},
    {"branches: 64 of 1,024 floats", "branches-64", 1024, 1, .limit = 0},
    {"branches: 64 of 1,024 floats", "branches-64", 1024, 2, .limit = 40},
    {"branches: 64 of 16,384 floats", "branches-64", 16384, 1, .limit = 0},
    {"branches: 64 of 16,384 floats", "branches-64", 16384, 2, .limit = 400, .share = 1 / 1.8},
    {"branches: 64 of 262,144 floats", "branches-64", 262144, 1, .limit = 0},
    {"branches: 64 of 262,144 floats", "branches-64", 262144, 2, .limit = 12000},
    {"weights: 256 MB, one row", "weights-256", 1, 1, .limit = 0},
    {"weights: 256 MB, 64 rows", "weights-256", 64, 1, .limit = 0},
};

/* ---- loading --------------------------------------------------------------------------------- */

static void load_ours(void *arg)
{
  subject *s = arg;
  open_ours(s, 1);
  close_ours(s);
}

static void load_theirs(void *arg)
{
  subject *s = arg;
  void *session = engine.peer->load(s->bytes, s->size, 1);
  if (session)
    engine.peer->close(session);
}

/* A session that has no plan yet, and its first run. */
static void plan_ours(void *arg)
{
  subject *s = arg;
  onnxrun_error error;
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.threads = 1;
  check(onnxrun_session_create(s->model, &o, &s->session, &error), &error);
  run_ours(s);
  onnxrun_session_release(s->session);
}

/* A new shape may take 5 microseconds a node, if that is asked of so many. */
static void time_load(const char *model, const char *what, double limit, double nodes)
{
  char planning[96];
  if (!is_wanted(what))
    return;
  snprintf(planning, sizeof planning, "%s: session, first run", what);
  subject s = subject_named(model);
  player players[2] = {{.run = load_ours, .arg = &s}, {.run = load_theirs, .arg = &s}};
  run_case c = {what, model, 1, 0, .limit = limit};
  take_turns(players, engine.peer ? 2 : 1, engine.seconds, false);
  const figure f = figure_of(&c, &players[0].time, engine.peer ? &players[1].time : NULL);
  rows_add(&f);
  c.what = planning;
  c.limit = 5 * nodes;
  open_ours(&s, 1);
  make_buffers(&s, 1);
  onnxrun_session_release(s.session);
  s.session = NULL;
  players[0] = (player){.run = plan_ours, .arg = &s};
  take_turns(players, 1, engine.seconds, false);
  s.session = NULL;
  const figure first = figure_of(&c, &players[0].time, NULL);
  rows_add(&first);
  free_buffers(&s);
  close_ours(&s);
  free(s.bytes);
}

/* ---- processes ------------------------------------------------------------------------------- */

/* Kilobytes of this process: "VmHWM:", the largest resident memory that it had, or "RssAnon:", its
 * private memory now. A parent would be told of its own peak as well, which the process had before
 * it became another program. */
static long kilobytes(const char *what)
{
  char line[256];
  long found = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f)) {
    if (strncmp(line, what, strlen(what)) == 0)
      found = atol(line + strlen(what));
  }
  if (f)
    fclose(f);
  return found;
}

/* In a process of its own: the private memory that opening takes. The peer is given the bytes,
 * which are not counted. */
static int opened(const char *whose, const char *path)
{
  subject s = {.model = NULL};
  snprintf(s.path, sizeof s.path, "%s", path);
  const bool is_ours = strcmp(whose, "ours") == 0;
  const peer *p = is_ours ? NULL : ort_peer(getenv("ORT_LIB"));
  if (!is_ours)
    read_bytes(&s);
  const long before = kilobytes("RssAnon:");
  if (is_ours)
    open_ours(&s, 1);
  else if (!p || !p->load(s.bytes, s.size, 1))
    return 1;
  printf("%ld\n", kilobytes("RssAnon:") - before);
  return 0;
}

/* In a process of its own: one run; prints the peak of its memory. */
static int once(const char *whose, const char *path)
{
  subject s = {.model = NULL};
  snprintf(s.path, sizeof s.path, "%s", path);
  float x[1] = {1}, y[1];
  const onnxrun_tensor one = {ONNXRUN_FLOAT, 1, {1}, x, sizeof x};
  s.io = (peer_io){1, 1, {"x"}, {"y"}, {one}, {one}};
  s.io.out[0].data = y;
  if (strcmp(whose, "ours") == 0) {
    open_ours(&s, 1);
    run_ours(&s);
  } else {
    read_bytes(&s);
    const peer *p = ort_peer(getenv("ORT_LIB"));
    void *session = p ? p->load(s.bytes, s.size, 1) : NULL;
    if (!session || !p->bind(session, &s.io))
      return 1;
  }
  printf("%ld\n", kilobytes("VmHWM:"));
  return 0;
}

/* Seconds of the process. */
static double process_seconds(const char *whose, const char *path)
{
  char program[1024], model[1024], mode[] = "--once", who[8];
  snprintf(program, sizeof program, "%s", engine.program);
  snprintf(model, sizeof model, "%s", path);
  snprintf(who, sizeof who, "%s", whose);
  char *command[] = {program, mode, who, model, NULL};
  return spawn_seconds("bench_engine", command);
}

/* Megabytes that the process of `mode` prints. */
static double megabytes_of(const char *mode, const char *whose, const char *path)
{
  char command[2200];
  long found = 0;
  snprintf(command, sizeof command, "'%s' %s %s '%s'", engine.program, mode, whose, path);
  FILE *f = popen(command, "r");
  if (!f || fscanf(f, "%ld", &found) != 1)
    found = 0;
  if (f)
    pclose(f);
  return 1024e-6 * (double)found;
}

static void add_memory(const char *what, const char *mode, const char *path, double limit)
{
  const double ours = megabytes_of(mode, "ours", path);
  rows_add(&(figure){.what = what,
                     .unit = "MB",
                     .ours = ours,
                     .least = ours,
                     .most = ours,
                     .limit = limit,
                     .peer = engine.peer ? megabytes_of(mode, "theirs", path) : 0});
}

static void time_weights(void)
{
  static const char what[] = "load: 256 MB of weights";
  char path[1100];
  time_load("weights-256", what, 10000, 0);
  if (!is_wanted(what))
    return;
  snprintf(path, sizeof path, "%s/weights-256.onnx", engine.folder);
  add_memory("load: 256 MB of weights: private memory", "--opened", path, 16);
}

static void time_processes(void)
{
  enum { TURNS = 21 };
  subject s = subject_named("relu-1");
  double ours[TURNS], theirs[TURNS];
  for (int i = 0; i < TURNS; i++) {
    ours[i] = process_seconds("ours", s.path);
    theirs[i] = engine.peer ? process_seconds("theirs", s.path) : 0;
  }
  const summary a = summary_of(ours, TURNS), b = summary_of(theirs, TURNS);
  const run_case c = {"process: one run of one Relu", "", 1, 0, .limit = 3000};
  const figure f = figure_of(&c, &a, &b);
  rows_add(&f);
  add_memory("process: its peak memory", "--once", s.path, 4);
  free(s.bytes);
}

/* ---- OpenMP ---------------------------------------------------------------------------------- */

static int joined[2];

static void fork_and_join(void *arg)
{
  (void)arg;
#pragma omp parallel for num_threads(2) schedule(static, 1)
  for (int i = 0; i < 2; i++)
    joined[i]++;
}

static void time_regions(void)
{
  enum { TURNS = 21 };
  const struct timespec rest = {0, 20000000};
  double asleep[TURNS];
  player hot = {.run = fork_and_join};
  take_turns(&hot, 1, engine.seconds, false);
  for (int i = 0; i < TURNS; i++) {
    nanosleep(&rest, NULL);
    const double start = seconds_now();
    fork_and_join(NULL);
    asleep[i] = seconds_now() - start;
  }
  const summary slept = summary_of(asleep, TURNS);
  const run_case a = {"OpenMP: fork and join, hot", "", 1, 2, .limit = 0};
  const run_case b = {"OpenMP: fork and join, asleep", "", 1, 2, .limit = 0};
  const figure first = figure_of(&a, &hot.time, NULL), second = figure_of(&b, &slept, NULL);
  rows_add(&first);
  rows_add(&second);
}

/* ---- all ------------------------------------------------------------------------------------- */

static int usage(void)
{
  fprintf(stderr, "usage: bench_engine FOLDER [--json FILE] [--only TEXT] [--seconds S]\n");
  return 2;
}

/* false: the command line is not understood. */
static bool set_options(int argc, char **argv)
{
  static const struct option options[] = {{"json", 1, NULL, 'j'},
                                          {"only", 1, NULL, 'o'},
                                          {"seconds", 1, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (c) {
    case 'j':
      engine.json = optarg;
      break;
    case 'o':
      engine.only = optarg;
      break;
    case 's':
      engine.seconds = atof(optarg);
      break;
    default:
      return false;
    }
  }
  engine.program = argv[0];
  engine.folder = argv[optind];
  return optind + 1 == argc;
}

int main(int argc, char **argv)
{
  const char *library = getenv("ORT_LIB");
  if (argc == 4 && strcmp(argv[1], "--once") == 0)
    return once(argv[2], argv[3]);
  if (argc == 4 && strcmp(argv[1], "--opened") == 0)
    return opened(argv[2], argv[3]);
  if (!set_options(argc, argv))
    return usage();
  engine.peer = library && *library ? ort_peer(library) : NULL;
  rows_begin(engine.peer ? engine.peer->name : NULL, engine.json);
  time_load("tiny-1", "load: 1 node", 200, 0);
  time_load("tiny-1000", "load: 1,000 nodes", 1000, 1000);
  time_load("tiny-10000", "load: 10,000 nodes", 8000, 10000);
  time_load("forest-5410", "load: a forest of 5,410 nodes", 20000, 5410);
  time_weights();
  if (is_wanted("process"))
    time_processes();
  for (size_t i = 0; i < sizeof run_cases / sizeof *run_cases; i++)
    time_case(&run_cases[i]);
  if (is_wanted("OpenMP"))
    time_regions();
  return rows_end() ? 0 : 1;
}
