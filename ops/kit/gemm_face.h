/* gemm_face.h: what gemm.h offers for one element type. Included once for each with E (the element)
 * and G(name) (the name with the type's suffix). */

enum { G(VL) = VEC_BYTES / sizeof(E), G(NR) = 2 * G(VL) };

/* What a tile computes: rows x columns sums over `depth` products, added to those of the parts
 * before or to a bias. */
typedef struct G(tile) {
  size_t depth;
  const E *a, *b; /* a[a_at[k] + row], b[b_at[k] + column]; b at any alignment */
  const size_t *a_at, *b_at;
  size_t apart;  /* from one pair of b's vectors to the next; tiles of one pair ignore it */
  const E *part; /* the sums so far, rows without gaps, aligned to a vector; NULL: bias */
  const E *bias; /* of each row */
  E *c;          /* the result, at any alignment; may be part */
  size_t ld;     /* from one of its rows to the next */
} G(tile);

/* A bias of 0 for every row. */
static const E G(zeros)[GEMM_ROWS];

/* Computes a tile of that many rows (as gemm_rows gives them) and vectors: 1, 2, or GEMM_WIDE of
 * one row. */
KIT void G(tile_run)(const G(tile) * t, size_t rows, size_t vectors);

/* Vectors of the tile at the front of `left` columns. */
static inline size_t G(tile_vectors)(size_t rows, size_t left)
{
  return rows == 1 && left >= GEMM_WIDE * G(VL) ? GEMM_WIDE : left > G(VL) ? 2 : 1;
}

/* at[k] = k * step for k < depth. */
KIT void G(steps)(size_t *at, size_t depth, size_t step);

/* to[k * width + r] = row[r][k] for r < count <= 4, k < n; rows of any alignment. */
KIT void G(turn)(E *to, size_t width, const void *const row[4], size_t count, size_t n);

/* Elements [at, at + n) of an array of any alignment, and of one that is aligned to its type. */
KIT void G(load)(E *to, const void *from, size_t at, size_t n, enum gemm_kind kind);
KIT void G(store)(void *to, size_t at, const E *from, size_t n, enum gemm_kind kind);

/* A's rows [first, first + rows), k in [k0, k0 + depth), as panels of at most GEMM_ROWS rows;
 * panel i begins at element i * GEMM_ROWS * depth. */
KIT void G(pack_rows)(E *to, const void *from, const gemm_matrix *m, size_t first, size_t rows,
                      size_t k0, size_t depth);
/* Likewise B's columns, in panels of at most two vectors. */
KIT void G(pack_columns)(E *to, const void *from, const gemm_matrix *m, size_t first,
                         size_t columns, size_t k0, size_t depth);

/* The data of one product, first elements. */
typedef struct G(operands) {
  const void *a, *b, *c;
  const E *packed; /* all of B in panels, or NULL */
  void *y;
} G(operands);

/* Computes block `item` of the product; scratch of gemm_scratch() bytes, aligned to a vector. */
KIT void G(block_run)(const gemm *g, const G(operands) * o, size_t item, void *scratch);
