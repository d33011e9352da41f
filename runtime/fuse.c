/* fuse.c: which steps run as one.
 *
 * Steps are visited in order. One that can join does so with the groups of its producers, unless a
 * path leads from the joined group out and back: then the group could not run at one time. Each
 * group of several steps becomes a chain (chain.c). */
#include <string.h>

#include "runtime/chain.h"
#include "runtime/error.h"
#include "runtime/plan.h"
#include "runtime/uses.h"

#define MEMBERS_MOST 64
/* Producers that one step joins: branches that it brings together are better run side by side, and
 * their values do not fit the cache at one time. */
#define JOINS_MOST 4
#define VISITS_MOST 256               /* readers looked at for one joining */
#define BUFFERS_BYTES ((size_t)16384) /* of a chain's buffers: half of a small L1 cache */
#define BLOCK_LEAST ((size_t)256)
#define BLOCK_MOST ((size_t)2048)
/* Results from here on go past the caches, in blocks that are fetched one ahead, when the work is
 * so little that memory is all that counts: else ordinary stores overlap with it, and streaming
 * adds to it (Zen 4, 64 MB: Relu 4.8 ms, 5.5 by ordinary stores; Sigmoid 7.8 and 5.4). */
#define STREAMED_BYTES ((size_t)32 << 20)
#define STREAMED_BLOCK ((size_t)512)
#define STREAMED_MEMBERS 3

typedef struct onx_fuser {
  onx_plan *plan;
  onx_pool *scrap;
  bool has_heads; /* chains may begin with another kind of kernel */
  onx_uses uses;
  uint32_t *group;     /* by step: a step of the same group, itself in the group's first */
  uint32_t *next;      /* by step: the next of its group, or ONX_NONE */
  uint32_t *tail;      /* by group: its last step */
  uint32_t *n_members; /* by group */
  uint32_t *head;      /* by group: its head, or ONX_NONE */
  uint32_t *mark;      /* by group: the search that came by last */
  uint32_t searches;
} onx_fuser;

static uint32_t group_of(onx_fuser *f, uint32_t s)
{
  while (f->group[s] != s) {
    f->group[s] = f->group[f->group[s]];
    s = f->group[s];
  }
  return s;
}

static bool is_plain(const onx_plan *p, uint32_t v)
{
  const uint32_t bits = onnxrun_bits(p->tensors[v].dtype);
  return bits >= 8 && bits / 8 <= ONX_CHAIN_ITEM && p->tensors[v].dtype != ONNXRUN_STRING;
}

static bool is_map(const onx_plan *p, const onx_step *step)
{
  if (!step->node || step->dynamic || !(step->node->kernel->flags & ONNXRUN_MAP) ||
      step->n_makes != 1 || step->items == 0)
    return false;
  bool all_plain = is_plain(p, step->makes[0].value);
  for (uint32_t i = 0; i < step->n_reads; i++)
    all_plain = all_plain && is_plain(p, step->reads[i].value);
  return all_plain;
}

static size_t elements_of(const onx_plan *p, uint32_t v)
{
  return onnxrun_elements(&p->tensors[v]);
}

