/* layout.c: where values lie in the arena and what each step waits for.
 *
 * Steps are visited in order. A value's memory is a segment of the arena from the step that makes
 * it to the last that reads it; after that the segment is free and a later step may take it. As
 * steps run side by side, taking it adds an edge: the new maker waits for the old readers. So that
 * reuse does not chain branches which could run side by side, a plan for threads takes only memory
 * whose readers the step waits for anyway, or that has been free for a while. Edges lead from
 * earlier steps to later ones, so no cycle can arise. */
#include <string.h>

#include "runtime/error.h"
#include "runtime/plan.h"
#include "runtime/uses.h"

#define LINGER 16       /* steps that memory stays free before an unrelated step takes it */
#define READERS_MOST 64 /* memory read by more steps is not reused by a plan for threads */
#define VISITS_MOST 256 /* segments looked at for one value */

/* A stretch of the arena; together they cover it, in a list by offset. */
typedef struct onx_segment {
  size_t offset, bytes;
  uint32_t owner; /* the root that lies, or last lay, here */
  uint32_t next;
  bool is_free;
} onx_segment;

typedef struct onx_edge {
  uint32_t from, to;
} onx_edge;

typedef struct onx_layout {
  onx_plan *plan;
  onx_uses uses;
  uint32_t *last;    /* by root: the last step that reads it, or its maker */
  uint32_t *mark;    /* by step: s + 1 when the step at hand, s, waits for it */
  uint32_t *segment; /* by root: where it lies, or ONX_NONE */
  onx_segment *segments;
  size_t n_segments, cap_segments;
  uint32_t tail; /* the segment at the arena's end, when there is one */
  onx_edge *edges;
  size_t n_edges, cap_edges;
} onx_layout;

static bool new_layout(onx_layout *l, onx_plan *p, onx_pool *scrap)
{
  const size_t n = p->graph->n_values;
  *l = (onx_layout){.plan = p};
  l->last = onx_pool_array(scrap, n, sizeof *l->last);
  l->mark = onx_pool_array(scrap, p->n_steps, sizeof *l->mark);
  l->segment = onx_pool_array(scrap, n, sizeof *l->segment);
  if (!l->last || !l->mark || !l->segment || !onx_uses_list(&l->uses, p, scrap))
    return false;
  for (size_t v = 0; v < n; v++)
    l->segment[v] = ONX_NONE;
  return true;
}

/* The last use of every root, and how often a value is read. */
static void find_last(onx_layout *l)
{
  onx_plan *p = l->plan;
  for (uint32_t s = 0; s < p->n_steps; s++) {
    const onx_step *step = &p->steps[s];
    for (uint32_t i = 0; i < step->n_makes; i++)
      l->last[p->root[step->makes[i].value]] = s;
    for (uint32_t i = 0; i < step->n_reads; i++) {
      l->last[p->root[step->reads[i].value]] = s;
      p->uses[step->reads[i].value]++;
    }
  }
  for (size_t o = 0; o < p->graph->n_outputs; o++)
    p->uses[p->graph->outputs[o]]++;
}

static size_t n_readers(const onx_layout *l, uint32_t root)
{
  return l->uses.reader_at[root + 1] - l->uses.reader_at[root];
}

static bool add_edge(onx_layout *l, onx_pool *scrap, uint32_t from, uint32_t to)
{
  if (from == ONX_NONE || from == to || l->mark[from] == to + 1)
    return true;
  if (!onx_pool_grow(scrap, (void **)&l->edges, &l->cap_edges, l->n_edges + 1, sizeof *l->edges))
    return false;
  l->mark[from] = to + 1;
  l->edges[l->n_edges++] = (onx_edge){from, to};
  return true;
}

/* Makes step s wait for all that use the memory of `owner`. */
static bool wait_for_users(onx_layout *l, onx_pool *scrap, uint32_t owner, uint32_t s)
{
  if (!l->plan->is_parallel)
    return true;
  bool is_ok = add_edge(l, scrap, l->uses.maker[owner], s);
  for (size_t r = l->uses.reader_at[owner]; is_ok && r < l->uses.reader_at[owner + 1]; r++)
    is_ok = add_edge(l, scrap, l->uses.readers[r], s);
  return is_ok;
}

/* Whether step s waits for all readers of `owner` anyway; its maker is before those. */
static bool is_behind(const onx_layout *l, uint32_t owner, uint32_t s)
{
  const size_t from = l->uses.reader_at[owner], to = l->uses.reader_at[owner + 1];
  if (from == to)
    return l->mark[l->uses.maker[owner]] == s + 1;
  for (size_t r = from; r < to; r++) {
    if (l->mark[l->uses.readers[r]] != s + 1)
      return false;
  }
  return true;
}

static bool may_take(const onx_layout *l, uint32_t owner, uint32_t s)
{
  if (!l->plan->is_parallel)
    return true;
  if (n_readers(l, owner) > READERS_MOST)
    return false;
  return l->last[owner] + LINGER < s || is_behind(l, owner, s);
}

