/* profile.c: the steps of a run: a table by time, or a trace for a viewer.
 *
 * A trace is JSON, but one list of records of one kind: a library would have to be fed text that is
 * already made safe (names come from files), and would make every start of the command slower. */
#include "profile.h"

#include "files.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>

void profile_init(struct profile *p)
{
  *p = (struct profile){0};
  pthread_mutex_init(&p->mutex, NULL);
}

void profile_release(struct profile *p)
{
  free(p->steps);
  p->steps = NULL;
  pthread_mutex_destroy(&p->mutex);
}

static struct profile_step *new_step(struct profile *p)
{
  if (p->size == p->room) {
    const size_t room = 2 * p->room + 64;
    struct profile_step *steps = realloc(p->steps, room * sizeof *steps);
    p->failed = p->failed || !steps;
    if (!steps)
      return NULL;
    p->steps = steps;
    p->room = room;
  }
  return &p->steps[p->size++];
}

void profile_add(void *user, const onnxrun_event *e)
{
  struct profile *p = user;
  pthread_mutex_lock(&p->mutex);
  struct profile_step *s = new_step(p);
  if (s) {
    *s = (struct profile_step){.name = e->name,
                               .op = e->op,
                               .domain = e->domain,
                               .n_out = e->n_out,
                               .thread = e->thread,
                               .start_ns = e->start_ns,
                               .end_ns = e->end_ns,
                               .read_bytes = e->read_bytes,
                               .written_bytes = e->written_bytes,
                               .index = e->index,
                               .nodes = e->nodes};
    if (e->n_out > 0)
      s->out = *e->out[0];
    s->out.data = NULL;
  }
  pthread_mutex_unlock(&p->mutex);
}

static double microseconds(const struct profile_step *s)
{
  return 1e-3 * (double)(s->end_ns - s->start_ns);
}

static int by_time(const void *a, const void *b)
{
  const struct profile_step *x = a, *y = b;
  const double left = microseconds(x), right = microseconds(y);
  return left != right ? (left < right) - (left > right)
                       : (x->index > y->index) - (x->index < y->index);
}

