/* conv_body.h: the computing of conv.h for one element type. Included once for each with E, V and
 * V_ANY (the element and its vectors), G(name) and C(name) (gemm.h's and conv.h's names with the
 * type's suffix). */

typedef struct C(data) {
  const void *x, *w, *bias;
  const E *packed; /* the filters in panels, group after group, or NULL */
  void *y;
} C(data);

/* One item at work. */
typedef struct C(work) {
  const conv_plan *p;
  const C(data) * d;
  conv_item i;
  E *b, *c;
  const E *a;
  size_t *inside;     /* for each column plane the samples [from, to) inside the input */
  size_t v, channels; /* the chunk at hand */
  E bias[GEMM_HIGH];
} C(work);

/* Every step-th element. */
static inline void C(pick)(E *restrict to, const E *restrict from, size_t n, size_t step)
{
  if (step == 1)
    memcpy(to, from, n * sizeof *to);
  else if (step == 2)
    LOOP_SIMD for (size_t i = 0; i < n; i++) to[i] = from[2 * i];
  else
    for (size_t i = 0; i < n; i++)
      to[i] = from[i * step];
}

/* One row of samples of column plane `plane`, from row `at` of the input. */
static inline void C(copy_row)(const C(work) * w, E *to, size_t at, size_t plane)
{
  const conv_axis *c = &w->p->columns;
  const size_t from = w->inside[2 * plane], end = w->inside[2 * plane + 1], step = c->w.stride;
  for (size_t u = 0; u < from; u++)
    to[u] = 0;
  if (from < end)
    at += (w->i.column + from) * step + c->base[plane] - c->w.before;
  if (w->p->kind == GEMM_NATIVE)
    C(pick)(to + from, (const E *)w->d->x + at, end - from, step);
  else if (step == 1)
    G(load)(to + from, w->d->x, at, end - from, w->p->kind);
  else
    for (size_t u = from; u < end; u++)
      G(load)(to + u, w->d->x, at + (u - from) * step, 1, w->p->kind);
  for (size_t u = end; u < c->length; u++)
    to[u] = 0;
}

/* One row of every plane of columns, from the input's row at `at` or of zeros. */
static inline void C(copy_rows)(const C(work) * w, E *to, size_t apart, size_t at, bool is_inside)
{
  const conv_axis *c = &w->p->columns;
  for (size_t q = 0; q < c->planes; q++) {
    if (is_inside)
      C(copy_row)(w, to + q * apart, at, q);
    else
      memset(to + q * apart, 0, c->length * sizeof *to);
  }
}

/* All planes of one virtual channel, whose input plane begins at `at`. */
static inline void C(copy_channel)(const C(work) * w, E *to, size_t at, bool is_padding)
{
  const conv_axis *r = &w->p->rows, *c = &w->p->columns;
  const size_t plane = r->length * c->length, needed = w->i.rows + r->reach;
  for (size_t p = 0; p < r->planes; p++) {
    size_t from, end;
    conv_inside(r, p, w->i.row, &from, &end);
    if (is_padding)
      from = end = 0;
    for (size_t u = 0; u < needed; u++) {
      E *row = to + p * c->planes * plane + u * c->length;
      const size_t y = (w->i.row + u) * r->w.stride + r->base[p] - r->w.before;
      C(copy_rows)(w, row, plane, at + y * c->w.in, u >= from && u < end);
    }
  }
}

static inline void C(copy_chunk)(const C(work) * w)
{
  const conv_plan *p = w->p;
  const size_t first = (w->i.image * p->groups + w->i.group) * p->channels;
  for (size_t v = 0; v < w->channels; v++) {
    const size_t channel = w->v + v;
    size_t plane;
    const bool is_inside = conv_outer_plane(p, w->i.outer, channel, &plane);
    const size_t at = (first + channel / p->outer_taps) * p->in_channel + plane * p->in_plane;
    C(copy_channel)(w, w->b + v * p->area, at, !is_inside);
  }
}

/* A stretch of a tile's positions that lies in one row of the output. */
typedef struct C(stretch) {
  size_t from, n, at; /* position in the tile, how many, where in the output plane */
} C(stretch);

/* Positions [first, first + n) of the block without those in vain. */
static inline size_t C(stretches)(const C(work) * w, size_t first, size_t n, C(stretch) * s)
{
  const conv_axis *c = &w->p->columns;
  size_t count = 0, row = first / c->length, column = first % c->length;
  for (size_t at = 0; at < n; row++, column = 0) {
    const size_t left = gemm_least(c->length - column, n - at);
    const size_t used = column < w->i.columns ? gemm_least(left, w->i.columns - column) : 0;
    const size_t to = (w->i.row + row) * c->w.out + w->i.column + column;
    if (used > 0 && count > 0 && s[count - 1].from + s[count - 1].n == at &&
        s[count - 1].at + s[count - 1].n == to)
      s[count - 1].n += used;
    else if (used > 0)
      s[count++] = (C(stretch)){at, used, to};
    at += left;
  }
  return count;
}

