/* chain.c: see chain.h. */
#include "runtime/chain.h"

#include "runtime/cpu.h"

/* A worker's memory: pointers of one job, the same along a walk, and buffers. */
typedef struct onx_lane {
  const void **in, **walked;
  char *buffers;
  size_t buffer_bytes;
} onx_lane;

size_t onx_chain_scratch(const onx_chain *chain)
{
  return onx_whole_lines(2 * chain->n_pointers * sizeof(void *)) +
         chain->n_buffers * chain->buffer_bytes;
}

static char *buffer(const onx_lane *lane, uint32_t i)
{
  return lane->buffers + i * lane->buffer_bytes;
}

static const void *moved(const void *p, size_t bytes)
{
  return p ? (const char *)p + bytes : NULL;
}

/* Elements [begin, begin + n) of a map whose operands are contiguous or one element. */
static void compute(const onx_member *m, size_t begin, size_t n, void *out, const onx_lane *lane)
{
  onnxrun_job job = m->step.job;
  for (size_t i = 0; i < job.n_in; i++) {
    lane->in[i] = m->in_buffer[i] != ONX_NONE ? buffer(lane, m->in_buffer[i])
                                              : moved(job.in[i], begin * job.step[i] * m->item[i]);
  }
  job.in = lane->in;
  job.out = &out;
  m->step.loop(&job, 0, n);
}

/* The same where operands fall into runs; what is in a buffer is contiguous. */
static void compute_runs(const onx_member *m, size_t begin, size_t n, char *out,
                         const onx_lane *lane)
{
  const onx_spread *s = m->step.spread;
  onnxrun_job job = m->step.job;
  void *to = out;
  job.in = lane->in;
  job.out = &to;
  onx_walk walk;
  onx_spread_first(s, &m->step.job, begin / s->run, &walk, lane->walked);
  for (size_t from = begin % s->run, done = 0; done < n; from = 0) {
    const size_t most = s->run - from, some = n - done < most ? n - done : most;
    for (size_t i = 0; i < job.n_in; i++) {
      lane->in[i] = m->in_buffer[i] != ONX_NONE
                        ? buffer(lane, m->in_buffer[i]) + done * m->item[i]
                        : moved(lane->walked[i], from * job.step[i] * m->item[i]);
    }
    to = out + done * m->item[job.n_in];
    m->step.loop(&job, 0, some);
    done += some;
    onx_spread_next(s, job.n_in, &walk, lane->walked);
  }
}

/* What is read from there is in the cache, or soon will be. */
static bool is_in_place(const onx_member *m)
{
  for (size_t i = 0; i < m->step.job.n_in; i++) {
    if (m->step.job.in[i] == m->step.job.out[0])
      return true;
  }
  return false;
}

static void compute_block(const onx_member *m, size_t begin, size_t n, const onx_lane *lane)
{
  const size_t item = m->item[m->step.job.n_in];
  char *to = m->out_buffer == ONX_NONE || m->is_streamed ? (char *)m->step.job.out[0] + begin * item
                                                         : buffer(lane, m->out_buffer);
  const bool is_streamed = m->is_streamed && !is_in_place(m);
  char *out = is_streamed ? buffer(lane, m->out_buffer) : to;
  if (m->step.spread)
    compute_runs(m, begin, n, out, lane);
  else
    compute(m, begin, n, out, lane);
  if (is_streamed)
    onx_cpu_stream(to, out, n * item);
}

/* Elements from `begin` on, which need not be there: the address is never read through. */
static void fetch(const onx_chain *chain, size_t begin, size_t n)
{
  const uintptr_t from = (uintptr_t)*chain->ahead + begin * chain->ahead_item;
  onx_cpu_fetch((const void *)from, n * chain->ahead_item);
}

/* Runs the maps on elements [begin, end). */
static void run_maps(const onx_chain *chain, size_t begin, size_t end, const onx_lane *lane)
{
  for (size_t n; begin < end; begin += n) {
    n = end - begin < chain->block ? end - begin : chain->block;
    if (chain->is_streamed && chain->ahead)
      fetch(chain, begin + n, n);
    for (size_t i = chain->has_head; i < chain->n_members; i++)
      compute_block(&chain->members[i], begin, n, lane);
  }
}

/* Runs the maps on what items [begin, end) of the head wrote, neighbours at once. */
static void run_parts(const onx_chain *chain, size_t begin, size_t end, const onx_lane *lane)
{
  const onx_step *head = &chain->members[0].step;
  size_t from = 0, to = 0;
  for (size_t i = begin; i < end; i++) {
    onnxrun_part part;
    head->part(head->job.params, i, &part);
    if (part.stride == part.length) {
      part.length *= part.rows;
      part.rows = 1;
    }
    for (size_t row = part.first; part.rows > 0; part.rows--, row += part.stride) {
      if (row != to) {
        run_maps(chain, from, to, lane);
        from = row;
      }
      to = row + part.length;
    }
  }
  run_maps(chain, from, to, lane);
}

void onx_chain_range(const onx_chain *chain, size_t begin, size_t end, void *scratch)
{
  const onx_lane lane = {scratch, (const void **)scratch + chain->n_pointers,
                         (char *)scratch + onx_whole_lines(2 * chain->n_pointers * sizeof(void *)),
                         chain->buffer_bytes};
  if (!chain->has_head) {
    run_maps(chain, begin, end, &lane);
    if (chain->is_streamed)
      onx_cpu_streamed();
    return;
  }
  const onx_step *head = &chain->members[0].step;
  onnxrun_job job = head->job;
  job.scratch = (char *)scratch + chain->map_scratch;
  head->loop(&job, begin, end);
  run_parts(chain, begin, end, &lane);
}