/* The tightest row of free segments for `bytes`: its first, or ONX_NONE. */
static uint32_t find_free(const onx_layout *l, size_t bytes, uint32_t s)
{
  uint32_t best = ONX_NONE;
  size_t best_bytes = SIZE_MAX, visits = 0;
  for (uint32_t first = l->n_segments ? 0 : ONX_NONE; first != ONX_NONE && visits < VISITS_MOST;
       first = l->segments[first].next) {
    size_t found = 0;
    visits++;
    for (uint32_t at = first; at != ONX_NONE && found < bytes; at = l->segments[at].next) {
      if (!l->segments[at].is_free || !may_take(l, l->segments[at].owner, s))
        break;
      found += l->segments[at].bytes;
      visits++;
    }
    if (found >= bytes && found < best_bytes) {
      best = first;
      best_bytes = found;
    }
  }
  return best;
}

static uint32_t new_segment(onx_layout *l, onx_pool *scrap, onx_segment segment)
{
  if (!onx_pool_grow(scrap, (void **)&l->segments, &l->cap_segments, l->n_segments + 1,
                     sizeof *l->segments))
    return ONX_NONE;
  l->segments[l->n_segments] = segment;
  return (uint32_t)l->n_segments++;
}

/* Joins the row that begins at `first` until it holds `bytes`; the rest of the last stays free. */
static bool take_row(onx_layout *l, onx_pool *scrap, uint32_t first, size_t bytes, uint32_t s)
{
  uint32_t owner = l->segments[first].owner;
  if (!wait_for_users(l, scrap, owner, s))
    return false;
  while (l->segments[first].bytes < bytes) {
    const onx_segment absorbed = l->segments[l->segments[first].next];
    owner = absorbed.owner;
    if (!wait_for_users(l, scrap, owner, s))
      return false;
    l->segments[first].bytes += absorbed.bytes;
    l->segments[first].next = absorbed.next;
  }
  const onx_segment whole = l->segments[first];
  if (whole.bytes > bytes) {
    const uint32_t rest = new_segment(
        l, scrap,
        (onx_segment){whole.offset + bytes, whole.bytes - bytes, owner, whole.next, true});
    if (rest == ONX_NONE)
      return false;
    l->segments[first].bytes = bytes;
    l->segments[first].next = rest;
  }
  if (whole.next == ONX_NONE)
    l->tail = whole.bytes > bytes ? l->segments[first].next : first;
  return true;
}

static bool append_segment(onx_layout *l, onx_pool *scrap, size_t bytes, uint32_t *out)
{
  const size_t offset = l->plan->arena_bytes;
  if (!onx_add(offset, bytes, &l->plan->arena_bytes))
    return false;
  const uint32_t added =
      new_segment(l, scrap, (onx_segment){offset, bytes, ONX_NONE, ONX_NONE, false});
  if (added == ONX_NONE)
    return false;
  if (l->n_segments > 1)
    l->segments[l->tail].next = added;
  *out = l->tail = added;
  return true;
}

static bool place(onx_layout *l, onx_pool *scrap, uint32_t root, uint32_t s)
{
  if (l->plan->tensors[root].bytes > SIZE_MAX - ONX_ALIGN)
    return false;
  const size_t bytes = onx_whole_lines(l->plan->tensors[root].bytes);
  uint32_t at = find_free(l, bytes, s);
  const bool is_placed =
      at == ONX_NONE ? append_segment(l, scrap, bytes, &at) : take_row(l, scrap, at, bytes, s);
  if (!is_placed)
    return false;
  l->segments[at].owner = root;
  l->segments[at].is_free = false;
  l->segment[root] = at;
  l->plan->offset[root] = l->segments[at].offset;
  return true;
}

/* Whether the step reads `root` only up to its member `member`. */
static bool is_read_until(const onx_plan *p, const onx_step *step, uint32_t root, uint32_t member)
{
  for (uint32_t i = 0; i < step->n_reads; i++) {
    if (p->root[step->reads[i].value] == root && step->reads[i].member > member)
      return false;
  }
  return true;
}

/* A map may write over an input of the same size that nobody reads afterwards. */
static bool place_over_input(onx_layout *l, onx_pool *scrap, const onx_use *made, uint32_t s,
                             bool *is_done)
{
  onx_plan *p = l->plan;
  const onx_step *step = &p->steps[s];
  const uint32_t root = made->value;
  *is_done = false;
  for (uint32_t i = 0; step->may_overwrite && i < step->n_reads; i++) {
    const uint32_t in = p->root[step->reads[i].value];
    if (l->segment[in] == ONX_NONE || l->last[in] != s ||
        p->tensors[in].bytes != p->tensors[root].bytes ||
        onnxrun_bits(p->tensors[in].dtype) != onnxrun_bits(p->tensors[root].dtype) ||
        !is_read_until(p, step, in, made->member) ||
        (p->is_parallel && n_readers(l, in) > READERS_MOST))
      continue;
    if (!wait_for_users(l, scrap, in, s))
      return false;
    l->segments[l->segment[in]].owner = root;
    l->segment[root] = l->segment[in];
    l->segment[in] = ONX_NONE;
    p->offset[root] = p->offset[in];
    *is_done = true;
    return true;
  }
  return true;
}