static bool is_head(const onx_fuser *f, const onx_step *step)
{
  return f->has_heads && step->node && !step->dynamic && step->part && step->n_makes == 1 &&
         step->items > 0 && is_plain(f->plan, step->makes[0].value);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static bool new_fuser(onx_fuser *f, onx_plan *p, bool has_heads, onx_pool *scrap)
{
  const size_t steps = p->n_steps;
  *f = (onx_fuser){.plan = p, .scrap = scrap, .has_heads = has_heads};
  uint32_t **by_step[] = {&f->group, &f->next, &f->tail, &f->n_members, &f->head, &f->mark};
  for (size_t i = 0; i < sizeof by_step / sizeof *by_step; i++) {
    *by_step[i] = onx_pool_array(scrap, steps, sizeof **by_step[i]);
    if (!*by_step[i])
      return false;
  }
  for (uint32_t s = 0; s < steps; s++) {
    f->group[s] = f->tail[s] = s;
    f->next[s] = ONX_NONE;
    f->n_members[s] = 1;
    f->head[s] = is_head(f, &p->steps[s]) ? s : ONX_NONE;
  }
  return onx_uses_list(&f->uses, p, scrap);
}

/* A search through the groups that read from a pair of groups, up to step `last`. */
typedef struct onx_search {
  uint32_t a, b, last;
  uint32_t found[VISITS_MOST];
  size_t n_found, visits;
} onx_search;

/* Adds the groups that read `root`. false: the pair is among them, or there are too many. */
static bool follow_value(onx_fuser *f, onx_search *q, uint32_t root, bool is_start)
{
  for (size_t r = f->uses.reader_at[root]; r < f->uses.reader_at[root + 1]; r++) {
    if (q->visits++ == VISITS_MOST)
      return false;
    const uint32_t to = f->uses.readers[r] > q->last ? ONX_NONE : group_of(f, f->uses.readers[r]);
    const bool is_back = to == q->a || to == q->b;
    if (is_back && !is_start)
      return false;
    if (to == ONX_NONE || is_back || f->mark[to] == f->searches)
      continue;
    f->mark[to] = f->searches;
    q->found[q->n_found++] = to;
  }
  return true;
}

static bool follow(onx_fuser *f, onx_search *q, uint32_t group, bool is_start)
{
  const onx_plan *p = f->plan;
  for (uint32_t s = group; s != ONX_NONE; s = f->next[s]) {
    for (uint32_t i = 0; i < p->steps[s].n_makes; i++) {
      if (!follow_value(f, q, p->root[p->steps[s].makes[i].value], is_start))
        return false;
    }
  }
  return true;
}

/* Whether no path leads out of the two groups and back. */
static bool is_closed(onx_fuser *f, uint32_t a, uint32_t b, uint32_t last)
{
  onx_search q = {.a = a, .b = b, .last = last};
  f->searches++;
  if (!follow(f, &q, a, true) || !follow(f, &q, b, true))
    return false;
  while (q.n_found > 0) {
    if (!follow(f, &q, q.found[--q.n_found], false))
      return false;
  }
  return true;
}

/* Whether the head reads something that one of the groups makes: not element by element. */
static bool head_reads(onx_fuser *f, uint32_t head, uint32_t a, uint32_t b)
{
  const onx_step *step = &f->plan->steps[head];
  for (uint32_t i = 0; i < step->n_reads; i++) {
    const uint32_t maker = f->uses.maker[f->plan->root[step->reads[i].value]];
    const uint32_t group = maker == ONX_NONE ? ONX_NONE : group_of(f, maker);
    if (group != ONX_NONE && (group == a || group == b))
      return true;
  }
  return false;
}

static bool may_join(onx_fuser *f, uint32_t a, uint32_t b, uint32_t last)
{
  if (a == b || f->n_members[a] + f->n_members[b] > MEMBERS_MOST ||
      (f->head[a] != ONX_NONE && f->head[b] != ONX_NONE))
    return false;
  const uint32_t head = f->head[a] != ONX_NONE ? f->head[a] : f->head[b];
  return (head == ONX_NONE || !head_reads(f, head, a, b)) && is_closed(f, a, b, last);
}

static void join(onx_fuser *f, uint32_t a, uint32_t b)
{
  f->group[b] = a;
  f->next[f->tail[a]] = b;
  f->tail[a] = f->tail[b];
  f->n_members[a] += f->n_members[b];
  f->head[a] = f->head[a] != ONX_NONE ? f->head[a] : f->head[b];
}

/* Joins map s with the groups of those that make its inputs. */
static void join_producers(onx_fuser *f, uint32_t s)
{
  const onx_plan *p = f->plan;
  const onx_step *step = &p->steps[s];
  uint32_t joined = 0;
  for (uint32_t i = 0; i < step->n_reads && joined < JOINS_MOST; i++) {
    const uint32_t v = step->reads[i].value, maker = f->uses.maker[p->root[v]];
    if (maker == ONX_NONE || elements_of(p, v) != step->items ||
        !(is_map(p, &p->steps[maker]) || is_head(f, &p->steps[maker])))
      continue;
    const uint32_t a = group_of(f, maker), b = group_of(f, s);
    if (may_join(f, a, b, s)) {
      join(f, a, b);
      joined++;
    }
  }
}

/* ---- chains ---------------------------------------------------------------------------------- */

/* A chain in the making. */
typedef struct onx_weaving {
  onx_fuser *fuser;
  onx_chain *chain;
  onx_step *step;
  uint32_t steps[MEMBERS_MOST]; /* the members in order */
  uint32_t last[MEMBERS_MOST];  /* by member: the last member that reads its value, or itself */
  bool is_inner[MEMBERS_MOST];  /* by member: only the chain reads its value */
  uint32_t buffer[MEMBERS_MOST];
  uint32_t idle[MEMBERS_MOST]; /* buffers that hold nothing now */
  size_t n_idle;
  uint32_t group;
} onx_weaving;

/* Members of the group in order, the head first. */
static void list_members(onx_weaving *w, uint32_t group)
{
  onx_fuser *f = w->fuser;
  size_t n = 0;
  for (uint32_t s = group; s != ONX_NONE; s = f->next[s]) {
    const bool is_first = s == f->head[group];
    size_t at = n++;
    for (; at > 0 && (is_first || (w->steps[at - 1] > s && w->steps[at - 1] != f->head[group]));
         at--)
      w->steps[at] = w->steps[at - 1];
    w->steps[at] = s;
  }
}

/* The member that is step s, or ONX_NONE. */
static uint32_t member_of(const onx_weaving *w, uint32_t s)
{
  for (uint32_t m = 0; m < w->chain->n_members; m++) {
    if (w->steps[m] == s)
      return m;
  }
  return ONX_NONE;
}

/* The member that makes `root`, or ONX_NONE. */
static uint32_t member_that_makes(const onx_weaving *w, uint32_t root)
{
  const uint32_t maker = w->fuser->uses.maker[root];
  return maker == ONX_NONE ? ONX_NONE : member_of(w, maker);
}

static void find_inner_values(onx_weaving *w)
{
  const onx_fuser *f = w->fuser;
  const onx_plan *p = f->plan;
  for (uint32_t m = 0; m < w->chain->n_members; m++) {
    const uint32_t root = p->root[p->steps[w->steps[m]].makes[0].value];
    w->is_inner[m] = p->place[root] == ONX_ARENA;
    w->last[m] = m;
    for (size_t r = f->uses.reader_at[root]; r < f->uses.reader_at[root + 1]; r++) {
      const uint32_t reader = member_of(w, f->uses.readers[r]);
      w->is_inner[m] = w->is_inner[m] && reader != ONX_NONE;
      if (reader != ONX_NONE && reader > w->last[m])
        w->last[m] = reader;
    }
  }
}

static size_t item_bytes(const onx_plan *p, uint32_t v)
{
  return onnxrun_bits(p->tensors[v].dtype) / 8;
}

static uint32_t take_buffer(onx_weaving *w)
{
  return w->n_idle > 0 ? w->idle[--w->n_idle] : (uint32_t)w->chain->n_buffers++;
}

/* Whether a group's maps are a few that take next to no time. */
static bool is_light(const onx_fuser *f, uint32_t group)
{
  for (uint32_t s = group; s != ONX_NONE; s = f->next[s]) {
    if (f->plan->steps[s].node->kernel->item_cost > 1)
      return false;
  }
  return f->n_members[group] <= STREAMED_MEMBERS;
}

/* Whether a result of the group's is large enough to go past the caches. */
static bool may_stream(const onx_fuser *f, uint32_t group, uint32_t v)
{
  return f->plan->tensors[v].bytes >= STREAMED_BYTES && is_light(f, group);
}

/* Whether the member's result is, and nothing reads it while it is in the cache. */
static bool is_to_stream(const onx_weaving *w, uint32_t m)
{
  const uint32_t v = w->fuser->plan->steps[w->steps[m]].makes[0].value;
  return !w->is_inner[m] && !w->chain->has_head && w->last[m] == m &&
         may_stream(w->fuser, w->group, v);
}

/* The member whose value is input i of member m and in a buffer for the last time, or ONX_NONE. */
static uint32_t ending(const onx_weaving *w, uint32_t m, uint32_t i)
{
  const onx_step *step = &w->chain->members[m].step;
  const uint32_t from = member_that_makes(w, w->fuser->plan->root[step->reads[i].value]);
  return from != ONX_NONE && w->buffer[from] != ONX_NONE && w->last[from] == m ? from : ONX_NONE;
}

/* A buffer for what member m makes, if possible that of an input which ends here. */
static uint32_t take_result(onx_weaving *w, uint32_t m)
{
  const onx_plan *p = w->fuser->plan;
  const onx_step *step = &w->chain->members[m].step;
  for (uint32_t i = 0; i < step->n_reads; i++) {
    const uint32_t from = ending(w, m, i);
    if (from != ONX_NONE &&
        item_bytes(p, step->reads[i].value) == item_bytes(p, step->makes[0].value))
      return w->buffer[from];
  }
  return take_buffer(w);
}

/* Buffers of inputs are given back only when the result has its own: elements of another size must
 * not be written over them. */
static void place_result(onx_weaving *w, uint32_t m)
{
  onx_member *member = &w->chain->members[m];
  member->is_streamed = is_to_stream(w, m);
  w->chain->is_streamed |= member->is_streamed;
  const uint32_t taken = w->is_inner[m] || member->is_streamed ? take_result(w, m) : ONX_NONE;
  for (uint32_t i = 0; i < member->step.n_reads; i++) {
    const uint32_t from = ending(w, m, i);
    if (from == ONX_NONE)
      continue;
    if (w->buffer[from] != taken)
      w->idle[w->n_idle++] = w->buffer[from];
    w->buffer[from] = ONX_NONE;
  }
  member->out_buffer = taken;
  if (w->is_inner[m])
    w->buffer[m] = taken;
  else if (taken != ONX_NONE)
    w->idle[w->n_idle++] = taken;
}

static bool new_member(onx_weaving *w, uint32_t m)
{
  const onx_plan *p = w->fuser->plan;
  onx_member *member = &w->chain->members[m];
  const onx_node *node = member->step.node;
  onx_pool *pool = &w->fuser->plan->pool;
  member->item = onx_pool_array(pool, (size_t)node->n_in + 1, sizeof *member->item);
  member->in_buffer = onx_pool_array(pool, node->n_in, sizeof *member->in_buffer);
  if (!member->item || !member->in_buffer)
    return false;
  for (uint32_t i = 0; i < node->n_in; i++) {
    member->in_buffer[i] = ONX_NONE;
    if (node->in[i] == ONX_NONE)
      continue;
    const uint32_t from = member_that_makes(w, p->root[node->in[i]]);
    member->item[i] = item_bytes(p, node->in[i]);
    if (from != ONX_NONE)
      member->in_buffer[i] = w->buffer[from];
  }
  member->item[node->n_in] = item_bytes(p, member->step.makes[0].value);
  place_result(w, m);
  if (node->n_in > w->chain->n_pointers)
    w->chain->n_pointers = node->n_in;
  return true;
}

/* The head's value lies where the chain's last result will: that is written over it. */
static void place_head(onx_weaving *w)
{
  onx_plan *p = w->fuser->plan;
  const uint32_t head = p->steps[w->steps[0]].makes[0].value;
  for (uint32_t m = (uint32_t)w->chain->n_members; w->is_inner[0] && m-- > 1;) {
    const uint32_t v = p->steps[w->steps[m]].makes[0].value;
    if (!w->is_inner[m] && m >= w->last[0] && item_bytes(p, v) == item_bytes(p, head)) {
      p->root[head] = v;
      break;
    }
  }
  w->is_inner[0] = false;
}

static bool make_members(onx_weaving *w)
{
  onx_fuser *f = w->fuser;
  onx_chain *chain = w->chain;
  for (uint32_t m = 0; m < chain->n_members; m++) {
    chain->members[m].step = f->plan->steps[w->steps[m]];
    w->buffer[m] = ONX_NONE;
  }
  find_inner_values(w);
  if (chain->has_head)
    place_head(w);
  for (uint32_t m = 0; m < chain->n_members; m++) {
    if (!new_member(w, m))
      return false;
    if (w->is_inner[m])
      f->plan->place[f->plan->root[chain->members[m].step.makes[0].value]] = ONX_INNER;
  }
  return true;
}

/* Values that the chain as a whole reads and makes, and all pointers to memory. */
static bool list_chain_uses(onx_weaving *w)
{
  onx_plan *p = w->fuser->plan;
  onx_step *step = w->step;
  size_t n = 0;
  for (size_t m = 0; m < w->chain->n_members; m++)
    n += w->chain->members[m].step.n_slots;
  step->reads = onx_pool_array(&p->pool, n, sizeof *step->reads);
  step->makes = onx_pool_array(&p->pool, w->chain->n_members, sizeof *step->makes);
  step->slots = onx_pool_array(&p->pool, n, sizeof *step->slots);
  if (!step->reads || !step->makes || !step->slots)
    return false;
  for (uint32_t m = 0; m < w->chain->n_members; m++) {
    const onx_step *own = &w->chain->members[m].step;
    for (uint32_t i = 0; i < own->n_reads; i++) {
      if (member_that_makes(w, p->root[own->reads[i].value]) == ONX_NONE)
        step->reads[step->n_reads++] = (onx_use){own->reads[i].value, m};
    }
    if (!w->is_inner[m] && p->root[own->makes[0].value] == own->makes[0].value)
      step->makes[step->n_makes++] = (onx_use){own->makes[0].value, m};
    for (uint32_t i = 0; i < own->n_slots; i++) {
      if (p->place[p->root[own->slots[i].value]] != ONX_INNER)
        step->slots[step->n_slots++] = own->slots[i];
    }
  }
  return true;
}

static void size_buffers(onx_chain *chain)
{
  const size_t most = BUFFERS_BYTES / (chain->n_buffers ? chain->n_buffers : 1);
  size_t widest = 1;
  for (size_t m = 0; m < chain->n_members; m++) {
    const onx_member *member = &chain->members[m];
    const size_t item = member->item[member->step.job.n_in];
    widest = item > widest ? item : widest;
  }
  size_t block = most / widest / ONX_MAP_GRAIN * ONX_MAP_GRAIN;
  block = block < BLOCK_LEAST ? BLOCK_LEAST : block > BLOCK_MOST ? BLOCK_MOST : block;
  if (chain->is_streamed)
    block = STREAMED_BLOCK;
  chain->block = block;
  chain->buffer_bytes = block * widest;
}

/* The first operand that the chain reads element by element. */
static void find_ahead(onx_weaving *w)
{
  onx_chain *chain = w->chain;
  const onx_plan *p = w->fuser->plan;
  const size_t n = chain->members[0].step.items;
  for (size_t m = 0; m < chain->n_members && !chain->ahead; m++) {
    const onx_member *member = &chain->members[m];
    const onx_node *node = member->step.node;
    for (uint32_t i = 0; i < node->n_in && !chain->ahead; i++) {
      if (node->in[i] == ONX_NONE || member->in_buffer[i] != ONX_NONE ||
          elements_of(p, node->in[i]) != n)
        continue;
      chain->ahead = member->step.job.in + i;
      chain->ahead_item = member->item[i];
    }
  }
}

static void cut_chain(onx_weaving *w)
{
  const onx_chain *chain = w->chain;
  const onx_step *first = &chain->members[0].step;
  double cost = 0;
  size_t head_scratch = 0;
  for (size_t m = 0; m < chain->n_members; m++)
    cost += chain->members[m].step.cost;
  w->step->items = first->items;
  if (chain->has_head)
    head_scratch = first->scratch;
  onx_step_cut(w->step, cost / (double)first->items, chain->has_head ? 1 : ONX_MAP_GRAIN);
  w->chain->map_scratch = onx_chain_scratch(chain);
  w->step->scratch = w->chain->map_scratch + head_scratch;
}

/* Makes one step of the group. */
static bool weave(onx_fuser *f, uint32_t group, onx_step *out)
{
  onx_plan *p = f->plan;
  onx_chain *chain = onx_pool_take(&p->pool, sizeof *chain);
  onx_member *members = onx_pool_array(&p->pool, f->n_members[group], sizeof *members);
  if (!chain || !members)
    return false;
  const uint32_t head = f->head[group];
  chain->members = members;
  chain->n_members = f->n_members[group];
  chain->has_head = head != ONX_NONE;
  onx_weaving w = {.fuser = f, .chain = chain, .step = out, .group = group};
  list_members(&w, group);
  *out = (onx_step){.node = p->steps[w.steps[0]].node, .chain = chain};
  out->may_overwrite = head == ONX_NONE;
  if (!make_members(&w) || !list_chain_uses(&w))
    return false;
  size_buffers(chain);
  find_ahead(&w);
  cut_chain(&w);
  return true;
}

/* ---- the steps that are left ----------------------------------------------------------------- */

/* The order of the groups: as the steps', but each after those it reads from. */
typedef struct onx_ordering {
  onx_fuser *fuser;
  uint32_t *open; /* groups that wait for others, the last for nothing but what is below */
  size_t n_open;
  uint32_t *at;      /* by group: the member whose inputs are looked at */
  uint32_t *at_read; /* by group: which of its inputs */
  bool *is_done;     /* by group */
  onx_step *steps;
  size_t n_steps;
} onx_ordering;

/* A group that `group` reads from and that is not done; ONX_NONE: there is none. */
static uint32_t waits_for(onx_ordering *o, uint32_t group)
{
  onx_fuser *f = o->fuser;
  for (; o->at[group] != ONX_NONE; o->at[group] = f->next[o->at[group]], o->at_read[group] = 0) {
    const onx_step *step = &f->plan->steps[o->at[group]];
    for (; o->at_read[group] < step->n_reads; o->at_read[group]++) {
      const uint32_t v = step->reads[o->at_read[group]].value;
      const uint32_t maker = f->uses.maker[f->plan->root[v]];
      const uint32_t from = maker == ONX_NONE ? group : group_of(f, maker);
      if (from != group && !o->is_done[from])
        return from;
    }
  }
  return ONX_NONE;
}

static bool emit(onx_ordering *o, uint32_t group)
{
  onx_fuser *f = o->fuser;
  onx_step *out = &o->steps[o->n_steps++];
  o->is_done[group] = true;
  const onx_step *only = &f->plan->steps[group];
  const bool is_chain = f->n_members[group] > 1 ||
                        (is_map(f->plan, only) && may_stream(f, group, only->makes[0].value));
  if (is_chain)
    return weave(f, group, out);
  *out = *only;
  return true;
}

static bool emit_with_sources(onx_ordering *o, uint32_t group)
{
  if (o->is_done[group])
    return true;
  o->open[o->n_open++] = group;
  while (o->n_open > 0) {
    const uint32_t top = o->open[o->n_open - 1], source = waits_for(o, top);
    if (source != ONX_NONE) {
      o->open[o->n_open++] = source;
      continue;
    }
    o->n_open--;
    if (!emit(o, top))
      return false;
  }
  return true;
}

static bool rewrite(onx_fuser *f)
{
  onx_plan *p = f->plan;
  const size_t n = p->n_steps;
  onx_ordering o = {.fuser = f};
  o.open = onx_pool_array(f->scrap, n, sizeof *o.open);
  o.at = onx_pool_array(f->scrap, n, sizeof *o.at);
  o.at_read = onx_pool_array(f->scrap, n, sizeof *o.at_read);
  o.is_done = onx_pool_array(f->scrap, n, sizeof *o.is_done);
  o.steps = onx_pool_array(&p->pool, n, sizeof *o.steps);
  if (!o.open || !o.at || !o.at_read || !o.is_done || !o.steps)
    return false;
  for (uint32_t s = 0; s < n; s++)
    o.at[s] = s;
  for (uint32_t s = 0; s < n; s++) {
    if (!emit_with_sources(&o, group_of(f, s)))
      return false;
  }
  p->steps = o.steps;
  p->n_steps = o.n_steps;
  /* Views of a head's value are views of the value that it lies under. */
  for (size_t v = 0; v < p->graph->n_values; v++)
    p->root[v] = p->root[p->root[v]];
  return true;
}

onnxrun_status onx_plan_fuse(onx_plan *plan, bool has_epilogues, onnxrun_error *error)
{
  onx_pool scrap = {.heap = plan->pool.heap};
  onx_fuser f;
  bool is_ok = new_fuser(&f, plan, has_epilogues, &scrap);
  for (uint32_t s = 0; is_ok && s < plan->n_steps; s++) {
    if (is_map(plan, &plan->steps[s]))
      join_producers(&f, s);
  }
  is_ok = is_ok && rewrite(&f);
  onx_pool_release(&scrap);
  return is_ok ? ONNXRUN_OK : onx_heap_fail(plan->pool.heap, plan->n_steps, "a plan", error);
}