/* Adds the bias to a tile's sums and writes them where they belong. */
NOINLINE void C(finish)(const C(work) * w, E *sums, size_t filter, size_t filters, size_t first,
                        size_t wide)
{
  const conv_plan *p = w->p;
  const size_t end = (w->i.rows - 1) * p->columns.length + w->i.columns;
  C(stretch) s[GEMM_WIDE * G(VL)];
  s[0].n = 0;
  const size_t count = C(stretches)(w, first, gemm_least(wide, end - first), s);
  const size_t channel = (w->i.image * p->groups + w->i.group) * p->filters + w->i.filter + filter;
  for (size_t f = 0; f < filters; f++, sums += wide) {
    const V bias = w->bias[filter + f] - (V){0};
    const size_t at = (channel + f) * p->out_channel + w->i.outer * p->out_plane;
    if (p->kind == GEMM_NATIVE && s[0].n == wide) {
      V_ANY *to = (V_ANY *)(void *)((E *)w->d->y + at + s[0].at);
      for (size_t v = 0; v < wide / G(VL); v++)
        to[v] = ((V *)(void *)sums)[v] + bias;
      continue;
    }
    for (size_t v = 0; v < wide / G(VL); v++)
      ((V *)(void *)sums)[v] += bias;
    for (size_t i = 0; i < count; i++)
      G(store)(w->d->y, at + s[i].at, sums + s[i].from, s[i].n, p->kind);
  }
}

/* The chunk's part of all sums of the block. */
static inline void C(multiply)(C(work) * w)
{
  const conv_plan *p = w->p;
  const size_t end = (w->i.rows - 1) * p->columns.length + w->i.columns;
  const bool is_whole = w->channels == p->n_virtual;
  const bool is_last = w->v + w->channels == p->n_virtual;
  G(tile) t = {.depth = w->channels * p->taps, .at = p->at, .apart = G(NR), .adds = w->v > 0};
  const size_t panel = w->d->packed ? p->k : t.depth, skip = w->d->packed ? w->v * p->taps : 0;
  for (size_t j = 0, wide; j < end; j += wide) {
    const size_t vectors = G(tile_vectors)(w->i.filters, end - j);
    wide = vectors * G(VL);
    t.b = w->b + j;
    for (size_t f = 0; f < w->i.filters; f += GEMM_ROWS) {
      const size_t used = gemm_least(w->i.filters - f, GEMM_ROWS), rows = gemm_rows(used);
      t.a = w->a + f * panel + skip * rows;
      t.c = is_whole ? w->c : w->c + f * p->c_width + j * rows;
      G(tile_run)(&t, rows, vectors);
      if (is_last)
        C(finish)(w, t.c, f, used, j, wide);
    }
  }
}

static inline void C(begin)(C(work) * w)
{
  const conv_plan *p = w->p;
  const size_t channel = w->i.group * p->filters + w->i.filter;
  for (size_t f = 0; f < w->i.filters; f++)
    w->bias[f] = 0;
  if (w->d->bias)
    G(load)(w->bias, w->d->bias, channel, w->i.filters, p->kind);
  for (size_t q = 0; q < p->columns.planes; q++)
    conv_inside(&p->columns, q, w->i.column, &w->inside[2 * q], &w->inside[2 * q + 1]);
  if (w->d->packed) {
    const size_t group = conv_packed_filters(p->filters) * p->k;
    w->a = w->d->packed + w->i.group * group + w->i.filter * p->k;
  }
}

/* Computes one item; scratch of conv_scratch() bytes, aligned to a vector. */
NOINLINE void C(run)(const conv_plan *p, const C(data) * d, size_t item, void *scratch)
{
  C(work) w = {.p = p, .d = d, .i = conv_item_of(p, item), .b = scratch};
  w.c = w.b + p->b_size;
  E *filters = w.c + p->c_size;
  w.a = filters;
  w.inside = (size_t *)(void *)(filters + p->a_size);
  const gemm_matrix m = {p->k, false, p->kind};
  C(begin)(&w);
  do {
    w.channels = gemm_least(p->n_virtual - w.v, p->chunk);
    C(copy_chunk)(&w);
    if (!d->packed)
      G(pack_rows)
    (filters, d->w, &m, w.i.group * p->filters + w.i.filter, w.i.filters, w.v * p->taps,
     w.channels * p->taps);
    C(multiply)(&w);
    w.v += w.channels;
  } while (w.v < p->n_virtual);
}
