/* chain.h: several nodes that run as one step. An optional head, such as Conv, computes a range of
 * its items; then, or from the start, maps run in turn over blocks of elements. What
 * only the chain needs stays in a worker's buffers, in its L1 cache. */
#ifndef ONX_CHAIN_H
#define ONX_CHAIN_H

#include "runtime/step.h"

/* A node of a chain, with the step that it would be alone. */
typedef struct onx_member {
  onx_step step;
  size_t *item;        /* bytes of an element: n_in of them, and one for the output */
  uint32_t *in_buffer; /* by input: the buffer it is in, or ONX_NONE */
  uint32_t out_buffer;
  bool is_streamed; /* the output goes from its buffer to memory, past the caches */
} onx_member;

typedef struct onx_chain {
  onx_member *members;
  size_t n_members;
  bool has_head;
  bool is_streamed; /* a member is */
  const void *const
      *ahead;        /* the operand whose next block a streamed chain fetches early, or NULL */
  size_t ahead_item; /* bytes of its elements */
  size_t block;      /* elements at a time */
  size_t buffer_bytes, n_buffers;
  size_t n_pointers;  /* operands of the widest map */
  size_t map_scratch; /* where the head's scratch begins */
} onx_chain;

/* Bytes of scratch that the maps of a chain need, all other fields set. */
size_t onx_chain_scratch(const onx_chain *chain);

/* Computes items [begin, end) of the head, or elements [begin, end) where there is none. */
void onx_chain_range(const onx_chain *chain, size_t begin, size_t end, void *scratch);

/* The widest element that a chain's values may have. */
#define ONX_CHAIN_ITEM ((size_t)16)

#endif
