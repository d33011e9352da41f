/* gemm_body.h: the products of gemm.h for one element type. Included once for each with E (the
 * element), V and V_ANY (its vectors), V_MADD and G(name) (the name with the type's suffix). */

typedef void (*G(tile_fn))(const G(tile) * t);

ALWAYS_INLINE void G(tile_of)(const G(tile) * t, size_t rows, size_t vectors)
{
  V sum[GEMM_ROWS][GEMM_WIDE], b[GEMM_WIDE];
  GEMM_UNROLL for (size_t r = 0; r < rows; r++)
  {
    GEMM_UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = (V){0};
  }
  for (size_t k = 0; k < t->depth; k++) {
    const E *a = t->a + t->a_at[k], *from = t->b + t->b_at[k];
    GEMM_UNROLL for (size_t v = 0; v < vectors; v++) b[v] =
        *(const V_ANY *)(const void *)(from + v / 2 * t->apart + v % 2 * G(VL));
    GEMM_UNROLL for (size_t r = 0; r < rows; r++)
    {
      const V x = a[r] - (V){0};
      GEMM_UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = V_MADD(x, b[v], sum[r][v]);
    }
  }
  const V *part = (const V *)(const void *)t->part;
  GEMM_UNROLL for (size_t r = 0; r < rows; r++)
  {
    V_ANY *c = (V_ANY *)(void *)(t->c + r * t->ld);
    const V bias = t->bias[r] - (V){0};
    GEMM_UNROLL for (size_t v = 0; v < vectors; v++) c[v] =
        (part ? part[r * vectors + v] : bias) + sum[r][v];
  }
}

