/* conv_body.h: the computing of conv.h for one element type. Included once for each with E, V,
 * V_ANY and V_MADD (the element, its vectors, their multiply-add), G(name) and C(name) (gemm.h's
 * and conv.h's names with the type's suffix). */

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
  E *b, *c, *padded;
  const E *a;
  size_t *inside;     /* for each column plane the samples [from, to) inside the input */
  size_t v, channels; /* the chunk at hand */
  size_t pad_from, pad_end, pad_at; /* of a padded row: inside the input, where that begins */
  const conv_vector *vectors;
  size_t *steps[2]; /* of a panel of filters and of the last */
  E *bias;          /* of padded rows too */
} C(work);

/* n elements, without a call of the C library for a few. */
ALWAYS_INLINE void C(copy_here)(E *restrict to, const E *restrict from, size_t n)
{
  size_t i = 0;
  for (; i + G(VL) <= n; i += G(VL)) {
    memcpy(to + i, from + i, VEC_BYTES);
    KEEP_LOOP;
  }
  for (; i + 16 / sizeof(E) <= n; i += 16 / sizeof(E))
    memcpy(to + i, from + i, 16);
  if (sizeof(E) < 8 && i + 2 <= n) {
    memcpy(to + i, from + i, 2 * sizeof(E));
    i += 2;
  }
  if (i < n)
    to[i] = from[i];
}

NOINLINE void C(copy)(E *restrict to, const E *restrict from, size_t n)
{
  C(copy_here)(to, from, n);
}

/* At least n zeros, in whole vectors: what is too much is overwritten afterwards. */
static inline void C(zero)(E *to, size_t n)
{
  for (size_t i = 0; i < n; i += G(VL)) {
    *(V_ANY *)(void *)(to + i) = (V){0};
    KEEP_LOOP;
  }
}

/* Every step-th element of a row of X that begins at `at`, as computed. */
NOINLINE void C(pick)(const C(work) * w, E *restrict to, size_t at, size_t n, size_t step)
{
  const E *x = (const E *)w->d->x + at;
  if (w->p->kind != GEMM_NATIVE && step > 1) {
    for (size_t i = 0; i < n; i++)
      G(load)(to + i, w->d->x, at + i * step, 1, w->p->kind);
  } else if (w->p->kind != GEMM_NATIVE) {
    G(load)(to, w->d->x, at, n, w->p->kind);
  } else if (step == 1) {
    C(copy)(to, x, n);
  } else {
    window_pick(to, x, n, step, sizeof(E));
  }
}

/* Plane q from padded rows. Whole vectors: what a row has too much the next one overwrites. */
static inline void C(spread)(const C(work) * w, E *to, size_t q, size_t rows)
{
  const conv_axis *c = &w->p->columns;
  const size_t step = c->w.stride;
  for (size_t u = 0; u < rows; u++, to += c->length) {
    const E *from = w->padded + u * w->p->span + c->base[q];
    if (step == 1) {
      for (size_t i = 0; i < c->length; i += G(VL)) {
        memcpy(to + i, from + i, VEC_BYTES);
        KEEP_LOOP;
      }
    } else {
      window_pick(to, from, c->length, step, sizeof(E));
    }
  }
}

/* Rows of samples: of each the elements [from, end) are `step` apart in X, the first at `at`,
 * `down` further for each row; the others are 0. */
typedef struct C(rows) {
  size_t length, from, end, at, down, step;
} C(rows);

NOINLINE void C(copy_rows)(const C(work) * w, E *to, const C(rows) * r, size_t n)
{
  const E *x = (const E *)w->d->x + r->at;
  const bool is_plain = w->p->kind == GEMM_NATIVE && r->step == 1;
  for (size_t u = 0; u < n; u++, to += r->length, x += r->down) {
    C(zero)(to, r->from);
    if (is_plain)
      C(copy_here)(to + r->from, x, r->end - r->from);
    else
      C(pick)(w, to + r->from, r->at + u * r->down, r->end - r->from, r->step);
    C(zero)(to + r->end, r->length - r->end);
  }
}