static int by_start(const void *a, const void *b)
{
  const struct profile_step *x = a, *y = b;
  return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

/* "Conv", "com.example::Conv", "Mul +3" for one with three more nodes. */
static void append_op(struct text *t, const struct profile_step *s)
{
  text_append_escaped(t, s->domain.data, s->domain.size, 0);
  text_append(t, "::", s->domain.size > 0 ? 2 : 0);
  text_append_escaped(t, s->op.data, s->op.size, 0);
  if (s->nodes > 1)
    text_format(t, " +%u", s->nodes - 1);
}

static void append_name(struct text *t, const struct profile_step *s)
{
  if (s->name.size > 0)
    text_append_escaped(t, s->name.data, s->name.size, 0);
  else
    text_format(t, "%s %u", s->nodes ? "node" : "output", s->index);
}

static void append_row(struct text *t, const struct profile_step *s, double sum)
{
  const double us = microseconds(s);
  text_format(t, "%12.3f %6.2f %6zu ", us, sum > 0 ? 100 * us / sum : 0, s->thread);
  text_format(t, "%8.2f  ", us > 0 ? 1e-3 * (double)(s->read_bytes + s->written_bytes) / us : 0);
  const size_t op_at = t->size;
  append_op(t, s);
  text_append_spaces(t, t->size - op_at < 20 ? 20 - (t->size - op_at) : 1);
  if (s->n_out > 0)
    text_append_type(t, &s->out, NULL);
  text_append(t, "  ", 2);
  append_name(t, s);
  text_append(t, "\n", 1);
}

static void append_table(struct text *t, struct profile *p)
{
  double sum = 0;
  uint64_t first = UINT64_MAX, last = 0;
  for (size_t i = 0; i < p->size; i++) {
    const struct profile_step *s = &p->steps[i];
    sum += microseconds(s);
    first = s->start_ns < first ? s->start_ns : first;
    last = s->end_ns > last ? s->end_ns : last;
  }
  qsort(p->steps, p->size, sizeof *p->steps, by_time);
  text_format(t, "%12s %6s %6s %8s  %-20s%s\n", "us", "%", "thread", "GB/s", "operator",
              "output and node");
  for (size_t i = 0; i < p->size; i++)
    append_row(t, &p->steps[i], sum);
  text_format(t,
              "%12.3f us in %zu steps, %.3f us from the first one's start to the last one's end\n",
              sum, p->size, p->size ? 1e-3 * (double)(last - first) : 0);
}

/* A JSON string of text that is printable already. */
static void append_json(struct text *t, const struct text *shown)
{
  text_append(t, "\"", 1);
  for (size_t i = 0; i < shown->size; i++) {
    if (shown->data[i] == '"' || shown->data[i] == '\\')
      text_append(t, "\\", 1);
    text_append(t, &shown->data[i], 1);
  }
  text_append(t, "\"", 1);
}

/* `append` makes the text. */
static void append_member(struct text *t, const char *key, const struct profile_step *s,
                          void (*append)(struct text *, const struct profile_step *))
{
  struct text shown = {0};
  append(&shown, s);
  text_format(t, "\"%s\":", key);
  append_json(t, &shown);
  t->failed = t->failed || shown.failed;
  text_release(&shown);
}

static void append_output(struct text *t, const struct profile_step *s)
{
  if (s->n_out > 0)
    text_append_type(t, &s->out, NULL);
}

static void append_event(struct text *t, const struct profile_step *s, size_t lane)
{
  text_append(t, "{", 1);
  append_member(t, "name", s, append_op);
  text_format(t, ",\"cat\":\"step\",\"ph\":\"X\",\"pid\":1,\"tid\":%zu", lane);
  text_format(t, ",\"ts\":%.3f,\"dur\":%.3f,\"args\":{", 1e-3 * (double)s->start_ns,
              microseconds(s));
  append_member(t, "node", s, append_name);
  text_append(t, ",", 1);
  append_member(t, "output", s, append_output);
  text_format(t, ",\"index\":%u,\"nodes\":%u,\"thread\":%zu", s->index, s->nodes, s->thread);
  text_format(t, ",\"read_bytes\":%llu,\"written_bytes\":%llu}}", (unsigned long long)s->read_bytes,
              (unsigned long long)s->written_bytes);
}

/* Viewers want what stands in one row not to overlap, but on several threads steps do: each goes to
 * the first row, from that of its thread on, that is free. */
static size_t free_lane(uint64_t *ends, size_t n, const struct profile_step *s)
{
  size_t lane = s->thread < n ? s->thread : 0;
  while (lane + 1 < n && ends[lane] > s->start_ns)
    lane++;
  ends[lane] = s->end_ns;
  return lane;
}

static void append_trace(struct text *t, struct profile *p)
{
  const size_t lanes = p->size + 1;
  uint64_t *ends = calloc(lanes, sizeof *ends);
  t->failed = t->failed || !ends;
  qsort(p->steps, p->size, sizeof *p->steps, by_start);
  text_format(t, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
  for (size_t i = 0; ends && i < p->size; i++) {
    text_append(t, i ? ",\n" : "\n", i ? 2 : 1);
    append_event(t, &p->steps[i], free_lane(ends, lanes, &p->steps[i]));
  }
  text_format(t, "\n]}\n");
  free(ends);
}

int profile_write(struct profile *p, const char *path, struct fault *f)
{
  struct text t = {0};
  if (path)
    append_trace(&t, p);
  else
    append_table(&t, p);
  int code = p->failed || t.failed ? fault_memory(f) : EXIT_CODE_OK;
  if (code == EXIT_CODE_OK && path)
    code = bytes_write(path, t.data, t.size, f);
  else if (code == EXIT_CODE_OK)
    fwrite(t.data, 1, t.size, stderr);
  text_release(&t);
  return code;
}