#define GEMM_TILE(rows)                                                                            \
  static inline void G(tile_##rows##x1)(const G(tile) * t)                                         \
  {                                                                                                \
    G(tile_of)(t, rows, 1);                                                                        \
  }                                                                                                \
  static inline void G(tile_##rows##x2)(const G(tile) * t)                                         \
  {                                                                                                \
    G(tile_of)(t, rows, 2);                                                                        \
  }
GEMM_CLASSES(GEMM_TILE)
#undef GEMM_TILE

static inline void G(tile_wide)(const G(tile) * t)
{
  G(tile_of)(t, 1, GEMM_WIDE);
}

KIT void G(tile_run)(const G(tile) * t, size_t rows, size_t vectors)
{
#define GEMM_TILE(r) {r, {G(tile_##r##x1), G(tile_##r##x2)}},
  static const struct {
    size_t rows;
    G(tile_fn) run[2];
  } tiles[] = {GEMM_CLASSES(GEMM_TILE)};
#undef GEMM_TILE
  size_t i = 0;
  while (tiles[i].rows < rows)
    i++;
  (vectors > 2 ? G(tile_wide) : tiles[i].run[vectors - 1])(t);
}

KIT void G(steps)(size_t *at, size_t depth, size_t step)
{
  for (size_t k = 0; k < depth; k++)
    at[k] = k * step;
}

/* n elements as they are computed: where they are, or converted into `line`. */
static inline const void *G(line_of)(E *line, const void *from, size_t at, size_t n,
                                     enum gemm_kind kind)
{
  if (kind == GEMM_NATIVE)
    return (const char *)from + at * sizeof(E);
  G(load)(line, from, at, n, kind);
  return line;
}

/* One panel of `width`, `used` of them given, of k in [0, depth): element (i, k) of a panel is at
 * from[at + k * ld + i] or, where a line runs along k, at from[at + i * ld + k]. */
NOINLINE void G(pack_across)(E *to, size_t width, const void *from, size_t at, size_t ld,
                             size_t used, size_t depth, enum gemm_kind kind)
{
  for (size_t k = 0; k < depth; k++) {
    G(load)(to + k * width, from, at + k * ld, used, kind);
    for (size_t i = used; i < width; i++)
      to[k * width + i] = 0;
  }
}

NOINLINE void G(pack_along)(E *to, size_t width, const void *from, size_t at, size_t ld,
                            size_t used, size_t depth, enum gemm_kind kind)
{
  E lines[4][GEMM_DEPTH];
  const void *row[4];
  for (size_t k = 0, n; k < depth; k += n) {
    n = gemm_least(depth - k, GEMM_DEPTH);
    for (size_t i = 0; i < width; i += 4) {
      const size_t count = gemm_least(width - i, 4);
      for (size_t r = 0; r < 4; r++)
        row[r] = i + r < used ? G(line_of)(lines[r], from, at + (i + r) * ld + k, n, kind)
                              : memset(lines[r], 0, n * sizeof(E));
      G(turn)(to + k * width + i, width, row, count, n);
    }
  }
}

/* Rows [first, first + used) of A, or columns of B, for k in [k0, k0 + depth). */
NOINLINE void G(pack)(E *to, size_t width, const void *from, const gemm_matrix *m, bool is_a,
                      const size_t span[4])
{
  const size_t first = span[0], used = span[1], k0 = span[2], depth = span[3];
  if (is_a != m->turned)
    G(pack_along)(to, width, from, first * m->ld + k0, m->ld, used, depth, m->kind);
  else
    G(pack_across)(to, width, from, k0 * m->ld + first, m->ld, used, depth, m->kind);
}

KIT void G(pack_rows)(E *to, const void *from, const gemm_matrix *m, size_t first, size_t rows,
                      size_t k0, size_t depth)
{
  for (size_t r = 0; r < rows; r += GEMM_ROWS) {
    const size_t used = gemm_least(rows - r, GEMM_ROWS);
    G(pack)
    (to + r * depth, gemm_rows(used), from, m, true, (size_t[4]){first + r, used, k0, depth});
  }
}

/* The full panels of a matrix whose rows run along columns: row after row, as it lies in memory. */
static inline void G(pack_full)(E *to, const void *from, size_t ld, size_t panels, size_t depth)
{
  for (size_t k = 0; k < depth; k++) {
    const char *row = (const char *)from + k * ld * sizeof(E);
    for (size_t j = 0; j < panels; j++)
      memcpy(to + (j * depth + k) * G(NR), row + j * G(NR) * sizeof(E), G(NR) * sizeof(E));
  }
}

KIT void G(pack_columns)(E *to, const void *from, const gemm_matrix *m, size_t first,
                         size_t columns, size_t k0, size_t depth)
{
  size_t j = 0;
  if (!m->turned && m->kind == GEMM_NATIVE) {
    const char *at = (const char *)from + (k0 * m->ld + first) * sizeof(E);
    G(pack_full)(to, at, m->ld, columns / G(NR), depth);
    j = columns - columns % G(NR);
  }
  for (; j < columns; j += G(NR)) {
    const size_t used = gemm_least(columns - j, G(NR));
    G(pack)
    (to + j * depth, used <= G(VL) ? G(VL) : G(NR), from, m, false,
     (size_t[4]){first + j, used, k0, depth});
  }
}

/* One block of Y and the part of K at hand. */
typedef struct G(block) {
  const gemm *g;
  const G(operands) * o;
  size_t row, rows, column, columns, k, depth;
  E *a, *b, *c;
  size_t *at[3], step; /* of B's rows, of A's panels and of its last */
} G(block);

/* Y's elements from a tile's row: alpha * sum + beta * C. */
NOINLINE void G(finish_row)(const G(block) * b, const E *sum, size_t row, size_t column, size_t n)
{
  const gemm *g = b->g;
  if (!g->has_c && g->alpha == 1.0f) {
    G(store)(b->o->y, row * g->n + column, sum, n, g->a.kind);
    return;
  }
  V line[GEMM_WIDE], c[GEMM_WIDE] = {{0}};
  const V alpha = (E)g->alpha - (V){0}, beta = (E)g->beta - (V){0};
  const size_t vectors = gemm_parts(n, G(VL));
  for (size_t v = 0; v < vectors; v++)
    line[v] = alpha * ((const V *)(const void *)sum)[v];
  if (g->has_c) {
    const size_t at = row * g->c_row + column * g->c_column;
    G(load)((E *)c, b->o->c, at, g->c_column ? n : 1, g->a.kind);
    for (size_t v = 0; v < vectors; v++)
      line[v] = V_MADD(beta, g->c_column ? c[v] : ((const E *)c)[0] - (V){0}, line[v]);
  }
  G(store)(b->o->y, row * g->n + column, (const E *)line, n, g->a.kind);
}

/* Points the tile at columns [j, ...) of the block's B. */
static inline void G(point)(G(block) * b, G(tile) * t, size_t j, size_t vectors)
{
  const gemm *g = b->g;
  size_t step = vectors == 1 ? G(VL) : G(NR);
  t->apart = G(NR) * b->depth;
  t->b = b->b + j * b->depth;
  if (b->o->packed) {
    t->apart = G(NR) * g->k;
    t->b = b->o->packed + (b->column + j) * g->k + b->k * step;
  } else if (g->reads_b && b->columns - j >= vectors * G(VL)) {
    t->apart = G(NR);
    t->b = (const E *)b->o->b + b->k * g->b.ld + b->column + j;
    step = g->b.ld;
  }
  if (b->step != step)
    G(steps)(b->at[0], b->depth, step);
  b->step = step;
}

/* The tile's sums in Y, where they are not there already. */
static inline void G(finish)(const G(block) * b, const G(tile) * t, size_t r, size_t j, size_t wide)
{
  const size_t n = gemm_least(b->columns - j, wide), rows = gemm_least(b->rows - r, GEMM_ROWS);
  for (size_t i = 0; i < rows; i++)
    G(finish_row)(b, t->c + i * wide, b->row + r + i, b->column + j, n);
}

NOINLINE void G(block_part)(G(block) * b)
{
  const gemm *g = b->g;
  const bool is_last = b->k + b->depth == g->k;
  const bool is_plain = is_last && !g->has_c && g->alpha == 1.0f && g->a.kind == GEMM_NATIVE;
  for (size_t j = 0, wide; j < b->columns; j += wide) {
    const size_t vectors = G(tile_vectors)(g->m, b->columns - j);
    wide = vectors * G(VL);
    G(tile) t = {.depth = b->depth, .b_at = b->at[0], .bias = G(zeros)};
    G(point)(b, &t, j, vectors);
    for (size_t r = 0; r < b->rows; r += GEMM_ROWS) {
      const size_t used = gemm_least(b->rows - r, GEMM_ROWS), rows = gemm_rows(used);
      const bool is_direct = is_plain && rows == used && b->columns - j >= wide;
      E *slot = g->k <= GEMM_DEPTH ? b->c : b->c + r * (g->wide + GEMM_WIDE * G(VL)) + j * rows;
      t.a = b->a + r * b->depth;
      t.a_at = b->at[used < GEMM_ROWS ? 2 : 1];
      t.part = b->k > 0 ? slot : NULL;
      t.c = is_direct ? (E *)b->o->y + (b->row + r) * g->n + b->column + j : slot;
      t.ld = is_direct ? g->n : wide;
      G(tile_run)(&t, rows, vectors);
      if (is_last && !is_direct)
        G(finish)(b, &t, r, j, wide);
    }
  }
}

/* B's columns that tiles do not read in place. */
static inline void G(block_b)(const G(block) * b)
{
  const gemm *g = b->g;
  if (b->o->packed)
    return;
  const size_t from = g->reads_b ? b->columns - b->columns % G(VL) : 0;
  const size_t first = from - from % G(NR);
  G(pack_columns)
  (b->b + first * b->depth, b->o->b, &g->b, b->column + first, b->columns - first, b->k, b->depth);
}

typedef E G(any) __attribute__((aligned(1), may_alias));

/* Sum of products in an order that n alone decides: lanes, then a tree of them, then the rest. */
NOINLINE E G(dot)(const void *from_x, const void *from_y, size_t n)
{
  const G(any) *x = from_x, *y = from_y;
  V sum[4] = {{0}, {0}, {0}, {0}};
  E lane[G(VL)], total = 0;
  size_t k = 0;
  for (; k + 4 * G(VL) <= n; k += 4 * G(VL)) {
    const V_ANY *a = (const V_ANY *)(const void *)(x + k);
    const V_ANY *b = (const V_ANY *)(const void *)(y + k);
    GEMM_UNROLL for (size_t v = 0; v < 4; v++) sum[v] = V_MADD(a[v], b[v], sum[v]);
  }
  for (; k + G(VL) <= n; k += G(VL))
    sum[0] = V_MADD(*(const V_ANY *)(const void *)(x + k), *(const V_ANY *)(const void *)(y + k),
                    sum[0]);
  for (; k < n; k++)
    total = MADD(x[k], y[k], total);
  const V all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  memcpy(lane, &all, sizeof lane);
  for (size_t half = G(VL) / 2; half > 0; half /= 2) {
    for (size_t i = 0; i < half; i++)
      lane[i] += lane[i + half];
  }
  return lane[0] + total;
}

/* The rows of a block of A times a vector. */
NOINLINE void G(dot_rows)(const G(block) * b)
{
  const gemm *g = b->g;
  E sum[GEMM_HIGH], x[GEMM_DEPTH], y[GEMM_DEPTH];
  V out = {0};
  for (size_t k = 0, depth; k < g->k || k == 0; k += depth + (depth == 0)) {
    depth = g->a.kind == GEMM_NATIVE ? g->k : gemm_least(g->k - k, GEMM_DEPTH);
    const void *right = G(line_of)(y, b->o->b, k, depth, g->b.kind);
    for (size_t r = 0; r < b->rows; r++) {
      const void *left = G(line_of)(x, b->o->a, (b->row + r) * g->a.ld + k, depth, g->a.kind);
      const E part = G(dot)(left, right, depth);
      sum[r] = k == 0 ? part : sum[r] + part;
    }
  }
  for (size_t r = 0; r < b->rows; r++) {
    out[0] = sum[r];
    G(finish_row)(b, (const E *)&out, b->row + r, 0, 1);
  }
}

/* sum[j] += the sum over `rows` rows k of a[k] * B[k][j], in order. */
ALWAYS_INLINE void G(line_rows)(E *sum, const E *a, const E *from, size_t ld, size_t n, size_t rows)
{
  size_t j = 0;
  for (; j + G(VL) <= n; j += G(VL)) {
    V s = *(const V *)(const void *)(sum + j);
    GEMM_UNROLL for (size_t k = 0; k < rows; k++)
    {
      const V b = *(const V_ANY *)(const void *)(from + k * ld + j);
      s = V_MADD(a[k] - (V){0}, b, s);
    }
    *(V *)(void *)(sum + j) = s;
  }
  for (; j < n; j++) {
    for (size_t k = 0; k < rows; k++)
      sum[j] = MADD(a[k], ((const G(any) *)from)[k * ld + j], sum[j]);
  }
}

/* A block of one row: B is read where it lies in lines as long as the block, the sums wait in the
 * first-level cache. Each is that of a tile: k in order, parts from 0 and added in order. */
NOINLINE void G(line_run)(G(block) * b)
{
  const gemm *g = b->g;
  E *total = b->c, *sum = b->c + g->wide;
  memset(total, 0, g->wide * sizeof *total);
  for (; b->k < g->k; b->k += b->depth) {
    b->depth = gemm_least(g->k - b->k, GEMM_DEPTH);
    G(pack_rows)(b->a, b->o->a, &g->a, 0, 1, b->k, b->depth);
    memset(sum, 0, g->wide * sizeof *sum);
    const E *from = (const E *)b->o->b + b->k * g->b.ld + b->column;
    size_t k = 0;
    for (; k + GEMM_WIDE <= b->depth; k += GEMM_WIDE)
      G(line_rows)(sum, b->a + k, from + k * g->b.ld, g->b.ld, b->columns, GEMM_WIDE);
    for (; k < b->depth; k++)
      G(line_rows)(sum, b->a + k, from + k * g->b.ld, g->b.ld, b->columns, 1);
    for (size_t j = 0; j < g->wide; j += G(VL))
      *(V *)(void *)(total + j) += *(const V *)(const void *)(sum + j);
  }
  for (size_t j = 0, n; j < b->columns; j += n) {
    n = gemm_least(b->columns - j, GEMM_WIDE * G(VL));
    G(finish_row)(b, total + j, 0, b->column + j, n);
  }
}

KIT void G(block_run)(const gemm *g, const G(operands) * o, size_t item, void *scratch)
{
  G(block) b = {.g = g, .o = o, .a = scratch};
  b.b = b.a + g->a_size;
  b.c = b.b + g->b_size;
  for (size_t i = 0; i < 3; i++)
    b.at[i] = (size_t *)(void *)(b.c + g->c_size) + i * GEMM_DEPTH;
  b.row = item % g->n_high * g->high;
  b.rows = gemm_least(g->m - b.row, g->high);
  b.column = item / g->n_high * g->wide;
  b.columns = gemm_least(g->n - b.column, g->wide);
  if (gemm_is_dot(g)) {
    G(dot_rows)(&b);
    return;
  }
  if (g->is_line) {
    G(line_run)(&b);
    return;
  }
  do {
    b.depth = gemm_least(g->k - b.k, GEMM_DEPTH);
    b.step = 0;
    G(steps)(b.at[1], b.depth, GEMM_ROWS);
    G(steps)(b.at[2], b.depth, gemm_rows(b.rows % GEMM_ROWS));
    G(pack_rows)(b.a, o->a, &g->a, b.row, b.rows, b.k, b.depth);
    G(block_b)(&b);
    G(block_part)(&b);
    b.k += b.depth;
  } while (b.k < g->k);
}