/* Column plane q, or with q = SIZE_MAX the padded rows, of row plane p of a virtual channel whose
 * input plane begins at `at`. */
static inline void C(copy_plane)(const C(work) * w, E *to, size_t p, size_t q, size_t at)
{
  const conv_axis *r = &w->p->rows, *c = &w->p->columns;
  const size_t needed = w->i.rows + r->reach;
  size_t from, end;
  C(rows) rows = {.length = w->p->span, .from = w->pad_from, .end = w->pad_end, .step = 1};
  rows.at = at + w->pad_at;
  if (q != SIZE_MAX) {
    rows = (C(rows)){.length = c->length, .from = w->inside[2 * q], .step = c->w.stride};
    rows.end = w->inside[2 * q + 1];
    rows.at = at + (w->i.column + rows.from) * rows.step + c->base[q] - c->w.before;
  }
  conv_inside(r, p, w->i.row, &from, &end);
  end = at == SIZE_MAX || rows.from >= rows.end ? 0 : gemm_least(end, needed);
  from = gemm_least(from, end);
  rows.at += ((w->i.row + from) * r->w.stride + r->base[p] - r->w.before) * c->w.in;
  rows.down = r->w.stride * c->w.in;
  C(zero)(to, from * rows.length);
  if (from < end)
    C(copy_rows)(w, to + from * rows.length, &rows, end - from);
  C(zero)(to + end * rows.length, (needed - end) * rows.length);
}

/* All planes of one virtual channel, whose input plane begins at `at`; SIZE_MAX: in the padding. */
static inline void C(copy_channel)(const C(work) * w, E *to, size_t at)
{
  const conv_axis *r = &w->p->rows, *c = &w->p->columns;
  const size_t plane = r->length * c->length;
  for (size_t p = 0; p < r->planes; p++) {
    if (w->p->span)
      C(copy_plane)(w, w->padded, p, SIZE_MAX, at);
    for (size_t q = 0; q < c->planes; q++, to += plane) {
      if (w->p->span)
        C(spread)(w, to, q, w->i.rows + r->reach);
      else
        C(copy_plane)(w, to, p, q, at);
    }
  }
}