static bool needs_place(const onx_layout *l, uint32_t v)
{
  const onx_plan *p = l->plan;
  return p->root[v] == v && p->place[v] == ONX_ARENA && p->tensors[v].bytes > 0;
}

static void free_if_last(onx_layout *l, uint32_t v, uint32_t s)
{
  const uint32_t root = l->plan->root[v];
  if (l->segment[root] != ONX_NONE && l->last[root] == s) {
    l->segments[l->segment[root]].is_free = true;
    l->segment[root] = ONX_NONE;
  }
}

static bool lay_out_step(onx_layout *l, onx_pool *scrap, uint32_t s)
{
  onx_plan *p = l->plan;
  const onx_step *step = &p->steps[s];
  for (uint32_t i = 0; i < step->n_reads; i++) {
    if (!add_edge(l, scrap, l->uses.maker[p->root[step->reads[i].value]], s))
      return false;
  }
  for (uint32_t i = 0; i < step->n_makes; i++) {
    const onx_use *made = &step->makes[i];
    bool is_done = false;
    if (!needs_place(l, made->value))
      continue;
    if (!place_over_input(l, scrap, made, s, &is_done) ||
        (!is_done && !place(l, scrap, made->value, s)))
      return false;
  }
  for (uint32_t i = 0; i < step->n_reads; i++)
    free_if_last(l, step->reads[i].value, s);
  for (uint32_t i = 0; i < step->n_makes; i++)
    free_if_last(l, step->makes[i].value, s);
  return true;
}

/* Edges as lists by the step they lead from. */
static bool list_edges(const onx_layout *l)
{
  onx_plan *p = l->plan;
  p->n_waits = onx_pool_array(&p->pool, p->n_steps, sizeof *p->n_waits);
  p->next_at = onx_pool_array(&p->pool, p->n_steps + 2, sizeof *p->next_at);
  p->next = onx_pool_array(&p->pool, l->n_edges, sizeof *p->next);
  if (!p->n_waits || !p->next_at || !p->next)
    return false;
  for (size_t e = 0; e < l->n_edges; e++) {
    p->next_at[l->edges[e].from + 2]++;
    p->n_waits[l->edges[e].to]++;
  }
  for (size_t s = 2; s < p->n_steps + 2; s++)
    p->next_at[s] += p->next_at[s - 1];
  for (size_t e = 0; e < l->n_edges; e++)
    p->next[p->next_at[l->edges[e].from + 1]++] = l->edges[e].to;
  return true;
}

static bool add_patch(onx_plan *p, void **slot, uint32_t index, bool is_result)
{
  if (!onx_pool_grow(&p->pool, (void **)&p->patches, &p->cap_patches, p->n_patches + 1,
                     sizeof *p->patches))
    return false;
  p->patches[p->n_patches++] = (onx_patch){slot, index, is_result};
  return true;
}

static bool patch_value(onx_plan *p, void **slot, uint32_t v)
{
  if (p->place[v] != ONX_GIVEN && p->place[v] != ONX_RESULT)
    return true;
  return add_patch(p, slot, p->index[p->root[v]], p->place[v] == ONX_RESULT);
}

/* Every pointer to the caller's memory: of values, and of steps with settled shapes. */
static bool list_patches(onx_plan *p)
{
  bool is_ok = true;
  for (uint32_t v = 0; is_ok && v < p->graph->n_values; v++)
    is_ok = patch_value(p, &p->tensors[v].data, v);
  for (size_t s = 0; is_ok && s < p->n_steps; s++) {
    onx_step *step = &p->steps[s];
    for (uint32_t i = 0; is_ok && i < step->n_slots; i++)
      is_ok = patch_value(p, step->slots[i].pointer, step->slots[i].value);
    if (is_ok && !step->node)
      is_ok = add_patch(p, onx_step_out(step, 0), step->result, true);
  }
  return is_ok;
}

onnxrun_status onx_plan_layout(onx_plan *plan, onnxrun_error *error)
{
  onx_pool scrap = {.heap = plan->pool.heap};
  onx_layout l;
  bool is_ok = new_layout(&l, plan, &scrap);
  if (is_ok)
    find_last(&l);
  for (size_t s = 0; is_ok && s < plan->n_steps; s++)
    is_ok = lay_out_step(&l, &scrap, (uint32_t)s);
  is_ok = is_ok && list_edges(&l) && list_patches(plan);
  onx_pool_release(&scrap);
  return is_ok ? ONNXRUN_OK
               : onx_heap_fail(plan->pool.heap, plan->arena_bytes, "the layout of memory", error);
}

void onx_plan_bind(onx_plan *plan, void *arena)
{
  for (size_t v = 0; v < plan->graph->n_values; v++) {
    if (plan->place[v] == ONX_ARENA)
      plan->tensors[v].data = (char *)arena + plan->offset[plan->root[v]];
  }
  for (size_t s = 0; s < plan->n_steps; s++) {
    for (uint32_t i = 0; i < plan->steps[s].n_slots; i++)
      *plan->steps[s].slots[i].pointer = plan->tensors[plan->steps[s].slots[i].value].data;
  }
  plan->bound = arena;
}