NOINLINE void C(copy_chunk)(const C(work) * w)
{
  const conv_plan *p = w->p;
  const size_t first = (w->i.image * p->groups + w->i.group) * p->channels;
  for (size_t v = 0; v < w->channels; v++) {
    const size_t channel = w->v + v;
    size_t plane;
    const bool is_inside = conv_outer_plane(p, w->i.outer, channel, &plane);
    const size_t at = (first + channel / p->outer_taps) * p->in_channel + plane * p->in_plane;
    C(copy_channel)(w, w->b + v * p->area, is_inside ? at : SIZE_MAX);
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

/* Element of Y at which the block's filter f and its outer position begin. */
static inline size_t C(plane_of)(const C(work) * w, size_t f)
{
  const conv_plan *p = w->p;
  const size_t group = w->i.image * p->groups + w->i.group;
  return (group * p->filters + w->i.filter + f) * p->out_channel + w->i.outer * p->out_plane;
}

/* Writes a tile's sums where they belong. */
NOINLINE void C(finish)(const C(work) * w, const G(tile) * t, size_t filter, size_t filters,
                        const C(stretch) * s, size_t count)
{
  for (size_t f = 0; f < filters; f++) {
    const E *sums = t->c + f * t->ld;
    const size_t at = C(plane_of)(w, filter + f);
    for (size_t i = 0; i < count; i++) {
      if (w->p->kind == GEMM_NATIVE)
        C(copy)((E *)w->d->y + at + s[i].at, sums + s[i].from, s[i].n);
      else
        G(store)(w->d->y, at + s[i].at, sums + s[i].from, s[i].n, w->p->kind);
    }
  }
}

/* The chunk's part of all sums of the block. */
NOINLINE void C(multiply)(C(work) * w)
{
  const conv_plan *p = w->p;
  const size_t end = (w->i.rows - 1) * p->columns.length + w->i.columns;
  const bool is_last = w->v + w->channels == p->n_virtual;
  G(tile) t = {.depth = w->channels * p->taps, .b_at = p->at, .apart = G(NR)};
  const size_t panel = w->d->packed ? p->k : t.depth, skip = w->d->packed ? w->v * p->taps : 0;
  C(stretch) s[GEMM_WIDE * G(VL)];
  for (size_t j = 0, wide; j < end; j += wide) {
    const size_t vectors = G(tile_vectors)(w->i.filters, end - j);
    wide = vectors * G(VL);
    const size_t count = is_last ? C(stretches)(w, j, gemm_least(wide, end - j), s) : 0;
    const bool is_direct = count == 1 && s[0].n == wide && p->kind == GEMM_NATIVE;
    t.b = w->b + j;
    for (size_t f = 0; f < w->i.filters; f += GEMM_ROWS) {
      const size_t used = gemm_least(w->i.filters - f, GEMM_ROWS), rows = gemm_rows(used);
      E *slot = p->chunk == p->n_virtual ? w->c : w->c + f * p->c_width + j * rows;
      const bool is_there = is_direct && used == rows;
      t.a = w->a + f * panel + skip * rows;
      t.a_at = w->steps[used < GEMM_ROWS];
      t.part = w->v > 0 ? slot : NULL;
      t.bias = w->bias + f;
      t.c = is_there ? (E *)w->d->y + C(plane_of)(w, f) + s[0].at : slot;
      t.ld = is_there ? p->out_channel : wide;
      G(tile_run)(&t, rows, vectors);
      if (is_last && !is_there)
        C(finish)(w, &t, f, used, s, count);
    }
  }
}

/* Writes a tile of COLUMNS, positions by filters, where it belongs: turned over, with the bias. */
NOINLINE void C(finish_turned)(const C(work) * w, const G(tile) * t, size_t filter, size_t first,
                               size_t n)
{
  enum { WIDTH = 16 }; /* GEMM_ROWS and more */
  E lines[G(NR)][WIDTH];
  C(stretch) s[GEMM_ROWS];
  const size_t count = C(stretches)(w, first, n, s);
  for (size_t r = 0; r < n; r += 4) {
    const void *row[4];
    for (size_t i = 0; i < 4; i++)
      row[i] = t->c + gemm_least(r + i, n - 1) * t->ld;
    G(turn)(&lines[0][r], WIDTH, row, 4, t->ld);
  }
  for (size_t f = 0; f < gemm_least(w->i.filters - filter, t->ld); f++) {
    const size_t at = C(plane_of)(w, filter + f);
    const E bias = w->bias[filter + f];
    LOOP_SIMD for (size_t i = 0; i < WIDTH; i++) lines[f][i] += bias;
    for (size_t i = 0; i < count; i++) {
      if (w->p->kind == GEMM_NATIVE)
        C(copy)((E *)w->d->y + at + s[i].at, lines[f] + s[i].from, s[i].n);
      else
        G(store)(w->d->y, at + s[i].at, lines[f] + s[i].from, s[i].n, w->p->kind);
    }
  }
}

/* The chunk's part of all sums of a block of COLUMNS. */
NOINLINE void C(multiply_turned)(C(work) * w)
{
  const conv_plan *p = w->p;
  const size_t end = (w->i.rows - 1) * p->columns.length + w->i.columns;
  const bool is_last = w->v + w->channels == p->n_virtual;
  G(tile) t = {.depth = w->channels * p->taps, .a_at = p->at, .bias = G(zeros)};
  const size_t panel = w->d->packed ? p->k : t.depth, skip = w->d->packed ? w->v * p->taps : 0;
  for (size_t f = 0; f < w->i.filters; f += G(NR)) {
    const size_t vectors = w->i.filters - f > G(VL) ? 2 : 1;
    t.ld = vectors * G(VL);
    t.b = w->a + f * panel + skip * t.ld;
    t.b_at = w->steps[vectors == 1];
    for (size_t j = 0; j < end; j += GEMM_ROWS) {
      const size_t used = gemm_least(end - j, GEMM_ROWS);
      t.a = w->b + j;
      t.c = p->chunk == p->n_virtual ? w->c : w->c + f * p->c_width + j * t.ld;
      t.part = w->v > 0 ? t.c : NULL;
      G(tile_run)(&t, gemm_rows(used), vectors);
      if (is_last)
        C(finish_turned)(w, &t, f, j, used);
    }
  }
}

/* ---- few filters ---- */

/* GEMM_WIDE vectors of one filter's outputs. */
typedef struct C(stream) {
  size_t depth;
  const E *a, *b;
  const size_t *at;
  const conv_vector *v;
  E bias;
  const V *part; /* the sums so far; NULL: the bias */
  V *sum;        /* where they go, or NULL: to y */
  E *y;
} C(stream);

NOINLINE void C(stream_run)(const C(stream) * s)
{
  const E *from[GEMM_WIDE];
  V sum[GEMM_WIDE];
  GEMM_UNROLL for (size_t v = 0; v < GEMM_WIDE; v++)
  {
    from[v] = s->b + s->v[v].from;
    sum[v] = s->part ? s->part[v] : s->bias - (V){0};
  }
  for (size_t k = 0; k < s->depth; k++) {
    const V x = s->a[k] - (V){0};
    const size_t offset = s->at[k];
    GEMM_UNROLL for (size_t v = 0; v < GEMM_WIDE; v++) sum[v] =
        V_MADD(x, *(const V_ANY *)(const void *)(from[v] + offset), sum[v]);
  }
  if (s->sum) {
    GEMM_UNROLL for (size_t v = 0; v < GEMM_WIDE; v++) s->sum[v] = sum[v];
  } else {
    GEMM_UNROLL for (size_t v = 0; v < GEMM_WIDE; v++) * (V_ANY *)(void *)(s->y + s->v[v].to) =
        sum[v];
  }
}

/* Writes n vectors to Y, whose plane's part begins at `y`. */
static inline void C(finish_thin)(const C(work) * w, const C(stream) * s, size_t n, size_t y)
{
  for (size_t v = 0; v < n; v++) {
    if (w->p->kind == GEMM_NATIVE)
      C(copy)(s->y + s->v[v].to, (const E *)&s->sum[v], s->v[v].n);
    else
      G(store)(w->d->y, y + s->v[v].to, (const E *)&s->sum[v], s->v[v].n, w->p->kind);
  }
}

/* The chunk's part of the block's filter f. */
NOINLINE void C(multiply_thin)(const C(work) * w, size_t f)
{
  const conv_plan *p = w->p;
  const size_t n = w->i.rows * gemm_parts(w->i.columns, G(VL));
  const size_t depth = w->channels * p->taps;
  const size_t y = C(plane_of)(w, f) + w->i.row * p->columns.w.out + w->i.column;
  const bool is_last = w->v + w->channels == p->n_virtual;
  const bool is_plain = is_last && p->kind == GEMM_NATIVE && w->i.columns >= G(VL);
  V *slot = (V *)(void *)(w->c + f * p->c_width);
  C(stream) s = {.depth = depth, .b = w->b, .at = p->at, .bias = w->bias[f]};
  s.a = w->d->packed ? w->a + f * p->k + w->v * p->taps : w->a + f * depth;
  s.y = (E *)w->d->y + y;
  for (size_t i = 0; i < n; i += GEMM_WIDE) {
    s.v = w->vectors + i;
    s.part = w->v > 0 ? slot + i : NULL;
    s.sum = is_plain && n - i >= GEMM_WIDE ? NULL : slot + i;
    C(stream_run)(&s);
    if (is_last && s.sum)
      C(finish_thin)(w, &s, gemm_least(n - i, GEMM_WIDE), y);
  }
}

static inline void C(begin)(C(work) * w)
{
  const conv_plan *p = w->p;
  const size_t channel = w->i.group * p->filters + w->i.filter;
  const size_t lines = gemm_parts(w->i.columns, G(VL));
  w->vectors = p->vectors;
  if (p->form == CONV_THIN && w->i.columns < p->columns.block) {
    /* A narrower block at the end of a row: blocks of part of a row have one row. */
    conv_vector *own = (conv_vector *)(void *)(w->steps[1] + p->chunk * p->taps);
    memset(own + lines, 0, GEMM_WIDE * sizeof *own);
    conv_find_vectors(p, 1, w->i.columns, G(VL), own);
    w->vectors = own;
  }
  for (size_t f = 0; f < w->i.filters + GEMM_ROWS; f++)
    w->bias[f] = 0;
  if (w->d->bias)
    G(load)(w->bias, w->d->bias, channel, w->i.filters, p->kind);
  const window_axis *c = &p->columns.w;
  const size_t start = w->i.column * c->stride, end = c->before + c->in;
  w->pad_from = gemm_least(c->before > start ? c->before - start : 0, p->span);
  w->pad_end = gemm_least(end > start ? end - start : 0, p->span);
  if (w->pad_end < w->pad_from)
    w->pad_end = w->pad_from;
  w->pad_at = start + w->pad_from - c->before;
  for (size_t q = 0; q < p->columns.planes; q++)
    conv_inside(&p->columns, q, w->i.column, &w->inside[2 * q], &w->inside[2 * q + 1]);
  if (w->d->packed) {
    const size_t group = conv_packed_filters(p->form, p->filters, G(VL)) * p->k;
    w->a = w->d->packed + w->i.group * group + w->i.filter * p->k;
  }
}

/* The chunk's part of the block's filters, which are not constant. */
static inline void C(take_filters)(const C(work) * w, E *to)
{
  const conv_plan *p = w->p;
  const gemm_matrix m = {p->k, p->form == CONV_COLUMNS, p->kind};
  const size_t first = w->i.group * p->filters + w->i.filter, k = w->v * p->taps;
  const size_t depth = w->channels * p->taps;
  if (p->form == CONV_COLUMNS)
    G(pack_columns)(to, w->d->w, &m, first, w->i.filters, k, depth);
  if (p->form == CONV_ROWS)
    G(pack_rows)(to, w->d->w, &m, first, w->i.filters, k, depth);
  for (size_t f = 0; p->form == CONV_THIN && f < w->i.filters; f++)
    G(load)(to + f * depth, w->d->w, (first + f) * p->k + k, depth, p->kind);
}

static inline void C(multiply_any)(C(work) * w)
{
  const size_t depth = w->channels * w->p->taps, tail = w->i.filters % GEMM_ROWS;
  const bool is_turned = sizeof(E) == sizeof(float) && w->p->form == CONV_COLUMNS;
  for (size_t f = 0; w->p->form == CONV_THIN && f < w->i.filters; f++)
    C(multiply_thin)(w, f);
  if (w->p->form == CONV_THIN)
    return;
  G(steps)(w->steps[0], depth, is_turned ? G(NR) : GEMM_ROWS);
  G(steps)(w->steps[1], depth, is_turned ? G(VL) : gemm_rows(tail));
  if (is_turned)
    C(multiply_turned)(w);
  else
    C(multiply)(w);
}

/* Computes one item; scratch of conv_scratch() bytes, aligned to a vector. */
NOINLINE void C(run)(const conv_plan *p, const C(data) * d, size_t item, void *scratch)
{
  E bias[CONV_HIGH + GEMM_ROWS];
  C(work) w = {.bias = bias, .p = p, .d = d, .i = conv_item_of(p, item), .b = scratch};
  w.c = w.b + p->b_size;
  w.padded = w.c + p->c_size;
  E *filters = w.padded + p->p_size;
  w.a = filters;
  w.inside = (size_t *)(void *)(filters + p->a_size);
  w.steps[0] = w.inside + 2 * p->columns.planes;
  w.steps[1] = w.steps[0] + p->chunk * p->taps;
  C(begin)(&w);
  do {
    w.channels = gemm_least(p->n_virtual - w.v, p->chunk);
    C(copy_chunk)(&w);
    if (!d->packed)
      C(take_filters)(&w, filters);
    C(multiply_any)(&w);
    w.v += w.channels;
  } while (w.v < p->n_virtual);
}
